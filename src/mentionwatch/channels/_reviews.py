"""
What the channels of reviews share: one review, its one public answer, and what happens to both.

A review stands in a thread of its own, named by its external id; there is one customer in it, so
our answer names the thread alone and counts for everything that he wrote before it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mentionwatch.channels import OpenItem, Query
from mentionwatch.channels._walk import in_turn
from mentionwatch.errors import (
    ChannelError,
    NotFound,
    PermissionMissing,
    RequestRefused,
    UnexpectedPayload,
)
from mentionwatch.model.items import Author, Deletion, Item, Mention, Page, Reply, StreamState
from mentionwatch.model.times import iso, parse_time

if TYPE_CHECKING:
    from mentionwatch.client import Client

# Our answer itself may count as a change of the review, in the same moment.
SAME_MOMENT = timedelta(minutes=1)
ALWAYS = 10  # reviews that wait, oldest due first, at which every round looks
MOST_BROKEN = 3
BROKEN = (PermissionMissing, NotFound, RequestRefused, UnexpectedPayload)
_ANSWER = "/reply"


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """
    A review as a platform shows it now.

    ``mention``: its ``external_id`` names the review, ``published`` is its first time as far as it
    is known, ``edited`` the customer's last change. ``answer``: what we wrote under it; with an
    ``external_id`` only where the platform gives answers ids of their own.
    """

    mention: Mention
    answer: Reply | None = None
    warnings: tuple[str, ...] = ()


def items_of(review: Review, known: Collection[str]) -> tuple[Item, ...]:
    """
    Return what a review is to the store.

    Platforms keep one text and one answer, and overwrite both. A customer who changes his review
    after our answer has written again: that is a mention of its own. An answer that follows such
    a change is an answer of its own; changed without one, it is the same as before.

    Args:
        review: As it is shown now.
        known: The external ids of our answers that are stored and not deleted.
    """
    mention, answer = review.mention, review.answer
    name = mention.external_id
    author = mention.author
    if not (author.id or author.handle):  # nobody else writes in this thread
        author = replace(author, id=name)
    mention = replace(mention, thread_id=name, addressed=True, author=author)
    before = [one for one in known if review_of(one) == name]
    if answer is None:
        return (mention, *(Deletion(external_id=one) for one in before))
    changed = mention.edited or mention.published
    answer = replace(
        answer, external_id=_answer_id(name, answer, changed, before), thread_id=name, parent_id=""
    )
    if changed is None or answer.published is None:
        return (mention, answer)
    if changed > answer.published + SAME_MOMENT:
        mention = replace(
            mention,
            external_id=f"{name}@{iso(changed, milliseconds=True)}",
            parent_id=name,
            published=changed,
            edited=None,
        )
    return (mention, answer)


def review_of(external_id: str) -> str:
    """Return the external id of the review to which that of an answer belongs; "" for others."""
    name, slash, _ = external_id.rpartition(_ANSWER)
    return name if slash else ""


def _answer_id(name: str, answer: Reply, changed: datetime | None, before: Sequence[str]) -> str:
    if answer.external_id:
        return f"{name}{_ANSWER}:{answer.external_id}"
    for one in before:
        at = _time_in(one)
        if at is not None and (changed is None or changed <= at + SAME_MOMENT):
            return one  # edited: its first time counts
    if answer.published is None:
        return f"{name}{_ANSWER}"
    return f"{name}{_ANSWER}@{iso(answer.published, milliseconds=True)}"


def _time_in(external_id: str) -> datetime | None:
    try:
        return parse_time(external_id.rpartition("@")[2])
    except ValueError:
        return None


def _always(name: str) -> bool:
    return bool(name)


# The review as it is now; None where it is gone.
Look = Callable[[str], Awaitable[Review | None]]


@dataclass(kw_only=True, slots=True)
class Revisits:
    """
    Looks again at reviews that wait, and at those that we answered of late.

    Listings are ordered by what customers do: our answer, or its removal, moves nothing to the top.

    ``look``: asks for one review. ``requests``: how many one round may take. ``every``: between
    two rounds, where the platform counts requests. ``seen``: reviews that this run has read.
    ``concerns``: whether a review can be asked for in this run.
    """

    query: Query
    client: Client
    look: Look
    requests: int = 60
    every: timedelta = timedelta()
    seen: set[str] = field(default_factory=set)
    concerns: Callable[[str], bool] = _always

    async def pages(self) -> AsyncGenerator[Page, None]:
        """Yield pages of the stream "revisit"."""
        waiting = self._waiting()
        read = [one.external_id for name in waiting if name in self.seen for one in waiting[name]]
        if read:
            yield Page(stream="revisit", checked=tuple(read))
        state = self.query.state("revisit")
        answered = filter(None, map(review_of, self.query.known_own_ids))
        names = dict.fromkeys((*waiting, *answered))
        left = [name for name in names if name not in self.seen and self.concerns(name)]
        if not left or not self.is_due():
            return
        order = in_turn(left, state.extra.get("last"), ALWAYS)[: self.requests]
        until = self.client.requests + self.requests
        broken: list[ChannelError] = []
        looked = 0
        for name in order:
            if self.client.requests >= until or len(broken) > MOST_BROKEN:
                break
            looked += 1
            try:
                yield await self._page(name, waiting.get(name, []))
            except BROKEN as error:  # one damaged review must not keep us from the others
                broken.append(error)
        yield self._end(order[:looked], left)
        if broken:
            raise broken[0]

    def _waiting(self) -> dict[str, list[OpenItem]]:
        found: dict[str, list[OpenItem]] = {}
        for one in self.query.open:
            found.setdefault(one.thread_id or one.external_id, []).append(one)
        return found

    def is_due(self) -> bool:
        """Whether the last round is long enough ago."""
        try:
            last = parse_time(self.query.state("revisit").extra.get("at", ""))
        except ValueError:
            return True
        return not timedelta() <= self.query.now - last < self.every

    async def _page(self, name: str, waiting: Sequence[OpenItem]) -> Page:
        review = await self.look(name)
        ids = tuple(one.external_id for one in waiting)
        if review is None:
            gone = dict.fromkeys((name, *ids))
            items = tuple(Deletion(external_id=one) for one in gone)
            return Page(stream="revisit", items=items, checked=ids)
        return Page(
            stream="revisit",
            items=items_of(review, self.query.known_own_ids),
            checked=ids,
            warnings=review.warnings,
        )

    def _end(self, looked: Sequence[str], all_of_them: Sequence[str]) -> Page:
        extra = {"at": iso(self.query.now)} if self.every else {}
        more = len(all_of_them) - len(looked)
        if not more:
            return Page(stream="revisit", state=StreamState(extra=extra))
        if looked:
            extra["last"] = looked[-1]
        warning = f"{more} of {len(all_of_them)} reviews were not looked at again; later runs do"
        return Page(stream="revisit", state=StreamState(extra=extra), warnings=(warning,))


def stars(value: object, most: float = 5.0) -> float | None:
    """Return a rating of 1 to *most*; None for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 1 <= value <= most:
        return float(value)
    return None


def unreadable(platform: str, name: str, number: int, url: str, now: datetime) -> Mention:
    """
    Return a row for reviews that came and that the platform does not let us read.

    Args:
        platform: Its name, for the words.
        name: Tells this case from others: the same one is the same row.
        number: How many there are; 0 where that is not known.
        url: Where the owner can read them.
        now: The time of this run: when they were written is not known either.
    """
    reviews = f"{number or 'some'} new review{'' if number == 1 else 's'}"
    external_id = f"unread:{name}"
    return Mention(
        external_id=external_id,
        thread_id=external_id,
        text=f"{reviews} on {platform} that mentionwatch may not read: look there",
        author=Author(name=platform),
        published=now,
        addressed=True,
        kind="review",
        url=url,
    )
