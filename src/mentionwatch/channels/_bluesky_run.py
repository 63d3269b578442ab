"""
One run over Bluesky: which requests are made, in which order.

API: https://docs.bsky.app/docs/category/http-reference
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from mentionwatch.channels import Query, reading
from mentionwatch.channels._bluesky_items import (
    Us,
    convo_id,
    item,
    message,
    thread_posts,
    uri_or_none,
    written,
)
from mentionwatch.channels._bluesky_session import Session, error_name
from mentionwatch.channels._values import count, each, moment, rows, table, text
from mentionwatch.channels._walk import Listed, floor, in_turn, newest_first, position
from mentionwatch.errors import CredentialsRefused, PermissionMissing, RequestRefused
from mentionwatch.model.items import Deletion, Item, Page, Reply, StreamState
from mentionwatch.model.times import iso

REASONS = ("mention", "reply", "quote")
LATE = timedelta(minutes=10)  # how late a notification or post of ours may be indexed
SEARCH_LATE = timedelta(hours=2)
PAGES = 50
SEARCH_PAGES = 5
BATCH = 25
REVISIT_THREADS = 60
ALWAYS = 20  # open conversations, oldest due first, whose threads every run reads
CONVO_PAGES = 10
MESSAGE_PAGES = 10
CHAT = "did:web:api.bsky.chat#bsky_chat"
CHAT_PERMISSION = (
    "make an app password with access to direct messages, or set direct_messages = false"
)


@dataclass(kw_only=True, slots=True)
class Run:
    """One run: what it is asked, and what it has seen so far."""

    session: Session
    query: Query
    us: Us
    followers: dict[str, int | None] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)  # external ids of what is ours
    refused: set[str] = field(default_factory=set)  # positions that the server no longer knows

    # --- what we wrote --------------------------------------------------------------------------

    async def own(self) -> AsyncGenerator[Page, None]:
        wanted = {"actor": self.us.did, "filter": "posts_with_replies", "limit": 100}

        async def ask(resume: str, cursor: str) -> Listed:
            payload = await self._listing("app.bsky.feed.getAuthorFeed", wanted, resume)
            with reading("the list of your own posts"):
                things = _list(payload["feed"])
            posts = [one for one in rows(things) if not one.get("reason")]  # no reposts, no pins
            for one in posts:
                above = table(one.get("reply"))
                self.us.learn([table(above.get("parent")), table(one.get("post"))])
            items, warnings = self._each(posts, self._own_item)
            times = [at for at in (written(table(one.get("post"))) for one in posts) if at]
            return self._timed(items, times, payload, cursor, warnings)

        async for page in newest_first("own", self.query.state("own"), ask, pages=PAGES):
            yield page

    def _own_item(self, thing: dict[str, Any]) -> Item:
        above = table(thing.get("reply"))
        grandparent = text(table(above.get("grandparentAuthor")).get("did"))
        found = item(table(thing.get("post")), self.us, grandparent=grandparent)
        self.seen.add(found.external_id)
        return found

    # --- what addresses us ----------------------------------------------------------------------

    async def notifications(self) -> AsyncGenerator[Page, None]:
        # Without priority=false the account's own setting may leave strangers out.
        wanted = {"limit": 100, "reasons": REASONS, "priority": False}

        async def ask(resume: str, cursor: str) -> Listed:
            method = "app.bsky.notification.listNotifications"
            payload = await self._listing(method, wanted, resume)
            with reading("the list of Bluesky notifications"):
                things = _list(payload["notifications"])
            told = [one for one in rows(things) if one.get("reason") in REASONS]
            posts = await self._posts([text(one.get("uri")) for one in told])
            await self._count_followers(told)
            full = [{**posts.get(text(one.get("uri")), {}), **one} for one in told]
            items, warnings = self._each(full, self._told)
            times = [at for at in (moment(one.get("indexedAt")) for one in rows(things)) if at]
            return self._timed(items, times, payload, cursor, warnings)

        state = self.query.state("notifications")
        async for page in newest_first("notifications", state, ask, pages=PAGES):
            yield page

    def _told(self, thing: dict[str, Any]) -> Item:
        return item(thing, self.us, followers=self.followers, told=True)

    # --- what does not tag us -------------------------------------------------------------------

    async def search(self, stream: str, wanted: Mapping[str, Any]) -> AsyncGenerator[Page, None]:
        """
        Search, newest first.

        A position is a time: the server's own cursors are good for this run only.
        """
        cursors: dict[str, dict[str, str]] = {}

        async def ask(resume: str, cursor: str) -> Listed:
            lowest = floor(cursor, self.query.since, SEARCH_LATE)
            since = iso(lowest, milliseconds=True)
            place = cursors.get(resume) or ({"until": resume} if resume else {})
            asked = {**wanted, "sort": "latest", "limit": 100, "since": since, **place}
            payload = await self.session.get("app.bsky.feed.searchPosts", asked)
            with reading("the Bluesky search result"):
                things = _list(payload["posts"])
            posts = [
                one
                for one in rows(things)
                if not self.us.owns_id(text(table(one.get("author")).get("did")))
            ]
            await self._count_followers(posts)
            items, warnings = self._each(posts, self._shown)
            times = [at for at in map(written, rows(things)) if at]
            following = ""
            if server_cursor := text(payload.get("cursor")):
                following = _just_after(times) or resume or iso(self.query.now)
                cursors[following] = {**place, "cursor": server_cursor}
            return Listed(
                items=items,
                newest=position(times, self.query.now),
                following=following,
                past=bool(times) and min(times) < lowest,
                warnings=warnings,
            )

        state = self.query.state(stream)
        async for page in newest_first(stream, state, ask, pages=SEARCH_PAGES, searched=True):
            yield page

    def _shown(self, post: dict[str, Any]) -> Item:
        return item(post, self.us, followers=self.followers)

    # --- conversations that wait ----------------------------------------------------------------

    async def revisit(self) -> AsyncGenerator[Page, None]:
        """
        Look at what waits: edits, deletions, counts, and answers by whatever account of ours.

        All posts are read, 25 at a time. Threads cost a request each: the oldest due go first in
        every run, the others take turns.
        """
        waiting = [one.external_id for one in self.query.open if uri_or_none(one.external_id)]
        known = [
            one
            for one in self.query.known_own_ids
            if uri_or_none(one) and one not in self.seen and one not in waiting
        ]
        busy: list[str] = []
        for start in range(0, len(waiting), BATCH):
            batch = waiting[start : start + BATCH]
            posts = await self._posts(batch)
            await self._count_followers(list(posts.values()))
            gone = [one for one in batch if one not in posts and await self._is_gone(one)]
            here = [one for one in batch if one in posts]
            busy += [one for one in here if posts[one].get("replyCount") != 0]
            items, warnings = self._each([posts[one] for one in here], self._shown)
            yield Page(
                stream="revisit",
                items=(*items, *(Deletion(external_id=one) for one in gone)),
                checked=(*here, *gone),
                warnings=warnings,
            )
        async for page in self._threads(busy):
            yield page
        unseen = [one for one in known if one not in self.seen]
        if gone := await self._gone_among(unseen):
            yield Page(stream="revisit", items=tuple(Deletion(external_id=one) for one in gone))

    async def _threads(self, busy: Sequence[str]) -> AsyncGenerator[Page, None]:
        state = self.query.state("revisit")
        order = in_turn(busy, state.extra.get("thread"), ALWAYS)
        for uri in order[:REVISIT_THREADS]:
            posts = thread_posts(await self._thread(uri, depth=6))
            self.us.learn(posts)
            ours = [one for one in posts if self.us.owns(table(one.get("author")))]
            items, warnings = self._each(ours, self._answer)
            if items or warnings:
                yield Page(stream="revisit", items=items, warnings=warnings)
        extra, warnings = {}, ()
        if left := len(order) - REVISIT_THREADS:
            extra = {"thread": order[REVISIT_THREADS - 1]} if left > 0 else {}
            warning = f"{left} of {len(order)} waiting threads were not read for answers of your "
            warning += "other accounts; the next run begins with them"
            warnings = (warning,) if left > 0 else ()
        if extra != dict(state.extra) or warnings:
            yield Page(stream="revisit", state=StreamState(extra=extra), warnings=warnings)

    def _answer(self, post: dict[str, Any]) -> Item | None:
        """Return our answer in a thread; own posts are known from the list of our own."""
        found = item(post, self.us)
        if not isinstance(found, Reply):
            return None
        self.seen.add(found.external_id)
        return found

    async def _gone_among(self, uris: Sequence[str]) -> list[str]:
        found: list[str] = []
        for start in range(0, len(uris), BATCH):
            batch = list(uris[start : start + BATCH])
            posts = await self._posts(batch)
            found += [one for one in batch if one not in posts and await self._is_gone(one)]
        return found

    async def _is_gone(self, uri: str) -> bool:
        """A post that is left out of a list may also be blocked, or hidden for a while."""
        thread = await self._thread(uri, depth=0)
        return thread is None or thread.get("notFound") is True

    async def _thread(self, uri: str, *, depth: int) -> dict[str, Any] | None:
        """Return a post with what answers it, or None where it does not exist."""
        wanted = {"uri": uri, "depth": depth, "parentHeight": 0}
        try:
            payload = await self.session.get("app.bsky.feed.getPostThread", wanted)
        except RequestRefused as error:
            if error_name(error) != "NotFound":
                raise
            return None
        with reading("the Bluesky thread"):
            thread: dict[str, Any] = payload["thread"]
            if not isinstance(thread, dict):
                raise TypeError("an object was expected")
        return thread

    # --- direct messages ------------------------------------------------------------------------

    async def chat(self) -> AsyncGenerator[Page, None]:
        """Read the conversations that have moved; the cursor is the newest message's time."""
        state = self.query.state("chat")
        lowest = floor(state.cursor, self.query.since, LATE)
        newest: list[datetime] = []
        wanted: dict[str, Any] = {"limit": 100}
        for _ in range(CONVO_PAGES):
            payload = await self._chat("chat.bsky.convo.listConvos", wanted)
            with reading("the list of Bluesky conversations"):
                convos = rows(_list(payload["convos"]))
            moved = [one for one in convos if (_last(one) or lowest) >= lowest]
            for convo in moved:
                async for page in self._messages(convo, lowest):
                    yield page
            newest += [at for at in map(_last, convos) if at]
            following = text(payload.get("cursor"))
            if not following or not moved:
                cursor = position(newest, self.query.now) or state.cursor
                yield Page(stream="chat", state=StreamState(cursor=cursor))
                return
            wanted = {**wanted, "cursor": following}
        warning = "there are more moved conversations than one run may read; older ones wait"
        yield Page(stream="chat", warnings=(warning,))

    async def _messages(
        self, convo: dict[str, Any], lowest: datetime
    ) -> AsyncGenerator[Page, None]:
        with reading("a Bluesky conversation"):
            wanted: dict[str, Any] = {"convoId": convo_id(convo), "limit": 100}
        for _ in range(MESSAGE_PAGES):
            payload = await self._chat("chat.bsky.convo.getMessages", wanted)
            with reading("the messages of a Bluesky conversation"):
                things = rows(_list(payload["messages"]))
            items, warnings = self._each(things, lambda one: message(one, convo, self.us))
            yield Page(stream="chat", items=items, warnings=warnings)
            times = [at for at in (moment(one.get("sentAt")) for one in things) if at]
            following = text(payload.get("cursor"))
            if not following or not things or (times and min(times) < lowest):
                return
            wanted = {**wanted, "cursor": following}
        yield Page(stream="chat", warnings=("a conversation has more messages than are read",))

    async def _chat(self, method: str, wanted: Mapping[str, Any]) -> Any:
        try:
            return await self.session.get(method, wanted, proxy=CHAT)
        except (PermissionMissing, CredentialsRefused) as error:
            raise PermissionMissing(
                error.message, CHAT_PERMISSION, error.status, error.body
            ) from error

    # --- what several need ----------------------------------------------------------------------

    async def _listing(self, method: str, wanted: Mapping[str, Any], resume: str) -> Any:
        """Ask for one page; a position that the server no longer knows begins at the top again."""
        if not resume:
            return await self.session.get(method, wanted)
        try:
            return await self.session.get(method, {**wanted, "cursor": resume})
        except RequestRefused as error:
            known = error_name(error) in ("InvalidRequest", "BadQueryString", "BadCursor")
            if not known or resume in self.refused:
                raise
            self.refused.add(resume)  # a server that names it again would lead us in a circle
            return await self.session.get(method, wanted)

    def _timed(
        self,
        items: tuple[Item, ...],
        times: Sequence[datetime],
        payload: Mapping[str, Any],
        cursor: str,
        warnings: tuple[str, ...],
    ) -> Listed:
        """Return a page; it may be empty and still not be the last."""
        lowest = floor(cursor, self.query.since, LATE)
        return Listed(
            items=items,
            newest=position(times, self.query.now),
            following=text(payload.get("cursor")),
            past=bool(times) and min(times) < lowest,
            warnings=warnings,
        )

    def _each(
        self, things: Sequence[dict[str, Any]], read: Callable[[dict[str, Any]], Item | None]
    ) -> tuple[tuple[Item, ...], tuple[str, ...]]:
        return each("posts", things, read)

    async def _posts(self, uris: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return posts by address; what is deleted, hidden or blocked is left out."""
        wanted = list(dict.fromkeys(one for one in uris if uri_or_none(one)))
        found: dict[str, dict[str, Any]] = {}
        for start in range(0, len(wanted), BATCH):
            asked = {"uris": wanted[start : start + BATCH]}
            payload = await self.session.get("app.bsky.feed.getPosts", asked)
            with reading("the list of Bluesky posts"):
                things = rows(_list(payload["posts"]))
            found.update((text(one.get("uri")), one) for one in things)
        return found

    async def _count_followers(self, posts: Sequence[Mapping[str, Any]]) -> None:
        """Look up authors whose followers are not known yet; search and notifications omit them."""
        authors = (table(one.get("author")) for one in posts)
        dids = dict.fromkeys(text(one.get("did")) for one in authors if not self.us.owns(one))
        wanted = [one for one in dids if one.startswith("did:") and one not in self.followers]
        for start in range(0, len(wanted), BATCH):
            asked = {"actors": wanted[start : start + BATCH]}
            payload = await self.session.get("app.bsky.actor.getProfiles", asked)
            with reading("the list of Bluesky profiles"):
                for one in rows(_list(payload["profiles"])):
                    self.followers[text(one.get("did"))] = count(one.get("followersCount"))


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("a list was expected")
    return value


def _just_after(times: Sequence[datetime]) -> str:
    """Return the moment after the oldest time: ``until`` excludes, and may split a moment."""
    return iso(min(times) + timedelta(milliseconds=1), milliseconds=True) if times else ""


def _last(convo: Mapping[str, Any]) -> datetime | None:
    return moment(table(convo.get("lastMessage")).get("sentAt"))
