"""Scores, and the reasons of which they are the sum."""

from __future__ import annotations

from typing import NamedTuple

SENTIMENTS = ("positive", "neutral", "negative", "unclassified")
INTENTS = ("complaint", "question", "request", "lead", "praise", "other")
PRIORITIES = ("urgent", "high", "normal", "low")

# Least urgency of each priority, highest first (design, "Words").
PRIORITY_FROM = (("urgent", 70), ("high", 45), ("normal", 20), ("low", 0))


def priority(urgency: int) -> str:
    """Return the priority of an urgency, 0..100."""
    return next(name for name, least in PRIORITY_FROM if urgency >= least)


class Reason(NamedTuple):
    """
    One rule's contribution to a score.

    ``rule`` is "sentiment.…", "urgency.…" or "intent.…"; ``points`` -100..100; ``quote`` the words
    of the text that triggered it ("" where the reason is a fact such as a star rating).
    """

    rule: str
    points: int
    quote: str = ""
    why: str = ""


class TextScore(NamedTuple):
    """
    What one text says, without its context.

    ``sentiment_points`` (-100..100) and ``urgency`` (0..100) are exactly the sums of the points of
    the reasons whose rules begin with "sentiment." and "urgency."; a cut at a limit is itself a
    reason ("urgency.limit"). ``language`` is ISO 639-1 or "" where it cannot be told.
    ``closing``: "thanks" where the text only closes a conversation (thanks, an emoji), else "".
    """

    sentiment: str
    sentiment_points: int
    urgency: int
    intent: str
    reasons: tuple[Reason, ...] = ()
    language: str = ""
    closing: str = ""
