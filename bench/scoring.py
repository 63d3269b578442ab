"""
All three scores with their reasons, against vaderSentiment's sentiment alone. CPU of one core.

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

CHUNK, RUNS = 40, 3


def texts(files: list[str]) -> Iterator[str]:
    for file in files or [ROOT / "tests" / "data" / "intent" / "dev.ndjson"]:
        for line in Path(file).read_text(encoding="utf-8").splitlines():
            yield json.loads(line)["text"]
    if not files:
        for rule in RuleSet.build().rules():
            yield from (x for x in (*rule.fires_on, *rule.silent_on) if isinstance(x, str))


def cpu(score: Callable[[str], object], chunk: list[str]) -> float:
    start = time.process_time()
    for text in chunk:
        score(text)
    return time.process_time() - start


def main() -> int:
    try:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
    except ImportError:
        print("vaderSentiment is missing here: python -m pip install vaderSentiment")
        return 69
    found = list(dict.fromkeys(texts(sys.argv[1:])))
    vader, facts = SentimentIntensityAnalyzer().polarity_scores, TextFacts()
    rules = RuleSet.build()
    for language in LANGUAGES:  # the lexicons are read once a process
        rules.index(language)
    ratios = []
    for _ in range(RUNS):
        ours = theirs = 0.0
        for start in range(0, len(found), CHUNK):
            chunk = found[start : start + CHUNK]
            ours += cpu(lambda text: rules.score_text(text, facts), chunk)
            theirs += cpu(vader, chunk)
        ratios.append(theirs / ours)
    name = f"scoring {len(found)} texts, speed against vaderSentiment"
    print(f"{name:<46} {statistics.median(ratios):6.2f} x   (reach 1 x, aim 2 x; more is faster)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
