"""LinkedIn, field for field against the sheet of its API: nothing of it is public."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import pytest
import time_machine

from mentionwatch.channels import OpenItem, Query
from mentionwatch.channels._linkedin_items import Us, comment_urn, read_notification
from mentionwatch.channels.linkedin import LinkedIn
from mentionwatch.credentials import Secret, Tokens
from mentionwatch.errors import (
    BudgetSpent,
    ChannelError,
    CredentialsRefused,
    NotFound,
    PermissionMissing,
    RateLimited,
    RequestRefused,
    ServerFailed,
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
    recorded,
    resumed,
    states,
)
from tests.channels.strict import Strict, check_shape
from tests.clock import NOW
from tests.server import Reply as Answer
from tests.server import Request, Server

SCHEMA: dict[str, Any] = recorded("linkedin", "schema.json")
ERRORS: dict[str, Any] = recorded("linkedin", "errors.json")
ACTIVITY = "urn:li:activity:7100000000000000002"
PAGE = "urn:li:organization:123"


def comment(number: int) -> str:
    return f"urn:li:comment:({ACTIVITY},{7100000000000000000 + number})"


class World:
    """LinkedIn's side; ``size`` notifications on a page at most."""

    def __init__(self, server: Server, size: int = 3) -> None:
        found = recorded("linkedin", "page.json")
        self.notifications: list[dict[str, Any]] = found["notifications"]
        self.posts: list[dict[str, Any]] = found["posts"]
        self.comments: list[dict[str, Any]] = found["comments"]
        self.size = size
        self.good = "AQV.token"
        self.strict = Strict(
            server,
            "linkedin",
            {
                "GET /organizationalEntityNotifications": self.signed(self.told),
                "GET /posts": self.signed(self.listed),
                "GET /socialActions/:urn/comments": self.signed(self.said),
            },
        )

    def signed(self, answer: Any) -> Any:
        def check(request: Request, *parts: str) -> Answer:
            assert request.headers["linkedin-version"] == "202609"
            assert request.headers["x-restli-protocol-version"] == "2.0.0"
            if request.headers.get("authorization") != f"Bearer {self.good}":
                return Answer(status=401, body=ERRORS["invalid"])
            found: Answer = answer(request, *parts)
            return found

        return check

    def told(self, request: Request) -> Answer:
        span = re.fullmatch(r"\(start:(\d{13}),end:(\d{13})\)", request.params["timeRange"])
        assert span, "the window is no window"
        start, end = int(span[1]), int(span[2])
        found = [n for n in self.notifications if start <= n["lastModifiedAt"] <= end]
        return self.paged(found, request, self.size)

    def listed(self, request: Request) -> Answer:
        assert request.headers["x-restli-method"] == "FINDER"
        return self.paged(self.posts, request, 50)

    def said(self, request: Request, urn: str) -> Answer:
        if urn.endswith(",7100000000000000404)"):
            return Answer(status=404, body=ERRORS["missing"])
        if urn.startswith("urn:li:comment:"):
            found = [c for c in self.comments if c.get("parentComment") == urn]
        else:
            found = self.comments
        return self.paged(found, request, 50)

    def paged(self, things: list[Any], request: Request, size: int) -> Answer:
        start = int(request.params["start"])
        size = min(size, int(request.params["count"]))
        paging = {"start": start, "count": size, "links": []}
        return Answer(body={"paging": paging, "elements": things[start : start + size]})


@pytest.fixture
def world(http_server: Server) -> Iterator[World]:
    found = World(http_server)
    yield found
    assert not found.strict.faults


def channel_at(server: Server, **settings: Any) -> LinkedIn:
    usual: dict[str, Any] = {"access_token": Secret("AQV.token"), "store_text": True}
    return LinkedIn(
        organization_id="123",
        base_url=server.url,
        token_url=f"{server.url}/accessToken",
        **{**usual, **settings},
    )


def by_id(pages: Iterable[Page]) -> dict[str, Any]:
    return {item.external_id: item for item in items(pages)}


def waiting(*numbers: int) -> Query:
    opened = tuple(
        OpenItem(external_id=comment(n), thread_id=ACTIVITY, published=NOW) for n in numbers
    )
    return replace(QUERY, open=opened)


class TestContract(ChannelContract):
    expected: ClassVar[set[str]] = {
        ACTIVITY, *(comment(number) for number in (9, 10, 11, 12, 13)),
        "urn:li:share:7100000000000000020", "urn:li:share:7100000000000000021",
    }  # fmt: skip
    query = waiting(9)

    def settings(self, base_url: str) -> Any:
        return LinkedIn(
            organization_id="123",
            access_token=Secret("AQV.token"),
            base_url=base_url,
            store_text=True,
            daily_calls=0,
        )

    def routes(self, server: Server) -> None:
        World(server)

    def asks_with_cursor(
        self, first: list[Request], second: list[Request], kept: dict[str, StreamState]
    ) -> bool:
        start = int(kept["notifications"].cursor) - 600_000
        return any(f"(start:{start}," in r.params.get("timeRange", "") for r in second)


def test_the_recordings_have_the_documented_shape() -> None:
    found = recorded("linkedin", "page.json")
    check_shape(found["notifications"], "[Notification]", SCHEMA["shapes"])
    check_shape(found["comments"], "[SocialComment]", SCHEMA["shapes"])
    check_shape(found["posts"], "[Post]", SCHEMA["shapes"])


def test_brackets_stay_and_urns_are_encoded() -> None:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            body = b'{"elements": [], "paging": {}}'
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            base_url = f"http://127.0.0.1:{server.server_address[1]}"
            channel = LinkedIn(
                organization_id="123", access_token=Secret("AQV.token"), base_url=base_url
            )
            collect(channel, waiting(9))
        finally:
            server.shutdown()
            thread.join()
    assert "actions=List(COMMENT,COMMENT_EDIT," in asked[0]
    assert "organizationalEntity=urn%3Ali%3Aorganization%3A123&timeRange=(start:17" in asked[0]
    urn = "urn%3Ali%3Acomment%3A%28urn%3Ali%3Aactivity%3A7100000000000000002%2C7100000000000000009"
    assert asked[1].startswith(f"/socialActions/{urn}%29/comments?start=0")


# --- what is found -------------------------------------------------------------------------------


def test_a_comment_is_read_in_full(world: World, http_server: Server) -> None:
    found = by_id(collect(channel_at(http_server), QUERY))
    mention = found[comment(9)]
    assert mention.text == "When do you reopen?"
    assert mention.author.id == "urn:li:person:AbCdEf"
    assert mention.author.name == "LinkedIn member"
    assert mention.published == datetime.fromtimestamp(1795150000, UTC)
    assert (mention.thread_id, mention.parent_id) == (ACTIVITY, ACTIVITY)
    assert mention.addressed
    assert mention.url == (
        f"https://www.linkedin.com/feed/update/{ACTIVITY}/?commentUrn=urn%3Ali%3Acomment%3A%28"
        "urn%3Ali%3Aactivity%3A7100000000000000002%2C7100000000000000009%29"
    )
    assert isinstance(found[ACTIVITY], OwnPost)
    assert found[ACTIVITY].text == "We are renovating"


def test_three_commenters_are_three_authors(world: World, http_server: Server) -> None:
    found = by_id(collect(channel_at(http_server), QUERY))
    authors = {found[comment(number)].author.id for number in (9, 11, 12)}
    assert len(authors) == 3
    assert {found[comment(number)].thread_id for number in (9, 11, 12)} == {ACTIVITY}


def test_texts_of_members_are_not_stored_unless_asked_for(
    world: World, http_server: Server
) -> None:
    channel = channel_at(http_server, store_text=False)
    found = by_id(collect(channel, waiting(9)))
    mentions = [one for one in found.values() if isinstance(one, Mention)]
    assert mentions
    assert all(one.text == "" and one.title.endswith("on LinkedIn") for one in mentions)
    assert not any(one.raw for one in found.values() if not isinstance(one, Deletion))
    assert found[comment(10)].text == "On Monday!", "our own words are ours"
    assert channel.keep_at_most is None
    assert channel_at(http_server).keep_at_most == timedelta(hours=48)


def test_our_answer_gets_its_place_when_what_waits_is_looked_at(
    world: World, http_server: Server
) -> None:
    pages = collect(channel_at(http_server), waiting(9))
    told, looked = [i for i in items(pages) if i.external_id == comment(10)]
    assert isinstance(told, Reply)
    assert (told.thread_id, told.parent_id) == (ACTIVITY, "")
    assert isinstance(looked, Reply)
    assert (looked.thread_id, looked.parent_id) == (ACTIVITY, comment(9))
    assert [page.checked for page in pages if page.checked] == [(comment(9),)]


def test_edits_deletions_mentions_and_shares(world: World, http_server: Server) -> None:
    found = by_id(collect(channel_at(http_server), QUERY))
    edited = found[comment(12)]
    assert edited.published is None
    assert edited.edited == datetime.fromtimestamp(1795155000, UTC)
    assert found[comment(13)] == Deletion(external_id=comment(13))
    tagged, shared = (found[f"urn:li:share:71000000000000000{n}"] for n in (20, 21))
    assert tagged.addressed
    assert (tagged.kind, tagged.author.name) == ("post", "LinkedIn page")
    assert shared.repost
    assert shared.parent_id == "urn:li:share:7100000000000000001"


def test_a_deleted_comment_is_noticed_while_it_waits(world: World, http_server: Server) -> None:
    assert Deletion(external_id=comment(404)) in items(
        collect(channel_at(http_server), waiting(404))
    )


def test_a_comment_that_nobody_answered_has_no_reply(world: World, http_server: Server) -> None:
    found = by_id(collect(channel_at(http_server), waiting(9, 11)))
    answered = {one.parent_id for one in found.values() if isinstance(one, Reply)}
    assert comment(9) in answered
    assert comment(11) not in answered


def test_a_nested_thread_keeps_its_places(world: World, http_server: Server) -> None:
    first = world.comments[0]
    again = {**first, "id": "7100000000000000014", "commentUrn": comment(14)}
    world.comments.append({**again, "parentComment": comment(9), "actor": "urn:li:person:GhIjKl"})
    found = by_id(collect(channel_at(http_server), waiting(9)))
    below = found[comment(14)]
    assert isinstance(below, Mention)
    assert (below.thread_id, below.parent_id) == (ACTIVITY, comment(9))
    assert below.author.id == "urn:li:person:GhIjKl"


def test_an_answer_below_a_comment_may_be_told(world: World, http_server: Server) -> None:
    told = world.notifications[2]["decoratedGeneratedActivity"]["comment"]
    told["parentComment"] = "urn:li:comment:(activity:7100000000000000002,7100000000000000009)"
    (reply,) = [i for i in items(collect(channel_at(http_server), QUERY)) if isinstance(i, Reply)]
    assert reply.parent_id == comment(9)


def test_an_edited_comment_is_seen_while_it_waits(world: World, http_server: Server) -> None:
    http_server.reply("GET", "/organizationalEntityNotifications", 403, body=ERRORS["denied"])
    world.comments[0]["message"]["text"] = "When do you reopen, please?"
    world.comments[0]["lastModified"]["time"] += 60_000
    edited = by_id(collect(channel_at(http_server), QUERY))[comment(9)]
    assert edited.text == "When do you reopen, please?"
    assert edited.edited == datetime.fromtimestamp(1795150060, UTC)


def test_our_deleted_answer_is_noticed(world: World, http_server: Server) -> None:
    gone = replace(QUERY, known_own_ids=(comment(10), comment(404), "urn:li:share:1"))
    pages = collect(channel_at(http_server), gone)
    assert Deletion(external_id=comment(404)) in items(pages)
    assert Deletion(external_id=comment(10)) not in items(pages), "it was told of in this run"
    asked = [r for r in http_server.requests if r.path.startswith("/socialActions/")]
    assert len(asked) == 1


def test_our_answer_that_is_told_to_be_deleted(world: World, http_server: Server) -> None:
    told = world.notifications[5]
    told["generatedActivity"] = "urn:li:comment:(activity:7100000000000000002,7100000000000000010)"
    query = replace(QUERY, known_own_ids=(comment(10),))
    assert Deletion(external_id=comment(10)) in items(collect(channel_at(http_server), query))


def test_answers_that_may_not_be_asked_for_are_not_gone(world: World, http_server: Server) -> None:
    http_server.reply("GET", "/socialActions/*", 400, body=ERRORS["argument"])
    query = replace(QUERY, known_own_ids=tuple(comment(n) for n in range(500, 508)))
    first = collect(channel_at(http_server), query)
    second = collect(channel_at(http_server), resumed(query, first))
    gone = {i for i in items([*first, *second]) if isinstance(i, Deletion)}
    assert gone == {Deletion(external_id=comment(13))}, "which a notification told"
    asked = {r.path for r in http_server.requests if r.path.startswith("/socialActions/")}
    assert len(asked) == 6, "three in a run, in turn"


@pytest.mark.parametrize(
    "value",
    ["urn:li:comment:(activity:12,34)", "urn:li:comment:(urn:li:activity:12,34)"],
    ids=["short", "full"],
)
def test_comments_have_one_name(value: str) -> None:
    assert comment_urn(value) == "urn:li:comment:(urn:li:activity:12,34)"


def test_likes_are_nothing() -> None:
    like = recorded("linkedin", "page.json")["notifications"][1]
    assert read_notification(like, Us(urn=PAGE)) == []


def test_nothing_at_all_may_be_a_missing_role(world: World, http_server: Server) -> None:
    world.notifications = []
    pages = collect(channel_at(http_server), QUERY)
    check_pages(pages)
    assert not items(pages)
    assert any("role ADMINISTRATOR" in w for page in pages for w in page.warnings)
    state = StreamState(cursor="1795150000000")
    later = replace(QUERY, streams={"notifications": state})
    pages = collect(channel_at(http_server), later)
    assert not any(page.warnings for page in pages)
    assert states(pages)["notifications"].cursor == state.cursor


def test_a_window_that_was_cut_short_is_ended_first(world: World, http_server: Server) -> None:
    before = collect(channel_at(http_server), QUERY, stop_after=2)
    assert states(before)["notifications"].walking
    later = replace(resumed(QUERY, before), now=NOW + timedelta(hours=2))
    after = collect(channel_at(http_server), later)
    assert ids([*before, *after]) == ids(collect(channel_at(http_server), QUERY))
    end = int(NOW.timestamp() * 1000)
    first = http_server.requests[2].params["timeRange"]
    assert first.endswith(f"end:{end})")


def test_without_notifications_comments_are_read(world: World, http_server: Server) -> None:
    http_server.reply("GET", "/organizationalEntityNotifications", 403, body=ERRORS["denied"])
    pages = collect(channel_at(http_server), QUERY)
    found = by_id(pages)
    assert isinstance(found[comment(10)], Reply)
    assert found[comment(10)].parent_id == comment(9)
    assert found[comment(9)].engagement.likes == 1
    assert any("rw_organization_admin" in w for page in pages for w in page.warnings)
    assert "without its notifications" in account_of(channel_at(http_server)).summary


# --- limits, tokens and errors -------------------------------------------------------------------


def test_the_calls_of_a_day_last_for_it(world: World, http_server: Server) -> None:
    tokens = Tokens(None)
    with time_machine.travel(NOW, tick=False) as clock:
        account_of(channel_at(http_server), tokens=tokens)
        collect(channel_at(http_server), QUERY, tokens=tokens)
        spent = len(http_server.requests)
        http_server.requests.clear()
        clock.shift(spent * 864 - 5)
        assert collect(channel_at(http_server), QUERY, tokens=tokens) == []
        assert "not asked again" in account_of(channel_at(http_server), tokens=tokens).summary
        assert not http_server.requests
        clock.shift(10)
        assert collect(channel_at(http_server), QUERY, tokens=tokens)


@pytest.mark.slow
def test_the_cap_of_a_day_is_kept(world: World, http_server: Server) -> None:
    channel = channel_at(http_server, daily_calls=2)
    tokens = Tokens(None)
    with time_machine.travel(NOW, tick=False), pytest.raises(BudgetSpent, match="daily_calls"):
        collect(channel, QUERY, tokens=tokens)
    assert len(http_server.requests) == 2


def test_a_quota_that_is_used_up_ends_at_midnight(world: World, http_server: Server) -> None:
    http_server.reply("GET", "/organizationalEntityNotifications", 429, body=ERRORS["quota"])
    tokens = Tokens(None)
    with time_machine.travel(NOW, tick=False) as clock:
        with pytest.raises(RateLimited) as caught:
            collect(channel_at(http_server), QUERY, tokens=tokens)
        assert caught.value.retry_after == 16 * 3600 + 58 * 60
        http_server.requests.clear()
        clock.shift(16 * 3600)
        with pytest.raises(RateLimited, match="left alone until 2026-11-22 00:00"):
            account_of(channel_at(http_server), tokens=tokens)
        assert not http_server.requests


def test_the_end_of_a_token_is_foreseen(world: World, http_server: Server) -> None:
    tokens = Tokens(None)
    channel = channel_at(http_server)
    with time_machine.travel(NOW, tick=False) as clock:
        assert account_of(channel, tokens=tokens).warnings == ()
        clock.shift(timedelta(days=51))
        (warning,) = account_of(channel, tokens=tokens).warnings
        assert "ends on 2027-01-20" in warning
        world.good = "AQV.new"
        fresh = channel_at(http_server, access_token=Secret("AQV.new"))
        assert account_of(fresh, tokens=tokens).warnings == ()


def test_tokens_are_renewed(world: World, http_server: Server) -> None:
    answers = {
        "access_token": "AQV.renewed", "expires_in": 5_184_000, "refresh_token": "AQX.one",
        "refresh_token_expires_in": 432_000, "scope": "r_organization_social_feed",
    }  # fmt: skip
    http_server.on("POST", "/accessToken", lambda request: Answer(body=answers))
    world.good = "AQV.renewed"
    channel = channel_at(
        http_server,
        access_token=None,
        client_id="77id",
        client_secret=Secret("WPL.secret"),
        refresh_token=Secret("AQX.one"),
    )
    tokens = Tokens(None)
    assert "the log-in ends on" in account_of(channel, tokens=tokens).warnings[0]
    collect(channel, QUERY, tokens=tokens)
    (asked,) = http_server.asked("/accessToken")
    assert dict(asked.form) == {
        "grant_type": "refresh_token", "refresh_token": "AQX.one", "client_id": "77id",
        "client_secret": "WPL.secret",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "error", "hint"),
    [
        ("argument", RequestRefused, "doctor"),
        ("invalid", CredentialsRefused, "new token"),
        ("revoked", CredentialsRefused, "some minutes"),
        ("expired", CredentialsRefused, "new token"),
        ("denied", PermissionMissing, "ADMINISTRATOR"),
        ("version", RequestRefused, "api_version"),
        ("quota", RateLimited, "midnight"),
        ("missing", NotFound, "configuration"),
        ("broken", ServerFailed, "later"),
    ],
)
def test_errors_say_what_to_do(
    name: str, error: type[ChannelError], hint: str, http_server: Server
) -> None:
    http_server.reply("*", "*", ERRORS[name]["status"], body=ERRORS[name])
    with pytest.raises(error) as caught:
        account_of(channel_at(http_server))
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"organization_id": "acme"}, "organization_id"),
        ({"api_version": "2026-09"}, "api_version"),
        ({"access_token": None}, "access_token"),
        ({"refresh_token": Secret("x")}, "refresh_token"),
        ({"daily_calls": -1}, "daily_calls"),
        ({"base_url": "api.example"}, "base_url"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, Any], key: str) -> None:
    usual = {"organization_id": "1", "access_token": Secret("x")}
    assert [name for name, _ in LinkedIn(**{**usual, **settings}).problems()] == [key]
