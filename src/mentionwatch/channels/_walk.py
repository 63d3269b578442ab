"""
Newest-first listings read to where the last run was, and what several streams of a channel need.

A walk is stored page by page (design, "Channels"): a run that is killed goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from mentionwatch.errors import (
    ChannelError,
    NotFound,
    PermissionMissing,
    RequestRefused,
    UnexpectedPayload,
)
from mentionwatch.model.items import Item, Page, StreamState
from mentionwatch.model.times import iso, parse_time

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """
    One page of a newest-first listing.

    ``newest``: the position of its newest entry, which becomes the cursor when the walk arrives.
    ``following``: where the next page begins; "" at the end. ``past``: it reached what is known.
    """

    items: tuple[Item, ...] = ()
    newest: str = ""
    following: str = ""
    past: bool = False
    warnings: tuple[str, ...] = ()


Ask = Callable[[str, str], Awaitable[Listed]]


async def newest_first(
    stream: str,
    state: StreamState,
    ask: Ask,
    *,
    pages: int,
    searched: bool = False,
) -> AsyncGenerator[Page, None]:
    """
    Walk back from the newest entry to the cursor; first end the walk that an earlier run left.

    Args:
        stream: Its name.
        state: As stored.
        ask: (position, cursor) -> one page; the position "" is the top of the listing.
        pages: How many to read at most; what is left is a gap that the next run closes.
        searched: The mentions were found by search.
    """
    unfinished = state.walking
    for left in reversed(range(pages)):
        listed = await ask(state.resume, state.cursor)
        arrived = listed.past or not listed.following
        warnings = listed.warnings
        if arrived:
            state = state.arrived(top=listed.newest)
        else:
            state = state.walked(top=listed.newest, resume=listed.following)
            if not left:
                warnings += (f"{stream} has more than one run may read; the next one goes on",)
        yield Page(
            stream=stream, items=listed.items, state=state, searched=searched, warnings=warnings
        )
        if arrived:
            if not unfinished:
                return
            unfinished = False


def floor(cursor: str, since: datetime, overlap: timedelta) -> datetime:
    """Return how far back to read, where the cursor is a time: a little beyond it."""
    try:
        return parse_time(cursor) - overlap
    except (ValueError, OverflowError):
        return since


def position(times: Sequence[datetime], now: datetime) -> str:
    """Return the newest time as a cursor; "" without any. A time in the future counts as now."""
    return iso(min(max(times), now), milliseconds=True) if times else ""


class Deferred:
    """Lets the other streams go on where one is refused; its error is raised at the end."""

    def __init__(self) -> None:
        self._error: ChannelError | None = None

    async def pages(self, source: AsyncGenerator[Page, None]) -> AsyncGenerator[Page, None]:
        try:
            async with aclosing(source):
                async for page in source:
                    yield page
        except (PermissionMissing, NotFound, RequestRefused, UnexpectedPayload) as error:
            self._error = self._error or error

    def settle(self) -> None:
        """Raise the first error."""
        if self._error is not None:
            raise self._error


def in_turn(waiting: Sequence[_T], after: _T | None, first: int) -> list[_T]:
    """
    Return the order in which to look: the first few always, the others going round.

    Without that, what stands behind the budget's end would never be looked at.
    """
    head, tail = list(waiting[:first]), list(waiting[first:])
    if after in tail:
        place = tail.index(after) + 1
        tail = tail[place:] + tail[:place]
    return head + tail
