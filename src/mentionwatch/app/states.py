"""How each channel stands: what is broken, stale or was never read must be said in every output."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from mentionwatch.app.setting import Setting
from mentionwatch.model.report import ChannelState
from mentionwatch.model.times import from_ms, median
from mentionwatch.store import channels as channel_store

if TYPE_CHECKING:
    from mentionwatch.config.settings import ChannelSettings
    from mentionwatch.store.channels import ChannelRecord

LONGEST = timedelta(hours=24)
SHORTEST = timedelta(hours=1)  # two runs by hand, a minute apart, are no habit
RUNS_FOR_A_HABIT = 3
CLOCKS_DIFFER = timedelta(minutes=5)  # two machines, or one that was set a little


def channel_states(setting: Setting, now: datetime) -> tuple[ChannelState, ...]:
    """Return every channel: configured ones in the order of the file, then those that were."""
    connection = setting.store.connection
    records = channel_store.all_channels(connection)
    gaps = channel_store.gaps(connection)
    configured = [
        _state(channel, records.get(channel.name), gaps.get(channel.name, []), now)
        for channel in setting.config.channels
    ]
    names = {channel.name for channel in setting.config.channels}
    gone = [
        ChannelState(
            name=record.name,
            type=record.type,
            family=record.family,
            status="skipped",
            last_success_at=_time(record.last_success_at),
            stored=record.stored,
            notes=("no longer in the configuration; what is stored stays readable",),
        )
        for record in records.values()
        if record.name not in names and record.type != "manual"
    ]
    return (*configured, *gone)


def _state(
    channel: ChannelSettings,
    record: ChannelRecord | None,
    gaps: list[str],
    now: datetime,
) -> ChannelState:
    status, problem, hint = _status(channel, record, gaps, now)
    known = record is not None and channel.deferred
    sees = record.sees_own_replies if known and record else sees_own_replies(channel)
    notes = list(record.warnings) if record else []
    return ChannelState(
        name=channel.name,
        type=channel.type,
        family=record.family if known and record else channel.family,
        status=status,
        last_success_at=_time(record.last_success_at) if record else None,
        last_attempt_at=_time(record.last_attempt_at) if record else None,
        failing_since=_time(record.failing_since) if record else None,
        problem=problem,
        hint=hint,
        sees_own_replies=sees,
        notes=tuple(notes),
        stored=record.stored if record else 0,
    )


def _status(
    channel: ChannelSettings, record: ChannelRecord | None, gaps: list[str], now: datetime
) -> tuple[str, str | None, str | None]:
    again = f"mentionwatch doctor {channel.name}"
    if channel.channel is None and not channel.deferred:
        return "failed", channel.problem, "install the package that serves it"
    if not channel.enabled:
        return "skipped", None, None
    if record is None or record.last_attempt_at is None:
        return "never", "not read yet", "mentionwatch sync"
    if record.status == "failed":
        return "failed", record.problem, record.hint or again
    if record.status == "partial" or gaps:
        problem = record.problem or "the last run did not reach what was read before"
        return "partial", problem, record.hint or "mentionwatch sync"
    if record.last_success_at is None:
        return "never", record.problem or "not read yet", "mentionwatch sync"
    age = now - from_ms(record.last_success_at)
    if age < -CLOCKS_DIFFER:
        return "stale", "the last run is dated after now: a clock was wrong", "mentionwatch sync"
    if age > stale_after(channel, record):
        return "stale", "not read for longer than usual", "mentionwatch sync"
    return "ok", None, None


def sees_own_replies(channel: ChannelSettings) -> bool:
    """Return whether a channel shows what we answer there."""
    capabilities: Any = getattr(channel.channel, "capabilities", None)
    return bool(getattr(capabilities, "sees_own_replies", True))


def stale_after(channel: ChannelSettings, record: ChannelRecord) -> timedelta:
    """Return how old the last success may be: twice the usual interval, at most 24 hours."""
    if channel.every is not None:
        return max(2 * channel.every, SHORTEST)
    if len(record.intervals) < RUNS_FOR_A_HABIT:
        return LONGEST
    usual = timedelta(milliseconds=median(record.intervals))
    return min(max(2 * usual, SHORTEST), LONGEST)


def _time(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else from_ms(milliseconds)
