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
from mentionwatch.model.items import Author, Deletion, Item, Mention, OwnPost, Page, Reply
from mentionwatch.model.text import clean as thorough
from mentionwatch.model.times import to_ms
from mentionwatch.store import channels, events

# A clock ahead of ours by more than this is false (design, "Which time counts").
TOLERANCE_MS = 5 * 60 * 1000
OLDEST_MS = 788_918_400_000  # 1995-01-01: nothing that we read is older
# Nothing travels longer: what was delivered since we watch and is dated before that is dated wrong.
TRAVEL_MS = 7 * 24 * 3600 * 1000
LARGEST_COUNT = 2**53
ARTICLE = "*article:"  # begins the key of an article; no channel's name begins so
LARGEST_TEXT = 100_000
HOPS = 20  # how many of our own replies in a row are followed upwards


def clean(text: str) -> str:
    """Return a text as it is kept. Most is plain letters in which there is nothing to clean."""
    if text.isascii() and text.isprintable() and len(text) < LARGEST_TEXT // 2:
        return text.strip()
    return thorough(text)


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """
    Where a page comes from. ``people``: the platform permits telling persons across channels.

    ``connected``: since when we watch the channel, milliseconds; `save_page` knows.
    """

    channel: str
    type: str
    people: bool = True
    keep_raw: bool = False
    connected: int = LARGEST_COUNT


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


def effective_time(
    published: datetime | None,
    delivered: datetime | None,
    received: int,
    connected: int = LARGEST_COUNT,
) -> tuple[int, str]:
    """
    Return the time that counts, in milliseconds, and whose it is.

    The post's own time; where that is missing, false or in the future, the delivery's; else ours.

    Args:
        connected: Since when we watch. What is delivered after that is no history, whatever date
            it bears: taken at its word, it would never be late.
    """
    arrived = _ms(delivered)
    earliest = OLDEST_MS
    if arrived is not None and connected <= arrived <= received + TOLERANCE_MS:
        earliest = arrived - TRAVEL_MS
    at = _ms(published)
    if at is not None and earliest <= at <= received + TOLERANCE_MS:
        return at, "published"
    if arrived is not None and OLDEST_MS <= arrived <= received + TOLERANCE_MS:
        return arrived, "delivered"
    return received, "received"


def contact_of(channel: str, mention: Mention) -> str:
    """
    Return the key under which an author's mentions on a channel are folded.

    A display name is no identity: two customers called "A Google User" are two customers. Where
    nobody is named, each public message stands alone; a private thread has one customer.
    """
    if mention.article_key:
        return f"{ARTICLE}{mention.article_key}"
    place = f"{channel}/{mention.channel_type}" if mention.channel_type else channel
    author = mention.author
    if mention.skipped or not (author.id or author.handle):
        thread = mention.thread_id if mention.private or mention.skipped else ""
        return f"{place}?{thread or mention.external_id}"
    return f"{place}:{author.id or '@' + author.handle.casefold()}"


def person_keys(mention: Mention) -> tuple[str, ...]:
    """Return keys by which the same person may be known on another channel; a hint, no more."""
    author = mention.author
    keys = []
    name = " ".join(author.name.casefold().split())
    if " " in name and not author.is_bot:
        keys.append(f"name:{name}")
    for identity in (author.id, author.handle):
        local = identity.casefold().lstrip("@")
        digits = "".join(filter(str.isdigit, identity))
        if "@" in local and "." in local.partition("@")[2] and not identity.startswith("@"):
            keys.append(f"mail:{local}")
        elif identity.startswith("+") and len(digits) >= 8:
            keys.append(f"phone:{digits}")
    handle = author.handle.casefold().lstrip("@").partition("@")[0]
    if len(handle) >= 5 and not handle.isdigit():
        keys.append(f"handle:{handle}")
    return tuple(dict.fromkeys(keys))


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


def _mention_rows(source: Source, items: Iterable[Item], now: int) -> list[dict[str, Any]]:
    return [_mention_row(source, item, now) for item in items if isinstance(item, Mention)]


def _mention_row(source: Source, item: Mention, now: int) -> dict[str, Any]:
    at, at_source = effective_time(item.published, item.delivered, now, source.connected)
    author, engagement = item.author, item.engagement
    return {
        "channel": source.channel,
        "external_id": clean(item.external_id),
        "type": item.channel_type or source.type,
        "contact": "" if item.repost else clean(contact_of(source.channel, item)),
        "thread": clean(item.thread_id or item.external_id),
        "parent_id": clean(item.parent_id),
        "kind": item.kind,
        "author_id": clean(author.id),
        "author_name": clean(author.name),
        "author_handle": clean(author.handle),
        "author_url": clean(author.url),
        "author_is_bot": int(author.is_bot),
        "followers": _count(author.followers),
        "at": at,
        "at_source": at_source,
        "published": _ms(item.published),
        "delivered": _ms(item.delivered),
        "edited": _ms(item.edited),
        "received": now,
        "addressed": int(item.addressed),
        "private": int(item.private),
        "repost": int(item.repost),
        "automatic": int(item.automatic),
        "skipped": item.skipped,
        "title": clean(item.title)[:LARGEST_TEXT],
        "text": "" if item.skipped else clean(item.text)[:LARGEST_TEXT],
        "url": clean(item.url),
        "language": item.language[:20],
        "media": item.media,
        "rating": item.rating,
        "rating_max": item.rating_max,
        "likes": _count(engagement.likes),
        "shares": _count(engagement.shares),
        "replies": _count(engagement.replies),
        "views": _count(engagement.views),
        "publisher": clean(item.publisher),
        "raw": _raw(item.raw) if source.keep_raw else None,
        "_people": person_keys(item) if source.people and not item.skipped else (),
    }


def _reply_rows(source: Source, items: Iterable[Item], now: int) -> list[dict[str, Any]]:
    return [_reply_row(source, item, now) for item in items if isinstance(item, Reply)]


def _reply_row(source: Source, item: Reply, now: int) -> dict[str, Any]:
    at, at_source = effective_time(item.published, item.delivered, now, source.connected)
    names = tuple(dict.fromkeys(clean(name).lstrip("@") for name in item.to if name))
    return {
        "channel": source.channel,
        "external_id": clean(item.external_id),
        "type": item.channel_type or source.type,
        "thread": clean(item.thread_id),
        "parent_id": clean(item.parent_id),
        "names": json.dumps(names),
        "author_name": clean(item.author.name or item.author.handle or item.author.id),
        "at": at,
        "at_source": at_source,
        "published": _ms(item.published),
        "delivered": _ms(item.delivered),
        "edited": _ms(item.edited),
        "received": now,
        "certainty": item.certainty,
        "automatic": int(item.automatic),
        "private": int(item.private),
        "text": clean(item.text)[:LARGEST_TEXT],
        "url": clean(item.url),
        "raw": _raw(item.raw) if source.keep_raw else None,
        "_names": names,
    }


def _own_post_rows(source: Source, items: Iterable[Item], now: int) -> list[dict[str, Any]]:
    return [_own_post_row(source, item, now) for item in items if isinstance(item, OwnPost)]


def _own_post_row(source: Source, item: OwnPost, now: int) -> dict[str, Any]:
    at, at_source = effective_time(item.published, None, now)
    return {
        "channel": source.channel,
        "external_id": clean(item.external_id),
        "type": item.channel_type or source.type,
        "thread": clean(item.thread_id or item.external_id),
        "at": at,
        "at_source": at_source,
        "published": _ms(item.published),
        "edited": _ms(item.edited),
        "received": now,
        "text": clean(item.text)[:LARGEST_TEXT],
        "url": clean(item.url),
        "raw": _raw(item.raw) if source.keep_raw else None,
    }


def _ms(value: datetime | None) -> int | None:
    return None if value is None else to_ms(value)


def _count(value: int | None) -> int | None:
    return None if value is None else max(0, min(int(value), LARGEST_COUNT))


def _raw(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else clean(json.dumps(value, default=str))


# --- whom a change concerns ---------------------------------------------------------------------


def _mentions_touch(
    connection: sqlite3.Connection, channel: str, rows: Sequence[Mapping[str, Any]]
) -> Iterable[str]:
    found = {row["contact"] for row in rows}
    for row in rows:
        if row["repost"]:
            found.update(_contacts(connection, "external_id = ?", channel, row["parent_id"]))
    # Another customer in a thread makes a reply that names only the thread less sure.
    answered = connection.execute(
        "SELECT DISTINCT thread FROM reply WHERE channel = ? AND thread IN "
        "(SELECT value FROM json_each(?))",
        (channel, json.dumps(list({row["thread"] for row in rows}))),
    )
    for thread in answered.fetchall():
        found.update(_contacts(connection, "thread = ?", channel, thread["thread"]))
    people = connection.execute(
        "SELECT DISTINCT o.contact FROM json_each(?) c JOIN person_key k ON k.contact = c.value "
        "JOIN person_key o ON o.key = k.key WHERE o.contact <> k.contact LIMIT 5000",
        (json.dumps(list(found)),),
    )
    found.update(other["contact"] for other in people)
    return found


def _replies_touch(
    connection: sqlite3.Connection, channel: str, rows: Sequence[Mapping[str, Any]]
) -> Iterable[str]:
    return {contact for row in rows for contact in _reply_touches(connection, channel, row)}


def _reply_touches(
    connection: sqlite3.Connection, channel: str, row: Mapping[str, Any]
) -> Iterable[str]:
    found = _attached(connection, channel, row["parent_id"])
    if not found and row["thread"]:
        found = _contacts(connection, "thread = ?", channel, row["thread"])
    for name in json.loads(row["names"]):
        found += _named(connection, channel, row["type"], name)
    return found


def _attached(connection: sqlite3.Connection, channel: str, parent_id: str) -> list[str]:
    """Return whose mention a reply is attached to, be it by way of further replies of ours."""
    for _ in range(HOPS):
        found = _contacts(connection, "external_id = ?", channel, parent_id)
        above = connection.execute(
            "SELECT parent_id FROM reply WHERE channel = ? AND external_id = ?",
            (channel, parent_id),
        ).fetchone()
        if found or above is None:
            return found
        parent_id = above["parent_id"]
    return []


def _named(connection: sqlite3.Connection, channel: str, type_: str, name: str) -> list[str]:
    """Return who may be meant by a name; one too many costs time, one too few an answer."""
    places = (channel, f"{channel}/{type_}")
    forms = (name, name.casefold(), f"@{name.casefold()}")
    keys = json.dumps([f"{place}:{form}" for place in places for form in forms])
    # Not narrowed by channel, which the keys begin with: SQLite would walk through all of it.
    same = connection.execute(
        "SELECT DISTINCT contact FROM mention WHERE contact IN (SELECT value FROM json_each(?))",
        (keys,),
    )
    found = [one["contact"] for one in same]
    person = person_keys(Mention(external_id="", text="", published=None, author=_called(name)))
    alike = connection.execute(
        "SELECT contact FROM person_key WHERE key IN (SELECT value FROM json_each(?))",
        (json.dumps(person),),
    )
    begins = (f"{channel}:", f"{channel}/")
    return [*found, *(one["contact"] for one in alike if one["contact"].startswith(begins))]


def _called(name: str) -> Author:
    return Author(id=name, handle=name)


def _contacts(connection: sqlite3.Connection, where: str, channel: str, value: str) -> list[str]:
    found = connection.execute(
        f"SELECT DISTINCT contact FROM mention WHERE channel = ? AND {where} AND contact <> ''",
        (channel, value),
    )
    return [row["contact"] for row in found]


def _own_posts_touch(
    connection: sqlite3.Connection, channel: str, rows: Sequence[Mapping[str, Any]]
) -> Iterable[str]:
    """
    Return whom our comments under a post may concern: now it is known to be ours.

    Nobody else; how many posts there were since is counted when reading.
    """
    comments = connection.execute(
        "SELECT * FROM reply WHERE channel = ? AND parent_id IN (SELECT value FROM json_each(?))",
        (channel, json.dumps([row["external_id"] for row in rows])),
    ).fetchall()
    return _replies_touch(connection, channel, comments)


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
    rows=_mention_rows,
    remote=(
        "author_name", "author_handle", "author_url", "followers", "edited", "addressed",
        "private", "skipped", "title", "text", "url", "media", "rating", "likes", "shares",
        "replies", "views", "parent_id",
    ),
    content=("title", "text"),
    touched=_mentions_touch,
    inserted=_index_text,
)  # fmt: skip
_REPLY = _Table(
    name="reply",
    rows=_reply_rows,
    remote=("text", "url", "edited", "certainty", "automatic", "parent_id", "thread"),
    content=("text",),
    touched=_replies_touch,
)
_OWN_POST = _Table(
    name="own_post",
    rows=_own_post_rows,
    remote=("text", "url", "edited"),
    content=("text",),
    touched=_own_posts_touch,
)
