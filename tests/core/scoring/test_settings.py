"""The owner's settings and own rules."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from mentionwatch.core.scoring import CustomRule, RuleSet, TextFacts
from mentionwatch.core.scoring.evaluate import evaluate
from mentionwatch.core.scoring.replies import is_closing, is_holding

pytestmark = pytest.mark.slow

FACTS = TextFacts()
ALLERGY = CustomRule(
    id="allergy",
    match=("gluten", "nut free", r"/\be\d{3}\b/"),
    points=40,
    why="an allergy question",
)


def reasons(rules, text):
    return {reason.rule: reason for reason in rules.score_text(text, FACTS).reasons}


def test_a_disabled_rule_is_silent():
    assert "urgency.safety" in reasons(RuleSet.build(), "Expired!")
    assert "urgency.safety" not in reasons(RuleSet.build(disable=["urgency.safety"]), "Expired!")


def test_a_further_reason_can_be_disabled_alone():
    rules = RuleSet.build(disable=["sentiment.safety"])
    assert "urgency.safety" in reasons(rules, "Expired!")
    assert "sentiment.safety" not in reasons(rules, "Expired!")


def test_points_can_be_set():
    rules = RuleSet.build(points={"urgency.safety": 77, "sentiment.safety": -1})
    found = reasons(rules, "Expired!")
    assert found["urgency.safety"].points == 77
    assert found["sentiment.safety"].points == -1


@pytest.mark.slow
@pytest.mark.parametrize("text", ["any gluten in it", "is it nut free", "contains E330?"])
def test_an_own_rule_fires_on_words_phrases_and_expressions(text):
    rules = RuleSet.build(custom=[ALLERGY])
    reason = reasons(rules, text)["urgency.allergy"]
    assert (reason.points, reason.why) == (40, "an allergy question")
    assert reason.quote


@pytest.mark.slow
@pytest.mark.parametrize("text", ["a nut cake", "glue ten parts", "E33"])
def test_an_own_rule_is_silent_elsewhere(text):
    assert "urgency.allergy" not in reasons(RuleSet.build(custom=[ALLERGY]), text)


@pytest.mark.slow
def test_an_own_rule_counts_in_every_language():
    rules = RuleSet.build(custom=[ALLERGY])
    assert "urgency.allergy" in reasons(rules, "Ist da gluten drin oder nicht")


@pytest.mark.slow
def test_an_own_rule_may_speak_for_an_intent_or_a_mood():
    lead = CustomRule(
        id="hire", match=("wedding",), points=50, why="w", score="intent", intent="lead"
    )
    mood = CustomRule(id="mood", match=("zonk",), points=-30, why="w", score="sentiment")
    rules = RuleSet.build(custom=[lead, mood])
    assert rules.score_text("our wedding in May", FACTS).intent == "lead"
    assert rules.score_text("zonk is what it is", FACTS).sentiment == "negative"


def test_the_version_follows_the_settings():
    plain = RuleSet.build().version
    assert plain == RuleSet.build().version
    assert plain != RuleSet.build(disable=["urgency.safety"]).version
    assert plain != RuleSet.build(points={"urgency.safety": 1}).version
    assert plain != RuleSet.build(custom=[ALLERGY]).version


@pytest.mark.slow
def test_evaluate_answers_each_line():
    lines = ['{"id": 1, "text": "Expired!"}\n', "\n", '{"id": "b", "text": "", "rating": 1}\n']
    first, second = (json.loads(line) for line in evaluate(lines, RuleSet.build()))
    assert list(first) == ["id", "sentiment", "urgency", "intent", "reasons"]
    assert first["id"] == 1
    assert second["id"] == "b"
    points = [x["points"] for x in first["reasons"] if x["rule"].startswith("urgency.")]
    assert sum(points) == first["urgency"]


@pytest.mark.parametrize("line", ["{", "[]", "1", '{"id": 1}', '"text"'])
def test_evaluate_names_the_line_that_it_cannot_read(line):
    answers = evaluate(['{"id": 1, "text": "a"}', line], RuleSet.build())
    assert json.loads(next(answers))["id"] == 1  # what came before it is answered
    with pytest.raises(ValueError, match="line 2"):
        next(answers)


@pytest.mark.parametrize(
    "change",
    [
        {"finds": ("brand new phrase",)},
        {"anchors": ("brand new phrase",)},
        {"reach": 99},
        {"at_start": True},
        {"why": "for another reason"},
        {"intent": "lead"},
        {"also": {"intent.lead": 1}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_any_change_of_a_rule_changes_the_version(change):
    built = RuleSet.build()
    rules = [replace(x, **change) if x.id == "urgency.outage" else x for x in built.in_force]
    assert RuleSet(tuple(rules)).version != RuleSet(built.in_force).version


def test_evaluate_answers_any_number_of_lines_in_their_order():
    lines = [json.dumps({"id": number, "text": "on hold"}) for number in range(234)]
    answers = [json.loads(line)["id"] for line in evaluate(lines, RuleSet.build())]
    assert answers == list(range(234))


@pytest.mark.parametrize(
    "text",
    [
        "We will be in touch soon.",
        "Sorry about that, we're looking into it!",
        "Wir melden uns bei Ihnen.",
        "Nos pondremos en contacto con usted",
    ],
)
def test_a_promise_is_a_holding_reply(text):
    reason = is_holding(text)
    assert reason is not None
    assert reason.rule == "holding.promise"
    assert reason.quote


@pytest.mark.parametrize(
    "text", ["Your refund was paid this morning.", "We are open until six.", "Yes, it is vegan."]
)
def test_an_answer_is_not_a_holding_reply(text):
    assert is_holding(text) is None


@pytest.mark.parametrize("text", ["Thanks!", "❤️", "Merci beaucoup !", "ok thanks a lot 🙏🏽"])
def test_thanks_closes(text):
    assert is_closing(text) is not None


@pytest.mark.parametrize(
    "text", ["Thanks, where is it?", "ok", "", "no thanks, refund me", "thanks for nothing"]
)
def test_what_says_more_does_not_close(text):
    assert is_closing(text) is None


def test_importing_the_package_loads_no_rules():
    code = (
        "import sys, mentionwatch.core.scoring; from mentionwatch.core.scoring import TextFacts;"
        "print([m for m in sys.modules if m.startswith('mentionwatch.core.scoring.')])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "['mentionwatch.core.scoring.values']"
