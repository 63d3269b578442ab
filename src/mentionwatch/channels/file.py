"""
Files that others write: CSV, JSON, NDJSON; one path, a pattern, or a folder.

The record format is in docs/records.md. The owner's files are never moved, changed or deleted.
"""

from __future__ import annotations

import dataclasses
import glob
import os
import stat as stat_modes
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol

from mentionwatch.channels import Account, Capabilities, Query
from mentionwatch.channels import _file_progress as progress
from mentionwatch.channels._mapping import ItemMap, expression
from mentionwatch.channels._presets import PRESETS, Preset
from mentionwatch.channels._presets import UNVERIFIED as UNVERIFIED
from mentionwatch.channels._records import RecordDefaults, RecordRefused, items_of
from mentionwatch.channels._source import unreadable
from mentionwatch.channels._tables import Numbered, Reading, read_records
from mentionwatch.errors import ChannelError, SourceUnreadable, TimedOut
from mentionwatch.model.items import Item, Mention, Page

PAGE = 500  # records; what a killed run may have to read again
SHOWN = 5  # bad lines that are named one by one
_IN_FOLDER = (".csv", ".tsv", ".json", ".ndjson", ".jsonl", ".txt", ".gz")
_LINES = (".ndjson", ".jsonl")
_UNFINISHED = (".part", ".crdownload", ".tmp")
_KINDS = {"direct": "message", "reviews": "review", "social": "post", "forums": "post"}


class _Declared:
    """What the type can do; on a configured channel, what its map or its owner says it can."""

    def __get__(self, channel: Any, owner: type[Any]) -> Capabilities:
        general = Capabilities(
            finds_untagged=False,
            sees_own_replies=False,
            sees_edits=True,
            private=True,
            history="everything in the file",
            limits=("sees your replies only where the records tell of them",),
        )
        if channel is None:
            return general
        return dataclasses.replace(
            general, sees_own_replies=channel.tells_replies, limits=(), private=channel.is_private
        )


@dataclass(frozen=True, kw_only=True)
class File:
    """
    The keys of ``[channels.NAME]`` with ``type = "file"``.

    ``map``, ``items``, ``tz``, ``date_format``, ``delimiter``, ``encoding``, ``header`` as in
    docs/records.md; ``settle`` is the number of seconds for which a file must have been left alone.
    """

    path: Path
    format: Literal["", "csv", "tsv", "json", "ndjson", "jsonl"] = ""
    preset: str = ""
    map: Mapping[str, Any] = field(default_factory=dict)
    items: str = ""
    tz: str = ""
    date_format: str = ""
    delimiter: str = ""
    encoding: str = ""
    header: bool = True
    addressed: bool = True
    private: bool | None = None
    kind: str = ""
    channel_type: str = ""
    family: Literal["social", "direct", "reviews", "forums"] = "direct"
    sees_own_replies: bool | None = None
    settle: float = 2.0

    suffixes: ClassVar[tuple[str, ...]] = _IN_FOLDER
    capabilities = _Declared()

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with the settings, each with its key."""
        if self.preset and self.preset not in PRESETS:
            yield "preset", f'there is no preset "{self.preset}"; there are {", ".join(PRESETS)}'
            return
        try:
            reading = Reading.of(
                self.mapping,
                self.format,
                self.items,
                self.tz,
                self.date_format,
                self.delimiter,
                self.encoding,
            )
            if self.format in ("json", "ndjson", "jsonl"):
                ItemMap(reading.plan, strict=True)
        except ValueError as error:
            key = "map" if str(error).startswith("map.") else ""
            yield key, str(error).removeprefix("map.") if key else str(error)
        try:
            expression(self.items or "@")
        except ValueError as error:
            yield "items", str(error)

    @property
    def _preset(self) -> Preset:
        return PRESETS[self.preset] if self.preset else Preset()

    @property
    def mapping(self) -> Mapping[str, Any]:
        return {**self._preset.map, **self.map}

    @property
    def tells_replies(self) -> bool:
        if self.sees_own_replies is not None:
            return self.sees_own_replies
        return bool({"is_own", "replied", "replied_at", "type"} & set(self.mapping))

    @property
    def is_private(self) -> bool:
        return self._preset.private if self.private is None else self.private

    @property
    def defaults(self) -> RecordDefaults:
        return RecordDefaults(
            addressed=self.addressed,
            private=self.is_private,
            kind=self.kind or self._preset.kind or _KINDS[self.family],
            channel_type=self.channel_type,
            tz=self.tz or self._preset.tz,
            date_format=self.date_format or self._preset.date_format,
        )

    @property
    def reading(self) -> dict[str, Any]:
        """Return how `read_records` is to read the files."""
        return {
            "format": self.format or self._preset.format,
            "mapping": self.mapping,
            "items": self.items or self._preset.items,
            "tz": self.tz or self._preset.tz,
            "date_format": self.date_format or self._preset.date_format,
            "delimiter": self.delimiter,
            "encoding": self.encoding,
            "header": self.header,
            "strict": bool(self.preset),
        }

    def records(self, path: Path, offset: int, line: int) -> Iterator[Numbered]:
        """Yield the records of one file, from a place on. Raises SourceUnreadable."""
        return read_records(path, **self.reading, name=path.name, offset=offset, line=line)

    def connect(self, deadline: float) -> FileSession:
        return FileSession(self, deadline)


class Files(Protocol):
    """Settings of a channel that reads files; ``suffixes``: what is read in a folder."""

    suffixes: ClassVar[tuple[str, ...]]

    @property
    def path(self) -> Path: ...

    @property
    def settle(self) -> float: ...

    @property
    def reading(self) -> dict[str, Any]: ...

    @property
    def defaults(self) -> RecordDefaults: ...

    def records(self, path: Path, offset: int, line: int) -> Iterator[Numbered]: ...


class FileSession:
    """One reading of the files."""

    def __init__(self, settings: Files, deadline: float) -> None:
        self._settings = settings
        self._until = time.monotonic() + deadline
        self._seconds = deadline
        self._stopped = threading.Event()
        self._how = progress.settings_digest({**settings.reading, "defaults": settings.defaults})

    def account(self) -> Account:
        found = self._paths()
        word = "file" if len(found) == 1 else "files"
        nothing = () if found else (f"no file is at {self._settings.path}",)
        summary = f"{len(found)} {word} at {self._settings.path}"
        return Account(id="file", summary=summary, warnings=nothing)

    def pages(self, query: Query) -> Iterator[Page]:
        """
        Yield pages of some hundred records, each with the place behind it.

        One file that cannot be read does not keep the others away; it is raised at the end.
        """
        failed: list[ChannelError] = []
        for path in self._paths():
            try:
                yield from self._file(path, query)
            except TimedOut:
                raise
            except ChannelError as error:
                failed.append(error)
            except OSError as error:
                failed.append(unreadable(path.name, error))
        if failed:
            more = f" (and {len(failed) - 1} more files)" if len(failed) > 1 else ""
            raise type(failed[0])(failed[0].message + more, failed[0].hint)

    def abort(self) -> None:
        self._stopped.set()

    def close(self) -> None:
        self._stopped.set()

    def _paths(self) -> list[Path]:
        """Return the files, oldest change first. Raises SourceUnreadable where none can be."""
        path = self._settings.path.expanduser()
        try:
            if path.is_dir():
                found = [one for one in path.iterdir() if self._is_read(one)]
                found = [one for one in found if one.is_file() and one.name[0] != "."]
            elif path.exists():
                return [path]
            elif not glob.has_magic(str(path)):
                raise _missing(path)
            else:
                # Path.glob takes no absolute pattern.
                found = [Path(one) for one in glob.glob(str(path), recursive=True)]  # noqa: PTH207
                found = [one for one in found if not one.is_dir()]
                self._refuse_missing_folder(path, found)
            return sorted(found, key=lambda one: (one.stat().st_mtime_ns, one.name))
        except OSError as error:
            raise unreadable(str(path), error) from error

    def _is_read(self, path: Path) -> bool:
        return path.suffix.lower() in self._settings.suffixes

    def _refuse_missing_folder(self, path: Path, found: list[Path]) -> None:
        folder = path
        while glob.has_magic(str(folder)):
            folder = folder.parent
        if not found and not folder.is_dir():
            message = f"{path}: there is no folder {folder}"
            raise SourceUnreadable(message, hint="correct the path of this channel")

    def _file(self, path: Path, query: Query) -> Iterator[Page]:
        stream = _stream(path)
        stat = self._settled(path)
        if stat is None:
            told = f"{path.name} is still being written; left for the next run"
            yield Page(stream=stream, warnings=(told,))
            return
        before = progress.stored(query.state(stream))
        if before and before.settings != self._how:
            before = None
        if before and before.done and before.unchanged(stat):
            if before.bad or before.note:
                yield Page(stream=stream, warnings=(_still_bad(path, before),))
            return
        goes_on = before is not None and progress.goes_on(path, stat, before)
        reader = _Reader(self, path, stream, progress.begun(stat, self._how))
        yield from reader.pages(before if goes_on else None)

    def _settled(self, path: Path) -> os.stat_result | None:
        """Return the state of a file that nobody is writing; None where somebody is."""
        if path.name.lower().endswith(_UNFINISHED) or path.name.startswith("~$"):
            return None
        try:
            stat = path.stat()
        except FileNotFoundError:
            raise _missing(path) from None
        if not stat_modes.S_ISREG(stat.st_mode):
            raise SourceUnreadable(f"{path}: is not a regular file", hint="correct the path")
        # Compared with the clock that stamps files, not with that of the run.
        age = time.time() - stat.st_mtime
        if abs(age) >= self._settings.settle:
            return stat
        self._stopped.wait(max(0.0, min(self._settings.settle - age, self._settings.settle)))
        again = path.stat()
        still = (again.st_size, again.st_mtime_ns) == (stat.st_size, stat.st_mtime_ns)
        # Lines can be read while others are added: half a line is left over by itself.
        return again if still or path.suffix.lower() in _LINES else None

    def refuse_late(self, name: str) -> None:
        """Raise TimedOut when the run is over."""
        if self._stopped.is_set():
            raise TimedOut(f"{name}: stopped before its end; the next run goes on")
        if time.monotonic() > self._until:
            raise TimedOut(f"{name}: not read within {self._seconds:.0f} s; the next run goes on")

    @property
    def settings(self) -> Files:
        return self._settings


class _Reader:
    """Reads one file from some place on, and keeps count of what could not be read."""

    def __init__(
        self, session: FileSession, path: Path, stream: str, begun: progress.Progress
    ) -> None:
        self._session = session
        self._path = path
        self._stream = stream
        self._at = begun
        self._items: list[Item] = []
        self._warnings: list[str] = []
        self._records = 0
        self._bad = 0
        self._bad_before = 0
        self._offset = 0
        self._line = 0
        self._note = ""

    def pages(self, before: progress.Progress | None) -> Iterator[Page]:
        settings = self._session.settings
        if before is not None:
            self._offset, self._line, self._bad_before = before.offset, before.line, before.bad
        numbered = settings.records(self._path, self._offset, self._line)
        waiting, defaults = 0, settings.defaults
        for one in numbered:
            self._take(one, defaults)
            waiting += 1
            if waiting >= PAGE:
                self._session.refuse_late(self._path.name)
                yield self._page(done=False)
                waiting = 0
        self._refuse_all_bad(before)
        yield self._page(done=True)

    def _take(self, one: Numbered, defaults: RecordDefaults) -> None:
        if one.record is not None:
            try:
                found = items_of(one.record, defaults)
            except RecordRefused as error:
                self._refused(one.line, error.message)
            else:
                self._items.extend(found)
                self._records += 1
        elif one.problem:
            self._refused(one.line, one.problem)
        elif one.warning:
            self._warnings.append(f"{self._path.name}: {one.warning}")
            self._note = one.warning if "next run" in one.warning else self._note
        if one.offset >= 0:
            self._offset, self._line = one.offset, one.line

    def _refused(self, line: int, why: str) -> None:
        self._bad += 1
        if self._bad <= SHOWN:
            self._warnings.append(f"{self._path.name}, line {line}: left out: {why}")

    def _refuse_all_bad(self, before: progress.Progress | None) -> None:
        if before is None and self._bad and not self._records:
            first = self._warnings[0] if self._warnings else ""
            message = f"{self._path.name}: none of its {self._bad} records could be read"
            raise SourceUnreadable(message, hint=first)

    def _page(self, *, done: bool) -> Page:
        if done and self._bad > SHOWN:
            self._warnings.append(
                f"{self._path.name}: {self._bad - SHOWN} more records were left out"
            )
        items, warnings = tuple(self._items), tuple(self._warnings)
        self._items, self._warnings = [], []
        return Page(
            stream=self._stream,
            items=items,
            state=self._state(done),
            searched=any(isinstance(item, Mention) and not item.addressed for item in items),
            warnings=warnings,
        )

    def _state(self, done: bool) -> Any:
        if not done and not self._offset:
            return None  # this kind of file is read from the beginning, or not at all
        head, tail = progress.samples(self._path, self._at.size, self._offset)
        return dataclasses.replace(
            self._at,
            head=head,
            tail=tail,
            offset=self._offset,
            line=self._line,
            bad=self._bad_before + self._bad,
            done=int(done),
            note=self._note,
        ).state()


def _still_bad(path: Path, before: progress.Progress) -> str:
    parts = [f"{before.bad} records were left out when it was read"] if before.bad else []
    return f"{path.name}: " + "; ".join([*parts, *([before.note] if before.note else [])])


def _missing(path: Path) -> SourceUnreadable:
    hint = "is the path right? a pattern such as calls/*.csv, or a folder, may be given"
    return SourceUnreadable(f"{path}: no such file", hint=hint)


def _stream(path: Path) -> str:
    """Return the name of a file's stream, in characters that every database takes."""
    return "file:" + os.fsencode(path).decode("utf-8", "backslashreplace")
