"""A clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

# A Saturday morning; no clocks were changed in the week before it.
NOW = datetime(2026, 11, 21, 7, 2, tzinfo=UTC)


class Clock:
    """For arguments called ``now`` or ``clock``: call it, and move it by hand."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> datetime:
        """Go on by ``timedelta(**by)``."""
        self.now += timedelta(**by)
        return self.now

    def seconds(self) -> float:
        """Return seconds since the epoch, for what counts in those."""
        return self.now.timestamp()
