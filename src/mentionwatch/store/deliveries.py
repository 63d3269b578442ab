"""
What was sent, and the answers that a digest tells: tables digest, alert, handoff; table clock.

Whoever sends holds `sending`: one at a time, and the system lets go of it when a run dies. So a
row that was claimed and never confirmed is of a run that died, and what it had to say is said
again: repeated rather than lost.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mentionwatch.errors import LockHeld
from mentionwatch.store import database

PATIENCE = 45.0  # seconds: longer than one mail or one alert usually takes
_STEP = 0.05


@contextmanager
def sending(
    path: Path, patience: float = PATIENCE, sleep: Callable[[float], None] = time.sleep
) -> Iterator[None]:
    """
    Hold the lock of those who send from one database; wait for it a while.

    It is another one than the writer's: a long sync must not hold up an urgent alert.

    Args:
        path: Of the database.
        patience: Seconds to wait for another run that is sending.

    Raises:
        LockHeld: It goes on sending.
    """
    name = path.with_name(path.name + ".sending")
    handle = os.open(name, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        for left in range(max(1, int(patience / _STEP)), -1, -1):
            try:
                database._lock_file(handle)
                break
            except OSError as error:
                if left == 0:
                    raise LockHeld(
                        "another run of mentionwatch is sending mails or alerts",
                        hint="nothing was sent by this one; run it again in a minute",
                    ) from error
                sleep(_STEP)
        yield
    finally:
        os.close(handle)


# --- digests --------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class DigestRow:
    """
    One mail of one period; times in milliseconds. ``repeats``: a run died while sending it.
    """

    period: str
    recipient: str
    message_id: str
    as_of: int
    sent_at: int | None
    problem: str
    repeats: bool = False


def digest_of(connection: sqlite3.Connection, period: str, recipient: str) -> DigestRow | None:
    row = connection.execute(
        "SELECT * FROM digest WHERE period = ? AND recipient = ?", (period, recipient)
    ).fetchone()
    if row is None:
        return None
    return DigestRow(
        period=row["period"],
        recipient=row["recipient"],
        message_id=row["message_id"],
        as_of=row["as_of"],
        sent_at=row["sent_at"],
        problem=row["problem"],
        repeats=row["sent_at"] is None and not row["problem"],
    )


def claim_digest(
    connection: sqlite3.Connection, period: str, recipient: str, *, message_id: str, now: int
) -> str:
    """
    Record that a mail is about to be sent, and return its Message-ID.

    A repetition keeps the first one's, so that mail programs can tell that it is the same mail.
    """
    row = connection.execute(
        "INSERT INTO digest (period, recipient, message_id, claimed_at, as_of) "
        "VALUES (?1, ?2, ?3, ?4, ?4) ON CONFLICT (period, recipient) DO UPDATE SET "
        "message_id = CASE WHEN sent_at IS NULL THEN message_id ELSE excluded.message_id END, "
        "claimed_at = excluded.claimed_at, as_of = excluded.as_of, sent_at = NULL, problem = '' "
        "RETURNING message_id",
        (period, recipient, message_id, now),
    ).fetchone()
    return str(row["message_id"])


def confirm_digest(connection: sqlite3.Connection, period: str, recipient: str, now: int) -> None:
    connection.execute(
        "UPDATE digest SET sent_at = ?, problem = '' WHERE period = ? AND recipient = ?",
        (now, period, recipient),
    )


def fail_digest(connection: sqlite3.Connection, period: str, recipient: str, problem: str) -> None:
    """Record that a mail was not taken; it is sent next time."""
    connection.execute(
        "UPDATE digest SET problem = ? WHERE period = ? AND recipient = ?",
        (problem, period, recipient),
    )


def last_digest(connection: sqlite3.Connection, period: str = "") -> int | None:
    """Return up to when the newest digest told, milliseconds; not counting those of *period*."""
    row = connection.execute(
        "SELECT max(as_of) FROM digest WHERE sent_at IS NOT NULL AND period <> ?", (period,)
    ).fetchone()
    return None if row[0] is None else int(row[0])


# --- alerts ---------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """
    One thing that a target is told.

    ``about``: conversation, channel or spike; ``subject``: id or name. ``level``: 0 urgent to 3
    low, 0 where there is none. ``covers``: milliseconds; of a conversation its newest message, of
    a channel since when it fails.
    """

    about: str
    subject: str
    kind: str
    level: int
    covers: int


def was_told(
    connection: sqlite3.Connection,
    target: str,
    told: Told,
    *,
    since: int,
    names: Sequence[str] = (),
) -> bool:
    """
    Return whether a target knows this, at this level or a higher one.

    Args:
        since: What was told before this counts for something else: a conversation that was
            answered and waits anew, a channel that worked in between.
        names: Further names of the subject: ids that were joined into it.
    """
    row = connection.execute(
        "SELECT 1 FROM alert WHERE target = ? AND about = ? AND kind = ? AND level <= ? "
        "AND covers >= ? AND sent_at IS NOT NULL "
        "AND subject IN (SELECT value FROM json_each(?)) LIMIT 1",
        (
            target,
            told.about,
            told.kind,
            told.level,
            since,
            json.dumps([told.subject, *names]),
        ),
    ).fetchone()
    return row is not None


def claim_alerts(
    connection: sqlite3.Connection, target: str, told: Iterable[Told], now: int
) -> list[int]:
    """Record that these are about to be told; return their rows."""
    return [
        int(
            connection.execute(
                "INSERT INTO alert (target, about, subject, kind, level, covers, claimed_at) "
                "VALUES (?, ?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (target, about, subject, kind, level, covers) "
                "DO UPDATE SET claimed_at = excluded.claimed_at, sent_at = NULL RETURNING id",
                (target, one.about, one.subject, one.kind, one.level, one.covers, now),
            ).fetchone()["id"]
        )
        for one in told
    ]


def confirm_alerts(connection: sqlite3.Connection, ids: Iterable[int], now: int) -> None:
    connection.executemany(
        "UPDATE alert SET sent_at = ? WHERE id = ?", [(now, number) for number in ids]
    )


def release_alerts(connection: sqlite3.Connection, ids: Iterable[int]) -> None:
    """Take claims back: the target did not take them."""
    connection.executemany("DELETE FROM alert WHERE id = ?", [(number,) for number in ids])


def last_alert(connection: sqlite3.Connection, target: str) -> int | None:
    """Return when a target was last told something, milliseconds."""
    row = connection.execute(
        "SELECT max(sent_at) FROM alert WHERE target = ?", (target,)
    ).fetchone()
    return None if row[0] is None else int(row[0])


# --- hand-offs ------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class HandoffRow:
    """
    One conversation given to one system; times in milliseconds.

    ``state``: pending (a run died before it knew), done, failed. ``lasting``: trying again
    changes nothing until somebody corrects something.
    """

    id: int
    target: str
    uid: str
    state: str
    started_at: int
    remote_id: str
    remote_url: str
    problem: str
    lasting: bool


def handoffs_of(
    connection: sqlite3.Connection, target: str, mention_ids: Iterable[int]
) -> list[HandoffRow]:
    """Return the hand-offs of a conversation to one system, newest first."""
    found = connection.execute(
        "SELECT * FROM handoff WHERE target = ? "
        "AND mention_id IN (SELECT value FROM json_each(?)) ORDER BY id DESC",
        (target, json.dumps(list(mention_ids))),
    )
    return [_handoff(row) for row in found]


def _handoff(row: sqlite3.Row) -> HandoffRow:
    return HandoffRow(
        id=row["id"],
        target=row["target"],
        uid=row["uid"],
        state=row["state"],
        started_at=row["started_at"],
        remote_id=row["remote_id"],
        remote_url=row["remote_url"],
        problem=row["problem"],
        lasting=bool(row["lasting"]),
    )


def claim_handoff(
    connection: sqlite3.Connection,
    target: str,
    uid: str,
    *,
    conversation_id: int,
    mention_id: int,
    now: int,
) -> int:
    """Record that a conversation is about to be handed over; return the row."""
    row = connection.execute(
        "INSERT INTO handoff (target, conversation_id, mention_id, uid, state, started_at) "
        "VALUES (?, ?, ?, ?, 'pending', ?) ON CONFLICT (target, uid) DO UPDATE SET "
        "state = 'pending', started_at = excluded.started_at, problem = '', lasting = 0 "
        "RETURNING id",
        (target, conversation_id, mention_id, uid, now),
    ).fetchone()
    return int(row["id"])


def confirm_handoff(
    connection: sqlite3.Connection, number: int, remote_id: str, remote_url: str, now: int
) -> None:
    connection.execute(
        "UPDATE handoff SET state = 'done', done_at = ?, remote_id = ?, remote_url = ?, "
        "problem = '' WHERE id = ?",
        (now, remote_id, remote_url, number),
    )


def fail_handoff(
    connection: sqlite3.Connection, number: int, problem: str, *, lasting: bool
) -> None:
    """Record that it was refused; nothing arrived there."""
    connection.execute(
        "UPDATE handoff SET state = 'failed', problem = ?, lasting = ? WHERE id = ?",
        (problem, int(lasting), number),
    )


# --- what a digest tells --------------------------------------------------------------------------


def has_private(connection: sqlite3.Connection, channel: str, since: int, until: int) -> bool:
    """Return whether a private message came in between two times; channel "": on any."""
    row = connection.execute(
        "SELECT 1 FROM mention WHERE at > ?1 AND at <= ?2 AND private = 1 "
        "AND (?3 = '' OR channel = ?3) LIMIT 1",
        (since, until, channel),
    ).fetchone()
    return row is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """One reply that ended a wait; ``at`` in milliseconds, ``open_seconds`` the wait."""

    id: int
    channel: str
    author: str
    at: int
    open_seconds: int
    met: bool


def answers(
    connection: sqlite3.Connection, since: int, until: int, limit: int
) -> tuple[list[Answer], int]:
    """Return the newest replies that ended a wait between two times, and how many there are."""
    where = (
        "k.replied_at > ? AND k.replied_at <= ? AND k.result IN ('met', 'breached') "
        "AND k.open_seconds IS NOT NULL"
    )
    total = connection.execute(
        f"SELECT count(*) FROM clock k WHERE {where}", (since, until)
    ).fetchone()[0]
    found = connection.execute(
        "SELECT c.id, c.channel, m.author_name, m.author_handle, k.replied_at, k.open_seconds, "
        "k.result FROM clock k JOIN conversation c ON c.id = k.conversation_id "
        f"JOIN mention m ON m.id = c.newest_id WHERE {where} ORDER BY k.replied_at DESC, k.id DESC "
        "LIMIT ?",
        (since, until, limit),
    )
    rows = [
        Answer(
            id=row["id"],
            channel=row["channel"],
            author=row["author_name"] or row["author_handle"],
            at=row["replied_at"],
            open_seconds=row["open_seconds"],
            met=row["result"] == "met",
        )
        for row in found
    ]
    return rows, int(total)
