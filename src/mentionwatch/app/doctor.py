"""
Looks at everything that a run needs, and says what to do about each finding.

Each channel is asked with one cheap request, the mail server is greeted; nothing is stored, and
nothing is sent. What leaves this machine is in ``app.reaching``.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from mentionwatch.app.reaching import channel_findings, delivery_findings
from mentionwatch.app.setting import Setting
from mentionwatch.app.states import channel_states
from mentionwatch.errors import ConfigError, MentionwatchError
from mentionwatch.model.finding import Finding
from mentionwatch.model.times import from_ms
from mentionwatch.store import channels as channel_store

if TYPE_CHECKING:
    from mentionwatch.credentials import Tokens
    from mentionwatch.model.report import ChannelState

LEAST_FREE = 200 * 2**20
CLOCKS_DIFFER = timedelta(minutes=5)
# This version is younger, so a clock that says less is wrong.
EARLIEST = datetime(2026, 11, 1, tzinfo=UTC)


def examine(
    setting: Setting, now: datetime, *, only: Sequence[str] = (), tokens: Tokens | None = None
) -> list[Finding]:
    """
    Return every finding: configuration, files, disk, clock, database, channels, delivery.

    Args:
        only: Names of channels; then nothing else is looked at.
    """
    findings: list[Finding] = []
    if not only:
        findings += [*_config(setting), *_permissions(setting), *_disk(setting.store.path)]
        findings += _clock(now)
    database = list(_database(setting))
    intact = all(one.level == "ok" for one in database)
    if not only or not intact:
        findings += database
    asked = channel_findings(setting.config, only, tokens, now)
    findings += asked.findings
    if intact:
        findings += _stored(setting, now, only)
        findings = [_brief(one, findings) for one in findings]
    if not only:
        findings += _clock_by_others(now, asked.skews)
        findings += delivery_findings(setting.config)
    return _in_order(findings, [channel.name for channel in setting.config.channels])


def refusal(error: MentionwatchError) -> list[Finding]:
    """Return what keeps everything else from being looked at, as findings."""
    if isinstance(error, ConfigError):
        return [
            Finding(
                level="problem",
                check="configuration",
                what="configuration",
                message=str(problem).partition("\n")[0],
                hint=problem.hint or error.hint,
            )
            for problem in error.problems
        ]
    return [
        Finding(
            level="problem",
            check="database",
            what="database",
            message=error.message,
            hint=error.hint,
        )
    ]


def _in_order(findings: list[Finding], names: list[str]) -> list[Finding]:
    """Put what concerns a channel together, in the order of the file, after the machine."""
    place = {name: number for number, name in enumerate(names, start=1)}
    last = len(names) + 1
    return sorted(
        findings,
        key=lambda one: last if one.check == "delivery" else place.get(one.channel, 0),
    )


# --- this machine ---------------------------------------------------------------------------------


def _config(setting: Setting) -> Iterator[Finding]:
    config = setting.config
    count = len(config.channels)
    yield _of("configuration", "ok", f"{config.path}: {count} channel{'' if count == 1 else 's'}")
    if not count:
        yield _of(
            "configuration",
            "problem",
            "no channel is configured, so nothing can be known to wait",
            "add a [channels.…] section; `mentionwatch channels` lists what there is",
        )
    for warning in config.warnings:
        yield _of("configuration", "warning", warning)


def _permissions(setting: Setting) -> Iterator[Finding]:
    path = setting.store.path
    for needed in (path, path.parent):
        if not os.access(needed, os.W_OK):
            yield _of(
                "permissions",
                "problem",
                f"{needed} cannot be written by you, so nothing can be stored",
                "make it yours, or name another file with --db",
            )
    if os.name == "nt":  # pragma: no cover - modes say nothing there
        return
    tokens = path.parent / "credentials.json"
    readable = [
        file
        for file in sorted({path, tokens, *_copies(path)})
        if file.is_file() and file.stat().st_mode & 0o077
    ]
    for file in readable:
        # Tokens that others can read are not used at all.
        level = "problem" if file == tokens else "warning"
        message = f"{file} can be read by other users of this machine"
        yield _of("permissions", level, message, f"chmod 600 {file}")
    if not readable:
        yield _of("permissions", "ok", f"{path} and what belongs to it: only you can read it")
    if path.parent.stat().st_mode & 0o022:
        yield _of(
            "permissions",
            "warning",
            f"other users of this machine can put files into {path.parent}",
            f"chmod 700 {path.parent}",
        )


def _copies(path: Path) -> list[Path]:
    """Return what a database leaves beside itself with the same words in it."""
    patterns = ("-wal", "-shm", ".v*.backup", "-*.backup.db", "-*.before-restore.db")
    stem = {"-wal": path.name, "-shm": path.name}
    return [
        found
        for pattern in patterns
        for found in path.parent.glob(f"{_literal(stem.get(pattern, path.stem))}{pattern}")
    ]


def _literal(name: str) -> str:
    """Keep brackets and stars of a name from meaning something."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _disk(path: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(path.parent).free
    size = path.stat().st_size
    if free < LEAST_FREE:
        yield _of(
            "disk",
            "problem",
            f"only {free // 2**20} MiB are free at {path.parent}",
            "free some space; a full disk stops every run",
        )
    elif free < 2 * size:
        yield _of(
            "disk",
            "warning",
            f"{free // 2**20} MiB are free at {path.parent}, and the database has "
            f"{size // 2**20} MiB",
            "free some space: an upgrade, a backup and `forget` write a copy of the database",
        )
    else:
        yield _of("disk", "ok", f"{free // 2**30} GiB free at {path.parent}")


def _clock(now: datetime) -> Iterator[Finding]:
    if now < EARLIEST:
        yield _of(
            "clock",
            "problem",
            f"this machine says it is {now:%Y-%m-%d %H:%M} UTC; this program was not written then",
            "set this machine's clock; due times depend on it",
            now,
        )
    else:
        yield _of("clock", "ok", f"{now:%Y-%m-%d %H:%M} UTC", at=now)


def _clock_by_others(now: datetime, skews: Sequence[float]) -> Iterator[Finding]:
    """Believe the middle one of what the services said: the clock of one may be wrong."""
    if not skews:
        return
    skew = timedelta(seconds=sorted(skews)[len(skews) // 2])
    if abs(skew) > CLOCKS_DIFFER:
        yield _of(
            "clock",
            "problem",
            f"the services say it is {now + skew:%Y-%m-%d %H:%M} UTC, this machine says "
            f"{now:%Y-%m-%d %H:%M}",
            "set this machine's clock; due times depend on it",
            now,
        )


# --- what is stored -------------------------------------------------------------------------------


def _database(setting: Setting) -> Iterator[Finding]:
    path = setting.store.path
    try:
        found = str(setting.store.connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found == "ok":
        yield _of("database", "ok", f"{path}: intact, {path.stat().st_size // 2**10} KiB")
    else:
        yield _of(
            "database",
            "problem",
            f"{path} is damaged: {found}",
            "restore a copy with `mentionwatch db restore`",
        )


def _stored(setting: Setting, now: datetime, only: Sequence[str]) -> Iterator[Finding]:
    if not only:
        yield from _runs_ahead(setting, now)
    for state in channel_states(setting, now):
        channel = setting.config.channel(state.name)
        if channel is not None and (not only or state.name in only):
            yield _last_sync(state)


def _runs_ahead(setting: Setting, now: datetime) -> Iterator[Finding]:
    records = channel_store.all_channels(setting.store.connection).values()
    latest = max((record.last_attempt_at or 0 for record in records), default=0)
    if latest and from_ms(latest) > now + CLOCKS_DIFFER:
        yield _of(
            "clock",
            "problem",
            f"the last run is dated {from_ms(latest):%Y-%m-%d %H:%M} UTC, after now",
            "set this machine's clock; due times depend on it",
            from_ms(latest),
        )


def _last_sync(state: ChannelState) -> Finding:
    """Say when a channel was last read to its end, and what is in the way."""
    last = state.last_success_at
    read = f"last read to the end {last:%Y-%m-%d %H:%M} UTC" if last else "never read to the end"
    level, hint, words = "warning", state.hint or "", f"{read}: {state.problem}"
    if state.status == "skipped":
        level, words = "ok", "switched off in the configuration"
    elif state.status == "ok":
        level, words = "ok", f"{read}; {_mentions(state.stored)} stored"
    elif state.status == "never" and state.last_attempt_at is None:
        level, words = "ok", "not read yet; `mentionwatch check` does"
    elif state.status == "failed" and state.failing_since:
        words = f"{read}; fails since {state.failing_since:%Y-%m-%d %H:%M} UTC: {state.problem}"
    if "mentionwatch doctor" in hint:  # that is where we are
        hint = "mentionwatch sync, once the account answers"
    return Finding(
        level=level,
        check="last_sync",
        what=state.name,
        message=words,
        hint="" if level == "ok" else hint,
        channel=state.name,
        at=last,
    )


def _brief(finding: Finding, findings: Sequence[Finding]) -> Finding:
    """Leave out of the last run's failure what the account has just said as well."""
    same = [
        one
        for one in findings
        if one.check == "account"
        and one.channel == finding.channel
        and one.level == "problem"
        and finding.message.endswith(f": {one.message}")
    ]
    if finding.check != "last_sync" or not same:
        return finding
    words = finding.message.removesuffix(f": {same[0].message}")
    return replace(finding, message=f"{words}, for the same reason", hint="")


def _mentions(count: int) -> str:
    return f"{count} mention{'' if count == 1 else 's'}"


def _of(
    check: str, level: str, message: str, hint: str = "", at: datetime | None = None
) -> Finding:
    return Finding(level=level, check=check, what=check, message=message, hint=hint, at=at)
