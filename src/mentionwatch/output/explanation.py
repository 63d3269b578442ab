"""Explanations as text and JSON: every score with the reasons of which it is the sum."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from mentionwatch.model.explanation import ExplainedText, Explanation
from mentionwatch.model.score import Reason
from mentionwatch.model.text import one_line, visible

KINDS = ("urgency", "sentiment", "intent")


def as_plain(explanation: Explanation) -> str:
    """Return the explanation for people."""
    blocks = [_text(text) for text in explanation.texts]
    if explanation.id:
        state = explanation.state + (f" ({explanation.cause})" if explanation.cause else "")
        head = f"Conversation {explanation.id}: {state}, {explanation.priority}"
        blocks.insert(0, "\n".join([head, *_sum("urgency", explanation.urgency, explanation)]))
    elif explanation.owed is not None:
        owed = "is" if explanation.owed else "is not"
        blocks.append(f"A reply {owed} owed where it does not address us; to what does, it is.")
    return "\n\n".join(blocks)


def _text(text: ExplainedText) -> str:
    score = text.score
    quoted = "\n".join(f"    {line}" for line in visible(text.text).splitlines() or ["(no text)"])
    language = f", language {score.language}" if score.language else ""
    lines = [quoted, f"  sentiment {score.sentiment}, intent {score.intent}{language}"]
    for kind in KINDS:
        reasons = [reason for reason in score.reasons if reason.rule.startswith(f"{kind}.")]
        total = sum(reason.points for reason in reasons)
        if reasons:
            lines += [f"  {kind} {total}", *_lines(reasons)]
    return "\n".join(lines)


def _sum(kind: str, total: int, explanation: Explanation) -> list[str]:
    reasons = [r for r in explanation.reasons if r.rule.startswith(f"{kind}.")]
    return [f"  {kind} {total}", *_lines(reasons)]


def _lines(reasons: Iterable[Reason]) -> list[str]:
    return [
        f"    {reason.points:+4d}  {one_line(reason.why)}"
        + (f": “{one_line(reason.quote)}”" if reason.quote else "")
        + f"  ({reason.rule})"
        for reason in reasons
    ]


def as_json(explanation: Explanation) -> str:
    whole: dict[str, Any] = {
        "schema": "mentionwatch.explanation/1",
        "id": explanation.id or None,
        "state": explanation.state or None,
        "cause": explanation.cause or None,
        "priority": explanation.priority,
        "urgency": explanation.urgency,
        "sentiment": explanation.sentiment,
        "intent": explanation.intent,
        "owed": explanation.owed,
        "reasons": [_reason(reason) for reason in explanation.reasons],
        "texts": [
            {
                "id": text.id or None,
                "text": text.text,
                "sentiment": text.score.sentiment,
                "sentiment_points": text.score.sentiment_points,
                "urgency": text.score.urgency,
                "intent": text.score.intent,
                "language": text.score.language or None,
                "reasons": [_reason(reason) for reason in text.score.reasons],
            }
            for text in explanation.texts
        ],
    }
    return json.dumps(whole, indent=2)


def _reason(reason: Reason) -> dict[str, Any]:
    return {
        "rule": reason.rule,
        "points": reason.points,
        "quote": reason.quote,
        "why": reason.why,
    }
