"""Why something scores as it does."""

from __future__ import annotations

from dataclasses import dataclass

from mentionwatch.model.score import Reason, TextScore


@dataclass(frozen=True, kw_only=True, slots=True)
class ExplainedText:
    """One text and its score. ``id`` 0: not a stored one."""

    text: str
    score: TextScore
    id: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """
    The texts with their scores and, for a conversation, its own score with the context added.

    ``state`` and ``cause`` say why it is, or is not, in the queue.
    """

    texts: tuple[ExplainedText, ...]
    id: int = 0
    state: str = ""
    cause: str = ""
    priority: str = ""
    urgency: int = 0
    sentiment: str = ""
    intent: str = ""
    reasons: tuple[Reason, ...] = ()
    owed: bool | None = None
