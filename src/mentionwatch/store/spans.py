"""What a figure is counted over: a stretch of time, which conversations, and by what key."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

WRITTEN = "x.skipped = '' AND x.repost = 0"
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
}
# Dimensions whose keys are all numbers below one.
NUMBERED = {"weekday": 7, "hour": 24}


@dataclass(frozen=True, kw_only=True)
class Span:
    """
    What is counted: a period, and which conversations.

    ``where`` and ``values``: a condition over c (conversation) and m (its newest mention), made by
    the query language. ``offsets``: local minus universal time, each from a moment on, oldest
    first; the first holds for all times before, too. ``wide``: most of what is stored lies in the
    period, so that reading whole tables is faster than looking up each row by an index of times.
    """

    since: int
    until: int
    now: int
    where: str = "1"
    values: Mapping[str, Any] = field(default_factory=dict)
    offsets: tuple[tuple[int, int], ...] = ((0, 0),)
    wide: bool = False

    @property
    def bound(self) -> dict[str, Any]:
        return {"since": self.since, "until": self.until, "now": self.now, **self.values}

    @property
    def newest(self) -> str:
        """Return the join that a condition over m needs."""
        return "JOIN mention m ON m.id = c.newest_id" if self.where != "1" else ""

    def conversation(self, by: str, of: str) -> str:
        """Return the join of c that is needed; without one a million rows less are read."""
        if self.where == "1" and (not by or by in NUMBERED):
            return ""
        return f"JOIN conversation c ON c.id = {of} {self.newest}"

    def within(self, at: str) -> str:
        return f"{self.after(at)} AND {self._plus(self.wide)}{at} <= :until"

    def after(self, at: str) -> str:
        return f"{self._plus(self.wide)}{at} > :since"

    def before(self, at: str) -> str:
        """Return the condition for what was before the period; much, unless that is wide."""
        return f"{self._plus(not self.wide)}{at} <= :since"

    @staticmethod
    def _plus(is_read_whole: bool) -> str:
        """Return what keeps SQLite from using an index on the column that follows."""
        return "+" if is_read_whole else ""

    def place(self, by: str, at: str, keys: Sequence[Any]) -> tuple[str, dict[str, Any]]:
        """Return SQL for the place of the key among *keys*, after them for others; its values."""
        if not keys:
            return "0", {}
        if by in NUMBERED:
            return self.key(by, at), {}
        cases = " ".join(f"WHEN :key{place} THEN {place}" for place in range(len(keys)))
        values = {f"key{place}": key for place, key in enumerate(keys)}
        return f"CASE {self.key(by, at)} {cases} ELSE {len(keys)} END", values

    def key(self, by: str, at: str) -> str:
        """Return SQL for the key of what happened at a time."""
        return _KEYS[by].format(at=self._local(at))

    def _local(self, at: str) -> str:
        first, *later = self.offsets
        if not later:
            return f"({at} + {first[1]})"
        cases = " ".join(f"WHEN {at} >= {since} THEN {by}" for since, by in reversed(later))
        return f"({at} + CASE {cases} ELSE {first[1]} END)"


def grouped(by: str) -> str:
    """Return the clause by which sums are made; without one nothing has to be sorted."""
    return "GROUP BY k" if by else ""


def rows_of(
    connection: sqlite3.Connection, sql: str, span: Span, **more: Any
) -> Iterator[tuple[Any, dict[str, int]]]:
    """Yield the rows of a query by their column ``k``. A sum over nothing is 0."""
    for row in connection.execute(sql, {**span.bound, **more}):
        values = {name: value or 0 for name, value in dict(row).items() if name != "k"}
        yield row["k"], values


def of_contacts(where: str) -> str:
    """Return a condition narrowed to those of the JSON list that ``contacts`` is bound to."""
    return f"({where}) AND c.contact IN (SELECT value FROM json_each(:contacts))"


@contextmanager
def one_moment(connection: sqlite3.Connection) -> Iterator[None]:
    """See the database as it is now, whatever a sync writes meanwhile: figures have to agree."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:  # not after an error that ended it
            connection.execute("ROLLBACK")
