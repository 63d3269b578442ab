"""
How often the intent is right, and whether a reply is owed: F1 for each file of labelled texts.

    python bench/intent.py [TEXTS.ndjson ...]   without any, those in tests/data/intent
"""

from __future__ import annotations

import json
import sys
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

from _measure import ROOT

from mentionwatch.core.scoring import RuleSet, TextFacts, reply_owed
from mentionwatch.model.score import INTENTS


def f1(gold: Sequence[Hashable], answered: Sequence[Hashable], label: Hashable) -> float:
    """Return the F1 of *label*, 0..1; 0 where it neither occurs nor is answered."""
    right = sum(one == other == label for one, other in zip(gold, answered, strict=True))
    count = sum(one == label for one in (*gold, *answered))
    return 2 * right / count if count else 0.0


def measured(texts: Sequence[dict[str, Any]], rules: RuleSet) -> dict[str, float]:
    """Return F1 by intent, the share of right intents, and F1 of "a reply is owed"."""
    facts = [(one["text"], TextFacts(addressed=one["addressed"])) for one in texts]
    scores = rules.score_texts(facts)
    gold, answered = [one["intent"] for one in texts], [score.intent for score in scores]
    found = {name: f1(gold, answered, name) for name in INTENTS}
    found["right"] = sum(map(str.__eq__, gold, answered)) / len(gold)
    owed = [
        (
            one["owed"],
            reply_owed(score, addressed=one["addressed"], after_reply=one.get("closing", False)),
            one["addressed"],
        )
        for one, score in zip(texts, scores, strict=True)
    ]
    found["owed"] = f1([x[0] for x in owed], [x[1] for x in owed], True)
    searched = [x for x in owed if not x[2]]
    found["owed, found by search"] = f1([x[0] for x in searched], [x[1] for x in searched], True)
    return found


def main() -> int:
    files = [Path(name) for name in sys.argv[1:]]
    rules = RuleSet.build()
    for file in files or sorted((ROOT / "tests" / "data" / "intent").glob("*.ndjson")):
        lines = file.read_text(encoding="utf-8").splitlines()
        found = measured([json.loads(line) for line in lines], rules)
        print(f"{file.name}: {len(lines)} texts")
        for name, value in found.items():
            print(f"  {name:<24}{value:6.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
