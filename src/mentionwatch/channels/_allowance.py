"""
What each call costs: paid calls are counted over several runs, before they are made.

The count is kept beside the tokens and not with a stream: who we are is asked before any stream is
known, and a test by ``doctor`` or a run that is killed has cost its calls too.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from mentionwatch.channels._values import count, table
from mentionwatch.errors import BudgetSpent

if TYPE_CHECKING:
    from mentionwatch.client import Client

Period = Literal["day", "month"]

_FORMS = {"day": "%Y-%m-%d", "month": "%Y-%m"}
_KEPT = "calls"


async def spend(client: Client, limit: int, period: Period, key: str) -> None:
    """
    Count one call.

    Args:
        client: Its tokens hold the count.
        limit: Calls in each period; 0 counts nothing.
        period: By the calendar, in UTC.
        key: The name of the limit in the configuration, for the message.

    Raises:
        BudgetSpent: The limit was reached before.
    """
    if not limit:
        return
    current = _current(period)
    async with client.renewing() as kept:
        spent = count(table(kept.get(_KEPT)).get(current)) or 0
        if spent >= limit:
            raise BudgetSpent(
                f"the {limit} calls that {key} allows in this {period} are used up",
                f"it goes on with the next {period}; `{key}` in its section allows more",
            )
        client.tokens.put(client.channel, {**kept, _KEPT: {current: spent + 1}})


def spent(client: Client, period: Period) -> int:
    """Return how many calls were counted in the period so far."""
    kept = table(client.tokens.get(client.channel).get(_KEPT))
    return count(kept.get(_current(period))) or 0


def _current(period: Period) -> str:
    return datetime.fromtimestamp(time.time(), UTC).strftime(_FORMS[period])
