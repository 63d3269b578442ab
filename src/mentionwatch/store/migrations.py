"""
The schema's versions, append-only.

A start looks only at ``PRAGMA user_version``; sqlite-utils is imported when there is something to
do. Each migration and the new version are one transaction.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from mentionwatch.store import m001_initial, m002_delivery, m003_insight, m004_links

SCRIPTS = (
    ("m001_initial", m001_initial.SCRIPT),
    ("m002_delivery", m002_delivery.SCRIPT),
    ("m003_insight", m003_insight.SCRIPT),
    ("m004_links", m004_links.SCRIPT),
)
VERSION = len(SCRIPTS)


def version(connection: sqlite3.Connection) -> int:
    """Return the version of a database's schema; 0 for an empty one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a database to the newest version. A failure leaves it at the version before."""
    from sqlite_utils import Database
    from sqlite_utils.migrations import Migrations

    migrations = Migrations("mentionwatch")
    for number, (name, script) in enumerate(SCRIPTS, start=1):
        migrations(name=name)(_step(script, number))
    migrations.apply(Database(connection, execute_plugins=False))


def _step(script: str, number: int) -> Any:
    def apply(database: Any) -> None:
        for statement in _statements(script):
            database.conn.execute(statement)
        database.conn.execute(f"PRAGMA user_version = {number}")

    return apply


def _statements(script: str) -> list[str]:
    """Split a script; ``executescript`` would commit the transaction under way."""
    statements, current = [], ""
    for line in script.splitlines(keepends=True):
        current += line
        if sqlite3.complete_statement(current):
            statements.append(current)
            current = ""
    return statements
