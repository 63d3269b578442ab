"""
Who waits now, whom to call or to thank, how people took our answers, what we posted meanwhile.

Some of it is names: only the few that are shown leave the database.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mentionwatch.store.insight import answers_in
from mentionwatch.store.spans import WRITTEN, Span, grouped


def waiting(connection: sqlite3.Connection, span: Span, by: str = "") -> dict[Any, dict[str, Any]]:
    """Return by key who waits now: how many, overdue ones, the oldest, those of before we began."""
    rows = connection.execute(
        f"SELECT {span.key(by, 'coalesce(c.waiting_since, c.last_at)')} AS k, "
        "coalesce(sum(c.due_at IS NOT NULL), 0) AS waiting, "
        "coalesce(sum(c.due_at < :now AND coalesce(c.snoozed_until, 0) <= :now), 0) AS overdue, "
        "min(iif(c.due_at IS NULL, NULL, c.waiting_since)) AS oldest, "
        "coalesce(sum(c.due_at IS NULL), 0) AS history "
        f"FROM conversation c {span.newest} WHERE c.state = 'open' AND ({span.where}) "
        f"{grouped(by)}",
        span.bound,
    )
    return {row["k"]: dict(row) for row in rows}


_NAMED = """
SELECT c.id AS id, c.channel, c.private, m.author_name, m.author_handle, m.author_id, m.text,
       m.title, m.at AS at FROM conversation c JOIN mention m ON m.id = c.newest_id
"""


def _named(connection: sqlite3.Connection, ids: Sequence[int]) -> list[sqlite3.Row]:
    """Return conversations with their newest message, in the order of the ids."""
    found = connection.execute(
        f"{_NAMED} WHERE c.id IN (SELECT value FROM json_each(?))", (json.dumps(list(ids)),)
    )
    rows = {row["id"]: row for row in found}
    return [rows[number] for number in ids]


# Nobody answered, and nobody said that no answer was needed.
_LEFT = (
    "c.state = 'done' AND NOT EXISTS "
    "(SELECT 1 FROM clock w WHERE w.conversation_id = c.id AND w.replied_at IS NOT NULL)"
)
_WAITING = "c.state = 'open' AND c.due_at IS NOT NULL AND c.follow_up = 0"


def missed(
    connection: sqlite3.Connection, span: Span, limit: int
) -> tuple[dict[str, int], list[sqlite3.Row]]:
    """
    Return how many leads and how much praise were left without an answer, and some of the leads.

    A lead that still waits is missed when it is overdue; praise as long as it waits.
    """
    late = f"c.intent = 'lead' AND {span.within('c.due_at')} AND c.due_at < :now"
    thankless = f"c.intent = 'praise' AND {span.within('c.waiting_since')}"
    found = connection.execute(
        # Materialized: otherwise both parts are read in the order in which they are wanted.
        "WITH found AS MATERIALIZED ("
        f"SELECT c.id, c.intent, c.urgency FROM conversation c {span.newest} WHERE {_WAITING} "
        f"AND (({late}) OR ({thankless})) AND ({span.where}) "
        f"UNION ALL SELECT c.id, c.intent, c.urgency FROM conversation c {span.newest} "
        f"WHERE {span.within('c.closed_at')} AND c.intent IN ('lead', 'praise') AND {_LEFT} "
        f"AND ({span.where})) "
        "SELECT id, intent, n FROM (SELECT id, intent, count(*) OVER (PARTITION BY intent) AS n, "
        "row_number() OVER (PARTITION BY intent ORDER BY urgency DESC, id) AS place FROM found) "
        "WHERE place <= :limit ORDER BY place",
        {**span.bound, "limit": max(1, limit)},
    ).fetchall()
    counts = {"lead": 0, "praise": 0} | {row["intent"]: row["n"] for row in found}
    return counts, _named(connection, [row["id"] for row in found if row["intent"] == "lead"])


def to_thank(connection: sqlite3.Connection, span: Span, limit: int) -> list[sqlite3.Row]:
    """Return conversations in which we were praised: those still unanswered, then by followers."""
    return connection.execute(
        "SELECT c.id, c.channel, c.private, c.state, x.author_name, x.author_handle, x.author_id, "
        "x.text, x.title, x.at, c.contact FROM mention x "
        f"JOIN conversation c ON c.id = x.conversation_id {span.newest} "
        f"WHERE {span.within('x.at')} AND {WRITTEN} AND x.intent = 'praise' "
        "AND x.sentiment = 'positive' AND x.closing = '' AND x.deleted_at IS NULL "
        f"AND c.state <> 'ignored' AND ({span.where}) "
        "ORDER BY c.state = 'open' DESC, coalesce(x.followers, 0) DESC, x.sentiment_points DESC, "
        "x.at DESC, x.id LIMIT :limit",
        {**span.bound, "limit": limit},
    ).fetchall()


_ENDS = """
SELECT c.id AS id, c.last_at AS at,
       (SELECT x.sentiment FROM mention x WHERE x.conversation_id = c.id AND x.skipped = ''
        ORDER BY x.at, x.id LIMIT 1) AS first,
       (SELECT x.sentiment FROM mention x WHERE x.conversation_id = c.id AND x.skipped = ''
        ORDER BY x.at DESC, x.id DESC LIMIT 1) AS last
FROM conversation c {newest}
WHERE {within} AND c.last_at > c.first_at AND ({where})
"""


def moods(
    connection: sqlite3.Connection, span: Span, limit: int
) -> tuple[Mapping[str, int], list[tuple[sqlite3.Row, str]]]:
    """Return how many conversations turned better and worse, and some, the worse ones first."""
    ends = _ENDS.format(newest=span.newest, within=span.within("c.last_at"), where=span.where)
    found = connection.execute(
        "SELECT id, iif(last = 'negative', 'worse', 'better') AS turn "
        f"FROM ({ends}) WHERE (first = 'negative' AND last = 'positive') "
        "OR (first <> 'negative' AND last = 'negative') ORDER BY turn DESC, at DESC, id",
        span.bound,
    )
    counts: Counter[str] = Counter()
    turns: dict[int, str] = {}
    for number, turn in found:
        counts[turn] += 1
        if len(turns) < limit:
            turns[number] = turn
    return counts, [(row, turns[row["id"]]) for row in _named(connection, list(turns))]


_REACTIONS = {
    "calmer": "CASE WHEN n.at > a.at THEN n.closing <> '' OR n.sentiment = 'positive' END",
    "angrier": "CASE WHEN n.at > a.at THEN n.closing = '' AND n.sentiment = 'negative' END",
    "silent": "CASE WHEN n.at <= a.at THEN n.intent = 'complaint' OR n.sentiment = 'negative' END",
}


def reactions(connection: sqlite3.Connection, span: Span) -> dict[str, int]:
    """Return what customers did after our last answer of the period, from the stored sentiments."""
    sums = ", ".join(f"coalesce(sum({is_one}), 0) AS {kind}" for kind, is_one in _REACTIONS.items())
    row = connection.execute(
        f"SELECT {sums}, count(*) AS n FROM (SELECT w.conversation_id AS id, "
        f"max(w.replied_at) AS at FROM clock w {span.conversation('', 'w.conversation_id')} "
        f"WHERE {answers_in(span)} GROUP BY w.conversation_id) a "
        # In this order no answer has to be kept until all of them are read.
        "CROSS JOIN conversation z ON z.id = a.id CROSS JOIN mention n ON n.id = z.newest_id",
        span.bound,
    ).fetchone()
    found = {kind: row[kind] for kind in _REACTIONS}
    return {**found, "none": row["n"] - sum(found.values())}


# --- the badge, and what we posted meanwhile -----------------------------------------------------


def badge(connection: sqlite3.Connection, span: Span, within: int, type_: str) -> tuple[int, ...]:
    """
    Return of the private messages that came in the period: all, answered, answered fast enough.

    One that has waited less than *within* seconds is not counted: it may still be in time.
    ``type_`` "" for all channel types.
    """
    which = "c.private = 1 AND (:type = '' OR c.type = :type)"
    row = connection.execute(
        "SELECT count(*), coalesce(sum(answered), 0), coalesce(sum(fast), 0) FROM ("
        "SELECT w.replied_at IS NOT NULL AS answered, "
        "w.replied_at IS NOT NULL AND w.calendar_seconds <= :within AS fast "
        f"FROM clock w JOIN conversation c ON c.id = w.conversation_id {span.newest} "
        f"WHERE w.kind IN ('first', 'next') AND {span.within('w.since')} "
        "AND NOT (w.result = 'closed' AND c.state = 'ignored') "
        f"AND w.result <> 'untimed' AND {which} AND ({span.where}) "
        "UNION ALL SELECT 0, 0 "
        f"FROM conversation c {span.newest} WHERE {_WAITING} "
        f"AND {span.within('c.waiting_since')} "
        f"AND c.waiting_since <= :now - :within * 1000 AND {which} AND ({span.where}))",
        {**span.bound, "within": within, "type": type_},
    ).fetchone()
    return tuple(row)


def posts(connection: sqlite3.Connection, span: Span) -> Iterator[tuple[str, int]]:
    """Yield (channel, when) of our own posts in the period, in order of time."""
    return connection.execute(
        f"SELECT o.channel, o.at FROM own_post o WHERE {span.within('o.at')} "
        "AND o.deleted_at IS NULL ORDER BY o.channel, o.at",
        span.bound,
    )


# Our posts of the period on any channel, each with the one before it: what became late between the
# two meets the later one, if any. So each clock is read once, and no post looked up for it.
_CUTS = (
    "WITH cut AS MATERIALIZED (SELECT coalesce(lag(o.at) OVER (ORDER BY o.at), :since) AS before, "
    "o.at AS at FROM own_post o WHERE {within} AND o.deleted_at IS NULL) "
)


def lateness(connection: sqlite3.Connection, span: Span) -> Iterator[tuple[str, int, int]]:
    """Yield (channel, from, to): while an answer was overdue and we posted somewhere meanwhile."""
    return connection.execute(
        f"{_CUTS.format(within=span.within('o.at'))}"
        "SELECT c.channel, w.due_at, w.replied_at FROM cut CROSS JOIN clock w "
        "CROSS JOIN conversation c ON c.id = w.conversation_id WHERE w.result = 'breached' "
        "AND w.due_at > cut.before AND w.due_at <= cut.at AND w.replied_at > cut.at "
        "UNION ALL SELECT c.channel, w.due_at, w.replied_at FROM clock w "
        "JOIN conversation c ON c.id = w.conversation_id WHERE w.result = 'breached' "
        f"AND {span.after('w.replied_at')} AND {span.before('w.due_at')} "
        "UNION ALL SELECT c.channel, c.due_at, :until + 1 FROM conversation c "
        f"WHERE c.state = 'open' AND c.due_at <= :until AND {_posted('c.due_at', ':until + 1')}",
        span.bound,
    )


def _posted(since: str, before: str) -> str:
    # One lower and one upper bound, by which the index finds the first post.
    return (
        "EXISTS (SELECT 1 FROM own_post o WHERE o.channel = c.channel AND o.deleted_at IS NULL "
        f"AND o.at >= max({since}, :since + 1) AND o.at < min({before}, :until + 1))"
    )


def names_of(connection: sqlite3.Connection, contacts: Sequence[str]) -> dict[str, str]:
    """Return what each of these contacts is called."""
    found = connection.execute(
        "SELECT c.contact, max(c.last_at), m.author_name, m.author_handle, m.author_id "
        "FROM conversation c JOIN mention m ON m.id = c.newest_id "
        "WHERE c.contact IN (SELECT value FROM json_each(?)) GROUP BY c.contact",
        (json.dumps(list(contacts)),),
    )
    return {
        row["contact"]: row["author_name"] or row["author_handle"] or row["author_id"]
        for row in found
    }
