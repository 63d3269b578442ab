"""What we did: an append-only log. Undoing appends, too."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple


class Event(NamedTuple):
    """One row of ``event``; times in milliseconds. ``id`` 0: not recorded yet."""

    uid: str
    conversation_id: int
    mention_id: int
    at: int
    recorded_at: int
    kind: str
    actor: str = ""
    data: Mapping[str, Any] = {}
    undoes: int | None = None
    id: int = 0


def record(connection: sqlite3.Connection, event: Event) -> int | None:
    """Append an event and return its id; None where its uid is there already: said twice."""
    row = connection.execute(
        "INSERT INTO event (uid, conversation_id, mention_id, at, recorded_at, actor, kind, data, "
        "undoes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (uid) DO NOTHING RETURNING id",
        (
            event.uid,
            event.conversation_id,
            event.mention_id,
            event.at,
            event.recorded_at,
            event.actor,
            event.kind,
            json.dumps(event.data, sort_keys=True),
            event.undoes,
        ),
    ).fetchone()
    return None if row is None else int(row["id"])


_LIVE = "undoes IS NULL AND id NOT IN (SELECT undoes FROM event WHERE undoes IS NOT NULL)"


def last_recorded(connection: sqlite3.Connection) -> int:
    """Return when the last action was recorded, in milliseconds; 0 before the first."""
    row = connection.execute("SELECT recorded_at FROM event ORDER BY id DESC LIMIT 1").fetchone()
    return 0 if row is None else int(row["recorded_at"])


def of_mentions(connection: sqlite3.Connection, mention_ids: Iterable[int]) -> list[Event]:
    """Return the events on these mentions that were not undone, in the order of recording."""
    return _read(
        connection,
        f"{_LIVE} AND mention_id IN (SELECT value FROM json_each(?))",
        json.dumps(list(mention_ids)),
    )


def history(connection: sqlite3.Connection, mention_ids: Iterable[int]) -> list[Event]:
    """Return every event on these mentions, undone ones and undoings too."""
    return _read(
        connection,
        "mention_id IN (SELECT value FROM json_each(?))",
        json.dumps(list(mention_ids)),
    )


def links_to(connection: sqlite3.Connection, mention_ids: Iterable[int]) -> list[Event]:
    """Return the links by which other conversations were joined to these mentions."""
    return _read(
        connection,
        f"kind = 'link' AND {_LIVE} AND json_extract(data, '$.mention_id') IN "
        "(SELECT value FROM json_each(?))",
        json.dumps(list(mention_ids)),
    )


def last_live(connection: sqlite3.Connection, count: int = 1) -> list[Event]:
    """
    Return the events of the newest actions that can be undone, newest first.

    Events of one action share what stands before the colon of their uid.
    """
    batches: list[str] = []
    found = []
    for row in connection.execute(f"SELECT * FROM event WHERE {_LIVE} ORDER BY id DESC"):
        batch = row["uid"].partition(":")[0]
        if batch not in batches:
            if len(batches) == count:
                break
            batches.append(batch)
        found.append(_event(row))
    return found


def _read(connection: sqlite3.Connection, where: str, ids: str) -> list[Event]:
    found = connection.execute(f"SELECT * FROM event WHERE {where} ORDER BY id", (ids,))
    return [_event(row) for row in found]


def _event(row: sqlite3.Row) -> Event:
    return Event(
        id=row["id"],
        uid=row["uid"],
        conversation_id=row["conversation_id"],
        mention_id=row["mention_id"],
        at=row["at"],
        recorded_at=row["recorded_at"],
        actor=row["actor"],
        kind=row["kind"],
        data=json.loads(row["data"]),
        undoes=row["undoes"],
    )
