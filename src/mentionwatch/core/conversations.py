"""
Mentions and replies -> conversations: who waits, and in which thread.

A contact's facts are folded in the order of their times. A mention goes to the conversation of its
author that already waits, else to the one of its thread, else it begins one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from mentionwatch.core.facts import (
    Calendar,
    ContactFacts,
    EditFact,
    EventFact,
    MentionFact,
    ReplyFact,
    Settings,
)
from mentionwatch.core.reply_clock import Clock, Priority

Fact = MentionFact | ReplyFact | EventFact | EditFact


def conversations(
    facts: ContactFacts, settings: Settings, calendar: Calendar, priority_of: Priority
) -> list[Clock]:
    """
    Return the conversations of one contact, or of several that were linked, oldest first.

    Args:
        priority_of: The priority of the first n unanswered messages of a conversation.
    """

    def fresh() -> Clock:
        return Clock(calendar=calendar, priority_of=priority_of)

    apart = _apart(facts.events)
    by_contact = [_fold(group, settings, apart, fresh) for group in _contacts(facts)]
    clocks = [clock for clocks in by_contact for clock in clocks]
    joined = _joined(clocks, _links(facts.events), fresh)
    return sorted(joined, key=lambda clock: _when(clock.mentions[0]))


def assign_ids(
    groups: Sequence[Sequence[int]], previous: Mapping[int, int | None]
) -> tuple[list[int], dict[int, int]]:
    """
    Give each conversation the id by which the owner knows it.

    Args:
        groups: The mention ids of each conversation, conversations by age, oldest first.
        previous: mention id -> the conversation that it belonged to until now.

    Returns:
        The id of each group, and ``old -> id`` for ids that no longer lead anywhere else. An id is
        the lowest id of a mention in the conversation: never re-used, the same in whatever batches
        the facts came. On a join the lower stays; on a split the older part keeps it.
    """
    ids: list[int] = []
    taken: set[int] = set()
    for group in groups:
        known = {previous.get(mention) for mention in group}
        wanted = {*group, *(number for number in known if number is not None)} - taken
        if not wanted:  # others took them all
            wanted = {mention for group in groups for mention in group} - taken
        ids.append(min(wanted))
        taken.add(ids[-1])
    aliases = {}
    for group, chosen in zip(groups, ids, strict=True):
        for mention in group:
            for old in {previous.get(mention), mention}:
                if old is not None and old not in taken:
                    aliases[old] = chosen
    return ids, aliases


# --- one contact ------------------------------------------------------------------------------


def _contacts(facts: ContactFacts) -> list[ContactFacts]:
    """Linked contacts are folded each on its own; their conversations are joined afterwards."""
    contacts: dict[str, list[MentionFact]] = {}
    for mention in facts.mentions:
        contacts.setdefault(mention.contact, []).append(mention)
    if len(contacts) < 2:
        return [facts]
    return [_those_of(facts, contact, mentions) for contact, mentions in contacts.items()]


def _those_of(facts: ContactFacts, contact: str, mentions: list[MentionFact]) -> ContactFacts:
    ids = {mention.id for mention in mentions}
    return ContactFacts(
        mentions=mentions,
        replies=[reply for reply in facts.replies if reply.contact == contact],
        events=[event for event in facts.events if event.mention_id in ids],
        edits=[edit for edit in facts.edits if edit.mention_id in ids],
    )


def _fold(
    facts: ContactFacts, settings: Settings, apart: frozenset[int], fresh: Callable[[], Clock]
) -> list[Clock]:
    fold = _Fold(settings, apart, fresh)
    for fact in _in_order(facts):
        if isinstance(fact, MentionFact):
            fold.mention(fact)
        else:
            fold.other(fact)
    return fold.clocks


def _in_order(facts: ContactFacts) -> list[Fact]:
    """A reply is sorted behind the mention to which it is attached, whatever its clock says."""
    times = {mention.id: mention.at for mention in facts.mentions}

    def key(fact: Fact) -> tuple[datetime, int, int]:
        if isinstance(fact, MentionFact):
            return fact.at, 0, fact.id
        if isinstance(fact, ReplyFact):
            attached = times.get(fact.mention_id) if fact.mention_id is not None else None
            return max(fact.at, attached or fact.at), 1, fact.id
        if isinstance(fact, EditFact):
            return max(fact.at, times.get(fact.mention_id, fact.at)), 2, fact.mention_id
        return fact.at, 3, fact.id

    return sorted([*facts.mentions, *facts.replies, *facts.edits, *facts.events], key=key)


class _Fold:
    """
    The conversations of one contact so far, oldest first, and ways to find them.

    Some contacts have thousands: nothing here walks through all of them for each fact.
    """

    def __init__(
        self, settings: Settings, apart: frozenset[int], fresh: Callable[[], Clock]
    ) -> None:
        self.clocks: list[Clock] = []
        self._settings = settings
        self._apart = apart
        self._fresh = fresh
        self._in_thread: dict[tuple[str, str], dict[int, Clock]] = {}
        self._of_mention: dict[int, int] = {}
        self._waiting: dict[int, Clock] = {}
        self._recent: dict[int, Clock] = {}  # those that wait, and may take in a message elsewhere

    def mention(self, fact: MentionFact) -> None:
        place = self._choose(fact)
        if place is None:
            place = len(self.clocks)
            self.clocks.append(self._fresh())
        clock = self.clocks[place]
        clock.mention(fact)
        self._of_mention[fact.id] = place
        if not fact.skipped:
            self._in_thread.setdefault((fact.channel, fact.thread), {})[place] = clock
        self._note(place)

    def other(self, fact: ReplyFact | EventFact | EditFact) -> None:
        for place in self._concerned(fact):
            _feed(self.clocks[place], fact)
            self._note(place)

    def _note(self, place: int) -> None:
        clock = self.clocks[place]
        for found, holds in (
            (self._waiting, bool(clock.waiting_on)),
            (self._recent, bool(clock.unanswered)),
        ):
            if holds:
                found[place] = clock
            else:
                found.pop(place, None)

    def _choose(self, mention: MentionFact) -> int | None:
        """Return the conversation that a mention belongs to; None: it begins one."""
        if mention.article:
            return 0 if self.clocks else None
        if mention.skipped:
            return None
        same_thread = self._in_thread.get((mention.channel, mention.thread), {})
        for place in sorted(same_thread, reverse=True):
            if place in self._waiting:
                return place
        if mention.id not in self._apart and (found := self._mergeable(mention)) is not None:
            return found
        for place in sorted(same_thread, reverse=True):
            if mention.at - _last_activity(same_thread[place]) <= self._settings.reopen_within:
                return place
        return None

    def _mergeable(self, mention: MentionFact) -> int | None:
        """Return the newest conversation elsewhere that waits for an answer to the author."""
        for place in sorted(self._recent, reverse=True):
            newest = self._recent[place].unanswered[-1]
            if mention.at - newest.at > self._settings.merge_window:
                del self._recent[place]  # what comes from now on is later still
            elif _still_waits(self._recent[place], mention, self._settings):
                return place
        return None

    def _concerned(self, fact: ReplyFact | EventFact | EditFact) -> list[int]:
        if fact.mention_id is not None:
            place = self._of_mention.get(fact.mention_id)
            return [] if place is None else [place]
        if isinstance(fact, ReplyFact) and fact.thread:
            return sorted(self._in_thread.get((fact.channel, fact.thread), ()))
        return sorted(self._waiting) or [len(self.clocks) - 1][: len(self.clocks)]


def _still_waits(clock: Clock, mention: MentionFact, settings: Settings) -> bool:
    """Return whether the author waits there, and wrote last within the merge window."""
    last = next((one for one in reversed(clock.unanswered) if one.channel == mention.channel), None)
    return last is not None and mention.at - last.at <= settings.merge_window


def _last_activity(clock: Clock) -> datetime:
    return max(clock.latest, clock.last_closed or clock.latest)


def _feed(clock: Clock, fact: Fact) -> None:
    if isinstance(fact, MentionFact):
        clock.mention(fact)
    elif isinstance(fact, ReplyFact):
        clock.reply(fact)
    elif isinstance(fact, EditFact):
        clock.edit(fact)
    else:
        clock.event(fact)


# --- link and unlink --------------------------------------------------------------------------


def _links(events: Iterable[EventFact]) -> list[tuple[int, int]]:
    """Return the pairs of mentions that the owner joined; a later ``unlink`` parts them."""
    pairs: list[tuple[int, int]] = []
    for event in sorted(events, key=lambda event: event.id):
        if event.kind == "link":
            pairs.append((event.mention_id, int(event.data["mention_id"])))
        elif event.kind == "unlink":
            parted = set(event.data.get("mentions", ()))
            pairs = [pair for pair in pairs if not parted.intersection(pair)]
    return pairs


def _apart(events: Iterable[EventFact]) -> frozenset[int]:
    """Return the mentions that ``unlink`` keeps out of other threads' conversations."""
    found: set[int] = set()
    for event in events:
        if event.kind == "unlink" and event.data.get("threads"):
            found.update(event.data.get("mentions", ()))
    return frozenset(found)


def _joined(
    clocks: list[Clock],
    links: list[tuple[int, int]],
    fresh: Callable[[], Clock],
) -> list[Clock]:
    """Fold the conversations that were linked once more, as one."""
    home = {mention.id: index for index, clock in enumerate(clocks) for mention in clock.mentions}
    parent = list(range(len(clocks)))

    def root(index: int) -> int:
        while parent[index] != index:
            index = parent[index]
        return index

    for one, other in links:
        if one in home and other in home:
            first, second = sorted((root(home[one]), root(home[other])))
            parent[second] = first
    groups: dict[int, list[Clock]] = {}
    for index, clock in enumerate(clocks):
        groups.setdefault(root(index), []).append(clock)
    return [group[0] if len(group) == 1 else _refold(group, fresh) for group in groups.values()]


def _refold(group: list[Clock], fresh: Callable[[], Clock]) -> Clock:
    clock = fresh()
    unique_events = {event.id: event for part in group for event in part.events}
    unique_replies = {reply.id: reply for part in group for reply in part.replies}
    facts = ContactFacts(
        mentions=[mention for part in group for mention in part.mentions],
        replies=list(unique_replies.values()),
        events=list(unique_events.values()),
        edits=[edit for part in group for edit in part.edits],
    )
    for fact in _in_order(facts):
        _feed(clock, fact)
    return clock


def _when(mention: MentionFact) -> tuple[datetime, int]:
    return mention.at, mention.id
