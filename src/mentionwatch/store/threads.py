"""One conversation's history, in order of time: theirs, ours, and what we did here."""

from __future__ import annotations

import json
import sqlite3
from itertools import pairwise
from typing import Any, NamedTuple

from mentionwatch.store import events


class Entry(NamedTuple):
    """One line; ``at`` in milliseconds. ``id``: of the row in the table of its role."""

    role: str
    id: int
    at: int
    author: str
    text: str
    url: str = ""
    kind: str = ""
    channel: str = ""
    marks: tuple[str, ...] = ()
    earlier_texts: tuple[str, ...] = ()


def entries(connection: sqlite3.Connection, conversation_id: int) -> list[Entry]:
    """Return a conversation's mentions, the replies that concern it, and our actions."""
    written = mentions(connection, conversation_id)
    ids = [row["id"] for row in written]
    found = [_mention(connection, row) for row in written]
    found += [_reply(connection, row) for row in replies(connection, conversation_id)]
    found += _actions(connection, ids)
    return sorted(found, key=lambda entry: (entry.at, entry.role == "action", entry.id))


def mentions(connection: sqlite3.Connection, conversation_id: int) -> list[sqlite3.Row]:
    """Return the mentions of a conversation, oldest first."""
    return connection.execute(
        "SELECT * FROM mention WHERE conversation_id = ? ORDER BY at, id", (conversation_id,)
    ).fetchall()


def replies(connection: sqlite3.Connection, conversation_id: int) -> list[sqlite3.Row]:
    """Return our replies in the threads of a conversation that are not attached to others."""
    # CROSS JOIN: from the few mentions to the replies, never the other way round.
    attached = (
        "JOIN reply r ON r.channel = m.channel AND r.parent_id = m.external_id",
        "JOIN reply r ON r.channel = m.channel AND r.thread = m.thread AND r.thread <> ''",
        "JOIN reply_name n ON n.channel = m.channel AND n.name IN "
        "(lower(m.author_id), lower(m.author_handle)) CROSS JOIN reply r ON r.id = n.reply_id",
    )
    found = " UNION ".join(
        f"SELECT r.id FROM mention m CROSS {join} WHERE m.conversation_id = ?1" for join in attached
    )
    return connection.execute(
        f"SELECT r.* FROM ({found}) f CROSS JOIN reply r ON r.id = f.id "
        "LEFT JOIN mention p ON p.channel = r.channel AND p.external_id = r.parent_id "
        "WHERE p.id IS NULL OR p.conversation_id = ?1 ORDER BY r.at, r.id",
        (conversation_id,),
    ).fetchall()


def _mention(connection: sqlite3.Connection, row: sqlite3.Row) -> Entry:
    marks = [
        name
        for name, holds in (
            ("deleted", row["deleted_at"] is not None),
            ("automatic", row["automatic"]),
            ("private", row["private"]),
            ("date guessed", row["at_source"] != "published"),
            (f"skipped: {row['skipped']}", row["skipped"]),
        )
        if holds
    ]
    text = f"{row['title']}\n{row['text']}" if row["title"] else row["text"]
    return Entry(
        role="customer",
        id=row["id"],
        at=row["at"],
        author=row["author_name"] or row["author_handle"] or row["author_id"],
        text=text.strip(),
        url=row["url"],
        kind=row["kind"],
        channel=row["channel"],
        **_edits(connection, "mention", row, marks),
    )


def _reply(connection: sqlite3.Connection, row: sqlite3.Row) -> Entry:
    marks = [
        name
        for name, holds in (
            ("deleted", row["deleted_at"] is not None),
            ("automatic", row["automatic"]),
            ("private", row["private"]),
            ("likely", row["certainty"] != "sure"),
        )
        if holds
    ]
    return Entry(
        role="us",
        id=row["id"],
        at=row["at"],
        author=row["author_name"],
        text=row["text"],
        url=row["url"],
        kind="reply",
        channel=row["channel"],
        **_edits(connection, "reply", row, marks),
    )


def _edits(
    connection: sqlite3.Connection, item: str, row: sqlite3.Row, marks: list[str]
) -> dict[str, Any]:
    found = connection.execute(
        "SELECT text FROM edit WHERE item = ? AND item_id = ? ORDER BY id", (item, row["id"])
    )
    forms = [*(edit["text"] for edit in found), row["text"]]
    texts = tuple(one for one, after in pairwise(forms) if one != after)  # else: title or rating
    return {"marks": (*marks, *(["edited"] if texts else [])), "earlier_texts": texts}


def _actions(connection: sqlite3.Connection, mention_ids: list[int]) -> list[Entry]:
    history = events.history(connection, mention_ids)
    undone = {event.undoes for event in history if event.undoes is not None}
    return [
        Entry(
            role="action",
            id=event.id,
            at=event.recorded_at,
            author=event.actor,
            text=json.dumps(event.data, ensure_ascii=False, sort_keys=True) if event.data else "",
            kind=event.kind,
            marks=("undone",) if event.id in undone else (),
        )
        for event in history
    ]


def clocks(connection: sqlite3.Connection, conversation_id: int) -> list[sqlite3.Row]:
    return connection.execute(
        "SELECT * FROM clock WHERE conversation_id = ? ORDER BY since, id", (conversation_id,)
    ).fetchall()


def aliases(connection: sqlite3.Connection, conversation_id: int) -> list[int]:
    found = connection.execute(
        "SELECT old FROM alias WHERE id = ? ORDER BY old", (conversation_id,)
    )
    return [row["old"] for row in found]


def earlier_conversations(
    connection: sqlite3.Connection, conversation_id: int, limit: int = 10
) -> list[int]:
    """Return other conversations of the same author, newest first."""
    found = connection.execute(
        "SELECT o.id FROM conversation c JOIN conversation o "
        "ON o.contact = c.contact AND o.id <> c.id WHERE c.id = ? ORDER BY o.last_at DESC LIMIT ?",
        (conversation_id, limit),
    )
    return [row["id"] for row in found]
