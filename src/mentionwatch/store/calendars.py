"""
Versions of hours and targets, and the dates of holidays.

A change in the configuration becomes a version that begins when it is first seen; open clocks count
by the newest one, closed ones keep what was true when they ended.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any


def versions(connection: sqlite3.Connection) -> list[tuple[int, Any]]:
    """Return (from when in milliseconds, body), oldest first."""
    found = connection.execute("SELECT from_at, body FROM calendar ORDER BY id")
    return [(row["from_at"], json.loads(row["body"])) for row in found]


def add_version(connection: sqlite3.Connection, body: Any, now: int) -> bool:
    """Begin a version where the body differs from the newest one; return whether it did."""
    text = json.dumps(body, sort_keys=True)
    newest = connection.execute("SELECT body FROM calendar ORDER BY id DESC LIMIT 1").fetchone()
    if newest is not None and newest["body"] == text:
        return False
    connection.execute("INSERT INTO calendar (from_at, body) VALUES (?, ?)", (now, text))
    return True


def keep_newest_only(connection: sqlite3.Connection) -> None:
    """Let the newest version hold for all times (``rescore --history``)."""
    connection.execute("DELETE FROM calendar WHERE id < (SELECT max(id) FROM calendar)")


def rename_channel(connection: sqlite3.Connection, old: str, new: str) -> None:
    """Let the targets that a channel had of its own, in every version, be those of its new name."""
    for row in connection.execute("SELECT id, body FROM calendar").fetchall():
        body = json.loads(row["body"])
        targets = body["targets"]
        if f"channel:{old}" in targets:
            targets[f"channel:{new}"] = targets.pop(f"channel:{old}")
            connection.execute(
                "UPDATE calendar SET body = ? WHERE id = ?",
                (json.dumps(body, sort_keys=True), row["id"]),
            )


def holidays(connection: sqlite3.Connection, source: str) -> dict[int, tuple[dict[str, str], int]]:
    """Return year -> (ISO date -> name, fetched at)."""
    found = connection.execute("SELECT * FROM holiday WHERE source = ?", (source,))
    return {row["year"]: (json.loads(row["dates"]), row["fetched_at"]) for row in found}


def save_holidays(
    connection: sqlite3.Connection, source: str, year: int, dates: dict[str, str], now: int
) -> None:
    connection.execute(
        "INSERT INTO holiday VALUES (?, ?, ?, ?) ON CONFLICT (source, year) DO UPDATE "
        "SET dates = excluded.dates, fetched_at = excluded.fetched_at",
        (source, year, json.dumps(dates, sort_keys=True), now),
    )
