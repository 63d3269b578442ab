"""Feeds: how they are asked, and what is kept of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, ClassVar

import pytest

from mentionwatch.channels.rss import FeedAddress, GoogleNews, RedditSearch, Rss
from mentionwatch.credentials import Secret, redact
from mentionwatch.errors import (
    BudgetSpent,
    ChannelError,
    CredentialsRefused,
    NotFound,
    PermissionMissing,
    RateLimited,
    RequestRefused,
    SecretUnavailable,
    ServerFailed,
    TooLarge,
    UnexpectedPayload,
    Unreachable,
)
from mentionwatch.model.items import Page, StreamState
from tests.channels.contract import (
    QUERY,
    ChannelContract,
    account_of,
    collect,
    ids,
    mentions,
    recorded,
    states,
)
from tests.channels.feed_bodies import item, rss
from tests.clock import NOW
from tests.server import Handler, Request, Server
from tests.server import Reply as Answer

XML = {"Content-Type": "application/rss+xml; charset=utf-8"}
JOURNAL = "acmecoffee.example?p=57#comment-"


def honours(body: str, tag: str = '"v1"') -> Handler:
    """Serve a feed that knows conditional requests."""

    def answer(request: Request) -> Answer:
        if request.headers.get("if-none-match") == tag:
            return Answer(status=304, headers={"ETag": tag})
        return Answer(body=body, headers={**XML, "ETag": tag})

    return answer


class Reader:
    """An owner's computer: it stores what each run yields, and its clock is moved by hand."""

    def __init__(self, channel: Rss) -> None:
        self.channel = channel
        self.now = NOW
        self.streams: dict[str, StreamState] = {}
        self.error: ChannelError | None = None

    def run(
        self, *, stop_after: int | None = None, query: Any = QUERY, **client: Any
    ) -> list[Page]:
        from tests.channels.contract import _collect

        asked = replace(query, now=self.now, streams=dict(self.streams))
        pages: list[Page] = []
        self.error = None

        class Stored:
            async def pages(_, query: Any, client: Any) -> Any:
                async with aclosing(self.channel.pages(query, client)) as found:
                    async for page in found:
                        pages.append(page)
                        self.streams.update(states([page]))
                        yield page

        try:
            asyncio.run(_collect(Stored(), asked, stop_after, **client))
        except ChannelError as error:
            self.error = error
        return pages

    def later(self, **by: float) -> Reader:
        self.now += timedelta(**by)
        return self


@pytest.fixture
def reader(http_server: Server) -> Reader:
    """One feed at /feed, asked as often as it likes."""
    return Reader(Rss(feeds=(f"{http_server.url}/feed",), min_interval=timedelta(0)))


class TestContract(ChannelContract):
    expected: ClassVar[set[str]] = {
        "tables.example?p=203",
        "tables.example?p=198",
        "tag:google.com,2013:googlealerts/feed:3000000000000000003",
        "tag:google.com,2013:googlealerts/feed:3000000000000000004",
        *(f"{JOURNAL}{number}" for number in (410, 411, 412)),
    }

    def settings(self, base_url: str) -> Any:
        return Rss(
            feeds=(f"{base_url}/blog/feed", f"{base_url}/alerts/feeds/1/2"),
            wordpress_comments=(f"{base_url}/journal",),
            own_names=("Acme Coffee",),
            min_interval=timedelta(0),
        )

    def routes(self, server: Server) -> None:
        server.on("GET", "/blog/feed", honours(recorded("rss", "blog.xml"), '"blog-7"'))
        server.on("GET", "/alerts/feeds/1/2", honours(recorded("rss", "alerts.xml"), 'W/"a1"'))
        server.on(
            "GET", "/journal/comments/feed/", honours(recorded("rss", "comments.xml"), '"c9"')
        )


class TestJsonFeed(ChannelContract):
    expected: ClassVar[set[str]] = set()

    def settings(self, base_url: str) -> Any:
        return Rss(feeds=(f"{base_url}/feed.json",), min_interval=timedelta(0))

    def routes(self, server: Server) -> None:
        body = recorded("rss", "feed.json")
        headers = {"Content-Type": "application/feed+json", "ETag": '"j1"'}
        server.reply("GET", "/feed.json", body=body, headers=headers)

    def test_mentions_are_valid(self, channel: Any, http_server: Server) -> None:
        host = f"{http_server.host}/feed.json"
        assert ids(collect(channel)) == {f"{host}:17", f"{host}:16"}


# --- conditional requests ------------------------------------------------------------------------


def test_both_validators_are_sent_back_verbatim(reader: Reader, http_server: Server) -> None:
    odd = {"ETag": 'W/"a-7;gz"-x', "Last-Modified": "Fri, 20 Nov 2026 7:5:01 GMT+0"}
    http_server.reply("GET", "/feed", body=rss(item("1")), headers={**XML, **odd})
    reader.run()
    assert "if-none-match" not in http_server.requests[0].headers
    reader.run()
    sent = http_server.requests[1].headers
    assert sent["if-none-match"] == odd["ETag"]
    assert sent["if-modified-since"] == odd["Last-Modified"]


def test_not_modified_is_a_success_without_items(reader: Reader, http_server: Server) -> None:
    http_server.on("GET", "/feed", honours(rss(item("1"))))
    assert len(mentions(reader.run())) == 1
    assert mentions(reader.run()) == []
    assert reader.error is None


def test_both_validators_are_replaced_after_each_answer(
    reader: Reader, http_server: Server
) -> None:
    body = rss(item("1"))
    first = {"ETag": '"1"', "Last-Modified": "Fri, 20 Nov 2026 07:00:00 GMT"}
    http_server.reply("GET", "/feed", body=body, headers={**XML, **first}, times=1)
    http_server.reply("GET", "/feed", body=body, headers={**XML, "ETag": '"2"'})
    for _ in range(3):
        reader.run()
    last = http_server.requests[2].headers
    assert last["if-none-match"] == '"2"'
    assert "if-modified-since" not in last


def test_not_modified_may_bring_a_new_validator(reader: Reader, http_server: Server) -> None:
    http_server.reply("GET", "/feed", body=rss(item("1")), headers={**XML, "ETag": '"1"'}, times=1)
    http_server.reply("GET", "/feed", 304, headers={"ETag": '"2"'})
    for _ in range(3):
        reader.run()
    assert http_server.requests[2].headers["if-none-match"] == '"2"'


def test_expires_zero_means_no_validators(reader: Reader, http_server: Server) -> None:
    http_server.reply(
        "GET", "/feed", body=rss(item("1")), headers={**XML, "ETag": '"1"', "Expires": "0"}
    )
    reader.run()
    reader.run()
    assert "if-none-match" not in http_server.requests[1].headers


@pytest.mark.parametrize("headers", [{}, {"ETag": '"same"'}])
def test_the_same_body_is_not_read_twice(
    headers: dict[str, str], reader: Reader, http_server: Server
) -> None:
    http_server.reply("GET", "/feed", body=rss(item("1")), headers={**XML, **headers})
    assert len(mentions(reader.run())) == 1
    assert mentions(reader.run()) == []


def test_new_terms_read_the_whole_feed_again(reader: Reader, http_server: Server) -> None:
    http_server.on("GET", "/feed", honours(rss(item("1"))))
    reader.run()
    found = reader.run(query=replace(QUERY, terms=("Acme Coffee", "the new blend")))
    assert len(mentions(found)) == 1
    assert "if-none-match" not in http_server.requests[1].headers


def test_validators_stay_with_the_address_that_gave_them(
    reader: Reader, http_server: Server
) -> None:
    http_server.reply("GET", "/feed", 302, headers={"Location": "/a"}, times=2)
    http_server.reply("GET", "/feed", 302, headers={"Location": "/b"})
    for path in ("/a", "/b"):
        http_server.reply("GET", path, body=rss(item("1")), headers={**XML, "ETag": f'"{path}"'})
    for _ in range(3):
        reader.run()
    sent = [(one.path, one.headers.get("if-none-match")) for one in http_server.requests]
    assert sent == [
        ("/feed", None), ("/a", None),
        ("/feed", None), ("/a", '"/a"'),
        ("/feed", None), ("/b", None),
    ]  # fmt: skip


@pytest.mark.slow
def test_validators_are_kept_only_with_the_items(http_server: Server) -> None:
    entries = [item(str(number), title=f"Acme Coffee {number}") for number in range(1200)]
    http_server.on("GET", "/feed", honours(rss(*entries)))
    reader = Reader(Rss(feeds=(f"{http_server.url}/feed",), min_interval=timedelta(0)))
    before = reader.run(stop_after=2)
    assert len(mentions(before)) == 1000
    assert not reader.streams
    after = reader.run()
    assert len(ids(after)) == 1200


# --- how often -----------------------------------------------------------------------------------


def test_a_feed_is_asked_once_an_hour_at_most(http_server: Server) -> None:
    http_server.on("GET", "/feed", honours(rss(item("1"))))
    reader = Reader(Rss(feeds=(f"{http_server.url}/feed",)))
    for minutes in (0, 10, 40, 10):
        reader.later(minutes=minutes).run()
    assert len(http_server.requests) == 2
    assert reader.error is None


@pytest.mark.parametrize(
    ("headers", "head", "hours"),
    [
        ({"Cache-Control": "public, max-age=10800"}, "", 3),
        ({"Expires": "Sat, 21 Nov 2026 10:02:00 GMT"}, "", 3),
        ({}, "<ttl>180</ttl>", 3),
        ({"Cache-Control": "max-age=999999999"}, "", 24),
        ({"Expires": "Mon, 01 Jan 1990 00:00:00 GMT"}, "", 1),
        ({"Expires": "never"}, "<ttl>soon</ttl>", 1),
    ],
)
def test_a_server_may_ask_for_a_longer_rest(
    headers: dict[str, str], head: str, hours: int, http_server: Server
) -> None:
    http_server.reply("GET", "/feed", body=rss(item("1"), head=head), headers={**XML, **headers})
    reader = Reader(Rss(feeds=(f"{http_server.url}/feed",)))
    reader.run()
    reader.later(hours=hours, minutes=-10).run()
    assert len(http_server.requests) == 1
    reader.later(minutes=10).run()
    assert len(http_server.requests) == 2


def test_customers_on_our_own_page_are_not_kept_waiting_by_a_cache(http_server: Server) -> None:
    headers = {**XML, "Cache-Control": "max-age=86400"}
    http_server.reply(
        "GET", "/comments/feed/", body=recorded("rss", "comments.xml"), headers=headers
    )
    reader = Reader(Rss(wordpress_comments=(http_server.url,)))
    reader.run()
    reader.later(hours=1).run()
    assert len(http_server.requests) == 2


# --- the status table ----------------------------------------------------------------------------


def test_an_empty_body_keeps_what_was_read_before(reader: Reader, http_server: Server) -> None:
    http_server.reply("GET", "/feed", body=rss(item("1")), headers={**XML, "ETag": '"1"'}, times=1)
    http_server.reply("GET", "/feed", body=" \n", headers={"ETag": '"2"'}, times=1)
    http_server.on("GET", "/feed", honours(rss(item("1")), '"1"'))
    reader.run()
    reader.run()
    assert isinstance(reader.error, UnexpectedPayload)
    assert "empty" in reader.error.message
    reader.later(hours=1).run()
    assert http_server.requests[2].headers["if-none-match"] == '"1"'
    assert reader.error is None


def test_a_web_page_names_its_feed(reader: Reader, http_server: Server) -> None:
    page = (
        "<!DOCTYPE html><html><head><link rel='stylesheet' href='/x.css'>"
        '<link rel="alternate" type="application/rss+xml" href="/news/feed?a=1&amp;b=2">'
        "</head><body>Welcome</body></html>"
    )
    http_server.reply("GET", "/feed", body=page, headers={"Content-Type": "text/html"})
    reader.run()
    assert isinstance(reader.error, UnexpectedPayload)
    assert "web page, not a feed" in reader.error.message
    assert f"{http_server.url}/news/feed?a=1&b=2" in reader.error.hint


def test_a_feed_served_as_a_web_page_is_read(reader: Reader, http_server: Server) -> None:
    http_server.reply("GET", "/feed", body=rss(item("1")), headers={"Content-Type": "text/html"})
    assert len(mentions(reader.run())) == 1


@pytest.mark.parametrize("status", [301, 308])
def test_a_move_is_told_after_three_days(status: int, reader: Reader, http_server: Server) -> None:
    http_server.reply("GET", "/feed", status, headers={"Location": "/new"})
    http_server.reply("GET", "/new", body=rss(item("1")), headers=XML)
    told = []
    for hours in (0, 1, 24, 24):
        told.append([w for page in reader.later(hours=hours).run() for w in page.warnings])
    assert [bool(one) for one in told] == [False, False, False, True]
    assert f"{http_server.url}/new" in told[3][0]


@pytest.mark.slow
@pytest.mark.parametrize("status", [302, 303, 307])
def test_a_detour_is_not_remembered(status: int, reader: Reader, http_server: Server) -> None:
    http_server.reply("GET", "/feed", status, headers={"Location": "/now"})
    http_server.reply("GET", "/now", body=rss(item("1")), headers=XML)
    for _ in range(5):
        pages = reader.later(days=1).run()
        assert not [w for page in pages for w in page.warnings]
    assert reader.error is None


def test_a_circle_of_redirects_ends(reader: Reader, http_server: Server) -> None:
    http_server.reply("GET", "/feed", 302, headers={"Location": "/feed2"})
    http_server.reply("GET", "/feed2", 302, headers={"Location": "/feed"})
    reader.run()
    assert isinstance(reader.error, RequestRefused)
    assert len(http_server.requests) <= 7


def test_a_redirect_to_another_server_carries_no_password(http_server: Server) -> None:
    with Server() as other:
        other.reply("GET", "/feed", body=rss(item("1")), headers=XML)
        http_server.reply("GET", "/feed", 302, headers={"Location": f"{other.url}/feed"})
        url = http_server.url.replace("://", "://acme:sesame-opens@")
        reader = Reader(Rss(feeds=(f"{url}/feed",), min_interval=timedelta(0)))
        assert len(mentions(reader.run())) == 1
        assert "authorization" in http_server.requests[0].headers
        assert "authorization" not in other.requests[0].headers


def test_missing_is_an_error_that_may_pass_for_two_weeks(
    reader: Reader, http_server: Server
) -> None:
    http_server.reply("GET", "/feed", 404)
    reader.run()
    assert isinstance(reader.error, NotFound)
    assert "at the moment" in reader.error.message
    reader.later(days=13).run()
    assert "at the moment" in str(reader.error)
    reader.later(days=2).run()
    assert "feed not found for 15 days" in str(reader.error)


def test_a_feed_that_is_gone_is_asked_no_more_and_always_named(
    reader: Reader, http_server: Server
) -> None:
    http_server.reply("GET", "/feed", 410)
    for _ in range(3):
        pages = reader.later(days=1).run()
        assert "is gone for good (HTTP 410 on 2026-11-22)" in pages[0].warnings[0]
        assert reader.error is None
    assert len(http_server.requests) == 1


def test_a_check_against_robots_is_called_that(reader: Reader, http_server: Server) -> None:
    http_server.reply("GET", "/feed", 403, headers={"cf-mitigated": "challenge"})
    reader.run()
    assert isinstance(reader.error, PermissionMissing)
    assert "check against robots" in reader.error.message


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, CredentialsRefused), (403, PermissionMissing), (500, ServerFailed), (503, ServerFailed)],
)
def test_a_failure_is_repeated_while_the_feed_rests(
    status: int, kind: type[ChannelError], reader: Reader, http_server: Server
) -> None:
    http_server.reply("GET", "/feed", status)
    reader.run()
    asked = len(http_server.requests)
    reader.later(minutes=5).run()
    assert isinstance(reader.error, kind)
    assert "asked again after" in reader.error.message
    assert len(http_server.requests) == asked
    reader.later(minutes=10).run()
    assert len(http_server.requests) > asked


@pytest.mark.slow
def test_failures_make_a_feed_rest_longer_and_longer(reader: Reader, http_server: Server) -> None:
    http_server.reply("GET", "/feed", 500)
    asked = []
    for _ in range(400):
        before = len(http_server.requests)
        reader.later(minutes=30).run()
        assert isinstance(reader.error, ServerFailed)
        asked.append(len(http_server.requests) > before)
    gaps = [len(gap) for gap in "".join("x" if one else "." for one in asked).split("x")[1:-1]]
    assert gaps == sorted(gaps), "each rest is at least as long as the one before"
    assert 40 < max(gaps) <= 48, "up to a day"


def test_a_failed_connection_is_tried_in_the_next_run(http_server: Server) -> None:
    http_server.reply("GET", "/feed", close=True, times=3)
    http_server.reply("GET", "/feed", body=rss(item("1")), headers=XML)
    reader = Reader(Rss(feeds=(f"{http_server.url}/feed",)))
    reader.run()
    assert isinstance(reader.error, Unreachable)
    assert len(mentions(reader.later(minutes=1).run())) == 1
    assert reader.error is None


@pytest.mark.parametrize(("wanted", "minutes"), [("7200", 120), ("date", 120), ("0", 10), ("", 60)])
def test_too_many_requests_pause_the_whole_host(
    wanted: str, minutes: int, http_server: Server
) -> None:
    if wanted == "date":
        wanted = format_datetime(datetime.now(UTC) + timedelta(hours=2, seconds=2), usegmt=True)
    http_server.reply("GET", "*", 429, headers={"Retry-After": wanted} if wanted else {})
    reader = Reader(Rss(feeds=tuple(f"{http_server.url}/{name}" for name in "abc")))
    reader.run()
    assert isinstance(reader.error, RateLimited)
    assert "3 of 3 feeds were not read" in reader.error.message
    assert len({request.path for request in http_server.requests}) == 1
    http_server.requests.clear()
    reader.later(minutes=minutes - 1).run()
    assert isinstance(reader.error, RateLimited)
    assert not http_server.requests
    reader.later(minutes=1, seconds=5).run()
    assert http_server.requests


def test_a_host_that_refuses_again_rests_twice_as_long(http_server: Server) -> None:
    http_server.reply("GET", "/feed", 429)
    reader = Reader(Rss(feeds=(f"{http_server.url}/feed",)))
    reader.run()
    reader.later(hours=1).run()
    http_server.requests.clear()
    reader.later(hours=1, minutes=59).run()
    assert not http_server.requests
    http_server.clear()
    http_server.reply("GET", "/feed", body=rss(item("1")), headers=XML)
    reader.later(minutes=1).run()
    assert reader.error is None
    assert not reader.streams[f"host:{http_server.host}"].extra


# --- one feed among many -------------------------------------------------------------------------


def test_a_broken_feed_is_named_and_stops_no_other(http_server: Server) -> None:
    http_server.reply("GET", "/good", body=rss(item("1")), headers=XML)
    http_server.reply("GET", "/bad", 404)
    http_server.reply("GET", "/worse", 500)
    names = ("bad", "worse", "good")
    reader = Reader(Rss(feeds=tuple(f"{http_server.url}/{name}" for name in names)))
    assert len(mentions(reader.run())) == 1
    assert reader.error is not None
    assert "2 of 3 feeds were not read" in reader.error.message
    assert f"{http_server.host}/bad" in reader.error.message
    assert f"{http_server.host}/worse" in reader.error.message
    assert f"{http_server.host}/good" not in reader.error.message


@pytest.mark.slow
def test_a_silent_feed_does_not_starve_the_others(http_server: Server) -> None:
    with Server() as silent:
        silent.reply("GET", "/feed", delay=30)
        http_server.reply("GET", "*", body=rss(item("1")), headers=XML)
        urls = [f"{silent.url}/feed", *(f"{http_server.url}/{n}" for n in range(5))]
        reader = Reader(Rss(feeds=tuple(urls)))
        reader.run(deadline=1.5)
        assert len(http_server.requests) == 5
        assert reader.error is not None
        assert f"{silent.host}/feed" in reader.error.message
        assert "feed:" + urls[0] not in reader.streams, "the time of the run says nothing of it"


def test_three_feeds_survive_a_kill_in_the_second(http_server: Server) -> None:
    for name in "abc":
        http_server.on(
            "GET", f"/{name}", honours(rss(item(name, link=f"https://x.example/{name}")))
        )
    reader = Reader(
        Rss(feeds=tuple(f"{http_server.url}/{n}" for n in "abc"), min_interval=timedelta(0))
    )
    before = reader.run(stop_after=2)
    after = reader.run()
    assert len(ids(before)) == 2
    assert len(ids(before) | ids(after)) == 3
    assert len(ids(after)) == 1, "what was stored is not fetched again"


def test_what_is_older_than_the_first_look_never_surfaces(
    reader: Reader, http_server: Server
) -> None:
    http_server.reply("GET", "/feed", body=recorded("rss", "blog.xml"), headers=XML, times=1)
    changed = recorded("rss", "blog.xml").replace("</channel>", f"{item('9')}</channel>")
    http_server.reply("GET", "/feed", body=changed, headers=XML)
    assert len(mentions(reader.run())) == 2
    reader.later(days=40)
    later = replace(QUERY, since=reader.now - timedelta(days=2))
    assert len(ids(reader.run(query=later))) == 3, "the floor stays where the first run put it"


# --- presets and settings ------------------------------------------------------------------------


def test_google_news_is_asked_as_its_page_asks(http_server: Server) -> None:
    http_server.reply("GET", "/rss/search", body=recorded("rss", "news.xml"), headers=XML)
    news = GoogleNews(
        query='"Acme Coffee" -corporation', language="en-GB", country="GB", base_url=http_server.url
    )
    found = mentions(collect(Rss(google_news=(news,))))
    assert http_server.requests[0].params == {
        "q": '"Acme Coffee" -corporation when:7d', "hl": "en-GB", "gl": "GB", "ceid": "GB:en",
    }  # fmt: skip
    assert {one.article_key for one in found} == {
        "morningpost.example|acme coffee recalls its cold brew"
    }


@pytest.mark.parametrize("written", ["x after:2026-11-01", "x when:1d"])
def test_the_owners_own_time_span_is_kept(written: str, http_server: Server) -> None:
    http_server.reply("GET", "/rss/search", body=recorded("rss", "news.xml"), headers=XML)
    collect(Rss(google_news=(GoogleNews(query=written, base_url=http_server.url),)))
    assert http_server.requests[0].params["q"] == written


def test_reddit_is_asked_once_a_minute(http_server: Server, waits: list[float]) -> None:
    http_server.reply("GET", "*", body=recorded("rss", "reddit.xml"), headers=XML)
    searches = [
        RedditSearch(query="acme coffee", base_url=http_server.url),
        RedditSearch(query="acme coffee", subreddit="r/coffee", base_url=http_server.url),
    ]
    reader = Reader(Rss(reddit_search=tuple(searches), min_interval=timedelta(0)))
    reader.run(deadline=100)
    assert [one.path for one in http_server.requests] == ["/search.rss", "/r/coffee/search.rss"]
    assert http_server.requests[1].params == {
        "q": "acme coffee", "sort": "new", "t": "week", "restrict_sr": "on",
    }  # fmt: skip
    assert waits == [61.0]
    reader.later(seconds=40).run(deadline=100)
    assert waits[1:] == [21.0, 61.0]


def test_reddit_feeds_take_turns_where_the_time_is_short(http_server: Server) -> None:
    http_server.reply("GET", "*", body=recorded("rss", "reddit.xml"), headers=XML)
    searches = tuple(RedditSearch(query=q, base_url=http_server.url) for q in "abc")
    reader = Reader(Rss(reddit_search=searches))
    for _ in range(3):
        reader.run()
        assert isinstance(reader.error, BudgetSpent) or len(http_server.requests) == 3
        reader.later(minutes=2)
    assert [one.params["q"] for one in http_server.requests] == ["a", "b", "c"]


def test_reddit_is_not_asked_twice_in_a_run(http_server: Server) -> None:
    http_server.reply("GET", "/search.rss", 429)
    reader = Reader(Rss(reddit_search=(RedditSearch(query="a", base_url=http_server.url),)))
    reader.run()
    assert isinstance(reader.error, RateLimited)
    assert len(http_server.requests) == 1


def test_a_pasted_reddit_feed_points_to_its_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    from mentionwatch.channels import BUILTIN

    channel = Rss(feeds=("https://www.reddit.com/r/coffee/new/.rss",))
    monkeypatch.delitem(BUILTIN, "reddit", raising=False)
    assert account_of(channel).warnings == ()
    monkeypatch.setitem(BUILTIN, "reddit", "somewhere:Reddit")
    assert "`reddit`" in account_of(channel).warnings[0]


@pytest.mark.parametrize(
    ("site", "asked"),
    [
        ("/", "/comments/feed/"),
        ("/blog", "/blog/comments/feed/"),
        ("/2026/our-roast/feed/", "/2026/our-roast/feed/"),
    ],
)
def test_a_blogs_comments_are_found(site: str, asked: str, http_server: Server) -> None:
    http_server.reply("GET", asked, body=recorded("rss", "comments.xml"), headers=XML)
    found = mentions(collect(Rss(wordpress_comments=(http_server.url + site,))))
    assert len(found) == 3 and all(one.addressed for one in found)


@pytest.mark.parametrize(
    ("channel", "searched"),
    [
        (lambda url: Rss(feeds=(url,)), True),
        (lambda url: Rss(feeds=(url,), match=False), False),
        (lambda url: Rss(feeds=(FeedAddress(url=url, match=False),)), False),
        (lambda url: Rss(feeds=(FeedAddress(url=url, match=True),), match=False), True),
    ],
    ids=["usual", "channel", "feed", "feed before channel"],
)
def test_what_a_feed_brings_is_matched_unless_told_otherwise(
    channel: Callable[[str], Rss], searched: bool, http_server: Server
) -> None:
    http_server.reply("GET", "/feed", body=rss(item("1")), headers=XML)
    assert [page.searched for page in collect(channel(f"{http_server.url}/feed"))] == [searched]


def test_a_feed_of_ours_is_all_to_us(http_server: Server) -> None:
    http_server.reply("GET", "/feed", body=rss(item("1", more="<author>Jo</author>")), headers=XML)
    address = FeedAddress(url=f"{http_server.url}/feed", kind="post", addressed=True)
    (found,) = mentions(collect(Rss(feeds=(address,))))
    assert (found.kind, found.addressed, found.author.name) == ("post", True, "Jo")


def test_the_owners_user_agent_is_sent(http_server: Server) -> None:
    http_server.reply("GET", "/feed", body=rss(item("1")), headers=XML)
    collect(Rss(feeds=(f"{http_server.url}/feed",), user_agent="acme-reader/1"))
    collect(Rss(feeds=(f"{http_server.url}/feed",)))
    agents = [one.headers["user-agent"] for one in http_server.requests]
    assert agents[0] == "acme-reader/1"
    assert agents[1].startswith("mentionwatch/")
    assert "application/atom+xml" in http_server.requests[0].headers["accept"]


@pytest.mark.parametrize(
    ("channel", "said"),
    [
        (Rss(), "there is no feed"),
        (Rss(feeds=("blog.example/feed",)), "begin with https://"),
        (Rss(feeds=(FeedAddress(name="x"),)), "either url or secret_url"),
        (Rss(wordpress_comments=("file:///etc/passwd",)), "addresses of blogs"),
        (Rss(google_news=("  ",)), "words to search for"),
        (Rss(reddit_search=(RedditSearch(query="x", base_url="reddit"),)), "base_url"),
    ],
)
def test_wrong_settings_are_named(channel: Rss, said: str) -> None:
    assert any(said in message for _, message in channel.problems())


def test_right_settings_have_no_problem() -> None:
    channel = Rss(
        feeds=("https://a.example/feed", FeedAddress(secret_url=Secret("env:X"))),
        google_news=("acme",),
        reddit_search=("acme",),
        wordpress_comments=("https://b.example",),
    )
    assert not list(channel.problems())
    assert channel.capabilities.sees_own_replies is False
    assert replace(channel, own_names=("Acme",)).capabilities.sees_own_replies is True
    assert Rss.capabilities.finds_untagged is True


# --- secrets -------------------------------------------------------------------------------------

SECRET = "0123456789abcdef0123"


def everything(pages: list[Page], error: ChannelError | None, reader: Reader) -> str:
    told = [str(error), error.hint if error else "", repr(reader.streams), repr(pages)]
    return "\n".join(told)


@pytest.mark.parametrize("status", [200, 404, 500, 301])
def test_a_personal_feed_gives_its_token_away_to_nobody(status: int, http_server: Server) -> None:
    http_server.reply(
        "GET",
        "/feed",
        status,
        body=rss(item("1")),
        headers={**XML, "Location": f"/x?token={SECRET}"},
    )
    http_server.reply("GET", "/x", body=rss(item("1")), headers=XML)
    url = f"{http_server.url}/feed?feed={SECRET}&user=acme_invented&limit=5"
    reader = Reader(Rss(feeds=(url,), min_interval=timedelta(0)))
    for _ in range(4):
        pages = reader.later(days=1).run()
        shown = everything(pages, reader.error, reader)
        assert SECRET not in shown
        assert "acme_invented" not in shown
    assert http_server.requests[0].params["feed"] == SECRET
    assert redact(f"a line with {SECRET}") == "a line with ***"


def test_a_secret_address_shows_its_host_only(
    http_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEED", f"{http_server.url}/private/{SECRET}/feed")
    http_server.reply("GET", "*", body=rss(item("1")), headers=XML, times=1)
    http_server.reply("GET", "*", 500)
    feed = FeedAddress(secret_url=Secret("env:FEED", "channels.news.feeds"))
    reader = Reader(Rss(feeds=(feed,), min_interval=timedelta(0)))
    pages = reader.run()
    assert len(mentions(pages)) == 1
    assert SECRET not in everything(pages, reader.error, reader)
    pages = reader.later(hours=1).run()
    assert isinstance(reader.error, ServerFailed)
    assert SECRET not in everything(pages, reader.error, reader)


def test_a_secret_that_cannot_be_had_stops_no_other_feed(http_server: Server) -> None:
    http_server.reply("GET", "/feed", body=rss(item("1")), headers=XML)
    feed = FeedAddress(secret_url=Secret("env:NOT_SET_ANYWHERE", "x"), name="members")
    reader = Reader(Rss(feeds=(feed, f"{http_server.url}/feed")))
    assert len(mentions(reader.run())) == 1
    assert isinstance(reader.error, SecretUnavailable)
    assert "members" in reader.error.message


# --- sizes ---------------------------------------------------------------------------------------


def test_ten_megabytes_are_refused(http_server: Server) -> None:
    http_server.reply("GET", "/feed", body=b"<rss>" + b" " * (11 * 2**20), headers=XML)
    channel = Rss(feeds=(f"{http_server.url}/feed",))
    with pytest.raises(TooLarge):
        collect(channel, **channel.client_options())


@pytest.mark.slow
def test_a_feed_of_ten_megabytes_is_read(http_server: Server) -> None:
    words = f"<description>{'Acme Coffee ' * 4000}</description>"
    body = rss(*(item(str(n), more=words) for n in range(200)))
    assert 9 * 2**20 < len(body) < 10 * 2**20
    http_server.reply("GET", "/feed", body=body, headers=XML, gzip=True)
    channel = Rss(feeds=(f"{http_server.url}/feed",))
    assert len(mentions(collect(channel, deadline=40, **channel.client_options()))) == 200
