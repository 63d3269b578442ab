"""
What a good answer contains here, in a few lines, and which of the owner's own texts fit.

Never a text to send: a canned line is what `review` marks down. Each line quotes the customer's
words that ask for it, so that the answer is about them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from mentionwatch.model.text import one_line

MOST = 7  # lines; a longer list is not read
_QUOTE = 70  # columns
_PLACE = r"\{([^{}\n]{1,40})\}"
_SENTENCE = r"[^.!?…\n¿]*[?？؟]"
# Asks for an answer, not for a fact.
_NUDGE = (
    r"\W*(?:hello|hey|hi|well|so|and|still|really|seriously|why not"
    r"|(?:is )?(?:any|some)(?:one|body) (?:there|home|listening|reading)"
    r"|(?:still )?no(?:thing| reply| answer| response| news)?)(?: yet)?\W*"
)
# Words without which nobody can help, and which no stranger should read.
_PERSONAL = (
    r"(?i)\b(?:order|booking|reservation|account|invoice|parcel|delivery|refund|card|payment|paid"
    r"|charged|address|appointment|subscription|policy|contract|warranty|pedido|commande|bestellung"
    r"|ordine|encomenda|compte|konto|cuenta|conta)\b"
)
_REPLACEABLE = (
    r"(?i)\b(?:broken|broke|torn|tore|cracked|damaged|faulty|defective"
    r"|wrong (?:item|size|colour|color|one|order)|missing|stale|expired|mouldy|moldy"
    r"|cold|burnt|leak\w*|never arrived|not arrived"
    r"|hasn't arrived|didn't arrive|doesn't work|stopped working|fell apart|overcharged"
    r"|charged twice|double charged|refund|money back|replacement|kaputt|defekt|roto|rota|cassé"
    r"|abîmé|rotto|quebrad\w+|partido)\b"
)
_TRIED = ("urgency.tried_channels", "urgency.stored_channel")
_SAFETY = "urgency.safety"
_MONEY = ("urgency.money", "urgency.fraud")


class Case(NamedTuple):
    """
    One conversation that waits.

    ``texts``: the unanswered messages, oldest first. ``reasons``: rule id -> the words that
    triggered it. ``promised``: we said that we would be in touch. ``saved``: the owner's texts as
    (name, text, intents that it fits; none: all).
    """

    texts: tuple[str, ...]
    intent: str
    sentiment: str
    private: bool
    urgent: bool
    reasons: dict[str, str]
    promised: bool = False
    saved: tuple[tuple[str, str, tuple[str, ...]], ...] = ()


def checklist(case: Case) -> tuple[str, ...]:
    """Return what a good answer contains, the most important first, then saved texts that fit."""
    lines = [*_first_things(case), *_of_intent(case), *_manners(case)][:MOST]
    return (*lines, *_saved(case))


def _first_things(case: Case) -> list[str]:
    found = []
    if _SAFETY in case.reasons:
        quote = _quoted(case.reasons[_SAFETY])
        found.append(f"ask how they are before anything else{quote}; ask them to keep the product")
    if case.promised:
        found.append("what came of your promise; another “we will be in touch” answers nothing")
    wrong = case.intent == "complaint" or case.sentiment == "negative"
    if wrong:
        found.append("an apology for what happened, by name, not “for any inconvenience”")
    return found


def _of_intent(case: Case) -> list[str]:
    text = "\n".join(case.texts)
    found = [f"the fact asked for{_quoted(question)}" for question in _questions(case.texts)]
    if replaceable := re.search(_REPLACEABLE, text):
        found.append(f"replacement or refund: which, and by when{_quoted(replaceable[0])}")
    elif any(rule in case.reasons for rule in _MONEY):
        found.append("what happens with the money, and by when")
    elif case.intent in ("complaint", "request"):
        found.append("what you do about it, and by when")
    if case.intent == "lead":
        found.append("a price or a date, and the next step: who calls whom")
    if case.intent == "praise":
        found.append("thanks with their name, and what it was that they liked")
    return found


def _questions(texts: Sequence[str]) -> list[str]:
    """Return the last questions, at most two; each as it was asked."""
    found = [match[0].strip() for text in texts for match in re.finditer(_SENTENCE, text)]
    asked = [one for one in found if len(one) > 2 and not re.fullmatch(_NUDGE, one.casefold())]
    return asked[-2:]


def _manners(case: Case) -> list[str]:
    found = []
    if any(rule in case.reasons for rule in _TRIED):
        found.append("that you know what they told you elsewhere: they need not tell it again")
    elif len(case.texts) > 1:
        found.append(f"a word that you read all {len(case.texts)} messages")
    text = "\n".join(case.texts)
    if not case.private and (personal := re.search(_PERSONAL, text)):
        found.append(
            f"a private way to send details{_quoted(personal[0])}, and afterwards, here, that it "
            "is settled"
        )
    if case.urgent and case.intent != "praise":
        found.append("the offer of a call; ask before you call, and when it suits")
    return found


def _saved(case: Case) -> list[str]:
    found = []
    for name, text, intents in case.saved:
        if intents and case.intent not in intents:
            continue
        places = list(dict.fromkeys(re.findall(_PLACE, text)))
        fill = f"; fill in {', '.join(places)}" if places else "; it has no place for this case"
        found.append(f"your saved text “{one_line(name)}” fits{fill}: {one_line(text)}")
    return found


def _quoted(words: str) -> str:
    return f": “{one_line(words, _QUOTE)}”" if words.strip() else ""
