"""
One run over the feeds of a channel: asked side by side, one request at a time for each host.

A feed that fails does not stop the others; its failure is raised when all were read.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mentionwatch.channels import Query
from mentionwatch.channels._addresses import bare_host, without_secrets
from mentionwatch.channels._feed_errors import forbidden, not_found, target
from mentionwatch.channels._feed_items import Feed, items
from mentionwatch.channels._feed_memory import Memory, digest, fresh_for
from mentionwatch.channels._feeds import SECONDS, understood
from mentionwatch.channels._values import moment
from mentionwatch.errors import (
    BudgetSpent,
    ChannelError,
    NotFound,
    RateLimited,
    UnexpectedPayload,
)
from mentionwatch.model.items import Page, StreamState
from mentionwatch.model.text import one_line
from mentionwatch.model.times import iso

if TYPE_CHECKING:
    import asyncio

    from mentionwatch.client import Client, Response

AT_ONCE = 6
ITEMS_A_PAGE = 500
REDDIT_SECONDS = 61.0  # between two requests; reported since June 2026
HOST_RESTS = timedelta(hours=1)  # after a 429 that names no time; doubled up to a day
SHORTEST_PAUSE = timedelta(minutes=10)  # some say "0 seconds" and mean "go away"
ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, "
    "text/xml;q=0.8, */*;q=0.1"
)
_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """
    A feed to be read.

    ``url``: as it is asked, with its secrets. ``label``: how it is named to the owner.
    ``stream``: its name in the store. ``matched``: what it brings is matched against the terms.
    ``error``: why it cannot even be asked.
    """

    url: str
    label: str
    stream: str
    feed: Feed
    matched: bool = True
    error: ChannelError | None = None

    @property
    def host(self) -> str:
        """All of Reddit counts requests together."""
        return "reddit.com" if self.feed.flavour == "reddit" else bare_host(self.url)


def source_of(
    url: str, feed: Feed, *, label: str = "", matched: bool = True, hidden: bool = False
) -> Source:
    """
    Return a source; what looks like a credential in its address is in no name and no output.

    Args:
        hidden: The whole address is a secret: only its host is shown.
    """
    from mentionwatch.credentials import remember

    shown, taken = without_secrets(url)
    for value in taken:
        remember(value)
    name = f"{bare_host(url)}~{digest(url)[:12]}" if hidden else shown
    if taken and not hidden:
        name += f"~{digest(url)[:12]}"
    plain = bare_host(url) if hidden else shown.partition("?")[0].partition("://")[2]
    return Source(
        url=url,
        label=label or one_line(plain, 60),
        stream=f"feed:{name}",
        feed=replace(feed, url=f"https://{name}" if hidden else shown),
        matched=matched,
    )


@dataclass(kw_only=True, slots=True)
class _Result:
    """What reading one feed gave: pages to store, in order, and perhaps an error."""

    source: Source
    pages: list[Page] = field(default_factory=list)
    error: ChannelError | None = None


@dataclass(kw_only=True)
class Run:
    """See the module. ``interval``: how often a feed is asked at most."""

    client: Client
    query: Query
    sources: Sequence[Source]
    interval: timedelta
    user_agent: str = ""
    pauses: dict[str, datetime] = field(default_factory=dict)
    locks: dict[str, asyncio.Lock] = field(default_factory=dict)
    asked_reddit: bool = False

    async def pages(self) -> AsyncGenerator[Page, None]:
        import asyncio

        room = asyncio.Semaphore(AT_ONCE)
        tasks = [asyncio.create_task(self._one(source, room)) for source in self._in_order()]
        failed: list[_Result] = []
        try:
            for done in asyncio.as_completed(tasks):
                result = await done
                for page in result.pages:
                    yield page
                if result.error is not None:
                    failed.append(result)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if failed:
            raise _summary(failed, len(self.sources))

    def _in_order(self) -> list[Source]:
        """Those of a host that were not asked for longest come first, because some must wait."""
        states = {source.stream: self._memory(source).next for source in self.sources}
        return sorted(self.sources, key=lambda source: states[source.stream])

    def _memory(self, source: Source) -> Memory:
        return Memory.of(self.query.state(source.stream))

    async def _one(self, source: Source, room: asyncio.Semaphore) -> _Result:
        import asyncio

        result = _Result(source=source)
        lock = self.locks.setdefault(source.host, asyncio.Lock())
        try:
            async with lock, room:
                await self._read(source, result)
        except ChannelError as error:
            result.error = error
        return result

    async def _read(self, source: Source, result: _Result) -> None:
        memory, now = self._memory(source), self.query.now
        if source.error is not None:
            raise source.error
        if memory.gone:
            result.pages.append(_gone(source, memory))
            return
        if memory.rests(now):
            if (error := memory.last_error()) is not None:
                raise error
            return
        self._raise_for_pause(source.host)
        await self._wait_for_reddit(source.host, result)
        try:
            found = await self._news_of(source, memory)
        except RateLimited as error:
            result.pages.append(self._paused(source.host, error))
            raise
        except ChannelError as error:
            if self.client.remaining() <= 0:
                raise  # the time of the run was too short; that says nothing about the feed
            if isinstance(error, NotFound):
                error = not_found(error, memory, now)
            result.pages.append(self._failed(source, memory, error))
            raise error from None
        result.pages.extend(found)
        if self.query.state(_host_stream(source.host)).extra.get("times"):
            kept = {"asked": iso(now)} if source.host == "reddit.com" else {}
            state = StreamState(extra=kept)
            result.pages.append(Page(stream=_host_stream(source.host), state=state))

    # --- asking ---------------------------------------------------------------------------------

    async def _news_of(self, source: Source, memory: Memory) -> list[Page]:
        """Ask a feed and return its pages; the last one carries the state."""
        now = self.query.now
        wanted = self._asked_for(source)
        answer, url, history = await self._asked(source, memory, wanted)
        if answer.status == 410:
            return [_gone(source, replace(memory.well(), gone=iso(now)))]
        memory = memory.redirected(history, now)
        if answer.status == 304:
            return [_last(source, self._rested(source, memory.unchanged(answer.headers), answer))]
        if not answer.body.strip():
            raise UnexpectedPayload(
                "the answer is empty", "try again later; what was read before is kept"
            )
        same_tag = memory.etag and answer.headers.get("etag") == memory.etag
        body = digest(answer.body)
        known = memory.asked_for == wanted and (same_tag or body == memory.digest)
        memory = replace(memory.answered(answer.headers, url), digest=body, asked_for=wanted)
        if known:
            return [_last(source, self._rested(source, memory, answer))]
        return await self._parsed(source, memory, answer)

    async def _parsed(self, source: Source, memory: Memory, answer: Response) -> list[Page]:
        seconds = min(SECONDS, self.client.remaining())
        document = await understood(answer.body, answer.headers, answer.url, seconds)
        now = self.query.now
        floor = moment(memory.floor) or self.query.since
        found, repeated = items(source.feed, document, now, floor, memory.repeated)
        memory = self._rested(source, memory, answer, document.minutes)
        memory = replace(memory, floor=iso(floor), repeated=repeated)
        cuts = range(0, max(len(found), 1), ITEMS_A_PAGE)
        parts = [found[cut : cut + ITEMS_A_PAGE] for cut in cuts]
        searched = source.matched
        pages = [Page(stream=source.stream, items=p, searched=searched) for p in parts[:-1]]
        last = replace(_last(source, memory), items=parts[-1], searched=searched)
        if document.left_out:
            left = (
                f"{source.label} is very long: its last {document.left_out} entries were left out"
            )
            last = replace(last, warnings=(*last.warnings, left))
        return [*pages, last]

    def _rested(self, source: Source, memory: Memory, answer: Response, minutes: int = 0) -> Memory:
        """
        Return the memory with the time before which the feed is not asked again.

        Servers may ask for up to a day. Not so where customers write to us: they wait meanwhile.
        """
        now = self.query.now
        # A little less, or a cron job of that interval would find it resting every other time.
        ours = self.interval - self.interval / 20
        if source.feed.addressed:
            return memory.resting(now, ours)
        return memory.resting(now, ours, fresh_for(answer.headers, now), timedelta(minutes=minutes))

    def _asked_for(self, source: Source) -> str:
        """Return a digest of what decides which entries are kept: with new terms, all are read."""
        query, feed = self.query, source.feed
        parts = (*query.terms, *query.domains, *sorted(feed.own), feed.kind, str(feed.addressed))
        return digest("\n".join((*parts, feed.flavour, str(source.matched))))

    async def _asked(
        self, source: Source, memory: Memory, wanted: str
    ) -> tuple[Response, str, list[tuple[int, str]]]:
        """
        Ask, and follow redirects by hand: validators go only to where they came from.

        Returns:
            The answer, the address that gave it, and the redirects on the way to it.
        """
        url, history = source.url, list[tuple[int, str]]()
        headers = {"Accept": ACCEPT}
        if self.user_agent:
            headers["User-Agent"] = self.user_agent
        while True:
            answer = await self.client.get(
                url,
                headers={**headers, **memory.validators(url, wanted)},
                ok=(200, 304, 403, 410, *_REDIRECTS),
                retry=False if source.host == "reddit.com" else None,
            )
            if answer.status not in _REDIRECTS:
                break
            url = target(answer, len(history))
            history.append((answer.status, without_secrets(url)[0]))
        if answer.status == 403:
            raise forbidden(answer)
        return answer, url, history

    # --- hosts that want to be left alone ---------------------------------------------------------

    def _raise_for_pause(self, host: str) -> None:
        kept = moment(self.query.state(_host_stream(host)).extra.get("until"))
        until = self.pauses.get(host) or kept
        if until is not None and self.query.now < until:
            raise RateLimited(
                f"{host} had too many requests and is left alone until {until:%H:%M} UTC",
                "the next run after that reads it again",
                retry_after=(until - self.query.now).total_seconds(),
            )

    def _paused(self, host: str, error: RateLimited) -> Page:
        """Return the page that keeps how long a host is left alone."""
        extra = self.query.state(_host_stream(host)).extra
        times = min(int(extra.get("times", "0") or 0), 10)
        rest = HOST_RESTS * 2**times
        if error.retry_after is not None:
            rest = max(timedelta(seconds=error.retry_after), SHORTEST_PAUSE)
        until = self.query.now + min(rest, timedelta(hours=24))
        self.pauses[host] = until
        kept = {**extra, "until": iso(until), "times": str(times + 1)}
        return Page(stream=_host_stream(host), state=StreamState(extra=kept))

    async def _wait_for_reddit(self, host: str, result: _Result) -> None:
        """Keep to one request a minute, also between runs."""
        if host != "reddit.com":
            return
        stream = _host_stream(host)
        last = moment(self.query.state(stream).extra.get("asked"))
        gone_by = (self.query.now - last).total_seconds() if last else REDDIT_SECONDS
        if self.asked_reddit or gone_by < 0:
            gone_by = 0.0
        if (wait := REDDIT_SECONDS - gone_by) > 0:
            try:
                await self.client.pause(wait)
            except RateLimited:
                raise BudgetSpent(
                    "Reddit allows one request a minute, and the time of this run is over",
                    "the next run goes on; a longer `timeout` reads more feeds at once",
                ) from None
        self.asked_reddit = True
        extra = {**self.query.state(stream).extra, "asked": iso(self.query.now)}
        result.pages.append(Page(stream=stream, state=StreamState(extra=extra)))

    def _failed(self, source: Source, memory: Memory, error: ChannelError) -> Page:
        spread = int(digest(source.stream)[:2], 16) / 255
        return Page(
            stream=source.stream, state=memory.failed(error, self.query.now, spread).state()
        )


def _host_stream(host: str) -> str:
    return f"host:{host}"


def _last(source: Source, memory: Memory) -> Page:
    """Return the page that keeps a feed's state, with what the owner should know of it."""
    warnings: tuple[str, ...] = ()
    if memory.has_moved:
        target = one_line(memory.moved_to, 200)
        warnings = (f"{source.label} has moved to {target}: put that address into the feeds",)
    return Page(stream=source.stream, state=memory.state(), warnings=warnings)


def _gone(source: Source, memory: Memory) -> Page:
    warning = f"{source.label} is gone for good (HTTP 410 on {memory.gone[:10]}): take it out"
    return Page(stream=source.stream, state=memory.state(), warnings=(warning,))


def _summary(failed: Sequence[_Result], total: int) -> ChannelError:
    """
    Return one error that names every feed that failed.

    It is of the kind of the worst one: what only came too early or took too long is the least.
    """
    from mentionwatch.errors import TimedOut

    passing = (BudgetSpent, RateLimited, TimedOut)
    ordered = sorted(failed, key=lambda one: (isinstance(one.error, passing), one.source.stream))
    first = ordered[0].error
    assert first is not None
    named = "; ".join(f"{one.source.label}: {one.error}" for one in ordered[:5])
    more = f"; and {len(ordered) - 5} more" if len(ordered) > 5 else ""
    error = copy(first)
    error.message = (
        named if total == 1 else f"{len(ordered)} of {total} feeds were not read: {named}{more}"
    )
    error.args = (error.message,)
    error.__cause__ = first
    return error
