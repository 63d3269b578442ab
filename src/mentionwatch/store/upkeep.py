"""Retention, forgetting, checking, and everything as it stands."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

# What is exported: all that the channels said and all that we did; the rest follows from it.
EXPORTED = ("channel", "mention", "reply", "own_post", "edit", "event", "calendar", "conversation",
            "clock", "alias")  # fmt: skip

_STILL_OPEN = "SELECT id FROM conversation WHERE state = 'open'"


def purge(connection: sqlite3.Connection, channel: str, before: int, now: int) -> int:
    """
    Remove what a channel said before a time, but nothing of a conversation that is open.

    Returns:
        How many mentions were removed.
    """
    gone = [
        row["id"]
        for row in connection.execute(
            "SELECT id FROM mention WHERE +channel = ? AND at < ? "
            f"AND coalesce(conversation_id, 0) NOT IN ({_STILL_OPEN})",
            (channel, before),
        )
    ]
    if gone:
        _mark(connection, gone, now)
        _remove_mentions(connection, gone)
    for table, column in (("reply", "+channel"), ("own_post", "channel")):  # +: by time instead
        connection.execute(
            f"DELETE FROM edit WHERE item = '{table}' AND item_id IN "
            f"(SELECT id FROM {table} WHERE {column} = ? AND at < ?)",
            (channel, before),
        )
    connection.execute(
        "DELETE FROM reply WHERE +channel = ? AND at < ? "
        "AND NOT EXISTS (SELECT 1 FROM mention m WHERE m.channel = reply.channel "
        "AND m.external_id = reply.parent_id) "
        "AND NOT EXISTS (SELECT 1 FROM mention m WHERE m.channel = reply.channel "
        "AND m.thread = reply.thread)",
        (channel, before),
    )
    connection.execute("DELETE FROM own_post WHERE channel = ? AND at < ?", (channel, before))
    return len(gone)


def blank(connection: sqlite3.Connection, channel: str, before: int, now: int) -> int:
    """
    Take the words out of what a platform forbids to keep, and leave that somebody waits.

    Args:
        before: Of our reading, in milliseconds: what was read before loses its words.

    Returns:
        How many mentions lost their words.
    """
    rows = connection.execute(
        "SELECT id, reasons FROM mention WHERE channel = ? AND received < ? "
        "AND (text <> '' OR title <> '' OR raw IS NOT NULL)",
        (channel, before),
    ).fetchall()
    ids = [row["id"] for row in rows]
    _mark(connection, ids, now)
    _unindex(connection, ids)
    connection.executemany(
        "UPDATE mention SET text = '', title = '', raw = NULL, reasons = ? WHERE id = ?",
        [(_without_quotes(row["reasons"]), row["id"]) for row in rows],
    )
    connection.execute(
        "DELETE FROM edit WHERE item = 'mention' AND item_id IN (SELECT value FROM json_each(?))",
        (json.dumps(ids),),
    )
    connection.execute(
        "INSERT INTO mention_text (rowid, title, text, author_name, author_handle) "
        "SELECT id, title, text, author_name, author_handle FROM mention "
        "WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(ids),),
    )
    return len(ids)


def _without_quotes(reasons: str | None) -> str | None:
    """Return reasons with their points and sentences, but none of the author's words."""
    if reasons is None:
        return None
    return json.dumps([[rule, points, "", why] for rule, points, _, why in json.loads(reasons)])


def mentions_by(connection: sqlite3.Connection, author: str) -> list[int]:
    """Return the mentions of an author: by id, handle, address or full name, on every channel."""
    name = author.strip().casefold()
    bare = name.lstrip("@")
    found = connection.execute(
        "SELECT id FROM mention WHERE lower(ltrim(author_id, '@')) = ?1 "
        "OR lower(ltrim(author_handle, '@')) = ?1 OR lower(author_name) = ?2",
        (bare, name),
    )
    return [row["id"] for row in found]


def forget(connection: sqlite3.Connection, mention_ids: list[int], now: int) -> dict[str, int]:
    """
    Remove every trace of these mentions: texts, edits, our replies to them, notes, search index.

    Returns:
        How many rows went, by table.
    """
    ids = json.dumps(mention_ids)
    chosen = "(SELECT value FROM json_each(?))"
    _mark(connection, mention_ids, now)
    replies = [
        row["id"]
        for row in connection.execute(
            "SELECT r.id FROM (SELECT r.id FROM mention m CROSS JOIN reply r "
            f"ON r.channel = m.channel AND r.parent_id = m.external_id WHERE m.id IN {chosen} "
            "UNION SELECT r.id FROM mention m CROSS JOIN reply r "
            f"ON r.channel = m.channel AND r.thread = m.thread WHERE m.id IN {chosen}) f "
            "CROSS JOIN reply r ON r.id = f.id WHERE NOT EXISTS (SELECT 1 FROM mention o "
            f"WHERE o.channel = r.channel AND o.thread = r.thread AND o.id NOT IN {chosen})",
            (ids, ids, ids),
        )
    ]
    their = json.dumps(replies)
    connection.execute(f"DELETE FROM edit WHERE item = 'reply' AND item_id IN {chosen}", (their,))
    connection.execute(f"DELETE FROM reply WHERE id IN {chosen}", (their,))
    connection.execute(
        f"DELETE FROM event WHERE undoes IN (SELECT id FROM event WHERE mention_id IN {chosen})",
        (ids,),
    )
    events = connection.execute(f"DELETE FROM event WHERE mention_id IN {chosen}", (ids,)).rowcount
    _remove_mentions(connection, mention_ids)
    return {"mentions": len(mention_ids), "replies": len(replies), "actions": events}


def _mark(connection: sqlite3.Connection, mention_ids: list[int], now: int) -> None:
    """Mark their authors, and whoever is linked to them in the same conversation."""
    connection.execute(
        "INSERT INTO dirty SELECT DISTINCT contact, ?1 FROM mention WHERE contact <> '' AND "
        "(id IN (SELECT value FROM json_each(?2)) OR conversation_id IN "
        "(SELECT conversation_id FROM mention WHERE id IN (SELECT value FROM json_each(?2)))) "
        "ON CONFLICT DO NOTHING",
        (now, json.dumps(mention_ids)),
    )


def _remove_mentions(connection: sqlite3.Connection, mention_ids: list[int]) -> None:
    ids = json.dumps(mention_ids)
    chosen = "(SELECT value FROM json_each(?))"
    _unindex(connection, mention_ids)
    connection.execute(f"DELETE FROM edit WHERE item = 'mention' AND item_id IN {chosen}", (ids,))
    connection.execute(
        "DELETE FROM person_key WHERE contact IN (SELECT contact FROM mention WHERE id IN "
        f"{chosen}) AND NOT EXISTS (SELECT 1 FROM mention o WHERE o.contact = person_key.contact "
        f"AND o.id NOT IN {chosen})",
        (ids, ids),
    )
    connection.execute(
        "DELETE FROM revisit WHERE (channel, external_id) IN "
        f"(SELECT channel, external_id FROM mention WHERE id IN {chosen})",
        (ids,),
    )
    connection.execute(f"DELETE FROM mention WHERE id IN {chosen}", (ids,))


def _unindex(connection: sqlite3.Connection, mention_ids: list[int]) -> None:
    """Take texts out of the search index; it must be told what stood there."""
    connection.execute(
        "INSERT INTO mention_text (mention_text, rowid, title, text, author_name, author_handle) "
        "SELECT 'delete', id, title, text, author_name, author_handle FROM mention "
        "WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(mention_ids),),
    )


def wipe(connection: sqlite3.Connection) -> None:
    """Let removed words also leave the search index and the write-ahead log."""
    connection.execute("INSERT INTO mention_text (mention_text) VALUES ('optimize')")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def vacuum(connection: sqlite3.Connection) -> None:
    """Overwrite what was removed: also in the write-ahead log and in free pages of the file."""
    wipe(connection)
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def check(connection: sqlite3.Connection) -> list[str]:
    """Return what is wrong with the database: SQLite's own checks, and ours."""
    found = [row[0] for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
    found += [
        f"{row['table']} row {row['rowid']} points to a {row['parent']} that is not there"
        for row in connection.execute("PRAGMA foreign_key_check")
    ]
    try:
        connection.execute("INSERT INTO mention_text (mention_text) VALUES ('integrity-check')")
    except sqlite3.DatabaseError:
        found.append("the search index does not fit the texts")
    homeless = connection.execute(
        "SELECT count(*) FROM mention m WHERE m.repost = 0 AND m.contact NOT IN "
        "(SELECT contact FROM dirty) AND m.conversation_id NOT IN (SELECT id FROM conversation)"
    ).fetchone()[0]
    if homeless:
        found.append(f"{homeless} mentions belong to no conversation; mentionwatch rescore helps")
    return found


def export(connection: sqlite3.Connection) -> Iterator[dict[str, Any]]:
    """Yield every row as ``{"table": …, …}``; memory does not grow with the database."""
    for table in EXPORTED:
        for row in connection.execute(f"SELECT * FROM {table}"):
            yield {"table": table, **dict(row)}
