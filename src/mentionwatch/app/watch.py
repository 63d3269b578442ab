"""
One process instead of cron: rounds at fixed times, until a signal ends it.

The rounds lie on a grid that begins with the first one, so a round that takes long does not move
the next ones, and one that is missed is left out. The computer's clock is looked at again at
least every half minute: after a sleep of the machine, or a jump of the clock, the next round comes
at once or in its time, not hours later.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

LOOK_AGAIN = 30.0  # seconds
LONGEST = timedelta(hours=1)  # between two rounds without a connection
_DOUBLINGS = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
    """How a round went. ``offline``: nobody could be reached at all."""

    offline: bool = False


def watch(
    work: Callable[[], Round],
    every: timedelta,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
    *,
    rounds: int | None = None,
) -> None:
    """
    Do the work at once, then again and again.

    Args:
        work: One round; what it raises ends everything.
        every: Between the starts of two rounds. While nobody can be reached, twice that, then four
            times, up to an hour; the first good round brings it back.
        clock: The time.
        sleep: Waits so many seconds; a signal may end it by raising.
        rounds: How many; None: until something is raised.
    """
    failed, done = 0, 0
    planned = clock()
    while rounds is None or done < rounds:
        failed = failed + 1 if work().offline else 0
        done += 1
        if done == rounds:
            return
        pause = max(every, min(every * 2 ** min(failed, _DOUBLINGS), LONGEST)) if failed else every
        planned = next_round(planned, clock(), every, pause)
        _wait_until(planned, pause, clock, sleep)


def next_round(planned: datetime, now: datetime, every: timedelta, pause: timedelta) -> datetime:
    """
    Return the time of the next round: the first on the grid that lies far enough ahead.

    Args:
        planned: When the round that has just ended was to begin.
        now: When it ended.
        every: The grid.
        pause: How far the next is to lie behind the last, a multiple of the grid or less.
    """
    following = planned + pause
    if following > now:
        return following
    missed = (now - planned) // every
    return planned + (missed + 1) * every


def _wait_until(
    until: datetime,
    longest: timedelta,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
) -> None:
    while True:
        left = until - clock()
        # More than was planned is left: the clock was put back. Waiting for the old time could
        # take for ever.
        if left <= timedelta() or left > longest + timedelta(seconds=LOOK_AGAIN):
            return
        sleep(min(left.total_seconds(), LOOK_AGAIN))
