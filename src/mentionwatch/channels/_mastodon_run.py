"""
One run over a server of the Mastodon API: which requests are made, in which order.

API: https://docs.joinmastodon.org/methods/
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mentionwatch.channels import OpenItem, Query, reading
from mentionwatch.channels._mastodon_items import (
    Home,
    Noted,
    Threads,
    around,
    identifier,
    is_addressed,
    item,
    listed,
    read_notification,
    read_status,
)
from mentionwatch.channels._values import each, moment, table
from mentionwatch.channels._walk import Listed, floor, in_turn, newest_first, position
from mentionwatch.errors import NotFound, RequestRefused, UnexpectedPayload
from mentionwatch.model.items import Deletion, Item, OwnPost, Page, Reply, StreamState

if TYPE_CHECKING:
    from mentionwatch.client import Client, Response

# Rows that were written in one moment may become visible in another order: the cursor stays a
# little behind, and what is read twice is stored once.
SETTLED = timedelta(minutes=2)
# Remote posts reach a hashtag timeline or the search index late, with their original times.
LATE = timedelta(hours=6)
PAGES = 50
SEARCH_PAGES = 5
SEARCH_LIMIT = 40
THREAD_REQUESTS = 60  # to learn the roots of new mentions
REVISIT_REQUESTS = 100  # the server allows 300 in five minutes
OWN_CHECKS = 40
ALWAYS = 20  # threads that wait, oldest due first, at which every run looks

# (path or address, parameters, scope that is needed) -> answer
Ask = Callable[[str, Mapping[str, Any], str], Awaitable["Response"]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """One page of a listing by id, newest first."""

    answer: Response
    entries: tuple[Noted, ...]
    warnings: tuple[str, ...] = ()

    def before(self, cursor: str) -> tuple[Noted, ...]:
        """Return what is newer than the cursor's entry; all of it where that is not here."""
        ids = [one.id for one in self.entries]
        return self.entries[: ids.index(cursor)] if cursor in ids else self.entries


_Read = tuple[tuple[Item, ...], tuple[str, ...]]
ById = Callable[[str, Mapping[str, Any]], Awaitable[Found]]


@dataclass(kw_only=True, slots=True)
class Run:
    """One run: what it is asked, and what it has seen so far."""

    ask: Ask
    client: Client
    query: Query
    home: Home
    hashtags: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    threads: Threads = field(default_factory=Threads)
    seen: set[str] = field(default_factory=set)  # external ids of what is ours
    thread_requests: int = THREAD_REQUESTS
    types: tuple[str, ...] = ("mention", "quote")

    def parts(self) -> list[AsyncGenerator[Page, None]]:
        """Our own statuses first: they tell which threads the mentions belong to."""
        return [
            self.listing("own", self.own_page),
            self.listing("notifications", self.notification_page),
            self.revisit(),
            *(self.tag(name) for name in self.hashtags),
            *(self.search(term) for term in self.phrases),
        ]

    async def get(
        self, path: str, params: Mapping[str, Any] | None = None, scope: str = ""
    ) -> Response:
        return await self.ask(path, params or {}, scope)

    # --- listings by id: oldest first behind a cursor, newest first the first time -------------

    async def listing(self, stream: str, ask: ById) -> AsyncGenerator[Page, None]:
        state = self.query.state(stream)
        if state.cursor and not state.walking:
            pages = self._onward(stream, state, ask)
        else:
            pages = newest_first(stream, state, lambda *at: self._back(ask, *at), pages=PAGES)
        async with aclosing(pages):
            async for page in pages:
                yield page

    async def _back(self, ask: ById, resume: str, cursor: str) -> Listed:
        """Return one page on the way back, to the cursor or to where a first run begins."""
        found: Found = await ask(self._resumed(resume), {})
        entries = found.before(cursor)
        items, warnings = await self.items(found, entries)
        return Listed(
            items=items,
            newest=self._settled(entries),
            following=self._link(found, "next"),
            past=len(entries) < len(found.entries) or (not cursor and self._too_old(entries)),
            warnings=warnings,
        )

    async def _onward(
        self, stream: str, state: StreamState, ask: ById
    ) -> AsyncGenerator[Page, None]:
        """Read what came behind the cursor, page by page, the oldest page first."""
        url, params = "", {"min_id": state.cursor}
        asked = set[str]()
        for left in reversed(range(PAGES)):
            found: Found = await ask(url, params)
            # A server that does not know min_id shows its newest page, the cursor's entry included.
            entries = found.before(state.cursor)
            if not entries or entries[0].id in asked:
                return
            asked.add(entries[0].id)
            newest = self._settled(entries)
            state = StreamState(cursor=newest or state.cursor, extra=state.extra)
            items, warnings = await self.items(found, entries)
            if not left:
                warnings += (f"{stream} has more than one run may read; the next one goes on",)
            yield Page(stream=stream, items=items, state=state, warnings=warnings)
            if len(entries) < len(found.entries):
                return
            url = self._link(found, "prev")
            params = {} if url else {"min_id": entries[0].id}

    def _too_old(self, entries: Sequence[Noted]) -> bool:
        return any(one.at is not None and one.at < self.query.since for one in entries)

    def _settled(self, entries: Sequence[Noted]) -> str:
        """Return the newest position below which nothing can appear any more."""
        limit = self.query.now - SETTLED
        return next((one.id for one in entries if one.at is None or one.at <= limit), "")

    def _resumed(self, url: str) -> str:
        from mentionwatch.client import onward

        return onward(url, self.home.base_url + "/") if url else ""

    def _link(self, found: Found, relation: str) -> str:
        from mentionwatch.client import onward

        url = found.answer.links().get(relation, "")
        return onward(url, found.answer.url) if url else ""

    async def notification_page(self, url: str, params: Mapping[str, Any]) -> Found:
        scope = "read:notifications"
        if url:
            return self._notifications(await self.get(url, params, scope))
        try:
            wanted = {"types[]": self.types, "limit": 80, "include_filtered": True, **params}
            answer = await self.get("/api/v1/notifications", wanted, scope)
        except RequestRefused as error:
            if error.status not in (400, 422) or len(self.types) == 1:
                raise
            self.types = ("mention",)  # servers that check the names know no quotes
            return await self.notification_page(url, params)
        return self._notifications(answer)

    def _notifications(self, answer: Response) -> Found:
        with reading("the list of Mastodon notifications"):
            things = listed(answer.json())
        entries, warnings = each("notifications", things, read_notification)
        return Found(answer=answer, entries=entries, warnings=warnings)

    async def own_page(self, url: str, params: Mapping[str, Any]) -> Found:
        path = f"/api/v1/accounts/{quote(self.home.account_id, safe='')}/statuses"
        asked = {} if url else {"exclude_reblogs": True, "limit": 40, **params}
        answer = await self.get(url or path, asked, "read:statuses")
        return self._statuses(answer, "the list of your own posts")

    def _statuses(self, answer: Response, what: str) -> Found:
        with reading(what):
            things = listed(answer.json())
        entries, warnings = each("posts", things, read_status)
        return Found(answer=answer, entries=entries, warnings=warnings)

    # --- what a listing holds -------------------------------------------------------------------

    async def items(self, found: Found, entries: Sequence[Noted]) -> _Read:
        """
        Return what is ours or concerns us, with what is to be said about it.

        A server may ignore the types that were asked for.
        """
        wanted = [one for one in entries if one.status and one.type in ("", "mention", "quote")]
        statuses = [one.status for one in wanted if one.status]
        self.threads.learn(statuses)
        for one in wanted:
            if one.type and one.status:
                await self._learn_thread(one.status)
        items: tuple[Item, ...]
        items, warnings = each("posts", wanted, self._item)
        return items, (*found.warnings, *warnings)

    def _item(self, noted: Noted) -> Item | None:
        assert noted.status is not None
        told = bool(noted.type)
        delivered = noted.at if told else None
        return self._shown(noted.status, delivered=delivered, quotes_us=noted.type == "quote")

    def _shown(
        self,
        status: dict[str, Any],
        *,
        delivered: datetime | None = None,
        quotes_us: bool = False,
    ) -> Item | None:
        found = item(status, self.home, self.threads, delivered=delivered, quotes_us=quotes_us)
        if isinstance(found, Reply | OwnPost):
            self.seen.add(found.external_id)
        return found

    async def _learn_thread(self, status: dict[str, Any]) -> None:
        """Ask for the ancestors of a reply whose root is not known yet."""
        if self.threads.top(status)[1] or self.thread_requests <= 0:
            return
        self.thread_requests -= 1
        try:
            self.threads.learn(await self._context(identifier(status)))
        except (NotFound, ValueError):
            return  # gone since, or not to be named: the parent stands for the thread

    async def _context(self, local_id: str) -> list[dict[str, Any]]:
        answer = await self.get(f"/api/v1/statuses/{local_id}/context", scope="read:statuses")
        with reading("the Mastodon thread"):
            return around(answer.json())

    # --- conversations that wait ----------------------------------------------------------------

    async def revisit(self) -> AsyncGenerator[Page, None]:
        """
        Look at each thread that waits: edits, deletions, our replies by whatever account.

        The oldest due go first in every run, the others take turns within the budget.
        """
        state = self.query.state("revisit")
        threads = self._waiting()
        order = in_turn(list(threads), state.extra.get("thread"), ALWAYS)
        until = self.client.requests + REVISIT_REQUESTS
        extra = {}
        broken: UnexpectedPayload | None = None
        for number, thread in enumerate(order):
            if self.client.requests >= until:
                left = len(order) - number
                warning = f"{left} of {len(order)} waiting threads were not looked at again; "
                warning += "the next run begins with them"
                extra = {"thread": order[number - 1]}
                yield Page(stream="revisit", warnings=(warning,))
                break
            try:
                page = await self._looked_at(thread, threads[thread])
            except UnexpectedPayload as error:
                broken = broken or error  # one damaged thread must not keep us from the others
            else:
                yield page
        checks = self._own_to_check(state.extra.get("own"))
        gone = [one for one in checks if (await self._status(self.home.local(one))) is None]
        if len(checks) == OWN_CHECKS:
            extra["own"] = checks[-1]
        if gone or extra != dict(state.extra):
            yield Page(
                stream="revisit",
                items=tuple(Deletion(external_id=one) for one in gone),
                state=StreamState(extra=extra),
            )
        if broken is not None:
            raise broken

    def _waiting(self) -> dict[str, list[OpenItem]]:
        found: dict[str, list[OpenItem]] = {}
        for one in self.query.open:
            if self.home.local(one.external_id):
                found.setdefault(one.thread_id or one.external_id, []).append(one)
        return found

    async def _looked_at(self, thread: str, waiting: Sequence[OpenItem]) -> Page:
        wanted = [self.home.local(one.external_id) for one in waiting]
        statuses: dict[str, dict[str, Any]] = {}
        gone = []
        await self._add_context(statuses, self.home.local(thread) or wanted[0])
        for local_id in wanted:
            if local_id in statuses:
                continue
            status = await self._status(local_id)
            if status is None:
                gone.append(Deletion(external_id=self.home.external(local_id)))
                continue
            statuses[local_id] = status
            if local_id != self.home.local(thread):  # the root is gone, or was never known
                await self._add_context(statuses, local_id)
        self.threads.learn(statuses.values())
        concerned = [s for s in statuses.values() if self._concerns_us(s, wanted)]
        items: tuple[Item, ...]
        items, warnings = each("posts", concerned, self._shown)
        return Page(
            stream="revisit",
            items=(*gone, *items),
            checked=tuple(one.external_id for one in waiting),
            warnings=warnings,
        )

    async def _add_context(self, statuses: dict[str, dict[str, Any]], local_id: str) -> None:
        try:
            found = await self._context(local_id)
        except NotFound:
            return
        statuses.update((status["id"], status) for status in found)

    async def _status(self, local_id: str) -> dict[str, Any] | None:
        """Return a status, or None where it is gone."""
        try:
            answer = await self.get(f"/api/v1/statuses/{local_id}", scope="read:statuses")
        except NotFound:
            return None
        with reading("the Mastodon post"):
            payload: dict[str, Any] = answer.json()
            identifier(payload)
        return payload

    def _concerns_us(self, status: dict[str, Any], wanted: Sequence[str]) -> bool:
        if status.get("id") in wanted or self.home.owns(table(status.get("account"))):
            return True
        # A mention that the notification settings kept from us.
        written = moment(status.get("created_at"))
        recent = written is not None and written >= self.query.since
        return recent and is_addressed(status, self.home)

    def _own_to_check(self, after: str | None) -> list[str]:
        """Return replies of ours that nothing has shown in this run: perhaps they were deleted."""
        unseen = [
            one for one in self.query.known_own_ids if self.home.local(one) and one not in self.seen
        ]
        return in_turn(unseen, after, 0)[:OWN_CHECKS]

    # --- what does not tag us -------------------------------------------------------------------

    async def tag(self, name: str) -> AsyncGenerator[Page, None]:
        path = f"/api/v1/timelines/tag/{quote(name, safe='')}"

        async def ask(resume: str, cursor: str) -> Listed:
            asked = {} if resume else {"limit": 40}
            try:
                answer = await self.get(self._resumed(resume) or path, asked, "read:statuses")
            except NotFound:
                return Listed()  # a tag that nobody has used yet
            found = self._statuses(answer, "the hashtag timeline")
            return await self._timed(found, cursor, self._link(found, "next"))

        stream = f"tag:{name}"
        state = self.query.state(stream)
        async for page in newest_first(stream, state, ask, pages=SEARCH_PAGES, searched=True):
            yield page

    async def search(self, phrase: str) -> AsyncGenerator[Page, None]:
        """Search by offset: some servers sort by relevance, so an id tells no place."""
        seen = set[str]()

        async def ask(resume: str, cursor: str) -> Listed:
            offset = int(resume) if resume.isdecimal() else 0
            wanted = {"q": phrase, "type": "statuses", "limit": SEARCH_LIMIT}
            try:
                scope = "read:search"
                answer = await self.get(
                    "/api/v2/search", {**wanted, "offset": offset or None}, scope
                )
            except NotFound:
                return Listed(warnings=("the server offers no search: set search = false",))
            with reading("the Mastodon search result"):
                things = listed(answer.json()["statuses"])
            entries, warnings = each("posts", things, read_status)
            new = {one.id for one in entries} - seen
            seen.update(new)
            found = Found(answer=answer, entries=entries, warnings=warnings)
            following = str(offset + len(things)) if new else ""
            return await self._timed(found, cursor, following)

        stream = f"search:{phrase}"
        state = self.query.state(stream)
        async for page in newest_first(stream, state, ask, pages=SEARCH_PAGES, searched=True):
            yield page

    async def _timed(self, found: Found, cursor: str, following: str) -> Listed:
        """Return a page of a listing whose cursor is a time: arrived when nothing on it is new."""
        lowest = floor(cursor, self.query.since, LATE)
        times = [one.at for one in found.entries if one.at is not None]
        items, warnings = await self.items(found, found.entries)
        return Listed(
            items=items,
            newest=position(times, self.query.now),
            following=following,
            past=bool(times) and max(times) < lowest,
            warnings=warnings,
        )
