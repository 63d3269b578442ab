"""What follows from the facts (conversations, clocks, aliases), and the facts for the fold."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

HOPS = 20  # how many of our own replies in a row are followed upwards


class ReplyRow(NamedTuple):
    """
    A reply with what is known of its surroundings; times in milliseconds.

    ``parent_contact`` and ``parent_mention``: of the mention to which it is attached, if stored.
    ``others``: how many further authors had written in its thread by then.
    """

    id: int
    channel: str
    external_id: str
    thread: str
    parent_id: str
    names: tuple[str, ...]
    at: int
    certainty: str
    automatic: bool
    deleted: bool
    private: bool
    text: str
    parent_contact: str | None
    parent_mention: int | None
    parent_is_own_post: bool
    others: int


def dirty_contacts(connection: sqlite3.Connection, limit: int) -> list[str]:
    """Return contacts whose facts changed since they were assessed, longest ago first."""
    found = connection.execute("SELECT contact FROM dirty ORDER BY at, contact LIMIT ?", (limit,))
    return [row["contact"] for row in found]


def dirty_count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM dirty").fetchone()[0])


def mark_open_dirty(connection: sqlite3.Connection, now: int) -> None:
    """Mark every contact somebody of whom waits: hours, targets or rules changed."""
    connection.execute(
        "INSERT INTO dirty SELECT contact, ? FROM conversation WHERE state = 'open' "
        "ON CONFLICT DO NOTHING",
        (now,),
    )


def mark_everything_dirty(connection: sqlite3.Connection, now: int) -> None:
    connection.execute(
        "INSERT INTO dirty SELECT DISTINCT contact, ? FROM mention WHERE contact <> '' "
        "ON CONFLICT DO NOTHING",
        (now,),
    )


def forget_scores(connection: sqlite3.Connection, *, only_open: bool) -> None:
    """Have texts scored anew."""
    where = (
        "WHERE conversation_id IN (SELECT id FROM conversation WHERE state = 'open')"
        if only_open
        else ""
    )
    connection.execute(f"UPDATE mention SET scored_with = NULL {where}")


def contact_of_mention(connection: sqlite3.Connection, mention_id: int) -> str:
    row = connection.execute("SELECT contact FROM mention WHERE id = ?", (mention_id,)).fetchone()
    return "" if row is None else str(row["contact"])


def mentions_of(connection: sqlite3.Connection, contacts: Sequence[str]) -> list[sqlite3.Row]:
    """Return the mentions of these contacts with the count of reposts of each."""
    return connection.execute(
        "SELECT m.*, c.family AS channel_family, c.connected_at, "
        "(SELECT count(*) FROM mention r WHERE r.channel = m.channel AND r.repost = 1 "
        " AND r.parent_id = m.external_id AND r.deleted_at IS NULL) AS reposts "
        "FROM mention m JOIN channel c ON c.name = m.channel "
        "WHERE m.contact IN (SELECT value FROM json_each(?)) AND m.repost = 0 ORDER BY m.id",
        (json.dumps(list(contacts)),),
    ).fetchall()


_REPLY = """
SELECT r.*, p.contact AS parent_contact, p.id AS parent_mention,
       EXISTS (SELECT 1 FROM own_post o WHERE o.channel = r.channel
               AND o.external_id = r.parent_id AND r.parent_id <> '') AS parent_is_own_post
FROM reply r LEFT JOIN mention p
     ON p.channel = r.channel AND p.external_id = r.parent_id AND r.parent_id <> ''
"""


def replies_to(
    connection: sqlite3.Connection, mentions: Sequence[sqlite3.Row], names: Iterable[str]
) -> list[ReplyRow]:
    """
    Return the replies that may concern these mentions: attached, in their threads, or by name.

    Args:
        names: Ids and handles of the author, lower case, by which replies may name him.
    """
    found: dict[int, sqlite3.Row] = {}
    for channel, rows in _by_channel(mentions).items():
        ids = json.dumps([row["external_id"] for row in rows])
        threads = json.dumps(sorted({row["thread"] for row in rows}))
        known = json.dumps(sorted(set(names)))
        for where, argument in (
            ("r.channel = ?1 AND r.parent_id IN (SELECT value FROM json_each(?2))", ids),
            ("r.channel = ?1 AND r.thread IN (SELECT value FROM json_each(?2))", threads),
            ("r.id IN (SELECT reply_id FROM reply_name WHERE channel = ?1 AND name IN "
             "(SELECT value FROM json_each(?2)))", known),
        ):  # fmt: skip
            _collect(connection, found, where, (channel, argument))
        _follow(connection, found, channel)
    return [_reply_row(connection, row) for row in sorted(found.values(), key=lambda r: r["id"])]


def _by_channel(mentions: Sequence[sqlite3.Row]) -> dict[str, list[sqlite3.Row]]:
    result: dict[str, list[sqlite3.Row]] = {}
    for row in mentions:
        result.setdefault(row["channel"], []).append(row)
    return result


def _collect(
    connection: sqlite3.Connection,
    found: dict[int, sqlite3.Row],
    where: str,
    arguments: tuple[str, ...],
) -> list[sqlite3.Row]:
    new = [
        row
        for row in connection.execute(f"{_REPLY} WHERE {where}", arguments)
        if row["id"] not in found
    ]
    found.update((row["id"], row) for row in new)
    return new


def _follow(connection: sqlite3.Connection, found: dict[int, sqlite3.Row], channel: str) -> None:
    """Add our replies to our own replies: a long answer is often posted in several parts."""
    newest = [row for row in found.values() if row["channel"] == channel]
    for _ in range(HOPS):
        if not newest:
            return
        ids = json.dumps([row["external_id"] for row in newest])
        newest = _collect(
            connection,
            found,
            "r.channel = ? AND r.parent_id IN (SELECT value FROM json_each(?))",
            (channel, ids),
        )


def _reply_row(connection: sqlite3.Connection, row: sqlite3.Row) -> ReplyRow:
    others = 0
    if row["thread"] and row["parent_mention"] is None:
        others = int(
            connection.execute(
                "SELECT count(DISTINCT contact) FROM mention WHERE channel = ? AND thread = ? "
                "AND at <= ? AND skipped = '' AND repost = 0",
                (row["channel"], row["thread"], row["at"]),
            ).fetchone()[0]
        )
    return ReplyRow(
        id=row["id"],
        channel=row["channel"],
        external_id=row["external_id"],
        thread=row["thread"],
        parent_id=row["parent_id"],
        names=tuple(json.loads(row["names"])),
        at=row["at"],
        certainty=row["certainty"],
        automatic=bool(row["automatic"]),
        deleted=row["deleted_at"] is not None,
        private=bool(row["private"]),
        text=row["text"],
        parent_contact=row["parent_contact"],
        parent_mention=row["parent_mention"],
        parent_is_own_post=bool(row["parent_is_own_post"]),
        others=others - 1 if others else 0,
    )


def edits_of(connection: sqlite3.Connection, mention_ids: Sequence[int]) -> list[sqlite3.Row]:
    """Return the earlier forms of these mentions, each with the time of its end, oldest first."""
    return connection.execute(
        "SELECT item_id, at, title, text FROM edit WHERE item = 'mention' "
        "AND item_id IN (SELECT value FROM json_each(?)) ORDER BY id",
        (json.dumps(list(mention_ids)),),
    ).fetchall()


def neighbours(connection: sqlite3.Connection, contacts: Sequence[str]) -> list[sqlite3.Row]:
    """Return the newest mentions of contacts that share a key of a person with these."""
    return connection.execute(
        "SELECT m.id, m.conversation_id, m.channel, m.type, m.kind, m.at FROM mention m "
        "WHERE m.contact IN (SELECT DISTINCT o.contact FROM person_key k "
        "  JOIN person_key o ON o.key = k.key "
        "  WHERE k.contact IN (SELECT value FROM json_each(?1)) "
        "  AND o.contact NOT IN (SELECT value FROM json_each(?1)) LIMIT 50) "
        "AND m.skipped = '' AND m.repost = 0 ORDER BY m.at DESC LIMIT 200",
        (json.dumps(list(contacts)),),
    ).fetchall()


def save_scores(connection: sqlite3.Connection, rows: Iterable[tuple[Any, ...]]) -> None:
    """
    Keep what texts scored.

    Args:
        rows: (version, sentiment, points, urgency, intent, closing, spoken, reasons as JSON,
            mention id).
    """
    connection.executemany(
        "UPDATE mention SET scored_with = ?, sentiment = ?, sentiment_points = ?, urgency = ?, "
        "intent = ?, closing = ?, spoken = ?, reasons = ? WHERE id = ?",
        rows,
    )


def save(
    connection: sqlite3.Connection,
    contacts: Sequence[str],
    conversations: Sequence[Mapping[str, Any]],
    clocks: Sequence[Mapping[str, Any]],
    homes: Mapping[int, int],
    aliases: Mapping[int, int],
) -> None:
    """
    Replace what follows from the facts of these contacts, and take their dirty marks away.

    Args:
        homes: mention id -> conversation id.
        aliases: id that leads nowhere else -> conversation id.
    """
    known = json.dumps(list(contacts))
    where = "contact IN (SELECT value FROM json_each(?))"
    _remove(connection, contacts, [row["id"] for row in conversations])
    _insert(connection, "conversation", conversations)
    _insert(connection, "clock", clocks)
    connection.executemany(
        "UPDATE mention SET conversation_id = ? WHERE id = ? AND conversation_id IS NOT ?",
        [(home, mention, home) for mention, home in homes.items()],
    )
    connection.executemany("DELETE FROM alias WHERE old = ?", [(c["id"],) for c in conversations])
    connection.executemany(
        "INSERT INTO alias VALUES (?, ?) ON CONFLICT (old) DO UPDATE SET id = excluded.id",
        list(aliases.items()),
    )
    connection.execute(f"DELETE FROM dirty WHERE {where}", (known,))


def _remove(connection: sqlite3.Connection, contacts: Sequence[str], ids: Sequence[int]) -> None:
    """
    Remove the conversations of these contacts, and whatever bears an id that is given now.

    One of them may have held messages of further contacts, which were joined by a link that is no
    more: those are marked, or somebody who waits would be in no conversation.
    """
    contained = json.dumps(list(contacts))
    gone = json.dumps(
        [
            row["id"]
            for row in connection.execute(
                "SELECT id FROM conversation WHERE contact IN (SELECT value FROM json_each(?)) "
                "UNION SELECT id FROM conversation WHERE id IN (SELECT value FROM json_each(?))",
                (contained, json.dumps(list(ids))),
            )
        ]
    )
    connection.execute(
        "INSERT INTO dirty SELECT contact, max(received) FROM mention "
        "WHERE conversation_id IN (SELECT value FROM json_each(?)) AND contact <> '' "
        "AND contact NOT IN (SELECT value FROM json_each(?)) GROUP BY contact "
        "ON CONFLICT DO NOTHING",
        (gone, contained),
    )
    for table, column in (("clock", "conversation_id"), ("conversation", "id")):
        connection.execute(
            f"DELETE FROM {table} WHERE {column} IN (SELECT value FROM json_each(?))", (gone,)
        )


def taken_ids(
    connection: sqlite3.Connection, contacts: Sequence[str], ids: Iterable[int]
) -> set[int]:
    """Return which of these ids belong to others by now: the link to them was taken back."""
    arguments = (json.dumps(list(ids)), json.dumps(list(contacts)))
    found = connection.execute(
        "SELECT id FROM mention WHERE id IN (SELECT value FROM json_each(?1)) "
        "AND contact NOT IN (SELECT value FROM json_each(?2)) "
        "UNION SELECT id FROM conversation WHERE id IN (SELECT value FROM json_each(?1)) "
        "AND contact NOT IN (SELECT value FROM json_each(?2))",
        arguments,
    )
    return {row["id"] for row in found}


def _insert(connection: sqlite3.Connection, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        columns = list(rows[0])
        connection.executemany(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
            [tuple(row.values()) for row in rows],
        )


def resolve_id(connection: sqlite3.Connection, number: int) -> int | None:
    """Return the conversation that an id leads to, also after a join; None: there is none."""
    row = connection.execute("SELECT id FROM conversation WHERE id = ?", (number,)).fetchone()
    if row is None:
        row = connection.execute(
            "SELECT c.id FROM alias a JOIN conversation c ON c.id = a.id WHERE a.old = ?",
            (number,),
        ).fetchone()
    if row is None:  # an id of a mention inside a conversation
        row = connection.execute(
            "SELECT c.id FROM mention m JOIN conversation c ON c.id = m.conversation_id "
            "WHERE m.id = ?",
            (number,),
        ).fetchone()
    return None if row is None else int(row["id"])


def time_of(connection: sqlite3.Connection, mention_id: int) -> int:
    """Return when a mention was written."""
    row = connection.execute("SELECT at FROM mention WHERE id = ?", (mention_id,)).fetchone()
    return int(row["at"])


def newest_received(connection: sqlite3.Connection, conversation_id: int) -> int:
    """Return when the last mention of a conversation came in: what we do now, we do after that."""
    row = connection.execute(
        "SELECT max(received) FROM mention WHERE conversation_id = ?", (conversation_id,)
    ).fetchone()
    return int(row[0] or 0)


def newest_until(connection: sqlite3.Connection, conversation_id: int, at: int) -> int | None:
    """Return the newest mention of a conversation that was there at a time."""
    row = connection.execute(
        "SELECT id FROM mention WHERE conversation_id = ? AND at <= ? ORDER BY at DESC, id DESC "
        "LIMIT 1",
        (conversation_id, at),
    ).fetchone()
    return None if row is None else int(row["id"])


def mention_ids(connection: sqlite3.Connection, conversation_id: int) -> list[int]:
    found = connection.execute(
        "SELECT id FROM mention WHERE conversation_id = ? ORDER BY at, id", (conversation_id,)
    )
    return [row["id"] for row in found]
