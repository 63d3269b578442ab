"""
Whatever comes in: every parser understands it, or refuses it with the error that it promises.

Each gets bytes or texts that are random, and good ones that were spoilt: cut, doubled, mixed. The
configuration (tests/config), texts and mails have more of that beside their own tests.
"""

from __future__ import annotations

import io
import json
import re
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mentionwatch.app import when
from mentionwatch.app.selection import select
from mentionwatch.channels import _feeds, _imap_format, _times, _whatsapp_export
from mentionwatch.channels._exec_output import Output
from mentionwatch.channels._mail_text import Unreadable, new_text, parse_body
from mentionwatch.channels._mapping import compiled
from mentionwatch.channels._phone_numbers import plain
from mentionwatch.channels._records import RecordDefaults, items_of
from mentionwatch.channels._tables import read_records
from mentionwatch.cli.shared import numbers
from mentionwatch.client.response import Response, next_link, onward
from mentionwatch.client.waiting import wanted_wait
from mentionwatch.config import Found, load
from mentionwatch.credentials import redact
from mentionwatch.errors import ChannelError, UnexpectedPayload, UsageError
from mentionwatch.model.items import Mention, OwnPost, Reply
from mentionwatch.model.text import clean, html_links, html_to_text, one_line, visible
from mentionwatch.model.times import duration, parse_time
from mentionwatch.output.words import safe_url
from mentionwatch.store.database import Store
from mentionwatch.store.search import conversations_with
from tests.channels.feed_bodies import item, rss

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

fuzz = settings(
    max_examples=200, deadline=2000, derandomize=True, suppress_health_check=list(HealthCheck)
)
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=200)  # lone surrogates, too


def spoilt(*goods: bytes) -> st.SearchStrategy[bytes]:
    """Good documents in which pieces were cut, doubled, moved or replaced, and random bytes."""

    @st.composite
    def one(draw: Any) -> bytes:
        data = bytearray(draw(st.sampled_from(goods)))
        for _ in range(draw(st.integers(0, 6))):
            start = draw(st.integers(0, len(data)))
            end = min(len(data), start + draw(st.integers(0, 40)))
            piece = draw(st.sampled_from([b"", bytes(data[start:end]) * 2, bytes(data[-40:])])
                         | st.binary(max_size=8))  # fmt: skip
            data[start:end] = piece
        return bytes(data)

    return one() | st.binary(max_size=300)


def words_of(*words: str) -> st.SearchStrategy[str]:
    """Texts made of words that mean something to the parser, and of anything."""
    known = st.sampled_from(words)
    return (
        known
        | st.lists(known, max_size=4).map("".join)
        | st.lists(known | st.text(max_size=5), max_size=8).map("".join)
        | ANY_TEXT
    )


# --- files ----------------------------------------------------------------------------------------

TABLE = 'id;text;created_at;author\r\n1;"Where; is it?";2026-11-20 10:00;dana\r\n2;x;20/11/26;\r\n'
LINES = '{"id": "1", "text": "Where?", "created_at": "2026-11-20T10:00:00Z", "rating": 2}\n' * 3
FILES = spoilt(
    TABLE.encode(), TABLE.encode("utf-16"), TABLE.encode("cp1252"), LINES.encode(),
    b'{"data": [' + LINES.strip().replace("\n", ",").encode() + b"]}", b"sep=;\n" + TABLE.encode(),
)  # fmt: skip


@fuzz
@given(
    FILES,
    st.sampled_from(["", "csv", "tsv", "json", "ndjson"]),
    st.sampled_from([{}, {"text": "text", "created_at": "created_at"}]),
    st.sampled_from(["", "data", "*.x[]"]),
)
def test_files(data: bytes, format_: str, mapping: dict[str, str], items: str) -> None:
    with suppress(ChannelError):
        for one in read_records(io.BytesIO(data), format=format_, mapping=mapping, items=items):
            if one.record is not None:
                with suppress(ChannelError):
                    assert_items(items_of(one.record, RecordDefaults()))


KEYS = [
    "id", "text", "title", "created_at", "author", "author_id", "url", "thread_id", "parent_id",
    "replied_at", "reply", "rating", "is_own", "type", "media", "language", "likes", "shares",
    "followers", "private", "addressed", "kind", "edited_at",
]  # fmt: skip
GOOD_RECORD = {"id": "1", "text": "Where?", "created_at": "2026-11-20T10:00:00Z"}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats() | ANY_TEXT
    | st.sampled_from(["2026-11-20T10:00:00Z", "1", "https://a.example/1", "true", "4/5", "dana"]),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(ANY_TEXT, inside, max_size=3),
    max_leaves=5,
)  # fmt: skip


@fuzz
@given(st.dictionaries(st.sampled_from(KEYS), VALUES), st.sampled_from([{}, GOOD_RECORD]))
def test_records(record: dict[str, Any], good: dict[str, Any]) -> None:
    record = {**good, **record}
    with suppress(ChannelError):
        assert_items(items_of(record, RecordDefaults()))


def assert_items(items: tuple[Any, ...]) -> None:
    for one in items:
        assert one.external_id
        if isinstance(one, Mention | Reply | OwnPost):
            json.dumps([one.text, one.url, one.external_id], ensure_ascii=False)
            assert one.published is None or one.published.tzinfo is not None


@fuzz
@given(st.lists(spoilt(LINES.encode(), b'{"type": "state", "value": 3}\n'), max_size=4))
def test_what_a_program_prints(chunks: list[bytes]) -> None:
    output = Output(RecordDefaults(), "program")
    with suppress(ChannelError):
        for chunk in chunks:
            output.take(chunk)
        output.end()
        assert_items(output.page(last=True).items)
        output.failure()


@fuzz
@given(st.dictionaries(st.sampled_from(KEYS), words_of("a", ".", "[", "]", "*", "|", "`", "@", "&"),
                       min_size=1))  # fmt: skip
def test_mappings(mapping: dict[str, str]) -> None:
    try:
        compiled(mapping)
    except ValueError as error:
        assert str(error).startswith("map."), "it names the place"


@fuzz
@given(words_of("[20/11/26, 10:00:01] ", "11/20/26, 9:05 PM - ", "Dana: ", "\u200e", "\n", "hello"))
def test_exported_chats(text: str) -> None:
    found = list(_whatsapp_export.parse_lines(text.split("\n")))
    with suppress(ValueError):
        order = _whatsapp_export.order_of(found)
        for line in found:
            assert _whatsapp_export.when(line, order)
            _whatsapp_export.sender_of(line)


# --- feeds, mails, services -----------------------------------------------------------------------

FEED = rss(
    item("1", link="https://a.example/1", more="<pubDate>Fri, 20 Nov 2026 10:00:00 GMT</pubDate>")
)
ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom"><title>N</title><entry><id>u:1</id><title>A</title>'
    '<link href="javascript:x"/><updated>2026-11-20T10:00:00Z</updated>'
    '<content type="html">&lt;b&gt;x</content></entry></feed>'
)
JSON_FEED = json.dumps({
    "version": "https://jsonfeed.org/version/1.1", "title": "N",
    "items": [{"id": "1", "content_html": "<p>x</p>", "date_published": "2026-11-20T10:00:00Z"}],
})  # fmt: skip


@fuzz
@given(spoilt(FEED.encode(), ATOM.encode(), JSON_FEED.encode(), FEED.encode("utf-16")))
def test_feeds(body: bytes) -> None:
    with suppress(UnexpectedPayload):
        found = _feeds.understand(body, {"content-type": "application/xml"}, "https://a.example/f")
        for entry in found.entries:
            assert len(entry.text) <= _feeds.LONGEST
            assert all(link.startswith(("http://", "https://")) for link in entry.links)


MAILS = [
    path.read_bytes() for path in (Path(__file__).parents[1] / "channels/data/email").glob("*.eml")
]


def nested(depth: int) -> bytes:
    """Return a mail of parts within parts, each level with a boundary of its own."""
    levels = range(depth)
    heads = [f"Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n" for n in levels]
    return ("".join(heads) + "\r\nHello\r\n").encode()


@fuzz
@given(spoilt(*MAILS))
def test_mails(raw: bytes) -> None:
    body = parse_body(raw)
    new_text(str(body.text))


@pytest.mark.parametrize("depth", [5, 100, 1000])
def test_mails_within_mails(depth: int) -> None:
    if depth == 5:
        assert parse_body(nested(depth)).text == "Hello"
    else:
        with pytest.raises(Unreadable):
            parse_body(nested(depth))


@fuzz
@given(words_of("> ", "On Fri, ", "wrote:", "\n", "-- \n", "-----Original Message-----", "From: "))
def test_quotations(text: str) -> None:
    assert len(new_text(text)) <= len(text)


LISTED = b'(\\HasNoChildren \\Sent) "/" "Sent &AOQ-"'
FETCHED = (
    b'1 (UID 7 FLAGS (\\Seen) INTERNALDATE "20-Nov-2026 10:00:00 +0000" RFC822.SIZE 99 BODY[] {4}'
)


@fuzz
@given(
    st.lists(
        spoilt(LISTED) | st.tuples(spoilt(LISTED), st.binary(max_size=9)) | st.none(), max_size=4
    )
)
def test_imap_folders(data: list[Any]) -> None:
    for name in _imap_format.listed(data):
        name.encode("utf-8", "replace")


@fuzz
@given(
    st.lists(
        spoilt(FETCHED, FETCHED.replace(b"20-Nov", b"31-Feb"), b")")
        | st.tuples(spoilt(FETCHED), st.binary(max_size=9)),
        max_size=4,
    )
)
@example([b"1 (UID 0 BODY[] {4}"])
def test_imap_answers(data: list[Any]) -> None:
    for one in _imap_format.parse_fetch(data):
        assert one.uid > 0


@fuzz
@given(spoilt(b'{"a": [1, 2.5, "x\\ud83d"], "b": {"c": null}}', b"[1e999]", b"[NaN]",
              b"\xff\xfe[\0"),
       st.sampled_from(["", "text/html", "application/json; charset=utf-16",
                        "x; charset=idna"]))  # fmt: skip
def test_json_answers(body: bytes, kind: str) -> None:
    answer = Response(
        status=200, headers={"content-type": kind}, body=body, url="https://a.example/"
    )
    with suppress(UnexpectedPayload):
        json.dumps(answer.json(), allow_nan=False, ensure_ascii=False).encode()


@fuzz
@given(
    words_of(
        '<http://[>; rel="next"',
        '<//b/2>; rel="next"',
        '</2>; rel="next"',
        "<",
        ">",
        '; rel="next"',
        ",",
        "https://a.example/2",
        "//b",
        "?x",
        "http://[",
        '"',
        "\\",
    )
)
def test_links_to_further_pages(header: str) -> None:
    for target in next_link({"link": header}, base="https://a.example/1").values():
        with suppress(UnexpectedPayload):
            assert onward(target, "https://a.example/1").startswith("https://a.example")


@fuzz
@given(st.dictionaries(
    st.sampled_from(["retry-after", "date", "ratelimit-reset", "x-ratelimit-reset"]),
    words_of("1e99", "-1", "NaN", "inf", "Fri, 20 Nov 2026 10:00:00 GMT",
             "2026-11-20T10:00:00Z")))  # fmt: skip
def test_waits(headers: dict[str, str]) -> None:
    wait = wanted_wait(headers, NOW.timestamp())
    assert wait is None or 0 <= wait <= 366 * 86400


# --- texts, addresses, numbers, times -------------------------------------------------------------

HTML = words_of("<p>", "</p>", "<a href=", "https://a.example", '"', "'", ">", "<", "&#x", "&amp",
                ";", "<script>", "<!--", "-->", "<br/>", "]]>", "\0", "javascript:x")  # fmt: skip


@fuzz
@given(HTML)
def test_html(text: str) -> None:
    assert "<script" not in html_to_text(text) or "&lt" in text or "<script" in text
    for link in html_links(text):
        assert link.startswith(("http://", "https://"))


@fuzz
@given(ANY_TEXT)
def test_what_is_shown_and_stored(text: str) -> None:
    assert not CONTROLS.search(visible(text))
    assert "\n" not in one_line(text)
    stored = clean(text)
    stored.encode()
    assert "\0" not in stored
    assert clean(stored) == stored
    assert redact(redact(text)) == redact(text)


@fuzz
@given(
    words_of(
        "https://a.example/",
        "https://",
        "http:",
        "javascript:",
        "//",
        "a.example",
        "@",
        "\\",
        '"',
        " ",
        "\n",
        "#",
        "?",
    )
)
def test_addresses(url: str) -> None:
    safe = safe_url(url)
    assert not safe or re.fullmatch(r"https?://[^\s\"'<>`\\\x00-\x1f]+", safe, re.IGNORECASE)


@fuzz
@given(words_of("+44", "0", " ", "-", "(", ")", "ext.", "tel:", "whatsapp:", "unknown", "٣"))
def test_telephone_numbers(text: str) -> None:
    plain(text, "+1")


TIMES = words_of("2026-02-30", "2026-02-30T10:00:00Z", "Fri, 99 Nov 2026 99:99:99 +0000",
                 "9999-12-31T23:59:59-12:00", "25:00", "2026-11-20", "T", " ", "10:00", ":61",
                 "Z", "+01:00", "Fri, 20 Nov 2026", "h", "d", "1",
                 "9" * 12, "e5", "tomorrow", "mon", "NaN", "-")  # fmt: skip


@fuzz
@given(TIMES | st.integers() | st.floats() | st.booleans() | st.none() | st.lists(st.none()),
       st.sampled_from(["", "iso", "unix", "unix_ms", "rfc2822", "%d/%m/%Y", "%Y-%m-%d %H:%M %z"]),
       st.sampled_from(["", "UTC", "Europe/London", "Australia/Lord_Howe"]))  # fmt: skip
def test_times_of_files(value: Any, pattern: str, tz: str) -> None:
    with suppress(ValueError, ChannelError):
        found = _times.instant(value, tz=tz, pattern=pattern)
        assert found is None or found.utcoffset() == timedelta(0)


@fuzz
@given(TIMES)
def test_times_and_lengths(text: str) -> None:
    for parse in (parse_time, duration):
        try:
            parse(text)
        except ValueError as error:
            assert re.search("time|hundred years", str(error)), "it says so in our words"


def _setting(folder: str) -> Any:
    path = Path(folder) / "acme.toml"
    path.write_text(
        '[brand]\nname = "A"\n[hours]\ntimezone = "Europe/London"\nmon-fri = ["09:00-17:00"]\n'
    )
    path.chmod(0o600)
    store = Store(Path(folder) / "acme.db")
    return SimpleNamespace(config=load(Found(path=path), {}), store=store)


@pytest.fixture(scope="module")
def setting() -> Iterator[Any]:
    with tempfile.TemporaryDirectory() as folder:
        found = _setting(folder)
        yield found
        found.store.close()


@pytest.fixture(scope="module")
def moments() -> dict[str, Callable[..., datetime]]:
    return {"until": when.until, "passed": when.passed}


@fuzz
@given(text=TIMES)
def test_times_that_are_typed(setting: Any, moments: Any, text: str) -> None:
    for parse in moments.values():
        with suppress(UsageError):
            assert parse(text, NOW, setting).utcoffset() == timedelta(0)


@fuzz
@given(
    words=st.lists(
        words_of("0", "5-2", "4", "1-3", "-", "#", ",", "9" * 25, "٣", "²"), min_size=1, max_size=4
    )
)
def test_ids(words: list[str]) -> None:
    with suppress(UsageError):
        assert all(number > 0 for number in numbers(words))


# --- queries, against a real database -------------------------------------------------------------

QUERIES = words_of("channel:", "priority:", "urgent", "author:@", "older:", "4h", "rating:<", "3",
                   "id:", "-", "not ", '"', "state:any", "label:", "is:", "overdue",
                   "older:999999d",
                   ",", " ", "%", "_", "'", "\\", "c++", "OR ", "NEAR(", "*", "^")  # fmt: skip


@fuzz
@given(text=QUERIES)
def test_queries_run(setting: Any, text: str) -> None:
    with suppress(UsageError, UnicodeEncodeError):  # words that are no text are refused by main
        chosen = select(text, setting, NOW)
        setting.store.connection.execute(
            "SELECT count(*) FROM conversation c JOIN mention m ON m.id = c.newest_id "
            f"WHERE {chosen.where}",
            dict(chosen.values),
        ).fetchall()


@fuzz
@given(text=QUERIES)
def test_searches_run(setting: Any, text: str) -> None:
    try:
        conversations_with(setting.store.connection, text, 10)
    except sqlite3.OperationalError as error:
        raise AssertionError(text) from error
    except UnicodeEncodeError:
        pass
