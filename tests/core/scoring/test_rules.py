"""Every rule carries its own examples; one test runs them all."""

import re

import pytest

from mentionwatch.core.scoring import RuleSet, TextFacts
from mentionwatch.core.scoring.lexicon import LANGUAGES, load
from mentionwatch.core.scoring.replies import is_closing, is_holding
from mentionwatch.core.scoring.ruleset import BUILTIN

RULES = RuleSet.build()
FIRES = [
    pytest.param(rule.id, example, id=f"{rule.id}-{number}")
    for rule in BUILTIN
    for number, example in enumerate(rule.fires_on)
]
SILENT = [
    pytest.param(rule.id, example, id=f"{rule.id}-{number}")
    for rule in BUILTIN
    for number, example in enumerate(rule.silent_on)
]
LOCAL = [
    pytest.param(name, rule, id=f"{name}-{rule.rule}")
    for name in LANGUAGES
    for rule in load(name).rules
]


@pytest.mark.parametrize(("rule", "example"), FIRES)
def test_a_rule_fires_on_its_example(rule, example):
    assert RULES.fires(rule, example)


@pytest.mark.parametrize(("rule", "example"), SILENT)
def test_a_rule_is_silent_on_its_counter_example(rule, example):
    assert not RULES.fires(rule, example)


@pytest.mark.parametrize("rule", BUILTIN, ids=lambda rule: rule.id)
def test_a_rule_has_examples_of_both_kinds_and_says_why(rule):
    assert rule.fires_on
    assert rule.silent_on
    assert rule.why
    assert -100 <= rule.points <= 100
    assert rule.id.partition(".")[0] in {"sentiment", "urgency", "intent", "closing", "holding"}


WORDED = [r for r in BUILTIN if re.search("[a-z]", " ".join((*r.anchors, *r.finds)))]


@pytest.mark.parametrize("rule", WORDED, ids=lambda rule: rule.id)
def test_the_silent_examples_share_words_with_the_rule(rule):
    source = rule.pattern.pattern if rule.pattern else ""
    own = set(re.findall(r"[a-z']{3,}", " ".join((*rule.anchors, *rule.finds, source))))
    own |= {word[:4] for word in own if len(word) > 4}
    for example in rule.silent_on:
        said = re.findall(r"[\w']+", str(example).lower())
        assert any(word.startswith(tuple(own)) for word in said), example


def test_rule_ids_are_unique():
    assert len({rule.id for rule in BUILTIN}) == len(BUILTIN)


def fires_locally(language, rule, text):
    if rule.startswith("holding"):
        return is_holding(text, language) is not None
    if rule.startswith("closing"):
        return is_closing(text) is not None
    score = RULES.score_text(text, TextFacts(language=language))
    return rule in {reason.rule for reason in score.reasons}


@pytest.mark.parametrize(("language", "local"), LOCAL)
def test_the_words_of_a_language_fire_on_their_examples_only(language, local):
    for text in local.fires_on:
        assert fires_locally(language, local.rule, text), text
    for text in local.silent_on:
        assert not fires_locally(language, local.rule, text), text


def test_lexicon_files_name_only_rules_that_exist():
    known = {rule.id for rule in BUILTIN} | {"closing.filler"}
    assert {param.values[1].rule for param in LOCAL} <= known


def test_points_of_every_lexicon_word_are_within_twenty():
    for name in LANGUAGES:
        assert all(-20 <= points <= 20 for points in load(name).valence.values())
        assert len(load(name).valence) > 300
