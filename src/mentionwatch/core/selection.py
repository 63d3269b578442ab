"""
The one small query language of ``queue``, ``search``, ``done --where``, ``report`` and the rest.

    channel:facebook priority:urgent,high older:4h author:@dana -label:vip "oat milk" refund

Words are looked for in what people wrote; a key with a value narrows; commas mean "or"; ``not``
before a key, or a minus in front of anything, turns it round. All that is said must hold.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from datetime import timedelta

from mentionwatch.model.score import INTENTS, PRIORITIES, SENTIMENTS
from mentionwatch.model.times import duration

STATES = ("open", "answered", "snoozed", "done", "ignored")
FAMILIES = ("social", "direct", "reviews", "forums")
IS = ("overdue", "due-soon", "later", "snoozed", "history", "private", "public", "follow-up",
      "reopened", "unassigned")  # fmt: skip
# Key -> what it may be; () for anything.
KEYS: dict[str, tuple[str, ...]] = {
    "channel": (),
    "type": (),
    "family": FAMILIES,
    "priority": PRIORITIES,
    "state": (*STATES, "any"),
    "intent": INTENTS,
    "sentiment": SENTIMENTS,
    "author": (),
    "assignee": (),
    "label": (),
    "is": IS,
    "older": (),
    "newer": (),
    "rating": (),
    "id": (),
}
_TOKEN = re.compile(r'(-?)(?:([a-z]+):)?("(?:[^"]*)"?|\S+)')
_RATING = re.compile(r"(<=|>=|<|>|=)?\s*([0-9]+(?:\.[0-9]+)?)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """
    One thing that must hold. ``values``: any of them; lower case.

    ``length`` is that of ``older`` and ``newer``; ``compare`` and ``number`` are of ``rating``.
    """

    key: str
    values: tuple[str, ...] = ()
    negated: bool = False
    length: timedelta | None = None
    compare: str = ""
    number: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """A query taken apart. ``words``: what must occur in the text."""

    conditions: tuple[Condition, ...] = ()
    words: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    @property
    def names_a_state(self) -> bool:
        """Return whether it says itself which states it wants."""
        return any(
            condition.key in ("state", "id")
            or (condition.key == "is" and {"snoozed", "history"} & {*condition.values})
            for condition in self.conditions
        )


def parse(text: str) -> Selection:
    """
    Return the parts of a query.

    Raises:
        ValueError: A key or value that does not exist; the message names the nearest.
    """
    conditions: list[Condition] = []
    words: list[str] = []
    without: list[str] = []
    for match in _TOKEN.finditer(text):
        minus, key, value = match.groups()
        value = value.strip('"')
        if key in KEYS:
            turned = bool(words) and words[-1].casefold() == "not"
            if turned:
                words.pop()
            conditions.append(_condition(key, value, negated=bool(minus) or turned))
        elif key is not None and value and _meant(key):
            raise ValueError(f"there is no key {key}; did you mean {_meant(key)}:{value}?")
        elif not key and value.endswith(":") and value[:-1] in KEYS:
            raise ValueError(f"{value} needs a value{_choices(value[:-1])}")
        else:
            word = f"{key}:{value}" if key else value
            (without if minus else words).append(word)
    return Selection(
        conditions=tuple(conditions),
        words=tuple(word for word in words if word),
        without=tuple(word for word in without if word),
    )


def _meant(key: str) -> str:
    return next(iter(difflib.get_close_matches(key, KEYS, 1, 0.75)), "")


def _condition(key: str, value: str, *, negated: bool) -> Condition:
    if not value:
        raise ValueError(f"{key}: needs a value{_choices(key)}")
    if key in ("older", "newer"):
        return Condition(key=key, length=duration(value), negated=negated)
    if key == "rating":
        found = _RATING.fullmatch(value)
        if found is None:
            raise ValueError("rating: takes a number of stars, as in rating:<=2")
        return Condition(key=key, compare=found[1] or "=", number=float(found[2]), negated=negated)
    values = tuple(part.strip().casefold() for part in value.split(",") if part.strip())
    for one in values:
        if KEYS[key] and one not in KEYS[key]:
            raise ValueError(f"{key}:{one} does not exist{_choices(key)}")
        if key == "id" and not re.fullmatch(r"[0-9]{1,18}", one):
            raise ValueError(f"id:{one}: ids are numbers")
    return Condition(key=key, values=values, negated=negated)


def _choices(key: str) -> str:
    return f"; one of {', '.join(KEYS[key])}" if KEYS[key] else ""
