"""Reading the queue: one indexed query a section, and what a run wants to know of the open ones."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

_AWAKE = "coalesce(c.snoozed_until, 0) <= :now"

# Each section repeats the partial index's condition, or SQLite would not use it.
SECTIONS = {
    "overdue": f"c.state = 'open' AND c.due_at < :now AND {_AWAKE}",
    "due_soon": f"c.state = 'open' AND c.due_at >= :now AND c.soon_at <= :now AND {_AWAKE}",
    "later": f"c.state = 'open' AND c.due_at >= :now AND c.soon_at > :now AND {_AWAKE}",
    "snoozed": "c.state = 'open' AND c.snoozed_until > :now",
    "history": f"c.state = 'open' AND c.due_at IS NULL AND {_AWAKE}",
    "closed": "c.state <> 'open'",
}

_ROW = """
SELECT c.*, m.author_id, m.author_name, m.author_handle, m.author_url, m.followers,
       m.author_is_bot, m.title, m.text, m.url, m.media, m.at AS published_at, m.rating,
       m.rating_max, m.deleted_at,
       (SELECT count(*) FROM own_post o WHERE o.channel = c.channel AND o.at > c.waiting_since
        AND o.deleted_at IS NULL) AS own_posts_since
FROM conversation c JOIN mention m ON m.id = c.newest_id
"""
_ORDER = "ORDER BY c.priority_rank, c.due_at, c.urgency DESC, c.id"


def section(
    connection: sqlite3.Connection,
    name: str,
    now: int,
    *,
    limit: int = -1,
    where: str = "1",
    values: dict[str, Any] | None = None,
) -> list[sqlite3.Row]:
    """
    Return the rows of one section in queue order.

    Args:
        now: Milliseconds.
        limit: -1 for all.
        where: A further condition over c (conversation) and m (its newest mention).
    """
    return connection.execute(
        f"{_ROW} WHERE {SECTIONS[name]} AND ({where}) {_ORDER} LIMIT :limit",
        {"now": now, "limit": limit, **(values or {})},
    ).fetchall()


def count(
    connection: sqlite3.Connection,
    name: str,
    now: int,
    *,
    where: str = "1",
    values: dict[str, Any] | None = None,
) -> int:
    """Return how many conversations a section has."""
    joined = "JOIN mention m ON m.id = c.newest_id" if where != "1" else ""
    row = connection.execute(
        f"SELECT count(*) FROM conversation c {joined} WHERE {SECTIONS[name]} AND ({where})",
        {"now": now, **(values or {})},
    ).fetchone()
    return int(row[0])


def rows_by_id(connection: sqlite3.Connection, ids: Sequence[int]) -> list[sqlite3.Row]:
    """Return these conversations, in the order given."""
    import json

    found = connection.execute(
        f"{_ROW} WHERE c.id IN (SELECT value FROM json_each(?))", (json.dumps(list(ids)),)
    )
    by_id = {row["id"]: row for row in found}
    return [by_id[number] for number in ids if number in by_id]


def open_items(connection: sqlite3.Connection, channel: str, limit: int) -> list[sqlite3.Row]:
    """Return the mentions that still wait on a channel, oldest due first."""
    return connection.execute(
        "SELECT m.external_id, m.thread, m.at, m.author_id, m.url FROM conversation c "
        "CROSS JOIN mention m ON m.conversation_id = c.id "  # begins with the few that are open
        "WHERE c.state = 'open' AND m.channel = ? AND m.skipped = '' AND m.deleted_at IS NULL "
        "AND m.at >= coalesce(c.waiting_since, 0) "
        "ORDER BY c.due_at IS NULL, c.due_at, m.at LIMIT ?",
        (channel, limit),
    ).fetchall()


def reply_ids_since(
    connection: sqlite3.Connection, channel: str, since: int, limit: int
) -> list[str]:
    """Return the external ids of our newest replies on a channel, to see whether they stand."""
    found = connection.execute(
        "SELECT external_id FROM reply WHERE +channel = ? AND at >= ? AND deleted_at IS NULL "
        "ORDER BY at DESC LIMIT ?",
        (channel, since, limit),
    )
    return [row["external_id"] for row in found]


def replies_since(connection: sqlite3.Connection, since: int) -> list[int]:
    """Return how many open seconds each answer since then took."""
    found = connection.execute(
        "SELECT open_seconds FROM clock WHERE replied_at >= ? AND result IN ('met', 'breached')",
        (since,),
    )
    return [row["open_seconds"] for row in found]
