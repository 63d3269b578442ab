"""
One conversation as other programs get it: alerts to webhooks, and hand-offs.

The object is described in docs/handoff.md; keys may be added under the same version.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mentionwatch.model.text import one_line
from mentionwatch.model.times import iso
from mentionwatch.output import words
from mentionwatch.output.words import LocalTime

if TYPE_CHECKING:
    from mentionwatch.model.conversation import ConversationReport, ThreadEntry
    from mentionwatch.model.report import QueueRow

VERSION = 1
_TITLE = 100
_STATUS = {"customer": "customer", "us": "us", "own_post": "us", "action": "note"}


def mention_record(row: QueueRow, event: str, now: datetime) -> dict[str, Any]:
    """Return a conversation as one object, with what is known from its row."""
    since = row.waiting_since or row.published_at
    return {
        "event": event,
        "version": VERSION,
        "id": row.id,
        "channel": row.channel,
        "type": row.type,
        "private": row.private,
        "url": words.safe_url(row.url),
        "author": words.author_name(row.author),
        "author_handle": one_line(row.author.handle),
        "author_url": words.safe_url(row.author.url),
        "title": title_of(row),
        "text": words.text_words(row),
        "messages": row.messages,
        "created_at": iso(row.published_at),
        "waiting_since": iso(since),
        "age_hours": round(max(0.0, (now - since).total_seconds()) / 3600, 2),
        "due_at": iso(row.due_at) if row.due_at else None,
        "overdue": row.overdue,
        "overdue_seconds": row.overdue_seconds,
        "priority": row.priority,
        "score": row.urgency,
        "sentiment": row.sentiment,
        "intent": row.intent,
        "rating": row.rating,
        "tags": [one_line(label) for label in row.labels],
        "reasons": words.reason_words(row.reasons, most=len(row.reasons)),
        "sent_at": iso(now),
    }


def conversation_record(report: ConversationReport, uid: str, now: datetime) -> dict[str, Any]:
    """Return a conversation with its whole thread and what its author wrote before."""
    record = mention_record(report.row, "mention.handoff", now)
    return {
        **record,
        "uid": uid,
        "brand": one_line(report.brand),
        "thread": [_entry(entry) for entry in report.thread],
        "earlier": [_earlier(row) for row in report.earlier],
        "transcript": transcript(report),
    }


def title_of(row: QueueRow) -> str:
    """Return a subject for a ticket: who, where, and the first words."""
    text = one_line(row.title) or one_line(words.text_words(row))
    who = f"{words.author_name(row.author)} on {one_line(row.channel)}"
    return one_line(f"{who}: {text}", _TITLE)


def contact_of(row: QueueRow) -> str:
    """Return a name of the author that is the same in each hand-off, for systems that want one."""
    who = row.author.id or row.author.handle or row.author.name or str(row.id)
    return hashed("contact", row.type, who)


def hashed(*parts: str) -> str:
    """Return a short name for some parts: letters and digits, at most 32."""
    return "mw-" + hashlib.sha256("\n".join(parts).encode()).hexdigest()[:20]


def transcript(report: ConversationReport) -> str:
    """
    Return the whole conversation in words: nobody should have to tell the story again.

    Foreign lines are indented, so that none can pass for one of ours.
    """
    local = LocalTime(now=None, timezone=report.timezone)
    row = report.row
    lines = [
        f"{words.author_in_full(row.author)}{words.behind_author(row)}, "
        f"on {words.channel_words(row)}",
        f"{words.score_words(row)}, {words.waiting_words(row, local)}",
    ]
    lines += [url] if (url := words.safe_url(row.url)) else []
    for entry in report.thread:
        lines += ["", f"{local.full(entry.at)}  {words.entry_words(entry, report.brand)}"]
        lines += [f"    {one_line(line)}" for line in entry.text.strip().split("\n") if line]
    why = words.reason_words(row.reasons, most=len(row.reasons)) + words.facts(row)
    lines += ["", "Why it matters: " + "; ".join(why)] if why else []
    if report.earlier:
        lines += ["", "The same person before:"]
        lines += [_earlier_line(earlier, local) for earlier in report.earlier]
    return "\n".join(lines)


def _earlier_line(row: QueueRow, local: LocalTime) -> str:
    text = one_line(words.text_words(row), 300)
    return f"    {local.full(row.published_at)}  {words.channel_words(row)}, {row.state}: {text}"


def _entry(entry: ThreadEntry) -> dict[str, Any]:
    return {
        "from": _STATUS.get(entry.role, entry.role),
        "at": iso(entry.at),
        "author": one_line(entry.author),
        "channel": entry.channel,
        "text": entry.text,
        "url": words.safe_url(entry.url),
        "marks": list(entry.marks),
    }


def _earlier(row: QueueRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "channel": row.channel,
        "at": iso(row.published_at),
        "state": row.state,
        "text": words.text_words(row),
        "url": words.safe_url(row.url),
    }
