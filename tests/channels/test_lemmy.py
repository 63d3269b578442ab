"""Lemmy, in both generations of its API, against the published types of its client library."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest
import time_machine

from mentionwatch.channels import OpenItem, Query
from mentionwatch.channels._lemmy_items import Home, read_view
from mentionwatch.channels.lemmy import Lemmy
from mentionwatch.credentials import Secret, Tokens
from mentionwatch.errors import (
    ChannelError,
    CredentialsRefused,
    NotFound,
    RateLimited,
    RequestRefused,
)
from mentionwatch.model.items import Deletion, Mention, OwnPost, Page, Reply, StreamState
from tests.channels.contract import (
    QUERY,
    ChannelContract,
    account_of,
    check_pages,
    collect,
    ids,
    items,
    resumed,
    states,
)
from tests.channels.lemmy_world import ERRORS, JWT, SCHEMA, World
from tests.channels.strict import check_shape
from tests.clock import NOW
from tests.server import Request, Server

EVERYTHING = {"p22", "p23", "c341", "c342", "c343", "c344"}


@pytest.fixture(params=[False, True], ids=["v3", "v4"])
def world(request: pytest.FixtureRequest, http_server: Server) -> Iterator[World]:
    found = World(http_server, newer=request.param)
    yield found
    assert not found.strict.faults


def channel_at(server: Server, **settings: Any) -> Lemmy:
    usual: dict[str, Any] = {"username": "acmecare", "password": Secret("pass")}
    return Lemmy(base_url=server.url, **{**usual, **settings})


def visitor(server: Server, **settings: Any) -> Lemmy:
    return Lemmy(base_url=server.url, **settings)


def by_local(pages: Iterable[Page]) -> dict[str, Any]:
    return {item.external_id.rpartition(":")[2]: item for item in items(pages)}


def waiting(host: str, *locals_: str, thread: str = "p22", own: tuple[str, ...] = ()) -> Query:
    opened = tuple(
        OpenItem(external_id=f"{host}:{one}", thread_id=f"{host}:{thread}", published=NOW)
        for one in locals_
    )
    return replace(QUERY, open=opened, known_own_ids=tuple(f"{host}:{one}" for one in own))


class TestContract(ChannelContract):
    newer: ClassVar[bool] = False

    def settings(self, base_url: str) -> Any:
        host = base_url.partition("//")[2]
        self.expected = {f"{host}:{local}" for local in EVERYTHING}
        self.query = waiting(host, "c341")
        return Lemmy(base_url=base_url, jwt=Secret(JWT))

    def routes(self, server: Server) -> None:
        World(server, newer=self.newer)

    def asks_with_cursor(
        self, first: list[Request], second: list[Request], kept: dict[str, StreamState]
    ) -> bool:
        assert kept["search:acme coffee"].cursor == "2026-11-20T08:00:00.123Z"
        return True


class TestNewerContract(TestContract):
    newer = True


def test_the_recordings_have_the_documented_shape(world: World) -> None:
    end = 4 if world.newer else 3
    shapes = SCHEMA["shapes"]
    check_shape([world.view(one) for one in world.posts], f"[PostView{end}]", shapes)
    check_shape([world.view(one) for one in world.comments], f"[CommentView{end}]", shapes)
    if world.newer:
        notes = [world.note(one) for one in world.comments if "kind" in one]
        check_shape(notes, "[NotificationView]", shapes)
    else:
        check_shape(world.note(world.comments[2]), "ReplyView3", shapes)
        check_shape(world.note(world.comments[3]), "MentionView3", shapes)


# --- what is found -------------------------------------------------------------------------------


def test_a_post_is_read_in_full(world: World, http_server: Server) -> None:
    pages = collect(visitor(http_server), QUERY)
    post = by_local(pages)["p22"]
    assert (post.title, post.text) == ("Acme Coffee any good?", "**Thinking** of one")
    assert post.author.id == "https://lemmy.example/u/ida"
    assert (post.author.handle, post.author.name) == ("@ida@lemmy.example", "Ida")
    assert post.url == "https://lemmy.example/post/22"
    assert post.published == datetime(2026, 11, 20, 8, 0, 0, 123456, tzinfo=UTC)
    assert (post.engagement.likes, post.engagement.replies) == (9, 3)
    assert post.language == "en"
    assert post.links == ("https://acmecoffee.example/menu",)
    assert (post.thread_id, post.parent_id) == (post.external_id, "")
    assert {p.searched for p in pages if post in p.items} == {True}


@pytest.mark.slow
def test_what_is_said_to_us_is_addressed(world: World, http_server: Server) -> None:
    found = by_local(collect(channel_at(http_server), QUERY))
    answer, tagged = found["c343"], found["c344"]
    host = http_server.host
    assert answer.addressed
    assert (answer.thread_id, answer.parent_id) == (f"{host}:p22", f"{host}:c342"), "nested"
    assert tagged.addressed
    assert (tagged.thread_id, tagged.parent_id) == (f"{host}:p21", f"{host}:p21")
    assert tagged.edited == datetime(2026, 11, 20, 13, 0, tzinfo=UTC)
    assert not found["c341"].addressed


@pytest.mark.slow
def test_our_words_are_replies_and_posts(world: World, http_server: Server) -> None:
    found = by_local(collect(channel_at(http_server), QUERY))
    host = http_server.host
    assert isinstance(found["c342"], Reply)
    assert (found["c342"].thread_id, found["c342"].parent_id) == (f"{host}:p22", f"{host}:p22")
    assert isinstance(found["p23"], OwnPost)
    assert found["p23"].text == "Our new roast\n\nFrom acmecoffee, today."


@pytest.mark.slow
def test_what_nobody_answered_has_no_reply(world: World, http_server: Server) -> None:
    found = by_local(collect(channel_at(http_server), QUERY))
    host = http_server.host
    answered = {one.parent_id for one in found.values() if isinstance(one, Reply)}
    assert f"{host}:p22" in answered
    assert not {f"{host}:c341", f"{host}:c343", f"{host}:c344"} & answered


def test_a_visitor_knows_the_accounts_that_he_is_told(world: World, http_server: Server) -> None:
    query = replace(QUERY, own_accounts=("@acmecare@lemmy.example",))
    found = by_local(collect(visitor(http_server, own_usernames=("acmecare",)), query))
    assert isinstance(found["c342"], Reply)
    assert not [r for r in http_server.requests if "mention" in r.path or "notif" in r.path]


@pytest.mark.slow
def test_all_in_our_community_is_to_us(world: World, http_server: Server) -> None:
    pages = collect(channel_at(http_server, communities=("acme",)), QUERY)
    assert by_local(pages)["p24"].addressed


def test_three_commenters_are_three_authors(world: World, http_server: Server) -> None:
    query = waiting(http_server.host, "c341", "c345", "p22")
    (page,) = [p for p in collect(channel_at(http_server), query) if p.checked]
    found = [one for one in items([page]) if isinstance(one, Mention)]
    assert {one.author.handle.split("@")[1] for one in found} == {"ben", "ida", "mia"}
    assert len({one.thread_id for one in found}) == 1


def test_nothing_at_all(world: World, http_server: Server) -> None:
    world.posts, world.comments = [], []
    pages = collect(channel_at(http_server), QUERY)
    check_pages(pages)
    assert not items(pages)


def test_regular_expressions_are_not_searched(world: World, http_server: Server) -> None:
    query = replace(QUERY, terms=("/acme/",), domains=())
    pages = collect(visitor(http_server), query)
    assert "/acme/" in pages[0].warnings[0]
    assert not [r for r in http_server.requests if r.path.endswith("/search")]


@pytest.mark.slow
def test_three_pages_and_a_run_killed_in_the_second(world: World, http_server: Server) -> None:
    model = world.comments[0]
    world.comments += [
        {**model, "id": 400 + n, "path": f"0.{400 + n}", "at": f"2026-11-{20 - n}T07:00:00.000000Z"}
        for n in range(5)
    ]
    channel = visitor(http_server, search_terms=("acmecoffee",))
    whole = collect(channel, QUERY)
    assert len([p for p in whole if p.stream == "search:acmecoffee"]) >= 3
    before = collect(channel, QUERY, stop_after=2)
    assert states(before)["search:acmecoffee"].walking
    after = collect(channel, resumed(QUERY, before))
    assert ids([*before, *after]) == ids(whole)


def test_a_position_that_the_instance_forgot_begins_anew(http_server: Server) -> None:
    World(http_server, newer=True)
    http_server.reply(
        "GET", "/api/v4/search", 400, body={"error": "bad_cursor"}, query={"page_cursor": "old"}
    )
    state = StreamState(cursor="2026-11-19T00:00:00.000Z", top="2026-11-20T23:00:00Z", resume="old")
    query = replace(QUERY, streams={"search:acmecoffee": state})
    pages = collect(visitor(http_server, search_terms=("acmecoffee",)), query)
    assert "c341" in by_local(pages)


def test_times_without_a_zone_are_utc() -> None:
    view = {
        "post": {"id": 1, "name": "x", "published": "2026-11-20T08:00:00.123456"},
        "creator": {"name": "x", "actor_id": "https://a.example/u/x"},
    }
    found = read_view(view, Home(host="h"))
    assert isinstance(found, Mention)
    assert found.published == datetime(2026, 11, 20, 8, 0, 0, 123456, tzinfo=UTC)


# --- what waits ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_edits_and_our_answers_are_seen(world: World, http_server: Server) -> None:
    world.comments[0]["content"] = "acmecoffee, edited"
    (page,) = [
        p
        for p in collect(channel_at(http_server), waiting(http_server.host, "c341"))
        if p.stream == "revisit"
    ]
    found = by_local([page])
    assert set(found) == {"c341", "c342", "c343"}, "what waits, our answer, what came back"
    assert found["c341"].text == "acmecoffee, edited"
    assert isinstance(found["c342"], Reply)
    assert page.checked == (f"{http_server.host}:c341",)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["marked", "gone"])
def test_a_deleted_mention_is_marked(how: str, world: World, http_server: Server) -> None:
    if how == "marked":
        world.comments[0]["deleted"] = True
    else:
        del world.comments[0]
    query = waiting(http_server.host, "c341", "p99")
    (page,) = [p for p in collect(channel_at(http_server), query) if p.stream == "revisit"]
    gone = {one.external_id for one in page.items if isinstance(one, Deletion)}
    assert gone == {f"{http_server.host}:c341", f"{http_server.host}:p99"}


@pytest.mark.slow
def test_our_deleted_comment_is_noticed(world: World, http_server: Server) -> None:
    query = waiting(http_server.host, own=("c342",))
    assert not any(isinstance(i, Deletion) for i in items(collect(channel_at(http_server), query)))
    del world.comments[1]
    found = items(collect(channel_at(http_server), query))
    assert Deletion(external_id=f"{http_server.host}:c342") in found


@pytest.mark.slow
def test_many_threads_take_turns(world: World, http_server: Server) -> None:
    opened = tuple(
        OpenItem(
            external_id=f"{http_server.host}:p{n}",
            thread_id=f"{http_server.host}:p{n}",
            published=NOW,
        )
        for n in range(100, 140)
    )
    query = replace(QUERY, open=opened)
    first = collect(visitor(http_server), query)
    second = collect(visitor(http_server), resumed(query, first))
    assert len({one for page in [*first, *second] for one in page.checked}) == 40
    assert any("15 threads" in w for page in first for w in page.warnings)


# --- log-in and errors ---------------------------------------------------------------------------


@pytest.mark.slow
def test_the_log_in_is_kept(world: World, http_server: Server) -> None:
    tokens = Tokens(None)
    collect(channel_at(http_server), QUERY, tokens=tokens)
    collect(channel_at(http_server), QUERY, tokens=tokens)
    assert world.logins == 1
    world.good = "eyJ.jwt.two"
    assert account_of(channel_at(http_server), tokens=tokens).id
    assert world.logins == 2
    account_of(channel_at(http_server), tokens=tokens)
    assert world.logins == 2
    with pytest.raises(CredentialsRefused) as caught:
        account_of(visitor(http_server, jwt=Secret("old")))
    assert "cookie" in caught.value.hint or "log-in" in caught.value.message


def test_who_we_are(world: World, http_server: Server) -> None:
    account = account_of(channel_at(http_server))
    assert account.id == "https://lemmy.example/u/acmecare"
    assert account.names == ("@acmecare@lemmy.example", "https://lemmy.example/u/acmecare")
    version = "1.0.0" if world.newer else "0.19.9"
    assert f"Lemmy {version}) as @acmecare@lemmy.example" in account.summary
    world.bot = True
    assert "marked as a bot" in account_of(channel_at(http_server)).warnings[0]
    assert "as a visitor" in account_of(visitor(http_server)).summary


@pytest.mark.parametrize(
    ("name", "hint"), [("login", "check username and password"), ("totp", "set jwt")]
)
def test_a_refused_log_in_says_what_to_do(name: str, hint: str, http_server: Server) -> None:
    http_server.reply("POST", "/api/v3/user/login", 400, body=ERRORS[name])
    with pytest.raises(CredentialsRefused) as caught:
        account_of(channel_at(http_server))
    assert hint in caught.value.hint
    assert "pass" not in caught.value.message


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("rate", RateLimited),
        ("not_in", CredentialsRefused),
        ("login", CredentialsRefused),
        ("post", NotFound),
        ("comment", NotFound),
    ],
)
@pytest.mark.parametrize("status", [400, 404])
def test_errors_by_name(
    name: str, error: type[ChannelError], status: int, http_server: Server
) -> None:
    http_server.reply("*", "*", status, body=ERRORS[name])
    with pytest.raises(error) as caught:
        collect(visitor(http_server), QUERY)
    assert caught.value.hint


def test_an_unknown_error_is_a_refusal(world: World, http_server: Server) -> None:
    version = "v4" if world.newer else "v3"
    http_server.reply("GET", f"/api/{version}/search", 400, body={"error": "query_timeout"})
    with pytest.raises(RequestRefused, match="query_timeout"):
        collect(visitor(http_server), QUERY)


def test_a_limited_instance_is_left_alone(http_server: Server) -> None:
    World(http_server)
    http_server.reply("POST", "/api/v3/user/login", 400, body=ERRORS["rate"])
    tokens = Tokens(None)
    with time_machine.travel(NOW, tick=False) as clock:
        with pytest.raises(RateLimited):
            account_of(channel_at(http_server), tokens=tokens)
        http_server.requests.clear()
        clock.shift(200)
        with pytest.raises(RateLimited, match="left alone"):
            account_of(channel_at(http_server), tokens=tokens)
        assert not http_server.requests


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"base_url": "lemmy.example"}, "base_url"),
        ({"username": "acme"}, "password"),
        ({"password": Secret("x")}, "username"),
        ({"communities": ("!acme",)}, "communities"),
        ({"own_usernames": ("a b",)}, "own_usernames"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, Any], key: str) -> None:
    channel = Lemmy(**{"base_url": "https://lemmy.example", **settings})
    assert [name for name, _ in channel.problems()] == [key]


def test_capabilities_depend_on_who_asks() -> None:
    assert not Lemmy(base_url="https://l.example").capabilities.sees_own_replies
    assert Lemmy(base_url="https://l.example", jwt=Secret("x")).capabilities.sees_own_replies
