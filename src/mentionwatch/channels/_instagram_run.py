"""
One run over an Instagram account: media, the comments of those that changed, tags, messages.

API: https://developers.facebook.com/docs/instagram-platform

Comments have no filter by time, and an answer to an old comment does not move it up: so all
comments of a medium are read when their number changed.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from mentionwatch.channels import OpenItem, Query, reading
from mentionwatch.channels._graph import Graph, read_edge
from mentionwatch.channels._graph_inbox import Inbox
from mentionwatch.channels._graph_run import (
    Looked,
    Memory,
    by_thread,
    look_again,
    own_gone,
    relevant,
)
from mentionwatch.channels._instagram_items import (
    COMMENT,
    MEDIA,
    REPLIES,
    REPLY,
    TAGGED,
    Comments,
    Media,
    Us,
    read_media,
)
from mentionwatch.channels._values import each, moment, table, text
from mentionwatch.channels._walk import Listed, floor, newest_first, position
from mentionwatch.errors import NotFound, PermissionMissing, RequestRefused
from mentionwatch.model.items import Item, Page, StreamState
from mentionwatch.model.times import iso

MEDIA_PAGES = 40
COMMENT_PAGES = 60
REPLY_PAGES = 20
PER_PAGE = 50
OVERLAP = timedelta(minutes=10)
ASK_AGAIN = timedelta(days=30)


@dataclass(kw_only=True, slots=True)
class Run:
    """
    One run. ``since``: how far back media are looked at. ``scope``: needed to see comments.
    ``read``: media whose comments were all read now, with their ids.
    """

    graph: Graph
    query: Query
    us: Us
    since: datetime
    scope: str
    tags: bool = False
    tags_expected: bool = True
    inbox: Inbox | None = None
    media: dict[str, Media] = field(default_factory=dict)
    read: dict[str, set[str]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def parts(self) -> list[AsyncGenerator[Page, None]]:
        parts = [self.listing(), self.comments()]
        if self.tags:
            parts.append(self.tagged())
        if self.inbox is not None:
            parts.append(self.inbox.pages())
        return [*parts, self.revisit(), self.own()]

    # --- media ---------------------------------------------------------------------------------

    async def listing(self) -> AsyncGenerator[Page, None]:
        """List our media of the look-back: their counts tell where there is something new."""
        asked = {"fields": MEDIA, "limit": PER_PAGE, "since": int(self.since.timestamp())}
        path = f"/{self.us.account_id}/media"
        left = MEDIA_PAGES
        async for found in self.graph.edge(path, asked, pages=MEDIA_PAGES):
            left -= 1
            media, warnings = each("media", found.data, lambda thing: read_media(thing, self.us))
            within = [one for one in media if one.at is None or one.at >= self.since]
            self.media.update((one.id, one) for one in within)
            if found.following and not left:
                warnings += (
                    "there are more media than one run may read: lower media_lookback_days",
                )
            yield Page(stream="media", items=tuple(one.item for one in within), warnings=warnings)
            if len(within) < len(media):
                return

    async def comments(self) -> AsyncGenerator[Page, None]:
        """Read the comments of each medium whose count changed."""
        memory = Memory.of(self.query, "comments")
        for one in self.media.values():
            signature = "?" if one.comments is None else str(one.comments)
            if not one.comments and one.comments is not None and one.id not in memory.kept:
                continue
            if memory.unchanged(one.id, signature):
                continue
            try:
                async for items, warnings, last in self.thread(one.id, one.comments or 0, one.url):
                    state = memory.was_read(one.id, signature) if last else None
                    yield Page(stream="comments", items=items, state=state, warnings=warnings)
            except NotFound:
                continue  # deleted since it was listed
        left = memory.forget_others(self.media) if self.media else None
        if left is not None:
            yield Page(stream="comments", state=left)

    async def thread(
        self, media: str, expected: int, url: str
    ) -> AsyncGenerator[tuple[tuple[Item, ...], tuple[str, ...], bool], None]:
        """Read all comments of a medium; yields (items, warnings, is the last page)."""
        comments = Comments(media=media, us=self.us, url=url)
        asked = {"fields": COMMENT, "limit": PER_PAGE}
        ids: set[str] = set()
        left = COMMENT_PAGES
        async for found in self.graph.edge(f"/{media}/comments", asked, pages=COMMENT_PAGES):
            left -= 1
            whole = [await self._whole(thing) for thing in found.data]
            groups, warnings = each("comments", whole, comments.read)
            items = tuple(item for group in groups for item in group)
            ids.update(item.external_id for item in items)
            self.seen.update(ids)
            last = not found.following or not left
            warnings += self._doubts(comments, expected, ids, last=last)
            if last and found.following:
                warnings += (f"{url or media} has more comments than one run may read",)
            elif last and (ids or not expected):
                self.read[media] = ids
            yield items, warnings, last

    def _doubts(
        self, comments: Comments, expected: int, ids: set[str], *, last: bool
    ) -> tuple[str, ...]:
        if last and expected and not ids:
            return self.graph.once(
                "Instagram counts comments but shows none of them: the permission "
                f"{self.scope} is missing, or all of them are by restricted accounts"
            )
        if comments.nameless:
            return self.graph.once(
                "Instagram withholds who wrote some comments; the permission "
                f"{self.scope} may be missing"
            )
        return ()

    async def _whole(self, thing: Any) -> Any:
        """Return a top comment with all answers to it, also those on further pages."""
        replies = table(table(thing).get("replies"))
        known = text(table(thing).get("id"))
        if not known or not isinstance(replies.get("data"), list):
            return thing
        first = read_edge(replies)
        if not first.following:
            return thing
        data = list(first.data)
        edge = self.graph.edge(
            f"/{known}/replies",
            {"fields": REPLY, "limit": REPLIES},
            pages=REPLY_PAGES,
            start=first.following,
        )
        async for more in edge:
            data += more.data
        return {**thing, "replies": {"data": data}}

    # --- tags ----------------------------------------------------------------------------------

    async def tagged(self) -> AsyncGenerator[Page, None]:
        """List media of others in which we are tagged, back to what is known."""

        async def ask(resume: str, cursor: str) -> Listed:
            asked = {"fields": TAGGED, "limit": PER_PAGE, "after": resume or None}
            payload = await self.graph.get(f"/{self.us.account_id}/tags", asked)
            found = read_edge(payload)
            media, warnings = each(
                "tagged media", found.data, lambda thing: read_media(thing, self.us, tagged=True)
            )
            times = [one.at for one in media if one.at is not None]
            self.seen.update(one.id for one in media)
            return Listed(
                items=tuple(one.item for one in media),
                newest=position(times, self.query.now),
                following=found.following.get("after", ""),
                past=bool(times) and min(times) < floor(cursor, self.since, OVERLAP),
                warnings=warnings,
            )

        state = self.query.state("tags")
        closed = moment(state.extra.get("closed"))
        if closed is not None and timedelta() <= self.query.now - closed < ASK_AGAIN:
            return
        try:
            async for page in newest_first("tags", state, ask, pages=MEDIA_PAGES):
                yield page
        except (RequestRefused, PermissionMissing, NotFound):
            if self.tags_expected:
                raise
            # This kind of login is documented to have no tags; that is kept, not asked each time.
            yield Page(stream="tags", state=StreamState(extra={"closed": iso(self.query.now)}))

    # --- what waits ----------------------------------------------------------------------------

    def revisit(self) -> AsyncGenerator[Page, None]:
        return look_again(self.graph, self.query, by_thread(self.query.open), self._look)

    async def _look(self, thread: str, waiting: Sequence[OpenItem]) -> Looked:
        wanted = {one.external_id for one in waiting}
        if not thread.isdecimal():  # a private conversation
            return await self.inbox.look(thread, waiting) if self.inbox else Looked(checked=False)
        if thread in wanted:  # somebody else's medium: what is under it is not for us to read
            return Looked(checked=thread in self.seen)
        items: list[Item] = []
        warnings: list[str] = []
        if thread not in self.read:
            try:
                media = await self._one(thread)
                async for some, said, _ in self.thread(thread, media.comments or 0, media.url):
                    items += some
                    warnings += said
            except NotFound:
                # A lost permission looks the same: it is gone only where other media are shown.
                trusted = bool(self.media)
                return Looked(gone=tuple(sorted(wanted)) if trusted else (), checked=trusted)
        missing = sorted(wanted - self.read.get(thread, wanted))
        gone = [one for one in missing if not await self._is_there(one)]
        return Looked(
            items=relevant(items, wanted, self.since), gone=tuple(gone), warnings=tuple(warnings)
        )

    async def _one(self, media: str) -> Media:
        if media in self.media:
            return self.media[media]
        payload = await self.graph.get(f"/{media}", {"fields": MEDIA})
        with reading("the medium"):
            return read_media(payload, self.us)

    async def _is_there(self, identifier: str) -> bool:
        try:
            await self.graph.get(f"/{identifier}", {"fields": "id"})
        except NotFound:
            return False
        return True

    async def own(self) -> AsyncGenerator[Page, None]:
        """See which replies of ours are gone."""

        async def is_there(identifier: str) -> bool:
            if not self.media or not identifier.isdecimal():
                return True  # nothing proves what we may see
            return await self._is_there(identifier)

        async for page in own_gone(self.graph, self.query, self.seen, is_there):
            yield page
