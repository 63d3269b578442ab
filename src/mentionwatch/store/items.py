"""
What the channels said: mentions, replies, own posts, and their edits and deletions.

A page is stored together with the state of its stream and a ``dirty`` mark on each contact that it
touches, in one transaction; storing a page twice changes nothing. A *contact* is one author on one
channel, the unit of which conversations are made.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from mentionwatch.model.families import ERASE_DELETED
from mentionwatch.model.items import Deletion, Item, Page
from mentionwatch.model.times import to_ms
from mentionwatch.store import channels, events, touched
from mentionwatch.store.rows import Source, mention_rows, own_post_rows, reply_rows


@dataclass(frozen=True, kw_only=True, slots=True)
class Saved:
    """What storing a page changed."""

    mentions: int = 0
    replies: int = 0
    own_posts: int = 0
    updated: int = 0

    def __add__(self, other: Saved) -> Saved:
        return Saved(
            mentions=self.mentions + other.mentions,
            replies=self.replies + other.replies,
            own_posts=self.own_posts + other.own_posts,
            updated=self.updated + other.updated,
        )


def save_page(
    connection: sqlite3.Connection, source: Source, page: Page, received: datetime
) -> Saved:
    """
    Store a page. Call it inside a transaction.

    Args:
        received: When the page came in, by our clock; aware.
    """
    now = to_ms(received)
    source = replace(source, connected=channels.connected_at(connection, source.channel))
    dirty: set[str] = set()
    saved = Saved()
    # What comes in now was not seen when we last acted, also where the clock went back since.
    behind = events.last_recorded(connection) + 1
    for table in (_MENTION, _REPLY, _OWN_POST):
        rows = {row["external_id"]: row for row in table.rows(source, page.items, now)}
        for row in rows.values():
            row["received"] = max(now, behind)
        saved += table.store(connection, source, rows, now, dirty)
    channels.add_stored(connection, source.channel, saved.mentions)
    _delete(connection, source.channel, page.items, now, dirty)
    _mark(connection, dirty, now)
    if page.checked:
        connection.executemany(
            "INSERT INTO revisit VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET checked_at = excluded"
            ".checked_at",
            [(source.channel, external_id, now) for external_id in page.checked],
        )
    if page.state is not None:
        channels.save_state(connection, source.channel, page.stream, page.state, now)
    return saved


def mention_id(connection: sqlite3.Connection, channel: str, external_id: str) -> int:
    """Return the row id of a mention that is stored."""
    row = connection.execute(
        "SELECT id FROM mention WHERE channel = ? AND external_id = ?", (channel, external_id)
    ).fetchone()
    return int(row["id"])


# --- one table family each: rows of items, and what to do with those that are there already ------


@dataclass(frozen=True, kw_only=True, slots=True)
class _Table:
    name: str
    rows: Callable[[Source, Iterable[Item], int], list[dict[str, Any]]]
    remote: tuple[str, ...]  # what a later page may change
    content: tuple[str, ...]  # what counts as an edit
    touched: Callable[[sqlite3.Connection, str, Sequence[Mapping[str, Any]]], Iterable[str]]
    inserted: Callable[[sqlite3.Connection, int], None] | None = None

    def store(
        self,
        connection: sqlite3.Connection,
        source: Source,
        rows: Mapping[str, dict[str, Any]],
        now: int,
        dirty: set[str],
    ) -> Saved:
        if not rows:
            return Saved()
        known = self._known(connection, source.channel, rows)
        new = [row for key, row in rows.items() if key not in known]
        self._insert(connection, new)
        changed = []
        for key, before in known.items():
            changes = _changes(self, before, rows[key])
            if changes:
                self._update(connection, before, changes, now)
                changed.append(rows[key])
                if "contact" in changes:
                    dirty.add(before["contact"])
        dirty.update(self.touched(connection, source.channel, [*new, *changed]))
        counts: dict[str, int] = {f"{self.name.replace('reply', 'replie')}s": len(new)}
        return Saved(updated=len(changed), **counts)

    def _known(
        self, connection: sqlite3.Connection, channel: str, rows: Mapping[str, Any]
    ) -> dict[str, sqlite3.Row]:
        found = connection.execute(
            f"SELECT * FROM {self.name} WHERE channel = ? AND external_id IN "
            "(SELECT value FROM json_each(?))",
            (channel, json.dumps(list(rows))),
        )
        return {row["external_id"]: row for row in found}

    def _insert(self, connection: sqlite3.Connection, rows: Sequence[dict[str, Any]]) -> None:
        if not rows:
            return
        last = connection.execute(f"SELECT coalesce(max(id), 0) FROM {self.name}").fetchone()[0]
        columns = [name for name in rows[0] if not name.startswith("_")]
        marks = ", ".join("?" * len(columns))
        connection.executemany(
            f"INSERT INTO {self.name} ({', '.join(columns)}) VALUES ({marks})",
            [[row[name] for name in columns] for row in rows],
        )
        if self.inserted is not None:
            self.inserted(connection, last)
        _people(connection, rows)
        _names(connection, rows)

    def _update(
        self,
        connection: sqlite3.Connection,
        before: sqlite3.Row,
        changes: dict[str, Any],
        now: int,
    ) -> None:
        edited = any(name in changes for name in self.content)
        if edited or "rating" in changes:
            title = before["title"] if "title" in self.content else ""
            connection.execute(
                "INSERT INTO edit (item, item_id, at, title, text) VALUES (?, ?, ?, ?, ?)",
                (self.name, before["id"], now, title, before["text"]),
            )
        if self is _MENTION:
            _forget_text(connection, before["id"])
            if edited or {"rating", "addressed"} & changes.keys():
                changes = {**changes, "scored_with": None}
        assignments = ", ".join(f"{name} = ?" for name in changes)
        connection.execute(
            f"UPDATE {self.name} SET {assignments} WHERE id = ?", [*changes.values(), before["id"]]
        )
        if self is _MENTION:
            _index_text(connection, before["id"] - 1, before["id"])


def _changes(table: _Table, before: sqlite3.Row, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a later reading says differently. What it no longer says is kept."""
    changes = {
        name: row[name]
        for name in table.remote
        if row[name] != before[name] and row[name] not in (None, "")
    }
    for flag in ("addressed", "private"):  # one road may know less than another
        if flag in changes and not changes[flag]:
            del changes[flag]
    if table is _MENTION:
        _recognise(before, row, changes)
    if before["at_source"] != "published" and row["at_source"] == "published":
        changes.update(at=row["at"], at_source="published", published=row["published"])
    if before["deleted_at"] is not None:
        changes["deleted_at"] = None
    return changes


def _recognise(before: sqlite3.Row, row: Mapping[str, Any], changes: dict[str, Any]) -> None:
    """What one reading took for a person's message is one, whatever a filter says otherwise."""
    if before["skipped"] and not row["skipped"]:
        changes.update(skipped="", contact=row["contact"], scored_with=None)
    elif not before["skipped"]:
        changes.pop("skipped", None)


def _mark(connection: sqlite3.Connection, contacts: Iterable[str], now: int) -> None:
    connection.executemany(
        "INSERT INTO dirty VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(contact, now) for contact in sorted(contacts) if contact],
    )


def _delete(
    connection: sqlite3.Connection,
    channel: str,
    items: Iterable[Item],
    now: int,
    dirty: set[str],
) -> None:
    for item in items:
        if not isinstance(item, Deletion):
            continue
        for table in (_MENTION, _REPLY, _OWN_POST):
            row = connection.execute(
                f"UPDATE {table.name} SET deleted_at = ? WHERE channel = ? AND external_id = ? "
                "AND deleted_at IS NULL RETURNING *",
                (now, channel, item.external_id),
            ).fetchone()
            if row is not None:
                dirty.update(table.touched(connection, channel, [row]))
                if table is _MENTION and row["type"] in ERASE_DELETED:
                    _erase(connection, row["id"])


def _erase(connection: sqlite3.Connection, mention_id: int) -> None:
    """Take the words away that their author took back, where the platform asks for it."""
    _forget_text(connection, mention_id)
    connection.execute(
        "UPDATE mention SET title = '', text = '', raw = NULL, reasons = '[]' WHERE id = ?",
        (mention_id,),
    )
    connection.execute("DELETE FROM edit WHERE item = 'mention' AND item_id = ?", (mention_id,))
    _index_text(connection, mention_id - 1, mention_id)


# --- what hangs on a new row --------------------------------------------------------------------


def _index_text(connection: sqlite3.Connection, after: int, upto: int = 2**62) -> None:
    connection.execute(
        "INSERT INTO mention_text (rowid, title, text, author_name, author_handle) "
        "SELECT id, title, text, author_name, author_handle FROM mention WHERE id > ? AND id <= ?",
        (after, upto),
    )


def _forget_text(connection: sqlite3.Connection, mention_id: int) -> None:
    connection.execute(
        "INSERT INTO mention_text (mention_text, rowid, title, text, author_name, author_handle) "
        "SELECT 'delete', id, title, text, author_name, author_handle FROM mention WHERE id = ?",
        (mention_id,),
    )


def _people(connection: sqlite3.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    pairs = {(key, row["contact"]) for row in rows for key in row.get("_people", ())}
    connection.executemany(
        "INSERT INTO person_key VALUES (?, ?) ON CONFLICT DO NOTHING", sorted(pairs)
    )


def _names(connection: sqlite3.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows:
        if row.get("_names"):
            connection.executemany(
                "INSERT OR IGNORE INTO reply_name SELECT channel, ?, id FROM reply "
                "WHERE channel = ? AND external_id = ?",
                [(name.casefold(), row["channel"], row["external_id"]) for name in row["_names"]],
            )


_MENTION = _Table(
    name="mention",
    rows=mention_rows,
    remote=(
        "author_name", "author_handle", "author_url", "followers", "edited", "addressed",
        "private", "skipped", "title", "text", "url", "media", "rating", "likes", "shares",
        "replies", "views", "parent_id",
    ),
    content=("title", "text"),
    touched=touched.by_mentions,
    inserted=_index_text,
)  # fmt: skip
_REPLY = _Table(
    name="reply",
    rows=reply_rows,
    remote=("text", "url", "edited", "certainty", "automatic", "parent_id", "thread"),
    content=("text",),
    touched=touched.by_replies,
)
_OWN_POST = _Table(
    name="own_post",
    rows=own_post_rows,
    remote=("text", "url", "edited"),
    content=("text",),
    touched=touched.by_own_posts,
)
