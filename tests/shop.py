"""
A business for tests: its configuration, its channels as files, and its command line.

    shop = Shop(tmp_path)
    shop.records("facebook", {"id": "1", "text": "…", "author_id": "dana", "at": "10:00"})
    result = shop.run("check", "--json", at="11:05")
    result.rows[0]["overdue"]

Times are UTC. "10:00" is on Tuesday 17 November 2026, "wed 10:00" on the day after it, and so on to
"sun"; "2026-11-20 10:00" and aware datetimes do as well.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import time_machine

ROOT = Path(__file__).resolve().parent.parent
TUESDAY = datetime(2026, 11, 17, tzinfo=UTC)
_DAYS = {
    "mon": -1,
    "tue": 0,
    "wed": 1,
    "thu": 2,
    "fri": 3,
    "sat": 4,
    "sun": 5,
    "mon2": 6,
    "tue2": 7,
}
_WHEN = re.compile(r"(?:(\w+) )?(\d\d):(\d\d)(?::(\d\d))?")


def when(text: str | datetime) -> datetime:
    """Return the time that a short form names."""
    if isinstance(text, datetime):
        return text
    match = _WHEN.fullmatch(text)
    if match and (match[1] or "tue") in _DAYS:
        day = TUESDAY + timedelta(days=_DAYS[match[1] or "tue"])
        return day + timedelta(
            hours=int(match[2]), minutes=int(match[3]), seconds=int(match[4] or 0)
        )
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@dataclass(kw_only=True)
class Result:
    """What a command line did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def rows(self) -> list[Any]:
        return self.json["rows"]

    def row(self, number: int) -> Any:
        return next(row for row in self.rows if row["id"] == number)


@dataclass(kw_only=True)
class Channel:
    """One file channel. ``sees_own_replies`` as a platform would."""

    name: str
    type: str
    lines: list[str] = field(default_factory=list)


class Shop:
    """Acme Coffee, open around the clock unless ``hours`` says otherwise."""

    def __init__(self, folder: Path, *, hours: str = "", more: str = "") -> None:
        self.folder = folder
        self.hours = hours
        self.more = more
        self.channels: dict[str, Channel] = {}
        self.config = folder / "shop.toml"
        self.db = folder / "shop.db"

    def channel(self, name: str, type_: str = "") -> Channel:
        return self.channels.setdefault(name, Channel(name=name, type=type_ or name))

    def records(self, name: str, *records: dict[str, Any], type_: str = "") -> None:
        """Add records to a channel; ``at`` becomes ``created_at``, the type is the channel's."""
        channel = self.channel(name, type_)
        for record in records:
            ready = {"channel_type": channel.type, **record}
            for short, long in (("at", "created_at"), ("answered", "replied_at")):
                if short in ready:
                    ready[long] = when(ready.pop(short)).isoformat()
            channel.lines.append(json.dumps(ready))
        self._write(channel)

    def _write(self, channel: Channel) -> None:
        path = self.folder / f"{channel.name}.ndjson"
        path.write_text("".join(line + "\n" for line in channel.lines))
        # A file that was just changed is left for the next run.
        os.utime(path, (1_000_000_000 + len(channel.lines),) * 2)

    def write_config(self) -> None:
        sections = "".join(
            f'[channels.{channel.name}]\ntype = "file"\npath = "{channel.name}.ndjson"\n\n'
            for channel in self.channels.values()
        )
        self.config.write_text(
            f'[brand]\nname = "Acme Coffee"\n\n{self.hours}\n\n{sections}\n{self.more}\n'
        )
        self.config.chmod(0o600)

    def run(self, *arguments: str, at: str | datetime, stdin: str = "") -> Result:
        """Run a command line at a time; the configuration is written first."""
        self.write_config()
        with time_machine.travel(when(at), tick=False):
            return run(*arguments, "--config", str(self.config), stdin=stdin)

    def queue(self, at: str | datetime, *arguments: str) -> list[Any]:
        """Sync, and return the rows of the queue."""
        return self.run("check", "--json", *arguments, at=at).rows

    @contextlib.contextmanager
    def sql(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self.db)
        connection.row_factory = sqlite3.Row
        try:
            yield connection
        finally:
            connection.close()


def run(*arguments: str, stdin: str = "") -> Result:
    """Run a command line in this process."""
    from mentionwatch.cli.start import main

    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        _stdin(stdin),
    ):
        code = main(list(arguments))
    return Result(code=int(code), out=out.getvalue(), err=err.getvalue())


@contextlib.contextmanager
def _stdin(text: str) -> Iterator[None]:
    import sys

    before, sys.stdin = sys.stdin, io.StringIO(text)
    try:
        yield
    finally:
        sys.stdin = before
