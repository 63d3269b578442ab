"""
A chat as the WhatsApp app exports it: a line per message, with dates as the telephone writes them.

    20/11/2026, 09:12 - Lena: Is my order ready?          Android
    [20.11.26, 09:12:43] Lena: Is my order ready?         iPhone

The format is documented nowhere. Whether day or month stands first is told by the whole chat.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

ORDERS = ("dmy", "mdy", "ymd")
_DATE = r"(\d{1,4})([./-])\s?(\d{1,2})\2\s?(\d{1,4})\.?"
_TIME = r"(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?(?:\s?([AaPp])\.?\s?[Mm]\.?)?"
_START = re.compile(
    rf"[\u200e\u200f]*\[?{_DATE},?\s+(?:um |at |à )?{_TIME}\]?(?:\s[-\u2013])?\s(.*)", re.S
)
_SENDER = re.compile(r"[~\u200e\u202a\s]*([^:\n\"\u201c]{1,80}?)[\u202c\s]*:(?:\s(.*)|$)", re.S)
_MARKS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_SPACES = re.compile("[\u00a0\u202f]")
_PLACEHOLDER = re.compile(r"<[^<>\n]{3,60}>")
_ATTACHED = re.compile(r"<[^<>\n]*: ?[^<>\n]+\.\w{2,5}>|[\w-]+\.\w{2,5} \([^()\n]{3,40}\)")
_EDITED = re.compile(r"\s*<[^<>\n]{5,60}>$")
_DELETED = (
    "this message was deleted",
    "you deleted this message",
    "diese nachricht wurde gelöscht",
)
_PHONE = re.compile(r"\+?[0-9][0-9 ()\-\u2011]{6,24}")


class UnknownOrder(ValueError):
    """Whether day or month stands first cannot be told from this chat."""


@dataclass(kw_only=True, slots=True)
class Line:
    """One message: where it stands, its date as three numbers, its time, what was said by whom."""

    number: int
    date: tuple[int, int, int]
    time: tuple[int, int, int]
    rest: str
    more: list[str] = field(default_factory=list)


def parse_lines(lines: Iterable[str]) -> Iterator[Line]:
    """Yield the messages; lines without a date belong to the one above."""
    current: Line | None = None
    for number, text in enumerate(lines, 1):
        plain = _SPACES.sub(" ", text.rstrip("\r\n"))
        begun = _start(plain, number)
        if begun is None:
            if current is not None:
                current.more.append(plain)
            continue
        if current is not None:
            yield current
        current = begun
    if current is not None:
        yield current


def _start(text: str, number: int) -> Line | None:
    found = _START.match(text)
    if found is None:
        return None
    first, _, second, third, hour, minute, seconds, half, rest = found.groups()
    hours = int(hour)
    if half:
        hours = hours % 12 + (12 if half in "Pp" else 0)
    if hours > 23 or int(minute) > 59:
        return None
    time = (hours, int(minute), min(int(seconds or 0), 59))
    return Line(number=number, date=(int(first), int(second), int(third)), time=time, rest=rest)


def order_of(lines: Iterable[Line]) -> str:
    """
    Return in which order the dates are written.

    Raises:
        UnknownOrder: Every date could be read both ways.
    """
    for line in lines:
        first, second, _ = line.date
        if first > 31:
            return "ymd"
        if first > 12:
            return "dmy"
        if second > 12:
            return "mdy"
    raise UnknownOrder("is the day or the month written first?")


def when(line: Line, order: str) -> datetime:
    """Return the local time of a message, without a zone. Raises ValueError."""
    parts = dict(zip(order, line.date, strict=True))
    year = parts["y"] + 2000 if parts["y"] < 100 else parts["y"]
    return datetime(year, parts["m"], parts["d"], *line.time)  # noqa: DTZ001


def sender_of(line: Line) -> tuple[str, str] | None:
    """Return who wrote and what; None for WhatsApp's own notes."""
    found = _SENDER.match(line.rest)
    if found is None:
        return None
    words = "\n".join([found[2] or "", *line.more])
    return _MARKS.sub("", found[1]).strip(), words


@dataclass(kw_only=True, slots=True)
class Chat:
    """
    Makes records of one chat.

    ``name``: of the chat; messages of both sides are its thread. ``me``: our names there, in lower
    case. ``order`` as in `ORDERS`.
    """

    name: str
    me: frozenset[str]
    order: str
    counts: dict[str, int] = field(default_factory=dict)
    first: bool = True

    def record(self, line: Line) -> dict[str, Any] | None:
        """Return the record of a message; None for a note. Raises ValueError."""
        said = sender_of(line)
        begins, self.first = self.first, False
        if said is None:
            return None
        author, words = said
        # The app marks what it says in somebody's name; its first words are about encryption.
        by_app = words.startswith("\u200e")
        text, media = _read(words, by_app)
        if (by_app and begins) or text is None:
            return None
        at = when(line, self.order)
        ours = author.lower() in self.me
        return {
            "id": self._id(at, author, words),
            "thread_id": self.name,
            "created_at": at,
            "author": author,
            "author_id": author,
            "text": text or ("[picture or file]" if ours else ""),
            "media": media,
            "is_own": ours,
            **_link(author, ours),
        }

    def _id(self, at: datetime, author: str, words: str) -> str:
        """Return what the same message has in every later export, also where two are alike."""
        key = "\x1f".join((self.name, at.isoformat(), author, _MARKS.sub("", words)))
        number = self.counts[key] = self.counts.get(key, 0) + 1
        digest = hashlib.sha256(f"{key}\x1f{number}".encode("utf-8", "replace")).hexdigest()
        return f"whatsapp:{digest[:32]}"


def _link(author: str, ours: bool) -> dict[str, str]:
    """Return where the chat opens, where the author is known by the number alone."""
    if ours or not _PHONE.fullmatch(author):
        return {}
    return {"url": f"https://wa.me/{re.sub(r'[^0-9]', '', author)}"}


def _read(words: str, by_app: bool) -> tuple[str | None, int]:
    """Return text and number of attachments; None for a message that was deleted."""
    text = _MARKS.sub("", words).strip()
    if text.lower().rstrip(".") in _DELETED or text == "null":
        return None, 0
    if _PLACEHOLDER.fullmatch(text):
        return "", 1
    attached = _ATTACHED.match(text)
    if attached:
        return text[attached.end() :].strip(), 1
    if by_app:  # "image omitted", in the language of the telephone
        return f"[{text}]", 1
    return _EDITED.sub("", text), 0
