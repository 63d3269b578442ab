"""
Scoring lines of JSON: what stands behind ``mentionwatch rules eval``.

    score_dev.py -- python -m mentionwatch.core.scoring.evaluate
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from json.encoder import encode_basestring_ascii as _quoted

from mentionwatch.core.scoring.ruleset import RuleSet
from mentionwatch.core.scoring.values import TextFacts
from mentionwatch.model.score import Reason, TextScore

_NO_FACTS = TextFacts()
_BATCH = 50  # lines scored at once; more gain nothing


def evaluate(lines: Iterable[str], rules: RuleSet) -> Iterator[str]:
    """
    Yield for each line {"id", "text"} one {"id", "sentiment", "urgency", "intent", "reasons"}.

    A line may also carry "language", "rating" and "addressed". Empty lines are passed over.

    Raises:
        ValueError: A line is not JSON, or not an object with a text.
    """
    numbered = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
    while batch := list(islice(numbered, _BATCH)):
        records, error = _records(batch)
        scores = rules.score_texts([(text, facts) for _, text, facts in records])
        yield from map(_line, (name for name, _, _ in records), scores)
        if error:
            raise error


# The id, the text, and the facts.
_Record = tuple[object, str, TextFacts]


def _records(batch: list[tuple[int, str]]) -> tuple[list[_Record], ValueError | None]:
    """Return the records up to the first line that is none, and what is wrong with that."""
    records: list[_Record] = []
    for number, line in batch:
        try:
            record = json.loads(line)
            text, facts = str(record["text"]), _facts(record)
        except (KeyError, TypeError, ValueError) as error:
            wrong = ValueError(f"line {number}: no record with a text: {error}")
            wrong.__cause__ = error
            return records, wrong
        records.append((record.get("id"), text, facts))
    return records, None


def _line(name: object, score: TextScore) -> str:
    shown = _quoted(name) if isinstance(name, str) else json.dumps(name)
    reasons = ", ".join(map(_json, score.reasons))
    return (
        f'{{"id": {shown}, "sentiment": "{score.sentiment}", "urgency": {score.urgency},'
        f' "intent": "{score.intent}", "reasons": [{reasons}]}}'
    )


@lru_cache(maxsize=8192)
def _json(reason: Reason) -> str:
    """Return a reason as JSON; the same few come again and again in an evaluation."""
    return (
        f'{{"rule": {_quoted(reason.rule)}, "points": {reason.points},'
        f' "quote": {_quoted(reason.quote)}, "why": {_quoted(reason.why)}}}'
    )


def _facts(record: dict[str, object]) -> TextFacts:
    if record.keys() <= {"id", "text"}:
        return _NO_FACTS
    rating = record.get("rating")
    return TextFacts(
        language=str(record.get("language") or ""),
        rating=float(str(rating)) if rating is not None else None,
        addressed=bool(record.get("addressed")),
    )


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in evaluate(sys.stdin, RuleSet.build()))
