"""
Between the clock on the wall and the time that really passes, also when the clocks change.

Both directions never run backwards, which everything that counts open time relies on:

- a wall time that is skipped in spring is the instant of the change;
- a wall time that comes twice in autumn is its first occurrence; during the second occurrence
  the clock is read as standing still at the end of the first.

Source: PEP 495; docs/reply-clock.md, "Counting open hours".
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_SECOND = timedelta(seconds=1)


def zone(name: str) -> ZoneInfo:
    """Return the time zone of that name. Raises ValueError, with the nearest known names."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError):
        raise ValueError(f"{str(name)[:60]!r} is no known time zone{_nearest(name)}") from None


def _nearest(name: str) -> str:
    from difflib import get_close_matches
    from zoneinfo import available_timezones

    known = {known.lower(): known for known in available_timezones()}
    known |= {value.rpartition("/")[2].lower(): value for value in known.values()}
    close = get_close_matches(str(name)[:60].lower().replace(" ", "_"), known, n=3, cutoff=0.6)
    return f"; perhaps {' or '.join(dict.fromkeys(known[each] for each in close))}" if close else ""


def instant(day: date, offset: timedelta, tz: tzinfo) -> datetime:
    """Return the UTC instant at which the clock on the wall shows midnight of *day* + *offset*."""
    wall = datetime(day.year, day.month, day.day) + offset  # noqa: DTZ001 - what a wall shows
    first = wall.replace(tzinfo=tz).astimezone(UTC)
    if first.astimezone(tz).replace(tzinfo=None) == wall:
        return first
    return _change(wall.replace(tzinfo=tz, fold=1).astimezone(UTC), first, tz)


def shown(at: datetime, day: date, tz: tzinfo) -> timedelta:
    """Return what the clock on the wall shows at a UTC instant, since midnight of *day*."""
    local = at.astimezone(tz)
    if local.fold:
        before = local.replace(fold=0).astimezone(UTC)
        change = _change(before.replace(microsecond=0), at.replace(microsecond=0), tz)
        wall = change + _offset(before, tz)
    else:
        wall = local
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - what a wall shows
    return wall.replace(tzinfo=None, fold=0) - midnight


def _change(low: datetime, high: datetime, tz: tzinfo) -> datetime:
    """Return the first instant in (low, high] with the offset of *high*; whole seconds, UTC."""
    after = _offset(high, tz)
    while high - low > _SECOND:
        middle = low + (high - low) // _SECOND // 2 * _SECOND
        if _offset(middle, tz) == after:
            high = middle
        else:
            low = middle
    return high


def _offset(at: datetime, tz: tzinfo) -> timedelta:
    return at.astimezone(tz).utcoffset() or timedelta()
