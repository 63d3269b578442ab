"""A query of the owner's as a condition in SQL over c (conversation) and m (its newest mention)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mentionwatch.store.search import fts_query

# Keys that compare a column with any of several texts.
_COLUMNS = {
    "channel": "lower(c.channel)",
    "type": "lower(c.type)",
    "family": "c.family",
    "priority": "c.priority",
    "intent": "c.intent",
    "sentiment": "c.sentiment",
}
_IS = {
    "overdue": "(c.state = 'open' AND c.due_at < :now AND coalesce(c.snoozed_until, 0) <= :now)",
    "due-soon": "(c.state = 'open' AND c.due_at >= :now AND c.soon_at <= :now "
    "AND coalesce(c.snoozed_until, 0) <= :now)",
    "later": "(c.state = 'open' AND c.soon_at > :now AND coalesce(c.snoozed_until, 0) <= :now)",
    "snoozed": "(c.state = 'open' AND c.snoozed_until > :now)",
    "history": "(c.state = 'open' AND c.due_at IS NULL)",
    "private": "c.private = 1",
    "public": "c.private = 0",
    "follow-up": "c.follow_up = 1",
    "reopened": "c.reopened > 0",
    "unassigned": "c.assignee IS NULL",
}
_STATES = {
    "open": "(c.state = 'open' AND coalesce(c.snoozed_until, 0) <= :now)",
    "snoozed": _IS["snoozed"],
    "answered": "c.state = 'answered'",
    "done": "c.state = 'done'",
    "ignored": "c.state = 'ignored'",
    "any": "1",
}
_COMPARE = {"<=", ">=", "<", ">", "="}


class Where:
    """
    Collects conditions and the values they are bound to.

    Every value that comes from outside is bound, never written into the SQL.
    """

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.values: dict[str, Any] = {}

    @property
    def sql(self) -> str:
        return " AND ".join(self.parts) or "1"

    def bind(self, value: Any) -> str:
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f":{name}"

    def add(self, sql: str, *, negated: bool = False) -> None:
        self.parts.append(f"NOT coalesce(({sql}), 0)" if negated else f"({sql})")

    def any_of(
        self, values: tuple[str, ...], one: Callable[[str], str], *, negated: bool = False
    ) -> None:
        self.add(" OR ".join(one(value) for value in values) or "0", negated=negated)

    def key(self, key: str, values: tuple[str, ...], *, negated: bool = False) -> None:
        """Add a condition of the query language that compares texts."""
        if key in _COLUMNS:
            self.any_of(values, lambda v: f"{_COLUMNS[key]} = {self.bind(v)}", negated=negated)
        elif key == "is":
            self.any_of(values, _IS.__getitem__, negated=negated)
        elif key == "state":
            self.any_of(values, _STATES.__getitem__, negated=negated)
        elif key == "id":
            self.any_of(values, lambda v: f"c.id = {self.bind(int(v))}", negated=negated)
        elif key == "author":
            self.any_of(values, self._author, negated=negated)
        elif key == "assignee":
            self.any_of(values, self._assignee, negated=negated)
        elif key == "label":
            self.any_of(values, self._label, negated=negated)

    def _author(self, value: str) -> str:
        name = self.bind(value.lstrip("@"))
        return (
            f"lower(ltrim(m.author_handle, '@')) = {name} OR lower(ltrim(m.author_id, '@')) = "
            f"{name} OR instr(lower(m.author_name), {name}) > 0"
        )

    def _assignee(self, value: str) -> str:
        if value in ("none", "nobody", "-"):
            return "c.assignee IS NULL"
        return f"lower(c.assignee) = {self.bind(value)}"

    def _label(self, value: str) -> str:
        return (
            "EXISTS (SELECT 1 FROM json_each(c.labels) l "
            f"WHERE lower(l.value) = {self.bind(value)})"
        )

    def waiting_before(self, milliseconds: int, *, negated: bool = False) -> None:
        self.add(
            f"coalesce(c.waiting_since, c.last_at) <= {self.bind(milliseconds)}", negated=negated
        )

    def rating(self, compare: str, number: float, *, negated: bool = False) -> None:
        sign = compare if compare in _COMPARE else "="
        self.add(f"m.rating {sign} {self.bind(number)}", negated=negated)

    def words(self, words: tuple[str, ...], *, negated: bool = False) -> None:
        """Add that all these words occur in what was written in the conversation."""
        query = fts_query(" ".join(words))
        if query:
            self.add(
                "c.id IN (SELECT x.conversation_id FROM mention_text t "
                f"JOIN mention x ON x.id = t.rowid WHERE mention_text MATCH {self.bind(query)})",
                negated=negated,
            )

    def mine(self, name: str) -> None:
        self.add(f"c.assignee IS NULL OR lower(c.assignee) = {self.bind(name.casefold())}")
