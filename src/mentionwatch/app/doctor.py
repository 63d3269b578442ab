"""
Looks at everything that a run needs, and says what to do about each finding.

Each channel is asked with one cheap request; nothing is stored.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mentionwatch.app.setting import Setting
from mentionwatch.channels import BlockingChannel
from mentionwatch.errors import ChannelError
from mentionwatch.model.times import from_ms
from mentionwatch.store import channels as channel_store

if TYPE_CHECKING:
    from mentionwatch.config.settings import ChannelSettings
    from mentionwatch.credentials import Tokens

DEADLINE_SECONDS = 20.0
LEAST_FREE = 200 * 2**20


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that was looked at. ``level``: ok, warning or problem."""

    level: str
    what: str
    message: str
    hint: str = ""


def examine(
    setting: Setting, now: datetime, *, only: Sequence[str] = (), tokens: Tokens | None = None
) -> list[Finding]:
    """Return every finding: configuration, files, clock, disk, database, then the channels."""
    findings = []
    if not only:
        findings += [
            *_config(setting),
            *_permissions(setting),
            *_disk(setting.store.path),
            *_clock(setting, now),
            *_database(setting),
        ]
    return [*findings, *channel_findings(setting, only, tokens)]


def _config(setting: Setting) -> Iterator[Finding]:
    config = setting.config
    count = len(config.channels)
    yield Finding(
        level="ok",
        what="configuration",
        message=f"{config.path}: {count} channel{'' if count == 1 else 's'}",
    )
    if not count:
        yield Finding(
            level="problem",
            what="configuration",
            message="no channel is configured, so nothing can be known to wait",
            hint="add a [channels.…] section; `mentionwatch channels` lists what there is",
        )
    for warning in config.warnings:
        yield Finding(level="warning", what="configuration", message=warning)


def _permissions(setting: Setting) -> Iterator[Finding]:
    if os.name == "nt":  # pragma: no cover
        return
    for path in (setting.store.path, setting.store.path.parent / "credentials.json"):
        if not path.exists():
            continue
        if path.stat().st_mode & 0o077:
            yield Finding(
                level="warning",
                what="permissions",
                message=f"{path} can be read by other users of this machine",
                hint=f"chmod 600 {path}",
            )
        else:
            yield Finding(level="ok", what="permissions", message=f"{path}: only you can read it")


def _disk(path: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(path.parent).free
    if free < LEAST_FREE:
        yield Finding(
            level="problem",
            what="disk",
            message=f"only {free // 2**20} MiB are free at {path.parent}",
            hint="free some space; a full disk stops every run",
        )
    else:
        yield Finding(level="ok", what="disk", message=f"{free // 2**30} GiB free")


def _clock(setting: Setting, now: datetime) -> Iterator[Finding]:
    records = channel_store.all_channels(setting.store.connection).values()
    latest = max((record.last_attempt_at or 0 for record in records), default=0)
    if latest and from_ms(latest) > now + timedelta(minutes=5):
        yield Finding(
            level="problem",
            what="clock",
            message=f"the last run is dated {from_ms(latest):%Y-%m-%d %H:%M} UTC, after now",
            hint="set this machine's clock; due times depend on it",
        )
    else:
        yield Finding(level="ok", what="clock", message=f"{now:%Y-%m-%d %H:%M} UTC")


def _database(setting: Setting) -> Iterator[Finding]:
    found = setting.store.connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found == "ok":
        yield Finding(level="ok", what="database", message=f"{setting.store.path}: intact")
    else:
        yield Finding(
            level="problem",
            what="database",
            message=f"{setting.store.path} is damaged: {found}",
            hint="restore a copy with `mentionwatch db restore`",
        )


# --- channels -------------------------------------------------------------------------------------


def channel_findings(setting: Setting, only: Sequence[str], tokens: Tokens | None) -> list[Finding]:
    """Ask each channel who we are there, all at the same time."""
    import asyncio

    wanted = [
        channel
        for channel in setting.config.channels
        if (channel.name in only if only else channel.enabled)
    ]

    async def ask_all() -> list[list[Finding]]:
        return list(await asyncio.gather(*(_ask(channel, tokens) for channel in wanted)))

    return [finding for findings in asyncio.run(ask_all()) for finding in findings]


async def _ask(channel: ChannelSettings, tokens: Tokens | None) -> list[Finding]:
    import asyncio

    if channel.channel is None:
        return [_problem(channel.name, channel.problem, "install the package that serves it")]
    ask = _ask_blocking if isinstance(channel.channel, BlockingChannel) else _ask_http
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            account = await ask(channel, tokens)
    except ChannelError as error:
        return [_problem(channel.name, error.message, error.hint)]
    except TimeoutError:
        return [
            _problem(
                channel.name,
                f"no answer within {DEADLINE_SECONDS:.0f} seconds",
                "is the address right, and the network up?",
            )
        ]
    summary = account.summary or "answers"
    return [
        Finding(level="ok", what=channel.name, message=summary),
        *(Finding(level="warning", what=channel.name, message=text) for text in account.warnings),
    ]


async def _ask_http(channel: ChannelSettings, tokens: Tokens | None) -> Any:
    from mentionwatch.client import Client

    options: dict[str, Any] = getattr(channel.channel, "client_options", dict)()
    async with Client(
        channel=channel.name, deadline=DEADLINE_SECONDS, tokens=tokens, tries=1, **options
    ) as client:
        return await channel.channel.account(client)


async def _ask_blocking(channel: ChannelSettings, _: Tokens | None) -> Any:
    import asyncio

    session = channel.channel.connect(DEADLINE_SECONDS)
    task = asyncio.create_task(asyncio.to_thread(session.account))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        session.abort()
        raise
    finally:
        session.close()


def _problem(name: str, message: str, hint: str) -> Finding:
    from mentionwatch.credentials import redact

    return Finding(level="problem", what=name, message=redact(message), hint=redact(hint))
