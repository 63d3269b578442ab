"""One run over a Discourse forum: what is asked, in which order."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from mentionwatch.channels import OpenItem, Query, reading
from mentionwatch.channels._discourse_items import (
    Forum,
    Hit,
    Note,
    Place,
    place_of,
    read_action,
    read_hit,
    read_note,
    read_post,
    slugs,
)
from mentionwatch.channels._values import count, each, moment, rows, table, text
from mentionwatch.channels._walk import Listed, floor, in_turn, newest_first, position
from mentionwatch.errors import ChannelError, NotFound, PermissionMissing, UnexpectedPayload
from mentionwatch.model.items import Deletion, Item, Mention, Page, StreamState

if TYPE_CHECKING:
    from mentionwatch.client import Client

PAGES = 5
LATEST_PAGES = 40
SEARCH_PAGES = 10  # the forum shows no more
FULL = 40  # search hits that are read in full in one run; of the others a part is known
LATE = timedelta(hours=1)
LATE_POSTS = 50  # ids: posts that wait for approval appear late
EMPTY = 3  # pages without a post that the listing of posts may have in a row
THREADS = 25
ALWAYS = 10
OWN_CHECKS = 10

Get = Callable[[str, Mapping[str, Any] | None], Awaitable[Any]]


@dataclass(kw_only=True, slots=True)
class Run:
    """``get``: asks the forum for a path. ``logged_in``: there are notifications."""

    get: Get
    client: Client
    query: Query
    forum: Forum
    phrases: Sequence[str]
    usernames: Sequence[str]
    logged_in: bool
    seen: set[str] = field(default_factory=set)
    full: int = 0
    empty: int = 0
    posts: dict[Place, dict[str, Any] | None] = field(default_factory=dict)

    def parts(self) -> list[AsyncGenerator[Page, None]]:
        found = [self.own(name) for name in self.usernames]
        if self.logged_in:
            found.append(self.notifications())
        if self.forum.own:
            found.append(self.latest())
        else:
            found += [self.search(phrase) for phrase in self.phrases]
        return [*found, self.revisit(), self.own_checks()]

    # --- listings -----------------------------------------------------------------------------

    async def notifications(self) -> AsyncGenerator[Page, None]:
        async def ask(resume: str, cursor: str) -> Listed:
            params = {"offset": resume} if resume else None
            payload = await self.get("/notifications.json", params)
            with reading("the notifications of the forum"):
                things = _listed(payload["notifications"])
                more = bool(text(payload.get("load_more_notifications")))
            return await self._noted("notifications", things, read_note, resume, cursor, more)

        async for page in self._walk("notifications", ask, PAGES):
            yield page

    async def own(self, name: str) -> AsyncGenerator[Page, None]:
        """Read the topics (4) and answers (5) of an account of ours."""

        async def ask(resume: str, cursor: str) -> Listed:
            params = {"username": name, "filter": "4,5", "offset": resume or "0"}
            payload = await self.get("/user_actions.json", params)
            with reading("the actions of a user of the forum"):
                things = _listed(payload["user_actions"])
            more = bool(things)
            return await self._noted("actions", things, read_action, resume, cursor, more)

        async for page in self._walk(f"user:{name.casefold()}", ask, PAGES):
            yield page

    async def _noted(
        self,
        what: str,
        things: list[Any],
        read: Callable[[Any], Note | None],
        resume: str,
        cursor: str,
        more: bool,
    ) -> Listed:
        """Read the posts that a page of notifications or actions is about."""
        notes, warnings = each(what, things, read)
        lowest = floor(cursor, self.query.since, LATE)
        items: list[Item] = []
        for note in notes:
            if note.at >= lowest and (post := await self._post(note.place)):
                post.setdefault("topic_title", note.title)
                items += self._read([post], to_us=read is read_note, private=note.private)[0]
        times = [at for one in rows(things) if (at := moment(one.get("created_at")))]
        following = str((int(resume) if resume.isdecimal() else 0) + len(things))
        return Listed(
            items=tuple(items),
            newest=position(times, self.query.now),
            following=following if more and things else "",
            past=bool(times) and min(times) < lowest,
            warnings=warnings,
        )

    async def search(self, phrase: str) -> AsyncGenerator[Page, None]:
        async def ask(resume: str, cursor: str) -> Listed:
            number = int(resume) if resume.isdecimal() else 1
            lowest = floor(cursor, self.query.since, LATE)
            # `after` knows whole days of the forum's own zone only.
            day = lowest - timedelta(days=1)
            words = f"{phrase} order:latest after:{day:%Y-%m-%d}"
            payload = await self.get("/search.json", {"q": words, "page": number})
            with reading("the search result of the forum"):
                result = payload["grouped_search_result"]
                things = _listed(payload.get("posts") or [])
                more = bool(result.get("more_full_page_results"))
                refused = text(result.get("error"))
                topics = slugs(payload)
            hits, warnings = each(
                "search hits", things, lambda one: read_hit(one, self.forum, topics)
            )
            if refused:
                warnings += (f"the forum does not search for {phrase}: {refused[:120]}",)
            if more and number >= SEARCH_PAGES:
                warnings += (f"the forum shows no more than {SEARCH_PAGES} pages for {phrase}",)
            times = [hit.at for hit in hits]
            return Listed(
                items=await self._in_full([hit for hit in hits if hit.at >= lowest]),
                newest=position(times, self.query.now),
                following=str(number + 1) if more and number < SEARCH_PAGES and things else "",
                past=bool(times) and min(times) < lowest,
                warnings=warnings,
            )

        stream = f"search:{phrase.casefold()}"
        async for page in self._walk(stream, ask, SEARCH_PAGES, searched=True):
            yield page

    async def latest(self) -> AsyncGenerator[Page, None]:
        """Read every post of the forum, by id: what is written on our own forum is to us."""

        async def ask(resume: str, cursor: str) -> Listed:
            payload = await self.get("/posts.json", {"before": resume} if resume else None)
            with reading("the posts of the forum"):
                things = _listed(payload["latest_posts"])
            known = _whole(cursor) - LATE_POSTS
            numbers = [n for one in rows(things) if (n := count(one.get("id")))]
            if not numbers:  # the ids of a whole page may be gone
                self.empty += 1
                lower = _whole(resume) - 50
                onward = self.empty <= EMPTY and lower > max(known, 0)
                return Listed(following=str(lower) if onward else "", newest="")
            self.empty = 0
            items, warnings = self._read(things)
            times = [one.published for one in items if not isinstance(one, Deletion)]
            old = [at for at in times if at is not None and at < self.query.since]
            lowest = min(numbers)
            return Listed(
                items=items,
                newest=str(max(numbers)),
                following=str(lowest - 1) if lowest > 1 else "",
                past=lowest <= known if cursor else bool(old),
                warnings=warnings,
            )

        async for page in self._walk("posts", ask, LATEST_PAGES):
            yield page

    async def _walk(
        self, stream: str, ask: Any, pages: int, *, searched: bool = False
    ) -> AsyncGenerator[Page, None]:
        state = self.query.state(stream)
        async for page in newest_first(stream, state, ask, pages=pages, searched=searched):
            yield page

    # --- single posts -------------------------------------------------------------------------

    async def _in_full(self, hits: Sequence[Hit]) -> tuple[Item, ...]:
        items: list[Item] = []
        for hit in hits:
            known = self.posts.get(hit.place)
            if known is None and self.full < FULL:
                self.full += 1
                known = await self._post(hit.place)
            found = self._read([known])[0] if known else ()
            items += found or self._shown(hit)
        return tuple(items)

    def _shown(self, hit: Hit) -> list[Item]:
        """Return what a hit shows; what is ours is read elsewhere."""
        ours = self.forum.is_ours(hit.item.author.handle)
        return [] if ours or hit.place in self.posts else [hit.item]

    async def _post(self, place: Place) -> dict[str, Any] | None:
        """Return a post; None where it is gone, or not for our eyes."""
        if place not in self.posts:
            try:
                payload = await self.get(f"/posts/by_number/{place[0]}/{place[1]}.json", None)
            except (NotFound, PermissionMissing) as error:
                if isinstance(error, PermissionMissing) and not self.posts:
                    raise  # nothing can be read: that is said
                self.posts[place] = None
                return None
            with reading("the post of the forum"):
                place_of(payload)
            self.posts[place] = payload
        return self.posts[place]

    def _read(
        self, things: Sequence[Any], *, to_us: bool = False, private: bool = False
    ) -> tuple[tuple[Item, ...], tuple[str, ...]]:
        items: tuple[Item, ...]
        items, warnings = each(
            "posts",
            things,
            lambda one: read_post(one, self.forum, to_us=to_us, private=private),
        )
        self.seen.update(one.external_id for one in items)
        return items, warnings

    # --- what waits ---------------------------------------------------------------------------

    async def revisit(self) -> AsyncGenerator[Page, None]:
        """Look at the topics in which somebody waits: edits, deletions, our answers."""
        state = self.query.state("revisit")
        waiting: dict[int, list[OpenItem]] = {}
        for one in self.query.open:
            if place := self.forum.place(one.external_id):
                waiting.setdefault(place[0], []).append(one)
        order = in_turn(list(waiting), _whole(state.extra.get("topic", "")), ALWAYS)
        broken: ChannelError | None = None
        for topic in order[:THREADS]:
            try:
                for page in await self._topic(topic, waiting[topic]):
                    yield page
            except (PermissionMissing, UnexpectedPayload) as error:
                broken = broken or error  # one topic must not keep us from the others
        left = len(order) - THREADS
        if left > 0 or state.extra:
            extra = {"topic": str(order[THREADS - 1])} if left > 0 else {}
            told = (f"{left} topics were not looked at again; the next run does",)
            yield Page(stream="revisit", state=StreamState(extra=extra), warnings=told * (left > 0))
        if broken is not None:
            raise broken

    async def _topic(self, topic: int, waiting: Sequence[OpenItem]) -> list[Page]:
        """Return the waiting posts of a topic as they are now, our answers, and what is new."""
        places = sorted({p for one in waiting if (p := self.forum.place(one.external_id))})
        try:
            payload = await self.get(f"/t/{topic}/{places[0][1]}.json", None)
        except NotFound:
            payload = {"post_stream": {"posts": []}}
        with reading("the topic of the forum"):
            things = _listed(payload["post_stream"]["posts"])
            private = payload.get("archetype") == "private_message"
            title = text(payload.get("title"))
        for one in rows(things):
            one.setdefault("topic_title", title)
            if (place := _place(one)) is not None:
                self.posts[place] = one
        shown = {place for one in rows(things) if (place := _place(one))}
        gone: list[Item] = []
        for place in places:
            if place not in shown:
                post = await self._post(place)
                things += [post] if post else []
                gone += [] if post else [Deletion(external_id=self.forum.post(place))]
        items, warnings = self._read(things, private=private)
        wanted = {self.forum.post(place) for place in places}
        ours = [i for i in items if i.external_id in wanted or not isinstance(i, Mention)]
        others = [i for i in items if i not in ours and self._is_new(i)]
        found = [
            Page(
                stream="revisit",
                items=(*ours, *gone),
                checked=tuple(one.external_id for one in waiting),
                warnings=warnings,
            )
        ]
        # The search shows one post of a topic only; here are its others.
        if others:
            found.append(Page(stream="revisit", items=tuple(others), searched=True))
        return found

    def _is_new(self, item: Item) -> bool:
        return isinstance(item, Mention) and (item.published or self.query.now) >= self.query.since

    async def own_checks(self) -> AsyncGenerator[Page, None]:
        """Look whether answers of ours are still there that nothing has shown in this run."""
        state = self.query.state("own")
        unseen = [
            one
            for one in self.query.known_own_ids
            if self.forum.place(one) and one not in self.seen
        ]
        order = in_turn(unseen, state.extra.get("last"), 0)[:OWN_CHECKS]
        items: list[Item] = []
        for one in order:
            place = self.forum.place(one)
            post = await self._post(place) if place else None
            items += self._read([post])[0] if post else [Deletion(external_id=one)]
        if order:
            extra = {"last": order[-1]} if len(unseen) > OWN_CHECKS else {}
            yield Page(stream="own", items=tuple(items), state=StreamState(extra=extra))


def _listed(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("a list is none")
    return list(value)


def _place(thing: Mapping[str, Any]) -> Place | None:
    try:
        return place_of(table(thing))
    except ValueError:
        return None


def _whole(value: str) -> int:
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 16 else 0
