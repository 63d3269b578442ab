"""Rules of sentiment beside the valence of words: the customer-service layer, sarcasm, stars."""

from __future__ import annotations

from mentionwatch.core.scoring.rule import Rule
from mentionwatch.core.scoring.text import View


def _stars(view: View) -> int:
    """Return the points of a star rating, enough to outweigh the words."""
    facts = view.facts
    if facts.rating is None or facts.rating_max <= 0:
        return 0
    share = facts.rating / facts.rating_max
    if share >= 0.75:
        return max(40, 20 - view.sentiment)
    if share <= 0.5:
        return -max(40, 20 + view.sentiment)
    return 0


SENTIMENT_RULES = (
    Rule(
        id="sentiment.word",
        points=0,
        why="a word with a valence",
        fires_on=("This is good", "what a terrible day", "😡"),
        silent_on=("This is a table", "3 days"),
    ),
    Rule(
        id="sentiment.stars",
        points=1,
        why="the stars say more than the words",
        times=_stars,
        fires_on=({"text": "lovely place", "rating": 1.0}, {"text": "ok", "rating": 5.0}),
        silent_on=({"text": "lovely place", "rating": 3.0}, "five stars"),
    ),
)
