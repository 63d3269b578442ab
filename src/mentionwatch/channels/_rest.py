"""
A service that asks to be left alone is left alone, also by the next runs.

When it may be asked again is kept beside the tokens and not with a stream: who we are is asked
before any stream is known, and that request must not be made either.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from mentionwatch.errors import RateLimited

if TYPE_CHECKING:
    from mentionwatch.client import Client

USUAL = timedelta(minutes=15)  # after a refusal that names no time
SHORTEST = timedelta(minutes=1)
LONGEST = timedelta(days=1)
_KEPT = "rests_until"


@asynccontextmanager
async def resting(client: Client, who: str, usual: timedelta = USUAL) -> AsyncIterator[None]:
    """
    Ask only when the service may be asked; remember it when it says "too many requests".

    Args:
        client: Its tokens hold until when.
        who: Names the service in the message.
        usual: How long it is left alone where it does not say.

    Raises:
        RateLimited: Nothing was asked, or it was refused now.
    """
    left = seconds_left(client)
    if left > 0:
        until = datetime.fromtimestamp(time.time() + left, UTC)
        raise RateLimited(
            f"{who} is left alone until {until:%Y-%m-%d %H:%M} UTC, as it asked",
            "the next run after that goes on",
            retry_after=left,
        )
    try:
        yield
    except RateLimited as error:
        await rest(client, error.retry_after or usual.total_seconds())
        raise


async def rest(client: Client, seconds: float) -> None:
    """Leave the service alone for so long: between a minute and a day."""
    seconds = min(max(seconds, SHORTEST.total_seconds()), LONGEST.total_seconds())
    async with client.renewing() as kept:
        client.tokens.put(client.channel, {**kept, _KEPT: int(time.time() + seconds)})


def seconds_left(client: Client) -> float:
    """Return for how long the service is to be left alone; 0 when it may be asked."""
    until = client.tokens.get(client.channel).get(_KEPT)
    if not isinstance(until, int | float) or isinstance(until, bool):
        return 0.0
    left = until - time.time()
    # A clock that was set back must not silence a channel for years.
    return left if 0 < left <= LONGEST.total_seconds() + 60 else 0.0
