"""
One run over YouTube: which requests are made, in which order, within the day's quota.

API: https://developers.google.com/youtube/v3/docs
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from mentionwatch.channels import Query
from mentionwatch.channels._ledger import Ledger
from mentionwatch.channels._values import count, each, moment, table, text
from mentionwatch.channels._walk import Listed, floor, newest_first, position
from mentionwatch.channels._youtube_api import Api, Listing, parse_listing, reasons
from mentionwatch.channels._youtube_items import (
    Item,
    Us,
    channel_of,
    identifier,
    number,
    thread_comments,
    thread_items,
    video,
)
from mentionwatch.errors import RequestRefused
from mentionwatch.model.items import Deletion, Page, StreamState
from mentionwatch.model.times import iso

if TYPE_CHECKING:
    from mentionwatch.channels._oauth import Access

LATE = timedelta(hours=1)  # small delays and changes of order occur
PAGES = 50
REPLY_PAGES = 10
BATCH = 50
KEPT_THREADS = 500
KEPT_VIDEOS = 500
PARTS = {"part": "snippet,replies", "textFormat": "plainText"}


@dataclass(kw_only=True, slots=True)
class Run:
    """
    One run: what it is asked, and what it has seen so far.

    ``reply_days``: for how long a thread is looked at for new replies. ``login``: of the owner.
    """

    api: Api
    query: Query
    us: Us
    ledger: Ledger
    reply_days: int
    login: Access | None = None
    followers: dict[str, int | None] = field(default_factory=dict)
    threads: dict[str, list[Any]] = field(default_factory=dict)  # id -> [replies, published]
    videos: dict[str, None] = field(default_factory=dict)  # of ours, that threads stand under
    seen: set[str] = field(default_factory=set)  # external ids
    unseen: set[str] = field(default_factory=set)  # held for approval: only the owner sees them
    state: StreamState = field(default_factory=StreamState)  # of the comments

    def __post_init__(self) -> None:
        self.state = self.query.state("comments")
        self.threads = _kept(self.state.extra.get("threads", ""))
        self.unseen = set(self.query.state("held").extra.get("ids", "").split())

    # --- comments on our videos -----------------------------------------------------------------

    async def comments(self) -> AsyncGenerator[Page, None]:
        """Read new comments; the threads to be looked at again are kept together with them."""
        wanted = {"allThreadsRelatedToChannelId": self.us.channels[0]}
        async for page in self._walk("comments", wanted):
            if page.stream != "comments" or page.state is None:
                yield page
                continue
            self.state = replace(page.state, extra=self._threads_kept())
            yield replace(page, state=self.state)

    async def held(self) -> AsyncGenerator[Page, None]:
        """Read what waits for our approval, which nobody but the owner can see."""
        wanted = {
            "allThreadsRelatedToChannelId": self.us.channels[0],
            "moderationStatus": "heldForReview",
        }
        async for page in self._walk("held", wanted, self.login):
            if page.stream != "held" or page.state is None:
                yield page
                continue
            self.unseen |= {one.external_id for one in page.items}
            extra = {"ids": " ".join(sorted(self.unseen)[-KEPT_THREADS:])}
            yield replace(page, state=replace(page.state, extra=extra))

    async def _walk(
        self, stream: str, wanted: dict[str, str], access: Access | None = None
    ) -> AsyncGenerator[Page, None]:
        """
        Walk back through the threads. A position is a time: tokens are good for this run only.
        """
        tokens: dict[str, str] = {}
        again = {**PARTS, **wanted, "order": "time", "maxResults": 100}

        async def ask(resume: str, cursor: str) -> Listed:
            place = {"pageToken": tokens[resume]} if resume in tokens else {}
            listing = await self.threads_page({**again, **place}, access)
            items, warnings = await self.items_of(listing.things, public=access is None)
            times = [at for at in map(_published, listing.things) if at]
            lowest = floor(cursor, self.query.since, LATE)
            following = ""
            if listing.token:
                following = f"{iso(min(times)) if times else 'page'} {len(tokens)}"
                tokens[following] = listing.token
            return Listed(
                items=items,
                newest=position(times, self.query.now),
                following=following,
                past=bool(times) and min(times) < lowest,
                warnings=warnings,
            )

        pages = newest_first(stream, self.query.state(stream), ask, pages=PAGES)
        async for page in self._counted(pages):
            yield page

    async def threads_page(self, wanted: dict[str, Any], access: Access | None = None) -> Listing:
        """Ask for a page of threads; a token that is no longer known begins at the top."""
        try:
            return parse_listing(await self.api.get("/commentThreads", wanted, access))
        except RequestRefused as error:
            named = reasons(error.body)
            if named & {"processingFailure"}:
                return parse_listing(await self.api.get("/commentThreads", wanted, access))
            if "pageToken" not in wanted or "invalidPageToken" not in named:
                raise
        fresh = {name: value for name, value in wanted.items() if name != "pageToken"}
        return parse_listing(await self.api.get("/commentThreads", fresh, access))

    async def items_of(
        self, things: Sequence[dict[str, Any]], *, ours: bool = True, public: bool = True
    ) -> tuple[tuple[Item, ...], tuple[str, ...]]:
        """
        Return what the comments of these threads are to us.

        A thread comes with a few replies; where their number changed the others are asked for.
        """
        more: dict[str, list[dict[str, Any]]] = {}
        partial_ones: set[str] = set()
        for one in things:
            here, replies = text(one.get("id")), _replies(one) or 0
            if len(thread_comments(one)) - 1 >= replies:
                continue
            if ours and public and self.threads.get(here, [None])[0] != replies:
                more[here] = await self._all_replies(here)
            else:
                partial_ones.add(here)
        comments = [c for one in things for c in thread_comments(one)]
        comments += [c for found in more.values() for c in found]
        await self._count_followers(map(channel_of, comments))
        found, warnings = each(
            "comments",
            things,
            lambda one: tuple(
                thread_items(
                    one,
                    more.get(text(one.get("id")), ()),
                    self.us,
                    self.followers,
                    ours=ours,
                    whole=text(one.get("id")) not in partial_ones,
                )
            ),
        )
        items = tuple(item for one in found for item in one)
        self.seen |= {one.external_id for one in items}
        if ours and public:
            self._remember(things)
        return items, warnings

    def _remember(self, things: Sequence[dict[str, Any]]) -> None:
        for one in things:
            at = _published(one)
            if at is not None and (here := text(one.get("id"))):
                self.threads[here] = [_replies(one) or 0, iso(at)]
            if place := text(table(one.get("snippet")).get("videoId")):
                self.videos[place] = None

    async def _all_replies(self, thread: str) -> list[dict[str, Any]]:
        """Return all replies; some are counted and never shown, so it ends with the list."""
        try:
            parent = identifier(thread)
        except ValueError:
            return []
        wanted: dict[str, Any] = {"part": "snippet", "parentId": parent, "maxResults": 100}
        wanted["textFormat"] = "plainText"
        found: list[dict[str, Any]] = []
        for _ in range(REPLY_PAGES):
            listing = parse_listing(await self.api.get("/comments", wanted))
            found += listing.things
            if not listing.token or not listing.things:
                break
            wanted["pageToken"] = listing.token
        return found

    # --- new replies in old threads, and what waits -----------------------------------------------

    async def revisit(self) -> AsyncGenerator[Page, None]:
        """
        Look at recent threads and at those in which somebody waits: a reply moves no thread up.

        What is not there any more was deleted, or hidden by its author.
        """
        waiting = [one.external_id for one in self.query.open if _is_comment(one.external_id)]
        order = dict.fromkeys([*(_thread(one) for one in waiting), *self._recent()])
        batch_of = list(order)
        for start in range(0, len(batch_of), BATCH):
            batch = batch_of[start : start + BATCH]
            listing = await self.threads_page({**PARTS, "id": ",".join(batch)})
            here = {text(one.get("id")) for one in listing.things}
            changed = [one for one in listing.things if self._has_news(one, waiting)]
            items, warnings = await self.items_of(changed)
            gone = [one for one in batch if one not in here and one not in self.unseen]
            for one in gone:
                self.threads.pop(one, None)
            for page in self.ledger.page():
                yield page
            self.state = replace(self.state, extra=self._threads_kept())
            yield Page(
                stream="comments",
                items=(*items, *(Deletion(external_id=one) for one in gone)),
                state=self.state,
                checked=tuple(one for one in waiting if one in batch),
                warnings=warnings,
            )
        async for page in self._single(waiting):
            yield page

    def _recent(self) -> list[str]:
        """Return the threads of the last days, the newest first."""
        lowest = iso(self.query.now - timedelta(days=self.reply_days))
        found = [(at, one) for one, (_, at) in self.threads.items() if at >= lowest]
        return [one for _, one in sorted(found, reverse=True)[:KEPT_THREADS]]

    def _has_news(self, thread: dict[str, Any], waiting: Sequence[str]) -> bool:
        here = text(thread.get("id"))
        known = self.threads.get(here)
        return known is None or known[0] != _replies(thread) or here in waiting

    async def _single(self, waiting: Sequence[str]) -> AsyncGenerator[Page, None]:
        """Look at replies: those of customers who wait, and our own, which may be deleted."""
        own = [one for one in self.query.known_own_ids if _is_comment(one)]
        known = self.seen | self.unseen
        wanted = [one for one in (*waiting, *own) if "." in one and one not in known]
        for start in range(0, len(wanted), BATCH):
            batch = wanted[start : start + BATCH]
            asked = {"part": "snippet", "textFormat": "plainText", "id": ",".join(batch)}
            listing = parse_listing(await self.api.get("/comments", asked))
            here = {text(one.get("id")) for one in listing.things}
            for page in self.ledger.page():
                yield page
            yield Page(
                stream="revisit",
                items=tuple(Deletion(external_id=one) for one in batch if one not in here),
                checked=tuple(one for one in waiting if one in batch),
            )

    def _threads_kept(self) -> dict[str, str]:
        lowest = iso(self.query.now - timedelta(days=self.reply_days))
        fresh = {one: value for one, value in self.threads.items() if value[1] >= lowest}
        newest = sorted(fresh.items(), key=lambda one: one[1][1])[-KEPT_THREADS:]
        return {"threads": json.dumps(dict(newest), separators=(",", ":"))} if newest else {}

    # --- our videos -------------------------------------------------------------------------------

    async def own_videos(self) -> AsyncGenerator[Page, None]:
        """Look up the videos under which somebody wrote, each once."""
        state = self.query.state("videos")
        known = state.extra.get("known", "").split()
        new = [one for one in self.videos if one not in known]
        for start in range(0, len(new), BATCH):
            batch = new[start : start + BATCH]
            items, warnings = await self.videos_of(batch)
            known = [*known, *batch][-KEPT_VIDEOS:]
            for page in self.ledger.page():
                yield page
            state = StreamState(extra={"known": " ".join(known)})
            yield Page(stream="videos", items=items, state=state, warnings=warnings)

    async def videos_of(self, ids: Sequence[str]) -> tuple[tuple[Item, ...], tuple[str, ...]]:
        wanted = {"part": "snippet,statistics", "id": ",".join(ids)}
        things = parse_listing(await self.api.get("/videos", wanted)).things
        owners = (text(table(one.get("snippet")).get("channelId")) for one in things)
        await self._count_followers(owners)
        return each("videos", things, partial(video, us=self.us, people=self.followers))

    # --- what several need ------------------------------------------------------------------------

    async def _count_followers(self, channels: Iterable[str]) -> None:
        """Look up authors whose subscribers are not known yet, 50 at a time."""
        wanted = [
            one
            for one in dict.fromkeys(channels)
            if is_id(one) and one not in self.followers and not self.us.owns(one)
        ]
        for start in range(0, len(wanted), BATCH):
            batch = wanted[start : start + BATCH]
            asked = {"part": "statistics", "id": ",".join(batch), "maxResults": 50}
            self.followers.update(dict.fromkeys(batch))
            for one in parse_listing(await self.api.get("/channels", asked)).things:
                statistics = table(one.get("statistics"))
                hidden = statistics.get("hiddenSubscriberCount") is True
                known = None if hidden else number(statistics.get("subscriberCount"))
                self.followers[text(one.get("id"))] = known

    async def _counted(self, pages: AsyncGenerator[Page, None]) -> AsyncGenerator[Page, None]:
        """Store what was used up before what it brought."""
        async for page in pages:
            for used in self.ledger.page():
                yield used
            yield page


def _kept(written: str) -> dict[str, list[Any]]:
    """Return the threads that were stored: id -> [number of replies, time]."""
    try:
        found = json.loads(written)
    except ValueError:
        return {}
    return {
        one: value
        for one, value in table(found).items()
        if isinstance(value, list) and len(value) == 2 and isinstance(value[1], str)
    }


def _published(thread: dict[str, Any]) -> Any:
    return moment(table(thread_comments(thread)[0].get("snippet")).get("publishedAt"))


def _replies(thread: dict[str, Any]) -> int | None:
    return count(table(thread.get("snippet")).get("totalReplyCount"))


def _thread(comment: str) -> str:
    return comment.partition(".")[0]


def _is_comment(external_id: str) -> bool:
    return external_id.startswith("Ug") and is_id(external_id)


def is_id(value: str) -> bool:
    try:
        return bool(identifier(value)) and "," not in value
    except ValueError:
        return False
