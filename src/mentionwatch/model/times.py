"""
Instants and lengths of time: read strictly, written one way.

Inside everything is aware and UTC; the database holds integer milliseconds. Timestamps follow
RFC 3339 (https://www.rfc-editor.org/rfc/rfc3339), plus the "+0000" that some platforms write.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
# Unix seconds reach this in the year 5138; milliseconds passed it in 1973.
_MILLISECONDS_FROM = 100_000_000_000

# Texts, not compiled patterns: a start that reads no time in words does not compile them.
_TIMESTAMP = (
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-5][0-9]|60)"
    r"(?:\.([0-9]{1,9}))?(?:[Zz]|([+-])([01][0-9]|2[0-3]):?([0-5][0-9]))"
)
_DURATION = (
    r"(?:([0-9]{1,6})w)?(?:([0-9]{1,6})d)?(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,8})s)?"
)


def parse_time(value: object) -> datetime:
    """
    Return the instant, aware and in UTC, that a channel, a file or an argument names.

    Args:
        value: An RFC 3339 string with its offset (1 to 9 digits of a second; what is beyond
            microseconds is cut off), or Unix time as a number: seconds, or milliseconds from 1e11.

    Raises:
        ValueError: Anything else, also a time without an offset and a date that does not exist.
    """
    if isinstance(value, str):
        return _parse_timestamp(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            scaled = value if abs(value) >= _MILLISECONDS_FROM else value * 1000
            return _EPOCH + timedelta(milliseconds=scaled)
        except (OverflowError, ValueError):
            raise ValueError(f"{_shortened(value)} is not a time") from None
    raise ValueError(f"{_shortened(value)} is not a time")


def _parse_timestamp(text: str) -> datetime:
    match = re.fullmatch(_TIMESTAMP, text.strip())
    if match is None:
        raise ValueError(f"{_shortened(text)} is not a time such as 2026-11-21T09:30:00Z")
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    fraction, sign, hours, minutes = match.groups()[6:]
    leap = timedelta(seconds=1) if second == 60 else timedelta()
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    try:
        micros = int((fraction or "0")[:6].ljust(6, "0"))
        local = datetime(year, month, day, hour, minute, min(second, 59), micros, UTC)
        return local + leap + (offset if sign == "-" else -offset)
    except (ValueError, OverflowError):
        raise ValueError(f"{_shortened(text)} names a time that does not exist") from None


def _shortened(value: object) -> str:
    # Python refuses to write integers of more than 4,300 digits.
    if isinstance(value, int) and value.bit_length() > 200:
        return "a huge number"
    text = repr(value)
    return text if len(text) <= 60 else text[:60] + "…"


def to_ms(at: datetime) -> int:
    """Return an aware time as UTC milliseconds since 1970, rounded down."""
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone")
    return (at - _EPOCH) // _MILLISECOND


def from_ms(milliseconds: int) -> datetime:
    """Return the time, aware and in UTC, of milliseconds since 1970. Raises ValueError."""
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        raise ValueError(f"{_shortened(milliseconds)} ms is not a time") from None


def iso(at: datetime, *, milliseconds: bool = False) -> str:
    """
    Return an aware time as ``2026-11-21T09:30:00Z``; `parse_time` reads it back.

    Whole seconds, rounded down, because ``jq`` and spreadsheets read nothing else; with
    *milliseconds* all that is stored, for exports that are imported again.
    """
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone")
    text = at.astimezone(UTC).replace(tzinfo=None)
    return text.isoformat(timespec="milliseconds" if milliseconds else "seconds") + "Z"


def duration(text: str) -> timedelta:
    """
    Return a length of calendar time: "72h", "30d", "1h30m", "45s", "2w".

    Open time is another thing: see `core.business_hours.Target`.

    Raises:
        ValueError: Another form, or more than a hundred years.
    """
    match = re.fullmatch(_DURATION, text.strip()) if isinstance(text, str) else None
    if match is None or not any(match.groups()):
        raise ValueError(f"{_shortened(text)} is not a length of time such as 30m, 72h or 30d")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    length = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    if length > timedelta(days=36_525):
        raise ValueError(f"{_shortened(text)} is more than a hundred years")
    return length


def in_words(seconds: float) -> str:
    """
    Return a length of time as people say it: "40 min", "1 h 20 min", "5 h", "3 days".

    Rounded down, so that no wait is called longer than it is; the sign is dropped.
    """
    minutes = int(abs(seconds) // 60)
    if minutes < 1:
        return "under 1 min"
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 2 and rest:
        return f"{hours} h {rest} min"
    return f"{hours} h" if hours < 48 else f"{hours // 24} days"


def median(lengths: Sequence[int]) -> int:
    """Return the middle of some lengths of time; of an even number the lower one of two."""
    return sorted(lengths)[(len(lengths) - 1) // 2]
