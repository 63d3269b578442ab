"""Rules of intent: what the author wants of us."""

from __future__ import annotations

from mentionwatch.core.scoring.rule import Rule

INTENT_RULES = (
    Rule(
        id="intent.question_mark",
        points=12,
        why="asks something",
        intent="question",
        anchors=("?",),
        everywhere=True,
        fires_on=("Is the oat milk back?",),
        silent_on=("The oat milk is back!",),
    ),
)
