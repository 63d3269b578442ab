"""What the owner asks for in words, as a condition that the store understands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mentionwatch.app.setting import Setting
from mentionwatch.core.selection import KEYS, Condition, parse
from mentionwatch.errors import UsageError
from mentionwatch.model.times import to_ms
from mentionwatch.store import channels, queue
from mentionwatch.store.selection import Where


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """A condition in SQL. ``any_state``: it names states itself. ``text``: for people."""

    where: str
    values: Mapping[str, Any]
    any_state: bool
    text: str


def select(text: str, setting: Setting, now: datetime, *, mine: str | None = None) -> Chosen:
    """
    Return the condition for a query.

    Args:
        mine: Narrow to this person's conversations and nobody's; None: everybody's.

    Raises:
        UsageError: A key or value that does not exist, or ``--mine`` where nobody said who.
    """
    try:
        selection = parse(text)
    except ValueError as error:
        raise UsageError(
            str(error), hint=f"keys: {', '.join(KEYS)}; anything else is text"
        ) from None
    where = Where()
    for condition in selection.conditions:
        if condition.key == "channel":
            _known_channels(condition.values, setting)
        _add(where, condition, setting, now)
    where.words(selection.words)
    for word in selection.without:
        where.words((word,), negated=True)
    words = text.strip()
    if mine is not None:
        if not mine:
            raise UsageError(
                "--mine: who are you?",
                hint='set MENTIONWATCH_ME, or me = "ana" in [team]',
            )
        where.mine(mine)
        words = f"{words} (for {mine})".strip()
    return Chosen(
        where=where.sql, values=where.values, any_state=selection.names_a_state, text=words
    )


def _known_channels(names: Sequence[str], setting: Setting) -> None:
    """Of a name with a slip of the pen nothing would ever wait, and that would be believed."""
    stored = channels.all_channels(setting.store.connection)
    known = {
        name.casefold(): name for name in (*stored, *(one.name for one in setting.config.channels))
    }
    for name in names:
        if name not in known:
            raise UsageError(
                f"there is no channel {name}", hint=f"one of {', '.join(known.values())}"
            )


def _add(where: Where, condition: Condition, setting: Setting, now: datetime) -> None:
    if condition.length is not None:
        moment = to_ms(now - condition.length)
        newer = (condition.key == "newer") != condition.negated
        where.waiting_before(moment, negated=newer)
    elif condition.key == "rating":
        where.rating(condition.compare, condition.number, negated=condition.negated)
    else:
        values = condition.values
        if condition.key == "assignee":
            me = setting.config.team.me.casefold()
            values = tuple(me if value == "me" else value for value in values)
        where.key(condition.key, values, negated=condition.negated)


def matching_ids(setting: Setting, now: datetime, chosen: Chosen) -> list[int]:
    """Return the ids of everything that matches: open ones, or of the states that it names."""
    sections = tuple(queue.SECTIONS) if chosen.any_state else ("overdue", "due_soon", "later")
    return [
        row["id"]
        for section in sections
        for row in queue.section(
            setting.store.connection,
            section,
            to_ms(now),
            where=chosen.where,
            values=dict(chosen.values),
        )
    ]
