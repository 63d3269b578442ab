"""How long a service wants us to wait, in the many ways in which services say it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime

from mentionwatch.model import times

# Seen in the wild; the first that can be read counts. Reddit and the IETF draft count seconds,
# GitHub and X give the epoch, Mastodon and Yelp an ISO date.
_NAMES = (
    "retry-after",
    "x-ratelimit-reset-after",
    "ratelimit-reset",
    "x-ratelimit-reset",
    "x-rate-limit-reset",
    "ratelimit-resettime",
)
# A larger number is a point in time, not a distance: 1e9 seconds are 31 years.
_EPOCH = 1e9
_LONGEST = 366 * 86400.0


def wanted_wait(headers: Mapping[str, str], now: float) -> float | None:
    """
    Return the seconds to wait before the next request, or None where the answer does not say.

    Args:
        headers: With lower-case names.
        now: Seconds since the epoch; the answer's own Date is used instead where it has one,
            because a reset time is told by the service's clock.
    """
    there = _moment(headers.get("date", ""))
    for name in _NAMES:
        wait = _seconds(headers.get(name, ""), now if there is None else there)
        if wait is not None:
            return min(max(wait, 0.0), _LONGEST)
    return None


def backoff(failures: int) -> float:
    """Return 0.5, 1, 2 ... 8 seconds plus up to half as much again, so that many spread out."""
    base = 0.5 * 2.0 ** min(failures - 1, 4)
    return base + random.uniform(0.0, base / 2)  # noqa: S311 - no secret


def in_words(seconds: float) -> str:
    """Return "40 s", "12 min" or "5 h"."""
    return f"{max(1, round(seconds))} s" if seconds < 60 else times.in_words(seconds)


def _seconds(text: str, now: float) -> float | None:
    text = text.strip()
    try:
        number = float(text)
    except ValueError:
        moment = _moment(text)
        return None if moment is None else moment - now
    if not 0 <= number < float("inf"):
        return None
    if number > _EPOCH * 1000:
        number /= 1000
    return number - now if number > _EPOCH else number


def _moment(text: str) -> float | None:
    """Read an HTTP date or an ISO date as seconds since the epoch; without a zone it is UTC."""
    from email.utils import parsedate_to_datetime

    if not text or len(text) > 100:
        return None
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None
