"""
One run over Hacker News: which questions are asked, in which order.

API: https://hn.algolia.com/api
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from mentionwatch.channels import Query, reading
from mentionwatch.channels._hackernews_items import (
    Hits,
    Us,
    identity,
    item_of_hit,
    items_of_tree,
    parse,
    story_of,
)
from mentionwatch.channels._values import moment
from mentionwatch.channels._walk import Deferred, Listed, in_turn, newest_first
from mentionwatch.errors import (
    NotFound,
    PermissionMissing,
    RateLimited,
    UnexpectedPayload,
)
from mentionwatch.model.items import Deletion, Item, OwnPost, Page, Reply, StreamState
from mentionwatch.model.times import iso

if TYPE_CHECKING:
    from mentionwatch.client import Client

HITS = 200  # a page; the service allows 1000
PAGES = 30
LATE = timedelta(hours=1)  # the index lags, and second-chance stories get new times
WATCHED = timedelta(days=14)  # for how long the comments under what concerns us are read
THREADS = 20
REVISITS = 60
OWN_CHECKS = 10
ALWAYS = 20  # of those that wait, oldest due first, at which every run looks
REST = timedelta(hours=1)  # after a refusal; the limit counts requests per hour


@dataclass(kw_only=True, slots=True)
class Run:
    """One run: what is asked, and what it has seen so far of what is ours."""

    client: Client
    query: Query
    base_url: str
    terms: Sequence[str]
    domains: Sequence[str]
    usernames: Sequence[str]
    kinds: Sequence[str]
    own_ids: set[str] = field(default_factory=set)
    own_seen: set[str] = field(default_factory=set)
    own_stories: set[str] = field(default_factory=set)
    threads: dict[str, None] = field(default_factory=dict)  # stories whose comments are read

    async def pages(self) -> AsyncGenerator[Page, None]:
        """Our own words come first: they tell what is an answer to us."""
        self._raise_for_rest()
        self.own_ids.update(self.query.known_own_ids)
        deferred = Deferred()
        parts = [
            *(self.user(name) for name in self.usernames),
            *(self.link(domain) for domain in self.domains),
            *(self.term(words, stream) for stream, words in self._phrases().items()),
        ]
        if not self._phrases():
            warning = "Hacker News cannot search for regular expressions: set search_terms"
            yield Page(stream="terms", warnings=(warning,))
        try:
            # What the first ones see decides what the last two look at.
            for part in (*parts, self.comments(), self.revisit()):
                async with aclosing(deferred.pages(part)) as pages:
                    async for page in pages:
                        yield page
        except RateLimited as error:
            yield self._resting(error)
            raise
        deferred.settle()

    # --- asking ---------------------------------------------------------------------------------

    async def ask(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """Return the JSON of an answer. The service means "too many requests" by 403 as well."""
        try:
            return await self.client.get_json(f"{self.base_url}{path}", params=params)
        except PermissionMissing as error:
            raise RateLimited(
                "the Hacker News search refuses us for now (HTTP 403)",
                "it does so after too many requests; it is asked again in an hour",
                status=error.status,
                body=error.body,
            ) from error

    async def search(self, window: tuple[int, int | None], **params: Any) -> Hits:
        """
        Return the newest hits of a window of Unix seconds, both ends included.

        Args:
            window: From when, and until when; None without end.
            params: ``query``, ``tags`` and so on.
        """
        lowest, highest = window
        span = [f"created_at_i>={lowest}"]
        if highest is not None:
            span.append(f"created_at_i<={highest}")
        asked = {
            **params,
            "numericFilters": ",".join(span),
            "hitsPerPage": HITS,
            "typoTolerance": False,
            "attributesToHighlight": "",
        }
        return parse(await self.ask("/search_by_date", asked))

    def _raise_for_rest(self) -> None:
        until = moment(self.query.state("limit").extra.get("until"))
        if until is not None and self.query.now < until <= self.query.now + timedelta(days=1):
            raise RateLimited(
                f"the Hacker News search is left alone until {until:%H:%M} UTC",
                "it had too many requests; the next run after that goes on",
                retry_after=(until - self.query.now).total_seconds(),
            )

    def _resting(self, error: RateLimited) -> Page:
        rest = timedelta(seconds=error.retry_after) if error.retry_after else REST
        until = iso(self.query.now + min(max(rest, timedelta(minutes=1)), timedelta(days=1)))
        return Page(stream="limit", state=StreamState(extra={"until": until}))

    # --- walks from the newest hit back to the cursor ---------------------------------------------

    async def term(self, words: str, stream: str) -> AsyncGenerator[Page, None]:
        asked = {"query": words, "tags": f"({','.join(self.kinds)})"}
        async for page in self._walk(stream, asked, searched=True):
            yield page

    async def link(self, domain: str) -> AsyncGenerator[Page, None]:
        """Read stories that link to us; the recent ones again each time, to know their threads."""
        asked = {
            "query": f'"{domain}"',
            "tags": "story",
            "restrictSearchableAttributes": "url",
        }
        async for page in self._walk(f"link:{domain}", asked, searched=True, watch=domain):
            yield page

    async def user(self, name: str) -> AsyncGenerator[Page, None]:
        """Read what we wrote, the recent part again each time: it may be edited and answered."""
        asked = {"tags": f"(story,comment,poll),author_{name}"}
        async for page in self._walk(f"user:{name}", asked, watch=name):
            yield page

    async def _walk(
        self, stream: str, asked: Mapping[str, Any], *, searched: bool = False, watch: str = ""
    ) -> AsyncGenerator[Page, None]:
        state = self.query.state(stream)
        if not state.cursor:  # a first walk may take several runs: all go back equally far
            since = state.extra.get("since") or str(_seconds(self.query.since))
            state = replace(state, extra={"since": since})
        first = state.extra.get("since", "")

        async def ask(resume: str, cursor: str) -> Listed:
            highest = int(resume) if resume.isdecimal() else None
            lowest = _behind(cursor) if cursor else _number(first)
            if watch:
                lowest = min(lowest, _seconds(self.query.now - WATCHED))
            found = await self.search((lowest, highest), **asked)
            if watch:
                self._watch(found, linked="" if stream.startswith("user:") else watch)
            return self._listed(found, highest)

        async with aclosing(
            newest_first(stream, state, ask, pages=PAGES, searched=searched)
        ) as pages:
            async for page in pages:
                yield page

    def _listed(self, found: Hits, highest: int | None) -> Listed:
        newest = "" if found.newest is None else str(min(found.newest, _seconds(self.query.now)))
        stuck = found.oldest is None or found.oldest == highest
        # More hits in one second than a page holds: go below it, or the walk would never end.
        following = str(found.oldest - stuck) if found.oldest is not None else ""
        return Listed(
            items=self._items(found),
            newest=newest,
            following="" if found.complete else following,
            past=found.complete,
            warnings=found.warnings,
        )

    def _items(self, found: Hits) -> tuple[Item, ...]:
        us = self._us()
        items = tuple(item_of_hit(hit, us) for hit in found.hits)
        self.own_seen.update(i.external_id for i in items if isinstance(i, Reply | OwnPost))
        self.own_ids.update(self.own_seen)
        self.own_stories.update(i.external_id for i in items if isinstance(i, OwnPost))
        return items

    def _us(self) -> Us:
        names = frozenset(name.casefold() for name in self.usernames)
        return Us(names=names, ids=self.own_ids, stories=self.own_stories)

    def _watch(self, found: Hits, *, linked: str) -> None:
        """Note the threads whose comments are to be read: those of ours, and about our pages."""
        from mentionwatch.channels._addresses import is_on

        recent = _seconds(self.query.now - WATCHED)
        for hit in found.hits:
            ours = not linked or is_on(str(hit.get("url") or ""), (linked,))
            if ours and hit["created_at_i"] >= recent and (story := story_of(hit)):
                self.threads[story] = None

    def _phrases(self) -> dict[str, str]:
        """Return what is searched, by the name of its stream; regular expressions cannot be."""
        found: dict[str, str] = {}
        for term in (*self.terms, *self.domains):
            if len(term) > 2 and term.startswith("/") and term.endswith("/"):
                continue
            words = " ".join(term.replace('"', " ").split()).lstrip("@#")
            if words:
                found.setdefault(f"term:{words.casefold()}", f'"{words}"')
        return found

    # --- comments under what concerns us ----------------------------------------------------------

    async def comments(self) -> AsyncGenerator[Page, None]:
        """
        Read new comments in the watched threads.

        They may answer us, or be about a page of ours, without naming the brand. How far each
        thread was read is one state for all; threads that are no longer watched leave it.
        """
        state = self.query.state("threads")
        kept = {story: at for story, at in state.extra.items() if story in self.threads}
        # Those that were not looked at for longest: "when it was read, and up to which comment".
        order = sorted(self.threads, key=lambda story: kept.get(story, ""))
        for story in order[:THREADS]:
            read_to = _number(kept.get(story, "").partition(" ")[2])
            lowest = _behind(str(read_to)) if read_to else _seconds(self.query.now - WATCHED)
            async with aclosing(self._comments_of(story, lowest)) as found_hits:
                async for found, done in found_hits:
                    read_to = max(read_to, min(found.newest or 0, _seconds(self.query.now)))
                    if done:
                        kept = {**kept, story: f"{_seconds(self.query.now)} {read_to or lowest}"}
                    yield Page(
                        stream="threads",
                        items=self._items(found),
                        state=StreamState(extra=kept) if done else None,
                        searched=True,
                        warnings=found.warnings,
                    )
        if left := len(order) - THREADS if len(order) > THREADS else 0:
            warning = f"{left} threads about us were not read; the next run goes on with them"
            yield Page(stream="threads", warnings=(warning,))

    async def _comments_of(
        self, story: str, lowest: int
    ) -> AsyncGenerator[tuple[Hits, bool], None]:
        """Yield pages of a story's comments, newest first, and whether each is the last."""
        highest: int | None = None
        for _ in range(PAGES):
            found = await self.search((lowest, highest), tags=f"comment,story_{identity(story)}")
            done = found.complete or found.oldest is None
            yield found, done
            if done or found.oldest is None:
                return
            highest = found.oldest - (found.oldest == highest)

    # --- what waits -------------------------------------------------------------------------------

    async def revisit(self) -> AsyncGenerator[Page, None]:
        """
        Look at each item that waits: edits, deletions, our answers and what came back.

        The oldest due go first in every run, the others take turns.
        """
        state = self.query.state("revisit")
        waiting = [one.external_id for one in self.query.open if one.external_id.isdecimal()]
        threads = {one.external_id: one.thread_id for one in self.query.open}
        order = in_turn(waiting, state.extra.get("item"), ALWAYS)
        broken: UnexpectedPayload | None = None
        for one in order[:REVISITS]:
            try:
                yield await self._looked_at(one, waiting, threads[one])
            except UnexpectedPayload as error:
                broken = broken or error  # one damaged thread must not keep us from the others
        if gone := [one for one in self._own_to_check() if await self._is_gone(one)]:
            deleted = tuple(Deletion(external_id=one) for one in gone)
            yield Page(stream="revisit", items=deleted)
        if len(order) > REVISITS:
            left = len(order) - REVISITS
            yield Page(
                stream="revisit",
                state=StreamState(extra={"item": order[REVISITS - 1]}),
                warnings=(f"{left} waiting items were not looked at again; the next run does",),
            )
        elif state.extra:
            yield Page(stream="revisit", state=StreamState())
        if broken is not None:
            raise broken

    def _own_to_check(self) -> list[str]:
        """Return answers of ours that this run should have seen, and has not."""
        known = [one for one in self.query.known_own_ids if one.isdecimal()]
        return [one for one in known if one not in self.own_seen][:OWN_CHECKS]

    async def _is_gone(self, one: str) -> bool:
        try:
            payload = await self.ask(f"/items/{one}")
        except NotFound:
            return True
        with reading("the Hacker News item"):
            identity(payload["id"])
            return not payload.get("author")

    async def _looked_at(self, one: str, waiting: Sequence[str], thread: str) -> Page:
        try:
            payload = await self.ask(f"/items/{one}")
        except NotFound:
            return Page(stream="revisit", items=(Deletion(external_id=one),), checked=(one,))
        items = items_of_tree(payload, self._us(), waiting, thread)
        self.own_seen.update(i.external_id for i in items if isinstance(i, Reply | OwnPost))
        return Page(stream="revisit", items=items, checked=(one,))


def _behind(cursor: str) -> int:
    return _number(cursor) - int(LATE.total_seconds())


def _number(value: str) -> int:
    return int(value) if value.isdecimal() and len(value) < 16 else 0


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
