"""A score is the sum of its reasons, and says what a reader would say."""

import gzip
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionwatch.core.scoring import RuleSet, TextFacts
from mentionwatch.core.scoring.lexicon import load
from mentionwatch.model.score import INTENTS, SENTIMENTS

RULES = RuleSet.build()
DATA = os.environ.get("MENTIONWATCH_EVAL_DATA", "")  # read before the tests clear the environment
EXTRA = ("not", "but", "never", "very", "!", "?", "on", "hold", "😡", "#fail", "my", "order")
VOCABULARY = [*sorted(load("en").valence), *EXTRA]


def score(text, **facts):
    return RULES.score_text(text, TextFacts(**facts))


def assert_is_the_sum(answer):
    for name, total in (("sentiment", answer.sentiment_points), ("urgency", answer.urgency)):
        given_points = [x.points for x in answer.reasons if x.rule.startswith(f"{name}.")]
        assert sum(given_points) == total
    assert -100 <= answer.sentiment_points <= 100
    assert 0 <= answer.urgency <= 100
    assert answer.sentiment in SENTIMENTS
    assert answer.intent in INTENTS


@pytest.mark.slow
@given(st.lists(st.sampled_from(VOCABULARY), max_size=60), st.none() | st.floats(0, 5))
def test_a_score_is_the_sum_of_its_reasons(words, rating):
    assert_is_the_sum(score(" ".join(words), rating=rating))


@pytest.mark.slow
@given(st.text(max_size=300))
def test_any_text_gets_a_score_that_is_the_sum_of_its_reasons(text):
    assert_is_the_sum(score(text))


@pytest.mark.skipif(
    not DATA,
    reason="MENTIONWATCH_EVAL_DATA names no folder of labelled texts (*.ndjson.gz)",
)
@pytest.mark.slow
def test_every_development_text_scores_the_sum_of_its_reasons():
    files = sorted(Path(DATA).glob("*.ndjson.gz"))
    assert files
    for file in files:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            for line in lines:
                assert_is_the_sum(score(json.loads(line)["text"]))


@pytest.mark.parametrize(
    ("text", "sentiment"),
    [
        ("The staff is great and the cake is delicious", "positive"),
        ("Not good at all", "negative"),
        ("not bad at all, we will be back", "positive"),
        ("on hold for two hours now", "negative"),
        ("Thanks for losing my parcel", "negative"),
        ("Oh great, another delay", "negative"),
        ("no problem, it all worked fine", "positive"),
        ("Please send me the invoice for May", "neutral"),
        ("Are you open on Monday?", "neutral"),
        ("The food was lovely but the waiter was rude and we waited an hour", "negative"),
        ("👍👍", "positive"),
        ("😡", "negative"),
        ("#WorstServiceEver", "negative"),
        ("soooo baaad", "negative"),
        ("Kindly improve the app", "negative"),
        ("", "unclassified"),
        ("Dit is echt een heel slecht product, ik ben niet blij", "unclassified"),
        ("これはひどい", "unclassified"),
    ],
)
def test_sentiment(text, sentiment):
    assert score(text).sentiment == sentiment


def test_many_texts_score_as_each_of_them_alone():
    facts = (TextFacts(), TextFacts(rating=1.0, title="Cold"), TextFacts(language="nl"))
    texts = [(text, facts[at % 3]) for at, text in enumerate((*VOCABULARY[::40], "", "C'est nul"))]
    assert RULES.score_texts(texts) == [RULES.score_text(text, one) for text, one in texts]
    assert RULES.score_texts([]) == []


def fired(text):
    return {reason.rule for reason in score(text).reasons}


@pytest.mark.parametrize("before", [0, 3, 7, 8, 9, 40])
def test_a_pattern_finds_its_words_anywhere_in_a_text(before):
    text = f"{'so ' * before}the SITE is Down since {'very ' * 40}late"
    reason = next(x for x in score(text).reasons if x.rule == "urgency.outage")
    assert reason.quote == "SITE is Down"


def test_a_long_word_is_found_by_its_beginning():
    assert "urgency.safety" in fired("Eine Lebensmittelvergiftung nach dem Essen bei Ihnen")


def test_harm_that_happened_comes_before_a_question_about_it():
    told = score("found glass in the jar", addressed=True)
    assert told.urgency >= 70
    asked = ("how much to remove black mould?", "I was injured, do you do physio?")
    assert all(score(text, addressed=True).urgency < 45 for text in asked)


def test_no_passing_word_hides_who_waits():
    for text in (
        "merry christmas, my parcel never arrived",
        "I was on hold for hours, my card was declined on the phone",
        "We waited two hours in the waiting room",
        "your digital marketing agency charged me twice",
    ):
        assert score(text).intent == "complaint", text


def test_what_begins_a_text_begins_no_later_sentence():
    assert "intent.imperative" in fired("hello, cancel my class")
    assert "intent.imperative" not in fired(f"hello, {'so ' * 20} cancel my class")


@pytest.mark.parametrize("mark", "'’‘`´")
def test_any_apostrophe_is_one(mark):
    assert "sentiment.cannot" in fired(f"I can{mark}t change my order")


@pytest.mark.parametrize(
    "link", ["https://x.example/a", "HTTP://X.EXAMPLE", "Www.x.example", "pic.twitter.com/good"]
)
def test_a_link_says_nothing(link):
    link = link.replace("x.example", "terrible.example")
    assert score(f"the shop {link}").sentiment_points == 0


def test_the_brand_name_never_scores():
    text = "United Terrible Coffee"
    assert score(text).sentiment == "negative"
    assert score(text, brand_words=frozenset({"terrible"})).sentiment == "neutral"


def test_a_handle_never_scores():
    assert score("@terrible opened at nine").sentiment_points == 0


@pytest.mark.parametrize(("rating", "sentiment"), [(1.0, "negative"), (5.0, "positive")])
def test_stars_outweigh_words(rating, sentiment):
    words = "great " * 9 if rating == 1.0 else "awful terrible horrible disgusting"
    assert score(words, rating=rating).sentiment == sentiment


def test_a_reason_quotes_what_was_written():
    quotes = {x.rule: x.quote for x in score("NOT good. On Hold again!").reasons}
    assert quotes["urgency.on_hold"] == "On Hold"
    assert quotes["sentiment.word"] == "NOT good"


def test_a_cut_is_a_reason():
    text = (
        "Expired! My lawyer will sue. On hold, still no answer, charged twice, refund, lost my bag,"
        " stranded, cancelled, scam, never again, the app is down, I need help today"
    )
    answer = score(text)
    assert answer.urgency == 100
    assert "urgency.limit" in {reason.rule for reason in answer.reasons}


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Is the oat milk back?", "question"),
        ("Could you send me the invoice, please", "request"),
        ("Has anybody done business with Acme?", "lead"),
        ("Kudos to your staff, you made my day", "praise"),
        ("My order never arrived and nobody answers", "complaint"),
        ("The shop stands in Mill Lane", "other"),
    ],
)
def test_intent(text, intent):
    assert score(text).intent == intent


@pytest.mark.parametrize("text", ["Thanks!", "👍", "Perfect, thank you so much", "Danke!"])
def test_closing_words_are_marked(text):
    assert score(text).closing == "thanks"


def test_a_declared_language_without_lexicon_is_not_scored():
    assert score("super", language="sv").sentiment == "unclassified"
    assert score("super", language="de").sentiment == "positive"


def word_points(text):
    return [x.points for x in score(text).reasons if x.rule == "sentiment.word"]


def test_a_negator_turns_the_words_behind_it():
    assert word_points("it is lovely")[-1] > 0 > word_points("it was never lovely")[-1]
    assert word_points("it is horrible")[-1] < 0 < word_points("it was never horrible")[-1]


def test_a_negator_reaches_neither_over_a_full_stop_nor_far():
    assert word_points("not today. lovely")[-1] > 0
    assert word_points("never in all of my long life lovely")[-1] > 0


def test_boosters_and_capitals_strengthen_and_dampeners_weaken():
    plain = word_points("it is lovely")[-1]
    assert word_points("it is very lovely")[-1] > plain
    assert word_points("it is LOVELY")[-1] > plain
    assert word_points("it is slightly lovely")[-1] < plain
    assert word_points("IT IS LOVELY")[-1] == plain


def test_what_follows_but_counts_more():
    first, second = word_points("lovely but horrible")
    assert first < word_points("lovely")[0]
    assert second < word_points("horrible")[0]
