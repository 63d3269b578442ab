"""
One run over the sites of Stack Exchange: which questions are asked, in which order.

API: https://api.stackexchange.com/docs

Every request is paid from a daily quota, so ids are asked for by the hundred.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from mentionwatch.channels import Query
from mentionwatch.channels._forward import Batch, oldest_first, whole
from mentionwatch.channels._stackexchange_api import Api
from mentionwatch.channels._stackexchange_items import (
    Site,
    identity,
    post_number,
    read_comment,
    read_post,
    seconds,
)
from mentionwatch.channels._values import each, table
from mentionwatch.channels._walk import in_turn
from mentionwatch.errors import ChannelError, NotFound, RequestRefused, UnexpectedPayload
from mentionwatch.model.items import Deletion, Item, Mention, OwnPost, Page, Reply, StreamState

PAGES = 25  # without a key the API refuses further ones
AT_ONCE = 100  # ids in one request
LATE = timedelta(hours=1)  # the index lags
ALWAYS = 30
THREAD_PAGES = 5
BODY = {"filter": "withbody"}
OLDEST = {"sort": "creation", "order": "asc"}
OWN_QUESTIONS = 50
# Who is refused altogether (403) need not ask for the other listings.
OF_ONE_LISTING = (NotFound, RequestRefused, UnexpectedPayload)

Things = Sequence[dict[str, Any]]
Found = tuple[tuple[Item, ...], tuple[str, ...]]
Read = Callable[[Things], Awaitable[Found]]


@dataclass(kw_only=True, slots=True)
class Run:
    """One site in one run."""

    api: Api
    query: Query
    site: Site
    terms: Sequence[str]
    tags: Sequence[str]
    domains: Sequence[str]
    seen: set[str] = field(default_factory=set)
    ours: set[str] = field(default_factory=set)
    questions: dict[int, int] = field(default_factory=dict)  # answer -> question
    owners: dict[int, int] = field(default_factory=dict)  # post -> user
    asked: dict[int, None] = field(default_factory=dict)  # questions of ours

    def __post_init__(self) -> None:
        kept = self.query.state(f"{self.site.name}:own").extra.get("questions", "")
        self.asked = dict.fromkeys(filter(None, map(whole, kept.split(";"))))
        self.ours.update(map(self.site.post, self.asked))
        known = (one for one in self.query.known_own_ids if self._is_here(one))
        self.ours.update(known)
        self.site = Site(name=self.site.name, users=self.site.users, ours=self.ours)
        for one in self.query.open:
            number, thread = self.site.number(one.external_id), self.site.number(one.thread_id)
            if number and thread and number != thread:
                self.questions[number] = thread

    def _is_here(self, external_id: str) -> bool:
        return bool(self.site.number(external_id) or self.site.number(external_id, "c"))

    async def pages(self) -> AsyncGenerator[Page, None]:
        """Our own words come first: they tell what is an answer to us."""
        first: ChannelError | None = None
        for part in (*self._own(), *self._found(), self.revisit()):
            try:
                async with aclosing(part) as pages:
                    async for page in pages:
                        yield page
            except OF_ONE_LISTING as error:
                first = first or error
        if first is not None:
            raise first

    def _own(self) -> list[AsyncGenerator[Page, None]]:
        if not self.site.users:
            return []
        us = ";".join(map(str, sorted(self.site.users)))
        return [
            self._forward("answers", f"/users/{us}/answers", self._posts),
            self._forward("questions", f"/users/{us}/questions", self._posts),
            self._forward("comments", f"/users/{us}/comments", self._comments),
            self._forward("mentioned", f"/users/{us}/mentioned", self._to_us),
            self.under_ours(),
        ]

    def _found(self) -> list[AsyncGenerator[Page, None]]:
        found = [
            self._search(f"term:{term.casefold()}", {"q": term if term.isalnum() else f'"{term}"'})
            for term in self.terms
        ]
        found += [self._search(f"link:{domain}", {"url": f"*{domain}*"}) for domain in self.domains]
        return found + [
            self._forward(f"tag:{tag}", "/questions", self._posts, {"tagged": tag})
            for tag in self.tags
        ]

    # --- listings from the cursor on ----------------------------------------------------------

    def _search(self, name: str, asked: dict[str, str]) -> AsyncGenerator[Page, None]:
        return self._forward(
            name, "/search/excerpts", self._hits, asked, searched=True, with_body=False
        )

    async def _forward(
        self,
        name: str,
        path: str,
        read: Read,
        asked: dict[str, str] | None = None,
        *,
        searched: bool = False,
        with_body: bool = True,
    ) -> AsyncGenerator[Page, None]:
        stream = f"{self.site.name}:{name}"

        async def ask(lowest: int, number: int) -> Batch:
            params = {**OLDEST, **(asked or {}), "fromdate": lowest, "page": number}
            params |= {"pagesize": AT_ONCE, **(BODY if with_body else {})}
            found = await self.api.get(self.site.name, path, params)
            items, warnings = await read(found.things)
            times = [at for thing in found.things if (at := _seconds(thing))]
            return Batch(
                items=self._noted(items),
                newest=max(times, default=None),
                more=found.more and bool(found.things),
                warnings=warnings,
            )

        state = self.query.state(stream)
        now, since = self.query.now, self.query.since
        async with aclosing(
            oldest_first(
                stream, state, ask, since=since, now=now, late=LATE, pages=PAGES, searched=searched
            )
        ) as pages:
            async for page in pages:
                yield page

    async def _posts(self, things: Things) -> Found:
        self._learn(things)
        return each("posts", things, lambda one: read_post(one, self.site))

    async def _hits(self, hits: Things) -> Found:
        """A hit shows a part of the text, and not whose it is: the posts are asked for."""
        known, warnings = each("search hits", hits, lambda hit: (post_number(hit), hit))
        by_number = dict(known)
        posts = await self._by_ids("/posts", list(by_number))
        for hit in by_number.values():
            self._learn([hit])
        self._learn(posts)

        def read(post: dict[str, Any]) -> Item:
            return read_post(post, self.site, by_number.get(post_number(post)))

        items: tuple[Item, ...]
        items, more = each("posts", posts, read)
        return items, warnings + more

    async def _comments(self, things: Things, *, to_us: bool = False) -> Found:
        await self._learn_questions(things)
        return each(
            "comments",
            things,
            lambda one: read_comment(one, self.site, self.questions, self.owners, addressed=to_us),
        )

    async def _to_us(self, things: Things) -> Found:
        return await self._comments(things, to_us=True)

    # --- what stands under our posts ----------------------------------------------------------

    async def under_ours(self) -> AsyncGenerator[Page, None]:
        """Read comments under our posts, and answers to our questions, from the cursor on."""
        posts = sorted(number for one in self.ours if (number := self.site.number(one)))
        posts = posts[-AT_ONCE:]
        if not posts:
            return
        asked = sorted(self.asked)[-OWN_QUESTIONS:]
        kept = StreamState(extra={"questions": _joined(asked)} if asked else {})
        if kept != self.query.state(f"{self.site.name}:own"):
            yield Page(stream=f"{self.site.name}:own", state=kept)
        path = f"/posts/{_joined(posts)}/comments"
        async with aclosing(self._forward("under us", path, self._comments)) as pages:
            async for page in pages:
                yield page
        if not asked:
            return
        path = f"/questions/{_joined(asked)}/answers"
        async with aclosing(self._forward("answers to us", path, self._posts)) as pages:
            async for page in pages:
                yield page

    # --- what waits ---------------------------------------------------------------------------

    async def revisit(self) -> AsyncGenerator[Page, None]:
        """Look at what waits and at our known answers: edits, deletions, our replies."""
        stream = f"{self.site.name}:revisit"
        state = self.query.state(stream)
        waiting = [o.external_id for o in self.query.open if self._is_here(o.external_id)]
        order = in_turn(waiting, state.extra.get("item"), ALWAYS)
        wanted = order[:AT_ONCE]
        left = len(order) - len(wanted)
        if wanted:
            yield await self._looked_at(stream, wanted)
            async with aclosing(self._our_answers(stream, wanted)) as pages:
                async for page in pages:
                    yield page
        mine = sorted(one for one in self.ours - self.seen if one in self.query.known_own_ids)
        if mine:
            yield await self._looked_at(stream, mine[-AT_ONCE:])
        if left or state.extra:
            extra = {"item": wanted[-1]} if left else {}
            more = (f"{left} waiting items were not looked at again; the next run does",)
            yield Page(stream=stream, state=StreamState(extra=extra), warnings=more * bool(left))

    async def _looked_at(self, stream: str, wanted: Sequence[str]) -> Page:
        """Return posts and comments as they are now; those that are not shown are gone."""
        posts = [number for one in wanted if (number := self.site.number(one))]
        comments = [number for one in wanted if (number := self.site.number(one, "c"))]
        found = await self._by_ids("/posts", posts)
        said = await self._by_ids("/comments", comments)
        self._learn(found)
        here = {n for one in found if (n := _count(one, "post_id"))}
        words = {n for one in said if (n := _count(one, "comment_id"))}
        gone = [self.site.post(number) for number in posts if number not in here]
        gone += [self.site.comment(number) for number in comments if number not in words]
        deleted = (Deletion(external_id=one) for one in gone)
        items: tuple[Item, ...]
        items, warnings = each("posts", found, self._known_post)
        more, told = await self._comments(said)
        return Page(
            stream=stream,
            items=self._noted([*items, *more, *deleted]),
            checked=tuple(wanted),
            warnings=warnings + told,
        )

    def _known_post(self, post: dict[str, Any]) -> Item:
        known = self.questions.get(post_number(post))
        return read_post(post, self.site, {"question_id": known} if known else None)

    async def _our_answers(self, stream: str, wanted: Sequence[str]) -> AsyncGenerator[Page, None]:
        """Look for answers and comments of ours under what waits, however old they are."""
        if not self.site.users:
            return
        threads = {o.external_id: self.site.number(o.thread_id) for o in self.query.open}
        asked = sorted({threads[one] for one in wanted if threads.get(one)})
        posts = sorted({number for one in wanted if (number := self.site.number(one))})
        listings: tuple[tuple[str, Read, list[int]], ...] = (
            (f"/questions/{_joined(asked)}/answers", self._posts, asked),
            (f"/posts/{_joined(posts)}/comments", self._comments, posts),
        )
        for path, read, ids in listings:
            if not ids:
                continue
            number, more = 1, True
            while more and number <= THREAD_PAGES:
                params = {"pagesize": AT_ONCE, "page": number, **BODY}
                params |= {"sort": "creation", "order": "desc"}
                found = await self.api.get(self.site.name, path, params)
                items, warnings = await read(found.things)
                mine = tuple(one for one in items if not isinstance(one, Mention))
                yield Page(stream=stream, items=self._noted(mine), warnings=warnings)
                number, more = number + 1, found.more and bool(found.things)

    # --- what is known of posts ---------------------------------------------------------------

    async def _by_ids(self, path: str, numbers: Sequence[int]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        unique = sorted(set(numbers))
        for start in range(0, len(unique), AT_ONCE):
            part = unique[start : start + AT_ONCE]
            params = {"pagesize": AT_ONCE, **BODY}
            wrapper = await self.api.get(self.site.name, f"{path}/{_joined(part)}", params)
            found += wrapper.things
        return found

    async def _learn_questions(self, comments: Sequence[dict[str, Any]]) -> None:
        """A comment names its post only; which question an answer belongs to is looked up."""
        unknown = {
            number
            for one in comments
            if one.get("post_type") == "answer" and (number := _count(one, "post_id"))
        } - set(self.questions)
        if unknown:
            self._learn(await self._by_ids("/answers", sorted(unknown)))

    def _learn(self, posts: Iterable[dict[str, Any]]) -> None:
        for post in posts:
            try:
                number = post_number(post)
            except ValueError:
                continue  # what has no number answers nothing; it is named where it is read
            question = _count(post, "question_id")
            if question and question != number:
                self.questions[number] = question
            if user := _count(table(post.get("owner")), "user_id"):
                self.owners[number] = user

    def _noted(self, items: Sequence[Item]) -> tuple[Item, ...]:
        for item in items:
            self.seen.add(item.external_id)
            if isinstance(item, Reply | OwnPost):
                self.ours.add(item.external_id)
            if isinstance(item, OwnPost):
                self.asked[self.site.number(item.external_id)] = None
        return tuple(items)


def _joined(numbers: Sequence[int]) -> str:
    return ";".join(map(str, numbers))


def _count(thing: dict[str, Any], name: str) -> int:
    try:
        return identity(thing.get(name))
    except ValueError:
        return 0


def _seconds(thing: dict[str, Any]) -> int:
    try:
        return seconds(thing.get("creation_date"))
    except ValueError:
        return 0
