"""
TikTok: direct messages and your own videos, out of the account's data export.

TikTok's API for comments and mentions is closed to small businesses: the Accounts API asks for a
registered company and an application, the Research API refuses businesses altogether, and the one
that anybody may use tells numbers only. So this channel reads the file that TikTok gives everybody
("Download your data"); comments are to be entered by hand, or imported with ``type = "file"``.
"""

from __future__ import annotations

import glob
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

from mentionwatch.channels import Account, Capabilities, Query
from mentionwatch.channels._source import unreadable
from mentionwatch.channels._tiktok_export import MEMBERS, Export, items_of, read_export
from mentionwatch.errors import ChannelError, SourceUnreadable, TimedOut
from mentionwatch.model.items import Item, Page, StreamState

SETUP = """\
TikTok's API for comments and mentions is open to registered companies only, after an application;
mentionwatch does not use it. What everybody can have is the export of his own account:
 1. In the app: Profile > menu > Settings and privacy > Account > Download your data.
 2. Choose at least direct messages, profile and posts; file format JSON (not TXT). Request data.
 3. After some hours or days: the tab "Download data". It is there for four days.
 4. Put the ZIP, or the user_data_tiktok.json in it, into one folder, and set path to that folder.
 5. Do it again every few days: mentionwatch tells when the newest export is too old.
The export holds messages and your own videos, no comments. Enter those with `mentionwatch add`, or
import a table of them: type = "file" with channel_type = "tiktok"."""
LOGIN: tuple[str, ...] = ()
UNVERIFIED: tuple[str, ...] = (
    "the shape of the export is published nowhere: `ChatHistory`, `From`, `Content`, `Date`, "
    "`VideoList` are known from public readers; otherwise the file is refused or the entries left "
    "out are counted",
    "names of older exports (`Direct Message`, `Chat History`, `Profile Information`, `Videos`) "
    "are known from public readers; otherwise that part of the export is passed over",
    "times in the export are UTC; otherwise messages are hours off: set `tz`",
    "a conversation's title is `Chat History with` and the partner's name; otherwise the title "
    "itself names the conversation",
    "`userName` in `ProfileMap` is the name that stands in `From` of our messages; otherwise our "
    "words wait as a customer's: set `username`",
    "the same message is written the same in every export; otherwise it comes twice",
    "`Link` of a video stays good where it is on `tiktok.com`; otherwise the link ends after some "
    "days",
)

PAGE = 500  # items
SHOWN = 3  # entries that cannot be read and are named


@dataclass(frozen=True, kw_only=True)
class TikTok:
    """
    The keys of ``[channels.tiktok]``.

    ``path``: an export (ZIP or JSON), a pattern, or a folder; never changed. ``username``: where
    the export does not tell it. ``tz``: the zone of its times. ``max_age``: older exports are
    warned about.
    """

    family: ClassVar[str] = "social"
    capabilities: ClassVar[Capabilities] = Capabilities(
        finds_untagged=False,
        sees_own_replies=True,
        private=True,
        history="everything in the export",
        limits=(
            "reads the export that you download, so it knows nothing newer",
            "comments and mentions are not in the export, and TikTok's API for them is closed to "
            "small businesses: enter or import them",
            "pictures and shared videos in messages are not in the export",
        ),
    )

    path: Path
    username: str = ""
    tz: str = "UTC"
    max_age: timedelta = timedelta(days=7)

    def problems(self) -> Iterator[tuple[str, str]]:
        from mentionwatch.channels._times import zone

        try:
            zone(self.tz)
        except ValueError as error:
            yield "tz", str(error)
        if self.max_age <= timedelta():
            yield "max_age", 'must be a duration such as "7d"'

    def connect(self, deadline: float) -> TikTokSession:
        return TikTokSession(self, deadline)


class TikTokSession:
    """One reading of the exports."""

    def __init__(self, settings: TikTok, deadline: float) -> None:
        self._settings = settings
        self._until = time.monotonic() + deadline
        self._stopped = threading.Event()

    def account(self) -> Account:
        found = self._paths()
        warnings: tuple[str, ...] = ()
        if not found:
            warnings = (f"no export is at {self._settings.path}",)
        else:
            age = timedelta(seconds=time.time() - found[-1].stat().st_mtime)
            if age > self._settings.max_age:
                warnings = (
                    f"the newest export is {age.days} days old, and nothing after it is known; "
                    "ask TikTok for a new one",
                )
        word = "export" if len(found) == 1 else "exports"
        summary = f"{len(found)} {word} at {self._settings.path}"
        own = self._settings.username.lstrip("@")
        return Account(id="tiktok", names=(own,) if own else (), summary=summary, warnings=warnings)

    def pages(self, query: Query) -> Iterator[Page]:
        """Yield pages of some hundred items; one bad export does not keep the others away."""
        failed: ChannelError | None = None
        for path in self._paths():
            try:
                yield from self._file(path, query)
            except TimedOut:
                raise
            except ChannelError as error:
                failed = failed or error
            except OSError as error:
                failed = failed or unreadable(path.name, error)
        if failed is not None:
            raise failed

    def abort(self) -> None:
        self._stopped.set()

    def close(self) -> None:
        self._stopped.set()

    def _paths(self) -> list[Path]:
        """Return the exports, oldest first. Raises SourceUnreadable where there can be none."""
        path = self._settings.path.expanduser()
        try:
            if path.is_dir():
                found = [p for p in path.iterdir() if p.suffix.lower() in (".zip", ".json")]
                # A folder may hold other things; of JSON only what TikTok calls so.
                found = [p for p in found if p.suffix.lower() == ".zip" or _is_export(p)]
            elif path.exists():
                return [path]
            elif not glob.has_magic(str(path)):
                raise SourceUnreadable(f"{path}: no such file", hint="correct path, or make it")
            else:
                # Path.glob takes no absolute pattern.
                found = [Path(one) for one in glob.glob(str(path), recursive=True)]  # noqa: PTH207
            found = [one for one in found if one.is_file() and one.name[0] != "."]
            return sorted(found, key=lambda one: (one.stat().st_mtime_ns, one.name))
        except OSError as error:
            raise unreadable(str(path), error) from error

    def _file(self, path: Path, query: Query) -> Iterator[Page]:
        stream = f"export:{path.name}"
        stat = path.stat()
        settings = f"{self._settings.username} {self._settings.tz}"
        mark = f"{stat.st_size} {stat.st_mtime_ns} {settings}"
        if query.state(stream).extra.get("read") == mark:
            return
        self._refuse_late(path)
        export = read_export(path, self._settings.username, self._settings.tz)
        done = StreamState(cursor=str(stat.st_mtime_ns), extra={"read": mark})
        yield from self._in_pages(path, stream, export, done)

    def _in_pages(
        self, path: Path, stream: str, export: Export, done: StreamState
    ) -> Iterator[Page]:
        kept: list[Item] = []
        bad: list[str] = []
        for item, problem in items_of(export):
            if item is None:
                bad.append(problem)
                continue
            kept.append(item)
            if len(kept) == PAGE:
                self._refuse_late(path)
                yield Page(stream=stream, items=tuple(kept))
                kept = []
        warnings = [f"{path.name}: left out: {one}" for one in bad[:SHOWN]]
        if len(bad) > SHOWN:
            warnings.append(f"{path.name}: {len(bad) - SHOWN} more entries were left out")
        yield Page(stream=stream, items=tuple(kept), state=done, warnings=tuple(warnings))

    def _refuse_late(self, path: Path) -> None:
        if self._stopped.is_set() or time.monotonic() > self._until:
            raise TimedOut(f"{path.name}: stopped before its end; the next run reads it again")


def _is_export(path: Path) -> bool:
    return path.name.lower().startswith(tuple(name.partition(".")[0] for name in MEMBERS))
