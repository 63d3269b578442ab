"""What the mail of a period tells: read from the store, at one point in time."""

from __future__ import annotations

import statistics
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from mentionwatch.app.insight import figures_of, read_spikes
from mentionwatch.app.read_queue import Wanted, read_queue
from mentionwatch.app.setting import Setting
from mentionwatch.model.digest import Answered, DigestReport, Week
from mentionwatch.model.times import from_ms, to_ms
from mentionwatch.output.report import spike_sentence
from mentionwatch.store import deliveries

if TYPE_CHECKING:
    from mentionwatch.model.insight import Spike

WEEK = timedelta(days=7)
LENGTHS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": WEEK}
SECTIONS = ("overdue", "due_soon")
ANSWERS_SHOWN = 10
_ITEMS = 50
_EVERYONE = 100_000  # answers of which the median is taken


def read_digest(
    setting: Setting, now: datetime, *, unassessed: int = 0, notices: tuple[str, ...] = ()
) -> DigestReport:
    """
    Return what the mail of the period that *now* lies in tells.

    Args:
        setting: One without ``[digest]`` has the usual values.
        now: Aware.
        unassessed: What `bring_up_to_date` could not do.
        notices: More sentences for the owner.
    """
    connection = setting.store.connection
    digest = setting.config.digest
    period = digest.period if digest else "day"
    key = period_key(period, now, ZoneInfo(setting.config.hours.timezone))
    items = digest.items if digest else _ITEMS
    private = bool(digest and digest.private_text)
    queue = read_queue(setting, now, Wanted(limit=items), unassessed=unassessed)
    rows = tuple(row for row in queue.rows if row.section in SECTIONS)
    queue = queue._replace(
        rows=rows,
        summary=queue.summary._replace(shown=len(rows)),
        notices=(*queue.notices, *notices),
    )
    last = deliveries.last_digest(connection, key)
    since = min(now, from_ms(last) if last is not None else now - LENGTHS[period])
    found, total = deliveries.answers(connection, to_ms(since), to_ms(now), _EVERYONE)
    waits = [answer.open_seconds for answer in found]
    return DigestReport(
        queue=queue,
        period=period,
        key=key,
        since=since,
        answered=total,
        answered_in_time=sum(answer.met for answer in found),
        median_seconds=int(statistics.median(waits)) if waits else None,
        answers=tuple(_answered(answer) for answer in found[:ANSWERS_SHOWN]),
        week=_week(setting, now),
        spikes=tuple(
            spike_sentence(spike) for spike in told_spikes(setting, now, private_text=private)
        ),
    )


def told_spikes(setting: Setting, now: datetime, *, private_text: bool) -> list[Spike]:
    """Return what is unusual; without its words where some of them may be of private messages."""
    connection = setting.store.connection
    return [
        spike
        if private_text
        or not deliveries.has_private(
            connection, spike.channel, to_ms(spike.since), to_ms(spike.until)
        )
        else replace(spike, words=())
        for spike in read_spikes(setting, now)
    ]


def _answered(answer: deliveries.Answer) -> Answered:
    return Answered(
        id=answer.id,
        channel=answer.channel,
        author=answer.author,
        at=from_ms(answer.at),
        open_seconds=answer.open_seconds,
        met=answer.met,
    )


def _week(setting: Setting, now: datetime) -> Week:
    """Return how the last seven days went: the figures of `report --since 7d`."""
    found = figures_of(setting, now, WEEK)
    return Week(
        answered=found.due - found.unanswered,
        met=found.met,
        late=found.unanswered,
        attainment=found.attainment,
        median_first_seconds=found.first_open.median,
    )


def period_key(period: str, now: datetime, zone: ZoneInfo) -> str:
    """
    Return the name of the period that a time lies in: "day:2026-11-21", "week:2026-W47".

    Days and weeks are those of the owner's calendar. Hours are UTC: where the clocks go back, one
    local hour comes twice.
    """
    if period == "hour":
        return f"hour:{now.astimezone(ZoneInfo('UTC')):%Y-%m-%dT%H}"
    day = now.astimezone(zone).date()
    if period == "week":
        year, week, _ = day.isocalendar()
        return f"week:{year}-W{week:02d}"
    return f"day:{day.isoformat()}"
