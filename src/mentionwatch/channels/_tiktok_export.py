"""
The export of a TikTok account ("Download your data", JSON): messages, own videos.

It is one file, ``user_data_tiktok.json`` (before 2024 ``user_data.json``), alone or in a ZIP. Names
of its parts have changed over the years; all that are known are understood.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from mentionwatch.channels._json_lines import refuse_depth
from mentionwatch.channels._source import MAX_DOCUMENT, unreadable
from mentionwatch.channels._values import rows, table, text, web
from mentionwatch.errors import SourceUnreadable, TooLarge
from mentionwatch.model.items import Author, Item, Mention, OwnPost, Reply

MEMBERS = ("user_data_tiktok.json", "user_data.json")
SITE = "https://www.tiktok.com"
JSON_WANTED = 'ask TikTok for a new export and choose the format "JSON", not "TXT"'
_CHAT = "Chat History with "


@dataclass(frozen=True, kw_only=True, slots=True)
class Export:
    """``name``: our user name, case-folded. ``payload``: all of it. ``tz``: zone of its times."""

    name: str
    payload: Mapping[str, Any]
    tz: str = "UTC"


def read_export(path: Path, username: str, tz: str) -> Export:
    """
    Return what is in an export.

    Raises:
        SourceUnreadable: It is no export, damaged, or does not tell whose it is.
        TooLarge: It is over 200 MB.
    """
    data = _bytes(path)
    try:
        found = json.loads(data.decode("utf-8-sig", "replace"))
        refuse_depth(found)
    except (ValueError, RecursionError) as error:
        raise SourceUnreadable(
            f"{path.name}: is not complete, or no JSON ({str(error)[:80]})", hint=JSON_WANTED
        ) from None
    known = {"Direct Message", "Direct Messages", "Profile", "Post", "Video", "Activity"}
    if not isinstance(found, dict) or not known & {*found, *_inner(found)}:
        raise SourceUnreadable(f"{path.name}: is no export of TikTok", hint=JSON_WANTED)
    profile = table(found.get("Profile"))
    shown = table(profile.get("Profile Info")) or table(profile.get("Profile Information"))
    own = username or text(table(shown.get("ProfileMap")).get("userName"))
    if not own:  # our messages would stand among those that wait
        raise SourceUnreadable(
            f"{path.name}: does not tell whose export it is",
            hint="set username, or ask for an export with the profile in it",
        )
    return Export(name=own.lstrip("@").casefold(), payload=found, tz=tz)


def items_of(export: Export) -> Iterator[tuple[Item | None, str]]:
    """Yield items, and a sentence instead where an entry cannot be read."""
    yield from _messages(export)
    yield from _videos(export)


def _messages(export: Export) -> Iterator[tuple[Item | None, str]]:
    found = export.payload
    outer = table(found.get("Direct Message")) or table(found.get("Direct Messages"))
    inner = table(outer.get("Direct Messages")) or table(outer.get("Chat History"))
    for title, entries in table(inner.get("ChatHistory")).items():
        partner = title.removeprefix(_CHAT).rstrip(":").strip()
        things = rows(entries)
        others = {text(one.get("From")).casefold() for one in things} - {export.name}
        seen: dict[str, int] = {}
        for one in things:
            yield _message(one, partner, export, seen, group=len(others) > 1)


def _message(
    thing: Mapping[str, Any], partner: str, export: Export, seen: dict[str, int], *, group: bool
) -> tuple[Item | None, str]:
    sender, words, date = (text(thing.get(name)) for name in ("From", "Content", "Date"))
    at = moment_of(date, export.tz)
    if not sender or at is None:
        return None, "a message has no sender or no time"
    key = _digest(partner, date, sender, words)
    seen[key] = seen.get(key, 0) + 1  # the same words twice in one second
    own = f"dm:{key}" + (f"-{seen[key]}" if seen[key] > 1 else "")
    thread = f"dm:{partner.casefold()}"
    if sender.casefold() == export.name:
        return (
            Reply(
                external_id=own,
                text=words,
                published=at,
                author=Author(id=sender.casefold(), name=sender, handle=sender),
                thread_id=thread,
                to=() if group or not partner else (partner,),
                private=True,
            ),
            "",
        )
    return (
        Mention(
            external_id=own,
            text=words,
            author=Author(
                id=sender.casefold(),
                name=sender,
                handle=sender,
                url=f"{SITE}/@{quote(sender, safe='')}",
            ),
            published=at,
            addressed=True,
            kind="message",
            thread_id=thread,
            private=True,
        ),
        "",
    )


def _videos(export: Export) -> Iterator[tuple[Item | None, str]]:
    found = export.payload
    activity = table(found.get("Activity"))
    outer = table(found.get("Post")) or table(found.get("Video")) or table(activity.get("Video"))
    inner = table(outer.get("Posts")) or table(outer.get("Videos"))
    for one in rows(inner.get("VideoList")):
        date, title = text(one.get("Date")), text(one.get("Title"))
        at = moment_of(date, export.tz)
        if at is None:
            yield None, "a video has no time"
            continue
        own = f"video:{_digest(date, title)}"  # its link is another one in each export
        post = OwnPost(external_id=own, text=title, published=at, url=_page(one.get("Link")))
        yield post, ""


def moment_of(date: str, tz: str) -> datetime | None:
    """Return the time of "2026-11-20 08:00:00", which stands in *tz*; None for anything else."""
    try:
        at = datetime.fromisoformat(date.removesuffix(" UTC").strip())
        zone = ZoneInfo("UTC" if date.endswith(" UTC") else tz)
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(ZoneInfo("UTC"))
    except (ValueError, OverflowError):
        return None


def _page(value: object) -> str:
    """Return the address of a video; the others in an export end after some days."""
    url = web(value)
    host = urlsplit(url).hostname or ""
    return url if host == "tiktok.com" or host.endswith(".tiktok.com") else ""


def _digest(*parts: str) -> str:
    joined = "\x1f".join(parts).encode("utf-8", "replace")
    return hashlib.sha256(joined).hexdigest()[:32]


def _inner(found: Mapping[str, Any]) -> list[str]:
    return [name for one in found.values() if isinstance(one, dict) for name in one]


# --- bytes ----------------------------------------------------------------------------------------


def _bytes(path: Path) -> bytes:
    try:
        if path.suffix.lower() == ".zip":
            return _unpacked(path)
        with path.open("rb") as stream:
            return _limited(stream.read(MAX_DOCUMENT + 1), path)
    except OSError as error:
        raise unreadable(path.name, error) from error


def _unpacked(path: Path) -> bytes:
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            by_name = {Path(one.filename).name.lower(): one for one in archive.infolist()}
            member = next((by_name[name] for name in MEMBERS if name in by_name), None)
            if member is None:
                raise SourceUnreadable(
                    f"{path.name}: holds none of {', '.join(MEMBERS)}", hint=JSON_WANTED
                )
            with archive.open(member) as stream:
                return _limited(stream.read(MAX_DOCUMENT + 1), path)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, zlib.error):
        raise SourceUnreadable(
            f"{path.name}: the ZIP archive is damaged, or has a password", hint="download it again"
        ) from None


def _limited(data: bytes, path: Path) -> bytes:
    if len(data) > MAX_DOCUMENT:
        raise TooLarge(f"{path.name}: over {MAX_DOCUMENT // 1_000_000} MB", hint="ask for less")
    return data
