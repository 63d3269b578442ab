"""IMAP as it stands on the wire: sets, dates, folder names, and what a FETCH answers. Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

_FOLDERS = 5_000

_LISTED = re.compile(rb'\((?P<flags>[^)]*)\) (?:"(?:\\.|[^"\\])*"|NIL) (?P<name>.*)', re.DOTALL)
_UID = re.compile(rb"\bUID ([1-9]\d{0,9})\b")  # 0 is no UID, whatever a server says
_ARRIVED = re.compile(rb'\bINTERNALDATE "([^"]{1,40})"')
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d{1,18})")
_FLAGS = re.compile(rb"\bFLAGS \(([^)]*)\)")
_QUOTED_BODY = re.compile(rb'BODY\[[^]]*\](?:<\d+>)? "((?:[^"\\]|\\.)*)"', re.DOTALL)
_STAMP = re.compile(
    r"\s*(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2})"
)
# By name and not by strftime: IMAP speaks English whatever the locale.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, kw_only=True, slots=True)
class Folder:
    r"""A folder as the server lists it. ``flags`` in lower case: ``\sent``, ``\noselect``."""

    name: str
    wire: str
    flags: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """One mail, or the beginning of it. ``size``: bytes of all of it."""

    uid: int
    data: bytes
    arrived: datetime | None
    size: int
    flags: frozenset[str]


def listed(data: Sequence[Any]) -> dict[str, Folder]:
    found: dict[str, Folder] = {}
    for piece in data[:_FOLDERS]:
        line = piece[0] if isinstance(piece, tuple) else piece
        match = _LISTED.match(line or b"")
        if match is None:
            continue
        raw = piece[1] if isinstance(piece, tuple) else _unquoted(match["name"])
        wire = raw.decode("ascii", "replace")
        name = decode_name(wire)
        flags = frozenset(match["flags"].decode("ascii", "replace").lower().split())
        found["INBOX" if name.upper() == "INBOX" else name] = Folder(
            name=name, wire=wire, flags=flags
        )
    return found


def has_special(folders: Any) -> bool:
    return any(folder.flags & {"\\sent", "\\trash", "\\junk"} for folder in folders)


def _unquoted(name: bytes) -> bytes:
    name = name.strip()
    if name.startswith(b'"') and name.endswith(b'"') and len(name) > 1:
        return re.sub(rb"\\(.)", rb"\1", name[1:-1], flags=re.DOTALL)
    return name


def quoted(text: str) -> str:
    """Return an IMAP quoted string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def ranges(uids: Sequence[int]) -> str:
    """Return uids as IMAP writes sets: ``1:3,7``."""
    parts: list[list[int]] = []
    for uid in sorted(set(uids)):
        if parts and uid == parts[-1][1] + 1:
            parts[-1][1] = uid
        else:
            parts.append([uid, uid])
    return ",".join(str(low) if low == high else f"{low}:{high}" for low, high in parts)


def imap_date(day: date) -> str:
    return f"{day.day:02d}-{_MONTHS[day.month - 1]}-{day.year:04d}"


def parse_fetch(data: Sequence[Any]) -> Iterator[Fetched]:
    """
    Yield the mails of a FETCH answer.

    imaplib gives tuples (text, literal) and ends each answer with bytes; what is asked for may
    stand before or behind the literal, and news about other mails may stand between.
    """
    texts: list[bytes] = []
    body: bytes | None = None
    for piece in data:
        if isinstance(piece, tuple):
            texts.append(piece[0])
            body = piece[1] if body is None else body
            continue
        texts.append(piece or b"")
        text = b" ".join(texts)
        if body is None and (short := _QUOTED_BODY.search(text)):
            body = re.sub(rb"\\(.)", rb"\1", short[1], flags=re.DOTALL)
        uid = _UID.search(text)
        if uid and (body is not None or b"BODY[" in text):
            yield _fetched(int(uid[1]), text, body or b"")
        texts, body = [], None


def _fetched(uid: int, text: bytes, body: bytes) -> Fetched:
    size, flags = _SIZE.search(text), _FLAGS.search(text)
    arrived = _ARRIVED.search(text)
    return Fetched(
        uid=uid,
        data=body,
        arrived=_instant(arrived[1].decode("ascii", "replace")) if arrived else None,
        size=int(size[1]) if size else len(body),
        flags=frozenset((flags[1] if flags else b"").decode("ascii", "replace").lower().split()),
    )


def _instant(stamp: str) -> datetime | None:
    match = _STAMP.fullmatch(stamp)
    if match is None or match[2].title() not in _MONTHS:
        return None
    day, month, year, hour, minute, second, sign, hours, minutes = match.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1)
    try:
        local = datetime(
            int(year), _MONTHS.index(month.title()) + 1, int(day),
            int(hour), int(minute), min(int(second), 59), tzinfo=timezone(offset),
        )  # fmt: skip
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def decode_name(wire: str) -> str:
    """Return a folder name in plain Unicode; on the wire it is UTF-7 with "&" (RFC 3501, 5.1.3)."""

    def plain(match: re.Match[str]) -> str:
        if not match[1]:
            return "&"
        coded = match[1].replace(",", "/")
        try:
            octets = base64.b64decode(coded + "=" * (-len(coded) % 4), validate=True)
            return octets.decode("utf-16-be")
        except ValueError:
            return match[0]

    return re.sub(r"&([A-Za-z0-9+,]*)-", plain, wire)
