"""
What a feed says: RSS and Atom by feedparser, JSON Feed by hand, as plain entries.

Formats: https://feedparser.readthedocs.io/, https://www.jsonfeed.org/version/1.1/

feedparser takes quadratic time on some hostile documents (an author of a megabyte, a tag of
thousands of attributes) and holds the interpreter meanwhile. So all but small and plain documents
are read by a process of their own, which can be ended. Its sanitiser is off: of the HTML we keep
the words.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urljoin

from mentionwatch.channels._values import rows, table, text, web
from mentionwatch.errors import UnexpectedPayload
from mentionwatch.model.text import html_links, html_to_text

SMALL = 16 * 1024  # bytes; the worst that we know of takes 2 s at this size
SECONDS = 30.0
MOST_ENTRIES = 5000
LONGEST = 100_000  # characters of one entry's text
_LINKS = 50

# Entities of its own, also in UTF-16: a few hundred bytes of them can grow without end.
_GROWS = re.compile(rb"<\0?!\0?E\0?N\0?T\0?I\0?T\0?Y")
_JSON_FEED = re.compile(r"https?://jsonfeed\.org/version/", re.IGNORECASE)
_ALTERNATE = re.compile(r"<link\b[^<>]{0,2000}>", re.IGNORECASE)
_FEED_TYPE = re.compile(r"application/(?:rss|atom|feed)\+(?:xml|json)", re.IGNORECASE)
_HREF = re.compile(r"""href\s*=\s*["']?([^"'\s<>]{1,2000})""", re.IGNORECASE)
_UNSAFE = re.compile(r"[ \"<>\\^`{|}]")
_IMAGE = re.compile(r"<img\b", re.IGNORECASE)
# WordPress: "In reply to <a href="…#comment-12">Name</a>." in the blog's language.
_IN_REPLY = re.compile(
    r"\s*(?:<p>)?[^<]{0,80}<a\b[^<>]{0,1000}#comment-([0-9]{1,18})[\"'][^<>]{0,300}>[^<]{0,200}</a>"
    r"\s*[^\w<]{0,3}\s*(?:</p>|<br\s*/?>)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """
    One entry; texts without markup, addresses absolute or "".

    ``published`` and ``updated``: Unix seconds, None where the feed gives none that can be read.
    ``answers``: the number of the comment that it answers, as WordPress names it.
    """

    id: str = ""
    link: str = ""
    title: str = ""
    text: str = ""
    author: str = ""
    author_url: str = ""
    published: int | None = None
    updated: int | None = None
    publisher: str = ""
    publisher_url: str = ""
    language: str = ""
    links: tuple[str, ...] = ()
    media: int = 0
    answers: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A feed. ``minutes``: for how long it asks not to be read again. ``left_out``: entries."""

    entries: tuple[Entry, ...]
    title: str = ""
    minutes: int = 0
    left_out: int = 0


async def understood(
    body: bytes, headers: Mapping[str, str], url: str, seconds: float = SECONDS
) -> Document:
    """
    Return what a feed says.

    Args:
        body: As it was received, decompressed.
        headers: Of the answer, with lower-case names.
        url: The final address, against which relative ones are resolved.
        seconds: How long reading may take.

    Raises:
        UnexpectedPayload: It is empty, a web page, no feed at all, or takes too long.
    """
    if len(body) <= SMALL and not _GROWS.search(body):
        return understand(body, headers, url)
    found = await _apart(body, headers, url, seconds)
    if "error" in found:
        raise UnexpectedPayload(found["error"], found["hint"])
    entries = tuple(Entry(**{**one, "links": tuple(one["links"])}) for one in found.pop("entries"))
    return Document(entries=entries, **found)


def understand(body: bytes, headers: Mapping[str, str], url: str) -> Document:
    """Do the work of `understood`, here and now."""
    if not body.strip():
        raise UnexpectedPayload(
            "the answer is empty", hint="try again later; what was read before is kept"
        )
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return _json_feed(body, url)
    return _xml_feed(body, headers, url)


# --- in a process of its own ---------------------------------------------------------------------


async def _apart(
    body: bytes, headers: Mapping[str, str], url: str, seconds: float
) -> dict[str, Any]:
    import asyncio
    import json
    import os

    head = json.dumps({"headers": dict(headers), "url": url}).encode() + b"\n"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        f"from {__name__} import serve; serve()",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    try:
        async with asyncio.timeout(seconds):
            out, _ = await process.communicate(head + body)
    except TimeoutError:
        raise UnexpectedPayload(
            f"the feed takes longer than {seconds:.0f} s to read",
            hint="it is very large or broken on purpose; tell whoever publishes it",
        ) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    try:
        found: dict[str, Any] = json.loads(out)
    except ValueError:
        raise UnexpectedPayload(
            "the feed cannot be read", hint="tell whoever publishes it"
        ) from None
    return found


def serve() -> None:
    """Read a head line and a body from standard input, print the document as JSON."""
    import json

    head = json.loads(sys.stdin.buffer.readline())
    try:
        answer = asdict(understand(sys.stdin.buffer.read(), head["headers"], head["url"]))
    except UnexpectedPayload as error:
        answer = {"error": error.message, "hint": error.hint}
    sys.stdout.write(json.dumps(answer))


# --- RSS and Atom --------------------------------------------------------------------------------


def _xml_feed(body: bytes, headers: Mapping[str, str], url: str) -> Document:
    from io import BytesIO

    import feedparser

    told = {name: headers[name] for name in ("content-type", "content-language") if name in headers}
    # Bytes would be tried as the name of a file first; a stream is only read.
    found = feedparser.parse(
        BytesIO(body),
        response_headers={"content-type": "application/xml", **told, "content-location": url},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    entries = found.get("entries") or []
    if not found.get("version") and not entries:
        raise _no_feed(body, url)
    feed = table(found.get("feed"))
    language = text(feed.get("language"))
    return Document(
        entries=tuple(_entry(one, url, language) for one in entries[:MOST_ENTRIES]),
        title=_plain(feed, "title"),
        minutes=_minutes(feed.get("ttl")),
        left_out=max(0, len(entries) - MOST_ENTRIES),
    )


def _no_feed(body: bytes, url: str) -> UnexpectedPayload:
    """Say what it is instead; a page often names its feed."""
    page = body[:200_000].decode("utf-8", "replace")
    for link in _ALTERNATE.findall(page):
        href = _HREF.search(link)
        if href and _FEED_TYPE.search(link) and (target := _absolute(href[1], url)):
            from mentionwatch.model.text import one_line

            return UnexpectedPayload(
                "this is a web page, not a feed",
                hint=f"the page says that its feed is at {one_line(target, 200)}",
            )
    if re.search(r"<(?:!doctype\s+html|html|body)\b", page[:5000], re.IGNORECASE):
        return UnexpectedPayload(
            "this is a web page, not a feed", hint="look for the address of its feed (RSS, Atom)"
        )
    return UnexpectedPayload(
        "this is no feed that we know", hint="it must be RSS, Atom or JSON Feed; check the address"
    )


def _entry(one: Any, url: str, language: str) -> Entry:
    # FeedParserDict answers "updated" with "published" and warns; plain look-ups do neither.
    fields: dict[str, Any] = dict(one)
    html = _markup(fields)
    answers = _IN_REPLY.match(html)
    author = table(fields.get("author_detail"))
    source = table(fields.get("source"))
    return Entry(
        id=text(fields.get("id")).strip(),
        link=_address(text(fields.get("link"))),
        title=_plain(fields, "title"),
        text=html_to_text(html[answers.end() :] if answers else html)[:LONGEST],
        author=(text(author.get("name")) or text(fields.get("author"))).strip(),
        author_url=web(author.get("href")),
        published=_seconds(fields, "published"),
        updated=_seconds(fields, "updated"),
        publisher=_plain(source, "title"),
        publisher_url=web(source.get("href")) or web(source.get("link")),
        language=text(table(fields.get("title_detail")).get("language")) or language,
        links=_all_links(html, url),
        media=_media(fields, html),
        answers=answers[1] if answers else "",
    )


def _markup(fields: Mapping[str, Any]) -> str:
    """Return the longest text of an entry as HTML: the content, or else the summary."""
    details = [*rows(fields.get("content")), table(fields.get("summary_detail"))]
    found = [_as_html(text(one.get("value")), text(one.get("type"))) for one in details]
    return max(found, key=len, default="") or text(fields.get("summary"))


def _as_html(value: str, kind: str) -> str:
    from html import escape

    return value if "html" in kind or kind == "application/xml" else escape(value, quote=False)


def _plain(fields: Mapping[str, Any], name: str) -> str:
    value = text(fields.get(name))
    kind = text(table(fields.get(f"{name}_detail")).get("type"))
    return html_to_text(_as_html(value, kind or "text/html"))[:2000]


def _all_links(html: str, url: str) -> tuple[str, ...]:
    return tuple(link for link in html_links(html) if link != url)[:_LINKS]


def _media(fields: Mapping[str, Any], html: str) -> int:
    """Count pictures, sounds and films; the same one twice counts once."""
    enclosed = [one.get("href") for one in rows(fields.get("links")) if _encloses(one)]
    shown = [one.get("url") for one in rows(fields.get("media_content"))]
    addresses = {address for address in (*enclosed, *shown) if isinstance(address, str)}
    return min(100, max(len(addresses), len(_IMAGE.findall(html))))


def _encloses(link: Mapping[str, Any]) -> bool:
    return link.get("rel") == "enclosure"


def _seconds(fields: Mapping[str, Any], name: str) -> int | None:
    """
    Return a date as Unix seconds. A time that names no zone is taken as UTC.

    feedparser makes the year 1763 of Unix seconds, and nothing of "Fri, 20 Nov 2026 10:00:00".
    """
    from calendar import timegm

    written = text(fields.get(name)).strip()[:100]
    if written.isdecimal():
        return int(written) if len(written) <= 11 else None
    parsed = fields.get(f"{name}_parsed")
    if parsed:
        try:
            return timegm(parsed)
        except (ValueError, OverflowError, TypeError):
            return None
    return _mail_date(written)


def _mail_date(written: str) -> int | None:
    from calendar import timegm
    from email.utils import mktime_tz, parsedate_tz

    try:
        parts = parsedate_tz(written)
        if parts is None or not 0 <= parts[3] < 24:
            return None
        return mktime_tz(parts) if parts[9] is not None else timegm(parts[:9])
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _minutes(value: object) -> int:
    written = text(value).strip()
    return min(int(written), 100_000) if written.isdecimal() and len(written) < 9 else 0


def _absolute(href: str, url: str) -> str:
    from html import unescape

    try:
        return _address(urljoin(url, unescape(href)))
    except ValueError:
        return ""


def _address(written: str) -> str:
    """Return a web address in which blanks and the like are encoded; "" for anything else."""
    return web(_UNSAFE.sub(lambda match: f"%{ord(match[0]):02X}", written.strip()))


# --- JSON Feed -----------------------------------------------------------------------------------


def _json_feed(body: bytes, url: str) -> Document:
    import json

    try:
        found = table(json.loads(body.decode("utf-8-sig", "replace")))
    except (ValueError, RecursionError):
        raise UnexpectedPayload(
            "the feed is broken JSON", hint="try again later; tell whoever publishes it"
        ) from None
    if not _JSON_FEED.match(text(found.get("version"))):
        raise UnexpectedPayload(
            "this is JSON, but no feed", hint="check the address; JSON Feed names its version"
        )
    items = rows(found.get("items"))
    language = text(found.get("language"))
    return Document(
        entries=tuple(_json_entry(one, url, language) for one in items[:MOST_ENTRIES]),
        title=text(found.get("title")),
        left_out=max(0, len(items) - MOST_ENTRIES),
    )


def _json_entry(one: Mapping[str, Any], url: str, language: str) -> Entry:
    html = text(one.get("content_html"))
    words = html_to_text(html) if html else ""
    author = next(iter(rows(one.get("authors"))), table(one.get("author")))
    attachments = {text(each.get("url")) for each in rows(one.get("attachments"))} - {""}
    pictures = 1 if text(one.get("image")) else len(_IMAGE.findall(html))
    return Entry(
        id=_identity(one.get("id")),
        link=_absolute(text(one.get("url")) or text(one.get("external_url")), url),
        title=text(one.get("title")).strip()[:2000],
        text=(words or text(one.get("content_text")) or text(one.get("summary")))[:LONGEST],
        author=text(author.get("name")).strip(),
        author_url=web(author.get("url")),
        published=_json_time(one.get("date_published")),
        updated=_json_time(one.get("date_modified")),
        language=text(one.get("language")) or language,
        links=_all_links(html, url),
        media=min(100, max(len(attachments), pictures)),
    )


def _identity(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        return str(value)
    return text(value).strip()


def _json_time(value: object) -> int | None:
    from mentionwatch.channels._values import moment

    at = moment(value)
    return None if at is None else int(at.timestamp())
