"""
A rule: the words or facts that it looks for, the points that it gives, and why.

Rules stand in tables (`sentiment`, `faults`, `danger`, `urgency`, `contact`, `intent` and others);
the words of further languages stand in their lexicon files. Patterns run over the *plain form* of
a text (see `words`): lower case, one blank between tokens, punctuation apart, " " at both ends; a
link is one odd sign. They are written with `plain()`, which adds the blanks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from mentionwatch.model.score import INTENTS, Reason

# A text, or the facts of a mention ("text" among them) or of a conversation.
Example = str | Mapping[str, Any]

NOTHING: Mapping[str, int] = MappingProxyType({})


def plain(pattern: str) -> re.Pattern[str]:
    """Compile *pattern* to match whole tokens of the plain form; write one blank between tokens."""
    return re.compile(f" (?:{pattern}) ")


def listed(words: str) -> tuple[str, ...]:
    """Return the words and phrases of *words*, which stand there with commas between."""
    return tuple(word.strip() for word in words.split(","))


def each(first: str, second: str) -> tuple[str, ...]:
    """Return every word of *first* followed by every word of *second*, as phrases."""
    return tuple(f"{one} {other}" for one in first.split() for other in second.split())


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """
    One thing to look for.

    ``id`` begins with the score to which ``points`` (-100..100) are added: "sentiment.",
    "urgency.", "intent." ("closing." and "holding." rules only fire, with 0 points). For an intent
    rule ``intent`` names the one it speaks for. ``also``: further reasons of the same find, by id,
    with their points; "intent.complaint" and the like speak for that intent.
    ``anchors`` are words or phrases; ``pattern`` runs only where one of them occurs, over the five
    tokens before it and the ``reach`` behind; without a pattern the anchor itself is the find.
    ``at_start``: the pattern is tried at the beginning of the text instead, for an anchor near it.
    ``finds`` are words or phrases that need no pattern.
    A find of ``unless`` anywhere silences the rule.
    ``times`` replaces words: how many times the points are given, 0 for silence.
    ``needs`` names the one fact of `TextFacts` without which ``times`` is not even asked.
    ``everywhere``: the anchors count in texts of any language, not in English ones only.
    """

    id: str
    points: int
    why: str
    intent: str = ""
    anchors: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None
    reach: int = 8
    at_start: bool = False
    finds: tuple[str, ...] = ()
    unless: re.Pattern[str] | None = None
    times: Callable[[Any], int] | None = field(default=None, compare=False)
    needs: str = ""
    everywhere: bool = False
    also: Mapping[str, int] = field(default_factory=lambda: NOTHING, hash=False)
    fires_on: tuple[Example, ...] = ()
    silent_on: tuple[Example, ...] = ()
    # What the rule adds up to when it fires once: sentiment, urgency, and by intent.
    sums: tuple[int, int, tuple[tuple[str, int], ...]] = field(
        init=False, compare=False, repr=False
    )
    # (reason id, points, "sentiment" | "urgency" | "intent" | ..., the intent it speaks for or "")
    effects: tuple[tuple[str, int, str, str], ...] = field(init=False, compare=False, repr=False)

    # Reasons made before, by quote and times: the same few come again and again.
    made: dict[tuple[str, int], tuple[Reason, ...]] = field(
        init=False, compare=False, repr=False, default_factory=dict
    )

    def reasons(self, quote: str, times: int) -> tuple[Reason, ...]:
        """Return what the rule says when it fires, the points given so many times."""
        made = self.made.get((quote, times))
        if made is None:
            if len(self.made) >= _MOST_MADE:
                self.made.clear()
            made = self.made[quote, times] = tuple(
                Reason(rule=id_, points=points * times, quote=quote, why=self.why)
                for id_, points, _, _ in self.effects
            )
        return made

    def __post_init__(self) -> None:
        own = (self.id, self.points, self.id.partition(".")[0], self.intent)
        further = (
            (id_, points, id_.partition(".")[0], _intent(id_)) for id_, points in self.also.items()
        )
        effects = (own, *further)
        object.__setattr__(self, "effects", effects)
        sums = (
            sum(points for _, points, score, _ in effects if score == "sentiment"),
            sum(points for _, points, score, _ in effects if score == "urgency"),
            tuple((intent, points) for _, points, _, intent in effects if intent),
        )
        object.__setattr__(self, "sums", sums)


_MOST_MADE = 500
_MOODS = {"unhappy": "complaint", "fault": "complaint"}


def _intent(reason: str) -> str:
    kind, _, name = reason.partition(".")
    if kind != "intent":
        return ""
    return _MOODS.get(name, name if name in INTENTS else "")


@dataclass(frozen=True, kw_only=True, slots=True)
class CustomRule:
    """
    A rule of the owner's own, ``[[rules.custom]]``.

    ``match`` holds words, phrases or ``/regular expressions/`` (over the text as written, any
    case). ``score`` is "urgency", "sentiment" or "intent", the last with ``intent``.
    """

    id: str
    match: tuple[str, ...]
    points: int
    why: str
    score: str = "urgency"
    intent: str = ""
    fires_on: tuple[str, ...] = ()
    silent_on: tuple[str, ...] = ()
