"""
Stored facts -> what the queue needs: state, clock, score and hints of each conversation.

Nothing in here depends on the time of reading; overdue and due soon are for the reader to say.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mentionwatch.core.conversations import assign_ids, conversations
from mentionwatch.core.facts import (
    Calendar,
    ContactFacts,
    MentionFact,
    Neighbour,
    Settings,
)
from mentionwatch.core.reply_clock import Clock, Closed
from mentionwatch.core.scoring import ConversationContext, ConversationScore, ScoredText
from mentionwatch.model.score import PRIORITIES, PRIORITY_FROM, Reason

# How far back another channel's message still belongs to the same matter.
NEIGHBOUR_WITHIN = timedelta(days=14)
# Beyond this many messages a further one says nothing new; keeps a flood's cost linear.
TEXTS_SCORED = 50

Score = Callable[[ConversationContext], ConversationScore]


@dataclass(frozen=True, kw_only=True, slots=True)
class Assessed:
    """
    One conversation as it is stored. ``hints`` and ``also_on`` are facts; words come when reading.

    ``messages`` counts those to which an answer is owed. ``closed_at`` None: it is open.
    """

    id: int
    mention_ids: tuple[int, ...]
    newest: MentionFact
    state: str
    cause: str
    private: bool
    score: ConversationScore
    messages: int
    first_at: datetime
    last_at: datetime
    waiting_since: datetime | None
    due_at: datetime | None
    soon_at: datetime | None
    follow_up: bool
    baseline: bool
    closed_at: datetime | None
    reopened: int
    snoozed_until: datetime | None
    assignee: str | None
    labels: tuple[str, ...]
    hints: tuple[Mapping[str, Any], ...]
    also_on: tuple[str, ...]
    clocks: tuple[Closed, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Assessment:
    """The conversations of a contact, and where older ids lead now."""

    conversations: tuple[Assessed, ...]
    aliases: Mapping[int, int]


def assess(
    facts: ContactFacts,
    previous: Mapping[int, int | None],
    settings: Settings,
    calendar: Calendar,
    score: Score,
) -> Assessment:
    """
    Fold a contact's facts.

    Args:
        previous: mention id -> the conversation it belonged to until now, None for new ones.
        score: The rule set's `score_conversation`.
    """
    scorer = _Scorer(facts, score)
    clocks = conversations(facts, settings, calendar, scorer.priority)
    ids, aliases = assign_ids([[m.id for m in clock.mentions] for clock in clocks], previous)
    return Assessment(
        conversations=tuple(
            _assessed(clock, number, scorer) for clock, number in zip(clocks, ids, strict=True)
        ),
        aliases=aliases,
    )


class _Scorer:
    """Scores lists of unanswered messages; the same list is asked for more than once."""

    def __init__(self, facts: ContactFacts, score: Score) -> None:
        self.facts = facts
        self._score = score
        self._corrections = _corrections(facts)
        self._known: dict[tuple[int, ...], ConversationScore] = {}
        self._begun_in: dict[str, datetime] = {}
        for mention in sorted(facts.mentions, key=lambda mention: mention.at):
            self._begun_in.setdefault(mention.thread, mention.at)
        self._begun = sorted(self._begun_in.values())

    def priority(self, mentions: Sequence[MentionFact]) -> str:
        return self.score(mentions).priority

    def score(self, mentions: Sequence[MentionFact]) -> ConversationScore:
        key = tuple(mention.id for mention in mentions)
        if key not in self._known:
            found = self._score(self._context(mentions))
            for mention in mentions:
                found = corrected(found, self._corrections.get(mention.id, {}))
            self._known[key] = found
        return self._known[key]

    def _context(self, mentions: Sequence[MentionFact]) -> ConversationContext:
        kept = list(mentions[-TEXTS_SCORED:])
        if len(mentions) > TEXTS_SCORED:
            highest = max(mentions, key=lambda mention: mention.score.urgency)
            if all(mention.id != highest.id for mention in kept):
                kept.insert(0, highest)
        first, last = mentions[0], mentions[-1]
        return ConversationContext(
            texts=tuple(map(_scored, kept)),
            messages_unanswered=len(mentions),
            other_channels=tuple(
                dict.fromkeys(n.channel for n in neighbours_of(self.facts, last.at))
            ),
            earlier_conversations=self._earlier_threads(first.at, mentions),
        )

    def _earlier_threads(self, at: datetime, mentions: Sequence[MentionFact]) -> int:
        """Return how many other threads the author had begun by then."""
        own = {mention.thread for mention in mentions}
        begun = bisect_left(self._begun, at)
        return begun - sum(self._begun_in[thread] < at for thread in own)


def neighbours_of(facts: ContactFacts, at: datetime) -> list[Neighbour]:
    """Return who may be the same person and wrote elsewhere shortly before."""
    return [n for n in facts.neighbours if at - NEIGHBOUR_WITHIN <= n.at <= at]


def _scored(mention: MentionFact) -> ScoredText:
    return ScoredText(
        score=mention.score,
        published=mention.at,
        addressed=mention.addressed,
        followers=mention.followers,
        likes=mention.likes,
        shares=mention.shares,
        replies=mention.replies,
    )


def _corrections(facts: ContactFacts) -> dict[int, dict[str, str]]:
    """Return what the owner corrected with ``label``, by mention id; the last word counts."""
    found: dict[int, dict[str, str]] = {}
    for event in sorted(facts.events, key=lambda event: event.id):
        if event.kind == "label":
            found.setdefault(event.mention_id, {}).update(event.data.get("correct", {}))
    return found


def corrected(score: ConversationScore, correction: Mapping[str, str]) -> ConversationScore:
    """Return a score with the owner's corrections, each as a reason: the sum stays exact."""
    if not correction:
        return score
    priority = correction.get("priority", score.priority)
    reasons = list(score.reasons)
    urgency = score.urgency
    if priority != score.priority:
        urgency = _urgency_for(priority, score.urgency)
        reasons.append(
            Reason(
                rule="urgency.corrected",
                points=urgency - score.urgency,
                why=f"you said: {priority}",
            )
        )
    return ConversationScore(
        urgency=urgency,
        priority=priority,
        sentiment=correction.get("sentiment", score.sentiment),
        intent=correction.get("intent", score.intent),
        reasons=tuple(reasons),
        owed=score.owed,
    )


def _urgency_for(priority: str, urgency: int) -> int:
    """Return the urgency nearest to the given one that has this priority."""
    index = PRIORITIES.index(priority)
    least = PRIORITY_FROM[index][1]
    most = PRIORITY_FROM[index - 1][1] - 1 if index else 100
    return min(max(urgency, least), most)


def _assessed(clock: Clock, number: int, scorer: _Scorer) -> Assessed:
    state, cause = clock.state
    waiting = clock.waiting
    newest = max(clock.mentions, key=lambda mention: (mention.at, mention.id))
    basis = clock.waiting_on or clock.last_wait or [newest]
    shown = max(clock.waiting_on, key=lambda m: (m.at, m.id)) if clock.waiting_on else newest
    last = max(_times(clock))
    return Assessed(
        id=number,
        mention_ids=tuple(mention.id for mention in clock.mentions),
        newest=next(m for m in clock.mentions if m.id == shown.id),
        state=state,
        cause=cause,
        private=any(mention.private for mention in clock.mentions),
        score=scorer.score(basis),
        messages=len(clock.waiting_on),
        first_at=min(mention.at for mention in clock.mentions),
        last_at=max(mention.at for mention in clock.mentions),
        waiting_since=waiting.since if waiting else None,
        due_at=waiting.due_at if waiting else None,
        soon_at=waiting.soon_at if waiting else None,
        follow_up=bool(waiting and waiting.follow_up),
        baseline=bool(waiting and waiting.due_at is None),
        closed_at=None if state == "open" else (clock.last_closed or last),
        reopened=clock.reopened,
        snoozed_until=clock.snoozed_until if state == "open" else None,
        assignee=_assignee(clock),
        labels=_labels(clock),
        hints=tuple(_hints(clock, scorer)),
        also_on=tuple(
            dict.fromkeys(m.channel for m in clock.mentions if m.channel != shown.channel)
        ),
        clocks=tuple(clock.closed),
    )


def _times(clock: Clock) -> list[datetime]:
    return [*(mention.at for mention in clock.mentions), *(reply.at for reply in clock.replies)]


def _assignee(clock: Clock) -> str | None:
    said = [event.data.get("assignee") for event in clock.events if event.kind == "assign"]
    return str(said[-1]) if said and said[-1] else None


def _labels(clock: Clock) -> tuple[str, ...]:
    labels: dict[str, None] = {}
    for event in clock.events:
        if event.kind == "label":
            labels.update(dict.fromkeys(map(str, event.data.get("add", ()))))
            for label in event.data.get("remove", ()):
                labels.pop(str(label), None)
    return tuple(labels)


def _hints(clock: Clock, scorer: _Scorer) -> list[dict[str, Any]]:
    hints: list[dict[str, Any]] = []
    waiting = clock.waiting_on
    if waiting:
        hints += [
            {"kind": "perhaps_answered", "at": reply.at.isoformat()}
            for reply in clock.perhaps_answered
            if reply.at >= waiting[0].at
        ][-1:]
        hints += [
            {
                "kind": "same_person",
                "id": neighbour.conversation_id,
                "channel": neighbour.channel,
                "what": neighbour.kind,
                "at": neighbour.at.isoformat(),
            }
            for neighbour in neighbours_of(scorer.facts, waiting[-1].at)[-3:]
        ]
    if clock.edited_after is not None and waiting:
        hints.append({"kind": "edited", "at": clock.edited_after.isoformat()})
    if clock.promise is not None:
        hints.append({"kind": "promised", "at": clock.promise.at.isoformat()})
    if any(mention.deleted for mention in clock.mentions):
        hints.append({"kind": "deleted"})
    if any(event.kind == "handoff" for event in clock.events):
        last = [event for event in clock.events if event.kind == "handoff"][-1]
        hints.append(
            {"kind": "handed_off", **{k: last.data[k] for k in ("to", "url") if k in last.data}}
        )
    return hints
