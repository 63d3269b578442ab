"""
What the channels of the Graph API do in the same way: whom a reply answers, and looking again.

Comments stand on two levels: whatever answers an answer is attached to the same top comment. So
the platform's parent says less than the order and the names do.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from mentionwatch.channels import OpenItem, Query
from mentionwatch.channels._graph import Graph
from mentionwatch.channels._values import moment
from mentionwatch.channels._walk import in_turn
from mentionwatch.errors import NotFound, PermissionMissing, RequestRefused, UnexpectedPayload
from mentionwatch.model.items import Deletion, Item, Mention, Page, Reply, StreamState
from mentionwatch.model.times import iso

REVISIT_REQUESTS = 60
ALWAYS = 20  # threads that wait, oldest due first, at which every run looks
OWN_CHECKS = 10
CHECKED_DAILY = timedelta(days=1)


# --- whom a reply answers ---------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """
    One comment below a top comment, which is itself the first.

    ``author``: a key; empty where it is withheld. ``tagged``: keys of whom it names.
    """

    id: str
    author: str
    ours: bool = False
    tagged: frozenset[str] = frozenset()


def answered(reply: Said, before: Sequence[Said]) -> tuple[str, bool]:
    """
    Return the comment that a reply of ours answers, and whether that is sure.

    Args:
        reply: Ours.
        before: What stands in the same place above it, oldest first; the top comment is first.
    """
    others = [one for one in before if not one.ours]
    if not others:
        return (before[0].id if before else ""), True
    named = [one for one in others if _key(one) in reply.tagged]
    if named:
        return named[-1].id, True
    since = _since_our_last(before)
    waiting = {_key(one) for one in since}
    if len(waiting) == 1:
        return since[-1].id, not reply.tagged
    authors = {_key(one) for one in others}
    if len(authors) == 1:
        return others[-1].id, not reply.tagged
    of_top = [one for one in since if _key(one) == _key(before[0])]
    if of_top and not reply.tagged:
        return of_top[-1].id, True
    return (since or others)[-1].id, False


def _key(one: Said) -> str:
    return one.author or f"unknown {one.id}"


def _since_our_last(before: Sequence[Said]) -> list[Said]:
    place = max((number for number, one in enumerate(before) if one.ours), default=-1)
    return list(before[place + 1 :])


@dataclass(kw_only=True, slots=True)
class Places:
    """The comments of one post as they are read, by their top comment."""

    by_top: dict[str, list[Said]] = field(default_factory=dict)

    def add(self, top: str, said: Said) -> tuple[str, bool]:
        """Put a comment in its place; return what it answers, if it is ours."""
        before = self.by_top.setdefault(top, [])
        found = answered(said, before) if said.ours else (top, True)
        before.append(said)
        return found[0] or top, found[1]


# --- which posts have changed -----------------------------------------------------------------


@dataclass(kw_only=True, slots=True)
class Memory:
    """
    What was read of each post: a signature (counts, time of change), and when.

    A comment less and another one more cancel out, so each post is read once a day anyway.
    """

    now: datetime
    kept: dict[str, str]

    @classmethod
    def of(cls, query: Query, stream: str) -> Memory:
        return cls(now=query.now, kept=dict(query.state(stream).extra))

    def unchanged(self, post: str, signature: str) -> bool:
        known, _, read = self.kept.get(post, "").partition(" ")
        at = moment(read)
        fresh = at is not None and timedelta() <= self.now - at < CHECKED_DAILY
        return known == signature and fresh

    def was_read(self, post: str, signature: str) -> StreamState:
        self.kept[post] = f"{signature} {iso(self.now)}"
        return StreamState(extra=dict(self.kept))

    def forget_others(self, posts: Iterable[str]) -> StreamState | None:
        """Forget posts that are not listed any more; None where nothing changes."""
        left = {post: self.kept[post] for post in posts if post in self.kept}
        if len(left) == len(self.kept):
            return None
        self.kept = left
        return StreamState(extra=dict(left))


# --- conversations that wait ------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Looked:
    """
    What one look at a thread gave. ``gone``: open items that are not there any more.

    ``checked`` is false where the thread could not be looked at.
    """

    items: tuple[Item, ...] = ()
    gone: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    checked: bool = True


Look = Callable[[str, Sequence[OpenItem]], Awaitable[Looked]]


def by_thread(items: Iterable[OpenItem]) -> dict[str, list[OpenItem]]:
    found: dict[str, list[OpenItem]] = {}
    for one in items:
        found.setdefault(one.thread_id or one.external_id, []).append(one)
    return found


async def look_again(
    graph: Graph, query: Query, threads: Mapping[str, Sequence[OpenItem]], look: Look
) -> AsyncGenerator[Page, None]:
    """
    Look at each thread that waits: edits, deletions, our replies.

    The oldest due go first in every run, the others take turns within the budget. A thread that
    is refused leaves the others alone.
    """
    state = query.state("revisit")
    order = in_turn(list(threads), state.extra.get("thread"), ALWAYS)
    until = graph.client.requests + REVISIT_REQUESTS
    left = 0
    place = ""
    for number, thread in enumerate(order):
        if graph.client.requests >= until or (graph.tight and number >= ALWAYS):
            left, place = len(order) - number, order[number - 1]
            break
        yield await _looked_at(thread, threads[thread], look)
    extra = {"thread": place} if place else {}
    if left or dict(state.extra) != extra:
        warning = f"{left} of {len(order)} waiting threads were not looked at again; "
        warning += "the next run begins with them"
        kept = StreamState(extra=extra)
        yield Page(stream="revisit", state=kept, warnings=(warning,) if left else ())


async def _looked_at(thread: str, waiting: Sequence[OpenItem], look: Look) -> Page:
    try:
        found = await look(thread, waiting)
    except (NotFound, PermissionMissing, RequestRefused, UnexpectedPayload) as error:
        words = f"a waiting thread could not be looked at again: {error.message}"
        return Page(stream="revisit", warnings=(words,))
    wanted = [one.external_id for one in waiting]
    gone = tuple(Deletion(external_id=one) for one in found.gone if one in wanted)
    return Page(
        stream="revisit",
        items=(*found.items, *gone),
        checked=tuple(wanted) if found.checked else (),
        warnings=found.warnings,
    )


async def own_gone(
    graph: Graph, query: Query, seen: Iterable[str], is_there: Callable[[str], Awaitable[bool]]
) -> AsyncGenerator[Page, None]:
    """Look for replies of ours that nothing has shown in this run: perhaps they were deleted."""
    shown = set(seen)
    unseen = [one for one in query.known_own_ids if one not in shown]
    state = query.state("own")
    checks = [] if graph.tight else in_turn(unseen, state.extra.get("own"), 0)[:OWN_CHECKS]
    if not checks:
        return
    gone = [one for one in checks if not await is_there(one)]
    extra = {"own": checks[-1]} if len(unseen) > len(checks) else {}
    yield Page(
        stream="own",
        items=tuple(Deletion(external_id=one) for one in gone),
        state=StreamState(extra=extra),
    )


def relevant(items: Iterable[Item], wanted: Iterable[str], since: datetime) -> tuple[Item, ...]:
    """Return of a thread that was read again what is new, waits, or is ours."""
    ids = set(wanted)
    return tuple(
        one
        for one in items
        if not isinstance(one, Mention)
        or one.external_id in ids
        or (one.published is not None and one.published >= since)
    )


def sure(reply: Reply, *, is_sure: bool) -> Reply:
    return reply if is_sure else replace(reply, certainty="likely")
