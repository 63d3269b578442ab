"""The conversation: its most urgent text, and what is stored around it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionwatch.core.scoring import ConversationContext, RuleSet, ScoredText, TextFacts
from mentionwatch.model.score import PRIORITY_FROM, priority

RULES = RuleSet.build()
WHEN = datetime(2026, 3, 2, 9, tzinfo=UTC)


def said(text, *, addressed=True, after_reply=False, rating=None, media=0, **reach):
    facts = TextFacts(addressed=addressed, rating=rating, media=media)
    score = RULES.score_text(text, facts)
    return ScoredText(
        score=score, published=WHEN, addressed=addressed, after_reply=after_reply, **reach
    )


def conversation(*texts, **context):
    return RULES.score_conversation(ConversationContext(texts=texts, **context))


def assert_is_the_sum(answer):
    points = [x.points for x in answer.reasons if x.rule.startswith("urgency.")]
    assert sum(points) == answer.urgency
    assert answer.priority == priority(answer.urgency)


def test_a_mild_disappointed_remark_is_normal():
    answer = conversation(said("@acme the oat latte was a bit different from last time, shame"))
    assert answer.priority == "normal"
    assert answer.owed


def test_tried_two_channels_before_and_is_angry_is_urgent():
    answer = conversation(
        said(
            "Torn jeans after one week. I called twice, left a voicemail and filled in your form on"
            " Tuesday. Still no reply! This is unacceptable, worst service ever."
        )
    )
    assert answer.priority == "urgent"
    rules = {reason.rule for reason in answer.reasons}
    assert {"urgency.tried_channels", "urgency.no_answer"} <= rules


@pytest.mark.slow
def test_a_stored_call_on_another_channel_counts():
    text = said("The jeans are torn after a week, I am very disappointed")
    alone, after = conversation(text), conversation(text, other_channels=("phone", "form"))
    assert after.urgency > alone.urgency
    assert "phone, form" in {r.why: r for r in after.reasons}["wrote before on phone, form"].why


def test_the_desperate_repeater_climbs_with_each_message():
    texts = [
        said("Hi, my order 4711 has not arrived, where is it?"),
        said("Hello? Still no answer. Where is my order?"),
        said("THIRD message. Nobody answers. Give me my money back, this is ridiculous!"),
    ]
    urgency = [conversation(*texts[: n + 1]).urgency for n in range(3)]
    assert urgency[0] < urgency[1] < urgency[2]
    assert conversation(*texts).priority == "urgent"


@pytest.mark.parametrize("text", ["Expired!", "expired", "EXPIRED"])
def test_one_word_and_a_photo_that_speaks_of_danger_is_high(text):
    answer = conversation(said(text, media=1))
    assert answer.priority in {"high", "urgent"}
    assert "urgency.safety" in {reason.rule for reason in answer.reasons}


@pytest.mark.parametrize("text", ["Is the oat milk back?", "When do you open tomorrow?"])
def test_a_plain_question_to_us_is_normal(text):
    assert conversation(said(text)).priority == "normal"


@pytest.mark.slow
@pytest.mark.parametrize(
    "text", ["Love your coffee, best place in town!", "Great staff, thank you!"]
)
def test_praise_to_us_is_owed_an_answer_and_low(text):
    answer = conversation(said(text))
    assert answer.priority == "low"
    assert answer.owed


@pytest.mark.slow
def test_thanks_after_our_reply_is_not_owed_an_answer():
    assert not conversation(said("Thanks!", after_reply=True)).owed
    assert conversation(said("Thanks!")).owed


def test_a_lead_found_by_search_is_owed_an_answer():
    answer = conversation(said("Has anybody done business with Acme?", addressed=False))
    assert (answer.intent, answer.owed) == ("lead", True)


def test_news_found_by_search_is_not_owed_an_answer():
    text = "Acme opens its third shop in Leeds https://news.example/acme"
    assert not conversation(said(text, addressed=False)).owed


@pytest.mark.slow
def test_sentiment_and_intent_come_from_the_newest_text_that_has_one():
    answer = conversation(said("This is terrible, it never works"), said("これ"))
    assert (answer.sentiment, answer.intent) == ("negative", "complaint")


@pytest.mark.slow
@given(
    st.sampled_from(["hi", "Where is my order?", "Expired!", "love it", "never again, scam"]),
    st.integers(0, 10**9),
    st.integers(0, 10**7),
)
def test_reach_changes_urgency_within_a_priority_only(text, followers, likes):
    without = conversation(said(text))
    reached = conversation(said(text, followers=followers, likes=likes, shares=likes))
    assert without.priority == reached.priority
    assert without.urgency <= reached.urgency


@pytest.mark.slow
@given(
    st.lists(
        st.sampled_from(["hi", "Where is my order?", "Expired!", "love it", "scam", "thanks"]),
        max_size=8,
    ),
    st.integers(0, 30),
    st.lists(st.sampled_from(["phone", "inbox", "form"]), max_size=3),
    st.integers(0, 50),
)
def test_a_conversation_scores_the_sum_of_its_reasons(texts, messages, channels, earlier):
    answer = conversation(
        *(said(text, followers=5000) for text in texts),
        messages_unanswered=messages,
        other_channels=channels,
        earlier_conversations=earlier,
    )
    assert_is_the_sum(answer)


def test_thresholds_are_those_of_the_model():
    assert dict(PRIORITY_FROM) == {"urgent": 70, "high": 45, "normal": 20, "low": 0}
