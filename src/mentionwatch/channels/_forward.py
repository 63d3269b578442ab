"""Listings that can be read oldest first: the cursor is a Unix time and moves page by page."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mentionwatch.model.items import Item, Page, StreamState


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """
    One page of an oldest-first listing.

    ``newest``: Unix seconds of its newest entry; None where it holds none. ``more``: there is a
    next page.
    """

    items: tuple[Item, ...] = ()
    newest: int | None = None
    more: bool = False
    warnings: tuple[str, ...] = ()


# (lowest Unix second, number of the page from 1) -> one page
AskForward = Callable[[int, int], Awaitable[Batch]]


async def oldest_first(
    stream: str,
    state: StreamState,
    ask: AskForward,
    *,
    since: datetime,
    now: datetime,
    late: timedelta,
    pages: int,
    searched: bool = False,
) -> AsyncGenerator[Page, None]:
    """
    Read on from the cursor.

    Args:
        since: Where a first run begins. All of its parts begin there, whenever they come.
        now: No entry counts as newer than that.
        late: How far behind the cursor to begin: entries may be listed late.
        pages: How many to read at most.
    """
    if not state.cursor:
        begin = state.extra.get("since") or str(int(since.timestamp()))
        state = replace(state, extra={**state.extra, "since": begin})
        lowest = whole(begin)
    else:
        lowest = whole(state.cursor) - int(late.total_seconds())
    for number in range(1, pages + 1):
        batch = await ask(max(0, lowest), number)
        newest = max(whole(state.cursor), min(batch.newest or 0, int(now.timestamp())))
        state = replace(state, cursor=str(newest) if newest else "")
        warnings = batch.warnings
        if batch.more and number == pages:
            warnings += (f"{stream} has more than one run may read; the next one goes on",)
        yield Page(
            stream=stream, items=batch.items, state=state, searched=searched, warnings=warnings
        )
        if not batch.more:
            return


def whole(value: str) -> int:
    """Return a cursor as Unix seconds, 0 for what is none."""
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 16 else 0
