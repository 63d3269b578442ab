"""
Reddit's feeds: open to everybody, and throttled to about one request a minute since June 2026.

So the feeds take turns, also over several runs: those not read for longest come first. When the
last request was made, and how long Reddit wants to be left alone, is kept between runs.
"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mentionwatch.channels import OpenItem, Query
from mentionwatch.channels._feeds import Document, Entry, understood
from mentionwatch.channels._ledger import Ledger
from mentionwatch.channels._reddit_items import Us, feed_item, thread_of
from mentionwatch.channels._values import each, moment
from mentionwatch.channels._walk import floor, position
from mentionwatch.errors import (
    BudgetSpent,
    ChannelError,
    NotFound,
    PermissionMissing,
    RateLimited,
    UnexpectedPayload,
)
from mentionwatch.model.items import Deletion, Item, Page, Reply, StreamState
from mentionwatch.model.times import iso

if TYPE_CHECKING:
    from mentionwatch.client import Client
    from mentionwatch.credentials import Secret

SECONDS = 61.0  # between two requests
AFTER_429 = 65.0  # where the answer names no time
LATE = timedelta(hours=1)
THREAD_REST = timedelta(hours=6)
FULL = 95  # entries from which on a feed may have left some out
COMPLETE = 25  # entries below which it has not, even where it passes over how many were asked for
_TO_ASK = 5.0  # seconds that a request may take
_POST = re.compile(r"(/r/[\w]{1,30}/comments/[a-z0-9]{1,13}(?:/[^/?#]{1,200})?)", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Feed:
    """
    One feed. ``name``: in words. ``addressed``: our inbox. ``searched``: to be matched here.
    """

    stream: str
    name: str
    path: str
    params: Mapping[str, str | Secret] = field(default_factory=dict)
    addressed: bool = False
    searched: bool = False


@dataclass(kw_only=True)
class Run:
    """One run. ``rest``: how long a feed is not read again. ``user_agent``: names us."""

    client: Client
    base_url: str
    query: Query
    us: Us
    feeds: list[Feed]
    rest: timedelta
    user_agent: str
    token: Mapping[str, str | Secret]
    asked: int = 0
    began: float = field(default_factory=time.monotonic)

    async def pages(self) -> AsyncGenerator[Page, None]:
        self.ledger = Ledger(self.query, "always")
        due = sorted(filter(self._is_due, self.feeds), key=self._last_read)
        failed: ChannelError | None = None
        while due:
            if self._wait() > max(0.0, self.client.remaining() - _TO_ASK):
                raise self._unfinished(due)
            feed = due.pop(0)
            async for page in self._turn():
                yield page
            try:
                yield await self._read(feed)
            except RateLimited as error:
                yield self._paused(error)
                raise
            except (NotFound, UnexpectedPayload) as error:
                failed = failed or error
        if not self.asked:
            async for page in self._thread():
                yield page
        if failed is not None:
            raise failed

    def _is_due(self, feed: Feed) -> bool:
        """A clock that jumped back holds up nothing."""
        last = moment(self.query.state(feed.stream).extra.get("read"))
        return last is None or not last <= self.query.now < last + self.rest

    def _last_read(self, feed: Feed) -> str:
        return self.query.state(feed.stream).extra.get("read", "")

    def _unfinished(self, due: list[Feed]) -> BudgetSpent:
        names = ", ".join(feed.name for feed in due)
        whole = round(len(self.feeds) * SECONDS / 60)
        return BudgetSpent(
            f"Reddit allows one request a minute: {len(self.feeds) - len(due)} of "
            f"{len(self.feeds)} feeds are read, not yet: {names}",
            f'the next run goes on; timeout = "{whole + 1}m" in its section reads all at once',
        )

    # --- one request a minute ---------------------------------------------------------------------

    def _now(self) -> datetime:
        return self.query.now + timedelta(seconds=time.monotonic() - self.began)

    def _wait(self) -> float:
        """Return the seconds until a request may be made."""
        now = self._now()
        last, until = moment(self.ledger.note("asked")), moment(self.ledger.note("until"))
        waits = [0.0]
        if last is not None and last <= now:
            waits.append(SECONDS - (now - last).total_seconds())
        if until is not None and until - now < timedelta(days=1):
            waits.append((until - now).total_seconds())
        return max(waits)

    async def _turn(self) -> AsyncGenerator[Page, None]:
        """Wait for the turn, and keep that a request is made before it is."""
        if (wait := self._wait()) > 0:
            await self.client.pause(wait)
        self.ledger.put("asked", iso(self._now(), milliseconds=True))
        for page in self.ledger.page():
            yield page

    def _paused(self, error: RateLimited) -> Page:
        wait = timedelta(seconds=max(error.retry_after or 0.0, AFTER_429))
        self.ledger.put("until", iso(self._now() + wait))
        (page,) = self.ledger.page()
        return page

    # --- reading ----------------------------------------------------------------------------------

    async def _read(self, feed: Feed) -> Page:
        state = self.query.state(feed.stream)
        document = await self._document(feed.path, feed.params)
        lowest = floor(state.cursor, self.query.since, LATE)
        found, warnings = self._items(document, addressed=feed.addressed)
        items = tuple(one for one in found if (_published(one) or lowest) >= lowest)
        times = [at for at in map(_published, found) if at]
        if feed.stream == "feed:own":
            items += self._deleted(document, {one.external_id for one in found})
        if state.cursor and len(document.entries) >= FULL and len(items) >= len(found):
            warnings += (f"{feed.name}: more came than a feed shows; read it more often",)
        return Page(
            stream=feed.stream,
            items=items,
            state=StreamState(
                cursor=position(times, self.query.now) or state.cursor,
                extra={"read": iso(self.query.now)},
            ),
            searched=feed.searched,
            warnings=warnings,
        )

    def _deleted(self, document: Document, here: set[str]) -> tuple[Deletion, ...]:
        """Return our answers that are gone; only one account's are in this feed."""
        if len(document.entries) >= COMPLETE or len(self.us.names) != 1:
            return ()
        known = (one for one in self.query.known_own_ids if one.startswith("t1_"))
        return tuple(Deletion(external_id=one) for one in known if one not in here)

    def _items(
        self, document: Document, *, addressed: bool = False
    ) -> tuple[tuple[Item, ...], tuple[str, ...]]:
        read: Callable[[Entry], Item | None] = partial(feed_item, us=self.us, addressed=addressed)
        return each("entries", document.entries, read)

    async def _document(self, path: str, params: Mapping[str, str | Secret]) -> Document:
        """Ask for a feed, once: Reddit takes a second try for a storm."""
        self.asked += 1
        try:
            answer = await self.client.get(
                f"{self.base_url}{path}",
                params={**params, **self.token},
                headers={
                    "User-Agent": self.user_agent,
                    "Accept": "application/atom+xml, */*;q=0.1",
                },
                retry=False,
            )
        except PermissionMissing as error:
            raise PermissionMissing(
                "Reddit blocks this machine or does not show the feed (HTTP 403)",
                "run it from a home connection, and set username and feed_token "
                "(mentionwatch channels setup reddit)",
                error.status,
                error.body,
            ) from error
        return await understood(
            answer.body, answer.headers, answer.url, max(1.0, self.client.remaining())
        )

    # --- conversations that wait ----------------------------------------------------------------

    async def _thread(self) -> AsyncGenerator[Page, None]:
        """Look at one thread where somebody waits; only where no feed wanted the request."""
        thread = next(self._threads_due(), None)
        if thread is None or self._wait() > 0:
            return
        async for page in self._turn():
            yield page
        waiting = [one for one in self.query.open if one.thread_id == thread]
        kept = self._threads_read()
        state = StreamState(extra={**kept, thread: iso(self.query.now)})
        try:
            document = await self._document(_thread_path(waiting[0]), {"limit": "100"})
        except NotFound:
            gone = tuple(Deletion(external_id=one.external_id) for one in waiting)
            checked = tuple(one.external_id for one in waiting)
            yield Page(stream="threads", items=gone, state=state, checked=checked)
            return
        except RateLimited as error:
            yield self._paused(error)
            raise
        found, warnings = self._items(document)
        here = {one.external_id for one in found}
        ours = [one for one in found if isinstance(one, Reply)]
        missing = [one.external_id for one in waiting if one.external_id not in here]
        if len(document.entries) >= COMPLETE:
            missing = []  # it may be further down
        yield Page(
            stream="threads",
            items=(*ours, *(Deletion(external_id=one) for one in missing)),
            state=state,
            checked=tuple(one.external_id for one in waiting),
            warnings=warnings,
        )

    def _threads_read(self) -> dict[str, str]:
        """Return the threads that rest, and until when; the others are forgotten."""
        kept = self.query.state("threads").extra.items()
        moments = {thread: (at, moment(at)) for thread, at in kept}
        return {
            thread: at
            for thread, (at, read) in moments.items()
            if read is not None and read <= self.query.now < read + THREAD_REST
        }

    def _threads_due(self) -> Iterator[str]:
        resting = self._threads_read()
        for one in self.query.open:
            if one.thread_id.startswith("t3_") and one.thread_id not in resting:
                yield one.thread_id


def _published(item: Item) -> datetime | None:
    return None if isinstance(item, Deletion) else item.published


def _thread_path(waiting: OpenItem) -> str:
    found = _POST.match(urlsplit(waiting.url).path) if thread_of(waiting.url) else None
    local = waiting.thread_id.partition("_")[2]
    return f"{found[1]}/.rss" if found else f"/comments/{local}/.rss"
