"""
Posts, comments and messages of Reddit as mentions, replies and own posts.

The API's objects: https://www.reddit.com/dev/api. Entries of its feeds carry the same ids, so what
was read by one road is known on the other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mentionwatch.channels._values import count, needed, table, text, web
from mentionwatch.model.items import Author, Deletion, Engagement, Mention, OwnPost, Reply
from mentionwatch.model.times import parse_time

if TYPE_CHECKING:
    from mentionwatch.channels._feeds import Entry

SITE = "https://www.reddit.com"
_FULLNAME = re.compile(r"t[134]_[a-z0-9]{1,13}")
_NAME = re.compile(r"[\w-]{2,30}", re.ASCII)
_PLACE = re.compile(r"/comments/([a-z0-9]{1,13})(?:/|$)")
_GONE = ("[deleted]", "[removed]")
_BOTS = frozenset({"automoderator"})
# What a feed adds below a post: who submitted it, and two links.
_SUBMITTED = re.compile(r"\s*submitted by\s+/u/[\w-]{1,30}\b.{0,400}\Z", re.DOTALL | re.ASCII)

Item = Mention | Reply | OwnPost | Deletion


@dataclass(frozen=True, kw_only=True, slots=True)
class Us:
    """``names``: those of all our accounts there, in small letters."""

    names: frozenset[str] = frozenset()

    def owns(self, name: str) -> bool:
        return bool(name) and name.casefold() in self.names


def own_name(name: str) -> str:
    """Return the user name in "u/acme" or an address of Reddit, in small letters; else ""."""
    plain = name.strip().casefold().rstrip("/")
    found = re.fullmatch(
        r"(?:https?://(?:www\.|old\.)?reddit\.com)?/?(?:u|user)/([\w-]{2,30})", plain, re.ASCII
    )
    return found[1] if found else ""


def fullname(value: object) -> str:
    """Return an id such as "t3_1abcde". Raises ValueError."""
    found = needed(value)
    if not _FULLNAME.fullmatch(found):
        raise ValueError("an id is not one of Reddit's")
    return found


def when(thing: Mapping[str, Any], name: str = "created_utc") -> datetime | None:
    """Return a time, which Reddit counts in seconds; ``edited`` is false where there is none."""
    value = thing.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return parse_time(value)
    except ValueError:
        return None


# --- the API -------------------------------------------------------------------------------------


def item(child: Mapping[str, Any], us: Us, *, addressed: bool = False) -> Item | None:
    """
    Return what an object of a listing is to us; None for what is neither post nor message.

    Args:
        addressed: It comes from our inbox.

    Raises:
        ValueError, TypeError: It has no id.
    """
    kind, data = text(child.get("kind")), table(child.get("data"))
    if kind not in ("t1", "t3", "t4"):
        return None
    name = fullname(data.get("name"))
    if _is_gone(data):
        return Deletion(external_id=name)
    if kind == "t4":
        return _message(name, data, us)
    return _post(name, data, us, addressed) if kind == "t3" else _comment(name, data, us, addressed)


def _is_gone(data: Mapping[str, Any]) -> bool:
    if text(data.get("removed_by_category")):
        return True
    body = text(data.get("body")) or text(data.get("selftext"))
    return body.strip() in _GONE or data.get("author") == "[deleted]"


def _post(name: str, data: Mapping[str, Any], us: Us, addressed: bool) -> Item:
    common: dict[str, Any] = {
        "external_id": name,
        "text": text(data.get("selftext")),
        "published": when(data),
        "edited": when(data, "edited"),
        "url": _url(data),
        "thread_id": name,
        "raw": data,
    }
    title = text(data.get("title"))
    if us.owns(text(data.get("author"))):
        words = "\n\n".join(part for part in (title, common["text"]) if part)
        return OwnPost(**{**common, "text": words})
    linked = "" if data.get("is_self") is True else web(data.get("url"))
    return Mention(
        **common,
        author=_author(data.get("author")),
        addressed=addressed,
        title=title,
        media=int(bool(data.get("is_video") or data.get("is_gallery") or _is_picture(data))),
        engagement=_engagement(data),
        links=(linked,) if linked and not _PLACE.search(linked) else (),
    )


def _comment(name: str, data: Mapping[str, Any], us: Us, addressed: bool) -> Item:
    url = _url(data)
    thread = text(data.get("link_id")) or thread_of(url)
    common: dict[str, Any] = {
        "external_id": name,
        "text": needed(data.get("body")),
        "published": when(data),
        "edited": when(data, "edited"),
        "url": url,
        "thread_id": thread,
        "parent_id": text(data.get("parent_id")),
        "raw": data,
    }
    author = _author(data.get("author"))
    if us.owns(text(data.get("author"))):
        return Reply(**common, author=author)
    return Mention(
        **common,
        author=author,
        addressed=addressed,
        kind="comment",
        engagement=_engagement(data),
    )


def _message(name: str, data: Mapping[str, Any], us: Us) -> Item:
    first = text(data.get("first_message_name"))
    local = name.partition("_")[2]
    common: dict[str, Any] = {
        "external_id": name,
        "text": text(data.get("body")),
        "published": when(data),
        "url": f"{SITE}/message/messages/{local}",
        "thread_id": first if _FULLNAME.fullmatch(first) else name,
        "parent_id": text(data.get("parent_id")),
        "private": True,
        "raw": data,
    }
    author = _author(data.get("author"))
    if us.owns(text(data.get("author"))):
        return Reply(**common, author=author, to=tuple(filter(None, [_id(data.get("dest"))])))
    return Mention(
        **common,
        author=author,
        addressed=True,
        kind="message",
        title=text(data.get("subject")),
        automatic=not author.id,  # from Reddit itself or from moderators
    )


def _id(name: object) -> str:
    found = text(name)
    return found.casefold() if _NAME.fullmatch(found) else ""


def _author(name: object) -> Author:
    """A name never changes on Reddit, so it is the id by both roads."""
    found = text(name)
    if not _NAME.fullmatch(found):
        return Author()
    return Author(
        id=found.casefold(),
        name=found,
        handle=f"u/{found}",
        url=f"{SITE}/user/{found}/",
        is_bot=found.casefold() in _BOTS,
    )


def _engagement(data: Mapping[str, Any]) -> Engagement:
    hidden = data.get("score_hidden") is True
    return Engagement(
        likes=None if hidden else count(data.get("score")),
        replies=count(data.get("num_comments")) if "selftext" in data else None,
    )


def _is_picture(data: Mapping[str, Any]) -> bool:
    return text(data.get("post_hint")) == "image"


def _url(data: Mapping[str, Any]) -> str:
    """Return the permalink; an object of the inbox has only a context."""
    path = text(data.get("permalink")) or text(data.get("context")).partition("?")[0]
    return web(SITE + path) if path.startswith("/") else ""


def thread_of(url: str) -> str:
    """Return the id of the post that an address belongs to; "" for other addresses."""
    try:
        found = _PLACE.search(urlsplit(url).path)
    except ValueError:
        return ""
    return f"t3_{found[1]}" if found else ""


# --- feeds ---------------------------------------------------------------------------------------


def feed_item(entry: Entry, us: Us, *, addressed: bool = False) -> Item | None:
    """
    Return what an entry of a feed is to us; None for subreddits and what is deleted.

    A feed names no parents and no counts. Raises ValueError.
    """
    name = entry.id.rpartition("/")[2]
    if not _FULLNAME.fullmatch(name):
        return None
    author = _author(re.sub(r"^/?u/", "", entry.author))
    words = _SUBMITTED.sub("", entry.text).strip()
    if "[deleted]" in entry.author or words in _GONE:
        return None
    published = entry.published if entry.published is not None else entry.updated
    common: dict[str, Any] = {
        "external_id": name,
        "text": words,
        "published": None if published is None else parse_time(published),
        "url": web(entry.link),
        "thread_id": thread_of(entry.link) or name,
    }
    if name.startswith("t4_"):
        return _feed_message(common, author, entry, us)
    if name.startswith("t3_"):
        if us.owns(author.id):
            said = "\n\n".join(part for part in (entry.title, words) if part)
            return OwnPost(**{**common, "text": said})
        mine: dict[str, Any] = {
            "title": entry.title,
            "links": _outside(entry),
            "media": min(entry.media, 1),
        }
        return Mention(**common, author=author, addressed=addressed, **mine)
    if us.owns(author.id):
        return Reply(**common, author=author)
    return Mention(**common, author=author, addressed=addressed, kind="comment")


def _feed_message(common: dict[str, Any], author: Author, entry: Entry, us: Us) -> Item:
    common = {**common, "private": True, "thread_id": common["external_id"]}
    if us.owns(author.id):
        return Reply(**common, author=author)
    return Mention(
        **common,
        author=author,
        addressed=True,
        kind="message",
        title=entry.title,
        automatic=not author.id,
    )


def _outside(entry: Entry) -> tuple[str, ...]:
    """Return the links that lead away from Reddit."""
    hosts = {link: urlsplit(link).hostname or "" for link in entry.links}
    inside = ("reddit.com", "redd.it", "redditmedia.com")
    return tuple(link for link, host in hosts.items() if not host.endswith(inside))
