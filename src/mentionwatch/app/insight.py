"""Did we answer, and how fast: the report of a period, and what is out of the usual."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from mentionwatch.app.figures import Sums, counted, figures_of_authors, sums_of, total
from mentionwatch.app.read_queue import Wanted, read_queue
from mentionwatch.app.selection import Chosen
from mentionwatch.app.setting import Setting
from mentionwatch.insight import report as counting
from mentionwatch.insight import spikes as unusual
from mentionwatch.model.insight import (
    Badge,
    Figures,
    Group,
    Named,
    PeriodReport,
    Spike,
    Step,
)
from mentionwatch.model.report import QueueReport
from mentionwatch.model.text import one_line
from mentionwatch.model.times import from_ms, to_ms
from mentionwatch.store import insight as counts
from mentionwatch.store import quality, standing
from mentionwatch.store.spans import Span, one_moment

MOST_GROUPS = 50
NAMED = 5
LATE_START = 0.1  # of a period: so much of its beginning may be without messages
SPIKE_TEXTS = 2000  # texts read for the words of a spike
MESSENGER = "facebook"
STEP_FIGURES = ("mentions", "positive", "negative", "due", "met")


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """Which stretch of time, and what of it. ``by`` "" for no groups."""

    length: timedelta
    by: str = ""
    chosen: Chosen | None = None


def read_report(
    setting: Setting, now: datetime, period: Period, *, unassessed: int = 0
) -> PeriodReport:
    """
    Return how the period that ends now went, beside the one before.

    Args:
        unassessed: What `bring_up_to_date` could not do.
    """
    with one_moment(setting.store.connection):
        counted = _count(setting, now, period)
    return PeriodReport(
        queue=state_of_now(setting, now, period, unassessed),
        since=now - period.length,
        until=now,
        by=period.by,
        spikes=tuple(read_spikes(setting, now)),
        **counted,
    )


def _count(setting: Setting, now: datetime, period: Period) -> dict[str, Any]:
    """Return what a report says of the messages of a period, by the names of its fields."""
    connection = setting.store.connection
    span, earlier = (span_of(setting, now, period, back=back) for back in (0, 1))
    # There may be a million authors; their figures are not those of the whole in parts.
    by = "" if period.by == "author" else period.by
    step, steps, sums = _series(setting, now, period, span, by)
    waiting = standing.waiting(connection, span, period.by) if period.by else {}
    keys, left_off = _keys(connection, span, period.by, sums, waiting)
    whole, parts, bins = counted(connection, span, sums, by, keys if by else ())
    if period.by == "author":
        parts = figures_of_authors(connection, span, keys)
    open_now = standing.waiting(connection, span)[""]
    oldest = open_now["oldest"]
    missed, leads = standing.missed(connection, span, NAMED)
    turns, turned = standing.moods(connection, span, NAMED)
    posts, lateness = standing.posts(connection, span), standing.lateness(connection, span)
    return {
        "now": whole,
        "before": _alone(connection, earlier) if _is_known(connection, earlier) else None,
        "waiting": open_now["waiting"],
        "overdue": open_now["overdue"],
        "history": open_now["history"],
        "oldest": None if oldest is None else from_ms(oldest),
        "step": step,
        "steps": steps,
        "bins": bins,
        "groups": _groups(connection, period.by, parts, waiting),
        "groups_left_off": left_off,
        "leads_missed": missed["lead"],
        "praise_unanswered": missed["praise"],
        "leads": tuple(_named(row, "") for row in leads),
        "to_thank": _to_thank(connection, span),
        "turned_better": turns["better"],
        "turned_worse": turns["worse"],
        "turned": tuple(_named(row, turn) for row, turn in turned),
        "reactions": standing.reactions(connection, span),
        "badge": _badge(setting, now, period),
        "posting": counting.posting(posts, lateness),
    }


def _is_known(connection: sqlite3.Connection, span: Span) -> bool:
    """Return whether what is stored reaches back over a period; a part of it compares badly."""
    oldest = quality.oldest(connection)
    return oldest is not None and oldest <= span.since + (span.until - span.since) * LATE_START


def state_of_now(setting: Setting, now: datetime, period: Period, unassessed: int) -> QueueReport:
    """Return the queue without rows: a report, too, has to say which channel is broken."""
    selection = period.chosen.text if period.chosen else ""
    report = read_queue(setting, now, Wanted(limit=0), unassessed=unassessed)
    return report._replace(selection=selection)


def span_of(setting: Setting, now: datetime, period: Period, *, back: int) -> Span:
    """Return the period that ends now, or one that lies *back* periods earlier."""
    until = now - period.length * back
    since = until - period.length
    zone = ZoneInfo(setting.config.hours.timezone)
    chosen = period.chosen
    oldest = quality.oldest(setting.store.connection) or 0
    return Span(
        since=to_ms(since),
        until=to_ms(until),
        now=to_ms(now),
        where=chosen.where if chosen else "1",
        values=chosen.values if chosen else {},
        offsets=counting.offsets(zone, since, until),
        wide=2 * (to_ms(until) - to_ms(since)) > to_ms(now) - oldest,
    )


def figures_of(setting: Setting, now: datetime, length: timedelta) -> Figures:
    """Return how the period that ends now went, as a whole."""
    with one_moment(setting.store.connection):
        span = span_of(setting, now, Period(length=length), back=0)
        return _alone(setting.store.connection, span)


def _alone(connection: sqlite3.Connection, span: Span) -> Figures:
    return counted(connection, span, sums_of(connection, span))[0]


def _series(
    setting: Setting, now: datetime, period: Period, span: Span, by: str
) -> tuple[str, tuple[Step, ...], dict[Any, dict[str, int]]]:
    """Return in which steps the period is drawn, the steps, and by key what they add up to."""
    step = counting.step_of(period.length)
    zone = ZoneInfo(setting.config.hours.timezone)
    steps: list[Step] = []
    sums: dict[Any, dict[str, int]] = {}
    for start, label, since, until in counting.pieces(step, zone, now - period.length, now):
        piece = replace(span, since=since, until=until, wide=False)
        part = sums_of(setting.store.connection, piece, by)
        sums = dict(counts.added(sums.items(), part.items()))
        whole = total(part)
        drawn = {name: whole.get(name, 0) for name in STEP_FIGURES}
        steps.append(Step(start=start, label=label, **drawn))
    return step, tuple(steps), sums


def _keys(
    connection: sqlite3.Connection, span: Span, by: str, sums: Sums, waiting: Sums
) -> tuple[list[Any], int]:
    """Return the keys of the groups that are shown, and how many are left off."""
    if not by:
        return [], 0
    written: list[Any]
    if by == "author":
        busiest, many = counts.busiest(connection, span, MOST_GROUPS)
        written = list(busiest)
    else:
        mentions = {key: n for key, values in sums.items() if (n := values.get("mentions"))}
        written = sorted(mentions, key=lambda key: (-mentions[key], key))
        many = len(written)
    keys = written[:MOST_GROUPS]
    # Somebody who has waited since before the period must not vanish from it.
    late = sorted(waiting, key=lambda key: -waiting[key]["waiting"])
    keys += [key for key in late if key not in written and waiting[key]["waiting"]]
    shown = keys[:MOST_GROUPS]
    return shown, max(len(keys), many) - len(shown)


def _groups(
    connection: sqlite3.Connection, by: str, figures: Mapping[Any, Figures], waiting: Sums
) -> tuple[Group, ...]:
    names = standing.names_of(connection, list(figures)) if by == "author" else {}
    return tuple(
        Group(
            key=str(key),
            label=one_line(names.get(key, "")) or counting.label(by, key),
            figures=figures[key],
            waiting=waiting[key]["waiting"] if key in waiting else 0,
            overdue=waiting[key]["overdue"] if key in waiting else 0,
        )
        for key in counting.in_order(by, figures)
    )


def _to_thank(connection: sqlite3.Connection, span: Span) -> tuple[Named, ...]:
    """Return whom to thank, each once."""
    rows = {row["contact"]: row for row in reversed(standing.to_thank(connection, span, NAMED * 4))}
    found = list(reversed(rows.values()))[:NAMED]
    return tuple(_named(row, "" if row["state"] == "open" else "answered") for row in found)


def _named(row: sqlite3.Row, why: str) -> Named:
    return Named(
        id=row["id"],
        channel=row["channel"],
        author=row["author_name"] or row["author_handle"] or row["author_id"] or "somebody",
        text=row["text"] or row["title"],
        at=from_ms(row["at"]),
        private=bool(row["private"]),
        why=why,
    )


def _badge(setting: Setting, now: datetime, period: Period) -> Badge:
    """Return the distance to the badge, of Messenger or all private roads."""
    week = replace(period, length=counting.BADGE_DAYS)
    span = span_of(setting, now, week, back=0)
    read = {channel.type for channel in setting.config.channels if channel.enabled}
    type_, of = (MESSENGER, "Messenger") if MESSENGER in read else ("", "private messages")
    found = standing.badge(setting.store.connection, span, counting.BADGE_SECONDS, type_)
    messages, answered, in_time = found
    return counting.badge(messages, answered, in_time, of)


# --- spikes ---------------------------------------------------------------------------------------


def read_spikes(setting: Setting, now: datetime) -> list[Spike]:
    """Return what is unusual in the last day against the same day of earlier weeks."""
    connection = setting.store.connection
    windows = [
        (now - unusual.WINDOW - timedelta(weeks=back), now - timedelta(weeks=back))
        for back in range(unusual.WEEKS + 1)
    ]
    found = [quality.window(connection, to_ms(since), to_ms(until)) for since, until in windows]
    connected = {name: from_ms(at) for name, at in quality.connected(connection).items()}
    spikes = unusual.find(*windows[0], found[0], found[1:], connected)
    if not spikes:
        return []
    from mentionwatch.app.setting import brand_words

    own = brand_words(setting.config)
    return [_with_words(connection, spike, windows, own) for spike in spikes]


def _with_words(
    connection: sqlite3.Connection,
    spike: Spike,
    windows: list[tuple[datetime, datetime]],
    own: frozenset[str],
) -> Spike:
    texts = [
        quality.window_texts(
            connection,
            to_ms(since),
            to_ms(until),
            channel=spike.channel,
            # What angers people now is told apart from all that was said before.
            only_negative=spike.kind == "negativity" and place == 0,
            limit=SPIKE_TEXTS,
        )
        for place, (since, until) in enumerate(windows)
    ]
    before = (text for window in texts[1:] for text in window)
    return unusual.with_words(spike, texts[0], before, own)
