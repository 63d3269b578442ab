"""
One run over Reddit's API: which requests are made, in which order.

API: https://www.reddit.com/dev/api. Listings end after about a thousand things.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from mentionwatch.channels import Query, reading
from mentionwatch.channels._oauth import Access
from mentionwatch.channels._reddit_items import Us, fullname, item, own_name, when
from mentionwatch.channels._values import each, rows, table, text
from mentionwatch.channels._walk import Listed, floor, newest_first, position
from mentionwatch.errors import NotFound, PermissionMissing, RequestRefused
from mentionwatch.model.items import Deletion, Item, Mention, Page
from mentionwatch.model.times import in_words

LATE = timedelta(hours=1)  # the search index adds some posts late
PAGES = 12
BATCH = 100
_FEW = 5.0  # requests left in the window, below which the run waits for the next one
_AGES = (("hour", 1), ("day", 24), ("week", 168), ("month", 720), ("year", 8760))


@dataclass(kw_only=True, slots=True)
class Run:
    """One run. ``username``: ours, "" where it is not known; ``logged_in``: with a user's token."""

    access: Access
    api_url: str
    query: Query
    us: Us
    username: str
    logged_in: bool
    seen: set[str] = field(default_factory=set)
    places: set[str] = field(default_factory=set)  # positions of listings that this run gave

    # --- what addresses us, and what we wrote ---------------------------------------------------

    def own(self) -> list[AsyncGenerator[Page, None]]:
        """Return the readers of our own comments and posts, by every account of ours."""
        others = filter(None, map(own_name, self.query.own_accounts))
        names = dict.fromkeys(filter(None, (self.username, *others)))
        unique = {name.casefold(): name for name in reversed(names)}
        parts = []
        for name in reversed(unique.values()):
            suffix = "" if name == self.username else f":{name}"
            parts.append(self._listing(f"own{suffix}", f"/user/{name}/comments", {"sort": "new"}))
            parts.append(
                self._listing(f"posts{suffix}", f"/user/{name}/submitted", {"sort": "new"})
            )
        return parts

    def inbox(self) -> AsyncGenerator[Page, None]:
        return self._listing("inbox", "/message/inbox", {"mark": "false"}, addressed=True)

    async def sent(self) -> AsyncGenerator[Page, None]:
        """Read our answers to messages, where there is any message to be answered."""
        waiting = (one.external_id for one in self.query.open)
        if not any(one.startswith("t4_") for one in (*waiting, *self.seen)):
            return
        async for page in self._listing("sent", "/message/sent", {}):
            yield page

    # --- what does not name us ------------------------------------------------------------------

    def search(self, stream: str, words: str) -> AsyncGenerator[Page, None]:
        lowest = floor(self.query.state(stream).cursor, self.query.since, LATE)
        wanted = {"q": words, "sort": "new", "type": "link", "t": _age(self.query.now - lowest)}
        wanted["include_over_18"] = "on"
        return self._listing(stream, "/search", wanted, searched=True)

    async def comments(self, subreddit: str) -> AsyncGenerator[Page, None]:
        """Read all new comments of a subreddit; Reddit cannot search for comments."""
        stream = f"comments:{subreddit.casefold()}"
        try:
            async for page in self._listing(
                stream, f"/r/{subreddit}/comments", {}, searched=True, busy=True
            ):
                yield page
        except (PermissionMissing, NotFound, RequestRefused) as error:
            # Where there is no such subreddit, Reddit sends us on to its search.
            if isinstance(error, RequestRefused) and not 300 <= error.status < 400:
                raise
            warning = f"r/{subreddit} cannot be read (HTTP {error.status}): take it out"
            yield Page(stream=stream, warnings=(warning,))

    # --- conversations that wait ----------------------------------------------------------------

    async def revisit(self) -> AsyncGenerator[Page, None]:
        """Look at what waits, and at our answers: edits, deletions, counts."""
        waiting = [one.external_id for one in self.query.open]
        waiting = [one for one in waiting if one.startswith(("t1_", "t3_"))]
        ours = {one for one in self.query.known_own_ids if one.startswith("t1_")} - self.seen
        wanted = [*waiting, *sorted(ours - set(waiting))]
        for start in range(0, len(wanted), BATCH):
            batch = wanted[start : start + BATCH]
            children, _ = await self._children("/api/info", {"id": ",".join(batch)})
            items, warnings = self._items(children)
            here = {one.external_id for one in items}
            missing = [one for one in batch if one not in here]
            shown = [one for one in items if isinstance(one, Mention | Deletion)]
            yield Page(
                stream="revisit",
                items=(*shown, *(Deletion(external_id=one) for one in missing)),
                checked=tuple(one for one in batch if one in waiting),
                warnings=warnings,
            )

    # --- what several need ----------------------------------------------------------------------

    async def _listing(
        self,
        stream: str,
        path: str,
        wanted: Mapping[str, str],
        *,
        addressed: bool = False,
        searched: bool = False,
        busy: bool = False,
    ) -> AsyncGenerator[Page, None]:
        """
        Walk back through a listing, newest first; its cursor is a time.

        ``before=`` would be shorter, and returns nothing once the thing it names is deleted.
        """

        async def ask(resume: str, cursor: str) -> Listed:
            lowest = floor(cursor, self.query.since, LATE)
            children, after = await self._page(path, wanted, resume)
            items, warnings = self._items(children, addressed=addressed)
            self.seen |= {one.external_id for one in items}
            times = [at for at in map(_time, children) if at]
            past = bool(times) and min(times) < lowest
            if busy and cursor and times and not after and not past:
                gap = in_words((min(times) - lowest).total_seconds())
                warnings += (f"{path[1:]}: Reddit no longer shows what came {gap} before that",)
            return Listed(
                items=_new_enough(items, lowest),
                newest=position(times, self.query.now),
                following=after,
                past=past,
                warnings=warnings,
            )

        state = self.query.state(stream)
        async for page in newest_first(stream, state, ask, pages=PAGES, searched=searched):
            yield page

    def _items(
        self, children: list[dict[str, Any]], *, addressed: bool = False
    ) -> tuple[tuple[Item, ...], tuple[str, ...]]:
        read: Callable[[dict[str, Any]], Item | None]
        read = partial(item, us=self.us, addressed=addressed)
        return each("things", children, read)

    async def _page(
        self, path: str, wanted: Mapping[str, str], resume: str
    ) -> tuple[list[dict[str, Any]], str]:
        """Ask for one page; a place of an earlier run may be gone, then begin at the top."""
        place = {"after": resume} if resume else {}
        children, after = await self._children(path, {**wanted, "limit": "100", **place})
        if resume and resume not in self.places and not children:
            children, after = await self._children(path, {**wanted, "limit": "100"})
        if after == resume:
            after = ""
        self.places.add(after)
        return children, after

    async def _children(
        self, path: str, wanted: Mapping[str, str]
    ) -> tuple[list[dict[str, Any]], str]:
        answer = await self.access.get(f"{self.api_url}{path}", params={**wanted, "raw_json": "1"})
        found = parse_listing(answer.json())
        await self._spare(answer.headers)
        return found

    async def _spare(self, headers: Mapping[str, str]) -> None:
        """Wait for the next window of ten minutes where this one is used up."""
        left = _number(headers.get("x-ratelimit-remaining", ""))
        wait = _number(headers.get("x-ratelimit-reset", ""))
        if left is not None and wait is not None and left < _FEW:
            await self.access.client.pause(wait)


def parse_listing(payload: Any) -> tuple[list[dict[str, Any]], str]:
    """Return the objects of a listing, and where its next page begins. Raises UnexpectedPayload."""
    with reading("the Reddit listing"):
        data = payload["data"]
        children = data["children"]
        if not isinstance(children, list):
            raise TypeError("a list was expected")
        after = text(data.get("after"))
        return rows(children), fullname(after) if after else ""


def _time(child: Mapping[str, Any]) -> datetime | None:
    return when(table(child.get("data")))


def _new_enough(items: tuple[Item, ...], lowest: datetime) -> tuple[Item, ...]:
    """Leave out what is older than the walk goes back; a page ends where it ends."""
    return tuple(
        one
        for one in items
        if isinstance(one, Deletion) or one.published is None or one.published >= lowest
    )


def _age(age: timedelta) -> str:
    hours = age.total_seconds() / 3600
    return next((name for name, most in _AGES if hours < most), "all")


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None
