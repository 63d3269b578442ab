"""How far a file has been read, and whether it is still the same file."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from mentionwatch.model.items import StreamState

SAMPLE = 4_096  # bytes at the beginning, and before the place where reading stopped


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """
    What is kept of a file between two runs.

    ``size`` and ``mtime_ns`` are those of the moment at which reading began. ``head`` and ``tail``
    are digests of its first bytes and of those before ``offset``; ``bad`` counts the lines that
    could not be read, ``note`` says what was left over; ``settings`` is a digest of how it was
    read, since a corrected map must read it again.
    """

    device: int
    inode: int
    size: int
    mtime_ns: int
    settings: str
    head: str = ""
    tail: str = ""
    offset: int = 0
    line: int = 0
    bad: int = 0
    done: int = 0
    note: str = ""

    def state(self) -> StreamState:
        extra = {f.name: str(getattr(self, f.name)) for f in fields(self)}
        return StreamState(cursor=extra.pop("offset"), extra=extra)

    def same_file(self, stat: os.stat_result) -> bool:
        return (self.device, self.inode) == (stat.st_dev, stat.st_ino)

    def unchanged(self, stat: os.stat_result) -> bool:
        same = (self.size, self.mtime_ns) == (stat.st_size, stat.st_mtime_ns)
        return same and self.same_file(stat)


def begun(stat: os.stat_result, settings: str) -> Progress:
    """Return the progress of a file of which nothing is read yet."""
    return Progress(
        device=stat.st_dev,
        inode=stat.st_ino,
        size=stat.st_size,
        mtime_ns=stat.st_mtime_ns,
        settings=settings,
    )


def stored(state: StreamState) -> Progress | None:
    """Return what an earlier run has kept; None where there is nothing of use."""
    texts = {"settings", "head", "tail", "note"}
    given: dict[str, Any] = {**state.extra, "offset": state.cursor}
    try:
        values: dict[str, Any] = {
            f.name: given[f.name] if f.name in texts else int(given[f.name])
            for f in fields(Progress)
        }
        return Progress(**values)
    except (KeyError, ValueError):
        return None


def goes_on(path: Path, stat: os.stat_result, before: Progress) -> bool:
    """Tell whether to go on where reading stopped: the file only grew, or a run was cut short."""
    if not before.offset or not before.same_file(stat):
        return False
    cut_short = before.unchanged(stat) and not before.done
    if not cut_short and stat.st_size <= before.size:
        return False
    return samples(path, before.size, before.offset) == (before.head, before.tail)


def samples(path: Path, size: int, offset: int) -> tuple[str, str]:
    """Return digests of the first bytes, of *size* at most, and of the bytes before *offset*."""
    with path.open("rb") as file:
        head = file.read(min(SAMPLE, size))
        file.seek(max(0, offset - SAMPLE))
        tail = file.read(min(SAMPLE, offset))
    return _digest(head), _digest(tail)


def settings_digest(settings: Mapping[str, Any]) -> str:
    return _digest(repr(sorted(settings.items())).encode("utf-8", "replace"))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]
