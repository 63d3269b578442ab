"""
Figures of a period, counted in SQL: whatever its size, only sums come back.

What is counted is said in docs/report.md. Times are milliseconds; a period is open at its beginning
and closed at its end. Three things are counted by the time at which they happened: what was
written, waits (by when they began), and answers (by when they were given); what was due is counted
by its due time.

A period may hold all of a million messages, so each table is passed over as rarely as can be, sums
are made without sorting where there are no groups, and conversations are joined where a figure
needs them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mentionwatch.store.spans import NUMBERED, WRITTEN, Span, grouped, rows_of

Counted = Iterator[tuple[Any, dict[str, int]]]

_ANSWERED = "w.result IN ('met', 'breached')"
# Whoever was put aside as not concerning us was owed nothing.
_OWED = (
    "w.kind IN ('first', 'next') AND w.result <> 'untimed' AND (w.result <> 'closed' "
    "OR (SELECT o.state FROM conversation o WHERE o.id = w.conversation_id) <> 'ignored')"
)
_WAITING = "c.state = 'open' AND c.due_at IS NOT NULL AND c.follow_up = 0"


def written(connection: sqlite3.Connection, span: Span, by: str = "") -> dict[Any, dict[str, int]]:
    """Return by key: mentions, and how many were private, positive, … ; the most first."""
    return dict(rows_of(connection, f"{_written(span, by)} ORDER BY mentions DESC, k", span))


def _written(span: Span, by: str, more: str = "") -> str:
    return (
        f"SELECT {span.key(by, 'x.at')} AS k, count(*) AS mentions, "
        "sum(x.private) AS private, sum(x.sentiment = 'positive') AS positive, "
        "sum(x.sentiment = 'neutral') AS neutral, sum(x.sentiment = 'negative') AS negative, "
        # Of a million rows each sum takes its time: whatever has none of these is not judged.
        "count(*) - coalesce(sum(x.sentiment = 'positive'), 0) - "
        "coalesce(sum(x.sentiment = 'neutral'), 0) - coalesce(sum(x.sentiment = 'negative'), 0) "
        f"AS unclassified {more}"
        f"FROM mention x {span.conversation(by, 'x.conversation_id')} "
        f"WHERE {span.within('x.at')} AND {WRITTEN} AND ({span.where}) {grouped(by)}"
    )


def busiest(
    connection: sqlite3.Connection, span: Span, most: int
) -> tuple[dict[str, dict[str, int]], int]:
    """Return what `written` has for the authors who wrote most, and how many authors there are."""
    sql = _written(span, "author", ", count(*) OVER () AS authors ")
    found = dict(
        rows_of(connection, f"{sql} ORDER BY mentions DESC, k LIMIT :most", span, most=most)
    )
    totals = [values.pop("authors") for values in found.values()]
    return found, max(totals, default=0)


def begun(connection: sqlite3.Connection, span: Span, by: str = "") -> Counted:
    """Yield by key: conversations begun, their authors, who came back, which were reopened."""
    # first_at has no index; last_at has, and is never earlier.
    return rows_of(
        connection,
        "SELECT coalesce(k, '') AS k, sum(n) AS conversations, count(*) AS authors, "
        "sum(n > 1) AS came_back, sum(r) AS reopened FROM ("
        f"SELECT {span.key(by, 'c.first_at')} AS k, count(*) AS n, sum(c.reopened > 0) AS r "
        f"FROM conversation c {span.newest} "
        f"WHERE {span.after('c.last_at')} AND {span.within('c.first_at')} AND ({span.where}) "
        # Not by the index on contacts: that would go through all conversations there are.
        f"GROUP BY {'k, ' if by else ''}+c.contact) {grouped(by)}",
        span,
    )


# --- who was owed an answer ---------------------------------------------------------------------


def waits(connection: sqlite3.Connection, span: Span, by: str = "") -> Counted:
    """Yield by key: waits that began, how many were answered, closed, or repeated."""
    ended = rows_of(
        connection,
        f"SELECT {span.key(by, 'w.since')} AS k, count(*) AS waits, "
        "sum(w.result <> 'closed') AS answered, sum(w.result = 'closed') AS closed "
        f"FROM clock w {span.conversation(by, 'w.conversation_id')} "
        f"WHERE {span.within('w.since')} AND {_OWED} AND ({span.where}) {grouped(by)}",
        span,
    )
    lasting = rows_of(
        connection,
        f"SELECT {span.key(by, 'c.waiting_since')} AS k, count(*) AS waits, "
        f"sum({_wrote_again('c.waiting_since', ':now')}) AS wrote_again "
        f"FROM conversation c {span.newest} WHERE {_WAITING} "
        f"AND {span.within('c.waiting_since')} AND ({span.where}) {grouped(by)}",
        span,
    )
    return added(ended, _repeated(connection, span, by), lasting)


def _repeated(connection: sqlite3.Connection, span: Span, by: str) -> Counted:
    """Yield by key in how many waits that ended the customer had written again."""
    end = "coalesce(w.replied_at, w.since + w.calendar_seconds * 1000)"
    # From the conversation to its clocks: those with one message, most of them, are left at once.
    return rows_of(
        connection,
        f"SELECT {span.key(by, 'w.since')} AS k, count(*) AS wrote_again "
        f"FROM conversation c CROSS JOIN clock w ON w.conversation_id = c.id {span.newest} "
        f"WHERE {span.after('c.last_at')} AND c.last_at > c.first_at AND {span.within('w.since')} "
        f"AND {_OWED} AND {_wrote_again('w.since', end)} AND ({span.where}) {grouped(by)}",
        span,
    )


def _wrote_again(since: str, until: str) -> str:
    return (
        f"(c.last_at > {since} AND EXISTS (SELECT 1 FROM mention y WHERE y.conversation_id = c.id "
        f"AND y.at > {since} AND y.at <= {until} AND y.skipped = '' AND y.repost = 0))"
    )


def due(connection: sqlite3.Connection, span: Span, by: str = "") -> Counted:
    """
    Yield by key: answers that fell due, those given in time, those still owed.

    Weekday and hour are those at which the customer wrote.
    """
    given = rows_of(
        connection,
        f"SELECT {span.key(by, 'w.since')} AS k, count(*) AS due, sum(w.result = 'met') AS met "
        f"FROM clock w {span.conversation(by, 'w.conversation_id')} "
        f"WHERE {span.within('w.due_at')} AND {_ANSWERED} AND ({span.where}) {grouped(by)}",
        span,
    )
    owed = rows_of(
        connection,
        f"SELECT {span.key(by, 'c.waiting_since')} AS k, count(*) AS due, count(*) AS unanswered "
        f"FROM conversation c {span.newest} WHERE c.state = 'open' "
        f"AND {span.within('c.due_at')} AND c.due_at < :now AND ({span.where}) {grouped(by)}",
        span,
    )
    return added(given, owed)


def added(*parts: Iterable[tuple[Any, Mapping[str, int]]]) -> Counted:
    """Yield for each key the sums of what several counts have for it."""
    found: dict[Any, dict[str, int]] = {}
    for part in parts:
        for key, values in part:
            sums = found.setdefault(key, {})
            for name, value in values.items():
                sums[name] = sums.get(name, 0) + value
    return iter(found.items())


# --- answers --------------------------------------------------------------------------------------

KINDS = ("first", "next")
LENGTHS = ("open_seconds", "calendar_seconds")


def answers_in(span: Span) -> str:
    """Return the condition for clocks that ended with a reply of the period."""
    return (
        f"{span.within('w.replied_at')} AND {_ANSWERED} AND w.kind IN ('first', 'next') "
        f"AND ({span.where})"
    )


def answers(connection: sqlite3.Connection, span: Span, by: str = "") -> Counted:
    """Yield by key: answers (``first``, ``next``), and on which road they went."""
    return rows_of(
        connection,
        f"SELECT {span.key(by, 'w.since')} AS k, sum(w.kind = 'first') AS first, "
        "count(*) - sum(w.kind = 'first') AS next, sum(r.private) AS private_answers, "
        "count(r.id) - sum(r.private) AS public_answers, sum(w.manual) AS manual "
        "FROM clock w LEFT JOIN reply r ON r.id = w.reply_id AND w.manual = 0 "
        f"{span.conversation(by, 'w.conversation_id')} WHERE {answers_in(span)} {grouped(by)}",
        span,
    )


def answer_lengths(
    connection: sqlite3.Connection,
    span: Span,
    length: str,
    by: str = "",
    keys: Sequence[Any] = (),
) -> Iterator[tuple[int, int, Any, int]]:
    """
    Yield (seconds, place in `KINDS`, key, how many took so long), the shortest first.

    Keys that are not among those wanted may come as None. They are sorted outside of Python's
    memory, each as one number, which takes half the time of sorting by columns.

    Args:
        length: One of `LENGTHS`.
    """
    assert length in LENGTHS
    place, values = span.place(by, "w.since", keys)
    listed = (*(range(NUMBERED[by]) if by in NUMBERED else keys), None)
    kinds, places = len(KINDS), len(listed)
    cursor = connection.execute(
        f"SELECT (w.{length} * {kinds} + (w.kind = 'next')) * {places} + {place} AS packed, "
        f"count(*) FROM clock w {span.conversation(by if keys else '', 'w.conversation_id')} "
        f"WHERE {answers_in(span)} GROUP BY packed ORDER BY packed",
        {**span.bound, **values},
    )
    for packed, times in cursor:
        rest, at = divmod(packed, places)
        seconds, kind = divmod(rest, kinds)
        yield seconds, kind, listed[at], times
