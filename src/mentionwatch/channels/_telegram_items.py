"""What Telegram's messages are to us."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mentionwatch.channels import reading
from mentionwatch.channels._values import each, rows, table, text, web
from mentionwatch.model.items import Author, Item, Mention, OwnPost, Reply
from mentionwatch.model.times import parse_time

KINDS = ("message", "edited_message", "channel_post", "edited_channel_post")
_MEDIA = (
    "photo", "video", "voice", "video_note", "audio", "document", "animation", "sticker",
    "live_photo", "paid_media", "story",
)  # fmt: skip
# Things without words that a customer sends; everything else without words is Telegram's own note.
_WORDLESS = ("location", "venue", "contact", "poll", "checklist", "dice", "game")
_SUPERGROUP = "-100"


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """``latest``: the number of the last update; ``moved``: new chat -> the one that it was."""

    items: tuple[Item, ...] = ()
    latest: int = 0
    moved: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """
    Reads updates.

    ``ours``: ids and lower-case user names of people, groups and channels that are us. ``bot``:
    the same of the bot. ``chats``: groups that are listened to; empty for all. ``own_chats``:
    where everything is said to us. ``moved`` as in `Batch`.
    """

    ours: frozenset[str] = frozenset()
    bot: frozenset[str] = frozenset()
    chats: frozenset[str] = frozenset()
    own_chats: frozenset[str] = frozenset()
    moved: Mapping[str, str] = field(default_factory=dict)

    def read(self, payload: Any) -> Batch:
        """Return what a list of updates holds. Raises UnexpectedPayload."""
        with reading("the list of Telegram updates"):
            updates = payload["result"]
            if not isinstance(updates, list):
                raise TypeError("result is no list")
            numbers = [_whole(one["update_id"]) for one in updates]
            moved = {**self.moved, **_moves(updates)}
        reader = self if moved == self.moved else _with_moves(self, moved)
        items: tuple[Item, ...]
        items, warnings = each("Telegram updates", updates, reader.item)
        # A message and its edit may come together: the later one counts.
        items = tuple({one.external_id: one for one in items}.values())
        return Batch(items=items, latest=max(numbers, default=0), moved=moved, warnings=warnings)

    def item(self, update: Mapping[str, Any]) -> Item | None:
        """Return what an update is; None for what is nothing to us. Raises ValueError."""
        message = next((update[kind] for kind in KINDS if kind in update), None)
        if message is None:
            return None  # a kind that came with a later version
        chat = message["chat"]
        chat_id = str(_whole(chat["id"]))
        place = self.moved.get(chat_id, chat_id)
        in_group = chat.get("type") != "private"
        if in_group and self.chats and not {chat_id, place} & self.chats:
            return None
        words, media = _words(message)
        if not words and not media:
            return None
        if not in_group and words.split(maxsplit=1)[0:1] == ["/start"]:
            return None  # he has only opened the bot
        return self._item(message, chat, chat_id, place, words, media)

    def _item(
        self,
        message: Mapping[str, Any],
        chat: Mapping[str, Any],
        chat_id: str,
        place: str,
        words: str,
        media: int,
    ) -> Item:
        author, private = _author(message), chat.get("type") == "private"
        above = table(message.get("reply_to_message"))
        number = str(_whole(message["message_id"]))
        common: dict[str, Any] = {
            "external_id": f"{chat_id}:{number}",
            "text": words,
            "published": _time(message.get("date")),
            "edited": _time(message.get("edit_date")),
            "url": _link(chat, chat_id, number),
        }
        if self._is_ours(message):
            if message.get("is_automatic_forward") is True:  # our channel's post, to be discussed
                return OwnPost(**common, thread_id=place)
            return self._ours(common, above, author, chat_id, place, private)
        return Mention(
            **common,
            author=author,
            addressed=private or self._to_us(message, above, {chat_id, place}),
            kind="message" if private else "post",
            thread_id=place,
            parent_id=_above(chat_id, above),
            private=private,
            media=media,
            links=_links(message),
        )

    def _ours(
        self,
        common: Mapping[str, Any],
        above: Mapping[str, Any],
        author: Author,
        chat_id: str,
        place: str,
        private: bool,
    ) -> Item:
        if not above and place in self.ours:
            return OwnPost(**common, thread_id=place)
        return Reply(
            **common,
            author=author,
            thread_id=place,
            parent_id=_above(chat_id, above),
            # In a group, words that answer nothing may be to anybody.
            certainty="sure" if above or private else "likely",
            automatic=author.is_bot,
            private=private,
        )

    def _is_ours(self, message: Mapping[str, Any]) -> bool:
        return bool(_names(message) & (self.ours | self.bot))

    def _to_us(
        self, message: Mapping[str, Any], above: Mapping[str, Any], places: set[str]
    ) -> bool:
        us = self.ours | self.bot
        if above and not _is_topic(above):
            return bool(_names(above) & us)
        return bool(places & self.own_chats or _tagged(message) & us)


def _with_moves(reader: Reader, moved: Mapping[str, str]) -> Reader:
    from dataclasses import replace

    return replace(reader, moved=moved)


def read_me(payload: Any) -> Mapping[str, Any]:
    """Return the bot's own user."""
    with reading("Telegram's answer about the bot"):
        user: Mapping[str, Any] = payload["result"]
        _whole(user["id"])
        return user


def names_of(user: Mapping[str, Any]) -> frozenset[str]:
    """Return id and lower-case user name of a user or chat."""
    name = text(user.get("username")).lower()
    return frozenset({str(user.get("id", "")), name} - {""})


def _names(message: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of who wrote: a group or channel that speaks stands for its people."""
    sender = table(message.get("sender_chat")) or table(message.get("from"))
    if not sender and table(message.get("chat")).get("type") == "channel":
        sender = table(message["chat"])
    return names_of(sender)


def _author(message: Mapping[str, Any]) -> Author:
    sender = table(message.get("sender_chat")) or table(message.get("from"))
    sender = sender or table(message.get("chat"))
    name = text(sender.get("title")) or " ".join(
        filter(None, (text(sender.get("first_name")), text(sender.get("last_name"))))
    )
    handle = text(sender.get("username"))
    return Author(
        id=str(_whole(sender["id"])),
        name=name,
        handle=f"@{handle}" if handle else "",
        url=web(f"https://t.me/{handle}") if handle else "",
        is_bot=sender.get("is_bot") is True,
    )


def _words(message: Mapping[str, Any]) -> tuple[str, int]:
    """Return the text, and how many things are attached."""
    words = text(message.get("text")) or text(message.get("caption"))
    media = int(any(message.get(kind) for kind in _MEDIA))
    if not words:
        words = next((f"[{kind}]" for kind in _WORDLESS if message.get(kind)), "")
    return words.strip(), media


def _entities(message: Mapping[str, Any]) -> list[tuple[dict[str, Any], str]]:
    """Return marked places with their words; they are counted in UTF-16 units."""
    found = []
    for words, marks in (("text", "entities"), ("caption", "caption_entities")):
        coded = text(message.get(words)).encode("utf-16-le", "surrogatepass")
        for one in rows(message.get(marks)):
            start, length = one.get("offset"), one.get("length")
            if isinstance(start, int) and isinstance(length, int) and 0 <= start <= len(coded):
                part = coded[2 * start : 2 * (start + max(0, min(length, len(coded))))]
                found.append((one, part.decode("utf-16-le", "replace")))
    return found


def _tagged(message: Mapping[str, Any]) -> frozenset[str]:
    found: set[str] = set()
    for mark, words in _entities(message):
        if mark.get("type") == "mention":
            found.add(words.lstrip("@").lower())
        elif mark.get("type") == "text_mention":
            found |= names_of(table(mark.get("user")))
        elif mark.get("type") == "bot_command":
            found.add(words.partition("@")[2].lower())
    return frozenset(found - {""})


def _links(message: Mapping[str, Any]) -> tuple[str, ...]:
    links = [web(mark.get("url")) for mark, _ in _entities(message)]
    return tuple(dict.fromkeys(filter(None, links)))


def _above(chat_id: str, above: Mapping[str, Any]) -> str:
    if not above or _is_topic(above):
        return ""
    number = above.get("message_id")
    return f"{chat_id}:{number}" if isinstance(number, int) else ""


def _is_topic(above: Mapping[str, Any]) -> bool:
    """In a group with topics, every message formally answers the note that opened its topic."""
    return bool(above.get("forum_topic_created"))


def _moves(updates: list[Any]) -> dict[str, str]:
    found = {}
    for update in updates:
        message = table(table(update).get("message"))
        old = table(message.get("chat")).get("id")
        new = message.get("migrate_to_chat_id")
        if isinstance(old, int) and isinstance(new, int):
            found[str(new)] = str(old)
    return found


def _link(chat: Mapping[str, Any], chat_id: str, number: str) -> str:
    name = text(chat.get("username"))
    if chat.get("type") not in ("supergroup", "channel"):
        return ""
    if name:
        return web(f"https://t.me/{name}/{number}")
    if chat_id.startswith(_SUPERGROUP):
        return f"https://t.me/c/{chat_id.removeprefix(_SUPERGROUP)}/{number}"
    return ""


def _whole(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        return value
    raise ValueError("a number is missing")


def _time(value: object) -> datetime | None:
    try:
        return parse_time(value) if isinstance(value, int) and value > 0 else None
    except ValueError:
        return None
