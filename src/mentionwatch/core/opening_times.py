"""
What an owner writes about hours: opening times, closed days, targets; and how it is said.

An opening time and a target are checked named tuples, because every start makes these classes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_DAY = 24 * 60

_INTERVAL = r"([0-9]{1,2})(?::([0-9]{2}))? *[-–] *([0-9]{1,2})(?::([0-9]{2}))?"
_TARGET = r"(?i)(?:([0-9]{1,5})h)?(?:([0-9]{1,6})m)?|([0-9]{1,3})bd"

DateRange = tuple[date, date]


class _Minutes(NamedTuple):
    start: int
    end: int


class Interval(_Minutes):
    """
    Open from ``start`` to ``end``, minutes on the clock since the midnight that begins its day.

    ``end`` beyond 1440 crosses midnight; the interval still belongs to the day on which it starts.
    """

    __slots__ = ()

    def __new__(cls, start: int, end: int) -> Interval:
        if not 0 <= start < _DAY or not start < end <= 2 * _DAY:
            raise ValueError(f"minutes {start} to {end} are no opening time")
        return super().__new__(cls, start, end)

    @classmethod
    def parse(cls, text: str) -> Interval:
        """Return the interval "08:00-12:00"; "18:00-02:00" and "18:00-26:00" cross midnight."""
        match = re.fullmatch(_INTERVAL, text.strip())
        if match is None:
            raise ValueError(f"{text[:60]!r} is not an opening time such as 08:00-12:00")
        hour, minute, end_hour, end_minute = (int(part or 0) for part in match.groups())
        start, end = hour * 60 + minute, end_hour * 60 + end_minute
        if max(minute, end_minute) > 59 or start >= _DAY or end > 2 * _DAY:
            raise ValueError(f"{text[:60]!r} is not an opening time: no clock shows that")
        if start == end:
            raise ValueError(f"{text[:60]!r} is no time at all; a whole day is 00:00-24:00")
        return cls(start=start, end=end if end > start else end + _DAY)

    def __str__(self) -> str:
        return "{:02}:{:02}-{:02}:{:02}".format(*divmod(self.start, 60), *divmod(self.end, 60))


class _Allowed(NamedTuple):
    minutes: int | None
    business_days: int | None


class Target(_Allowed):
    """The open time allowed for an answer: minutes, or else a number of business days."""

    __slots__ = ()

    def __new__(cls, minutes: int | None = None, business_days: int | None = None) -> Target:
        if (minutes is None) == (business_days is None):
            raise ValueError("a target is a number of minutes or of business days")
        if not 0 < (minutes or 0) + (business_days or 0) * _DAY <= 366 * _DAY:
            raise ValueError("a target is more than nothing, and at most a year")
        return super().__new__(cls, minutes, business_days)

    @classmethod
    def parse(cls, text: str) -> Target:
        """Return the target "30m", "2h", "1h30m" or "2bd". Raises ValueError."""
        match = re.fullmatch(_TARGET, text.strip()) if isinstance(text, str) else None
        if match and match[3]:
            return cls(business_days=int(match[3]))
        if match and match[0]:
            return cls(minutes=int(match[1] or 0) * 60 + int(match[2] or 0))
        written = repr(text)[:60]
        if isinstance(text, str) and re.fullmatch(r"\s*[0-9]+ *(?:d|days?)\s*", text):
            number = int(re.findall("[0-9]{1,4}", text)[0])
            raise ValueError(
                f"{written} is ambiguous: write {number}bd for business days, "
                f"or {number * 24}h for that many open hours"
            )
        raise ValueError(f"{written} is not a target such as 30m, 2h, 1h30m or 2bd")

    def __str__(self) -> str:
        if self.business_days is not None:
            return f"{self.business_days}bd"
        hours, minutes = divmod(self.minutes or 0, 60)
        return (f"{hours}h" if hours else "") + (f"{minutes}m" if minutes else "")


Week = tuple[tuple[Interval, ...], ...]
WHOLE_WEEK: Week = ((Interval(start=0, end=_DAY),),) * 7


def merged(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    found: list[Interval] = []
    for interval in sorted(intervals):
        if found and interval.start <= found[-1].end:
            found[-1] = Interval(start=found[-1].start, end=max(found[-1].end, interval.end))
        else:
            found.append(interval)
    return tuple(found)


def merged_ranges(closed: Iterable[date | DateRange]) -> tuple[DateRange, ...]:
    found: list[DateRange] = []
    for first, last in sorted((each, each) if isinstance(each, date) else each for each in closed):
        if last < first:
            raise ValueError(f"closed from {first} to {last} runs backwards")
        if found and first.toordinal() <= found[-1][1].toordinal() + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)


def parsed(intervals: Iterable[str]) -> tuple[Interval, ...]:
    return tuple(Interval.parse(each) for each in intervals)


def parsed_range(text: str) -> DateRange:
    first, _, last = text.partition("..")
    return date.fromisoformat(first), date.fromisoformat(last or first)


def ranges_text(ranges: Iterable[DateRange]) -> list[str]:
    return [f"{first}..{last}" if first != last else f"{first}" for first, last in ranges]


def week_in_words(week: Week) -> str:
    """Return a week in plain words: "Mon-Fri 8-12 and 13:30-18, Sat 9-13"."""
    if week == WHOLE_WEEK:
        return "around the clock"
    alike: dict[tuple[Interval, ...], list[list[int]]] = {}
    for number, day in enumerate(week):
        runs = alike.setdefault(day, [])
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        elif day:
            runs.append([number])
    parts = [
        f"{_listed([*map(_days, runs)])} {_listed([*map(_clock_times, day)])}"
        for day, runs in alike.items()
        if runs
    ]
    return ", ".join(parts) or "on single dates only"


def _days(run: list[int]) -> str:
    first, last = DAYS[run[0]].title(), DAYS[run[-1]].title()
    return first if len(run) == 1 else f"{first}-{last}"


def _clock_times(interval: Interval) -> str:
    if (interval.start, interval.end) == (0, _DAY):
        return "all day"
    return f"{_clock(interval.start)}-{_clock(interval.end)}"


def _clock(minutes: int) -> str:
    hour, minute = divmod(minutes if minutes <= _DAY else minutes - _DAY, 60)
    return f"{hour}:{minute:02}" if minute else f"{hour}"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]
