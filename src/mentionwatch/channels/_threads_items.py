"""From posts of Threads to items; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mentionwatch.channels._values import moment, needed, table, text, web
from mentionwatch.model.items import Author, Item, Mention, OwnPost, Reply

POST = (
    "id,media_product_type,media_type,permalink,username,text,timestamp,shortcode,is_quote_post,"
    "has_replies,quoted_post,topic_tag"
)
REPLY = (
    "id,media_product_type,media_type,permalink,username,text,timestamp,shortcode,is_quote_post,"
    "has_replies,is_reply,is_reply_owned_by_me,root_post,replied_to,hide_status,reply_audience,"
    "quoted_post,topic_tag"
)
_HIDDEN = ("HIDDEN", "BLOCKED", "RESTRICTED")
_MEDIA = ("IMAGE", "VIDEO", "CAROUSEL_ALBUM", "AUDIO")


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """
    One post. ``item`` None: a repost without words. ``root``: under which post it stands.
    """

    id: str
    at: datetime | None
    item: Item | None
    root: str = ""
    has_replies: bool = False


def read_post(
    thing: dict[str, Any], own: frozenset[str], *, addressed: bool = True, thread: str = ""
) -> Post:
    """
    Return a post of ours or of somebody's. Raises KeyError and the like.

    Args:
        own: Our names, in small letters.
        addressed: It was found where people write to us, not by search.
        thread: The post under which it was found; some answers leave that out.
    """
    identifier = needed(thing["id"])
    above = text(table(thing.get("replied_to")).get("id"))
    root = text(table(thing.get("root_post")).get("id")) or thread or above
    at = moment(thing.get("timestamp"))
    found = Post(
        id=identifier,
        at=at,
        item=None,
        root=root,
        has_replies=thing.get("has_replies") is not False,
    )
    if thing.get("media_type") == "REPOST_FACADE":
        return found
    ours = user(thing) in own or thing.get("is_reply_owned_by_me") is True
    item = _ours(thing, found, above) if ours else _theirs(thing, found, above, addressed)
    return Post(id=identifier, at=at, item=item, root=root, has_replies=found.has_replies)


def user(thing: dict[str, Any]) -> str:
    return text(thing.get("username")).strip().casefold()


def _ours(thing: dict[str, Any], found: Post, above: str) -> Item:
    common: dict[str, Any] = {
        "external_id": found.id,
        "text": text(thing.get("text")),
        "published": found.at,
        "url": web(thing.get("permalink")),
    }
    quoted = text(table(thing.get("quoted_post")).get("id"))
    if found.root or above:
        return Reply(**common, author=_author(thing), thread_id=found.root, parent_id=above)
    if quoted:  # to quote somebody may be an answer; it does not say so
        return Reply(
            **common,
            author=_author(thing),
            thread_id=quoted,
            parent_id=quoted,
            certainty="likely",
        )
    return OwnPost(**common, thread_id=found.id)


def _theirs(thing: dict[str, Any], found: Post, above: str, addressed: bool) -> Mention:
    return Mention(
        external_id=found.id,
        text=text(thing.get("text")),
        author=_author(thing),
        published=found.at,
        addressed=addressed,
        kind="reply" if found.root else "post",
        url=web(thing.get("permalink")),
        thread_id=found.root or found.id,
        parent_id=above or found.root,
        media=int(thing.get("media_type") in _MEDIA),
        skipped="hidden" if thing.get("hide_status") in _HIDDEN else "",
    )


def _author(thing: dict[str, Any]) -> Author:
    """Threads tells nothing of others but their names."""
    name = user(thing)
    url = web(f"https://www.threads.net/@{name}") if name else ""
    return Author(id=name, handle=name, name=name, url=url)
