"""How it went: reply times and attainment over a period, the quality of our replies, spikes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mentionwatch.model.report import QueueReport

DIMENSIONS = ("channel", "weekday", "hour", "author", "assignee", "intent", "priority")
# Category -> (label for people, weight).
CATEGORIES = {
    "answers_question": ("answers what was asked", 3),
    "apologises": ("apologises where something went wrong", 2),
    "next_step": ("offers a solution or a next step", 3),
    "other_way": ("another way to talk is an offer, not a condition", 1),
    "own_words": ("is about this case, not canned", 2),
    "respectful": ("does not defend or belittle", 2),
    "serious": ("no mask of emojis over a complaint", 1),
    "on_time": ("came in time", 2),
    "closed_in_public": ("says in public that it was settled", 1),
}
REACTIONS = ("calmer", "angrier", "silent", "none")


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """How long something took, in seconds; None where nothing was counted."""

    count: int = 0
    median: int | None = None
    p90: int | None = None
    slowest: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """
    How a stretch of time went, or a part of it.

    ``mentions``: what was written to or about us; ``private``, ``positive`` … of them. ``waits``:
    stretches in which an answer was owed, by the time at which they began; ``answered`` got one,
    ``closed`` were closed without (done, not ignored), the rest waits. ``due``: answers that were
    due in the period, ``met`` of them in time, ``unanswered`` of them still overdue.
    ``first_open`` … are of answers given in the period. ``private_answers`` and
    ``public_answers`` are of those that are on record; ``manual``: entered by hand.
    ``wrote_again``: waits in which the customer wrote more than once before we answered.
    ``came_back``: authors with more than one conversation begun. ``reopened``: conversations begun
    that were closed once, and open again.
    """

    mentions: int = 0
    private: int = 0
    positive: int = 0
    neutral: int = 0
    negative: int = 0
    unclassified: int = 0
    conversations: int = 0
    authors: int = 0
    waits: int = 0
    answered: int = 0
    closed: int = 0
    due: int = 0
    met: int = 0
    unanswered: int = 0
    first_open: Spread = Spread()
    first_calendar: Spread = Spread()
    next_open: Spread = Spread()
    next_calendar: Spread = Spread()
    private_answers: int = 0
    public_answers: int = 0
    manual: int = 0
    wrote_again: int = 0
    came_back: int = 0
    reopened: int = 0

    @property
    def response_rate(self) -> float | None:
        """Return the share of waits that were answered, 0 to 1; None without any."""
        return self.answered / self.waits if self.waits else None

    @property
    def attainment(self) -> float | None:
        """Return the share of answers due that came in time, 0 to 1; None where none was due."""
        return self.met / self.due if self.due else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """The figures of one channel, weekday, hour, author …; ``waiting`` now, ``overdue`` of them."""

    key: str
    label: str
    figures: Figures
    waiting: int = 0
    overdue: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One day or week of the series; ``start`` is its first instant."""

    start: datetime
    label: str
    mentions: int = 0
    positive: int = 0
    negative: int = 0
    due: int = 0
    met: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Bin:
    """Answers that took from ``least`` to below ``below`` seconds by the clock; None: no end."""

    label: str
    least: int
    below: int | None
    count: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """A conversation by name: to thank, to call, or whose mood turned. ``why`` in words."""

    id: int
    channel: str
    author: str
    text: str
    at: datetime
    private: bool = False
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Badge:
    """
    How far it is to the badge that Meta's platforms show: of the first private messages of the last
    seven days, 90 % answered, and within 15 minutes by the clock.

    ``of``: what was counted. ``more``: how many more would have had to be answered in time;
    0: reached, None: nothing to count.
    """

    of: str
    messages: int
    answered: int
    in_time: int
    more: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Posting:
    """``posts`` of ours, ``while_late`` of them while an answer was overdue on that channel."""

    posts: int = 0
    while_late: int = 0
    most_waiting: int = 0
    worst_channel: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spike:
    """
    Something out of the usual in a window of time.

    ``kind``: volume or negativity; ``channel`` "" for all together. ``usual`` is the mean of the
    same window in earlier weeks. ``words`` drive it, the strongest first.
    """

    kind: str
    channel: str
    since: datetime
    until: datetime
    count: int
    usual: float
    words: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Return what a cool-down goes by."""
        return f"{self.kind}:{self.channel}"


@dataclass(frozen=True, kw_only=True, slots=True)
class PeriodReport:
    """
    Did we answer, and how fast.

    ``queue`` is the state of now without its rows: who we are, how the channels stand.
    ``before`` is the period of the same length before; None where nothing is known of it.
    ``waiting``, ``overdue``: now; ``oldest``: since when the longest wait lasts. ``history``: open
    ones from before the first run, which count nowhere else. ``leads_missed``: answers owed to
    leads that are overdue or were closed without. ``mood``: first and last words of conversations,
    by how they turned. ``reactions``: by kind, after our replies of the period.
    """

    queue: QueueReport
    since: datetime
    until: datetime
    by: str
    now: Figures
    before: Figures | None
    waiting: int
    overdue: int
    history: int
    oldest: datetime | None
    steps: tuple[Step, ...]
    step: str
    bins: tuple[Bin, ...]
    groups: tuple[Group, ...]
    groups_left_off: int
    leads_missed: int
    praise_unanswered: int
    leads: tuple[Named, ...]
    to_thank: tuple[Named, ...]
    turned_better: int
    turned_worse: int
    turned: tuple[Named, ...]
    reactions: Mapping[str, int]
    badge: Badge
    posting: Posting
    spikes: tuple[Spike, ...] = ()


# --- quality of our replies ---------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """
    One category of the scorecard.

    ``given`` None: it does not apply here. ``quote``: the words that decided it, ours or the
    customer's; "" where it was their absence. ``why`` says it in a sentence.
    """

    category: str
    given: int | None
    quote: str = ""
    why: str = ""
    minimum: int = 0
    maximum: int = 1
    weight: int = 1

    @property
    def share(self) -> float | None:
        """Return (given - minimum) / (maximum - minimum), 0 to 1."""
        if self.given is None:
            return None
        return (self.given - self.minimum) / (self.maximum - self.minimum)


@dataclass(frozen=True, kw_only=True, slots=True)
class OurReply:
    """A reply of ours as it is judged. ``public`` False: only the customer can read it."""

    text: str
    at: datetime
    public: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Theirs:
    """A message of the customer's with its stored scores."""

    text: str
    at: datetime
    sentiment: str = "unclassified"
    points: int = 0
    intent: str = "other"
    closing: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchange:
    """
    What is judged: a customer's messages and our replies, both oldest first.

    ``names``: what the customer is called. ``results``: of the clocks that our replies ended.
    """

    id: int
    channel: str
    names: tuple[str, ...]
    private: bool
    theirs: tuple[Theirs, ...]
    ours: tuple[OurReply, ...]
    results: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """
    The scorecard of one conversation.

    ``score``: 0..100, the weighted mean of its points; None where none applies. ``like``: to how
    many other people the same text went; ``group`` is the same for all of them, -1 for none.
    ``holding``: our last reply only promises an answer.
    """

    id: int
    channel: str
    author: str
    private: bool
    said: str
    answer: str
    answered_at: datetime
    score: float | None
    points: tuple[Point, ...]
    canned: bool
    like: int
    group: int
    holding: bool
    reaction: str
    verdict: int | None = None

    def point(self, category: str) -> Point:
        return next(point for point in self.points if point.category == category)


@dataclass(frozen=True, kw_only=True, slots=True)
class Category:
    """One category over a period. ``score`` 0..100; ``applied`` to so many conversations."""

    name: str
    label: str
    weight: int
    applied: int
    score: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Repeated:
    """One text of ours that went to ``people`` people; ``text`` as one of them got it."""

    text: str
    people: int
    ids: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewReport:
    """
    How good our replies of a period were.

    ``queue`` is the state of now without its rows: who we are, how the channels stand.
    ``conversations`` were judged, the newest ones; ``left_off`` were not.
    ``score``: the mean of the conversations' scores, 0..100. ``cards``: the weakest first.
    ``verdicts``: how many the owner judged himself, ``own_score`` their mean (0..100) and
    ``rules_score`` what the rules say of the same.
    """

    queue: QueueReport
    since: datetime
    until: datetime
    conversations: int
    left_off: int
    score: float | None
    before: float | None
    categories: tuple[Category, ...]
    repeated: tuple[Repeated, ...]
    canned: int
    reactions: Mapping[str, int]
    cards: tuple[Card, ...]
    verdicts: int = 0
    own_score: float | None = None
    rules_score: float | None = None
