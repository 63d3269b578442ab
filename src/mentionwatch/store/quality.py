"""What the review and the search for spikes read: our replies, verdicts, windows of texts."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence

from mentionwatch.store.spans import WRITTEN, Span

# --- spikes ---------------------------------------------------------------------------------------


def window(connection: sqlite3.Connection, since: int, until: int) -> dict[str, tuple[int, int]]:
    """Return for each channel how much was written in a window, and how much of it negative."""
    found = connection.execute(
        "SELECT x.channel, count(*) AS n, coalesce(sum(x.sentiment = 'negative'), 0) AS bad "
        f"FROM mention x WHERE x.at > ? AND x.at <= ? AND {WRITTEN} GROUP BY x.channel",
        (since, until),
    )
    return {row["channel"]: (row["n"], row["bad"]) for row in found}


def window_texts(
    connection: sqlite3.Connection,
    since: int,
    until: int,
    *,
    channel: str,
    only_negative: bool,
    limit: int,
) -> Iterator[str]:
    """Yield what was written in a window, newest first; ``channel`` "" for all."""
    found = connection.execute(
        "SELECT x.title, x.text FROM mention x WHERE x.at > :since AND x.at <= :until "
        f"AND {WRITTEN} AND (:channel = '' OR x.channel = :channel) "
        "AND (:bad = 0 OR x.sentiment = 'negative') ORDER BY x.at DESC LIMIT :limit",
        {
            "since": since,
            "until": until,
            "channel": channel,
            "bad": int(only_negative),
            "limit": limit,
        },
    )
    return (f"{row['title']} {row['text']}" for row in found)


def oldest(connection: sqlite3.Connection) -> int | None:
    """Return the time of the oldest message that is stored."""
    found = connection.execute("SELECT min(at) FROM mention").fetchone()[0]
    return None if found is None else int(found)


def connected(connection: sqlite3.Connection) -> dict[str, int]:
    """Return since when each channel is read."""
    found = connection.execute("SELECT name, connected_at FROM channel")
    return {row["name"]: row["connected_at"] for row in found}


# --- the quality of our replies -------------------------------------------------------------------


def our_replies(
    connection: sqlite3.Connection, since: int, until: int, limit: int
) -> list[sqlite3.Row]:
    """Return what people of ours wrote in a stretch of time, newest first, and to whom."""
    return connection.execute(
        "SELECT r.id, r.channel, r.text, coalesce(p.contact, nullif(r.thread, ''), r.external_id) "
        "AS person, coalesce(p.author_name, '') AS name, coalesce(p.author_handle, '') AS handle, "
        "coalesce(p.text, '') AS asked FROM reply r LEFT JOIN mention p "
        "ON p.channel = r.channel AND p.external_id = r.parent_id AND r.parent_id <> '' "
        "WHERE r.at > ? AND r.at <= ? AND r.deleted_at IS NULL AND r.automatic = 0 "
        "ORDER BY r.at DESC, r.id DESC LIMIT ?",
        (since, until, limit),
    ).fetchall()


def answered_conversations(
    connection: sqlite3.Connection, span: Span, limit: int
) -> tuple[list[sqlite3.Row], int]:
    """Return the conversations with an answer of ours in the period, newest first; and how many."""
    source = (
        "FROM clock w JOIN conversation c ON c.id = w.conversation_id "
        f"{span.newest} WHERE {span.within('w.replied_at')} AND w.reply_id IS NOT NULL "
        f"AND ({span.where})"
    )
    total = connection.execute(f"SELECT count(DISTINCT c.id) {source}", span.bound).fetchone()[0]
    rows = connection.execute(
        "SELECT c.id, c.channel, c.private, c.newest_id, group_concat(w.result) AS results, "
        f"max(w.replied_at) AS at {source} GROUP BY c.id ORDER BY at DESC, c.id LIMIT :limit",
        {**span.bound, "limit": limit},
    )
    return rows.fetchall(), int(total)


def verdicts(connection: sqlite3.Connection, conversations: Sequence[int]) -> dict[int, int]:
    """Return the owner's newest verdict on each of these conversations, 1 to 5."""
    found = connection.execute(
        "SELECT m.conversation_id AS id, v.given FROM verdict v "
        "JOIN mention m ON m.id = v.mention_id "
        "WHERE m.conversation_id IN (SELECT value FROM json_each(?)) ORDER BY v.id",
        (json.dumps(list(conversations)),),
    )
    return {row["id"]: row["given"] for row in found}


def save_verdict(
    connection: sqlite3.Connection,
    conversation: int,
    given: int,
    score: float | None,
    *,
    at: int,
    actor: str,
) -> None:
    """Keep what the owner thinks of our answers in a conversation, 1 to 5. In a transaction."""
    connection.execute(
        "INSERT INTO verdict (conversation_id, mention_id, at, actor, given, score) "
        "SELECT id, newest_id, ?, ?, ?, ? FROM conversation WHERE id = ?",
        (at, actor, given, score, conversation),
    )
