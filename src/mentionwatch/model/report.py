"""
What is shown: the queue with its channels.

Made at each start of `queue`, therefore named tuples; why there is no
`from __future__ import annotations`: see `config.settings`.
"""

from datetime import datetime
from typing import NamedTuple

from mentionwatch.model.author import Author
from mentionwatch.model.score import Reason

STATUSES = ("ok", "failed", "partial", "stale", "never", "skipped")
# A channel in one of these states may hide somebody who waits.
INCOMPLETE = frozenset({"failed", "partial", "stale", "never"})


class ChannelState(NamedTuple):
    """
    How one channel stands at the time of reading.

    ``status``: ok; failed (the last run ended in an error); partial (cut short, or a gap is open);
    stale (last success too long ago); never (no run has succeeded yet); skipped (no longer
    configured, or switched off). ``notes``: what it cannot do, in words, and warnings.
    """

    name: str
    type: str
    family: str
    status: str
    last_success_at: datetime | None = None
    last_attempt_at: datetime | None = None
    failing_since: datetime | None = None
    problem: str | None = None
    hint: str | None = None
    sees_own_replies: bool = True
    notes: tuple[str, ...] = ()
    stored: int = 0


class QueueRow(NamedTuple):
    """
    One conversation as the queue shows it; named as in the JSON (docs/queue.schema.json).

    ``text``, ``title``, ``url`` and ``published_at`` are the newest message's. ``messages`` counts
    those not yet answered. ``overdue_seconds`` is open time, ``overdue_calendar_seconds`` time by
    the clock on the wall; both 0 where it is not overdue. ``due_at`` None: no reply is owed, or it
    is from before the first run. ``section``: overdue, due_soon, later, history, or the state.
    """

    id: int
    channel: str
    type: str
    family: str
    kind: str
    private: bool
    author: Author
    title: str
    text: str
    url: str
    media: int
    messages: int
    published_at: datetime
    last_message_at: datetime
    waiting_since: datetime | None
    due_at: datetime | None
    overdue: bool
    due_soon: bool
    overdue_seconds: int
    overdue_calendar_seconds: int
    due_in_seconds: int
    priority: str
    urgency: int
    sentiment: str
    intent: str
    state: str
    cause: str
    assignee: str | None
    rating: float | None
    rating_max: float
    own_posts_since: int
    section: str
    labels: tuple[str, ...] = ()
    snoozed_until: datetime | None = None
    on_duty: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    also_on: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()


class Summary(NamedTuple):
    """
    Counts over everything that matches, whatever is shown.

    ``complete`` is False where somebody may wait unseen: a channel is failed, partial, stale or
    never read, no channel is configured, or something fetched is not assessed yet.
    ``later`` counts those owed an answer that are neither overdue nor due soon; ``history`` those
    from before the first run, which are never late; ``answered_since`` our answers since the start
    of yesterday, ``median_reply_seconds`` (open time) the reply time that half of them kept.
    """

    complete: bool
    open: int
    overdue: int
    due_soon: int
    later: int
    snoozed: int
    history: int
    shown: int
    answered_since: int = 0
    median_reply_seconds: int | None = None
    unassessed: int = 0


class QueueReport(NamedTuple):
    """
    The queue: what is broken, who waits, who first.

    ``timezone`` is the IANA name in which times are shown. ``hours_today``: the open intervals of
    today as the owner wrote them, "" when closed. ``selection``: the words by which the owner
    narrowed the queue; then "nothing is waiting" is only said of what they select. ``notices``:
    sentences for the owner that belong to no channel.
    """

    generated_at: datetime
    timezone: str
    brand: str
    summary: Summary
    channels: tuple[ChannelState, ...]
    rows: tuple[QueueRow, ...]
    open_now: bool = True
    next_opening: datetime | None = None
    hours_today: str = ""
    notices: tuple[str, ...] = ()
    selection: str = ""
