"""Rules of urgency: what cannot wait."""

from __future__ import annotations

from mentionwatch.core.scoring.rule import Rule

URGENCY_RULES = (
    Rule(
        id="urgency.mention",
        points=10,
        why="somebody wrote",
        times=lambda view: 1,
        fires_on=("Hello",),
        silent_on=({"messages_unanswered": 1},),
    ),
)
