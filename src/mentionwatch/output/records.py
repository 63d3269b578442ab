"""
JSON, NDJSON and CSV for scripts and spreadsheets: documented in docs/output.md, versioned.

Standard library only, and little of it: these formats hold the start-up budget.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mentionwatch.model.text import clean, visible
from mentionwatch.model.times import iso
from mentionwatch.output.overview import is_complete, unseen

if TYPE_CHECKING:
    from mentionwatch.channels import Capabilities
    from mentionwatch.model.conversation import ClockRow, ConversationReport, ThreadEntry
    from mentionwatch.model.items import Author
    from mentionwatch.model.report import ChannelState, QueueReport, QueueRow

QUEUE = "mentionwatch.queue/1"
QUEUE_HEAD = "mentionwatch.queue-head/1"
QUEUE_ROW = "mentionwatch.queue-row/1"
CONVERSATION = "mentionwatch.conversation/1"
CHANNELS = "mentionwatch.channels/1"

# Characters with which a spreadsheet begins a formula, in both widths.
_FORMULA = frozenset("=+-@＝＋－＠")
_INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060\u00ad\u00a0\u3000"

CSV_COLUMNS = (
    "record", "complete", "channel", "type", "family", "channel_status", "channel_problem",
    "last_success_at", "id", "section", "state", "cause", "priority", "urgency", "sentiment",
    "intent", "overdue", "due_soon", "overdue_seconds", "overdue_calendar_seconds",
    "due_in_seconds", "waiting_since", "due_at", "published_at", "last_message_at", "messages",
    "kind", "private", "author_name", "author_handle", "author_followers", "title", "text", "url",
    "media", "rating", "rating_max", "own_posts_since", "assignee", "on_duty", "labels",
    "snoozed_until", "hints", "also_on", "reasons",
)  # fmt: skip


def queue_json(report: QueueReport) -> str:
    """Return the whole queue; each row on a line of its own, so that two can be compared."""
    whole = queue_dict(report)
    rows = ",\n    ".join(_dump(row) for row in whole["rows"])
    head = _dump({**whole, "rows": []}, indent=2)
    return (head.removesuffix("[]\n}") + f"[\n    {rows}\n  ]\n}}" if rows else head) + "\n"


def queue_ndjson(report: QueueReport) -> str:
    """Return one JSON object a line: the head (everything but the rows), then each row."""
    whole = queue_dict(report)
    rows = whole.pop("rows")
    lines = [{**whole, "schema": QUEUE_HEAD}, *({"schema": QUEUE_ROW, **row} for row in rows)]
    return "".join(_dump(line) + "\n" for line in lines)


def queue_csv(report: QueueReport) -> str:
    """
    Return a table with one line for each conversation, then one for each channel.

    The channels are there because an empty table must not look like "nothing is waiting" while
    one of them is broken; ``record`` tells the two apart. Text cells that a spreadsheet would run
    as a formula begin with an apostrophe; control characters are made visible.
    """
    import csv
    import io

    out = io.StringIO()
    table = csv.DictWriter(out, CSV_COLUMNS, restval="", lineterminator="\n")
    table.writeheader()
    complete = is_complete(report)
    states = {state.name: state for state in report.channels}
    for row in report.rows:
        cells = _csv_row(row, states.get(row.channel))
        table.writerow(_cells({"record": "conversation", "complete": complete, **cells}))
    for state in report.channels:
        cells = {"channel": state.name, "type": state.type, "family": state.family}
        cells |= _csv_state(state)
        table.writerow(_cells({"record": "channel", "complete": complete, **cells}))
    return out.getvalue()


def queue_dict(report: QueueReport) -> dict[str, Any]:
    """Return the whole queue as docs/queue.schema.json describes it."""
    summary = report.summary
    return {
        "schema": QUEUE,
        "generated_at": _time(report.generated_at),
        "brand": _clean(report.brand),
        "timezone": report.timezone,
        "open_now": report.open_now,
        "next_opening": _time(report.next_opening),
        "hours_today": _clean(report.hours_today),
        "selection": _clean(report.selection),
        "summary": {
            "complete": is_complete(report),
            "open": summary.open,
            "overdue": summary.overdue,
            "due_soon": summary.due_soon,
            "later": summary.later,
            "snoozed": summary.snoozed,
            "history": summary.history,
            "shown": len(report.rows),
            "answered_since": summary.answered_since,
            "median_reply_seconds": summary.median_reply_seconds,
            "unassessed": summary.unassessed,
        },
        "incomplete_because": unseen(report),
        "notices": _texts(report.notices),
        "channels": [state_dict(state) for state in report.channels],
        "rows": [row_dict(row) for row in report.rows],
    }


def state_dict(state: ChannelState) -> dict[str, Any]:
    return {
        "name": _clean(state.name),
        "type": _clean(state.type),
        "family": state.family,
        "status": state.status,
        "last_success_at": _time(state.last_success_at),
        "last_attempt_at": _time(state.last_attempt_at),
        "failing_since": _time(state.failing_since),
        "problem": None if state.problem is None else _clean(state.problem),
        "hint": None if state.hint is None else _clean(state.hint),
        "sees_own_replies": state.sees_own_replies,
        "notes": _texts(state.notes),
        "stored": state.stored,
    }


def row_dict(row: QueueRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "channel": _clean(row.channel),
        "type": _clean(row.type),
        "family": row.family,
        "kind": _clean(row.kind),
        "private": row.private,
        "author": _author(row.author),
        "title": _clean(row.title),
        "text": _clean(row.text),
        "url": _clean(row.url),
        "media": row.media,
        "messages": row.messages,
        "published_at": _time(row.published_at),
        "last_message_at": _time(row.last_message_at),
        "waiting_since": _time(row.waiting_since),
        "due_at": _time(row.due_at),
        "overdue": row.overdue,
        "due_soon": row.due_soon,
        "overdue_seconds": row.overdue_seconds,
        "overdue_calendar_seconds": row.overdue_calendar_seconds,
        "due_in_seconds": row.due_in_seconds,
        "priority": row.priority,
        "urgency": row.urgency,
        "sentiment": row.sentiment,
        "intent": row.intent,
        "state": row.state,
        "cause": _clean(row.cause),
        "section": row.section,
        "assignee": None if row.assignee is None else _clean(row.assignee),
        "on_duty": _texts(row.on_duty),
        "labels": _texts(row.labels),
        "snoozed_until": _time(row.snoozed_until),
        "rating": _number(row.rating),
        "rating_max": _number(row.rating_max),
        "own_posts_since": row.own_posts_since,
        "hints": _texts(row.hints),
        "also_on": _texts(row.also_on),
        "reasons": [
            {
                "rule": _clean(reason.rule),
                "points": reason.points,
                "quote": _clean(reason.quote),
                "why": _clean(reason.why),
            }
            for reason in row.reasons
        ],
    }


def conversation_json(report: ConversationReport) -> str:
    """Return one conversation as docs/conversation.schema.json describes it."""
    whole = {
        "schema": CONVERSATION,
        "generated_at": _time(report.generated_at),
        "brand": _clean(report.brand),
        "timezone": report.timezone,
        "conversation": row_dict(report.row),
        "thread": [_entry(entry) for entry in report.thread],
        "clocks": [_clock(clock) for clock in report.clocks],
        "earlier": [row_dict(row) for row in report.earlier],
        "aliases": list(report.aliases),
        "checklist": _texts(report.checklist),
    }
    return _dump(whole, indent=2) + "\n"


def channels_json(
    types: Iterable[tuple[str, str, Capabilities]], configured: Iterable[ChannelState]
) -> str:
    """
    Return what each channel type can do, and how each configured channel stands.

    Args:
        types: Type name, family and capabilities of each available type.
        configured: How each configured channel stands.
    """
    whole = {
        "schema": CHANNELS,
        "types": [
            {
                "type": _clean(name),
                "family": family,
                "finds_untagged": can.finds_untagged,
                "sees_own_replies": can.sees_own_replies,
                "sees_edits": can.sees_edits,
                "private": can.private,
                "history": _clean(can.history),
                "cost": _clean(can.cost),
                "limits": _texts(can.limits),
            }
            for name, family, can in types
        ],
        "configured": [state_dict(state) for state in configured],
    }
    return _dump(whole, indent=2) + "\n"


def defused(text: str) -> str:
    """Return a text cell that no spreadsheet runs: an apostrophe before what begins a formula."""
    begins = text.lstrip().lstrip(_INVISIBLE).lstrip()[:1]
    return "'" + text if begins in _FORMULA or text[:1] in ("\t", "\r") else text


def _csv_row(row: QueueRow, state: ChannelState | None) -> dict[str, Any]:
    cells = row_dict(row)
    author = cells.pop("author")
    cells |= {f"author_{key}": author[key] for key in ("name", "handle", "followers")}
    for key in ("on_duty", "labels", "hints", "also_on"):
        cells[key] = "; ".join(cells[key])
    cells["reasons"] = "; ".join(
        f"{r['why'] or r['rule']} ({r['points']:+d})" for r in cells["reasons"]
    )
    return cells | (_csv_state(state) if state else {})


def _csv_state(state: ChannelState) -> dict[str, Any]:
    return {
        "channel_status": state.status,
        "channel_problem": state.problem,
        "last_success_at": _time(state.last_success_at),
    }


def _cells(row: dict[str, Any]) -> dict[str, Any]:
    return {key: _cell(value) for key, value in row.items()}


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return defused(visible(_clean(value))) if isinstance(value, str) else value


def _entry(entry: ThreadEntry) -> dict[str, Any]:
    return {
        "role": entry.role,
        "at": _time(entry.at),
        "author": _clean(entry.author),
        "text": _clean(entry.text),
        "url": _clean(entry.url),
        "kind": _clean(entry.kind),
        "channel": _clean(entry.channel),
        "marks": _texts(entry.marks),
        "earlier_texts": _texts(entry.earlier_texts),
    }


def _clock(clock: ClockRow) -> dict[str, Any]:
    return {
        "kind": clock.kind,
        "since": _time(clock.since),
        "due_at": _time(clock.due_at),
        "replied_at": _time(clock.replied_at),
        "result": clock.result,
        "open_seconds": clock.open_seconds,
        "calendar_seconds": clock.calendar_seconds,
        "manual": clock.manual,
    }


def _author(author: Author) -> dict[str, Any]:
    return {
        "name": _clean(author.name),
        "handle": _clean(author.handle),
        "url": _clean(author.url),
        "followers": author.followers,
    }


def _clean(text: str) -> str:
    # Most strings are short ASCII, and were cleaned before they were stored: nothing to look for.
    return text if text.isascii() and text.isprintable() else clean(text)


def _texts(texts: Iterable[str]) -> list[str]:
    return [_clean(text) for text in texts]


def _number(value: float | None) -> float | None:
    """Return a number that JSON can hold; a channel may send NaN."""
    return value if value is not None and math.isfinite(value) else None


def _time(at: datetime | None) -> str | None:
    return None if at is None else iso(at)


def _dump(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, indent=indent, ensure_ascii=True, allow_nan=False)
