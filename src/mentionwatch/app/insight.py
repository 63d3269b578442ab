"""Did we answer, and how fast: the report of a period, and what is out of the usual."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

from mentionwatch.app.read_queue import Wanted, read_queue
from mentionwatch.app.selection import Chosen
from mentionwatch.app.setting import Setting
from mentionwatch.insight import report as counting
from mentionwatch.insight import spikes as unusual
from mentionwatch.model.insight import (
    Badge,
    Bin,
    Figures,
    Group,
    Named,
    PeriodReport,
    Spike,
    Spread,
    Step,
)
from mentionwatch.model.report import QueueReport
from mentionwatch.model.text import one_line
from mentionwatch.model.times import from_ms, to_ms
from mentionwatch.store import insight as counts
from mentionwatch.store import quality, standing
from mentionwatch.store.spans import Span, of_contacts, one_moment

MOST_GROUPS = 50
NAMED = 5
LATE_START = 0.1  # of a period: so much of its beginning may be without messages
SPIKE_TEXTS = 2000  # texts read for the words of a spike
MESSENGER = "facebook"
ROADS = ("private_answers", "public_answers", "manual")
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
    whole, bins = _whole(connection, span)
    step, steps, sums = _series(setting, now, period, span)
    open_now = standing.waiting(connection, span)[""]
    oldest = open_now["oldest"]
    missed, leads = standing.missed(connection, span, NAMED)
    turns, turned = standing.moods(connection, span, NAMED)
    posts, lateness = standing.posts(connection, span), standing.lateness(connection, span)
    groups, left_off = _groups(connection, span, period.by)
    return {
        "now": Figures(**whole, **sums),
        "before": _figures(connection, earlier) if _is_known(connection, earlier) else None,
        "waiting": open_now["waiting"],
        "overdue": open_now["overdue"],
        "history": open_now["history"],
        "oldest": None if oldest is None else from_ms(oldest),
        "step": step,
        "steps": steps,
        "bins": bins,
        "groups": groups,
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
    return Span(
        since=to_ms(since),
        until=to_ms(until),
        now=to_ms(now),
        where=chosen.where if chosen else "1",
        values=chosen.values if chosen else {},
        offsets=counting.offsets(zone, since, until),
    )


def figures_of(setting: Setting, now: datetime, length: timedelta) -> Figures:
    """Return how the period that ends now went, as a whole."""
    with one_moment(setting.store.connection):
        span = span_of(setting, now, Period(length=length), back=0)
        return _figures(setting.store.connection, span)


def _figures(connection: sqlite3.Connection, span: Span) -> Figures:
    whole, _ = _whole(connection, span)
    return Figures(**whole, **_sums(connection, span))


def _sums(connection: sqlite3.Connection, span: Span) -> dict[str, Any]:
    """Return the figures that are the sums of those of the period's parts."""
    return counts.written(connection, span)[""] | dict(counts.due(connection, span))[""]


def _whole(connection: sqlite3.Connection, span: Span) -> tuple[dict[str, Any], tuple[Bin, ...]]:
    """Return the other figures of a period, and the bars of first replies."""
    answers = dict(counts.answers(connection, span, bounds=counting.BOUNDS))
    values: dict[str, Any] = {name: answers[""][name] for name in ROADS}
    values |= dict(counts.begun(connection, span))[""] | dict(counts.waits(connection, span))[""]
    values |= _spreads(connection, span, "", answers)[""]
    return values, counting.bins([answers[""][f"bin{n}"] for n in range(len(counting.BOUNDS) + 1)])


def _series(
    setting: Setting, now: datetime, period: Period, span: Span
) -> tuple[str, tuple[Step, ...], dict[str, Any]]:
    """Return in which steps the period is drawn, the steps, and what they add up to."""
    step = counting.step_of(period.length)
    zone = ZoneInfo(setting.config.hours.timezone)
    steps, parts = [], []
    for start, label, since, until in counting.pieces(step, zone, now - period.length, now):
        part = _sums(setting.store.connection, replace(span, since=since, until=until))
        parts.append(("", part))
        drawn = {name: part.get(name, 0) for name in STEP_FIGURES}
        steps.append(Step(start=start, label=label, **drawn))
    return step, tuple(steps), dict(counts.added(parts))[""]


def _by_key(
    connection: sqlite3.Connection,
    span: Span,
    by: str,
    keys: Iterable[Any],
    written: Mapping[Any, dict[str, int]],
) -> dict[Any, Figures]:
    """Return the figures of each of these keys."""
    if by == "author":  # there may be a million others
        bound = {**span.values, "contacts": json.dumps(sorted(keys))}
        span = replace(span, where=of_contacts(span.where), values=bound)
    answers = dict(counts.answers(connection, span, by))
    roads = ((key, {name: row[name] for name in ROADS}) for key, row in answers.items())
    parts = counts.added(
        written.items(),
        counts.begun(connection, span, by),
        counts.waits(connection, span, by),
        counts.due(connection, span, by),
        roads,
    )
    values: dict[Any, dict[str, Any]] = dict(parts)
    for key, spreads in _spreads(connection, span, by, answers).items():
        values[key] |= spreads
    return {key: Figures(**values.get(key, {})) for key in keys}


def _spreads(
    connection: sqlite3.Connection, span: Span, by: str, answers: Mapping[Any, Mapping[str, int]]
) -> dict[Any, dict[str, Spread]]:
    """Return by key how long its answers took, by the names of the figures."""
    found: dict[Any, dict[str, Spread]] = {key: {} for key in answers}
    for kind, length in product(counts.KINDS, counts.LENGTHS):
        amounts = [(key, row[kind]) for key, row in answers.items()]
        lengths = counts.answer_lengths(connection, span, kind, length, by)
        for key, spread in counting.spreads(amounts, lengths):
            found[key][f"{kind}_{length.removesuffix('_seconds')}"] = spread
    return found


def _groups(connection: sqlite3.Connection, span: Span, by: str) -> tuple[tuple[Group, ...], int]:
    """Return the groups that were written most, and how many are left off."""
    if not by:
        return (), 0
    waiting = standing.waiting(connection, span, by)
    if by == "author":
        written, total = counts.busiest(connection, span, MOST_GROUPS)
    else:
        written = counts.written(connection, span, by)
        total = len(written)
    keys = list(written)[:MOST_GROUPS]
    # Somebody who has waited since before the period must not vanish from it.
    late = sorted(waiting, key=lambda key: -waiting[key]["waiting"])
    keys += [key for key in late if key not in written and waiting[key]["waiting"]]
    total = max(len(keys), total)
    keys = keys[:MOST_GROUPS]
    figures = _by_key(connection, span, by, keys, written)
    names = standing.names_of(connection, keys) if by == "author" else {}
    groups = tuple(
        Group(
            key=str(key),
            label=one_line(names.get(key, "")) or counting.label(by, key),
            figures=figures[key],
            waiting=waiting[key]["waiting"] if key in waiting else 0,
            overdue=waiting[key]["overdue"] if key in waiting else 0,
        )
        for key in counting.in_order(by, keys)
    )
    return groups, total - len(groups)


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
