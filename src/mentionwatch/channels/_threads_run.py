"""
One run over a Threads account: own posts, their conversations, own replies, mentions, search.

API: https://developers.facebook.com/docs/threads
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from mentionwatch.channels import OpenItem, Query, reading
from mentionwatch.channels._graph import Graph, read_edge, unknown_field
from mentionwatch.channels._graph_run import Looked, by_thread, look_again, own_gone
from mentionwatch.channels._threads_items import POST, REPLY, Post, read_post
from mentionwatch.channels._values import each, moment
from mentionwatch.channels._walk import Listed, floor, in_turn, newest_first, position
from mentionwatch.errors import BudgetSpent, NotFound, RequestRefused
from mentionwatch.model.items import Page, StreamState
from mentionwatch.model.times import iso

PAGES = 40
SEARCH_PAGES = 5
PER_PAGE = 50
CONVERSATIONS = 60  # read in one run; the newest posts always, the others in turn
ALWAYS = 20
OVERLAP = timedelta(minutes=10)
EARLIEST = 1688540400  # the platform refuses an earlier ``since``
QUERIES = 2000  # in 24 hours; the platform allows 2,200
DAY = timedelta(hours=24)
NO_MENTIONS = (
    "Threads shows no mentions: without App Review for threads_manage_mentions only those by "
    "testers of your app are shown"
)
NOTHING_FOUND = (
    "the search of Threads finds nothing: without App Review for threads_keyword_search it looks "
    "at your own posts only"
)


@dataclass(kw_only=True, slots=True)
class Run:
    """
    One run. ``account``: our id. ``since``: how far back own posts are looked at. ``posts``: those
    that were listed.
    ``dropped``: fields that an edge has refused.
    """

    graph: Graph
    query: Query
    account: str
    own: frozenset[str]
    since: datetime
    mentions: bool = False
    keywords: tuple[str, ...] = ()
    posts: dict[str, Post] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    dropped: set[str] = field(default_factory=set)
    found_anything: bool = False

    def parts(self) -> list[AsyncGenerator[Page, None]]:
        parts = [self.listing(), self.conversations(), self.replies()]
        if self.mentions:
            parts.append(self.mentioned())
        parts += [self.revisit(), self.own_replies()]
        return [*parts, self.search()] if self.keywords else parts

    async def ask(self, path: str, fields: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Ask with the fields that the edge has; one that it does not know is left out for good."""
        while True:
            wanted = [name for name in fields.split(",") if name not in self.dropped]
            try:
                return await self.graph.get(path, {"fields": ",".join(wanted), **params})
            except RequestRefused as error:
                name = unknown_field(error)
                if name not in wanted or name == "id":
                    raise
                self.dropped.add(name)

    def _read(
        self, data: Sequence[Any], *, thread: str = "", addressed: bool = True
    ) -> tuple[list[Post], tuple[str, ...]]:
        def one(thing: Any) -> Post:
            return read_post(thing, self.own, addressed=addressed, thread=thread)

        posts, warnings = each("posts", data, one)
        self.seen.update(post.id for post in posts)
        return [post for post in posts if post.item is not None], warnings

    # --- own posts and what is under them ------------------------------------------------------

    async def listing(self) -> AsyncGenerator[Page, None]:
        """List own posts of the look-back: answers come to old ones too."""
        place: Mapping[str, str] = {}
        asked = {"limit": PER_PAGE, "since": int(self.since.timestamp())}
        for left in reversed(range(PAGES)):
            found = read_edge(
                await self.ask("/me/threads", POST, {**asked, **place}), by_cursor=True
            )
            posts, warnings = self._read(found.data)
            self.posts.update((post.id, post) for post in posts)
            times = [post.at for post in posts if post.at is not None]
            over = not found.following or found.following == place
            over = over or (bool(times) and min(times) < self.since)
            if not left and not over:
                warnings += (
                    "there are more posts than one run may read: lower posts_lookback_days",
                )
            yield Page(stream="posts", items=_items(posts), warnings=warnings)
            if over:
                return
            place = found.following

    async def conversations(self) -> AsyncGenerator[Page, None]:
        """Read what is new under each own post."""
        state = self.query.state("conversations")
        known = dict(state.extra)
        last = known.pop("last", "")
        listed = [post for post in self.posts.values() if post.has_replies]
        order = in_turn([post.id for post in listed], last, ALWAYS)
        if self.graph.tight:
            order = order[:ALWAYS]
        for identifier in order[:CONVERSATIONS]:
            newest = known.get(identifier, "") or iso(self.since)
            async for page, at in self._conversation(identifier, known.get(identifier, "")):
                newest = at or newest
                yield page
            known[identifier] = newest
            kept = {one: at for one, at in known.items() if one in self.posts}
            if len(order) < len(listed) or len(order) > CONVERSATIONS:
                kept["last"] = identifier
            yield Page(stream="conversations", state=StreamState(extra=kept))
        if len(listed) > min(len(order), CONVERSATIONS):
            left = len(listed) - min(len(order), CONVERSATIONS)
            warning = f"{left} of {len(listed)} own posts were not looked at; they come in turn"
            yield Page(stream="conversations", warnings=(warning,))

    async def _conversation(self, root: str, known: str) -> AsyncGenerator[tuple[Page, str], None]:
        """
        Read a flat conversation from its newest answer to the last one known, and a page more.

        Yields each page with the time of the newest answer so far.
        """
        place: Mapping[str, str] = {}
        newest: list[datetime] = []
        lowest, further = moment(known), 1
        for left in reversed(range(PAGES)):
            asked = {"reverse": "true", **place}
            try:
                payload = await self.ask(f"/{root}/conversation", REPLY, asked)
            except NotFound:
                return  # deleted since it was listed
            found = read_edge(payload, by_cursor=True)
            posts, warnings = self._read(found.data, thread=root)
            times = [post.at for post in posts if post.at is not None]
            newest = [max([*newest, *times])] if times else newest
            if not left:
                warnings += (f"the post {root} has more answers than one run may read",)
            page = Page(stream="conversations", items=_items(posts), warnings=warnings)
            yield page, position(newest, self.query.now)
            if lowest is not None and times and min(times) <= lowest:
                further -= 1
            if further < 0 or not found.following or found.following == place:
                return
            place = found.following

    # --- elsewhere -----------------------------------------------------------------------------

    async def replies(self) -> AsyncGenerator[Page, None]:
        """Read our own replies, wherever they stand."""
        async for page in self._newest("replies", "/me/replies", {}):
            yield page

    async def mentioned(self) -> AsyncGenerator[Page, None]:
        path = f"/{self.account}/mentions"
        async for page in self._newest("mentions", path, {}, empty=NO_MENTIONS):
            yield page

    async def _newest(
        self,
        stream: str,
        path: str,
        params: Mapping[str, Any],
        *,
        pages: int = PAGES,
        searched: bool = False,
        empty: str = "",
        before: Callable[[], None] = lambda: None,
    ) -> AsyncGenerator[Page, None]:
        """Read a list back to its cursor, which is a time."""
        state = self.query.state(stream)

        async def ask(resume: str, cursor: str) -> Listed:
            before()
            lowest = floor(cursor, self.query.since, OVERLAP)
            since = max(EARLIEST, int(lowest.timestamp()))
            asked = {**params, "limit": PER_PAGE, "since": since, "after": resume or None}
            found = read_edge(await self.ask(path, REPLY, asked), by_cursor=True)
            posts, warnings = self._read(found.data, addressed=not searched)
            if not found.data and not resume and not cursor and empty:
                warnings += self.graph.once(empty)
            times = [post.at for post in posts if post.at is not None]
            following = found.following.get("after", "")
            return Listed(
                items=_items(posts),
                newest=position(times, self.query.now),
                following="" if following == resume else following,
                past=bool(times) and min(times) < lowest,
                warnings=warnings,
            )

        async for page in newest_first(stream, state, ask, pages=pages, searched=searched):
            yield page

    async def search(self) -> AsyncGenerator[Page, None]:
        """
        Search for each keyword, within what the platform allows in a day.

        Raises:
            BudgetSpent: That is used up; the rest comes later.
        """
        extra = self.query.state("budget").extra
        began = moment(extra.get("began"))
        asked = int(extra.get("queries", "0")) if extra.get("queries", "0").isdecimal() else 0
        if began is None or not timedelta() <= self.query.now - began < DAY:
            began, asked = self.query.now, 0

        def count() -> None:
            nonlocal asked
            if asked >= QUERIES:
                raise BudgetSpent(
                    f"the {QUERIES} searches that Threads allows in a day are used up",
                    "run less often, or search for fewer keywords",
                )
            asked += 1

        for word in self.keywords:
            tag = word.startswith("#")
            params = {
                "q": word.lstrip("#"),
                "search_type": "RECENT",
                "search_mode": "TAG" if tag else "KEYWORD",
            }
            stream = f"search:{word.casefold()}"
            pages = self._newest(
                stream,
                "/keyword_search",
                params,
                pages=SEARCH_PAGES,
                searched=True,
                empty=NOTHING_FOUND,
                before=count,
            )
            async for page in pages:
                yield page
                spent = {"began": iso(began), "queries": str(asked)}
                yield Page(stream="budget", state=StreamState(extra=spent))

    # --- what waits ----------------------------------------------------------------------------

    def revisit(self) -> AsyncGenerator[Page, None]:
        return look_again(self.graph, self.query, by_thread(self.query.open), self._look)

    async def _look(self, thread: str, waiting: Sequence[OpenItem]) -> Looked:
        """Look at each that waits for itself: answers to it come with the conversations."""
        items: list[Post] = []
        gone = []
        for one in waiting:
            payload = await self._one(one.external_id)
            if payload is None:
                gone.append(one.external_id)
                continue
            with reading("the post"):
                items.append(read_post(payload, self.own, thread=_above(one, thread)))
        if gone and not self.posts:  # a lost permission looks the same
            return Looked(items=_items(items), checked=False)
        warnings: tuple[str, ...] = ()
        more: list[Post] = []
        if thread not in self.posts:
            more, warnings = await self._old_conversation(thread)
        return Looked(items=(*_items(items), *_items(more)), gone=tuple(gone), warnings=warnings)

    async def _old_conversation(self, thread: str) -> tuple[list[Post], tuple[str, ...]]:
        """Read what is newest under a post that is too old to be listed."""
        try:
            payload = await self.ask(f"/{thread}/conversation", REPLY, {"reverse": "true"})
        except (NotFound, RequestRefused):
            return [], ()  # it is not ours, so its conversation is not for us to read
        return self._read(read_edge(payload).data, thread=thread)

    async def _one(self, identifier: str) -> dict[str, Any] | None:
        try:
            return await self.ask(f"/{identifier}", REPLY, {})
        except NotFound:
            return None

    async def own_replies(self) -> AsyncGenerator[Page, None]:
        async def is_there(identifier: str) -> bool:
            return not self.posts or await self._one(identifier) is not None

        async for page in own_gone(self.graph, self.query, self.seen, is_there):
            yield page


def _above(one: OpenItem, thread: str) -> str:
    return "" if one.external_id == thread else thread


def _items(posts: Sequence[Post]) -> tuple[Any, ...]:
    return tuple(post.item for post in posts if post.item is not None)
