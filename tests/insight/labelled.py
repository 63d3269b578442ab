"""
The labelled conversations, judged: by which half, and how often the scorecard agrees.

    python -m tests.insight.labelled tuning      # shows each disagreement
    python -m tests.insight.labelled final       # counts only

The halves are told apart by a hash of the id. The rules were written with the first one in view;
of the second only the counts are looked at.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mentionwatch.core.scoring import RuleSet, TextFacts
from mentionwatch.insight import likeness, review
from mentionwatch.model.insight import Card, Exchange, OurReply, Theirs

FILE = Path(__file__).parent.parent / "data" / "replies" / "conversations.ndjson"
START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
# Label -> category of the scorecard, and whether the label's true is the good answer.
LABELS = {
    "answers_question": ("answers_question", True),
    "apologises": ("apologises", True),
    "offers_next_step": ("next_step", True),
    "offers_other_way": ("other_way", True),
    "defensive": ("respectful", False),
    "emoji_mask": ("serious", False),
    "public_resolution": ("closed_in_public", True),
}


def rows() -> list[dict[str, Any]]:
    return [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]


def is_tuning(row: dict[str, Any]) -> bool:
    return hashlib.sha256(row["id"].encode()).digest()[0] % 2 == 0


def cards() -> list[tuple[dict[str, Any], Card]]:
    """Judge every conversation, each among the replies of its own business."""
    rules = RuleSet.build()
    by_business = defaultdict(list)
    for row in rows():
        by_business[row["business"]].append(row)
    found = []
    for group in by_business.values():
        written = [_written(row, reply["text"]) for row in group for reply in row["replies"]]
        compared = iter(likeness.compare(written))
        for row in group:
            alike = [next(compared) for _ in row["replies"]]
            found.append((row, review.card(exchange(row, rules), alike)))
    return found


def _written(row: dict[str, Any], text: str) -> likeness.Written:
    mention = row["mention"]
    return likeness.Written(
        person=mention["author"], text=text, names=(mention["author"],), asked=mention["text"]
    )


def exchange(row: dict[str, Any], rules: RuleSet) -> Exchange:
    last = START + timedelta(minutes=row["replies"][-1]["minutes_after"])
    theirs = [_theirs(row["mention"]["text"], START, rules)]
    if row["customer_reaction"]:
        theirs.append(_theirs(row["customer_reaction"], last + timedelta(minutes=30), rules))
    return Exchange(
        id=0,
        channel=row["channel"],
        names=(row["mention"]["author"],),
        private=row["private"],
        theirs=tuple(theirs),
        ours=tuple(
            OurReply(text=reply["text"], at=START + timedelta(minutes=reply["minutes_after"]))
            for reply in row["replies"]
        ),
    )


def _theirs(text: str, at: datetime, rules: RuleSet) -> Theirs:
    score = rules.score_text(text, TextFacts(addressed=True))
    return Theirs(
        text=text,
        at=at,
        sentiment=score.sentiment,
        points=score.sentiment_points,
        intent=score.intent,
        closing=bool(score.closing),
    )


@dataclass(kw_only=True)
class Count:
    """Agreement on one verdict; precision and recall are of saying it."""

    hit: int = 0
    false: int = 0
    missed: int = 0
    right_no: int = 0

    @property
    def precision(self) -> float | None:
        said = self.hit + self.false
        return self.hit / said if said else None

    @property
    def recall(self) -> float | None:
        there = self.hit + self.missed
        return self.hit / there if there else None

    def add(self, said: bool, there: bool) -> None:
        name = {(1, 1): "hit", (1, 0): "false", (0, 1): "missed", (0, 0): "right_no"}
        key = name[int(said), int(there)]
        setattr(self, key, getattr(self, key) + 1)


def verdicts(row: dict[str, Any], card: Card) -> dict[str, tuple[Any, Any]]:
    """Return what was said and what the label says, by verdict."""
    labels = row["labels"]
    found: dict[str, tuple[Any, Any]] = {
        "canned": (card.canned, labels["canned"]),
        "holding": (card.holding, labels["holding"]),
    }
    for label, (category, good) in LABELS.items():
        given = card.point(category).given
        if label in ("defensive", "emoji_mask"):
            found[label] = (given == 0, labels[label])
        else:
            found[label] = (None if given is None else bool(given) is good, labels[label])
    for kind in ("calmer", "angrier", "silent", "none"):
        found[f"reaction: {kind}"] = (card.reaction == kind, labels["reaction"] == kind)
    return found


def measure(*, tuning: bool, show: bool = False) -> dict[str, Count]:
    """Return the agreement for each verdict, over one half."""
    counts: dict[str, Count] = defaultdict(Count)
    for row, card in cards():
        if is_tuning(row) != tuning:
            continue
        for name, (said, there) in verdicts(row, card).items():
            if show and said != there:
                print(f"{row['id']} {name}: said {said}, labelled {there}")
            _count(counts, name, said, there)
    return dict(sorted(counts.items()))


def _count(counts: dict[str, Count], name: str, said: Any, there: Any) -> None:
    if name in LABELS and name not in ("defensive", "emoji_mask"):
        counts[f"{name}: applies"].add(said is not None, there is not None)
        if said is not None and there is not None:
            counts[f"{name}: yes"].add(said, there)
            counts[f"{name}: no"].add(not said, not there)
    else:
        counts[name].add(bool(said), bool(there))


if __name__ == "__main__":
    tuning = sys.argv[1:] == ["tuning"]
    for name, count in measure(tuning=tuning, show=tuning).items():
        numbers = (count.precision, count.recall)
        shown = ["   -" if number is None else f"{number:4.2f}" for number in numbers]
        total = count.hit + count.missed
        print(f"{name:28} precision {shown[0]}  recall {shown[1]}  ({total} labelled)")
