"""
One record, the shape in which files and programs hand items over: docs/records.md.

A record is a JSON object with at least an id and a text. What it does not know it leaves out;
what we do not know is kept under ``raw``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mentionwatch.channels._times import UnknownTime, instant
from mentionwatch.errors import ChannelError
from mentionwatch.model.items import Author, Deletion, Engagement, Item, Mention, OwnPost, Reply
from mentionwatch.model.text import LIMIT, clean

MAX_ID = 1_000

# fmt: off
FIELDS = frozenset((
    "type", "id", "text", "title", "url", "author", "author_id", "author_url",
    "author_handle", "author_bot", "followers", "created_at", "updated_at", "delivered_at",
    "replied_at", "replied", "reply_text", "thread_id", "parent_id", "to", "kind", "rating",
    "rating_max", "lang", "is_own", "private", "addressed", "automatic", "repost",
    "certainty", "channel", "channel_type", "article", "publisher", "media", "likes",
    "shares", "replies", "views", "status", "tags", "raw",
))
# fmt: on
TIMES = ("created_at", "updated_at", "delivered_at", "replied_at")

# Records of these types are not items: STATE and LOG, and what a later protocol may add.
_CONTROL = re.compile(r"[A-Z][A-Z_]*")
_TYPE_NAME = re.compile(r"[a-z0-9][a-z0-9_.]{0,39}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?=$|[-_])")
_COUNT = re.compile(r"[0-9]{1,15}")
_STARS = re.compile(r"([★⭐]+)[☆\uFE0F]*")
_RATING = re.compile(r"([0-9]{1,3}(?:[.,][0-9]{1,10})?)(?:\s*/\s*([0-9]{1,3}))?")
_FLAGS = {
    **dict.fromkeys(("true", "yes", "y", "1"), True),
    **dict.fromkeys(("false", "no", "n", "0"), False),
}
_COUNTS = ("likes", "shares", "replies", "views")
_NO_ENGAGEMENT = Engagement()
# Kept for whoever maps again later; an item has no place for them.
_ONLY_RAW = ("status", "tags")


class RecordRefused(ChannelError):
    """A record from which no item can be made; the message names the field."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordDefaults:
    """What holds for every record that does not say otherwise; ``tz`` as in `instant`."""

    addressed: bool = True
    private: bool = False
    kind: str = "message"
    channel_type: str = ""
    tz: str = ""
    date_format: str = ""


def is_control(record: Mapping[str, Any]) -> bool:
    """Tell whether this is a line for the program itself, e.g. STATE or LOG."""
    name = record.get("type")
    return isinstance(name, str) and _CONTROL.fullmatch(name) is not None


def items_of(
    record: Mapping[str, Any], defaults: RecordDefaults = RecordDefaults()
) -> tuple[Item, ...]:
    """
    Return the items that one record stands for.

    None for a control line; a mention and a reply where the record says when it was answered.

    Raises:
        RecordRefused: A field that decides (id, text, times, whose it is) cannot be used.
    """
    if is_control(record):
        return ()
    fields = _Fields(record, defaults)
    match record.get("type"):
        case "deleted":
            return (Deletion(external_id=fields.id()),)
        case "reply":
            return (_reply(fields),)
        case "own_post":
            return (_own_post(fields),)
    if fields.flag("is_own", False):
        return (_own_post(fields) if _opens_a_thread(fields) else _reply(fields),)
    mention = _mention(fields)
    return (mention, *_answer(fields, mention))


class _Fields:
    """The values of one record, each read as what it should be."""

    def __init__(self, record: Mapping[str, Any], defaults: RecordDefaults) -> None:
        self.record = record
        self.defaults = defaults
        self.left: dict[str, Any] = {}

    def text(self, key: str, most: int = LIMIT) -> str:
        value = self.record.get(key)
        if value is None:
            return ""
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            value = _whole(value)
        if not isinstance(value, str):
            raise RecordRefused(f"{key}: a text is expected, not {_named(value)}")
        return clean(value, most)

    def name(self, key: str) -> str:
        """Return an id, or "" where there is none."""
        found = self.text(key, 2 * MAX_ID)
        if len(found) > MAX_ID:
            raise RecordRefused(f"{key}: longer than {MAX_ID} characters")
        return found

    def id(self) -> str:
        found = self.name("id")
        if not found:
            raise RecordRefused("id: missing; each record needs one that stays the same")
        return found

    def time(self, key: str) -> datetime | None:
        value = self.record.get(key)
        if value is None:
            return None
        try:
            return instant(value, tz=self.defaults.tz, pattern=self.defaults.date_format)
        except UnknownTime as error:
            raise RecordRefused(f"{key}: {error}") from None

    def flag(self, key: str, otherwise: bool) -> bool:
        value = self.record.get(key)
        if value is None or value == "":
            return otherwise
        found = _FLAGS.get(str(value).strip().casefold())
        if found is None:
            raise RecordRefused(f"{key}: true or false is expected, not {_named(value)}")
        return found

    def count(self, key: str) -> int | None:
        """Return a number of things; an unreadable one is no reason to lose a customer."""
        value = self.record.get(key)
        if value is None:
            return None
        if isinstance(value, list):
            return len(value)
        found = _COUNT.fullmatch(str(_whole(value)).strip())
        if found is None:
            self.leave(key, value)
            return None
        return int(found[0])

    def link(self, key: str) -> str:
        value = self.record.get(key)
        if value is None:
            return ""
        if isinstance(value, str) and len(value) <= 4_000:
            found = clean(value)
            if found.lower().startswith(("http://", "https://")):
                return found
        self.leave(key, value)
        return ""

    def matching(self, key: str, form: re.Pattern[str]) -> str:
        value = self.record.get(key)
        found = form.match(value.strip()) if isinstance(value, str) else None
        if found is None:
            self.leave(key, value)
            return ""
        return found[0]

    def raw(self) -> Mapping[str, Any] | None:
        found = {key: value for key, value in self.record.items() if key not in FIELDS}
        found.update((key, self.record[key]) for key in _ONLY_RAW if self.record.get(key))
        own = self.record.get("raw")
        if isinstance(own, Mapping):
            found.update(own)
        elif own is not None:
            found["raw"] = own
        return {**self.left, **found} or None

    def leave(self, key: str, value: object) -> None:
        if value is not None and value != "":
            self.left[key] = value


def _mention(fields: _Fields) -> Mention:
    rating, rating_max = _rating(fields)
    mention = Mention(
        external_id=fields.id(),
        text=fields.text("text"),
        title=fields.text("title", 10_000),
        author=_author(fields),
        published=fields.time("created_at"),
        delivered=fields.time("delivered_at"),
        edited=_edited(fields),
        addressed=fields.flag("addressed", fields.defaults.addressed),
        kind=fields.text("kind", 100) or _kind(fields, rating),
        url=fields.link("url"),
        thread_id=fields.name("thread_id"),
        parent_id=fields.name("parent_id"),
        private=fields.flag("private", fields.defaults.private),
        rating=rating,
        rating_max=rating_max,
        language=fields.matching("lang", _LANGUAGE).lower(),
        media=fields.count("media") or 0,
        engagement=_engagement(fields),
        article_key=fields.text("article", 4_000),
        publisher=fields.text("publisher", 1_000),
        channel_type=_channel_type(fields),
        repost=fields.flag("repost", False),
        automatic=fields.flag("automatic", False),
        raw=fields.raw(),
    )
    _says_something(mention)
    return mention


def _engagement(fields: _Fields) -> Engagement:
    found = {key: fields.count(key) for key in _COUNTS if key in fields.record}
    return Engagement(**found) if found else _NO_ENGAGEMENT


def _kind(fields: _Fields, rating: float | None) -> str:
    return fields.defaults.kind if rating is None else "review"


def _says_something(mention: Mention) -> None:
    """Refuse what is empty; stars, a photo, a repost or a call are something."""
    silent = mention.kind == "call" or mention.repost
    words = mention.text or mention.title
    if not (words or mention.media or mention.rating is not None or silent):
        raise RecordRefused("text: missing, and there is no title either")


def _reply(fields: _Fields) -> Reply:
    parent, thread = fields.name("parent_id"), fields.name("thread_id")
    if not (parent or thread):
        raise RecordRefused("parent_id: missing; a reply needs it or a thread_id")
    published = fields.time("created_at")
    certainty = fields.text("certainty", 100) or "sure"
    if certainty not in ("sure", "likely"):
        raise RecordRefused(f'certainty: "sure" or "likely" is expected, not {_named(certainty)}')
    when = published.isoformat() if published else ""
    return Reply(
        external_id=fields.name("id") or f"{parent or thread}#reply@{when}",
        text=fields.text("text") or fields.text("title"),
        published=published,
        delivered=fields.time("delivered_at"),
        edited=_edited(fields),
        author=_author(fields),
        url=fields.link("url"),
        thread_id=thread,
        parent_id=parent,
        to=_names(fields.record.get("to")),
        certainty=certainty,
        automatic=fields.flag("automatic", False),
        private=fields.flag("private", fields.defaults.private),
        channel_type=_channel_type(fields),
        raw=fields.raw(),
    )


def _own_post(fields: _Fields) -> OwnPost:
    return OwnPost(
        external_id=fields.id(),
        text=fields.text("text") or fields.text("title"),
        published=fields.time("created_at"),
        url=fields.link("url"),
        thread_id=fields.name("thread_id"),
        edited=_edited(fields),
        channel_type=_channel_type(fields),
        raw=fields.raw(),
    )


def _opens_a_thread(fields: _Fields) -> bool:
    thread = fields.name("thread_id")
    return not fields.name("parent_id") and (not thread or thread == fields.name("id"))


def _answer(fields: _Fields, mention: Mention) -> tuple[Reply, ...]:
    """Return our reply where the record of the mention tells of one."""
    replied = fields.time("replied_at")
    if replied is None and not fields.flag("replied", False):
        return ()
    return (
        Reply(
            external_id=f"{mention.external_id}#replied",
            text=fields.text("reply_text"),
            published=replied or fields.time("updated_at"),
            thread_id=mention.thread_id,
            parent_id=mention.external_id,
            private=mention.private,
            channel_type=mention.channel_type,
        ),
    )


def _author(fields: _Fields) -> Author:
    return Author(
        id=fields.name("author_id"),
        name=fields.text("author", 1_000),
        handle=fields.text("author_handle", 1_000),
        url=fields.link("author_url"),
        followers=fields.count("followers"),
        is_bot=fields.flag("author_bot", False),
    )


def _edited(fields: _Fields) -> datetime | None:
    edited, published = fields.time("updated_at"), fields.time("created_at")
    return edited if edited and (published is None or edited > published) else None


def _rating(fields: _Fields) -> tuple[float | None, float]:
    value = fields.record.get("rating")
    if value is None:
        return None, 5.0
    most = _number("rating_max", fields.record.get("rating_max")) or 5.0
    if isinstance(value, str):
        if stars := _STARS.fullmatch(value.strip()):
            return float(len(stars[1])), most
        if written := _RATING.fullmatch(value.strip()):
            value, most = written[1].replace(",", "."), float(written[2] or most)
    rating = _number("rating", value)
    if rating is not None and not 0 <= rating <= most:
        raise RecordRefused(f"rating: {rating:g} is not between 0 and {most:g} (rating_max)")
    return rating, most


def _number(key: str, value: object) -> float | None:
    if value is None or value == "":
        return None
    try:
        found = float(value) if isinstance(value, (int, float, str)) else float("nan")
    except (ValueError, OverflowError):
        found = float("nan")
    if isinstance(value, bool) or found != found or abs(found) > 1_000_000:
        raise RecordRefused(f"{key}: a number is expected, not {_named(value)}")
    return found


def _channel_type(fields: _Fields) -> str:
    for key in ("channel_type", "channel"):
        value = fields.record.get(key)
        if isinstance(value, str):
            name = value.strip().lower().replace(" ", "_").replace("-", "_")
            if _TYPE_NAME.fullmatch(name):
                return name
        fields.leave(key, value)
    return fields.defaults.channel_type


def _names(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, (list, tuple)):
        return ()
    return tuple(clean(name, MAX_ID) for name in value if isinstance(name, str) and name)


def _whole(value: Any) -> Any:
    """Return 12.0 as "12"; programs write ids and counts as floats without meaning it."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**1_000:
        return ""
    return str(value) if isinstance(value, (int, float)) else value


def _named(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, (list, tuple)):
        return "a list"
    text = clean(str(value)) if not isinstance(value, int) or abs(value) < 10**40 else "…"
    return f'"{text[:40]}{"…" if len(text) > 40 else ""}"'
