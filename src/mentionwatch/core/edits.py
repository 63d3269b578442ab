"""Whether an edit of a message is more than a corrected letter: then it wants an answer again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from mentionwatch.model.score import PRIORITIES, TextScore, priority

MORE = 2  # one changed word is a corrected one
LOW = 0.6  # three stars of five and less
OWED = ("complaint", "question", "request", "lead")

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """A message as it once stood. ``rating``: the share of the best one, 0 to 1; None: unknown."""

    text: str
    score: TextScore
    rating: float | None = None


def says_more(earlier: Sequence[Form], now: Form) -> bool:
    """
    Return whether a message wants more by an edit than in any earlier form.

    Args:
        earlier: Oldest first. All are looked at: two roads may tell a message by turns in full and
            in part. Of their ratings nothing is known.
    """
    if earlier[-1].text == now.text:
        return now.rating is not None and now.rating <= LOW
    if now.text.count("?") > max(form.text.count("?") for form in earlier):
        return True
    return _adds_words(earlier, now) and all(_graver(now.score, form.score) for form in earlier)


def _adds_words(earlier: Sequence[Form], now: Form) -> bool:
    known: Counter[str] = Counter()
    for form in earlier:
        known |= _count(form.text)
    return (_count(now.text) - known).total() >= MORE


def _count(text: str) -> Counter[str]:
    return Counter(_WORD.findall(text.casefold()))


def _graver(now: TextScore, before: TextScore) -> bool:
    pressing, pressed = (PRIORITIES.index(priority(one.urgency)) for one in (now, before))
    return pressing < pressed or (now.intent != before.intent and now.intent in OWED)
