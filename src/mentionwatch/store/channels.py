"""How far each channel and each of its streams was read, when, and with what outcome."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mentionwatch.model.items import StreamState

INTERVALS_KEPT = 15
CLOCKS_DIFFER_MS = 5 * 60_000  # a clock that is set a little is not wrong


class ChannelRecord(NamedTuple):
    """One row of ``channel``; times in milliseconds."""

    name: str
    type: str
    family: str
    sees_own_replies: bool
    stored: int
    account: str
    own_names: tuple[str, ...]
    connected_at: int
    status: str
    last_attempt_at: int | None
    last_success_at: int | None
    failing_since: int | None
    problem: str | None
    hint: str | None
    credentials: bool
    warnings: tuple[str, ...]
    intervals: tuple[int, ...]


class RunResult(NamedTuple):
    """The outcome of one run of a channel, as it is kept."""

    status: str
    problem: str | None = None
    hint: str | None = None
    credentials: bool = False
    warnings: tuple[str, ...] = ()


def connect(
    connection: sqlite3.Connection,
    name: str,
    type_: str,
    family: str,
    now: int,
    *,
    sees_own_replies: bool = True,
) -> None:
    """Make the channel known; the first time is what "first run" counts from."""
    _set_right(connection, name, now)
    connection.execute(
        "INSERT INTO channel (name, type, family, sees_replies, connected_at) "
        "VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET type = excluded.type, "
        "family = excluded.family, sees_replies = excluded.sees_replies "
        "WHERE (type, family, sees_replies) <> "
        "(excluded.type, excluded.family, excluded.sees_replies)",
        (name, type_, family, int(sees_own_replies), now),
    )


def _set_right(connection: sqlite3.Connection, name: str, now: int) -> None:
    """
    Count from now where the first run is dated after it: else all that comes would be history.

    Not where mentions are dated after now, too: then it is now that the clock is wrong.
    """
    moved = connection.execute(
        "UPDATE channel SET connected_at = ?1 WHERE name = ?2 AND connected_at > ?1 + ?3 "
        "AND NOT EXISTS (SELECT 1 FROM mention WHERE channel = ?2 AND at_source = 'published' "
        "AND at > ?1 + ?3)",
        (now, name, CLOCKS_DIFFER_MS),
    ).rowcount
    if moved:
        connection.execute(
            "INSERT INTO dirty SELECT DISTINCT contact, ? FROM mention WHERE channel = ? "
            "AND contact <> '' ON CONFLICT DO NOTHING",
            (now, name),
        )


def connected_at(connection: sqlite3.Connection, name: str) -> int:
    """Return since when a channel is watched, in milliseconds."""
    row = connection.execute("SELECT connected_at FROM channel WHERE name = ?", (name,)).fetchone()
    return int(row["connected_at"])


def all_channels(connection: sqlite3.Connection) -> dict[str, ChannelRecord]:
    """Return every channel that was ever connected, by name."""
    found = connection.execute("SELECT * FROM channel ORDER BY name")
    return {row["name"]: _record(row) for row in found}


def _record(row: sqlite3.Row) -> ChannelRecord:
    return ChannelRecord(
        name=row["name"],
        type=row["type"],
        family=row["family"],
        sees_own_replies=bool(row["sees_replies"]),
        stored=row["stored"],
        account=row["account"],
        own_names=tuple(json.loads(row["own_names"])),
        connected_at=row["connected_at"],
        status=row["status"],
        last_attempt_at=row["last_attempt_at"],
        last_success_at=row["last_success_at"],
        failing_since=row["failing_since"],
        problem=row["problem"],
        hint=row["hint"],
        credentials=bool(row["credentials"]),
        warnings=tuple(json.loads(row["warnings"])),
        intervals=tuple(json.loads(row["intervals"])),
    )


def set_account(
    connection: sqlite3.Connection, name: str, account: str, own_names: tuple[str, ...]
) -> bool:
    """
    Record who we are on a channel.

    Returns:
        True where the account changed: its streams begin anew, since cursors of another account
        mean nothing, and it counts as never read, since nobody has read this one.
    """
    row = connection.execute("SELECT account FROM channel WHERE name = ?", (name,)).fetchone()
    changed = bool(row["account"]) and row["account"] != account
    if changed:
        connection.execute("DELETE FROM stream WHERE channel = ?", (name,))
        connection.execute("UPDATE channel SET last_success_at = NULL WHERE name = ?", (name,))
    connection.execute(
        "UPDATE channel SET account = ?, own_names = ? WHERE name = ?",
        (account, json.dumps(own_names), name),
    )
    return changed


def save_result(connection: sqlite3.Connection, name: str, result: RunResult, now: int) -> None:
    """Keep the outcome of a run; a success also teaches the usual interval between runs."""
    connection.execute(
        "UPDATE channel SET status = ?, problem = ?, hint = ?, credentials = ?, warnings = ?, "
        "last_attempt_at = ? WHERE name = ?",
        (
            result.status,
            result.problem,
            result.hint,
            int(result.credentials),
            json.dumps(result.warnings),
            now,
            name,
        ),
    )
    if result.status == "failed":
        connection.execute(
            "UPDATE channel SET failing_since = coalesce(failing_since, ?) WHERE name = ?",
            (now, name),
        )
    elif result.status == "ok":  # a run cut short has not seen everything since the last one
        _succeeded(connection, name, now)


def _succeeded(connection: sqlite3.Connection, name: str, now: int) -> None:
    row = connection.execute(
        "SELECT last_success_at, intervals FROM channel WHERE name = ?", (name,)
    ).fetchone()
    intervals = json.loads(row["intervals"])
    if row["last_success_at"] is not None and now > row["last_success_at"]:
        intervals = [*intervals, now - row["last_success_at"]][-INTERVALS_KEPT:]
    connection.execute(
        "UPDATE channel SET last_success_at = ?, failing_since = NULL, intervals = ? "
        "WHERE name = ?",
        (now, json.dumps(intervals), name),
    )


def save_state(
    connection: sqlite3.Connection, channel: str, stream: str, state: StreamState, now: int
) -> None:
    connection.execute(
        "INSERT INTO stream VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (channel, name) DO UPDATE "
        "SET cursor = excluded.cursor, top = excluded.top, resume = excluded.resume, "
        "extra = excluded.extra, updated_at = excluded.updated_at",
        (
            channel,
            stream,
            state.cursor,
            state.top,
            state.resume,
            json.dumps(dict(state.extra)),
            now,
        ),
    )


def states(connection: sqlite3.Connection, channel: str) -> Mapping[str, StreamState]:
    """Return the state of each stream of a channel."""
    from mentionwatch.model.items import StreamState

    found = connection.execute("SELECT * FROM stream WHERE channel = ?", (channel,))
    return {
        row["name"]: StreamState(
            cursor=row["cursor"],
            top=row["top"],
            resume=row["resume"],
            extra=json.loads(row["extra"]),
        )
        for row in found
    }


def add_stored(connection: sqlite3.Connection, name: str, count: int) -> None:
    """Count mentions as they come; counting them when reading would take a walk through all."""
    if count:
        connection.execute("UPDATE channel SET stored = stored + ? WHERE name = ?", (count, name))


def count_stored(connection: sqlite3.Connection) -> None:
    """Count anew, after some were removed."""
    connection.execute(
        "UPDATE channel SET stored = "
        "(SELECT count(*) FROM mention m WHERE m.channel = channel.name)"
    )


def gaps(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """Return, by channel, the streams whose walk is not over: something may be missing there."""
    found = connection.execute(
        "SELECT channel, name FROM stream WHERE top <> '' OR resume <> '' ORDER BY channel, name"
    )
    result: dict[str, list[str]] = {}
    for row in found:
        result.setdefault(row["channel"], []).append(row["name"])
    return result


def rename(connection: sqlite3.Connection, old: str, new: str) -> None:
    """Give a channel another name; its rows, ids and clocks stay."""
    connection.execute("PRAGMA defer_foreign_keys = ON")
    connection.execute("UPDATE channel SET name = ? WHERE name = ?", (new, old))
    for table in ("conversation", "revisit", "reply_name"):
        connection.execute(f"UPDATE {table} SET channel = ? WHERE channel = ?", (new, old))
    for table in ("mention", "conversation", "person_key", "dirty"):
        for sign in (":", "?", "/"):
            connection.execute(
                f"UPDATE {table} SET contact = ? || substr(contact, ?) WHERE substr(contact, 1, ?)"
                " = ?",
                (new, len(old) + 1, len(old) + 1, old + sign),
            )
