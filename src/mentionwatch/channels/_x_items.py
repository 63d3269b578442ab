"""
Posts and messages of X as mentions, replies and own posts; both vocabularies are read.

Fields: https://docs.x.com/x-api/fundamentals/data-dictionary
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from typing import Any

from mentionwatch.channels._values import (
    count,
    moment,
    needed,
    rows,
    table,
    text,
    texts,
    total,
    web,
)
from mentionwatch.model.items import Author, Engagement, Mention, OwnPost, Reply
from mentionwatch.model.times import from_ms

_ID = re.compile(r"[0-9]{1,19}", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9_]{1,15}", re.ASCII)
_NO_LANGUAGE = re.compile(r"und|zxx|art|q[a-z]{2}")
_OLD_CODES = {"in": "id", "iw": "he", "ji": "yi"}
_FIRST_MS = 1_288_834_974_657  # what the times in ids count from
_WITHOUT_TIME = 2**40  # ids of before November 2010

People = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Us:
    """
    Who we are; ``name`` as we write it.

    ``names``: user names of all our accounts, in small letters. ``waiting``: ids of mentions that
    still wait; to quote one of them is perhaps an answer.
    """

    user_id: str
    name: str = ""
    names: frozenset[str] = frozenset()
    waiting: frozenset[str] = frozenset()

    def owns(self, user_id: str, person: Mapping[str, Any]) -> bool:
        return user_id == self.user_id or text(person.get("username")).casefold() in self.names


def own_name(name: str) -> str:
    """Return the user name in "@acme" or an address of X, in small letters; "" for others."""
    plain = name.strip().casefold().rstrip("/")
    plain = re.sub(r"^https?://(?:www\.|mobile\.)?(?:x|twitter)\.com/", "@", plain)
    return plain[1:] if plain.startswith("@") and _NAME.fullmatch(plain[1:]) else ""


def identifier(value: object) -> str:
    """Return an id, which is a number written as text. Raises ValueError."""
    found = needed(value)
    if not _ID.fullmatch(found):
        raise ValueError("an id holds more than digits")
    return found


def time_of(post_id: str) -> datetime | None:
    """Return when a post was made, as its id says; None for ids that are not of that kind."""
    if not _ID.fullmatch(post_id) or int(post_id) < _WITHOUT_TIME:
        return None
    return from_ms((int(post_id) >> 22) + _FIRST_MS)


def item(
    post: Mapping[str, Any],
    people: People,
    us: Us,
    *,
    addressed: bool = False,
    author: Author | None = None,
    own: bool = False,
) -> Mention | Reply | OwnPost | None:
    """
    Return what a post is to us; None for a repost, whose text is cut and only adds to a count.

    Args:
        people: The authors that came along, by id.
        addressed: It comes from the list of what names us.
        author: Who wrote it, where it was asked for without its author.
        own: It comes from the list of our own.

    Raises:
        ValueError: It has no id, text or author.
    """
    references = _references(post)
    if references.get("retweeted"):
        return None
    wrote = text(post.get("author_id")) or (author.id if author else us.user_id if own else "")
    person = people.get(identifier(wrote), {})
    if own or us.owns(wrote, person):
        return _ours(post, references, person or {"username": us.name}, us)
    named = {text(one.get("id")) for one in _named(post)}
    names = {text(one.get("username")).casefold() for one in _named(post)}
    replied, to = references.get("replied_to", ""), text(post.get("in_reply_to_user_id"))
    return Mention(
        **_common(post, person, known=author is None),
        author=author or _author(wrote, person),
        addressed=addressed or us.user_id in {to, *named} or bool(names & us.names),
        kind="comment" if replied or to else "post",
        parent_id=replied,
        language=_language(post.get("lang")),
        media=len(texts(table(post.get("attachments")).get("media_keys"))),
        engagement=_engagement(table(post.get("public_metrics"))),
        links=_links(post),
    )


def _ours(
    post: Mapping[str, Any], references: Mapping[str, str], person: Mapping[str, Any], us: Us
) -> Reply | OwnPost:
    common = _common(post, person, known=True)
    replied, to = references.get("replied_to", ""), text(post.get("in_reply_to_user_id"))
    others = tuple(text(one.get("id")) for one in _named(post) if text(one.get("id")))
    others = tuple(one for one in others if one != us.user_id)
    if replied or to:
        if to == us.user_id and not others:  # the next part of a thread of our own
            return OwnPost(**common)
        answered = (to,) if to and to != us.user_id else ()
        return Reply(**common, parent_id=replied, to=answered)
    quoted = references.get("quoted", "")
    if quoted in us.waiting:
        return Reply(**{**common, "thread_id": ""}, parent_id=quoted, certainty="likely")
    if others and text(common["text"]).startswith("@"):
        return Reply(**{**common, "thread_id": ""}, to=others, certainty="likely")
    return OwnPost(**common)


def _common(post: Mapping[str, Any], person: Mapping[str, Any], *, known: bool) -> dict[str, Any]:
    """Return what every kind of item has. An edit gives a post a new id: the first one counts."""
    here = identifier(post.get("id"))
    versions = texts(post.get("edit_history_tweet_ids"))
    versions = versions or texts(post.get("edit_history_post_ids"))
    first = identifier(versions[0]) if versions else here
    created = moment(post.get("created_at"))
    return {
        "external_id": first,
        "text": words(post),
        "published": created if first == here else time_of(first) or created,
        "edited": None if first == here else time_of(here) or created,
        "url": permalink(person, here) if known else "",
        "thread_id": text(post.get("conversation_id")) or first,
        "raw": post,
    }


def permalink(person: Mapping[str, Any], post_id: str) -> str:
    name = text(person.get("username"))
    place = f"{name}/status" if _NAME.fullmatch(name) else "i/web/status"
    return f"https://x.com/{place}/{post_id}"


def words(post: Mapping[str, Any]) -> str:
    """
    Return the whole text, with the addresses to which its short links lead.

    Raises:
        ValueError: It has none.
    """
    note = table(post.get("note_tweet")) or table(post.get("note_post"))
    written = text(note.get("text")) or needed(post.get("text"))
    said = unescape(written)
    for one in _urls(post):
        short = text(one.get("url"))
        if short and short in said:
            said = said.replace(short, "" if _is_picture(one) else _target(one) or short)
    return said.strip()


def _urls(post: Mapping[str, Any]) -> list[dict[str, Any]]:
    note = table(post.get("note_tweet")) or table(post.get("note_post"))
    entities = table(note.get("entities")) or table(post.get("entities"))
    return rows(entities.get("urls"))


def _is_picture(url: Mapping[str, Any]) -> bool:
    shown = text(url.get("display_url"))
    return bool(url.get("media_key")) or shown.startswith(("pic.x.com/", "pic.twitter.com/"))


def _target(url: Mapping[str, Any]) -> str:
    return web(url.get("unwound_url")) or web(url.get("expanded_url"))


def _links(post: Mapping[str, Any]) -> tuple[str, ...]:
    found = dict.fromkeys(_target(one) for one in _urls(post) if not _is_picture(one))
    return tuple(link for link in found if link)


def _references(post: Mapping[str, Any]) -> dict[str, str]:
    """Return the posts that a post answers, quotes or repeats, by the kind of reference."""
    found = rows(post.get("referenced_tweets")) or rows(post.get("referenced_posts"))
    named = {text(one.get("type")): text(one.get("id")) for one in found}
    return {kind: one for kind, one in named.items() if _ID.fullmatch(one)}


def _named(post: Mapping[str, Any]) -> list[dict[str, Any]]:
    return rows(table(post.get("entities")).get("mentions"))


def _author(user_id: str, person: Mapping[str, Any]) -> Author:
    name = text(person.get("username"))
    name = name if _NAME.fullmatch(name) else ""
    return Author(
        id=user_id,
        name=text(person.get("name")) or name,
        handle=f"@{name}" if name else "",
        url=f"https://x.com/{name}" if name else "",
        followers=count(table(person.get("public_metrics")).get("followers_count")),
    )


def _engagement(metrics: Mapping[str, Any]) -> Engagement:
    repeats = metrics.get("retweet_count", metrics.get("repost_count"))
    return Engagement(
        likes=count(metrics.get("like_count")),
        shares=total(repeats, metrics.get("quote_count")),
        replies=count(metrics.get("reply_count")),
        views=count(metrics.get("impression_count")),
    )


def _language(value: object) -> str:
    found = text(value)
    return "" if _NO_LANGUAGE.fullmatch(found) else _OLD_CODES.get(found, found)


# --- direct messages -----------------------------------------------------------------------------


def message(event: Mapping[str, Any], people: People, us: Us) -> Mention | Reply | None:
    """
    Return what a direct message is to us; None for what is no message.

    Raises:
        ValueError: It has no id or sender.
    """
    if text(event.get("event_type")) != "MessageCreate":
        return None
    sender = identifier(event.get("sender_id"))
    conversation = text(event.get("dm_conversation_id"))
    media = len(texts(table(event.get("attachments")).get("media_keys")))
    common: dict[str, Any] = {
        "external_id": f"dm:{identifier(event.get('id'))}",
        "text": unescape(text(event.get("text"))),
        "published": moment(event.get("created_at")),
        "thread_id": f"dm:{conversation}" if conversation else "",
        "url": web(f"https://x.com/messages/{conversation}") if conversation else "",
        "private": True,
        "raw": event,
    }
    person = people.get(sender, {})
    if us.owns(sender, person):
        return Reply(**common, author=_author(sender, person))
    author = _author(sender, person)
    return Mention(**common, author=author, addressed=True, kind="message", media=media)
