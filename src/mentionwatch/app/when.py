"""Times as people say them: "1h", "tonight", "tomorrow", "monday", "2026-12-01 09:00"."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from mentionwatch.app.setting import Setting, current_hours
from mentionwatch.errors import UsageError
from mentionwatch.model.times import duration

EVENING = time(18, 0)
MORNING = time(9, 0)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})")
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[ T](\d{1,2}):(\d{2}))?")


def until(text: str, now: datetime, setting: Setting) -> datetime:
    """
    Return a moment to come, in UTC. A day without a time means when we open on it.

    Raises:
        UsageError: It cannot be read, or has passed.
    """
    zone = ZoneInfo(setting.config.hours.timezone)
    found = _moment(text.strip().lower(), now.astimezone(zone), setting, zone)
    if found is None:
        raise UsageError(
            f"{text!r} is not a time",
            hint="1h, 30m, tonight, tomorrow, monday, 14:30, 2026-12-01 or 2026-12-01 09:00",
        )
    if found <= now:
        raise UsageError(f"{text!r} has passed already", hint="name a time to come")
    return found.astimezone(UTC)


def passed(text: str, now: datetime, setting: Setting) -> datetime:
    """
    Return a moment that has passed, in UTC: "09:40" (today), "2h" (ago), "2026-11-20 09:40".

    Raises:
        UsageError: It cannot be read, or is still to come.
    """
    zone = ZoneInfo(setting.config.hours.timezone)
    word = text.strip().lower().removesuffix(" ago")
    try:
        found: datetime | None = now - duration(word)
    except ValueError:
        found = _clock_or_date(word, now.astimezone(zone), zone)
    if found is None:
        raise UsageError(
            f"{text!r} is not a time", hint="09:40 (today), 2h (ago), or 2026-11-20 09:40"
        )
    if found > now:
        raise UsageError(f"{text!r} is still to come", hint="--at takes a time that has passed")
    return found.astimezone(UTC)


def _moment(word: str, local: datetime, setting: Setting, zone: ZoneInfo) -> datetime | None:
    if word == "tonight":
        evening = datetime.combine(local.date(), EVENING, zone)
        return evening if evening > local else local + timedelta(hours=3)
    if word == "tomorrow":
        return _opening(local.date() + timedelta(days=1), setting, zone)
    if word[:3] in DAYS and (word in DAYS or word.endswith("day")):
        ahead = (DAYS.index(word[:3]) - local.weekday() - 1) % 7 + 1
        return _opening(local.date() + timedelta(days=ahead), setting, zone)
    try:
        return local + duration(word)
    except ValueError:
        found = _clock_or_date(word, local, zone)
    if found is not None and not _CLOCK.search(word):
        return _opening(found.astimezone(zone).date(), setting, zone)
    return found


def _clock_or_date(word: str, local: datetime, zone: ZoneInfo) -> datetime | None:
    try:
        if clock := _CLOCK.fullmatch(word):
            return datetime.combine(local.date(), time(int(clock[1]), int(clock[2])), zone)
        if day := _DATE.fullmatch(word):
            at = time(int(day[2] or 0), int(day[3] or 0))
            return datetime.combine(date.fromisoformat(day[1]), at, zone)
    except ValueError:
        return None
    return None


def _opening(day: date, setting: Setting, zone: ZoneInfo) -> datetime:
    """Return when we open on a day; at nine where we do not, or always are."""
    morning = datetime.combine(day, MORNING, zone)
    hours = current_hours(setting, morning.astimezone(UTC))
    intervals = () if hours.always_open else hours.on(day)
    if not intervals:
        return morning
    start = intervals[0].start
    return datetime.combine(day, time(start // 60, start % 60), zone)
