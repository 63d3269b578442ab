"""
The queue at a point in time.

Here *now* comes in: overdue, due soon, the end of a snooze. Nothing is scored.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from mentionwatch.app.setting import Setting, current_hours, is_current, notice_changes
from mentionwatch.app.states import channel_states
from mentionwatch.core.business_hours import BusinessHours
from mentionwatch.errors import LockHeld
from mentionwatch.model.author import Author
from mentionwatch.model.report import (
    INCOMPLETE,
    ChannelState,
    QueueReport,
    QueueRow,
    Summary,
)
from mentionwatch.model.score import Reason
from mentionwatch.model.times import from_ms, median, to_ms
from mentionwatch.store import conversations, queue

DAY = timedelta(days=1)
SHOWN = ("overdue", "due_soon", "later")


class Wanted(NamedTuple):
    """
    Which rows are wanted.

    ``everything``: closed ones too; ``history``: those from before the first run. ``where`` and
    ``values``: a further condition in SQL, made by the query language. ``limit`` None: all.
    """

    limit: int | None = None
    everything: bool = False
    history: bool = False
    snoozed: bool = False
    where: str = "1"
    values: Mapping[str, Any] = {}
    selection: str = ""


def bring_up_to_date(setting: Setting, now: datetime) -> int:
    """
    Assess what is not assessed yet, if nobody else writes; return how much is left.

    The common case, nothing to do, costs one look at an empty table.
    """
    if is_current(setting, now):
        return 0
    try:
        with setting.store.lock():
            from mentionwatch.app.assess import assess_dirty
            from mentionwatch.app.setting import assessor

            notice_changes(setting, now)
            assess_dirty(setting.store, assessor(setting))
    except LockHeld:
        return max(1, conversations.dirty_count(setting.store.connection))
    return 0


def read_queue(
    setting: Setting, now: datetime, wanted: Wanted | None = None, *, unassessed: int = 0
) -> QueueReport:
    """
    Return who waits, who first, and what is broken.

    Args:
        unassessed: What `bring_up_to_date` could not do.
    """
    wanted = wanted or Wanted()
    config = setting.config
    hours = current_hours(setting, now)
    states = channel_states(setting, now)
    reader = Reader(setting, now, hours)
    rows = reader.rows(wanted)
    zone = ZoneInfo(config.hours.timezone)
    return QueueReport(
        generated_at=now,
        timezone=config.hours.timezone,
        brand=config.brand.name,
        summary=_summary(setting, now, states, len(rows), unassessed, wanted),
        channels=states,
        rows=tuple(rows),
        open_now=hours.is_open(now),
        next_opening=None if hours.is_open(now) else hours.next_opening(now),
        hours_today=_today(hours, now, zone),
        notices=_notices(setting, states, unassessed),
        selection=wanted.selection,
    )


def _summary(
    setting: Setting,
    now: datetime,
    states: tuple[ChannelState, ...],
    shown: int,
    unassessed: int,
    wanted: Wanted,
) -> Summary:
    connection, stamp = setting.store.connection, to_ms(now)
    counts = {
        name: queue.count(connection, name, stamp, where=wanted.where, values=dict(wanted.values))
        for name in ("overdue", "due_soon", "later", "snoozed", "history")
    }
    answers = queue.replies_since(connection, to_ms(now - DAY))
    read = [state for state in states if state.status != "skipped"]
    return Summary(
        complete=bool(read)
        and not unassessed
        and not any(state.status in INCOMPLETE for state in states),
        open=counts["overdue"] + counts["due_soon"] + counts["later"] + counts["snoozed"],
        overdue=counts["overdue"],
        due_soon=counts["due_soon"],
        later=counts["later"],
        snoozed=counts["snoozed"],
        history=counts["history"],
        shown=shown,
        answered_since=len(answers),
        median_reply_seconds=int(median(answers)) if answers else None,
        unassessed=unassessed,
    )


def _notices(
    setting: Setting, states: tuple[ChannelState, ...], unassessed: int
) -> tuple[str, ...]:
    notices = list(setting.config.warnings)
    if unassessed:
        notices.append("another run is at work: what it has just fetched is not in this queue yet")
    if not [state for state in states if state.status != "skipped"]:
        notices.append("no channel is configured: nothing can be known to wait")
    return tuple(notices)


def _today(hours: BusinessHours, now: datetime, zone: ZoneInfo) -> str:
    """Return today's hours in local time: "08:00-12:00, 13:30-18:00"; "" where always open."""
    if hours.always_open:
        return ""
    return ", ".join(map(str, hours.on(now.astimezone(zone).date())))


class Reader:
    """Turns stored rows into those of the queue, at one point in time."""

    def __init__(self, setting: Setting, now: datetime, hours: BusinessHours) -> None:
        self.setting = setting
        self.now = now
        self.hours = hours
        self.always = hours.around_the_clock()
        self.zone = ZoneInfo(setting.config.hours.timezone)
        self.duty = setting.config.team.duty[now.astimezone(self.zone).weekday()]

    def rows(self, wanted: Wanted) -> list[QueueRow]:
        sections = [*SHOWN]
        if wanted.snoozed or wanted.everything:
            sections.append("snoozed")
        if wanted.history or wanted.everything:
            sections.append("history")
        if wanted.everything:
            sections.append("closed")
        rows: list[QueueRow] = []
        for name in sections:
            room = -1 if wanted.limit is None else wanted.limit - len(rows)
            if room == 0:
                break
            found = queue.section(
                self.setting.store.connection,
                name,
                to_ms(self.now),
                limit=room,
                where=wanted.where,
                values=dict(wanted.values),
            )
            rows += [self.row(row, name) for row in found]
        return rows

    def row(self, row: sqlite3.Row, section: str = "") -> QueueRow:
        due_at = time_or_none(row["due_at"])
        snoozed = row["snoozed_until"] is not None and row["snoozed_until"] > to_ms(self.now)
        is_open = row["state"] == "open"
        overdue = is_open and not snoozed and due_at is not None and due_at < self.now
        soon_at = time_or_none(row["soon_at"])
        soon = (
            is_open and not snoozed and not overdue and soon_at is not None and soon_at <= self.now
        )
        hours = self.always if row["priority"] in self.setting.config.hours.always else self.hours
        late = overdue and due_at is not None
        return QueueRow(
            id=row["id"],
            channel=row["channel"],
            type=row["type"],
            family=row["family"],
            kind=row["kind"],
            private=bool(row["private"]),
            author=Author(
                id=row["author_id"],
                name=row["author_name"],
                handle=row["author_handle"],
                url=row["author_url"],
                followers=row["followers"],
                is_bot=bool(row["author_is_bot"]),
            ),
            title=row["title"],
            text=row["text"],
            url=row["url"],
            media=row["media"],
            messages=row["messages"],
            published_at=from_ms(row["published_at"]),
            last_message_at=from_ms(row["last_at"]),
            waiting_since=time_or_none(row["waiting_since"]),
            due_at=due_at,
            overdue=overdue,
            due_soon=soon,
            overdue_seconds=hours.open_seconds(due_at, self.now) if late and due_at else 0,
            overdue_calendar_seconds=(
                int((self.now - due_at).total_seconds()) if late and due_at else 0
            ),
            due_in_seconds=(
                int((due_at - self.now).total_seconds())
                if is_open and not overdue and due_at
                else 0
            ),
            priority=row["priority"],
            urgency=row["urgency"],
            sentiment=row["sentiment"],
            intent=row["intent"],
            state="snoozed" if is_open and snoozed else row["state"],
            cause=row["cause"],
            assignee=row["assignee"],
            rating=row["rating"],
            rating_max=row["rating_max"],
            own_posts_since=row["own_posts_since"] if is_open else 0,
            section=section or self._section(row, overdue, soon, snoozed),
            labels=tuple(json.loads(row["labels"])),
            snoozed_until=time_or_none(row["snoozed_until"]) if snoozed else None,
            on_duty=self.duty if is_open and not row["assignee"] else (),
            hints=self._hints(row),
            also_on=tuple(json.loads(row["also_on"])),
            reasons=_reasons(row["reasons"]),
        )

    def _section(self, row: sqlite3.Row, overdue: bool, soon: bool, snoozed: bool) -> str:
        if row["state"] != "open":
            return str(row["state"])
        if snoozed:
            return "snoozed"
        if row["due_at"] is None:
            return "history"
        return "overdue" if overdue else "due_soon" if soon else "later"

    def _hints(self, row: sqlite3.Row) -> tuple[str, ...]:
        hints = [self._hint(hint) for hint in json.loads(row["hints"])]
        if row["snoozed_until"] is not None and row["snoozed_until"] <= to_ms(self.now):
            hints.append("back from snooze")
        return tuple(hints)

    def _hint(self, hint: Mapping[str, Any]) -> str:
        at = hint.get("at")
        when = f"{datetime.fromisoformat(at).astimezone(self.zone):%a %d %b %H:%M}" if at else ""
        kind = hint["kind"]
        if kind == "perhaps_answered":
            return f"perhaps answered on {when}"
        if kind == "same_person":
            return f"perhaps the same person as {hint['id']} ({hint['channel']}, {when})"
        if kind == "promised":
            return f"you promised an answer on {when}"
        if kind == "edited":
            return f"says more since {when}"
        if kind == "deleted":
            return "a message was deleted by its author"
        if kind == "handed_off":
            return f"handed to {hint.get('to', 'another system')}"
        if kind == "date_guessed":
            return "its date is not certain"
        return str(kind)


def _reasons(text: str) -> tuple[Reason, ...]:
    return tuple(
        Reason(rule=rule, points=points, quote=quote, why=why)
        for rule, points, quote, why in json.loads(text)
    )


def time_or_none(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else from_ms(milliseconds)


def search_conversations(
    setting: Setting, now: datetime, words: str, *, limit: int, unassessed: int = 0
) -> QueueReport:
    """Return the conversations in which these words occur, whatever their state, newest first."""
    from mentionwatch.store import search

    connection = setting.store.connection
    ids = search.conversations_with(connection, words, limit)
    nothing = Wanted(limit=0, selection=words)
    report = read_queue(setting, now, nothing, unassessed=unassessed)
    reader = Reader(setting, now, current_hours(setting, now))
    rows = tuple(reader.row(row) for row in queue.rows_by_id(connection, ids))
    summary = report.summary._replace(shown=len(rows))
    return report._replace(rows=rows, summary=summary)
