"""
Readings spread over the day, where a platform counts requests by the day.

A channel that is run every ten minutes would use up its requests by noon, and be blind until
midnight. So after each reading the next one waits for as long as its requests last.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mentionwatch.channels._values import table

if TYPE_CHECKING:
    from mentionwatch.client import Client

DAY = 86_400
LONGEST = 6 * 3600  # however much one reading took
_NEXT = "next_reading"


def is_early(client: Client, asked: str = "") -> bool:
    """
    Whether another reading now would use up the requests before the day ends.

    Args:
        client: Its tokens hold when the next reading is due.
        asked: What would be asked; other questions than last time need not wait.
    """
    kept = table(client.tokens.get(client.channel).get(_NEXT))
    at = kept.get("at")
    if not isinstance(at, int | float) or isinstance(at, bool):
        return False
    return 0 < at - time.time() <= DAY and (not asked or asked == kept.get("asked"))


async def plan_next(client: Client, asked: str, *, spent: int, a_day: int) -> None:
    """Note when the next reading is due: *spent* requests of *a_day* were made by this one."""
    wait = min(spent * DAY / max(a_day, 1), LONGEST)
    after = {"at": int(time.time() + wait), "asked": asked}
    async with client.renewing() as kept:
        client.tokens.put(client.channel, {**kept, _NEXT: after})
