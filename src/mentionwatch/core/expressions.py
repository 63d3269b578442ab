r"""
Regular expressions that the owner writes: ``/acme.?cof+ee/``.

They run on other people's texts and Python cannot stop one that has begun, so the texts are cut at
20,000 characters and the one common way to take exponential time is refused: a repetition of a
repetition with nothing in between that must be there, such as ``(a+)+`` or ``(\w+\s?)*``.
Alternatives that overlap, ``(a|aa)+``, are not recognised.
"""

from __future__ import annotations

import re
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

TEXT_LIMIT = 20_000
"""Characters of a text on which an expression runs."""

_REPEATS = (_constants.MAX_REPEAT, _constants.MIN_REPEAT)


def is_expression(term: str) -> bool:
    return len(term) > 2 and term.startswith("/") and term.endswith("/")


def expression(term: str) -> re.Pattern[str]:
    """
    Return the expression between the slashes of *term*; capitals and small letters are alike.

    Raises:
        ValueError: Not an expression, one that matches nothing at all, or one that may never end;
            the message names it.
    """
    shown = term if len(term) <= 80 else term[:80] + "…"
    try:
        compiled = re.compile(term[1:-1], re.IGNORECASE)
        tree = _parser.parse(term[1:-1], re.IGNORECASE)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"{shown} is not a regular expression: {error}") from None
    if compiled.search(""):
        raise ValueError(f"{shown} would match in every text, even an empty one")
    if _runs_away(tree):
        raise ValueError(
            f"{shown} repeats a repetition and may never end; write (a+) or (ab)+, not (a+)+"
        )
    return compiled


def _runs_away(tree: Any) -> bool:
    for kind, argument in tree:
        if kind in _REPEATS and argument[1] is _constants.MAXREPEAT and _loose(argument[2]):
            return True
        if any(_runs_away(part) for part in _parts(argument)):
            return True
    return False


def _loose(sequence: Any) -> bool:
    """Tell whether a sequence can consist of an endless repetition alone."""
    for position, (kind, argument) in enumerate(sequence):
        others = [*sequence[:position], *sequence[position + 1 :]]
        if any(_width(other) for other in others):
            continue
        if kind in _REPEATS and argument[1] is _constants.MAXREPEAT:
            return True
        if any(_loose(part) for part in _parts(argument)):
            return True
    return False


def _width(element: Any) -> int:
    """Return the least number of characters that an element of a parsed expression takes."""
    kind, argument = element
    if kind in _REPEATS:
        return int(argument[0]) * sum(map(_width, argument[2]))
    if kind is _constants.BRANCH:
        return min(sum(map(_width, part)) for part in argument[1])
    if kind is _constants.SUBPATTERN:
        return sum(map(_width, argument[-1]))
    return 0 if kind in (_constants.AT, _constants.ASSERT, _constants.ASSERT_NOT) else 1


def _parts(argument: Any) -> list[Any]:
    """Return the sequences inside the argument of an element."""
    if isinstance(argument, _parser.SubPattern):
        return [argument]
    if isinstance(argument, list | tuple):
        return [part for each in argument for part in _parts(each)]
    return []
