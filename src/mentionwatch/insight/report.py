"""
From counts to a report: percentiles, steps of time, labels, the distance to a goal.

Pure: the sums come from the store, the words from here.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate, pairwise
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from mentionwatch.model.insight import Badge, Bin, Posting, Spread
from mentionwatch.model.times import to_ms

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
BADGE_SHARE = 0.9
BADGE_SECONDS = 15 * 60
BADGE_DAYS = timedelta(days=7)
_STEPS = ((timedelta(days=45), "day"), (timedelta(days=400), "week"))
# Upper bounds of the bars of first replies, in seconds by the clock.
BOUNDS = (900, 3600, 4 * 3600, 24 * 3600)
_BIN_LABELS = ("under 15 min", "15 to 60 min", "1 to 4 h", "4 to 24 h", "a day or more")

Key = TypeVar("Key")


def spreads(
    counts: Mapping[Key, int], lengths: Iterable[tuple[int, int, Iterable[Key]]]
) -> dict[Key, Spread]:
    """
    Return for each key the median, the 90th percentile and the slowest.

    Of an even number the lower one of the two in the middle is the median, as everywhere here.

    Args:
        counts: How many lengths each key has; those without any get no spread.
        lengths: (seconds, how many took so long, the keys they count for), the shortest first.
            Read once, so that a million answers need no room.
    """
    places = {
        key: [count - 1, math.ceil(count * 0.9) - 1, (count - 1) // 2]
        for key, count in counts.items()
        if count
    }
    found: dict[Key, list[int]] = {key: [] for key in places}
    seen = dict.fromkeys(places, 0)
    for seconds, times, keys in lengths:
        for key in keys:
            seen[key] += times
            left = places[key]
            while left and left[-1] < seen[key]:  # from 0; two places may be the same
                left.pop()
                found[key].append(seconds)
    return {key: _spread(counts[key], found[key]) for key in places}


def _spread(count: int, found: Sequence[int]) -> Spread:
    median, p90, slowest = found
    return Spread(count=count, median=median, p90=p90, slowest=slowest)


def offsets(zone: ZoneInfo, since: datetime, until: datetime) -> tuple[tuple[int, int], ...]:
    """
    Return local minus universal time over a period: (from when, by how much), milliseconds.

    Clock changes are found to the second by halving; a zone changes at most once in a day.
    """
    found = [(to_ms(since), _offset(zone, since))]
    at = since
    while at < until:
        following = min(at + timedelta(days=1), until)
        if _offset(zone, following) != found[-1][1]:
            change = _change(zone, at, following)
            found.append((to_ms(change), _offset(zone, change)))
        at = following
    return tuple(found)


def _offset(zone: ZoneInfo, at: datetime) -> int:
    difference = at.astimezone(zone).utcoffset() or timedelta()
    return int(difference.total_seconds() * 1000)


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    low, high = int(before.timestamp()), math.ceil(after.timestamp())
    start = _offset(zone, before)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, datetime.fromtimestamp(middle, UTC)) == start:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, UTC)


# --- steps of time --------------------------------------------------------------------------------


def step_of(length: timedelta) -> str:
    """Return the step in which a period is drawn: day, week or month."""
    return next((name for most, name in _STEPS if length <= most), "month")


def pieces(
    step: str, zone: ZoneInfo, since: datetime, until: datetime
) -> list[tuple[datetime, str, int, int]]:
    """
    Return a period cut at the local beginnings of its steps, without holes.

    Each piece: the first instant of its step, the step's label, and what of it lies in the period:
    milliseconds, open at the beginning, closed at the end.
    """
    first, last = (_number(step, at.astimezone(zone).date()) for at in (since, until))
    starts = [_midnight(_first_day(step, number), zone) for number in range(first, last + 2)]
    return [
        (
            start,
            _step_label(step, start.astimezone(zone).date()),
            max(to_ms(since), to_ms(start) - 1),
            min(to_ms(until), to_ms(following) - 1),
        )
        for start, following in pairwise(starts)
    ]


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


_EPOCH = date(1970, 1, 1)


def _number(step: str, day: date) -> int:
    days = (day - _EPOCH).days
    if step == "month":
        return day.year * 12 + day.month - 1
    return days if step == "day" else (days + 3) // 7


def _first_day(step: str, number: int) -> date:
    if step == "month":
        return date(number // 12, number % 12 + 1, 1)
    return _EPOCH + timedelta(days=number if step == "day" else number * 7 - 3)


def _step_label(step: str, day: date) -> str:
    return f"{day:%b %Y}" if step == "month" else f"{day.day} {day:%b}"


# --- the rest -------------------------------------------------------------------------------------


def tallied(
    rows: Iterable[tuple[int, int, Key, int]], tally: list[int]
) -> Iterator[tuple[int, int, Key, int]]:
    """Yield the lengths of answers as they come, and count the first answers between `BOUNDS`."""
    for row in rows:
        seconds, is_next, _, times = row
        if not is_next:
            tally[bisect_right(BOUNDS, seconds)] += times
        yield row


def bins(counts: Sequence[int]) -> tuple[Bin, ...]:
    """Return the bars of first replies for the counts between `BOUNDS`."""
    least = (0, *BOUNDS)
    below: tuple[int | None, ...] = (*BOUNDS, None)
    return tuple(
        Bin(label=label, least=least[n], below=below[n], count=counts[n])
        for n, label in enumerate(_BIN_LABELS)
    )


def badge(messages: int, answered: int, in_time: int, of: str) -> Badge:
    """Return how many more answers in time would have reached the badge."""
    more = max(0, math.ceil(messages * BADGE_SHARE - 1e-9) - in_time) if messages else None
    return Badge(of=of, messages=messages, answered=answered, in_time=in_time, more=more)


def posting(posts: Iterable[tuple[str, int]], lateness: Iterable[tuple[str, int, int]]) -> Posting:
    """
    Return how many of our posts went out while an answer was overdue on the same channel.

    Args:
        posts: (channel, when), in order of time.
        lateness: (channel, from, to), in any order; read once.
    """
    times: dict[str, list[int]] = {}
    for channel, at in posts:
        times.setdefault(channel, []).append(at)
    # How the number of overdue answers changes from one post to the next.
    changes = {channel: [0] * (len(found) + 1) for channel, found in times.items()}
    for channel, since, until in lateness:
        if found := times.get(channel):
            changes[channel][bisect_left(found, since)] += 1
            changes[channel][bisect_left(found, until)] -= 1
    late = {channel: list(accumulate(steps))[:-1] for channel, steps in changes.items()}
    worst = max(late, key=lambda channel: max(late[channel]), default="")
    most = max(late[worst], default=0) if worst else 0
    return Posting(
        posts=sum(map(len, times.values())),
        while_late=sum(count > 0 for counts in late.values() for count in counts),
        most_waiting=most,
        worst_channel=worst if most else "",
    )


def label(by: str, key: Any) -> str:
    """Return what a group is called; authors have their names from the store."""
    if by == "weekday":
        return DAYS[int(key)]
    if by == "hour":
        return f"{int(key):02d}:00"
    return str(key) or ("nobody" if by == "assignee" else "unknown")


_PRIORITIES = {"urgent": 0, "high": 1, "normal": 2, "low": 3}


def in_order(by: str, keys: Iterable[Key]) -> list[Key]:
    """Return keys in the order in which people expect them; the others as they come."""
    found = list(keys)
    if by in ("weekday", "hour"):
        return sorted(found, key=lambda key: int(str(key)))
    if by == "priority":
        return sorted(found, key=lambda key: _PRIORITIES.get(str(key), 9))
    return found
