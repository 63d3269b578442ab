"""What scoring is told beside the words, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mentionwatch.model.score import Reason, TextScore


@dataclass(frozen=True, kw_only=True, slots=True)
class TextFacts:
    """
    The facts of one mention beside its text.

    ``brand_words``: lower-case words of brand names and handles; they never score.
    ``rating`` counts from 0 to ``rating_max``. ``language`` as the platform declares it, "" where
    it does not. ``media`` is a count of photos, films and sound files.
    """

    brand_words: frozenset[str] = frozenset()
    rating: float | None = None
    rating_max: float = 5.0
    kind: str = "post"
    addressed: bool = False
    private: bool = False
    language: str = ""
    title: str = ""
    media: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoredText:
    """
    One unanswered mention: what its text scored, and the stored facts around it.

    ``after_reply``: it came after a reply of ours, so that a mere "thanks!" closes the matter.
    """

    score: TextScore
    published: datetime
    addressed: bool = False
    after_reply: bool = False
    followers: int | None = None
    likes: int | None = None
    shares: int | None = None
    replies: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ConversationContext:
    """
    What is stored about a conversation; nothing in here depends on the time of reading.

    ``texts``: the unanswered mentions, oldest first. ``messages_unanswered`` may be larger than
    their number (a missed call has no text); 0 means: as many as there are texts.
    ``other_channels``: where the same linked person is stored to have written before.
    ``earlier_conversations``: how many others this author has had with us.
    """

    texts: Sequence[ScoredText] = ()
    messages_unanswered: int = 0
    other_channels: Sequence[str] = ()
    earlier_conversations: int = 0

    @property
    def messages(self) -> int:
        return max(self.messages_unanswered, len(self.texts))


@dataclass(frozen=True, kw_only=True, slots=True)
class ConversationScore:
    """
    The score of a conversation, 0..100 its urgency: exactly the sum of its "urgency." reasons.

    ``owed``: at least one of the unanswered mentions is owed a reply (design, "Words").
    """

    urgency: int
    priority: str
    sentiment: str
    intent: str
    reasons: tuple[Reason, ...] = ()
    owed: bool = False
