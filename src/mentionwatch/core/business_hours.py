"""
Open-time arithmetic: when a reply is due, and how much open time has passed.

Local time exists here and at printing only; instants come and go aware and in UTC. Every rule
stands, with its reason, in docs/reply-clock.md, "Counting open hours".
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from mentionwatch.core.opening_times import (
    DAYS,
    WHOLE_WEEK,
    DateRange,
    Interval,
    Target,
    Week,
    merged,
    merged_ranges,
    parsed,
    parsed_range,
    ranges_text,
    week_in_words,
)
from mentionwatch.core.wall_clock import instant, shown, zone

__all__ = [
    "DAYS",
    "BusinessHours",
    "DateRange",
    "Interval",
    "NeverOpen",
    "Target",
    "compress_sentence",
    "due",
    "due_soon_from",
]

_SEARCH_DAYS = 400  # a year of closure is possible, more is a mistake in the configuration
_REMEMBERED_DAYS = 5_000
_BLOCK = 32
_LAST_QUARTER_AT_MOST = timedelta(hours=2)
_NOTHING = timedelta()

Span = tuple[datetime, datetime]


class NeverOpen(ValueError):
    """Hours in which nothing opens for more than a year; no due time can be found in them."""


class BusinessHours:
    """
    The hours in which somebody answers, in the zone of the people who do. Never changed.

    ``week``: the intervals of Monday to Sunday. ``closed``: dates and ranges (first, last) on
    which no interval starts, holidays included. ``special``: dates with hours of their own, which
    beat both; no intervals means closed. ``always_open`` stands for seven whole days; closed and
    special dates still count.

    Values are brought to one form (sorted, merged), so that equal hours are equal.

    Raises:
        ValueError: An unknown zone, a week of other than seven days, or never open at all.
    """

    __slots__ = (
        "_blocks", "_known", "_zone", "always_open", "closed", "special", "timezone", "week",
    )  # fmt: skip

    def __init__(
        self,
        *,
        timezone: str = "UTC",
        week: Week = (),
        closed: Collection[date | DateRange] = (),
        special: Mapping[date, tuple[Interval, ...]] | None = None,
        always_open: bool = False,
    ) -> None:
        special = special or {}
        self.timezone = timezone
        self.week = _settled_week(week, always_open=always_open)
        self.closed = merged_ranges(closed)
        self.special = {day: merged(special[day]) for day in sorted(special)}
        self.always_open = self.week == WHOLE_WEEK
        self._zone = zone(timezone)
        self._known: dict[int, tuple[Span, ...]] = {}
        self._blocks: dict[int, timedelta] = {}
        if not any(self.week) and not any(self.special.values()):
            raise ValueError("never open: no day of the week has an opening time")

    def _values(self) -> tuple[object, ...]:
        return self.timezone, self.week, self.closed, tuple(self.special.items())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BusinessHours) and self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        return f"BusinessHours({self.to_json()})"

    def closed_also(self, days: Iterable[date | DateRange]) -> BusinessHours:
        """Return these hours with further closed days, such as holidays."""
        return BusinessHours(
            timezone=self.timezone,
            week=self.week,
            closed=(*self.closed, *days),
            special=self.special,
            always_open=self.always_open,
        )

    def around_the_clock(self) -> BusinessHours:
        """Return hours in the same zone that never close: for what must not wait for Monday."""
        return _never_closing(self.timezone)

    def is_open(self, at: datetime) -> bool:
        """Tell whether an instant is open; the moment of closing is not."""
        return self.closing_span(at) is not None

    def next_opening(self, at: datetime) -> datetime | None:
        """Return the first open instant from *at* on (*at* itself when open); None: no such."""
        at = _utc(at)
        try:
            _, start, _ = next(self._spans_from(at))
        except NeverOpen:
            return None
        return max(start, at)

    def closing(self, at: datetime) -> datetime | None:
        """Return when the time that is open at *at* ends; None when closed, or without an end."""
        if self.closing_span(at) is None:
            return None
        end: datetime | None = None
        try:
            for _, start, stop in self._spans_from(_utc(at)):
                if end is not None and start > end:
                    return end
                if stop - _utc(at) > timedelta(days=_SEARCH_DAYS):
                    return None
                end = stop
        except NeverOpen:
            return end
        return end

    def closing_span(self, at: datetime) -> Span | None:
        """Return the stretch of one day (start, end) that is open at *at*."""
        at = _utc(at)
        number = self._local_day(at)
        for day in (number - 1, number, number + 1):
            for start, end in self._spans(day):
                if start <= at < end:
                    return start, end
        return None

    def on(self, day: date) -> tuple[Interval, ...]:
        """Return when we are open on a local day, also what goes on past its midnight."""
        return self._intervals(day.toordinal())

    def add(self, start: datetime, target: Target | timedelta) -> datetime:
        """
        Return the instant at which that much open time has passed since *start*.

        Raises:
            ValueError: Not a positive length, or *start* has no zone.
            NeverOpen: Nothing opens within 400 days.
        """
        start = _utc(start)
        if isinstance(target, Target):
            if target.business_days is not None:
                return self._add_business_days(start, target.business_days)
            target = timedelta(minutes=target.minutes or 0)
        if target <= _NOTHING:
            raise ValueError(f"a target must be positive, not {target}")
        if self._never_closes():
            return _later(start, target)
        left = target
        for _, opening, end in self._spans_from(start):
            begin = max(opening, start)
            if end - begin >= left:
                return begin + left
            left -= end - begin
        raise AssertionError("unreachable")

    def open_time(self, start: datetime, end: datetime) -> timedelta:
        """Return the open time between two instants; nothing when *end* is not after *start*."""
        start, end = _utc(start), _utc(end)
        if end <= start:
            return _NOTHING
        if self._never_closes():
            return end - start
        first, last = self._local_day(start) - 1, self._local_day(end) + 1
        within = range(first + 3, max(first + 3, last - 3))  # their nights included
        total = self._whole_days(within)
        for day in (*range(first, min(within.start, last + 1)), *range(within.stop, last + 1)):
            for opening, closing in self._spans(day):
                if closing > start and opening < end:
                    total += min(closing, end) - max(opening, start)
        return total

    def open_seconds(self, start: datetime, end: datetime) -> int:
        """Return the whole open seconds between two instants; 0 when *end* is not after."""
        return self.open_time(start, end) // timedelta(seconds=1)

    def to_json(self) -> dict[str, Any]:
        """Return the hours as a value for JSON; equal hours give equal values."""
        week = {name: [*map(str, day)] for name, day in zip(DAYS, self.week, strict=True) if day}
        return {
            "timezone": self.timezone,
            "always_open": self.always_open,
            "week": {} if self.always_open else week,
            "closed": ranges_text(self.closed),
            "special": {f"{day}": [*map(str, open_)] for day, open_ in self.special.items()},
        }

    @classmethod
    def from_json(cls, value: Any) -> BusinessHours:
        """Return the hours that `to_json` gave. Raises ValueError."""
        try:
            week = value["week"]
            return cls(
                timezone=value["timezone"],
                always_open=value["always_open"],
                week=tuple(parsed(week.get(name, ())) for name in DAYS) if week else (),
                closed=tuple(parsed_range(each) for each in value["closed"]),
                special={date.fromisoformat(d): parsed(v) for d, v in value["special"].items()},
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"these are no stored opening hours: {str(value)[:60]}") from error

    def _whole_days(self, numbers: range) -> timedelta:
        """Return the open time of days, by blocks that are remembered: years are counted too."""
        total = _NOTHING
        number = numbers.start
        while number < numbers.stop:
            block, offset = divmod(number, _BLOCK)
            if offset == 0 and number + _BLOCK <= numbers.stop:
                if block not in self._blocks:
                    self._blocks[block] = self._open_on(range(number, number + _BLOCK))
                total += self._blocks[block]
                number += _BLOCK
            else:
                total += self._open_on(range(number, number + 1))
                number += 1
        return total

    def _open_on(self, numbers: range) -> timedelta:
        spans = (span for number in numbers for span in self._spans(number))
        return sum((end - start for start, end in spans), _NOTHING)

    def _add_business_days(self, start: datetime, count: int) -> datetime:
        number, opening, _ = next(self._spans_from(start))
        day = date.fromordinal(number)
        position = shown(max(opening, start), day, self._zone)
        for _ in range(count):
            number = self._following_business_day(number)
        same_clock = instant(date.fromordinal(number), position, self._zone)
        spans = self._spans(number)
        begun = [end for opening, end in spans if opening <= same_clock]
        return min(same_clock, begun[-1]) if begun else spans[0][0]

    def _following_business_day(self, number: int) -> int:
        for following in range(number + 1, number + _SEARCH_DAYS + 1):
            if self._spans(following):
                return following
        raise self._never_open(number)

    def _spans_from(self, at: datetime) -> Iterator[tuple[int, datetime, datetime]]:
        """Yield (day, start, end) of what is open and ends after *at*. Raises NeverOpen."""
        number = self._local_day(at) - 1
        last_open = number
        while number - last_open <= _SEARCH_DAYS:
            for start, end in self._spans(number):
                last_open = number
                if end > at:
                    yield number, start, end
            number += 1
        raise self._never_open(last_open)

    def _never_open(self, number: int) -> NeverOpen:
        day = date.fromordinal(min(max(number, 1), date.max.toordinal()))
        return NeverOpen(f"nothing opens in the {_SEARCH_DAYS} days after {day}")

    def _spans(self, number: int) -> tuple[Span, ...]:
        """Return what is open on a day (its ordinal) and not already by the day before."""
        known = self._known.get(number)
        if known is None:
            if len(self._known) >= _REMEMBERED_DAYS:
                self._known.clear()
            before = self._intervals(number - 1)
            until = self._instant(number - 1, before[-1].end) if before else None
            known = self._known[number] = tuple(self._disjoint(number, until))
        return known

    def _disjoint(self, number: int, until: datetime | None) -> Iterator[Span]:
        for interval in self._intervals(number):
            start = self._instant(number, interval.start)
            end = self._instant(number, interval.end)
            if until is not None and start < until:
                start = until
            if start < end:  # not so where the clock skips all of it
                yield start, end

    def _intervals(self, number: int) -> tuple[Interval, ...]:
        if not 3 <= number <= date.max.toordinal() - 3:
            return ()
        day = date.fromordinal(number)
        if day in self.special:
            return self.special[day]
        index = bisect_right(self.closed, day, key=_first_day) - 1
        if index >= 0 and day <= self.closed[index][1]:
            return ()
        return self.week[day.weekday()]

    def _instant(self, number: int, minutes: int) -> datetime:
        return instant(date.fromordinal(number), timedelta(minutes=minutes), self._zone)

    def _local_day(self, at: datetime) -> int:
        try:
            return at.astimezone(self._zone).toordinal()
        except OverflowError:
            return at.toordinal()

    def _never_closes(self) -> bool:
        return self.always_open and not self.closed and not self.special


def due(received: datetime, target: Target | timedelta, hours: BusinessHours) -> datetime:
    """
    Return the instant by which a mention needs a reply.

    Only open hours count. *received* may lie outside them; counting then starts at the next
    opening.

    Args:
        received: Aware; any zone.
        target: Open time allowed, e.g. four hours, or business days. Positive.
        hours: Opening hours, in the zone of the people who reply.

    Returns:
        Aware, UTC. A target that ends exactly at closing is due at closing.

    Raises:
        NeverOpen: Nothing opens within 400 days.

    Source: docs/reply-clock.md, "Counting open hours".
    """
    return hours.add(received, target)


def due_soon_from(received: datetime, target: Target | timedelta, hours: BusinessHours) -> datetime:
    """
    Return when the last quarter of the target begins to run, at most two open hours before `due`.

    Where that falls on a closing it is the next opening. Arguments and errors as for `due`.
    """
    total = hours.open_time(received, due(received, target, hours))
    passed = hours.add(received, total - min(total / 4, _LAST_QUARTER_AT_MOST))
    return hours.next_opening(passed) or passed


def compress_sentence(hours: BusinessHours) -> str:
    """Return the week in plain words: "Mon-Fri 8-12 and 13:30-18, Sat 9-13"."""
    return week_in_words(hours.week)


@lru_cache(maxsize=16)
def _never_closing(timezone: str) -> BusinessHours:
    return BusinessHours(timezone=timezone, always_open=True)


def _later(at: datetime, length: timedelta) -> datetime:
    try:
        return at + length
    except OverflowError:
        raise ValueError(f"{length} after {at} is beyond the calendar") from None


def _first_day(days: DateRange) -> date:
    return days[0]


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone")
    return at if at.tzinfo is UTC else at.astimezone(UTC)


def _settled_week(week: Week, *, always_open: bool) -> Week:
    settled = tuple(merged(day) for day in week)
    if always_open:
        if settled not in ((), WHOLE_WEEK):
            raise ValueError("hours are always open, or have a week, not both")
        return WHOLE_WEEK
    if len(settled) not in (0, 7):
        raise ValueError(f"a week has seven days, not {len(settled)}")
    return settled or ((),) * 7
