"""Whom a new or changed item concerns: those authors are assessed again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mentionwatch.model.items import Author, Mention
from mentionwatch.store.rows import person_keys

HOPS = 20  # how many of our own replies in a row are followed upwards


def by_mentions(
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


def by_replies(
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


def by_own_posts(
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
    return by_replies(connection, channel, comments)
