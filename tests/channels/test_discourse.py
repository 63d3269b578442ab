"""Discourse, against the documented behaviour of its API."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
import time_machine

from mentionwatch.channels import OpenItem, Query, _discourse_run, discourse
from mentionwatch.channels._discourse_items import Forum, read_post
from mentionwatch.channels.discourse import Discourse
from mentionwatch.credentials import Secret, Tokens
from mentionwatch.errors import (
    ChannelError,
    NotFound,
    PermissionMissing,
    RateLimited,
    RequestRefused,
    UnexpectedPayload,
)
from mentionwatch.model.items import Deletion, Mention, OwnPost, Page, Reply, StreamState
from tests.channels.contract import (
    QUERY,
    ChannelContract,
    account_of,
    check_pages,
    collect,
    items,
    mentions,
    recorded,
    resumed,
    states,
)
from tests.channels.discourse_world import ERRORS, World
from tests.channels.strict import check_shape
from tests.clock import NOW
from tests.server import Reply as Answer
from tests.server import Request, Server

SCHEMA: dict[str, Any] = recorded("discourse", "schema.json")
US = Forum(host="f", base_url="https://f.example", names=frozenset({"acmecare"}))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discourse, "PACE", 0.0)


@pytest.fixture
def world(http_server: Server) -> Iterator[World]:
    found = World(http_server)
    yield found
    assert not found.strict.faults


def channel_at(server: Server, **settings: Any) -> Discourse:
    usual: dict[str, Any] = {"api_key": Secret("key-1"), "api_username": "AcmeCare"}
    return Discourse(base_url=server.url, **{**usual, **settings})


def visitor(server: Server, **settings: Any) -> Discourse:
    return Discourse(base_url=server.url, **{"own_usernames": ("acmecare",), **settings})


def by_place(pages: Iterable[Page]) -> dict[str, Any]:
    return {item.external_id.rpartition(":")[2]: item for item in items(pages)}


def waiting(server: Server, *places: str, own: tuple[str, ...] = ()) -> Query:
    opened = tuple(
        OpenItem(
            external_id=f"{server.host}:{one}",
            thread_id=f"{server.host}:{one.partition('/')[0]}",
            published=NOW,
        )
        for one in places
    )
    return replace(QUERY, open=opened, known_own_ids=tuple(f"{server.host}:{one}" for one in own))


class TestContract(ChannelContract):
    places: ClassVar[set[str]] = {
        *("77/1", "77/2", "77/3", "77/4", "77/5", "78/1", "79/1", "80/1"),
    }

    def settings(self, base_url: str) -> Any:
        host = base_url.partition("//")[2]
        self.expected = {f"{host}:{place}" for place in self.places}
        opened = (OpenItem(external_id=f"{host}:77/2", thread_id=f"{host}:77", published=NOW),)
        self.query = replace(QUERY, open=opened)
        return Discourse(base_url=base_url, api_key=Secret("key-1"), api_username="AcmeCare")

    def routes(self, server: Server) -> None:
        World(server)

    def asks_with_cursor(
        self, first: list[Request], second: list[Request], kept: dict[str, StreamState]
    ) -> bool:
        return len([r for r in second if r.path == "/notifications.json"]) < len(
            [r for r in first if r.path == "/notifications.json"]
        ) and any("after:2026-11-19" in r.params.get("q", "") for r in second)


class TestOwnForum(ChannelContract):
    places: ClassVar[set[str]] = {
        *("77/1", "77/2", "77/3", "77/4", "77/5", "78/1", "78/3", "79/1"),
    }

    def settings(self, base_url: str) -> Any:
        host = base_url.partition("//")[2]
        self.expected = {f"{host}:{place}" for place in self.places}
        return Discourse(base_url=base_url, own_forum=True, own_usernames=("acmecare",))

    def routes(self, server: Server) -> None:
        World(server)

    def asks_with_cursor(
        self, first: list[Request], second: list[Request], kept: dict[str, StreamState]
    ) -> bool:
        return kept["posts"].cursor == "915"


def test_the_recordings_have_the_documented_shape(world: World) -> None:
    shapes = SCHEMA["shapes"]
    posts = list(world.posts())
    check_shape([post for _, post in posts], "[Post]", shapes | {"Post": _minus(shapes["Post"])})
    check_shape(world.result("x", posts[:2], more=True), "Search", shapes)
    check_shape(world.result("x", [], more=False), "Search", shapes)
    check_shape([world.note(one) for one in world.notes], "[Notification]", shapes)
    check_shape([world.action(*one) for one in posts], "[UserAction]", shapes)


def _minus(shape: dict[str, Any]) -> dict[str, Any]:
    """Return the shape with room for the forum's own account, whose id is -1."""
    return {**shape, "user_id": "number!"}


# --- what is found -------------------------------------------------------------------------------


def test_a_post_is_read_in_full(world: World, http_server: Server) -> None:
    pages = collect(visitor(http_server), QUERY)
    post = by_place(pages)["77/5"]
    assert post.text == "I did, acmecoffee is fine."
    assert post.author.handle == "mia"
    assert post.author.url == f"{http_server.url}/u/mia"
    assert post.url == f"{http_server.url}/t/bike-shops/77/5"
    assert post.published == datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
    assert post.edited == datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    assert (post.thread_id, post.parent_id) == (f"{http_server.host}:77", "")
    assert (post.kind, post.addressed) == ("comment", False)
    assert {p.searched for p in pages if post in p.items} == {True}


@pytest.mark.slow
def test_notifications_are_to_us(world: World, http_server: Server) -> None:
    found = by_place(collect(channel_at(http_server), QUERY))
    tagged, answer, message = found["78/1"], found["77/4"], found["80/1"]
    assert tagged.addressed
    assert tagged.title == "x", "the topic's, by the notification"
    assert "https://acmecoffee.example/grinder" in tagged.text
    assert answer.addressed
    assert answer.parent_id == f"{http_server.host}:77/3", "a nested answer"
    assert message.private
    assert message.kind == "message"


def test_our_words_are_replies_and_posts(world: World, http_server: Server) -> None:
    found = by_place(collect(visitor(http_server), QUERY))
    reply, post = found["77/3"], found["79/1"]
    assert isinstance(reply, Reply)
    assert (reply.parent_id, reply.to) == (f"{http_server.host}:77/2", ("ida",))
    assert reply.thread_id == f"{http_server.host}:77"
    assert isinstance(post, OwnPost)


def test_an_answer_to_the_topic_alone_has_no_parent(world: World, http_server: Server) -> None:
    del world.topics[0]["posts"][2]["to"]
    reply = by_place(collect(visitor(http_server), QUERY))["77/3"]
    assert (reply.parent_id, reply.to) == ("", ())


@pytest.mark.slow
def test_on_our_own_forum_everything_is_to_us(world: World, http_server: Server) -> None:
    channel = visitor(http_server, own_forum=True)
    pages = collect(channel, QUERY)
    found = by_place(pages)
    assert all(one.addressed for one in found.values() if isinstance(one, Mention))
    assert "78/2" not in found, "notes of the forum itself are no words"
    assert found["78/1"].title == "Broken grinder"
    assert not any(page.searched for page in pages)
    assert len({found[p].author.id for p in ("78/1", "78/3", "77/5")}) == 3


def test_gaps_in_the_ids_do_not_end_the_listing(world: World, http_server: Server) -> None:
    def windows(request: Request) -> Answer:
        before = int(request.params.get("before", "915"))
        found = [p for _, p in world.posts() if before - 50 < p["id"] <= before]
        return Answer(body={"latest_posts": sorted(found, key=lambda p: -p["id"])})

    for post in world.topics[0]["posts"]:
        post["id"] -= 100
    http_server.on("GET", "/posts.json", windows)
    found = by_place(collect(visitor(http_server, own_forum=True), QUERY))
    assert {"78/1", "77/1"} <= set(found)


def test_of_what_the_search_shows_in_part_only_the_rest_follows(
    world: World, http_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_discourse_run, "FULL", 0)
    found = by_place(collect(visitor(http_server, own_usernames=()), QUERY))
    assert found["77/5"].text.endswith("...")
    assert found["77/5"].author.handle == "mia"
    assert found["77/5"].url == f"{http_server.url}/t/bike-shops/77/5"


def test_nothing_at_all(world: World, http_server: Server) -> None:
    world.topics, world.notes = [], []
    for channel in (channel_at(http_server), visitor(http_server, own_forum=True)):
        pages = collect(channel, QUERY)
        check_pages(pages)
        assert not items(pages)


def test_what_cannot_be_searched_is_said(world: World, http_server: Server) -> None:
    query = replace(QUERY, terms=("/acme/", "ac", "@AcmeCare"), domains=())
    pages = collect(visitor(http_server), query)
    assert "/acme/, ac" in pages[0].warnings[0]
    asked = {r.params["q"].partition(" order")[0] for r in http_server.asked("/search.json")}
    assert asked == {"AcmeCare"}


def test_a_search_that_is_refused_within_200_is_said(world: World, http_server: Server) -> None:
    body = world.result("acme", [], more=False, error="Your search term is too short.")
    http_server.reply("GET", "/search.json", body=body)
    pages = collect(visitor(http_server), QUERY)
    assert any("too short" in w for page in pages for w in page.warnings)


@pytest.mark.parametrize("value", [2, "2"], ids=["number", "text"])
def test_the_number_above_comes_as_number_or_text(value: object) -> None:
    post = {"topic_id": 1, "post_number": 3, "username": "ida", "reply_to_post_number": value}
    found = read_post(post, US)
    assert isinstance(found, Mention)
    assert found.parent_id == "f:1/2"


def test_a_user_name_in_the_text_is_to_us() -> None:
    post = {"topic_id": 1, "post_number": 3, "username": "ida"}
    for words, to_us in (
        ("@AcmeCare, help", True),
        ("@acmecares", False),
        ("me@acmecare.x", False),
    ):
        found = read_post({**post, "cooked": f"<p>{words}</p>"}, US)
        assert isinstance(found, Mention)
        assert found.addressed is to_us, words


def test_pictures_are_counted_and_emoji_are_not(world: World, http_server: Server) -> None:
    post = by_place(collect(visitor(http_server, own_forum=True), QUERY))["77/2"]
    assert post.media == 1
    assert post.engagement.likes == 4


# --- what waits ----------------------------------------------------------------------------------


def revisited(pages: Iterable[Page]) -> list[Page]:
    return [page for page in pages if page.stream == "revisit" and page.checked]


def test_edits_answers_and_what_else_names_us_are_seen(world: World, http_server: Server) -> None:
    world.topics[0]["posts"][1].update(html="<p>Acme Coffee: found it.</p>")
    pages = collect(visitor(http_server, own_usernames=("acmecare",)), waiting(http_server, "77/2"))
    (page,) = revisited(pages)
    found = by_place([page])
    assert found["77/2"].text == "Acme Coffee: found it."
    assert isinstance(found["77/3"], Reply)
    (others,) = [p for p in pages if p.stream == "revisit" and p.searched]
    assert {"77/1", "77/4", "77/5"} == set(by_place([others]))


def test_a_deleted_post_is_marked(world: World, http_server: Server) -> None:
    world.gone = {901}
    (page,) = revisited(collect(visitor(http_server), waiting(http_server, "77/2")))
    assert Deletion(external_id=f"{http_server.host}:77/2") in page.items


def test_a_deleted_topic_takes_its_posts_along(world: World, http_server: Server) -> None:
    (page,) = revisited(collect(visitor(http_server), waiting(http_server, "99/1", "99/4")))
    gone = {f"{http_server.host}:99/1", f"{http_server.host}:99/4"}
    assert {one.external_id for one in page.items} == gone
    assert set(page.checked) == gone


@pytest.mark.slow
def test_our_deleted_answer_is_noticed(world: World, http_server: Server) -> None:
    query = waiting(http_server, own=("77/3",))
    query = replace(query, since=NOW - timedelta(minutes=1))
    assert not any(isinstance(i, Deletion) for i in items(collect(visitor(http_server), query)))
    world.topics[0]["posts"][2]["deleted"] = "2026-11-20T20:00:00.000Z"
    found = items(collect(visitor(http_server), query))
    assert Deletion(external_id=f"{http_server.host}:77/3") in found
    world.gone = {903}
    found = items(collect(visitor(http_server), query))
    assert Deletion(external_id=f"{http_server.host}:77/3") in found


@pytest.mark.slow
def test_many_topics_take_turns(world: World, http_server: Server) -> None:
    query = waiting(http_server, *(f"{topic}/1" for topic in range(100, 140)))
    first = collect(visitor(http_server), query)
    second = collect(visitor(http_server), resumed(query, first))
    checked = [one for page in revisited([*first, *second]) for one in page.checked]
    assert len(set(checked)) == 40
    assert any("15 topics" in w for page in first for w in page.warnings)


def test_a_topic_that_was_closed_to_us_does_not_hide_the_others(
    world: World, http_server: Server
) -> None:
    http_server.reply("GET", "/t/78/1.json", 403, body=ERRORS["access"])
    with pytest.raises(PermissionMissing):
        collect(visitor(http_server), waiting(http_server, "78/1", "77/2"))
    assert http_server.asked("/t/77/2.json")


# --- log-in, limits and errors -------------------------------------------------------------------


def test_who_we_are(world: World, http_server: Server) -> None:
    host = http_server.host
    account = account_of(channel_at(http_server))
    assert account.id == f"{host}:acmecare"
    assert account.names == (f"{host}:acmecare", f"{http_server.url}/u/AcmeCare")
    account = account_of(Discourse(base_url=http_server.url, user_api_key=Secret("key-1")))
    assert account.id == f"{host}:acmecare"
    assert http_server.asked("/session/current.json")
    account = account_of(visitor(http_server))
    assert account.id == host
    assert account.summary == "reads Cups as a visitor"


def test_who_is_behind_a_user_key_is_told_by_the_account(world: World, http_server: Server) -> None:
    channel = Discourse(base_url=http_server.url, user_api_key=Secret("key-1"))
    query = replace(QUERY, own_accounts=(f"{http_server.host}:acmecare",))
    found = by_place(collect(channel, query))
    assert isinstance(found["77/3"], Reply)
    assert {r.headers.get("user-api-key") for r in http_server.requests} == {"key-1"}


@pytest.mark.slow
def test_the_key_goes_in_headers_only(world: World, http_server: Server) -> None:
    collect(channel_at(http_server), QUERY)
    assert {r.headers.get("api-username") for r in http_server.requests} == {"AcmeCare"}
    assert not any("key-1" in value for r in http_server.requests for _, value in r.query)


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        ({"api_key": Secret("x"), "api_username": "acmecare"}, "made for acmecare"),
        ({"user_api_key": Secret("x")}, "session_info"),
        ({}, "nothing to visitors"),
    ],
)
def test_a_refusal_says_what_to_do(
    settings: dict[str, Any], hint: str, http_server: Server
) -> None:
    http_server.reply("*", "*", 403, body=ERRORS["access"])
    with pytest.raises(PermissionMissing) as caught:
        account_of(Discourse(base_url=http_server.url, **settings))
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("status", "name", "kind"),
    [(403, "login", PermissionMissing), (404, "missing", NotFound), (429, "rate", RateLimited)],
)
def test_errors_by_their_body(
    status: int, name: str, kind: type[ChannelError], http_server: Server
) -> None:
    http_server.reply("*", "*", status, body=ERRORS[name])
    with pytest.raises(ChannelError) as caught:
        account_of(visitor(http_server))
    assert type(caught.value) is kind
    assert caught.value.hint


def test_a_closed_forum_sends_us_to_its_login(http_server: Server) -> None:
    http_server.reply("*", "*", 302, headers={"Location": "/login"})
    with pytest.raises(RequestRefused) as caught:
        account_of(visitor(http_server))
    assert "set a key" in caught.value.hint


def test_a_limited_forum_is_left_alone(world: World, http_server: Server) -> None:
    http_server.reply(
        "GET", "/search.json", 429, body=ERRORS["rate"], headers={"Retry-After": "720"}
    )
    tokens = Tokens(None)
    with time_machine.travel(NOW, tick=False) as clock:
        with pytest.raises(RateLimited):
            collect(visitor(http_server), QUERY, tokens=tokens)
        http_server.requests.clear()
        clock.shift(700)
        with pytest.raises(RateLimited, match="left alone"):
            account_of(visitor(http_server), tokens=tokens)
        assert not http_server.requests
        clock.shift(30)
        account_of(visitor(http_server), tokens=tokens)


@pytest.mark.slow
def test_three_pages_and_a_run_killed_in_the_second(world: World, http_server: Server) -> None:
    world.size = 1
    whole = collect(channel_at(http_server), QUERY)
    notes = [page for page in whole if page.stream == "notifications"]
    assert len(notes) >= 3
    stop = whole.index(notes[1]) + 1
    before = collect(channel_at(http_server), QUERY, stop_after=stop)
    assert states(before)["notifications"].walking
    after = collect(channel_at(http_server), resumed(QUERY, before))
    assert {m.external_id for m in mentions([*before, *after])} == {
        m.external_id for m in mentions(whole)
    }


def test_another_shape_is_reported(world: World, http_server: Server) -> None:
    http_server.reply("GET", "/search.json", body={"posts": [], "grouped_search_result": None})
    with pytest.raises(UnexpectedPayload, match="search result"):
        collect(visitor(http_server), QUERY)


def test_markup_and_hostile_names_are_plain() -> None:
    post = {
        "topic_id": 1, "post_number": 1, "username": "../x?<b>", "topic_slug": "a/../b?c",
        "cooked": "<script>alert(1)</script>Acme <a href='javascript:x'>Coffee</a>",
    }  # fmt: skip
    found = read_post(post, US)
    assert isinstance(found, Mention)
    assert found.text == "Acme Coffee"
    assert found.links == ()
    assert found.author.url == "https://f.example/u/..%2Fx%3F%3Cb%3E"
    assert found.url == "https://f.example/t/a%2F..%2Fb%3Fc/1/1"


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"base_url": "forum.example"}, "base_url"),
        ({"api_key": Secret("x")}, "api_username"),
        ({"api_username": "acme"}, "api_key"),
        (
            {"api_key": Secret("x"), "api_username": "a", "user_api_key": Secret("y")},
            "user_api_key",
        ),
        ({"own_usernames": ("@acme",)}, "own_usernames"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, Any], key: str) -> None:
    channel = Discourse(**{"base_url": "https://forum.example", **settings})
    assert [name for name, _ in channel.problems()] == [key]


def test_capabilities_depend_on_the_key() -> None:
    visitor = Discourse(base_url="https://forum.example")
    assert not visitor.capabilities.sees_own_replies
    assert not visitor.capabilities.private
    assert Discourse.capabilities.private
