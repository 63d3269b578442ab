"""
All three scores with their reasons, against vaderSentiment's sentiment alone. CPU of one core.

Together is how ``rules eval`` scores (fifty texts at once, all through one stage after the other);
one by one is how ``explain --text`` does.

    python -m pip install vaderSentiment        not a dependency of this project
    python bench/scoring.py [TEXTS.ndjson ...]  lines with a "text"; without any, texts of our own
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from _measure import ROOT

from mentionwatch.core.scoring import RuleSet, TextFacts
from mentionwatch.core.scoring.lexicon import LANGUAGES

CHUNK, RUNS = 50, 3


def texts(files: list[str]) -> Iterator[str]:
    for file in files or sorted((ROOT / "tests" / "data" / "intent").glob("*.ndjson")):
        for line in Path(file).read_text(encoding="utf-8").splitlines():
            yield json.loads(line)["text"]


def built() -> RuleSet:
    """Return rules that have read their lexicons, which happens once a process."""
    rules = RuleSet.build()
    for language in LANGUAGES:
        rules.index(language)
    return rules


def cpu(score: Callable[[list[str]], object], chunk: list[str]) -> float:
    start = time.process_time()
    score(chunk)
    return time.process_time() - start


def main() -> int:
    try:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
    except ImportError:
        print("vaderSentiment is missing here: python -m pip install vaderSentiment")
        return 69
    found = list(dict.fromkeys(texts(sys.argv[1:])))
    vader, facts = SentimentIntensityAnalyzer().polarity_scores, TextFacts()
    together, alone = built(), built()
    ways = {
        "theirs": lambda chunk: [vader(text) for text in chunk],
        "together": lambda chunk: together.score_texts([(text, facts) for text in chunk]),
        "one by one": lambda chunk: [alone.score_text(text, facts) for text in chunk],
    }
    ratios: dict[str, list[float]] = {"together": [], "one by one": []}
    for _ in range(RUNS):
        spent = dict.fromkeys(ways, 0.0)
        for start in range(0, len(found), CHUNK):
            for name, score in ways.items():
                spent[name] += cpu(score, found[start : start + CHUNK])
        for name, ratio in ratios.items():
            ratio.append(spent["theirs"] / spent[name])
    for name, ratio in ratios.items():
        what = f"scoring {len(found)} texts {name}, against vaderSentiment"
        print(
            f"{what:<58} {statistics.median(ratio):6.2f} x   (reach 1 x, aim 2 x; more is faster)"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
