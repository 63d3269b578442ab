"""The way back: an item as the record from which `items_of` makes it again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mentionwatch.model.items import Author, Deletion, Item, Mention, OwnPost, Reply


def record_of(item: Item) -> dict[str, Any]:
    """Return an object fit for one line of NDJSON; what is empty is left out."""
    match item:
        case Deletion():
            found: dict[str, Any] = {"type": "deleted", "id": item.external_id}
        case Mention():
            found = _mention(item)
        case Reply():
            found = _reply(item)
        case OwnPost():
            found = {"type": "own_post", **_common(item)}
    return {name: value for name, value in found.items() if value not in (None, "", [], {})}


def _common(item: Mention | Reply | OwnPost) -> dict[str, Any]:
    return {
        "id": item.external_id,
        "text": item.text,
        "created_at": _time(item.published),
        "updated_at": _time(item.edited),
        "url": item.url,
        "thread_id": item.thread_id,
        "channel_type": item.channel_type,
        "raw": dict(item.raw) if item.raw else None,
    }


def _mention(item: Mention) -> dict[str, Any]:
    return {
        **_common(item),
        **_author(item.author),
        "title": item.title,
        "kind": item.kind,
        "delivered_at": _time(item.delivered),
        "parent_id": item.parent_id,
        "addressed": item.addressed,
        "private": item.private,
        "rating": item.rating,
        "rating_max": None if item.rating is None else item.rating_max,
        "lang": item.language,
        "media": item.media or None,
        "likes": item.engagement.likes,
        "shares": item.engagement.shares,
        "replies": item.engagement.replies,
        "views": item.engagement.views,
        "article": item.article_key,
        "publisher": item.publisher,
        "repost": item.repost or None,
        "automatic": item.automatic or None,
    }


def _reply(item: Reply) -> dict[str, Any]:
    return {
        "type": "reply",
        **_common(item),
        **_author(item.author),
        "delivered_at": _time(item.delivered),
        "parent_id": item.parent_id,
        "to": list(item.to),
        "certainty": None if item.certainty == "sure" else item.certainty,
        "automatic": item.automatic or None,
        "private": item.private,
    }


def _author(author: Author) -> dict[str, Any]:
    return {
        "author": author.name,
        "author_id": author.id,
        "author_handle": author.handle,
        "author_url": author.url,
        "followers": author.followers,
        "author_bot": author.is_bot or None,
    }


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
