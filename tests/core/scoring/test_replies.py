"""Words that close a conversation, and replies that only promise: both may stop a clock wrongly."""

import pytest

from mentionwatch.core.scoring.replies import closes, is_closing, is_holding
from mentionwatch.core.scoring.words import take_apart

CLOSING = (
    "Thanks!",
    "👍",
    "Perfect, thank you so much",
    "Danke!",
    "ok great, thank you so much",
    "Perfect, cheers",
    "ok great thanks, bye",
    "Thank you, that worked.",
    "Ok great see you then",
    "Found it, thanks.",
    "Thanks for letting me know.",
    "Perfect, got it now. Cheers.",
    "Perfecto, muchas gracias, nos vemos el viernes.",
    "danke für die schnelle antwort",
    "Merci beaucoup, bonne journée !",
    "Grazie mille, buona giornata",
    "Muito obrigado pela resposta",
    "Thanks guys, you're the best!",
    "@acme thank you 🙏🏽",
    "Great, thanks for sorting that out. Have a lovely weekend!",
    "No worries, thanks for letting me know",
    "brilliant, see you on Friday",
    "Vielen Dank und liebe Grüße",
    "I have it now, thank you",
    "super merci",
    "Thanks a lot for your quick reply!",
    "all sorted thanks",
)

# Each of them thanks, nods or uses the words of thanks, and somebody still waits.
STILL_WAITING = (
    "we have a problem, help us, thank you",
    "thanks no one will help me",
    "Thanks for no answer",
    "great, no reply",
    "no 👍",
    "no one answered 🙂",
    "help me thanks",
    "answer me! thanks",
    "great, this problem again",
    "it worked, now this again, thanks",
    "do you have this, thanks",
    "is it sorted",
    "have you got one for tomorrow, thanks",
    "that's no good, thanks",
    "great so I have this all weekend",
    "I will die, thanks",
    "you will die tomorrow, great",
    "ok thanks see this https://x.example/bill",
    "antwort bis morgen, danke",
    "réponse pour lundi, merci",
    "la respuesta, gracias",
    "respuesta, gracias",
    "risposta per lunedì grazie",
    "resposta até segunda, obrigada",
    "für samstag, danke",
    "c'est pour demain, merci",
    "one for Saturday, thanks",
    "gracias por la no respuesta",
    "thanks but still waiting",
    "thanks, when?",
    "great, another no show",
    "see you in court, thanks",
    "merci pour rien",
    "danke für nichts",
    "grazie di niente",
    "is it, great",
    "thanks for this, is it",
    "great is it all good",
    "thanks for that, it is",
    "ok",
    "👎",
    "super, et ma commande ?",
    "ok bis morgen",
    "thanks a bunch",
    "thanks for nothing",
    "cheers for that, not",
)

PROMISES = (
    "We'll keep you posted",
    "We'll keep you updated.",
    "We'll sort it",
    "I'll raise it with the team",
    "I'll ask the chef and tell you",
    "we aim to reply within 48 hours",
    "We are aware of it and working to fix it",
    "I'll email you tomorrow",
    "The manager will give you a ring",
    "You'll hear from us",
    "Nous vous recontacterons",
    "Nous revenons vers vous",
    "Wir geben Ihnen Bescheid",
    "Wir melden uns",
    "Te avisamos",
    "Ti facciamo sapere",
    "Já encaminhamos",
    "We have passed this on",
    "Votre message a été transmis à l'équipe",
)

ANSWERS = (
    "your table for 4 at 7pm is booked",
    "Welcome back to you both!",
    "Em breve abrimos também aos domingos",
    "colis transmis au transporteur",
    "arriva al più presto giovedì",
    "Your refund was paid this morning",
    "We are open until six.",
    "Yes, it is vegan.",
)


@pytest.mark.parametrize("text", CLOSING)
def test_thanks_close(text):
    assert closes(take_apart(text))
    assert is_closing(text).rule == "closing.thanks"


@pytest.mark.parametrize("text", STILL_WAITING)
def test_whoever_still_waits_is_not_closed(text):
    assert not closes(take_apart(text))


@pytest.mark.parametrize("text", PROMISES)
def test_a_promise_is_no_answer_yet(text):
    assert is_holding(text).quote


@pytest.mark.parametrize("text", ANSWERS)
def test_an_answer_is_more_than_a_promise(text):
    assert is_holding(text) is None
