"""One conversation with its thread, its clocks and what the same author wrote before."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from mentionwatch.app.read_queue import Reader, time_or_none
from mentionwatch.app.setting import Setting, current_hours
from mentionwatch.core.business_hours import BusinessHours
from mentionwatch.errors import UsageError
from mentionwatch.model.conversation import ClockRow, ConversationReport, ThreadEntry
from mentionwatch.model.report import QueueRow
from mentionwatch.model.times import from_ms
from mentionwatch.store import conversations, queue, threads


def find(setting: Setting, number: int) -> int:
    """
    Return the conversation that an id leads to.

    Raises:
        UsageError: There is none.
    """
    fits = abs(number) < 2**63  # in what SQLite calls an integer
    found = conversations.resolve_id(setting.store.connection, number) if fits else None
    if found is None:
        raise UsageError(
            f"there is no conversation {number}",
            hint="the ids stand in the first column of `mentionwatch queue --all`",
        )
    return found


def read_conversation(setting: Setting, now: datetime, number: int) -> ConversationReport:
    """Return a conversation with its thread, clocks and the author's earlier conversations."""
    from mentionwatch.app.advice import good_answer

    connection = setting.store.connection
    found = find(setting, number)
    hours = current_hours(setting, now)
    reader = Reader(setting, now, hours)
    row = reader.row(queue.rows_by_id(connection, [found])[0])
    earlier = threads.earlier_conversations(connection, found)
    thread = tuple(_entry(entry, reader.zone) for entry in threads.entries(connection, found))
    return ConversationReport(
        row=row,
        thread=thread,
        checklist=good_answer(setting, row, thread),
        clocks=_clocks(connection, found, row, hours, now),
        earlier=tuple(reader.row(other) for other in queue.rows_by_id(connection, earlier)),
        aliases=tuple(threads.aliases(connection, found)),
        generated_at=now,
        timezone=setting.config.hours.timezone,
        brand=setting.config.brand.name,
    )


def _entry(entry: threads.Entry, zone: ZoneInfo) -> ThreadEntry:
    text = entry.text
    if entry.role == "action":
        text = _action(entry.kind, json.loads(entry.text or "{}"), zone)
    return ThreadEntry(
        role=entry.role,
        at=from_ms(entry.at),
        author=entry.author,
        text=text,
        url=entry.url,
        kind=entry.kind,
        channel=entry.channel,
        marks=entry.marks,
        earlier_texts=entry.earlier_texts,
    )


def _action(kind: str, data: Mapping[str, Any], zone: ZoneInfo) -> str:
    """Return what we did here in words."""
    if kind == "done":
        return "done, answered elsewhere" if data.get("replied") else "done"
    if kind == "ignore":
        return f"ignored: {data.get('cause', '')}"
    if kind == "snooze":
        until = datetime.fromisoformat(data["until"]).astimezone(zone)
        still = ", even if the customer writes" if data.get("regardless") else ""
        return f"snoozed until {until:%a %d %b %H:%M}{still}"
    if kind == "assign":
        return f"assigned to {data.get('assignee') or 'nobody'}"
    if kind == "note":
        return f"note: {data.get('text', '')}"
    if kind == "label":
        parts = [f"labelled {label}" for label in data.get("add", ())]
        parts += [f"label {label} taken off" for label in data.get("remove", ())]
        parts += [f"{key} corrected to {to}" for key, to in data.get("correct", {}).items()]
        return "; ".join(parts)
    if kind == "link":
        return f"linked with {data.get('with', '')}"
    if kind == "handoff":
        return f"handed to {data.get('to', '')} {data.get('url', '')}".strip()
    return {"reopen": "reopened", "unlink": "taken apart", "undo": "undone"}.get(kind, kind)


def _clocks(
    connection: sqlite3.Connection,
    number: int,
    row: QueueRow,
    hours: BusinessHours,
    now: datetime,
) -> tuple[ClockRow, ...]:
    closed = [
        ClockRow(
            kind=clock["kind"],
            since=from_ms(clock["since"]),
            due_at=time_or_none(clock["due_at"]),
            replied_at=time_or_none(clock["replied_at"]),
            result=clock["result"],
            open_seconds=clock["open_seconds"],
            calendar_seconds=clock["calendar_seconds"],
            manual=bool(clock["manual"]),
        )
        for clock in threads.clocks(connection, number)
    ]
    if row.waiting_since is None:
        return tuple(closed)
    running = ClockRow(
        kind="next" if closed else "first",
        since=row.waiting_since,
        due_at=row.due_at,
        replied_at=None,
        result="open",
        open_seconds=hours.open_seconds(row.waiting_since, now),
        calendar_seconds=max(0, int((now - row.waiting_since).total_seconds())),
    )
    return (*closed, running)
