"""
Items as rows of their tables, by whom and when they count.

A *contact* is one author on one channel, the unit of which conversations are made.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mentionwatch.model.items import Item, Mention, OwnPost, Reply
from mentionwatch.model.text import clean as thorough
from mentionwatch.model.times import to_ms

# A clock ahead of ours by more than this is false (design, "Which time counts").
TOLERANCE_MS = 5 * 60 * 1000
OLDEST_MS = 788_918_400_000  # 1995-01-01: nothing that we read is older
# Nothing travels longer: what was delivered since we watch and is dated before that is dated wrong.
TRAVEL_MS = 7 * 24 * 3600 * 1000
LARGEST_COUNT = 2**53
ARTICLE = "*article:"  # begins the key of an article; no channel's name begins so
LARGEST_TEXT = 100_000


def clean(text: str) -> str:
    """Return a text as it is kept. Most is plain letters in which there is nothing to clean."""
    if text.isascii() and text.isprintable() and len(text) < LARGEST_TEXT // 2:
        return text.strip()
    return thorough(text)


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """
    Where a page comes from. ``people``: the platform permits telling persons across channels.

    ``connected``: since when we watch the channel, milliseconds; `save_page` knows.
    """

    channel: str
    type: str
    people: bool = True
    keep_raw: bool = False
    connected: int = LARGEST_COUNT


def effective_time(
    published: datetime | None,
    delivered: datetime | None,
    received: int,
    connected: int = LARGEST_COUNT,
) -> tuple[int, str]:
    """
    Return the time that counts, in milliseconds, and whose it is.

    The post's own time; where that is missing, false or in the future, the delivery's; else ours.

    Args:
        connected: Since when we watch. What is delivered after that is no history, whatever date
            it bears: taken at its word, it would never be late.
    """
    arrived = _ms(delivered)
    earliest = OLDEST_MS
    if arrived is not None and connected <= arrived <= received + TOLERANCE_MS:
        earliest = arrived - TRAVEL_MS
    at = _ms(published)
    if at is not None and earliest <= at <= received + TOLERANCE_MS:
        return at, "published"
    if arrived is not None and OLDEST_MS <= arrived <= received + TOLERANCE_MS:
        return arrived, "delivered"
    return received, "received"


def contact_of(channel: str, mention: Mention) -> str:
    """
    Return the key under which an author's mentions on a channel are folded.

    A display name is no identity: two customers called "A Google User" are two customers. Where
    nobody is named, each public message stands alone; a private thread has one customer.
    """
    if mention.article_key:
        return f"{ARTICLE}{mention.article_key}"
    place = f"{channel}/{mention.channel_type}" if mention.channel_type else channel
    author = mention.author
    if mention.skipped or not (author.id or author.handle):
        thread = mention.thread_id if mention.private or mention.skipped else ""
        return f"{place}?{thread or mention.external_id}"
    return f"{place}:{author.id or '@' + author.handle.casefold()}"


def person_keys(mention: Mention) -> tuple[str, ...]:
    """Return keys by which the same person may be known on another channel; a hint, no more."""
    author = mention.author
    keys = []
    name = " ".join(author.name.casefold().split())
    if " " in name and not author.is_bot:
        keys.append(f"name:{name}")
    for identity in (author.id, author.handle):
        local = identity.casefold().lstrip("@")
        digits = "".join(filter(str.isdigit, identity))
        if "@" in local and "." in local.partition("@")[2] and not identity.startswith("@"):
            keys.append(f"mail:{local}")
        elif identity.startswith("+") and len(digits) >= 8:
            keys.append(f"phone:{digits}")
    handle = author.handle.casefold().lstrip("@").partition("@")[0]
    if len(handle) >= 5 and not handle.isdigit():
        keys.append(f"handle:{handle}")
    return tuple(dict.fromkeys(keys))


def mention_rows(source: Source, items: Iterable[Item], now: int) -> list[dict[str, Any]]:
    return [_mention_row(source, item, now) for item in items if isinstance(item, Mention)]


def _mention_row(source: Source, item: Mention, now: int) -> dict[str, Any]:
    at, at_source = effective_time(item.published, item.delivered, now, source.connected)
    author, engagement = item.author, item.engagement
    return {
        "channel": source.channel,
        "external_id": clean(item.external_id),
        "type": item.channel_type or source.type,
        "contact": "" if item.repost else clean(contact_of(source.channel, item)),
        "thread": clean(item.thread_id or item.external_id),
        "parent_id": clean(item.parent_id),
        "kind": item.kind,
        "author_id": clean(author.id),
        "author_name": clean(author.name),
        "author_handle": clean(author.handle),
        "author_url": clean(author.url),
        "author_is_bot": int(author.is_bot),
        "followers": _count(author.followers),
        "at": at,
        "at_source": at_source,
        "published": _ms(item.published),
        "delivered": _ms(item.delivered),
        "edited": _ms(item.edited),
        "received": now,
        "addressed": int(item.addressed),
        "private": int(item.private),
        "repost": int(item.repost),
        "automatic": int(item.automatic),
        "skipped": item.skipped,
        "title": clean(item.title)[:LARGEST_TEXT],
        "text": "" if item.skipped else clean(item.text)[:LARGEST_TEXT],
        "url": clean(item.url),
        "language": item.language[:20],
        "media": item.media,
        "rating": item.rating,
        "rating_max": item.rating_max,
        "likes": _count(engagement.likes),
        "shares": _count(engagement.shares),
        "replies": _count(engagement.replies),
        "views": _count(engagement.views),
        "publisher": clean(item.publisher),
        "raw": _raw(item.raw) if source.keep_raw else None,
        "_people": person_keys(item) if source.people and not item.skipped else (),
    }


def reply_rows(source: Source, items: Iterable[Item], now: int) -> list[dict[str, Any]]:
    return [_reply_row(source, item, now) for item in items if isinstance(item, Reply)]


def _reply_row(source: Source, item: Reply, now: int) -> dict[str, Any]:
    at, at_source = effective_time(item.published, item.delivered, now, source.connected)
    names = tuple(dict.fromkeys(clean(name).lstrip("@") for name in item.to if name))
    return {
        "channel": source.channel,
        "external_id": clean(item.external_id),
        "type": item.channel_type or source.type,
        "thread": clean(item.thread_id),
        "parent_id": clean(item.parent_id),
        "names": json.dumps(names),
        "author_name": clean(item.author.name or item.author.handle or item.author.id),
        "at": at,
        "at_source": at_source,
        "published": _ms(item.published),
        "delivered": _ms(item.delivered),
        "edited": _ms(item.edited),
        "received": now,
        "certainty": item.certainty,
        "automatic": int(item.automatic),
        "private": int(item.private),
        "text": clean(item.text)[:LARGEST_TEXT],
        "url": clean(item.url),
        "raw": _raw(item.raw) if source.keep_raw else None,
        "_names": names,
    }


def own_post_rows(source: Source, items: Iterable[Item], now: int) -> list[dict[str, Any]]:
    return [_own_post_row(source, item, now) for item in items if isinstance(item, OwnPost)]


def _own_post_row(source: Source, item: OwnPost, now: int) -> dict[str, Any]:
    at, at_source = effective_time(item.published, None, now)
    return {
        "channel": source.channel,
        "external_id": clean(item.external_id),
        "type": item.channel_type or source.type,
        "thread": clean(item.thread_id or item.external_id),
        "at": at,
        "at_source": at_source,
        "published": _ms(item.published),
        "edited": _ms(item.edited),
        "received": now,
        "text": clean(item.text)[:LARGEST_TEXT],
        "url": clean(item.url),
        "raw": _raw(item.raw) if source.keep_raw else None,
    }


def _ms(value: datetime | None) -> int | None:
    return None if value is None else to_ms(value)


def _count(value: int | None) -> int | None:
    return None if value is None else max(0, min(int(value), LARGEST_COUNT))


def _raw(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else clean(json.dumps(value, default=str))
