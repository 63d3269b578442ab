"""What the mail of a period tells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mentionwatch.model.report import QueueReport


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """One reply of ours that ended a wait of ``open_seconds`` of open time."""

    id: int
    channel: str
    author: str
    at: datetime
    open_seconds: int
    met: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Week:
    """
    The seven days before the mail, counted as in `PeriodReport`.

    ``answered``: of the answers that fell due, those given, ``met`` of them in time. ``late``:
    fell due and are still owed. ``attainment``: met / (answered + late), 0 to 1; None where
    nothing was due. ``median_first_seconds``: open time that half of the first replies kept; None
    without any.
    """

    answered: int
    met: int
    late: int
    attainment: float | None
    median_first_seconds: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class DigestReport:
    """
    One digest.

    ``queue`` holds the rows that are spelled out (overdue, then due soon); its summary counts all.
    ``since``: what the last mail told, or one period ago; ``answered`` counts replies since then,
    ``answers`` are the newest of them. ``spikes``: sentences. ``period``: hour, day or week;
    ``key`` names this one: "day:2026-11-21".
    """

    queue: QueueReport
    period: str
    key: str
    since: datetime
    answered: int
    answered_in_time: int
    median_seconds: int | None
    answers: tuple[Answered, ...]
    week: Week
    spikes: tuple[str, ...] = ()
