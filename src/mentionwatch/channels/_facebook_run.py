"""
One run over a Page: posts, the comments of those that changed, what waits, the inbox, reviews.

API: https://developers.facebook.com/docs/graph-api/reference/page/feed
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from mentionwatch.channels import OpenItem, Query, reading
from mentionwatch.channels._facebook_items import (
    COMMENT,
    COUNTED,
    RATING,
    TAGGED,
    Comments,
    Post,
    Us,
    read_post,
    read_rating,
    tail,
)
from mentionwatch.channels._graph import Edge, Graph, code_of, read_edge
from mentionwatch.channels._graph_inbox import Inbox
from mentionwatch.channels._graph_run import (
    Looked,
    Memory,
    by_thread,
    look_again,
    own_gone,
    relevant,
)
from mentionwatch.channels._values import each
from mentionwatch.channels._walk import Listed, floor, newest_first, position
from mentionwatch.errors import AnswerRefused, NotFound, PermissionMissing, RequestRefused
from mentionwatch.model.items import Item, Mention, Page

POST_PAGES = 40
POSTS = 25  # per page; more at once are refused as too much data
COMMENT_PAGES = 50
COMMENTS = 100
OVERLAP = timedelta(minutes=10)
WITHHELD = (
    "Facebook counts comments but shows none of them: the permission pages_read_user_content is "
    "missing, or the token is not the Page's own"
)
NAMELESS = (
    "Facebook withholds who wrote some comments; each of them counts as an author of its own. "
    "Check that the token is the Page's and has pages_read_user_content"
)
REVIEWS_ENDED = "Facebook no longer offers reviews by its API: set read_ratings = false"


@dataclass(kw_only=True, slots=True)
class Run:
    """
    One run. ``since``: how far back posts are looked at. ``posts``: those that were listed.
    ``read``: threads whose comments were all read now, with their ids.
    """

    graph: Graph
    query: Query
    us: Us
    since: datetime
    inbox: Inbox | None = None
    ratings: Graph | None = None
    posts: dict[str, Post] = field(default_factory=dict)
    read: dict[str, set[str]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def parts(self) -> list[AsyncGenerator[Page, None]]:
        parts = [self.feed(), self.visitors(), self.tagged(), self.comments()]
        if self.ratings is not None:
            parts.append(self.reviews(self.ratings))
        if self.inbox is not None:
            parts.append(self.inbox.pages())
        return [*parts, self.revisit(), self.own()]

    # --- posts ---------------------------------------------------------------------------------

    async def feed(self) -> AsyncGenerator[Page, None]:
        """List every post of the look-back: comments arrive under old ones too."""
        path = f"/{self.us.page_id}/feed"
        asked = {"fields": COUNTED, "limit": POSTS, "since": int(self.since.timestamp())}
        pages = self.graph.edge(path, asked, pages=POST_PAGES)
        number = 0
        async for found in pages:
            number += 1
            posts, warnings = self._posts(found)
            if number == POST_PAGES and found.following:
                warnings += (
                    "the Page has more posts than one run may read: lower posts_lookback_days",
                )
            yield Page(stream="feed", items=tuple(p.item for p in posts), warnings=warnings)
            times = [post.at for post in posts if post.at is not None]
            if times and max(times) < self.since:
                return

    async def visitors(self) -> AsyncGenerator[Page, None]:
        async for page in self._newest("visitor_posts", COUNTED):
            yield page

    async def tagged(self) -> AsyncGenerator[Page, None]:
        async for page in self._newest("tagged", TAGGED, counted=False):
            yield page

    async def _newest(
        self, edge: str, fields: str, *, counted: bool = True
    ) -> AsyncGenerator[Page, None]:
        """List what others posted, back to what is known."""

        async def ask(resume: str, cursor: str) -> Listed:
            path, asked = f"/{self.us.page_id}/{edge}", {"fields": fields, "limit": POSTS}
            payload = await self.graph.get(path, {**asked, **dict(parse_qsl(resume))})
            found = read_edge(payload)
            posts, warnings = self._posts(found, counted=counted)
            times = [post.at for post in posts if post.at is not None]
            return Listed(
                items=tuple(post.item for post in posts),
                newest=position(times, self.query.now),
                following=urlencode(found.following),
                past=bool(times) and min(times) < floor(cursor, self.since, OVERLAP),
                warnings=warnings,
            )

        state = self.query.state(edge)
        async for page in newest_first(edge, state, ask, pages=POST_PAGES):
            yield page

    def _posts(self, found: Edge, *, counted: bool = True) -> tuple[list[Post], tuple[str, ...]]:
        """Return the posts of a page that this run has not seen; lists overlap."""
        posts, warnings = each("posts", found.data, lambda thing: read_post(thing, self.us))
        new = []
        for post in posts:
            if post.id in self.posts:
                continue
            new.append(post)
            self.seen.add(post.id)
            if counted:
                self.posts[post.id] = post
        return new, warnings

    # --- comments ------------------------------------------------------------------------------

    async def comments(self) -> AsyncGenerator[Page, None]:
        """Read the comments of each post whose counts changed, the newest post first."""
        memory = Memory.of(self.query, "comments")
        for post in self.posts.values():
            if post.total == 0 or memory.unchanged(post.id, post.signature):
                continue
            try:
                async for items, warnings, last in self.thread(post.id, post.total or 0):
                    state = memory.was_read(post.id, post.signature) if last else None
                    yield Page(stream="comments", items=items, state=state, warnings=warnings)
            except NotFound:
                continue  # deleted since it was listed
            except (PermissionMissing, RequestRefused):
                if self._is_own_ground(post.id):
                    raise
                # A post elsewhere that names us: its comments may be closed to us.
        left = memory.forget_others(self.posts) if self.posts else None
        if left is not None:
            yield Page(stream="comments", state=left)

    def _is_own_ground(self, post: str) -> bool:
        return post.startswith(f"{self.us.page_id}_")

    async def thread(
        self, post: str, expected: int = 0
    ) -> AsyncGenerator[tuple[tuple[Item, ...], tuple[str, ...], bool], None]:
        """
        Read all comments of a post, the oldest first; yields (items, warnings, is the last page).

        Of more comments than one run may read it is the newest that matter.
        """
        comments = Comments(post=post, us=self.us)
        backwards = expected > COMMENT_PAGES * COMMENTS
        asked = {
            "fields": COMMENT,
            "filter": "stream",
            "order": "reverse_chronological" if backwards else "chronological",
            "summary": "true",
            "limit": COMMENTS,
        }
        ids: set[str] = set()
        total = 0
        left = COMMENT_PAGES
        async for found in self.graph.edge(f"/{post}/comments", asked, pages=COMMENT_PAGES):
            left -= 1
            total = found.total if found.total is not None else total
            data = list(reversed(found.data)) if backwards else found.data
            items: tuple[Item, ...]
            items, warnings = each("comments", data, comments.read)
            if backwards:
                comments = Comments(post=post, us=self.us, nameless=comments.nameless)
            ids.update(item.external_id for item in items)
            self.seen.update(ids)
            last = not found.following or not left
            if last and total and not ids:
                warnings += self.graph.once(WITHHELD)
            if last and found.following:
                warnings += (f"the post {post} has more comments than one run may read",)
            if comments.nameless:
                warnings += self.graph.once(NAMELESS)
            if not found.following and len(ids) >= total:  # nothing was withheld
                self.read[post] = ids
            yield items, warnings, last

    # --- what waits ----------------------------------------------------------------------------

    def revisit(self) -> AsyncGenerator[Page, None]:
        return look_again(self.graph, self.query, by_thread(self.query.open), self._look)

    async def _look(self, thread: str, waiting: Sequence[OpenItem]) -> Looked:
        if thread.startswith("t_"):
            return await self.inbox.look(thread, waiting) if self.inbox else Looked(checked=False)
        if thread.startswith("review:"):  # without a post of its own nothing can be asked
            return Looked(checked=False)
        items: list[Item] = []
        warnings: list[str] = []
        wanted = {one.external_id for one in waiting}
        if thread in wanted and thread not in self.posts:
            post = await self._post(thread)
            if post is None:
                return self._all_gone(wanted)
            items.append(post)
        try:
            if thread not in self.read:
                async for some, said, _ in self._open_thread(thread):
                    items += some
                    warnings += said
        except NotFound:
            return self._all_gone(wanted)
        missing = sorted(wanted - {thread} - self.read.get(thread, wanted))
        gone = [one for one in missing if not await self._is_there(one)]
        return Looked(
            items=relevant(items, wanted, self.since), gone=tuple(gone), warnings=tuple(warnings)
        )

    def _all_gone(self, wanted: set[str]) -> Looked:
        """Believe it only where other posts are shown: a lost permission looks the same."""
        trusted = bool(self.posts)
        return Looked(gone=tuple(sorted(wanted)) if trusted else (), checked=trusted)

    async def _open_thread(
        self, thread: str
    ) -> AsyncGenerator[tuple[tuple[Item, ...], tuple[str, ...], bool], None]:
        try:
            async for some in self.thread(thread):
                yield some
        except (PermissionMissing, RequestRefused):
            if self._is_own_ground(thread):
                raise  # elsewhere comments may be closed to us, which is no fault

    async def _post(self, post: str) -> Item | None:
        try:
            payload = await self.graph.get(f"/{post}", {"fields": COUNTED})
        except NotFound:
            return None
        except AnswerRefused as error:
            if code_of(error)[0] != 100:
                raise
            payload = await self.graph.get(f"/{post}", {"fields": TAGGED})
        with reading("the post"):
            return read_post(payload, self.us).item

    async def _is_there(self, identifier: str) -> bool:
        try:
            await self.graph.get(f"/{identifier}", {"fields": "id"})
        except NotFound:
            return False
        return True

    async def own(self) -> AsyncGenerator[Page, None]:
        """See which replies of ours are gone; a thread that was read completely tells at once."""

        async def is_there(identifier: str) -> bool:
            place = identifier.partition("_")[0]
            for thread, ids in self.read.items():
                if tail(thread) == place:
                    return identifier in ids
            if not self.posts or identifier.startswith("m_"):  # nothing proves what we may see
                return True
            return await self._is_there(identifier)

        async for page in own_gone(self.graph, self.query, self.seen, is_there):
            yield page

    # --- recommendations -----------------------------------------------------------------------

    async def reviews(self, graph: Graph) -> AsyncGenerator[Page, None]:
        """Read recommendations, by an old version of the API: the newer ones have none."""

        async def ask(resume: str, cursor: str) -> Listed:
            asked: dict[str, Any] = {"fields": RATING, "limit": POSTS, "after": resume or None}
            try:
                payload = await graph.get(f"/{self.us.page_id}/ratings", asked)
            except RequestRefused as error:
                if code_of(error)[0] != 12:
                    raise
                return Listed(warnings=(REVIEWS_ENDED,))
            found = read_edge(payload)
            items: tuple[Mention, ...]
            items, warnings = each("recommendations", found.data, read_rating)
            times = [item.published for item in items if item.published is not None]
            return Listed(
                items=items,
                newest=position(times, self.query.now),
                following=found.following.get("after", ""),
                past=bool(times) and min(times) < floor(cursor, self.query.since, OVERLAP),
                warnings=warnings,
            )

        state = self.query.state("ratings")
        async for page in newest_first("ratings", state, ask, pages=POST_PAGES):
            yield page
