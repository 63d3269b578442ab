"""Values out of foreign JSON: each comes back in the type that is expected, or as nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

from mentionwatch.errors import UnexpectedPayload
from mentionwatch.model.times import parse_time

_T = TypeVar("_T")
_LARGEST = 2**53
_UNSAFE = re.compile(r"[\x00-\x20\x7f\"<>\\^`{|}]")


def text(value: object) -> str:
    """Return a text; "" for anything else."""
    return value if isinstance(value, str) else ""


def needed(value: object) -> str:
    """Return a text that is not empty. Raises ValueError."""
    if isinstance(value, str) and value.strip():
        return value
    raise ValueError("a text is missing")


def count(value: object) -> int | None:
    """Return a number that can be a count, else None."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LARGEST:
        return value
    return None


def total(*values: object) -> int | None:
    """Return the sum of those that are counts; None where none is."""
    counts = [number for number in map(count, values) if number is not None]
    return sum(counts) if counts else None


def web(value: object) -> str:
    """Return an http or https address; "" for anything else."""
    if not isinstance(value, str) or _UNSAFE.search(value):
        return ""
    try:
        parts = urlsplit(value)
        host = parts.hostname
    except ValueError:
        return ""
    return value if parts.scheme in ("http", "https") and host else ""


def moment(value: object) -> datetime | None:
    """Return the time that a text names, aware and in UTC; None where it names none."""
    if not isinstance(value, str):
        return None
    try:
        return parse_time(value)
    except ValueError:
        return None


def table(value: object) -> dict[str, Any]:
    """Return an object; {} for anything else."""
    return value if isinstance(value, dict) else {}


def rows(value: object) -> list[dict[str, Any]]:
    """Return the objects of a list; whatever else stands in it is left out."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def texts(value: object) -> list[str]:
    """Return the texts of a list that are not empty."""
    return [one for one in value if isinstance(one, str) and one] if isinstance(value, list) else []


def each(
    what: str, things: Sequence[Any], read: Callable[[Any], _T | None]
) -> tuple[tuple[_T, ...], tuple[str, ...]]:
    """
    Read things one by one: one that is damaged must not keep the others from us.

    Args:
        what: Names the things: "Mastodon notifications".
        things: As they came.
        read: Returns what one is to us, None for what is nothing; raises ValueError and the like.

    Returns:
        What was read, and a sentence for the owner where something could not be.

    Raises:
        UnexpectedPayload: Nothing of it could be read.
    """
    found: list[_T] = []
    damaged = 0
    reason = ""
    for thing in things:
        try:
            value = read(thing)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            damaged += 1
            reason = str(error)[:100]
            continue
        if value is not None:
            found.append(value)
    if damaged and damaged == len(things):
        raise UnexpectedPayload(
            f"none of {damaged} {what} could be read ({reason})",
            hint="the service may have changed; look for a newer mentionwatch",
        )
    warning = f"{damaged} of {len(things)} {what} could not be read ({reason})"
    return tuple(found), ((warning,) if damaged else ())
