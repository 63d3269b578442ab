"""What Discord's messages are to us."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from mentionwatch.channels import reading
from mentionwatch.channels._values import count, each, moment, rows, table, text
from mentionwatch.model.items import Author, Engagement, Item, Mention, OwnPost, Reply

NORMAL, REPLY = 0, 19  # the types of message that people write; all others are Discord's notes
NOT_INDEXED = 110000
_EPOCH = datetime(2015, 1, 1, tzinfo=UTC)
_PERSON = re.compile(r"<@!?([0-9]{1,20})>")
_EMOJI = re.compile(r"<a?:([A-Za-z0-9_]{1,64}):[0-9]{1,20}>")
_THREADS = (10, 11, 12)
_WITH_TEXT = (0, 5)
_CONTENT_INTENT = 1 << 18 | 1 << 19


UNVERIFIED: tuple[str, ...] = (
    "`min_id` may be inclusive: what is known is passed over, and a page without anything newer "
    "ends the walk; otherwise nothing changes",
    "`after` gives the page that follows directly: the highest id of a page is the next place; "
    "otherwise messages in between are missed",
    "`replied_to_user_id`, and several values of `mentions` and `author_type`, are taken by the "
    "search; otherwise the refusal is said and answers to you come by the other searches",
    "`hit` marks what was found among its neighbours; otherwise the neighbours are read too",
    "the bits of `flags` tell of the Message Content Intent; otherwise the warning about it is "
    "wrong",
    "404 for a single message means that it was deleted; otherwise it leaves the queue too early",
    "the number in `retry_after` beside `code` 110000 is seconds; otherwise the index is asked for "
    "again too early, three times at most",
    "a thread bears the number of the message from which it was begun; otherwise an answer in it "
    "is a conversation of its own",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """``newest``: the highest id of the page, also of what is nothing to us; "" for none."""

    items: tuple[Item, ...] = ()
    newest: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """
    Reads messages of one server.

    ``ours``: ids of our people and of the bot. ``threads``: channels that are threads. ``to_us``:
    all of it is said to us. ``thread_id``: of a message that is looked at again.
    """

    guild: str
    ours: frozenset[str] = frozenset()
    bot: str = ""
    threads: frozenset[str] = frozenset()
    to_us: bool = False
    thread_id: str = ""

    def messages(self, things: list[Any]) -> Batch:
        """Return what a page of messages holds."""
        ids = [text(table(one).get("id")) for one in things]
        items: tuple[Item, ...]
        items, warnings = each("Discord messages", things, self.item)
        newest = max((one for one in ids if is_id(one)), key=int, default="")
        return Batch(items=items, newest=newest, warnings=warnings)

    def item(self, message: Mapping[str, Any]) -> Item | None:
        """Return what a message is; None for Discord's own notes. Raises ValueError."""
        if message.get("type") not in (NORMAL, REPLY):
            return None
        channel, number = _id(message["channel_id"]), _id(message["id"])
        author = table(message["author"])
        who = _id(author["id"])
        above = table(message.get("message_reference"))
        parent = _place(above) if message.get("type") == REPLY else ""
        common: dict[str, Any] = {
            "external_id": f"{channel}:{number}",
            "text": _words(message),
            "published": moment(message.get("timestamp")),
            "edited": moment(message.get("edited_timestamp")),
            "url": f"https://discord.com/channels/{self.guild}/{channel}/{number}",
        }
        thread = self._thread(channel, number, parent)
        if who in self.ours and not message.get("webhook_id"):
            return self._ours(message, common, author, parent, thread, channel in self.threads)
        media = len(rows(message.get("attachments"))) + len(rows(message.get("sticker_items")))
        if not common["text"] and not media:
            return None  # an embed, or a text that the bot may not see
        return Mention(
            **common,
            author=_author(author),
            addressed=self._addressed(message, parent),
            kind="post",
            thread_id=thread,
            parent_id=parent,
            media=media,
            engagement=Engagement(likes=_reactions(message)),
            automatic=author.get("bot") is True or bool(message.get("webhook_id")),
        )

    def _ours(
        self,
        message: Mapping[str, Any],
        common: Mapping[str, Any],
        author: Mapping[str, Any],
        parent: str,
        thread: str,
        in_thread: bool,
    ) -> Item:
        named = tuple(one for one in _mentioned(message) if one not in self.ours)
        if not parent and not in_thread and not named:
            return OwnPost(**common, thread_id=thread)
        return Reply(
            **common,
            author=_author(author),
            # What we say to a person by name answers him wherever he asked.
            thread_id=thread if parent or in_thread else "",
            parent_id=parent,
            to=() if parent else named,
            automatic=author.get("id") == self.bot,
        )

    def _thread(self, channel: str, number: str, parent: str) -> str:
        """A thread bears the number of the message from which it was begun."""
        if self.thread_id:
            return self.thread_id
        if channel in self.threads:
            return channel
        return parent.rpartition(":")[2] or number

    def _addressed(self, message: Mapping[str, Any], parent: str) -> bool:
        if any(one in self.ours for one in _mentioned(message)):
            return True
        above = table(table(message.get("referenced_message")).get("author")).get("id")
        if parent and above:
            return above in self.ours
        return self.to_us


def read_search(payload: Any) -> tuple[list[Any], frozenset[str]]:
    """Return the messages that were found, and which channels are threads."""
    with reading("the Discord search result"):
        found = []
        for group in payload["messages"]:
            hits = [one for one in group if table(one).get("hit") is True]
            found += hits or list(group)
        return found, thread_ids(payload.get("threads"))


def read_list(payload: Any) -> list[Any]:
    """Return the messages of a channel."""
    with reading("the list of Discord messages"):
        if not isinstance(payload, list):
            raise TypeError("it is no list")
        return payload


def waits_for_index(payload: Any) -> float | None:
    """Return the seconds to wait where a search is not ready; None where it is."""
    answer = table(payload)
    if answer.get("code") != NOT_INDEXED:
        return None
    wait = answer.get("retry_after")
    fits = isinstance(wait, int | float) and not isinstance(wait, bool) and 0 <= wait < 10**6
    return float(wait) if fits and wait else 2.0


def thread_ids(things: object) -> frozenset[str]:
    return frozenset(text(one.get("id")) for one in rows(things) if is_id(one.get("id")))


def text_channels(payload: Any) -> list[str]:
    """Return the channels of a server in which people write."""
    found = read_list(payload)
    return [
        one["id"] for one in rows(found) if is_id(one.get("id")) and one.get("type") in _WITH_TEXT
    ]


def active_threads(payload: Any) -> list[tuple[str, str, str]]:
    """Return (thread, its channel, its newest message) of the threads of a server."""
    with reading("the list of Discord threads"):
        return [
            (one["id"], text(one.get("parent_id")), text(one.get("last_message_id")))
            for one in rows(payload["threads"])
            if is_id(one.get("id")) and one.get("type") in _THREADS
        ]


def read_application(payload: Any) -> tuple[str, str, bool]:
    """Return id and name of the bot, and whether it may see what messages say."""
    with reading("Discord's answer about the application"):
        bot = table(payload.get("bot"))
        number = bot.get("id") or payload["id"]
        flags = count(payload.get("flags")) or 0
        name = text(bot.get("username")) or text(payload.get("name"))
        return _id(number), name, bool(flags & _CONTENT_INTENT)


def is_id(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 20


def snowflake(at: datetime) -> str:
    """Return the lowest id of a moment."""
    return str(max(0, (at - _EPOCH) // timedelta(milliseconds=1)) << 22)


def earlier(number: str, by: timedelta) -> str:
    """Return the id of so long before another."""
    return str(max(0, int(number) - ((by // timedelta(milliseconds=1)) << 22)))


def _id(value: object) -> str:
    if not is_id(value):
        raise ValueError("an id is missing")
    return str(value)


def _place(reference: Mapping[str, Any]) -> str:
    channel, number = reference.get("channel_id"), reference.get("message_id")
    return f"{channel}:{number}" if is_id(channel) and is_id(number) else ""


def _mentioned(message: Mapping[str, Any]) -> Collection[str]:
    return [text(one.get("id")) for one in rows(message.get("mentions")) if is_id(one.get("id"))]


def _author(user: Mapping[str, Any]) -> Author:
    handle = text(user.get("username"))
    return Author(
        id=text(user.get("id")),
        name=text(user.get("global_name")) or handle,
        handle=handle,
        is_bot=user.get("bot") is True,
    )


def _words(message: Mapping[str, Any]) -> str:
    """Return the text with names in place of numbers."""
    names = {
        text(one.get("id")): text(one.get("global_name")) or text(one.get("username"))
        for one in rows(message.get("mentions"))
    }
    words = _PERSON.sub(
        lambda found: f"@{names.get(found[1]) or found[1]}", text(message.get("content"))
    )
    return _EMOJI.sub(r":\1:", words).strip()


def _reactions(message: Mapping[str, Any]) -> int | None:
    counts = [count(one.get("count")) for one in rows(message.get("reactions"))]
    return sum(one for one in counts if one) if counts else None
