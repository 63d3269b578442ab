"""Durations as people write them: "90m", "1h30m", "72h", "30d"."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from mentionwatch.config.reading import Wrong, shown

_PARTS = r"(\d{1,9}(?:\.\d{1,3})?)\s*([a-z]+)\s*"
_SECONDS = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86_400),
    **dict.fromkeys(("w", "week", "weeks"), 7 * 86_400),
}
_LONGEST = timedelta(days=36_500)


def duration(value: Any) -> timedelta:
    """Check for a plain length of time, positive: "45s", "30m", "72h", "30d", "2w", "1h30m"."""
    if not isinstance(value, str):
        raise Wrong(
            f'must be a duration in quotes such as "30m", "72h" or "30d", not {shown(value)}'
        )
    found = _parsed(value.strip().lower())
    if found is None:
        hint = ""
        if "bd" in value.lower():
            hint = (
                "business days (bd) are for targets and follow_up; here a plain duration is meant"
            )
        raise Wrong(f'must be a duration such as "30m", "72h" or "30d", not {shown(value)}', hint)
    if not timedelta() < found <= _LONGEST:
        raise Wrong(f"must be longer than nothing and at most 100 years, not {shown(value)}")
    return found


def _parsed(text: str) -> timedelta | None:
    parts = re.compile(_PARTS)
    seconds, at = 0.0, 0
    while at < len(text):
        found = parts.match(text, at)
        if found is None or found[2] not in _SECONDS:
            return None
        seconds += float(found[1]) * _SECONDS[found[2]]
        at = found.end()
    return timedelta(seconds=min(seconds, 1e10)) if text else None


def seconds(least: float, most: float) -> Callable[[Any], float]:
    """Return a check for a time given as a number of seconds or as a duration, in seconds."""

    def check(value: Any) -> float:
        number = value if isinstance(value, int | float) else duration(value).total_seconds()
        if isinstance(value, bool) or not least <= number <= most:
            raise Wrong(
                f"must be {least:g} to {most:g} seconds, as a number or a duration such as "
                f'"30s", not {shown(value)}'
            )
        return float(number)

    return check


def written(length: timedelta) -> str:
    """Return a duration as `duration` reads it."""
    total = length.total_seconds()
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60)):
        if total % size == 0:
            return f"{total / size:.0f}{unit}"
    return f"{total:g}s"
