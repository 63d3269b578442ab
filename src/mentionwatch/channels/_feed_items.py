"""
Entries of a feed as articles, comments and posts.

Identity: the feed's own id, else the address, else a digest of the words; written in one way, so
that a change from http to https or a tracking parameter makes no second mention.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from mentionwatch.channels._addresses import bare_host, canonical, is_on, unwrapped
from mentionwatch.channels._feed_memory import digest
from mentionwatch.channels._feeds import Document, Entry
from mentionwatch.model.items import Author, Item, Mention, OwnPost, Reply

Kind = Literal["", "article", "comment", "post"]
Flavour = Literal["plain", "google_news", "wordpress", "reddit"]

_OLDEST = datetime(1995, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(days=2)
_COMMENT = re.compile(r"#comment-([0-9]{1,18})$")
_GLOBAL = re.compile(r"(?:tag|urn|yt|doi):\S", re.IGNORECASE)
_DISCOURSE = re.compile(r"(/t/[^/?#]+/[0-9]+)/[0-9]+$")
_NOT_WORDS = re.compile(r"\W+")
# Names under which many people write: each of their comments is somebody else's.
_NOBODY = frozenset({"", "anonymous", "anonym", "anonyme", "guest", "gast", "unknown"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Feed:
    """
    What is known of a feed before it is read.

    ``url``: its address. ``kind``: what its entries are, "" = found out from each.
    ``addressed``: it is our own page. ``own``: names under which we write there, case-folded.
    ``domains``: ours.
    """

    url: str
    flavour: Flavour = "plain"
    kind: Kind = ""
    addressed: bool = False
    own: frozenset[str] = frozenset()
    domains: tuple[str, ...] = ()


def items(
    feed: Feed, document: Document, now: datetime, floor: datetime, repeated: Mapping[str, str]
) -> tuple[tuple[Item, ...], dict[str, str]]:
    """
    Return what the entries are to us, oldest first, and the ids that several of them share.

    Args:
        floor: What was published before is passed over; what has no date is not.
        repeated: id -> which of its entries had it first, as kept from earlier runs.
    """
    shared = dict(repeated)
    found: list[Item] = []
    for identity, entry in _identified(feed, document.entries, shared):
        at = _first_time(now, entry.published, entry.updated)
        if at is None or at >= floor:
            found.append(_item(feed, document, entry, identity, now))
    return tuple(found), shared


# --- identity ------------------------------------------------------------------------------------


def _identified(
    feed: Feed, entries: Collection[Entry], shared: dict[str, str]
) -> Iterator[tuple[str, Entry]]:
    """
    Yield entries with their ids, oldest first; what says the same twice comes once.

    Where several entries share an id, the one that was there first keeps it, and the others get
    more of themselves behind it; *shared* remembers which, for the time when it has left the feed.
    """
    ordered = _oldest_first(entries)
    bare = [_identity(feed, entry) for entry in ordered]
    marks = [digest(f"{canonical(e.link)}|{e.title}|{e.published}")[:16] for e in ordered]
    marks_of: dict[str, set[str]] = {}
    for identity, mark in zip(bare, marks, strict=True):
        marks_of.setdefault(identity, set()).add(mark)
    given = set[str]()
    for identity, mark, entry in zip(bare, marks, ordered, strict=True):
        if len(marks_of[identity]) > 1:
            shared.setdefault(identity, mark)
        name = identity if shared.get(identity, mark) == mark else f"{identity}|{mark}"
        if name not in given:
            given.add(name)
            yield name, entry


def _oldest_first(entries: Collection[Entry]) -> list[Entry]:
    """Feeds begin with the newest; the dates decide where all have one."""
    backwards = list(entries)[::-1]
    if all(entry.published is not None for entry in backwards):
        return sorted(backwards, key=lambda entry: entry.published or 0)
    return backwards


def _identity(feed: Feed, entry: Entry) -> str:
    place = canonical(feed.url).partition("?")[0]
    if entry.id:
        if bare_host(entry.id):
            return canonical(entry.id, (bare_host(feed.url),))
        return entry.id if _GLOBAL.match(entry.id) else f"{place}:{entry.id}"
    link = unwrapped(entry.link)
    if link:
        return canonical(link, (bare_host(feed.url),))
    return f"{place}:{digest(entry.title + chr(0) + entry.text)}"


# --- times ---------------------------------------------------------------------------------------


def _first_time(now: datetime, *seconds: int | None) -> datetime | None:
    return next((at for at in (_time(one, now) for one in seconds) if at is not None), None)


def _time(seconds: int | None, now: datetime) -> datetime | None:
    """Return a time that can be true: not before 1995, and at most two days ahead."""
    if seconds is None or not 0 <= seconds < 2**33:
        return None
    at = datetime.fromtimestamp(seconds, UTC)
    return at if _OLDEST <= at <= now + _AHEAD else None


# --- what it is ----------------------------------------------------------------------------------


def _item(feed: Feed, document: Document, entry: Entry, identity: str, now: datetime) -> Item:
    kind = feed.kind or _kind(feed, entry, identity)
    if entry.author.casefold() in feed.own and entry.author:
        return _ours(feed, entry, identity, kind, now)
    if kind == "article":
        return _article(feed, document, entry, identity, now)
    return _by_somebody(feed, entry, identity, kind, now)


def _kind(feed: Feed, entry: Entry, identity: str) -> Kind:
    if feed.flavour == "wordpress" or _COMMENT.search(identity) or _COMMENT.search(entry.link):
        return "comment"
    return "post" if feed.flavour == "reddit" else "article"


def _article(feed: Feed, document: Document, entry: Entry, identity: str, now: datetime) -> Mention:
    link = unwrapped(entry.link)
    news = feed.flavour == "google_news"
    title, words = entry.title, entry.text
    at_home = is_on(link, (bare_host(feed.url).partition(":")[0],))
    publisher = entry.publisher or (document.title if at_home else "")
    if news and publisher:
        # The text repeats the headline; the headline ends with the publisher.
        title, words = title.removesuffix(publisher).rstrip(" -–") or title, ""
    return Mention(
        external_id=identity,
        text=words,
        title=title,
        author=Author(name=entry.author or publisher or bare_host(link), url=entry.author_url),
        published=_first_time(now, entry.published, entry.updated),
        edited=_edited(entry, now),
        addressed=feed.addressed,
        kind="article",
        url=link,
        language=entry.language[:2].lower(),
        media=entry.media,
        article_key=_article_key(feed, entry, title, link, publisher),
        publisher=publisher or bare_host(link),
        links=entry.links,
    )


def _article_key(feed: Feed, entry: Entry, title: str, link: str, publisher: str) -> str:
    """Google hides the address of an article: there the publisher and the headline name it."""
    if link and feed.flavour != "google_news":
        return canonical(link, (bare_host(feed.url),))
    house = bare_host(entry.publisher_url) or publisher.casefold()
    words = _NOT_WORDS.sub(" ", title.casefold()).strip()
    return f"{house}|{words}" if words else ""


def _by_somebody(feed: Feed, entry: Entry, identity: str, kind: Kind, now: datetime) -> Mention:
    link = unwrapped(entry.link)
    thread, parent = _place(feed, entry, identity, kind)
    on_our_page = kind == "comment" and is_on(link or feed.url, feed.domains)
    return Mention(
        external_id=identity,
        text=entry.text,
        # The title of a comment names the page and the author: not what the customer wrote.
        title="" if kind == "comment" and (feed.addressed or on_our_page) else entry.title,
        author=_author(feed, entry, identity, thread),
        published=_first_time(now, entry.published, entry.updated),
        edited=_edited(entry, now),
        addressed=feed.addressed or on_our_page,
        kind=kind,
        url=link,
        thread_id=thread,
        parent_id=parent,
        language=entry.language[:2].lower(),
        media=entry.media,
        links=entry.links,
    )


def _author(feed: Feed, entry: Entry, identity: str, thread: str) -> Author:
    """
    Return who wrote it.

    A feed gives a name and no account, so a name is somebody within one thread and no further.
    Reddit's names are accounts; they are no handles here, because Reddit forbids telling that one
    is the same person as somebody elsewhere.
    """
    name = entry.author
    if feed.flavour == "reddit" and name:
        return Author(id=f"reddit:{name.casefold()}", name=name, url=entry.author_url)
    if name.casefold() in _NOBODY:
        return Author(id=identity, name=name)
    return Author(id=f"{thread} {name.casefold()}", name=name, url=entry.author_url)


def _place(feed: Feed, entry: Entry, identity: str, kind: Kind) -> tuple[str, str]:
    """Return the thread of a comment or post, and the comment that it answers."""
    if kind == "comment":
        for whole in (identity, canonical(entry.link)):
            if _COMMENT.search(whole):
                thread = _COMMENT.sub("", whole)
                return thread, f"{thread}#comment-{entry.answers}" if entry.answers else ""
    if feed.flavour == "reddit":
        return identity, ""
    link = canonical(unwrapped(entry.link)).partition("#")[0]
    return (_DISCOURSE.sub(r"\1", link) if kind == "post" else link) or identity, ""


def _ours(feed: Feed, entry: Entry, identity: str, kind: Kind, now: datetime) -> Reply | OwnPost:
    """
    Return what we wrote.

    A comment that names the comment which it answers is an answer; any other may be one.
    """
    published = _first_time(now, entry.published, entry.updated)
    edited, url = _edited(entry, now), unwrapped(entry.link)
    if kind == "article":
        return OwnPost(
            external_id=identity, text=entry.text, published=published, edited=edited, url=url
        )
    thread, parent = _place(feed, entry, identity, kind)
    return Reply(
        external_id=identity,
        text=entry.text,
        published=published,
        edited=edited,
        author=Author(name=entry.author, url=entry.author_url),
        url=url,
        thread_id=thread,
        parent_id=parent,
        certainty="sure" if parent else "likely",
    )


def _edited(entry: Entry, now: datetime) -> datetime | None:
    published, updated = _time(entry.published, now), _time(entry.updated, now)
    if published is None or updated is None or updated <= published + timedelta(minutes=1):
        return None
    return updated
