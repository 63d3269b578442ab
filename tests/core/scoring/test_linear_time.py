"""A hundred thousand characters take ten times as long as ten thousand, not a hundred times."""

import gc
import time

import pytest

from mentionwatch.core.scoring import RuleSet, TextFacts
from mentionwatch.core.scoring.ruleset import BUILTIN
from mentionwatch.core.scoring.words import take_apart

pytestmark = pytest.mark.slow

RULES = RuleSet.build()
MOST = 40  # ten times the text, with room for a busy machine; quadratic would be a hundred


def least_time(work, argument):
    times = []
    gc.disable()  # its walks depend on what else lives in the process
    try:
        for _ in range(5):
            start = time.process_time()
            work(argument)
            times.append(time.process_time() - start)
    finally:
        gc.enable()
    return max(min(times), 1e-6)


def ratio(work, piece):
    short = (piece * (10_000 // len(piece) + 1))[:10_000]
    long = (piece * (100_000 // len(piece) + 1))[:100_000]
    return least_time(work, long) / max(least_time(work, short), 2e-4)


def near_misses(rule):
    """Yield texts that begin like a find of the rule, over and over, and never end like one."""
    for example in rule.fires_on:
        words = take_apart(str(example)).words
        for length in range(1, len(words)):
            yield " ".join(words[:length]) + " "
    for anchor in rule.anchors[:40]:
        yield f"{anchor} "
        yield f"{anchor} x "


PATTERNS = [
    pytest.param(rule, getattr(rule, name), id=f"{rule.id}-{name}")
    for rule in BUILTIN
    for name in ("pattern", "unless")
    if getattr(rule, name)
]


@pytest.mark.parametrize(("rule", "pattern"), PATTERNS)
def test_each_pattern_is_linear_in_its_worst_case(rule, pattern):
    def search_all(text):
        for _ in pattern.finditer(f" {text} "):
            pass

    slowest = max(near_misses(rule), key=lambda piece: least_time(search_all, piece * 200))
    assert ratio(search_all, slowest) < MOST


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "a ",
        "not ",
        "!",
        "😡",
        "#a",
        "#abcabcabc",
        "www.",
        "http://",
        "@",
        "'",
        ":d",
        ":)",
        "aaa ",
        "on hold ",
        "thanks for the ",
        "but good ",
        "l'",
        "🏽",
        "\n",
    ],
)
def test_a_text_of_anything_is_scored_in_linear_time(piece):
    assert ratio(lambda text: RULES.score_text(text, TextFacts()), piece) < MOST
