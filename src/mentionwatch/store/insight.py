"""
Figures of a period, counted in SQL: whatever its size, only sums and a few names come back.

What is counted is said in docs/report.md. Times are milliseconds; a period is open at its beginning
and closed at its end. Three things are counted by the time at which they happened: what was
written, waits (by when they began), and answers (by when they were given); what was due is counted
by its due time.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# Whoever was put aside as not concerning us was owed nothing.
_NOT_IGNORED = "NOT (w.result = 'closed' AND c.state = 'ignored')"
_ANSWERED = "w.result IN ('met', 'breached')"
WRITTEN = "x.skipped = '' AND x.repost = 0"


@dataclass(frozen=True, kw_only=True)
class Span:
    """
    What is counted: a period, and which conversations.

    ``where`` and ``values``: a condition over c (conversation) and m (its newest mention), made by
    the query language. ``offsets``: local minus universal time, each from a moment on, oldest
    first; the first holds for all times before, too.
    """

    since: int
    until: int
    now: int
    where: str = "1"
    values: Mapping[str, Any] = field(default_factory=dict)
    offsets: tuple[tuple[int, int], ...] = ((0, 0),)

    @property
    def bound(self) -> dict[str, Any]:
        return {"since": self.since, "until": self.until, "now": self.now, **self.values}

    def local(self, at: str) -> str:
        """Return SQL for a moment in local time."""
        first, *later = self.offsets
        if not later:
            return f"({at} + {first[1]})"
        cases = " ".join(f"WHEN {at} >= {since} THEN {by}" for since, by in reversed(later))
        return f"({at} + CASE {cases} ELSE {first[1]} END)"

    def within(self, at: str) -> str:
        return f"{at} > :since AND {at} <= :until"


# Dimension -> SQL over c, with {at} for the local time of what is counted.
_KEYS = {
    "": "''",
    "channel": "c.channel",
    "author": "c.contact",
    "assignee": "coalesce(c.assignee, '')",
    "intent": "c.intent",
    "priority": "c.priority",
    "weekday": "({at} / 86400000 + 3) % 7",
    "hour": "{at} / 3600000 % 24",
    "day": "{at} / 86400000",
    "week": "({at} / 86400000 + 3) / 7",
    "month": "CAST(strftime('%Y', {at} / 1000, 'unixepoch') AS INTEGER) * 12 "
    "+ CAST(strftime('%m', {at} / 1000, 'unixepoch') AS INTEGER) - 1",
}


def _key(by: str, span: Span, at: str) -> str:
    return _KEYS[by].format(at=span.local(at))


def newest(span: Span) -> str:
    """Return the join that a condition over m needs."""
    return "JOIN mention m ON m.id = c.newest_id" if span.where != "1" else ""


def _grouped(
    connection: sqlite3.Connection, sql: str, span: Span, **more: Any
) -> dict[Any, dict[str, Any]]:
    """Return the rows of a query by their column ``k``."""
    found = {}
    for row in connection.execute(sql, {**span.bound, **more}):
        values = dict(row)
        found[values.pop("k")] = values
    return found


def of_contacts(where: str) -> str:
    """Return a condition narrowed to those of the JSON list that ``contacts`` is bound to."""
    return f"({where}) AND c.contact IN (SELECT value FROM json_each(:contacts))"


# --- what was written ---------------------------------------------------------------------------


def written(
    connection: sqlite3.Connection, span: Span, by: str = "", most: int = -1
) -> dict[Any, dict[str, Any]]:
    """Return by key: mentions, and how many were private, positive, … ; the most first."""
    of_conversations = by not in ("", "day", "week", "month", "weekday", "hour")
    joined = (
        f"JOIN conversation c ON c.id = x.conversation_id {newest(span)}"
        if of_conversations or span.where != "1"
        else ""
    )
    return _grouped(
        connection,
        f"SELECT {_key(by, span, 'x.at')} AS k, count(*) AS mentions, "
        "sum(x.private) AS private, coalesce(sum(x.sentiment = 'positive'), 0) AS positive, "
        "coalesce(sum(x.sentiment = 'neutral'), 0) AS neutral, "
        "coalesce(sum(x.sentiment = 'negative'), 0) AS negative, "
        "sum(coalesce(x.sentiment, 'unclassified') = 'unclassified') AS unclassified "
        f"FROM mention x {joined} WHERE {span.within('x.at')} AND {WRITTEN} AND ({span.where}) "
        "GROUP BY k ORDER BY mentions DESC, k LIMIT :most",
        span,
        most=most,
    )


def key_count(connection: sqlite3.Connection, span: Span, by: str) -> int:
    """Return how many keys `written` has without a limit."""
    row = connection.execute(
        f"SELECT count(DISTINCT {_key(by, span, 'x.at')}) FROM mention x "
        f"JOIN conversation c ON c.id = x.conversation_id {newest(span)} "
        f"WHERE {span.within('x.at')} AND {WRITTEN} AND ({span.where})",
        span.bound,
    ).fetchone()
    return int(row[0])


def begun(
    connection: sqlite3.Connection, span: Span, by: str = ""
) -> Iterator[tuple[Any, dict[str, int]]]:
    """Yield by key: conversations begun, their authors, who came back, which were reopened."""
    # first_at has no index; last_at has, and is never earlier.
    found = connection.execute(
        "SELECT k, sum(n) AS conversations, count(*) AS authors, sum(n > 1) AS came_back, "
        f"sum(r) AS reopened FROM (SELECT {_key(by, span, 'c.first_at')} AS k, count(*) AS n, "
        f"sum(c.reopened > 0) AS r FROM conversation c {newest(span)} "
        f"WHERE c.last_at > :since AND {span.within('c.first_at')} AND ({span.where}) "
        "GROUP BY k, c.contact) GROUP BY k",
        span.bound,
    )
    for row in found:
        values = dict(row)
        yield values.pop("k"), values


# --- who was owed an answer ---------------------------------------------------------------------


def waits(
    connection: sqlite3.Connection, span: Span, by: str = ""
) -> Iterator[tuple[Any, dict[str, int]]]:
    """Yield by key: waits that began, how many were answered, closed, or repeated."""
    again = (
        "c.last_at > {since} AND EXISTS (SELECT 1 FROM mention y WHERE y.conversation_id = c.id "
        "AND y.at > {since} AND y.at <= {until} AND y.skipped = '' AND y.repost = 0)"
    )
    ended = again.format(
        since="w.since", until="coalesce(w.replied_at, w.since + w.calendar_seconds * 1000)"
    )
    lasting = again.format(since="c.waiting_since", until=":now")
    found = connection.execute(
        "SELECT k, count(*) AS waits, sum(answered) AS answered, sum(closed) AS closed, "
        "sum(again) AS wrote_again FROM ("
        f"SELECT {_key(by, span, 'w.since')} AS k, w.result <> 'closed' AS answered, "
        f"w.result = 'closed' AS closed, ({ended}) AS again "
        f"FROM clock w JOIN conversation c ON c.id = w.conversation_id {newest(span)} "
        f"WHERE w.kind IN ('first', 'next') AND {span.within('w.since')} "
        f"AND w.result <> 'untimed' AND {_NOT_IGNORED} AND ({span.where}) "
        f"UNION ALL SELECT {_key(by, span, 'c.waiting_since')}, 0, 0, ({lasting}) "
        f"FROM conversation c {newest(span)} WHERE c.state = 'open' AND c.due_at IS NOT NULL "
        f"AND c.follow_up = 0 AND {span.within('c.waiting_since')} AND ({span.where})) GROUP BY k",
        span.bound,
    )
    for row in found:
        values = dict(row)
        yield values.pop("k"), values


def due(
    connection: sqlite3.Connection, span: Span, by: str = ""
) -> Iterator[tuple[Any, dict[str, int]]]:
    """
    Yield by key: answers that fell due, those given in time, those still owed.

    Steps of time (day, week, month) go by the due time, weekday and hour by when the customer
    wrote.
    """
    stepped = by in ("day", "week", "month")
    found = connection.execute(
        "SELECT k, count(*) AS due, sum(met) AS met, sum(owed) AS unanswered FROM ("
        f"SELECT {_key(by, span, 'w.due_at' if stepped else 'w.since')} AS k, "
        "w.result = 'met' AS met, 0 AS owed "
        f"FROM clock w {_conversation_for(by, span)} "
        f"WHERE {span.within('w.due_at')} AND {_ANSWERED} AND ({span.where}) "
        f"UNION ALL SELECT {_key(by, span, 'c.due_at' if stepped else 'c.waiting_since')}, 0, 1 "
        f"FROM conversation c {newest(span)} WHERE c.state = 'open' "
        f"AND {span.within('c.due_at')} AND c.due_at < :now AND ({span.where})) GROUP BY k",
        span.bound,
    )
    for row in found:
        values = dict(row)
        yield values.pop("k"), values


def _conversation_for(by: str, span: Span) -> str:
    """Return the join that a query over clocks needs; without one it reads a million rows less."""
    if span.where == "1" and by in ("", "day", "week", "month", "weekday", "hour"):
        return ""
    return f"JOIN conversation c ON c.id = w.conversation_id {newest(span)}"


# --- answers --------------------------------------------------------------------------------------

LENGTHS = ("open_seconds", "calendar_seconds")


def answer_counts(
    connection: sqlite3.Connection, span: Span, by: str = ""
) -> Iterator[tuple[Any, str, int]]:
    """Yield (key, "first" or "next", how many answers)."""
    found = connection.execute(
        f"SELECT {_key(by, span, 'w.since')} AS k, w.kind AS which, count(*) AS n "
        f"FROM clock w {_conversation_for(by, span)} WHERE {_answers(span)} GROUP BY k, which",
        span.bound,
    )
    return ((row["k"], row["which"], row["n"]) for row in found)


def answer_lengths(
    connection: sqlite3.Connection, span: Span, length: str, by: str = ""
) -> Iterator[tuple[Any, str, int, int]]:
    """
    Yield (key, kind, seconds, how many answers took so long), each key and kind by length.

    Args:
        length: One of `LENGTHS`.
    """
    assert length in LENGTHS
    return connection.execute(
        f"SELECT {_key(by, span, 'w.since')} AS k, w.kind AS which, w.{length} AS s, count(*) "
        f"FROM clock w {_conversation_for(by, span)} WHERE {_answers(span)} "
        "GROUP BY k, which, s ORDER BY k, which, s",
        span.bound,
    )


def _answers(span: Span) -> str:
    return (
        f"{span.within('w.replied_at')} AND {_ANSWERED} AND w.kind IN ('first', 'next') "
        f"AND ({span.where})"
    )


def answer_bins(
    connection: sqlite3.Connection, span: Span, bounds: Sequence[int]
) -> tuple[int, ...]:
    """Return how many first answers took less than each bound (seconds by the clock), and more."""
    lower = [0, *bounds]
    sums = [
        f"coalesce(sum(w.calendar_seconds >= {least}"
        + (f" AND w.calendar_seconds < {bounds[place]}" if place < len(bounds) else "")
        + "), 0)"
        for place, least in enumerate(lower)
    ]
    row = connection.execute(
        f"SELECT {', '.join(sums)} FROM clock w {_conversation_for('', span)} "
        f"WHERE {_answers(span)} AND w.kind = 'first'",
        span.bound,
    ).fetchone()
    return tuple(row)


def answer_roads(
    connection: sqlite3.Connection, span: Span, by: str = ""
) -> Iterator[tuple[Any, dict[str, int]]]:
    """Yield by key: private answers, public ones, and those entered by hand."""
    found = connection.execute(
        f"SELECT {_key(by, span, 'w.since')} AS k, "
        "coalesce(sum(w.manual = 0 AND r.private = 1), 0) AS private_answers, "
        "coalesce(sum(w.manual = 0 AND r.private = 0), 0) AS public_answers, "
        "coalesce(sum(w.manual), 0) AS manual "
        f"FROM clock w LEFT JOIN reply r ON r.id = w.reply_id {_conversation_for(by, span)} "
        f"WHERE {_answers(span)} GROUP BY k",
        span.bound,
    )
    for row in found:
        values = dict(row)
        yield values.pop("k"), values


# --- now ------------------------------------------------------------------------------------------


def waiting(connection: sqlite3.Connection, span: Span, by: str = "") -> dict[Any, dict[str, Any]]:
    """Return by key who waits now: how many, overdue ones, the oldest, those of before we began."""
    return _grouped(
        connection,
        f"SELECT {_key(by, span, 'coalesce(c.waiting_since, c.last_at)')} AS k, "
        "sum(c.due_at IS NOT NULL) AS waiting, "
        "coalesce(sum(c.due_at < :now AND coalesce(c.snoozed_until, 0) <= :now), 0) AS overdue, "
        "min(iif(c.due_at IS NULL, NULL, c.waiting_since)) AS oldest, "
        "sum(c.due_at IS NULL) AS history "
        f"FROM conversation c {newest(span)} WHERE c.state = 'open' AND ({span.where}) GROUP BY k",
        span,
    )


_NAMED = """
SELECT c.id AS id, c.channel, c.private, m.author_name, m.author_handle, m.author_id, m.text,
       m.title, m.at AS at {more}
FROM conversation c JOIN mention m ON m.id = c.newest_id
"""
# Nobody answered, and nobody said that no answer was needed.
_LEFT = (
    "c.state = 'done' AND c.closed_at > :since AND c.closed_at <= :until AND NOT EXISTS "
    "(SELECT 1 FROM clock w WHERE w.conversation_id = c.id AND w.replied_at IS NOT NULL)"
)


def missed(
    connection: sqlite3.Connection, span: Span, intent: str, *, only_late: bool, limit: int
) -> tuple[int, list[sqlite3.Row]]:
    """
    Return how many of an intent were left without an answer in the period, and some of them.

    Args:
        only_late: Of those who still wait, only the overdue ones.
    """
    lasting = "c.due_at" if only_late else "c.waiting_since"
    waits_still = (
        f"c.state = 'open' AND c.due_at IS NOT NULL AND c.follow_up = 0 AND {span.within(lasting)}"
        + (" AND c.due_at < :now" if only_late else "")
    )
    wanted = f"c.intent = :intent AND (({waits_still}) OR ({_LEFT})) AND ({span.where})"
    bound = {**span.bound, "intent": intent, "limit": limit}
    count = connection.execute(
        f"SELECT count(*) FROM conversation c {newest(span)} WHERE {wanted}", bound
    ).fetchone()[0]
    # The names are looked up for the few that are shown.
    rows = connection.execute(
        f"{_NAMED.format(more='')} WHERE c.id IN (SELECT c.id FROM conversation c {newest(span)} "
        f"WHERE {wanted} ORDER BY c.urgency DESC, c.id LIMIT :limit) "
        "ORDER BY c.urgency DESC, c.id",
        bound,
    )
    return int(count), rows.fetchall()


def to_thank(connection: sqlite3.Connection, span: Span, limit: int) -> list[sqlite3.Row]:
    """Return conversations in which we were praised: those still unanswered, then by followers."""
    return connection.execute(
        "SELECT c.id, c.channel, c.private, c.state, x.author_name, x.author_handle, x.author_id, "
        "x.text, x.title, x.at, c.contact FROM mention x "
        f"JOIN conversation c ON c.id = x.conversation_id {newest(span)} "
        f"WHERE {span.within('x.at')} AND {WRITTEN} AND x.intent = 'praise' "
        "AND x.sentiment = 'positive' AND x.closing = '' AND x.deleted_at IS NULL "
        f"AND c.state <> 'ignored' AND ({span.where}) "
        "ORDER BY c.state = 'open' DESC, coalesce(x.followers, 0) DESC, x.sentiment_points DESC, "
        "x.id LIMIT :limit",
        {**span.bound, "limit": limit},
    ).fetchall()


_ENDS = """
SELECT c.id AS id,
       (SELECT x.sentiment FROM mention x WHERE x.conversation_id = c.id AND x.skipped = ''
        ORDER BY x.at, x.id LIMIT 1) AS first,
       (SELECT x.sentiment FROM mention x WHERE x.conversation_id = c.id AND x.skipped = ''
        ORDER BY x.at DESC, x.id DESC LIMIT 1) AS last
FROM conversation c {newest}
WHERE {within} AND c.last_at > c.first_at AND ({where})
"""
_TURNS = {
    "better": "first = 'negative' AND last = 'positive'",
    "worse": "first <> 'negative' AND last = 'negative'",
}


def moods(
    connection: sqlite3.Connection, span: Span, limit: int
) -> tuple[dict[str, int], list[sqlite3.Row]]:
    """Return how many conversations turned better and worse, and some, the worse ones first."""
    ends = _ENDS.format(newest=newest(span), within=span.within("c.last_at"), where=span.where)
    sums = ", ".join(f"coalesce(sum({turn}), 0) AS {name}" for name, turn in _TURNS.items())
    counts = dict(connection.execute(f"SELECT {sums} FROM ({ends})", span.bound).fetchone())
    rows = connection.execute(
        f"{_NAMED.format(more=', e.turn')} JOIN (SELECT id, iif({_TURNS['worse']}, 'worse', "
        f"'better') AS turn FROM ({ends}) WHERE {' OR '.join(_TURNS.values())}) e ON e.id = c.id "
        "ORDER BY e.turn DESC, m.at DESC LIMIT :limit",
        {**span.bound, "limit": limit},
    )
    return counts, rows.fetchall()


def reactions(connection: sqlite3.Connection, span: Span) -> dict[str, int]:
    """Return what customers did after our last answer of the period, from the stored sentiments."""
    found = connection.execute(
        "SELECT CASE WHEN n.at > a.at AND (n.closing <> '' OR n.sentiment = 'positive') "
        "THEN 'calmer' WHEN n.at > a.at AND n.sentiment = 'negative' THEN 'angrier' "
        "WHEN n.at > a.at THEN 'none' "
        "WHEN n.intent = 'complaint' OR n.sentiment = 'negative' THEN 'silent' "
        "ELSE 'none' END AS reaction, count(*) AS n FROM (SELECT w.conversation_id AS id, "
        f"max(w.replied_at) AS at FROM clock w {_conversation_for('', span)} "
        f"WHERE {_answers(span)} GROUP BY w.conversation_id) a "
        "JOIN conversation z ON z.id = a.id JOIN mention n ON n.id = z.newest_id GROUP BY reaction",
        span.bound,
    )
    return {row["reaction"]: row["n"] for row in found}


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
        f"FROM clock w JOIN conversation c ON c.id = w.conversation_id {newest(span)} "
        f"WHERE w.kind IN ('first', 'next') AND {span.within('w.since')} AND {_NOT_IGNORED} "
        f"AND w.result <> 'untimed' AND {which} AND ({span.where}) "
        "UNION ALL SELECT 0, 0 "
        f"FROM conversation c {newest(span)} WHERE c.state = 'open' AND c.due_at IS NOT NULL "
        f"AND c.follow_up = 0 AND {span.within('c.waiting_since')} "
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


def lateness(connection: sqlite3.Connection, span: Span) -> Iterator[tuple[str, int, int]]:
    """Yield (channel, from, to): while an answer was overdue, in the period or around it."""
    return connection.execute(
        "SELECT c.channel, w.due_at, w.replied_at FROM clock w "
        "JOIN conversation c ON c.id = w.conversation_id WHERE w.result = 'breached' "
        "AND w.replied_at > :since AND w.due_at <= :until "
        "UNION ALL SELECT c.channel, c.due_at, :until + 1 FROM conversation c "
        "WHERE c.state = 'open' AND c.due_at <= :until",
        span.bound,
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
