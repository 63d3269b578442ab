"""Did we answer, and how fast: the report of a period, and what is out of the usual."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

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
    Spread,
    Step,
)
from mentionwatch.model.report import QueueReport
from mentionwatch.model.text import one_line
from mentionwatch.model.times import from_ms, to_ms
from mentionwatch.store import insight as counts
from mentionwatch.store import quality
from mentionwatch.store.insight import Span

MOST_GROUPS = 50
NAMED = 5
LATE_START = 0.1  # of a period: so much of its beginning may be without messages
SPIKE_TEXTS = 2000  # texts read for the words of a spike
MESSENGER = "facebook"


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
    connection = setting.store.connection
    span = span_of(setting, now, period, back=0)
    earlier = span_of(setting, now, period, back=1)
    figures, before = _figures(connection, span), _figures(connection, earlier)
    step = counting.step_of(period.length)
    standing = counts.waiting(connection, span).get("", {})
    leads, lead_rows = counts.missed(connection, span, "lead", only_late=True, limit=NAMED)
    praise, _ = counts.missed(connection, span, "praise", only_late=False, limit=0)
    turned, turned_rows = counts.moods(connection, span, NAMED)
    groups, left_off = _groups(connection, span, period.by)
    return PeriodReport(
        queue=state_of_now(setting, now, period, unassessed),
        since=now - period.length,
        until=now,
        by=period.by,
        now=figures,
        before=before if _is_known(connection, earlier) else None,
        waiting=standing.get("waiting") or 0,
        overdue=standing.get("overdue") or 0,
        history=standing.get("history") or 0,
        oldest=None if standing.get("oldest") is None else from_ms(standing["oldest"]),
        steps=_steps(setting, now, period, step, span),
        step=step,
        bins=counting.bins(counts.answer_bins(connection, span, counting.BOUNDS)),
        groups=groups,
        groups_left_off=left_off,
        leads_missed=leads,
        praise_unanswered=praise,
        leads=tuple(_named(row, "") for row in lead_rows),
        to_thank=_to_thank(connection, span),
        turned_better=turned["better"],
        turned_worse=turned["worse"],
        turned=tuple(_named(row, row["turn"]) for row in turned_rows),
        reactions=counts.reactions(connection, span),
        badge=_badge(setting, now, period),
        posting=counting.posting(counts.posts(connection, span), counts.lateness(connection, span)),
        spikes=tuple(read_spikes(setting, now)),
    )


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


def _figures(connection: sqlite3.Connection, span: Span) -> Figures:
    return _by_key(connection, span, "", [""]).get("", Figures())


def _by_key(
    connection: sqlite3.Connection, span: Span, by: str, keys: Iterable[Any]
) -> dict[Any, Figures]:
    """Return the figures of each of these keys."""
    wanted = set(keys)
    if by == "author":  # there may be a million others
        only = counts.of_contacts(span.where)
        values = {**span.values, "contacts": json.dumps(sorted(wanted))}
        span = replace(span, where=only, values=values)
    parts: dict[Any, dict[str, Any]] = {key: {} for key in wanted}
    written = counts.written(connection, span, by)
    for pairs in (
        written.items(),
        counts.begun(connection, span, by),
        counts.waits(connection, span, by),
        counts.due(connection, span, by),
        counts.answer_roads(connection, span, by),
    ):
        for key, values in counting.keyed(pairs, wanted).items():
            parts[key] |= values
    for (key, name), spread in _spreads(connection, span, by).items():
        if key in wanted:
            parts[key][name] = spread
    return {key: Figures(**values) for key, values in parts.items()}


def _spreads(connection: sqlite3.Connection, span: Span, by: str) -> dict[tuple[Any, str], Spread]:
    """Return by (key, name of the figure) how long answers took."""
    amounts = list(counts.answer_counts(connection, span, by))
    found = {}
    for length in counts.LENGTHS:
        lengths = counts.answer_lengths(connection, span, length, by)
        rows = ((row[0], row[1], row[2], row[3]) for row in lengths)
        for (key, kind), spread in counting.spreads(amounts, rows).items():
            found[key, f"{kind}_{length.removesuffix('_seconds')}"] = spread
    return found


def _groups(connection: sqlite3.Connection, span: Span, by: str) -> tuple[tuple[Group, ...], int]:
    """Return the groups that were written most, and how many are left off."""
    if not by:
        return (), 0
    waiting = counts.waiting(connection, span, by)
    keys = list(counts.written(connection, span, by, MOST_GROUPS))
    # Somebody who has waited since before the period must not vanish from it.
    late = sorted(waiting, key=lambda key: -(waiting[key]["waiting"] or 0))
    keys += [key for key in late if key not in keys and waiting[key]["waiting"]]
    total = max(len(keys), counts.key_count(connection, span, by))
    keys = keys[:MOST_GROUPS]
    figures = _by_key(connection, span, by, keys)
    names = counts.names_of(connection, keys) if by == "author" else {}
    groups = tuple(
        Group(
            key=str(key),
            label=one_line(names.get(key, "")) or counting.label(by, key),
            figures=figures[key],
            waiting=(waiting.get(key) or {}).get("waiting") or 0,
            overdue=(waiting.get(key) or {}).get("overdue") or 0,
        )
        for key in counting.in_order(by, keys)
    )
    return groups, total - len(groups)


def _steps(
    setting: Setting, now: datetime, period: Period, step: str, span: Span
) -> tuple[Step, ...]:
    connection = setting.store.connection
    return counting.steps(
        step,
        ZoneInfo(setting.config.hours.timezone),
        now - period.length,
        now,
        counts.written(connection, span, step),
        dict(counts.due(connection, span, step)),
    )


def _to_thank(connection: sqlite3.Connection, span: Span) -> tuple[Named, ...]:
    """Return whom to thank, each once."""
    rows = {row["contact"]: row for row in reversed(counts.to_thank(connection, span, NAMED * 4))}
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
    found = counts.badge(setting.store.connection, span, counting.BADGE_SECONDS, type_)
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
