"""One run over a Lemmy instance: what is asked, in which order."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from mentionwatch.channels import OpenItem, Query, reading
from mentionwatch.channels._lemmy_api import Api
from mentionwatch.channels._lemmy_items import Home, local_id, read_view, single, views, written
from mentionwatch.channels._values import each, rows
from mentionwatch.channels._walk import Listed, floor, in_turn, newest_first, position
from mentionwatch.errors import ChannelError, NotFound, RequestRefused, UnexpectedPayload
from mentionwatch.model.items import Deletion, Item, Mention, OwnPost, Page, Reply, StreamState

PAGES = 10
LATE = timedelta(hours=12)  # what other instances send keeps the time at which it was written
THREADS = 25
ALWAYS = 10
OWN_CHECKS = 10
DEPTH = 8


@dataclass(kw_only=True, slots=True)
class Run:
    """``names``: our user names there, or "name@host". ``communities``: all of them is to us."""

    api: Api
    query: Query
    home: Home
    phrases: Sequence[str]
    names: Sequence[str]
    communities: Sequence[str]
    ours: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)

    def parts(self) -> list[AsyncGenerator[Page, None]]:
        self.ours.update(one for one in self.query.known_own_ids if self.home.local(one))
        found = [self.own(name) for name in self.names]
        if self.api.logs_in:
            found += [self.to_us("mention"), self.to_us("reply")]
        for name in self.communities:
            found += [self.community(name, "post"), self.community(name, "comment")]
        found += [self.search(phrase) for phrase in self.phrases]
        return [*found, self.revisit(), self.own_checks()]

    # --- listings, newest first ---------------------------------------------------------------

    def own(self, name: str) -> AsyncGenerator[Page, None]:
        older = {"username": name, "sort": "New"}
        newer = {"username": name, "type_": "all"}
        return self._walk(f"user:{name.casefold()}", ("/user", "/person/content"), older, newer)

    def to_us(self, kind: str) -> AsyncGenerator[Page, None]:
        paths = ("/user/mention" if kind == "mention" else "/user/replies", NOTIFICATIONS)
        older = {"sort": "New", "unread_only": False}
        newer = {"type_": kind, "unread_only": False}
        return self._walk(kind, paths, older, newer, to_us=True)

    def community(self, name: str, kind: str) -> AsyncGenerator[Page, None]:
        path = f"/{kind}/list"
        older = {"community_name": name, "sort": "New", "type_": "All"}
        newer = {"community_name": name, "sort": "new", "type_": "all"}
        return self._walk(f"community:{name} {kind}", (path, path), older, newer, to_us=True)

    def search(self, phrase: str) -> AsyncGenerator[Page, None]:
        older = {"q": phrase, "type_": "All", "sort": "New", "listing_type": "All"}
        newer = {"search_term": phrase, "type_": "all", "listing_type": "all"}
        stream = f"search:{phrase.casefold()}"
        return self._walk(stream, ("/search", "/search"), older, newer, searched=True)

    async def _walk(
        self,
        stream: str,
        paths: tuple[str, str],
        older: Mapping[str, Any],
        newer: Mapping[str, Any],
        *,
        to_us: bool = False,
        searched: bool = False,
    ) -> AsyncGenerator[Page, None]:
        state = self.query.state(stream)
        left = {state.resume}  # of an earlier run: the instance may know it no more

        async def ask(resume: str, cursor: str) -> Listed:
            asked = newer if self.api.newer else older
            try:
                payload, following = await self.api.listing(*paths, asked, resume)
            except RequestRefused:
                if not resume or resume not in left:
                    raise
                payload, following = await self.api.listing(*paths, asked, "")
            left.clear()
            return self._listed(payload, following, cursor, to_us=to_us)

        async for page in newest_first(stream, state, ask, pages=PAGES, searched=searched):
            yield page

    def _listed(self, payload: Any, following: str, cursor: str, *, to_us: bool) -> Listed:
        with reading("the list of the Lemmy instance"):
            if not isinstance(payload, dict):
                raise TypeError("the answer is no object")
            things = views(payload)
            if not any(isinstance(value, list) for value in payload.values()):
                raise KeyError("posts")
        lowest = floor(cursor, self.query.since, LATE)
        # A page of a search holds two lists, each in its order.
        kinds = [[t for t in things if ("comment" in t) == which] for which in (True, False)]
        ends = [min(times) for kind in kinds if (times := [at for t in kind if (at := written(t))])]
        everything = [at for thing in things if (at := written(thing))]
        fresh = [t for t in things if (written(t) or self.query.now) >= lowest]
        items, warnings = self._read(fresh, to_us=to_us)
        return Listed(
            items=items,
            newest=position(everything, self.query.now),
            following=following if things else "",
            past=bool(ends) and max(ends) < lowest,
            warnings=warnings,
        )

    def _read(
        self, things: Sequence[dict[str, Any]], *, to_us: bool = False
    ) -> tuple[tuple[Item, ...], tuple[str, ...]]:
        items: tuple[Item, ...]
        items, warnings = each(
            "posts and comments",
            things,
            lambda one: read_view(one, self.home, to_us=to_us, ours=self.ours),
        )
        for item in items:
            self.seen.add(item.external_id)
            if isinstance(item, Reply | OwnPost):
                self.ours.add(item.external_id)
        return items, warnings

    # --- what waits ---------------------------------------------------------------------------

    async def revisit(self) -> AsyncGenerator[Page, None]:
        """Look at the posts under which somebody waits: edits, deletions, our comments."""
        state = self.query.state("revisit")
        waiting: dict[str, list[OpenItem]] = {}
        for one in self.query.open:
            if self.home.local(one.external_id):
                waiting.setdefault(one.thread_id or one.external_id, []).append(one)
        order = in_turn(list(waiting), state.extra.get("thread"), ALWAYS)
        broken: ChannelError | None = None
        for thread in order[:THREADS]:
            try:
                yield await self._thread(self.home.local(thread), waiting[thread])
            except (UnexpectedPayload, RequestRefused) as error:
                broken = broken or error  # one thread must not keep us from the others
        left = len(order) - THREADS
        if left > 0 or state.extra:
            extra = {"thread": order[THREADS - 1]} if left > 0 else {}
            told = (f"{left} threads were not looked at again; the next run does",)
            yield Page(stream="revisit", state=StreamState(extra=extra), warnings=told * (left > 0))
        if broken is not None:
            raise broken

    async def _thread(self, post: str, waiting: Sequence[OpenItem]) -> Page:
        wanted = {self.home.local(one.external_id) for one in waiting}
        things: dict[str, dict[str, Any]] = {}
        if post.startswith("p"):
            for one in await self._comments(post):
                things[local_id(one)] = one
        gone: list[Item] = []
        for local in sorted(wanted - set(things)):
            view = await self._one(local)
            if view is None:
                gone.append(Deletion(external_id=self.home.external(local)))
            else:
                things[local] = view
        items, warnings = self._read(list(things.values()))
        external = {self.home.external(local) for local in wanted}
        shown = [
            item
            for item in items
            if item.external_id in external
            or isinstance(item, Reply | OwnPost)
            or (isinstance(item, Mention) and item.parent_id in self.ours)
        ]
        return Page(
            stream="revisit",
            items=(*shown, *gone),
            checked=tuple(one.external_id for one in waiting),
            warnings=warnings,
        )

    async def _comments(self, post: str) -> list[dict[str, Any]]:
        sort, kind = ("new", "all") if self.api.newer else ("New", "All")
        params = {"post_id": post[1:], "sort": sort, "type_": kind, "max_depth": DEPTH}
        try:
            payload, _ = await self.api.listing("/comment/list", "/comment/list", params, "")
        except NotFound:
            return []
        with reading("the comments of the Lemmy instance"):
            found = [one for one in views(payload) if "comment" in one]
            for one in found:
                local_id(one)
        return rows(found)

    async def _one(self, local: str) -> dict[str, Any] | None:
        try:
            payload = await self.api.one(local)
        except NotFound:
            return None
        with reading("the post of the Lemmy instance"):
            found = single(payload)
            local_id(found)
        return found

    async def own_checks(self) -> AsyncGenerator[Page, None]:
        """Look whether comments of ours are still there that nothing has shown in this run."""
        state = self.query.state("own")
        known = [one for one in self.query.known_own_ids if self.home.local(one)]
        unseen = [one for one in known if one not in self.seen]
        order = in_turn(unseen, state.extra.get("last"), 0)[:OWN_CHECKS]
        items: list[Item] = []
        for one in order:
            view = await self._one(self.home.local(one))
            items += self._read([view])[0] if view else [Deletion(external_id=one)]
        if order:
            extra = {"last": order[-1]} if len(unseen) > OWN_CHECKS else {}
            yield Page(stream="own", items=tuple(items), state=StreamState(extra=extra))


NOTIFICATIONS = "/account/notification/list"
