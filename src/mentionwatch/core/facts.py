"""Stored facts, as the fold over them sees them: all that decides who waits, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from mentionwatch.core.business_hours import BusinessHours, Target
from mentionwatch.model.score import TextScore

# Causes that keep on holding when the author writes again in the same conversation.
LASTING_CAUSES = frozenset({"spam", "not-us"})


@dataclass(frozen=True, kw_only=True, slots=True)
class MentionFact:
    """
    A mention of one contact. ``id`` is the row's; ``at`` the time that counts; ``received`` ours.

    ``baseline``: from before the first run, never overdue. ``owed``: a reply is owed to it.
    ``closing``: it only ends a conversation ("Thanks!"), if we had answered before.
    """

    id: int
    contact: str
    channel: str
    type: str
    family: str
    kind: str
    thread: str
    at: datetime
    received: datetime
    owed: bool
    score: TextScore
    addressed: bool = False
    closing: bool = False
    baseline: bool = False
    deleted: bool = False
    skipped: str = ""
    private: bool = False
    article: bool = False
    followers: int | None = None
    likes: int = 0
    shares: int = 0
    replies: int = 0
    rating: float | None = None
    rating_max: float = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplyFact:
    """
    A reply of ours, as far as it concerns this contact.

    It is attached to a mention (``mention_id``), or to whatever this contact wrote before it in
    ``thread`` (on ``channel``), or, with neither, to whatever still waits.
    ``sure`` False: a hint; it ends no clock. ``counts`` False: automatic or deleted.
    """

    id: int
    contact: str
    channel: str
    at: datetime
    mention_id: int | None = None
    thread: str = ""
    sure: bool = True
    counts: bool = True
    holding: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class EditFact:
    """
    The author changed a message and says more by it. ``at``: when, as far as that is known.
    """

    mention_id: int
    at: datetime
    received: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class EventFact:
    """What we did; undone ones are left out. ``data`` as recorded."""

    id: int
    kind: str
    mention_id: int
    at: datetime
    recorded_at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Neighbour:
    """A mention of somebody who may be the same person, on another channel; a hint, no more."""

    conversation_id: int
    channel: str
    type: str
    kind: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class CalendarVersion:
    """
    Hours and targets as they were from ``since`` on.

    ``targets``: family or channel name -> priority -> open time allowed; a channel's own entry
    goes before its family's. ``always``: priorities that are counted around the clock.
    """

    since: datetime
    hours: BusinessHours
    targets: Mapping[str, Mapping[str, Target]]
    always: frozenset[str] = frozenset()
    follow_up: Target = field(default_factory=lambda: Target(business_days=1))

    def target(self, channel: str, family: str, priority: str) -> Target:
        own = self.targets.get(f"channel:{channel}", {})
        return own.get(priority) or self.targets[family][priority]

    def hours_for(self, priority: str) -> BusinessHours:
        return self.hours.around_the_clock() if priority in self.always else self.hours


@dataclass(frozen=True, kw_only=True, slots=True)
class Calendar:
    """Every version, oldest first; never empty."""

    versions: Sequence[CalendarVersion]

    @property
    def latest(self) -> CalendarVersion:
        return self.versions[-1]

    def at(self, moment: datetime) -> CalendarVersion:
        """Return the version that was in force; before the first one, the first."""
        found = self.versions[0]
        for version in self.versions:
            if version.since <= moment:
                found = version
        return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """``[queue]``: plain durations, calendar time."""

    merge_window: timedelta = timedelta(hours=72)
    reopen_within: timedelta = timedelta(days=30)
    first_run: timedelta = timedelta(days=3)


@dataclass(frozen=True, kw_only=True, slots=True)
class ContactFacts:
    """Everything about one contact, or about several that the owner linked."""

    mentions: Sequence[MentionFact]
    replies: Sequence[ReplyFact] = ()
    events: Sequence[EventFact] = ()
    edits: Sequence[EditFact] = ()
    neighbours: Sequence[Neighbour] = ()
