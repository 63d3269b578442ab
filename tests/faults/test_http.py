"""
Everything that a service or the way to it can do wrong, through the whole program.

Three channels: a feed and a Mastodon account that misbehave in turn, and a file that is well. After
each fault: what was stored stays, the others are read, the broken one is named with a way out,
the exit code is 3, nothing says "all clear", and it ends in time. When it is well again, what
came meanwhile is there once.
"""

from __future__ import annotations

import gzip
import itertools
import json
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine

from mentionwatch.errors import ExitCode
from tests.channels.mastodon_world import TOKEN, World
from tests.server import Reply, Request, Server
from tests.shop import Result, run, when

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

NOW = "2026-11-20 12:00"
LATER = "2026-11-20 13:30"
LIMIT_SECONDS = 2
# Beside the channel's own limit: starting, the two channels that are well, writing the queue.
SLACK_SECONDS = 8
FEED_TYPE = {"Content-Type": "application/rss+xml"}


def feed(*numbers: int, head: str = "", more: str = "") -> str:
    entries = "".join(
        f'<item><guid isPermaLink="false">n{number}</guid>'
        f"<title>Is Acme Coffee closed? ({number})</title><link>https://news.example/{number}</link>"
        f"<pubDate>Fri, 20 Nov 2026 09:0{number}:00 GMT</pubDate>"
        "<description>Does anybody know?</description></item>"
        for number in numbers
    )
    return (
        f'<?xml version="1.0"?>{head}<rss version="2.0"><channel><title>Town news</title>'
        f"{entries}{more}</channel></rss>"
    )


class Business:
    """Acme Coffee on a feed, a Mastodon server and a file."""

    def __init__(self, folder: Path, world: World, feeds: Server) -> None:
        self.folder = folder
        self.world = world
        self.feeds = feeds
        self.config = folder / "acme.toml"
        self.token = folder / "token"
        self.token.write_text(TOKEN)
        self.token.chmod(0o600)
        (folder / "page.ndjson").write_text(
            '{"id": "1", "author_id": "dana", "text": "Where is my order?", '
            '"created_at": "2026-11-20T08:00:00Z"}\n'
        )
        self.numbers: tuple[int, ...] = (1, 2)
        feeds.on("GET", "/feed.xml", lambda _: self.well())
        self.addresses(world.server.url, f"{feeds.url}/feed.xml")

    def well(self) -> Reply:
        return Reply(body=feed(*self.numbers).encode(), headers=FEED_TYPE)

    def addresses(self, mastodon: str, news: str) -> None:
        self.config.write_text(
            '[brand]\nname = "Acme Coffee"\nterms = ["Acme Coffee"]\n'
            '[channels.page]\ntype = "file"\npath = "page.ndjson"\n'
            f'[channels.news]\ntype = "rss"\nfeeds = ["{news}"]\nmin_interval = "1m"\n'
            f"timeout = {LIMIT_SECONDS}\n"
            f'[channels.mastodon]\nbase_url = "{mastodon}"\n'
            f'access_token = "file:{self.token}"\ntimeout = {LIMIT_SECONDS}\n'
        )
        self.config.chmod(0o600)

    def run(self, *words: str, at: str = NOW) -> Result:
        with time_machine.travel(when(at), tick=False):
            return run(*words, "--config", str(self.config))

    def facts(self) -> dict[str, list[Any]]:
        """By natural keys; a revisit may learn new counts, so those are left out."""
        with sqlite3.connect(self.folder / "acme.db") as connection:
            return {
                name: connection.execute(query).fetchall()
                for name, query in {
                    "mention": "SELECT channel, external_id, text, at, deleted_at FROM mention "
                    "ORDER BY 1, 2",
                    "reply": "SELECT channel, external_id, text FROM reply ORDER BY 1, 2",
                    "conversation": "SELECT contact, state, waiting_since FROM conversation "
                    "ORDER BY 1, 3",
                }.items()
            }


@pytest.fixture
def business(tmp_path: Path, http_server: Server) -> Iterator[Business]:
    with Server() as feeds:
        business = Business(tmp_path, World(http_server, size=40), feeds)
        first = business.run("check", "--json")
        assert first.code == ExitCode.OK, first.err
        yield business


def states(result: Result) -> dict[str, dict[str, Any]]:
    return {state["name"]: state for state in result.json["channels"]}


def assert_contained(business: Business, name: str, *, word: str = "") -> dict[str, Any]:
    """One channel fails; see the module. Returns its state."""
    before = business.facts()
    page = business.folder / "page.ndjson"
    page.write_text(
        page.read_text() + '{"id": "2", "author_id": "tom", "text": "And where is mine?", '
        '"created_at": "2026-11-20T12:05:00Z"}\n'
    )
    began = time.monotonic()
    result = business.run("check", "--json", at="2026-11-20 12:10")
    assert time.monotonic() - began < LIMIT_SECONDS + SLACK_SECONDS
    assert result.code == ExitCode.INCOMPLETE, result.err
    assert "Traceback" not in result.err
    assert "nobody foresaw" not in result.err + result.out
    found = states(result)
    broken = found.pop(name)
    assert broken["status"] in ("failed", "partial")
    assert broken["problem"]
    assert broken["hint"]
    assert word in broken["problem"]
    assert {state["status"] for state in found.values()} == {"ok"}
    assert result.json["summary"]["complete"] is False
    assert "And where is mine?" in {row["text"] for row in result.rows}
    shown = business.run("queue", "--format", "plain", at="2026-11-20 12:11")
    assert name in shown.out
    assert "Not complete" in shown.out
    assert "Nothing is waiting" not in shown.out
    for text in (result.out, result.err, shown.out):
        assert TOKEN not in text
    after = business.facts()
    for table in ("mention", "reply"):
        kept = [row for row in after[table] if row[0] != "page"]
        assert kept == [row for row in before[table] if row[0] != "page"], table
    return broken


def assert_recovers(business: Business, at: str = LATER) -> None:
    business.numbers = (1, 2, 3)
    result = business.run("check", "--json", at=at)
    assert {state["status"] for state in states(result).values()} == {"ok"}, result.err
    ids = [row[1] for row in business.facts()["mention"] if row[0] == "news"]
    assert len(ids) == 3
    assert len(set(ids)) == 3


# --- the way to the service -----------------------------------------------------------------------

DEEP = "[" * 100_000 + "]" * 100_000
ENTITIES = "".join(
    f'<!ENTITY {name} "{f"&{before};" * 10}">'
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
LAUGHS = f'<!DOCTYPE r [<!ENTITY a "lol">{ENTITIES}]>'
GZIP = {"Content-Encoding": "gzip"}


def bomb(megabytes: int) -> bytes:
    return gzip.compress(b"\0" * (megabytes * 2**20), 9)


def raw(head: str, body: bytes = b"") -> Reply:
    return Reply(raw=head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)


BOMB = Reply(body=bomb(200), headers=GZIP)
# Faults of the connection and of HTTP: the same whatever was asked for.
COMMON: dict[str, Reply] = {
    "reset before an answer": Reply(close=True),
    "reset in the headers": Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Ty"),
    "reset in the body": raw("HTTP/1.1 200 OK\nContent-Length: 9999", b"[{"),
    "not HTTP": Reply(raw=b"SSH-2.0-OpenSSH_9.9\r\n"),
    "a thousand headers": raw("HTTP/1.1 200 OK\n" + "\n".join(f"X-{n}: {n}" for n in range(1000))),
    "an endless header": raw("HTTP/1.1 200 OK\nX-Long: " + "x" * 300_000),
    "a false length": raw("HTTP/1.1 200 OK\nContent-Length: ten", b"[]"),
    "a broken chunk": raw("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"zz\r\nno\r\n"),
    "silence": Reply(body=b"[]", delay=60),
    "a slow drip": Reply(body=b" " * 500 + b"[]", drip=0.2),
    "an endless body": raw("HTTP/1.1 200 OK\nContent-Length: 99999999999", b" " * 30_000_000),
    "a large body without a length": raw("HTTP/1.0 200 OK", b" " * 30_000_000),
    "a gzip bomb": BOMB,
    "gzip that is none": Reply(body=b"plain", headers=GZIP),
    "gzip cut off": Reply(body=gzip.compress(b"[]" * 5000)[:40], headers=GZIP),
    "another compression": Reply(body=b"\x0b\x02\x80", headers={"Content-Encoding": "br"}),
    "a redirect to itself": Reply(status=302, headers={"Location": "?again"}),
    "a redirect to nowhere": Reply(status=302, headers={"Location": "http://[::bad"}),
    "a redirect to a file": Reply(status=302, headers={"Location": "file:///etc/passwd"}),
    "a redirect without an address": Reply(status=302),
    "500": Reply(status=500, body=b"oh no"),
    "503 for a day": Reply(status=503, headers={"Retry-After": "86400"}),
    "429 for ever": Reply(status=429, headers={"Retry-After": "99999999999999999999"}),
    "429 since yesterday": Reply(status=429, headers={"Retry-After": "-5"}),
    "404": Reply(status=404, body=b"gone"),
    "418": Reply(status=418, body=b"\x1b[31m\x00short and stout\xff"),
    "999": Reply(status=999, body=b"?"),
    "a web page": Reply(body=b"<!doctype html><html><body>Log in</body></html>",
                        headers={"Content-Type": "text/html"}),
    "nothing": Reply(body=b""),
    "a picture": Reply(body=b"\x89PNG\r\n\x1a\n" + bytes(2000),
                       headers={"Content-Type": "image/png"}),
    "ten megabytes of one letter": Reply(body=b"A" * 10_000_000),
    "invalid UTF-8": Reply(body=b"\xff\xfe\xfa" * 1000),
    "NUL": Reply(body=bytes(5000)),
}  # fmt: skip


# What must be said, where it is more than that it did not work.
SAID = {
    "reset before an answer": "broke the connection off",
    "reset in the body": "broke the connection off",
    "silence": "did not",
    "a slow drip": "did not",
    "an endless body": "more than",
    "a large body without a length": "more than",
    "a gzip bomb": "more than",
    "gzip that is none": "damaged",
    "gzip cut off": "too early",
    "another compression": "compression",
    "a redirect to itself": "sends us",
    "429 for ever": "too many requests",
    "404": "404",
    "500": "500",
    "a web page": "web page",
}


@pytest.mark.parametrize("fault", COMMON)
@pytest.mark.parametrize("name", ["news", "mastodon"])
def test_the_line_or_the_server_fails(business: Business, name: str, fault: str) -> None:
    server = business.feeds if name == "news" else business.world.server
    server.change = lambda request, reply: COMMON[fault]
    server.requests.clear()
    assert_contained(business, name, word=SAID.get(fault, ""))
    assert len(server.requests) < 30, "asking again and again helps nobody"
    server.change = None
    # Who asked us to wait as long as can be is left alone for a day.
    assert_recovers(business, at="2026-11-22 13:30" if fault == "429 for ever" else LATER)


@pytest.mark.parametrize("name", ["news", "mastodon"])
def test_a_bomb_is_not_inflated_past_the_limit(business: Business, name: str) -> None:
    import tracemalloc

    server = business.feeds if name == "news" else business.world.server
    server.change = lambda request, reply: BOMB
    tracemalloc.start()
    try:
        business.run("check", at="2026-11-20 12:10")
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 60 * 2**20


def test_redirects_without_an_end(business: Business) -> None:
    """Each to another address of the same server."""
    asked = itertools.count()
    business.feeds.change = lambda request, reply: Reply(
        status=302, headers={"Location": f"/feed.xml?{next(asked)}"}
    )
    assert_contained(business, "news", word="circle")
    assert next(asked) < 20
    business.feeds.change = None
    assert_recovers(business)


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("name", ["news", "mastodon"])
def test_no_such_host_and_nobody_there(business: Business, name: str) -> None:
    for host, word in (
        ("http://nowhere.invalid", "no server"),
        (f"http://127.0.0.1:{_closed_port()}", "connection refused"),
        ("https://127.0.0.1:" + business.feeds.url.rpartition(":")[2], "secure"),
    ):
        mastodon, news = business.world.server.url, f"{business.feeds.url}/feed.xml"
        business.addresses(*((mastodon, f"{host}/feed.xml") if name == "news" else (host, news)))
        assert_contained(business, name, word=word)
        business.addresses(mastodon, news)
    assert_recovers(business)


# --- what the service says ------------------------------------------------------------------------


def replaced(body: Any, change: Callable[[str], str]) -> Reply:
    text = change(json.dumps(body))
    return Reply(
        body=text.encode("utf-8", "surrogatepass"), headers={"Content-Type": "application/json"}
    )


BROKEN_JSON: dict[str, Callable[[str], str]] = {
    "cut off": lambda text: text[: len(text) * 2 // 3],
    "nested deeply": lambda text: DEEP,
    "nested deeply in objects": lambda text: '{"a":' * 50_000 + "1" + "}" * 50_000,
    "NaN": lambda text: text.replace("false", "NaN", 1),
    "infinity": lambda text: text.replace("false", "-Infinity", 1),
    "a number of a million digits": lambda text: "[" + "9" * 1_000_000 + "]",
    "1e999": lambda text: text.replace("false", "1e999", 1),
    "a string": lambda text: '"all is well"',
    "null": lambda text: "null",
    "a list of lists": lambda text: "[[[]]]",
    "two documents": lambda text: text + text,
    "single quotes": lambda text: text.replace('"', "'"),
    "a control character": lambda text: text.replace('"id"', '"id\x01"', 1),
}


@pytest.mark.parametrize("fault", BROKEN_JSON)
def test_json_that_is_none(business: Business, fault: str) -> None:
    business.world.server.change = lambda request, reply: replaced(reply.body, BROKEN_JSON[fault])
    assert_contained(business, "mastodon")
    business.world.server.change = None
    assert_recovers(business)


# What can be read, strange as it is: it is stored cleaned, and nothing fails.
STRANGE_TEXTS: dict[str, str] = {
    "ten megabytes": "help " * 2_000_000,
    "a lone surrogate": "lost \ud83d half",
    "NUL": "before\0after",
    "every control character": "".join(map(chr, range(1, 32))) + "x",
    "right to left": "\u202etxt.exe",
    "combining marks": "a" + "\u0301\u0316" * 47_000,
    "a huge word": "x" * 1_000_000,
    "tags": "<b>" * 100_000,
}


@pytest.mark.parametrize("fault", STRANGE_TEXTS)
def test_a_strange_text_is_kept_and_harms_nobody(business: Business, fault: str) -> None:
    text = STRANGE_TEXTS[fault]
    like = next(one for one in business.world.notifications if one["type"] == "mention")["status"]
    added = business.world.add(
        "199001",
        like=like,
        content=f"<p>Where is it? {text}</p>",
        created_at="2026-11-20T12:01:00.000Z",
    )
    business.world.notify("9901", added)
    began = time.monotonic()
    result = business.run("check", "--json", at="2026-11-20 12:10")
    assert time.monotonic() - began < LIMIT_SECONDS + SLACK_SECONDS
    assert "Traceback" not in result.err
    found = states(result)
    if fault != "ten megabytes":  # more than an answer may have, with all that stands around it
        assert found["mastodon"]["status"] == "ok", found["mastodon"]
        with sqlite3.connect(business.folder / "acme.db") as connection:
            (stored,) = connection.execute(
                "SELECT text FROM mention WHERE external_id LIKE '%199001'"
            ).fetchone()
        assert stored.startswith("Where is it?")
        assert "\0" not in stored
        assert len(stored) <= 110_000
    assert {found[name]["status"] for name in ("page", "news")} == {"ok"}
    for format_ in ("plain", "table", "csv", "html", "markdown", "ndjson"):
        assert business.run("queue", "--all", "--format", format_, at="2026-11-20 12:11").code == 0


HUGE = 10**30
STRANGE_NUMBERS: dict[str, Any] = {
    "huge": HUGE, "negative": -HUGE, "text": "many", "a list": [1], "true": True, "null": None,
}  # fmt: skip


@pytest.mark.parametrize("fault", STRANGE_NUMBERS)
def test_a_strange_number_loses_no_mention(business: Business, fault: str) -> None:
    like = next(one for one in business.world.notifications if one["type"] == "mention")["status"]
    added = business.world.add(
        "199002", like=like, content="<p>Where is it?</p>", created_at="2026-11-20T12:01:00.000Z",
        favourites_count=STRANGE_NUMBERS[fault], reblogs_count=STRANGE_NUMBERS[fault],
    )  # fmt: skip
    business.world.notify("9902", added)
    business.run("check", "--json", at="2026-11-20 12:10")
    with sqlite3.connect(business.folder / "acme.db") as connection:
        query = "SELECT count(*) FROM mention WHERE external_id LIKE '%199002'"
        assert connection.execute(query).fetchone() == (1,)


def test_a_key_that_is_there_twice_is_read_once(business: Business) -> None:
    def twice(request: Request, reply: Reply) -> Reply:
        return replaced(reply.body, lambda text: text.replace('"id":', '"id": "7", "id":'))

    before = business.facts()["mention"]
    business.world.server.change = twice
    assert business.run("check", at="2026-11-20 12:10").code == ExitCode.OK
    assert business.facts()["mention"] == before


# --- feeds ----------------------------------------------------------------------------------------

OUTSIDE = "acme-secret-of-the-machine"
HOSTILE_FEEDS: dict[str, Callable[[str], str]] = {
    "a billion laughs": lambda outside: feed(1, 2, head=LAUGHS).replace("(1)", "&i;"),
    "quadratic": lambda outside: feed(
        1, 2, head=f'<!DOCTYPE r [<!ENTITY a "{"x" * 100_000}">]>'
    ).replace("(1)", "&a;" * 10_000),
    "a file": lambda outside: feed(
        1, 2, head=f'<!DOCTYPE r [<!ENTITY f SYSTEM "{outside}">]>'
    ).replace("(1)", "&f;"),
    "an outside DTD": lambda outside: feed(1, 2, head=f'<!DOCTYPE rss SYSTEM "{outside}">'),
    "nested deeply": lambda outside: feed(1, 2, more="<a>" * 50_000),
    "a million entries of nothing": lambda outside: feed(1, 2, more="<item/>" * 300_000),
}


@pytest.mark.parametrize("fault", HOSTILE_FEEDS)
def test_a_hostile_feed_reaches_nothing_and_ends(business: Business, fault: str) -> None:
    """Whether it is read or refused: no file is opened, nothing grows, the others are read."""
    secret = business.folder / "secret"
    secret.write_text(OUTSIDE)
    before = business.facts()
    for outside in (secret.as_uri(), f"{business.feeds.url}/dtd"):
        body = HOSTILE_FEEDS[fault](outside).encode()
        business.feeds.change = lambda request, reply, body=body: Reply(
            body=body, headers=FEED_TYPE
        )
        began = time.monotonic()
        result = business.run("check", "--json", at="2026-11-20 13:10")
        assert time.monotonic() - began < LIMIT_SECONDS + SLACK_SECONDS
        assert result.code in (ExitCode.OK, ExitCode.INCOMPLETE)
        assert "Traceback" not in result.err
        assert {states(result)[name]["status"] for name in ("page", "mastodon")} == {"ok"}
        assert OUTSIDE not in result.out
        assert not business.feeds.asked("/dtd")
    stored = {row[1]: row[2] for row in business.facts()["mention"]}
    assert OUTSIDE not in "".join(stored.values())
    assert max(map(len, stored.values())) < 110_000
    assert set(stored) >= {row[1] for row in before["mention"]}
    business.feeds.change = None
    assert_recovers(business)


# --- credentials stay with their origin -----------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_origin_carries_no_token(business: Business, status: int) -> None:
    with Server() as thief:
        thief.on("*", "/*", lambda _: Reply(body=[]))
        business.world.server.change = lambda request, reply: Reply(
            status=status, headers={"Location": f"{thief.url}{request.path}"}
        )
        assert_contained(business, "mastodon")
        told = [TOKEN in json.dumps([one.headers, one.query]) for one in thief.requests]
        assert not any(told)
    business.world.server.change = None
    assert_recovers(business)


def test_a_next_page_on_another_origin_is_not_asked(business: Business) -> None:
    with Server() as thief:
        thief.on("*", "/*", lambda _: Reply(body=[]))

        def elsewhere(request: Request, reply: Reply) -> Reply:
            there = f"<{thief.url}{request.path}?max_id=1>"
            link = f'{there}; rel="next", {there}; rel="prev"'
            return Reply(body=reply.body, headers={**reply.headers, "Link": link})

        like = next(one for one in business.world.notifications if one["type"] == "mention")
        for number in range(3):
            new = business.world.add(
                f"19910{number}", like=like["status"], created_at=f"2026-11-20T12:0{number}:00.000Z"
            )
            business.world.notify(f"991{number}", new)
        business.world.size = 1  # so that there must be a further page
        business.world.server.change = elsewhere
        result = business.run("check", "--json", at="2026-11-20 12:10")
        assert result.code == ExitCode.INCOMPLETE
        assert "another server" in states(result)["mastodon"]["problem"]
        assert thief.requests == []
