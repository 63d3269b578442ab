"""What was settled elsewhere, blame, masks and anger: in many wordings, of many trades."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mentionwatch.insight import review
from mentionwatch.model.insight import Exchange, OurReply, Theirs
from tests.insight.test_review import AT, OWN, given, judge

COMPLAINT = "My parcel never came and nobody tells me anything."
AWAY = "Sorry! Please send us a DM with your order number."


@pytest.mark.parametrize(
    "answer",
    [
        "Glad we could sort this out by phone.",
        "As discussed by mail, your refund is on its way.",
        "Resolved via direct message. Thank you for your patience, Dana!",
        "Update for everyone reading: we spoke this morning and the boiler is fixed.",
        "It was good to talk to you earlier. The second room is refunded.",
        "Thanks for the call, Dana. The new tyre is booked for Thursday.",
        "Following our chat yesterday the missing chapter has been added.",
        "After your visit to the shop we have replaced the zip.",
        "Happy we cleared this up over e-mail!",
        "Thanks for coming in, the ring is resized and we charged nothing.",
        "As agreed on the phone, the fee is taken off your bill.",
        "We have sorted it out privately with Dana.",
        "I rang you at noon and the kitten's vaccination is rebooked, no charge.",
        "Good talking to Dana today: all settled.",
        "Via private message we have agreed on a refund.",
        "Since our conversation on Monday the leak is repaired.",
        "Dealt with by e-mail, and the course fee is back on your card.",
        "Thank you for your e-mail. We refunded the tickets this morning.",
        "We met at the counter and put it right.",
        "For anyone following: we had a word with Dana on the telephone, the deposit is back.",
        "We've now resolved this with Dana directly.",
        "Lovely to have you in the workshop this morning; the brakes are done.",
        "This one is closed: the replacement arrived, as Dana confirmed by message.",
    ],
)  # fmt: skip
def test_what_was_settled_in_private_is_known_by_its_words(answer: str) -> None:
    point = judge(COMPLAINT, answer).point("closed_in_public")
    assert point.given == 1, point
    assert point.quote
    assert given(judge(COMPLAINT, AWAY, answer), "closed_in_public") == 1


@pytest.mark.parametrize(
    "answer",
    [
        "We have sent you a DM.",
        "Just messaged you, Dana.",
        "Sorry to hear that. Check your inbox please.",
        "Hi Dana, I've emailed you about it.",
        "Replied by private message.",
        "Let's take this offline.",
    ],
)
def test_who_goes_on_in_private_has_to_come_back(answer: str) -> None:
    assert given(judge(COMPLAINT, answer), "closed_in_public") == 0
    told = judge(COMPLAINT, answer, "All sorted now, the parcel came on Tuesday.")
    assert given(told, "closed_in_public") == 1


def test_nothing_followed_is_not_said_where_something_did() -> None:
    more = judge(COMPLAINT, AWAY, "The van was in the wrong street, as Dana saw.")
    assert given(more, "closed_in_public") is None
    assert given(judge(COMPLAINT, AWAY, AWAY), "closed_in_public") == 0


@pytest.mark.parametrize(
    "answer",
    [
        "Sorry, the courier lost it. A new one leaves today.",
        "I talked to the courier and a new one is on its way.",
        "We called the depot, they deliver it tomorrow by noon.",
        "So sorry, Dana. I refunded it this morning. Ring me if it is not there by Friday.",
        "We met the baker about it, and the recipe is changed.",
        "It is fixed in version 4.2, please update.",
        "We'll call you at five and replace it.",
        "Your refund was paid on Monday, reference 4711. Reach us by phone if it is late.",
        "We spoke to the maker, a new part is on its way.",
    ],
)
def test_what_is_dealt_with_in_the_open_was_not_settled_elsewhere(answer: str) -> None:
    assert given(judge(COMPLAINT, answer), "closed_in_public") is None


@pytest.mark.parametrize(
    "answer",
    [
        "If you don't like it, there are other cafés.",
        "Nobody forced you to order the hot one.",
        "Did you even look at the size chart?",
        "It works fine for everyone else.",
        "We never had a complaint about it in ten years.",
        "Stop whining, it is only a cup.",
        "Our records show otherwise.",
        "That's simply not true.",
        "You must have dropped it.",
        "Sorry that our tea is not fancy enough for you.",
        "Rules are rules.",
        "For that price, what did you expect?",
        "We are no mind readers.",
    ],
)
def test_blame_is_known_without_the_terms(answer: str) -> None:
    assert given(judge("It came apart on the first day.", answer), "respectful") == 0


@pytest.mark.parametrize(
    "answer",
    [
        "You must have been worried, I am so sorry.",
        "We never had that in stock, sorry. The blue one is here by Friday.",
        "Sorry, that was our fault: I read the label wrong and sent the large one.",
        "Did you get the new one? I posted it on Monday.",
        "It works again, we had to restart the server. Sorry for the morning you lost.",
        "If you don't hear from the courier by noon, ring me.",
        "If you don't like the colour, bring it back and I change it.",
        "Your complaint is right: the price on the board was an old one. I refunded it.",
        "This was the first complaint about the new oven, and you were right: the timer was off.",
        "You ordered the blue one, and we sent green. The blue one is on its way.",
        "Thank you for your patience, the rules for refunds changed and yours is paid.",
    ],
)
def test_no_blame_is_read_into_an_honest_answer(answer: str) -> None:
    assert given(judge("It came apart on the first day.", answer), "respectful") == 1


def after(text: str, sentiment: str = "neutral", points: int = 0, intent: str = "other") -> Theirs:
    return Theirs(
        text=text, at=AT + timedelta(hours=5), sentiment=sentiment, points=points, intent=intent
    )


@pytest.mark.parametrize(
    "text",
    [
        "You wrote that to my neighbour as well, the same text.",
        "Did anybody read my message?",
        "I already told you the number. For the third time now.",
        "That is not an answer.",
        "Is that it?",
        "Forget it, I'll go elsewhere.",
        "Can I talk to a real person please",
        "Thanks for nothing.",
        "Still no heating.",
    ],
)
def test_reproaches_are_anger_whatever_their_sentiment(text: str) -> None:
    card = judge("It broke.", "It should be fine.", after=after(text, "positive", 8))
    assert card.reaction == "angrier"


@pytest.mark.parametrize(
    "text",
    [
        "Thank you, that is kind of you to say",
        "Order number 4711, and the street is Mill Lane",
        "I'll drop it off tomorrow before work then",
        "Sounds good, see you on Thursday at ten",
        "Is the new one blue as well?",
        "It still smells of fresh paint but works again",
        "I can read the display again",
    ],
)
def test_an_answer_in_neutral_words_is_no_anger(text: str) -> None:
    card = judge("It broke.", "Sorry, a new one is on its way.", after=after(text))
    assert card.reaction != "angrier"


def test_who_was_mocked_and_goes_on_is_not_content() -> None:
    mocked = judge(
        "The app lost my list.", "Lists are overrated 😜🎉", after=after("Mine had my pills")
    )
    assert given(mocked, "serious") == 0
    more = after("It had the pills of my mother on it.")
    assert (
        judge("The app lost my list.", "Lists are overrated 😜🎉", after=more).reaction == "angrier"
    )
    assert judge("It broke.", "Sorry, a new one is on its way.", after=more).reaction == "none"


def test_a_laughing_apology_is_a_mask_and_a_smile_beside_a_remedy_is_none() -> None:
    assert given(judge("It came apart.", "Sorry 😂😂"), "serious") == 0
    assert given(judge("It came apart.", "Sorry 😂 a new one leaves today 😊"), "serious") == 1
    # The complaint shows only in what came after.
    calm = judge(
        "Empty calendar since Tuesday", "Holidays for everyone 🎉🏖️", intent="other",
        sentiment="neutral", after=after("This is ridiculous, I run a clinic.", "negative", -20),
    )  # fmt: skip
    assert given(calm, "serious") == 0
    assert (
        given(judge("A cake", "Yum 🎉🎉", intent="other", sentiment="neutral"), "serious") is None
    )


@pytest.mark.parametrize("name", ["", "(", "a+b", "Dana [x]", "you"])
def test_a_name_is_no_pattern(name: str) -> None:
    reply = OurReply(text=f"A new one is on its way to you. {name}", at=AT + timedelta(hours=1))
    exchange = Exchange(
        id=1,
        channel="x",
        names=(name,),
        private=False,
        theirs=(Theirs(text=COMPLAINT, at=AT, sentiment="negative", intent="complaint"),),
        ours=(reply,),
    )
    assert review.card(exchange, [OWN]).point("closed_in_public").given in (None, 1)
    if name != "you":
        assert review.card(exchange, [OWN]).point("closed_in_public").given is None
