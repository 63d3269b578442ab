"""
One run over X: which requests are made, in which order, and what they cost.

Billing: https://docs.x.com/x-api/getting-started/pricing. Everything that comes back is paid for,
the same thing once in a day (UTC). So a walk that a limit ends goes on below what it bought.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from mentionwatch.channels import OpenItem, Query
from mentionwatch.channels._ledger import Ledger
from mentionwatch.channels._values import each, text
from mentionwatch.channels._walk import Listed, newest_first
from mentionwatch.channels._x_api import (
    DIALECTS,
    NEW,
    OLD,
    Answer,
    Api,
    Dialect,
    kind_of,
    parse_page,
    wrong_parameters,
)
from mentionwatch.channels._x_items import Us, item, message, time_of
from mentionwatch.errors import BudgetSpent, ChannelError, RequestRefused, UnexpectedPayload
from mentionwatch.model.items import Author, Deletion, Item, Page, StreamState
from mentionwatch.model.times import iso

PAGES = 50
SEARCHED_DAYS = timedelta(days=7)
_MARGIN = timedelta(minutes=10)  # at the old end of what can be searched
_KEPT_CHECKS = 1000
_ALMOST = 0.8  # of the monthly cap, from which on the owner is warned


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """In US dollars: ``cap`` for a month, and what one thing costs. ``posts`` for one run."""

    cap: float
    posts: int
    rechecks: int
    post: float
    owned: float
    user: float
    message: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """One list: ``least`` is the smallest page that X gives, ``price`` that of one thing in it."""

    stream: str
    path: str
    price: float
    least: int
    fields: Callable[[Dialect], Mapping[str, str]]
    read: Callable[[Mapping[str, Any], Mapping[str, dict[str, Any]]], Item | None]
    wanted: Mapping[str, str] = field(default_factory=dict)
    token: str = "pagination_token"  # noqa: S105 - the name of a parameter
    by_id: bool = True
    people: bool = True
    searched: bool = False


@dataclass(kw_only=True, slots=True)
class Run:
    """One run: what it is asked, and what it has bought so far."""

    api: Api
    query: Query
    us: Us
    limits: Limits
    ledger: Ledger
    bought: int = 0
    users: set[str] = field(default_factory=set)  # bought in this run
    dialect: Dialect = OLD

    def __post_init__(self) -> None:
        self.dialect = DIALECTS.get(self.ledger.note("dialect"), OLD)

    # --- lists ----------------------------------------------------------------------------------

    def own(self) -> AsyncGenerator[Page, None]:
        """Read what we wrote; a first run looks back as far as somebody waits."""
        return self._walk(
            Listing(
                stream="own",
                path=f"/2/users/{self.us.user_id}/tweets",
                price=self.limits.owned,
                least=5,
                fields=lambda dialect: dialect.ours,
                read=partial(item, us=self.us, own=True),
                people=False,
            )
        )

    def mentions(self) -> AsyncGenerator[Page, None]:
        return self._walk(
            Listing(
                stream="mentions",
                path=f"/2/users/{self.us.user_id}/mentions",
                price=self.limits.owned,
                least=5,
                fields=lambda dialect: dialect.posts,
                read=partial(item, us=self.us, addressed=True),
            )
        )

    def search(self, stream: str, words: str) -> AsyncGenerator[Page, None]:
        return self._walk(
            Listing(
                stream=stream,
                path="/2/tweets/search/recent",
                price=self.limits.post,
                least=10,
                fields=lambda dialect: dialect.posts,
                read=partial(item, us=self.us),
                wanted={"query": words, "sort_order": "recency"},
                token="next_token",  # noqa: S106 - the name of a parameter
                searched=True,
            )
        )

    def chat(self) -> AsyncGenerator[Page, None]:
        return self._walk(
            Listing(
                stream="messages",
                path="/2/dm_events",
                price=self.limits.message,
                least=1,
                fields=lambda dialect: dialect.messages,
                read=partial(message, us=self.us),
                wanted={"event_types": "MessageCreate"},
                by_id=False,
            )
        )

    async def _walk(self, listing: Listing) -> AsyncGenerator[Page, None]:
        """Walk back to the cursor; what was spent is stored before what was bought."""
        state = self.query.state(listing.stream)
        ask = self._messages if not listing.by_id else self._posts
        pages = newest_first(
            listing.stream,
            state,
            partial(ask, listing),
            pages=PAGES,
            searched=listing.searched,
        )
        try:
            async for page in pages:
                for spent in self.ledger.page():
                    yield spent
                yield page
        except ChannelError:
            for spent in self.ledger.page():
                yield spent
            raise

    async def _posts(self, listing: Listing, resume: str, cursor: str) -> Listed:
        """Return a page below ``resume``: the id of a post, or "next:" and a token."""
        token, until = resume.removeprefix("next:"), resume
        place = {"until_id": until} if resume else {}
        if resume.startswith("next:"):
            place = {listing.token: token}
        since, warnings = self._since(listing, cursor)
        try:
            answer = await self._ask(listing, {**since, **place})
        except RequestRefused as error:
            if error.status != 400 or not wrong_parameters(error) & {"since_id", "start_time"}:
                raise
            start = self.query.now - SEARCHED_DAYS + _MARGIN
            answer = await self._ask(listing, {"start_time": iso(start), **place})
        items, damaged = _items(
            "posts", answer.things, lambda one: listing.read(one, answer.people)
        )
        ids = [int(one) for one in (text(t.get("id")) for t in answer.things) if one.isdecimal()]
        following = ""
        if answer.following:
            following = str(min(ids)) if ids else f"next:{answer.following}"
        return Listed(
            items=items,
            newest=str(max(ids)) if ids else "",
            following="" if following == resume else following,
            warnings=(*warnings, *damaged),
        )

    def _since(self, listing: Listing, cursor: str) -> tuple[dict[str, str], tuple[str, ...]]:
        """Return where to begin, and a sentence where something in between cannot be had."""
        now = self.query.now
        first = self.query.since
        if listing.stream == "own":
            first = min([first, *(one.published for one in self.query.open)])
        lowest = now - SEARCHED_DAYS + _MARGIN
        if not listing.searched:
            return ({"since_id": cursor} if cursor else {"start_time": iso(first)}), ()
        last = time_of(cursor)
        if cursor and last is not None and last > lowest:
            return {"since_id": cursor}, ()
        start = {"start_time": iso(max(first, lowest))}
        if last is None:
            return start, ()
        words = f"between {last:%Y-%m-%d} and {lowest:%Y-%m-%d} nothing could be searched: "
        return start, (f"{words}X shows the last 7 days",)

    async def _messages(self, listing: Listing, resume: str, cursor: str) -> Listed:
        """Return a page of messages; the first one is small, for it is mostly known already."""
        place = {"pagination_token": resume} if resume else {}
        most = 20 if resume or not cursor else 1
        try:
            answer = await self._ask(listing, place, most=most)
        except RequestRefused as error:
            if not resume or error.status != 400:
                raise
            answer = await self._ask(listing, {}, most=20)  # the place is no longer known
        found = [(text(one.get("id")), one) for one in answer.things]
        ids = [int(one) for one, _ in found if one.isdecimal()]
        last = int(cursor) if cursor.isdecimal() else 0
        new = [one for identity, one in found if identity.isdecimal() and int(identity) > last]
        items, warnings = _items("messages", new, lambda one: listing.read(one, answer.people))
        return Listed(
            items=items,
            newest=str(max(ids)) if ids else "",
            following="" if answer.following == resume else answer.following,
            past=bool(ids) and (min(ids) <= last or self._before_first_run(str(min(ids)))),
            warnings=warnings,
        )

    def _before_first_run(self, event_id: str) -> bool:
        written = time_of(event_id)
        return written is not None and written < self.query.since

    # --- buying ---------------------------------------------------------------------------------

    async def _ask(self, listing: Listing, place: Mapping[str, str], *, most: int = 100) -> Answer:
        """Buy one page; where the vocabulary is not understood, once more in the other one."""
        answer = await self._buy(listing, place, most)
        if answer.understood:
            return answer
        self.dialect = NEW if self.dialect is OLD else OLD
        answer = await self._buy(listing, place, most)
        if not answer.understood:
            raise UnexpectedPayload(
                "X changed the names of its fields: posts come without their times",
                "look for a newer mentionwatch; until then nothing more is bought",
            )
        self.ledger.put("dialect", self.dialect.name)
        return answer

    async def _buy(self, listing: Listing, place: Mapping[str, str], most: int) -> Answer:
        size = self._affordable(listing, most)
        params = {**listing.wanted, **listing.fields(self.dialect), **place}
        answer = parse_page(await self.api.get(listing.path, {**params, "max_results": size}))
        self._charge(len(answer.things), listing.price)
        self._charge(answer.posts_along, self.limits.post)
        self._charge(len(set(answer.people) - self.users), self.limits.user, along=True)
        self.users |= set(answer.people)
        return answer

    def _affordable(self, listing: Listing, most: int) -> int:
        """Return how many things may be bought at most. Raises BudgetSpent."""
        each_one = listing.price + self.dialect.posts_along * self.limits.post
        if listing.people or self.dialect is NEW:
            each_one += self.dialect.users_along * self.limits.user
        left = self.limits.cap - self.ledger.used("usd")
        by_money = int(left / each_one + 1e-9) if each_one > 0 else most
        if by_money < listing.least:
            raise BudgetSpent(
                f"the monthly cap of ${self.limits.cap:.2f} for X is reached "
                f"(${self.ledger.used('usd'):.2f} spent since the first of the month)",
                "set a higher monthly_cap, or wait for the next month; nothing is lost",
            )
        by_count = self.limits.posts - self.bought
        if by_count < listing.least:
            raise BudgetSpent(
                f"this run bought {self.bought} posts, as many as max_posts_per_sync allows",
                "the next run goes on where this one stopped",
            )
        return min(most, by_money, by_count)

    def _charge(self, number: int, price: float, *, along: bool = False) -> None:
        if number:
            self.ledger.use("usd", number * price)
        if not along:
            self.bought += number

    def summary(self) -> tuple[Page, ...]:
        """Return what the owner should know of the money."""
        used, cap = self.ledger.used("usd"), self.limits.cap
        if not any(name in self.query.streams for name in ("own", "mentions")):
            return self.ledger.page(
                f"this first run bought {self.bought} posts or messages and {len(self.users)} "
                f"authors, about ${used:.2f} of ${cap:.2f} for this month"
            )
        if used >= _ALMOST * cap:
            return self.ledger.page(
                f"${used:.2f} of the monthly ${cap:.2f} for X are spent; then nothing more is read"
            )
        return self.ledger.page()

    # --- conversations that wait ----------------------------------------------------------------

    async def revisit(self) -> AsyncGenerator[Page, None]:
        """
        Look again at a few posts a day: those that wait, and our answers to them.

        A look is paid for like a first reading; those not looked at for longest come first.
        """
        waiting = {one.external_id: one for one in self.query.open if time_of(one.external_id)}
        own = [one for one in self.query.known_own_ids if time_of(one) and one not in waiting]
        state = self.query.state("revisit")
        today = f"{self.query.now:%Y-%m-%d}"
        checked = state.extra.get("checked", "").split()
        done = int(state.extra.get("count", "0") or 0) if state.extra.get("day") == today else 0
        chosen = _turns(list(waiting), own, checked, self.limits.rechecks, done)
        if not chosen or not self._may_look(len(chosen)):
            return
        answer = parse_page(
            await self.api.get("/2/tweets", {"ids": ",".join(chosen), **self.dialect.bare})
        )
        self._charge(len(answer.things), self.limits.post)
        for spent in self.ledger.page():
            yield spent
        items, warnings = _items("posts", answer.things, lambda one: self._seen_again(one, waiting))
        gone = _gone(answer, chosen)
        kept = [*(one for one in checked if one not in chosen), *chosen][-_KEPT_CHECKS:]
        extra = {"day": today, "count": str(done + len(chosen)), "checked": " ".join(kept)}
        yield Page(
            stream="revisit",
            items=(*items, *(Deletion(external_id=one) for one in gone)),
            state=StreamState(extra=extra),
            checked=tuple(one for one in chosen if one in waiting),
            warnings=warnings,
        )

    def _may_look(self, number: int) -> bool:
        """New posts go before a second look at old ones."""
        left = self.limits.cap - self.ledger.used("usd")
        return number * self.limits.post <= left and number <= self.limits.posts - self.bought

    def _seen_again(self, post: Mapping[str, Any], waiting: Mapping[str, OpenItem]) -> Item | None:
        opened = waiting.get(text(post.get("id")))
        if opened is None:
            return None
        return item(post, {}, self.us, author=Author(id=opened.author_id))


def _items(
    what: str, things: Sequence[dict[str, Any]], read: Callable[[dict[str, Any]], Item | None]
) -> tuple[tuple[Item, ...], tuple[str, ...]]:
    return each(what, things, read)


def _turns(
    waiting: list[str], own: list[str], checked: list[str], rechecks: int, done: int
) -> list[str]:
    """
    Return the ids to look at: by turns of those that wait and of ours, longest unseen first.

    Args:
        checked: What was looked at, the latest last; the last ``done`` of them today.
        rechecks: How many looks a day allows.
    """
    today = set(checked[len(checked) - done :]) if done else set()
    order = {one: place for place, one in enumerate(checked)}
    lists = [
        sorted((one for one in ids if one not in today), key=lambda one: order.get(one, -1))
        for ids in (waiting, own)
    ]
    mixed: list[str] = []
    for place in range(max(map(len, lists))):
        mixed += [ids[place] for ids in lists if place < len(ids)]
    return mixed[: max(0, min(rechecks - done, 100))]


def _gone(answer: Answer, asked: list[str]) -> list[str]:
    """Return what does not exist any more; what is only hidden from us is not gone."""
    missing = {
        text(one.get("resource_id")) or text(one.get("value"))
        for one in answer.errors
        if kind_of(one) == "resource-not-found" and text(one.get("title")) != "Forbidden"
    }
    here = {text(one.get("id")) for one in answer.things}
    return [one for one in asked if one in missing and one not in here]
