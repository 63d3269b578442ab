"""
One conversation's clock: waiting since, target, due at, met or breached.

It is a fold over stored facts in the order of their times, without a now: the result is the same
whether the facts arrive at once, one by one, or with restarts between. docs/reply-clock.md gives
the decisions case by case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from mentionwatch.core.business_hours import due, due_soon_from
from mentionwatch.core.facts import (
    LASTING_CAUSES,
    Calendar,
    CalendarVersion,
    EditFact,
    EventFact,
    MentionFact,
    ReplyFact,
)
from mentionwatch.model.score import PRIORITIES

# Of more messages than these in a row, hardly one changes anything.
ALL_LOOKED_AT = 50
LONG_AGO = datetime.min.replace(tzinfo=UTC)

# The priority of the first n unanswered messages of a conversation, oldest first.
Priority = Callable[[Sequence[MentionFact]], str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Closed:
    """
    One clock that ended. ``result``: met, breached, untimed (from before the first run) or closed
    (by ``done`` or ``ignore``, without a reply). Seconds: open time, and time on the wall.
    """

    kind: str
    since: datetime
    due_at: datetime | None
    ended_at: datetime
    reply_id: int | None
    result: str
    priority: str
    open_seconds: int
    calendar_seconds: int
    manual: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Promise:
    """A holding reply: the customer heard from us, and still waits for the answer itself."""

    mentions: tuple[MentionFact, ...]
    at: datetime
    reply_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """The clock that runs. ``due_at`` None: only messages from before the first run wait."""

    since: datetime
    due_at: datetime | None
    soon_at: datetime | None
    priority: str
    follow_up: bool


@dataclass(kw_only=True)
class Clock:
    """The fold of one conversation; feed it facts in the order of their times."""

    calendar: Calendar
    priority_of: Priority
    mentions: list[MentionFact] = field(default_factory=list)
    written: dict[int, datetime] = field(default_factory=dict)  # mention id -> when
    replies: list[ReplyFact] = field(default_factory=list)
    events: list[EventFact] = field(default_factory=list)
    edits: list[EditFact] = field(default_factory=list)
    edited_after: datetime | None = None  # when an answered message came to say more
    unanswered: list[MentionFact] = field(default_factory=list)
    promise: Promise | None = None
    closed: list[Closed] = field(default_factory=list)
    perhaps_answered: list[ReplyFact] = field(default_factory=list)
    ended_by: str = ""  # what closed it last: reply, done or ignore
    cause: str = ""
    last_closed: datetime | None = None
    reopened: int = 0
    snoozed_until: datetime | None = None
    regardless: bool = False
    latest: datetime = LONG_AGO  # of the customer's messages and our sure replies
    put_aside: list[MentionFact] = field(default_factory=list)
    last_wait: list[MentionFact] = field(default_factory=list)

    # --- facts -----------------------------------------------------------------------------

    def mention(self, fact: MentionFact) -> None:
        """Take in a message of the customer's."""
        self.mentions.append(fact)
        self.written[fact.id] = fact.at
        self.latest = max(self.latest, fact.at)
        if self._waits(fact):
            self._wait(fact)

    def edit(self, fact: EditFact) -> None:
        """What an answered message came to say since, nobody has answered; it waits from then."""
        self.edits.append(fact)
        waiting = next((m for m in self.waiting_on if m.id == fact.mention_id), None)
        if waiting is not None and not waiting.baseline:
            return
        mention = next((m for m in self.mentions if m.id == fact.mention_id), None)
        if mention is not None and self._waits(mention):
            self.unanswered = [m for m in self.unanswered if m.id != mention.id]
            self._wait(replace(mention, at=fact.at, received=fact.received, baseline=False))
            self.edited_after = fact.at

    def _wait(self, fact: MentionFact) -> None:
        if self.last_closed is not None and not self.unanswered:
            self.reopened += 1
        if not self.regardless:
            self.snoozed_until = None
        self.unanswered.append(fact)

    def _waits(self, fact: MentionFact) -> bool:
        if not fact.owed or fact.deleted or fact.skipped:
            return False
        if fact.article and self._is_known_article(fact):
            return False
        if self.ended_by == "ignore" and self.cause in LASTING_CAUSES:
            return False
        return not (fact.closing and (self.ended_by == "reply" or self.promise is not None))

    def _is_known_article(self, fact: MentionFact) -> bool:
        """Return whether it came by another road before."""
        return any(
            earlier.article and earlier.owed and not earlier.deleted
            for earlier in self.mentions
            if earlier.id != fact.id
        )

    def reply(self, fact: ReplyFact) -> None:
        """Take in a reply of ours; only a sure one by a person ends a clock."""
        self.replies.append(fact)
        if not fact.counts:
            return
        if fact.sure:
            self.latest = max(self.latest, fact.at)
        upto = self._answered_upto(fact)
        if upto is None:
            return
        if not fact.sure:
            if self._reached(upto, fact):
                self.perhaps_answered.append(fact)
            return
        self._answer(upto, fact)

    def _answered_upto(self, fact: ReplyFact) -> datetime | None:
        """Return the time of the newest message that a reply answers; None: none of ours here."""
        if fact.mention_id is not None:
            return self.written.get(fact.mention_id)
        before = (mention for mention in reversed(self.mentions) if mention.at <= fact.at)
        place = (fact.channel, fact.thread)
        return next(
            (m.at for m in before if not fact.thread or (m.channel, m.thread) == place), None
        )

    def _reached(self, upto: datetime, fact: ReplyFact) -> list[MentionFact]:
        """
        Return the unanswered messages that were written up to then.

        One that waits again (reopened, edited) counts from later than it was written: only a reply
        from after that answers it.
        """
        written = self.written
        return [
            mention
            for mention in self.unanswered
            if written[mention.id] <= upto and mention.at <= max(written[mention.id], fact.at)
        ]

    def _answer(self, upto: datetime, fact: ReplyFact) -> None:
        answered = self._reached(upto, fact)
        at = max([fact.at, *(mention.at for mention in answered)])
        kept = self._keep_promise(at, upto, fact)
        if answered:
            self._close(answered, at, reply_id=fact.id)
        if fact.holding:
            if answered and self.promise is None:
                self.promise = Promise(mentions=tuple(answered), at=at, reply_id=fact.id)
        elif answered or kept:
            self.snoozed_until = None
        if answered or kept:
            self._ended("reply", "", at)

    def _keep_promise(self, at: datetime, upto: datetime, fact: ReplyFact) -> bool:
        """End the follow-up clock. A further holding reply does not: it would never end."""
        promise = self.promise
        if promise is None or fact.holding or promise.mentions[0].at > upto:
            return False
        self._close_promise(promise, at, reply_id=fact.id)
        return True

    def event(self, fact: EventFact) -> None:
        """Take in something that we did here."""
        self.events.append(fact)
        action = {
            "done": self._done,
            "ignore": self._ignore,
            "snooze": self._snooze,
            "reopen": self._reopen,
        }.get(fact.kind)
        if action is not None:
            action(fact)

    def _done(self, fact: EventFact) -> None:
        replied = bool(fact.data.get("replied"))
        self._finish(fact, "reply" if replied else "done", "", manual=replied)

    def _ignore(self, fact: EventFact) -> None:
        self._finish(fact, "ignore", str(fact.data.get("cause", "no-reply-needed")))

    def _finish(self, fact: EventFact, how: str, cause: str, *, manual: bool = False) -> None:
        # What came in after the owner acted, he has not seen; it still waits, whatever its date.
        seen = [
            mention
            for mention in self.unanswered
            if mention.at <= fact.at and mention.received <= fact.recorded_at
        ]
        replied = None if how != "reply" else -1
        if seen:
            self._close(seen, fact.at, reply_id=replied, manual=manual, by_us=how == "reply")
        if self.promise is not None and self.promise.at <= fact.at:
            self._close_promise(
                self.promise, fact.at, reply_id=replied, manual=manual, by_us=how == "reply"
            )
        self.put_aside = [] if how == "reply" else seen
        self._ended(how, cause, fact.at)

    def _snooze(self, fact: EventFact) -> None:
        self.regardless = bool(fact.data.get("regardless"))
        unseen = any(mention.received > fact.recorded_at for mention in self.unanswered)
        if self.regardless or not unseen:  # else it came too late to be put off
            self.snoozed_until = datetime.fromisoformat(str(fact.data["until"]))

    def _reopen(self, fact: EventFact) -> None:
        """What ``done`` or ``ignore`` put aside waits again with its first age; else from here."""
        if self.unanswered or not self.mentions:
            self.snoozed_until = None
            return
        newest = max(self.mentions, key=lambda mention: (mention.at, mention.id))
        self.unanswered = list(self.put_aside) or [_from(newest, fact.at)]
        if self.put_aside and self.closed and self.closed[-1].result == "closed":
            self.closed.pop()
        self.put_aside = []
        self.ended_by = self.cause = ""
        self.snoozed_until = None
        self.reopened += 1

    # --- closing ---------------------------------------------------------------------------

    def _close(
        self,
        answered: list[MentionFact],
        at: datetime,
        *,
        reply_id: int | None,
        manual: bool = False,
        by_us: bool = True,
    ) -> None:
        timed = [mention for mention in answered if not mention.baseline]
        version = self.calendar.at(at)
        self._record(
            kind="first" if self.last_closed is None else "next",
            since=(timed or answered)[0].at,
            due_at=self._due(timed, version),
            at=at,
            priority=self.priority_of(answered),
            reply_id=reply_id,
            manual=manual,
            by_us=by_us,
        )
        ended = {mention.id for mention in answered}
        self.unanswered = [mention for mention in self.unanswered if mention.id not in ended]
        self.last_wait = answered

    def _close_promise(
        self,
        promise: Promise,
        at: datetime,
        *,
        reply_id: int | None,
        manual: bool = False,
        by_us: bool = True,
    ) -> None:
        version = self.calendar.at(at)
        timed = any(not mention.baseline for mention in promise.mentions)
        self._record(
            kind="follow_up",
            since=promise.at,
            due_at=due(promise.at, version.follow_up, version.hours) if timed else None,
            at=at,
            priority=self.priority_of(promise.mentions),
            reply_id=reply_id,
            manual=manual,
            by_us=by_us,
        )
        self.promise = None

    def _record(
        self,
        *,
        kind: str,
        since: datetime,
        due_at: datetime | None,
        at: datetime,
        priority: str,
        reply_id: int | None,
        manual: bool,
        by_us: bool,
    ) -> None:
        hours = self.calendar.at(at).hours_for(priority)
        if not by_us:
            result = "closed"
        elif due_at is None:
            result = "untimed"
        else:
            result = "met" if at <= due_at else "breached"
        self.closed.append(
            Closed(
                kind=kind,
                since=since,
                due_at=due_at,
                ended_at=at,
                reply_id=reply_id if reply_id != -1 else None,
                result=result,
                priority=priority,
                open_seconds=hours.open_seconds(since, at),
                calendar_seconds=int((at - since).total_seconds()),
                manual=manual,
            )
        )

    def _ended(self, how: str, cause: str, at: datetime) -> None:
        self.ended_by, self.cause = how, cause
        self.last_closed = at

    # --- what follows ----------------------------------------------------------------------

    @property
    def state(self) -> tuple[str, str]:
        """Return the state and, for ``ignored``, its cause. Snoozed is for the reader to say."""
        if self.unanswered or self.promise is not None:
            return "open", ""
        if self.ended_by == "reply":
            return "answered", ""
        if self.ended_by == "done":
            return "done", ""
        if self.ended_by == "ignore":
            return "ignored", self.cause
        spam = self.mentions and all(mention.skipped == "spam" for mention in self.mentions)
        return "ignored", "spam" if spam else "no-reply-needed"

    @property
    def waiting_on(self) -> list[MentionFact]:
        """The messages to which an answer is owed, also those that got only a holding reply."""
        held = list(self.promise.mentions) if self.promise is not None else []
        return [*held, *self.unanswered]

    @property
    def waiting(self) -> Waiting | None:
        """The clock that runs now, by the newest version of the calendar."""
        waiting = self.waiting_on
        if not waiting:
            return None
        version = self.calendar.latest
        priority = self.priority_of(waiting)
        timed = [mention for mention in self.unanswered if not mention.baseline]
        ends = [self._deadlines(timed, version)] if timed else []
        promise = self.promise
        if promise is not None:
            hours = version.hours
            ends.append(
                (
                    due(promise.at, version.follow_up, hours),
                    due_soon_from(promise.at, version.follow_up, hours),
                )
            )
        due_at, soon_at = min(ends, default=(None, None))
        return Waiting(
            since=min(m.at for m in [m for m in waiting if not m.baseline] or waiting),
            due_at=due_at,
            soon_at=soon_at,
            priority=priority,
            follow_up=promise is not None and not timed,
        )

    def _due(self, timed: list[MentionFact], version: CalendarVersion) -> datetime | None:
        return self._deadlines(timed, version)[0] if timed else None

    def _deadlines(
        self, timed: list[MentionFact], version: CalendarVersion
    ) -> tuple[datetime, datetime]:
        """
        Return due and due soon: the earliest over the messages so far.

        Each message counts from its own time with the priority that the conversation had with it:
        an angrier one may shorten the wait, a calmer one never lengthens it.
        """
        found = []
        strictest = len(PRIORITIES)
        for count in _telling(timed):
            mention = timed[count - 1]
            priority = self.priority_of(timed[:count])
            rank = PRIORITIES.index(priority)
            if rank >= strictest:
                continue  # later and no more pressing: cannot be due earlier
            strictest = rank
            target = version.target(mention.channel, mention.family, priority)
            hours = version.hours_for(priority)
            found.append((due(mention.at, target, hours), due_soon_from(mention.at, target, hours)))
        return min(found)


def _telling(timed: Sequence[MentionFact]) -> Iterator[int]:
    """
    Yield how many of these messages to look at together, from few to many.

    Each one counts; in a flood only what is more urgent than all before it, and the last one.
    """
    highest = -1
    for count, mention in enumerate(timed, start=1):
        if count <= ALL_LOOKED_AT or mention.score.urgency > highest or count == len(timed):
            yield count
        highest = max(highest, mention.score.urgency)


def _from(mention: MentionFact, at: datetime) -> MentionFact:
    """Return the mention as if it had come at another time: a conversation reopened by hand."""
    return replace(mention, at=at, baseline=False, deleted=False)
