"""Texts around an answer: our holding replies, the customer's closing words, when one is owed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from mentionwatch.core.scoring.lexicon import LANGUAGES, load
from mentionwatch.core.scoring.rule import Rule, listed, plain
from mentionwatch.core.scoring.words import Words, take_apart
from mentionwatch.model.score import Reason, TextScore

_MOST_CLOSING, _LONGEST_CLOSING = 16, 6  # words of a closing text, of a phrase in it
_OWED = ("complaint", "question", "request", "lead")

HOLDING = Rule(
    id="holding.promise",
    points=0,
    why="only promises an answer",
    pattern=plain(
        r"(?:will|shall|we'll|i'll|'ll|going to|gonna) (?:\w+ ){0,3}(?:be in touch|get back|look"
        r" into|reply|keep you (?:posted|updated|informed)|sort (?:it|this|that)"
        r"|raise (?:it|this)|ask"
        r" (?:the|our|my)|email you|ring you|give you a (?:call|ring)|speak to (?:the|our"
        r"|my)|pass"
        r" (?:it|this|that) on|get someone|get somebody|have a look|take a look|see what"
        r"|respond"
        r"|contact you|be in contact|call you|investigate|come back to you|follow up|update you"
        r"|check (?:on |with |and )?|find out|write to you|reach out|let you know)"
        r"|(?:are|is|am|we're|i'm) (?:\w+ ){0,2}(?:looking into|investigating|checking|on it"
        r"|working on (?:it|this))"
        r"|let (?:me|us) (?:check|look into|find out|see what|get back)"
        r"|(?:has been|have been|was|i've|we've|have) (?:\w+ ){0,2}(?:passed|forwarded|escalated"
        r"|passed on)"
        r"|(?:aim|try) to (?:reply|respond|answer)|working to fix|aware of (?:the|this|it)"
        r"|hear from us"
        r"|bear with (?:us|me)|(?:received|got) your (?:message|email|mail|request|enquiry|inquiry)"
        r"|(?:soon|shortly) as (?:possible|we can)|in touch (?:soon|shortly)|(?:get|getting"
        r"|come|coming|be|got) (?:right )?back to you"
        r"|please hold on|one moment please|leave (?:it|this) with (?:us|me)"
    ),
    fires_on=(
        "Thanks, we will be in touch soon.",
        "Sorry to hear that! We're looking into it.",
        "We have passed this on to our team.",
        "Let me check with the kitchen and get back to you.",
    ),
    silent_on=(
        "We looked into it: your parcel left today and the tracking number is 4711.",
        "Sorry! Your refund of 20 pounds was paid this morning.",
        "You will find us at 5 Mill Lane, open until six.",
    ),
)
THANKS = Rule(
    id="closing.thanks",
    points=0,
    why="only closes the conversation",
    fires_on=("Thanks!", "👍", "ok great, thank you so much", "Perfect, cheers"),
    silent_on=(
        "Thanks, but where is my order?",
        "Thanks for nothing",
        "ok",
        "Thank you, can you also send the invoice?",
        "thanks no one will help me",
        "I will die, thanks",
        "it worked, now this again, thanks",
        "👎",
    ),
)
REPLY_RULES = (HOLDING, THANKS)

# Phrases, not words: "no problem" closes, "no" does not. A closing text consists of nothing else.
_CLOSING_CORE = listed(
    "thanks, thank you, thank u, thx, thnx, ty, tysm, tnx, cheers, ta, many thanks, thanks again, "
    "thank you again, thanks so much, thanks very much, thanks a lot, thanks a million, thank you "
    "so much, thank you very much, much appreciated, appreciated, appreciate it, appreciate that, "
    "i appreciate it, i really appreciate it, really appreciate it, we appreciate it, perfect, "
    "great, awesome, brilliant, lovely, excellent, wonderful, fantastic, amazing, super, sorted, "
    "all sorted, that's sorted, it's sorted, got it sorted, that worked, it worked, that works, "
    "it works now, works now, it's working now, working now, all working now, that did it, that "
    "solved it, problem solved, solved, all good, all good now, found it, got it, got it now, "
    "received it, i have it now, i've got it now, i got it, got it thanks, that answers it, that "
    "answers my question, 👍, 🙏, ❤, 😊, 🙂, 😀, 😃, 😄, 😍, 🥰, 👌, 💪, 🎉, 🙌, 👏, 💙, 💚, "
    "💛, 🧡, 💜, 😘, 🤗, ☺, <3, :), :-), :d, ;)"
)
_FOR_WHAT = listed(
    "your help, all your help, the help, your quick help, your reply, the reply, your quick "
    "reply, the quick reply, your fast reply, the fast reply, your response, the response, your "
    "quick response, the quick response, the fast response, the speedy response, your answer, the "
    "answer, the quick answer, the info, the information, the update, letting me know, letting us "
    "know, getting back, getting back to me, getting back to us, coming back to me, sorting, "
    "sorting it, sorting that, sorting this, sorting it out, sorting that out, sorting this out, "
    "fixing it, fixing that, everything, all you do, your time, that, this, it, confirming, "
    "clarifying, checking, explaining, your kindness, your support"
)
_DAYS = listed(
    "monday, tuesday, wednesday, thursday, friday, saturday, sunday, tomorrow, tonight, then, "
    "soon, there"
)
_CLOSING_FILLER = (
    *listed(
        "ok, okay, k, okey, alright, all right, fine, that's fine, that is fine, cool, nice, "
        "noted, understood, good, good to know, that's good, that's great, that is great, that's "
        "perfect, that's lovely, that's brilliant, that's wonderful, that's all, that is all, "
        "that's it, that helps, that helped, that makes sense, makes sense, will do, no problem, "
        "no problem at all, no worries, no worries at all, not a problem, you too, same to you, "
        "so much, very much, a lot, best, best wishes, regards, best regards, kind regards, warm "
        "regards, bye, bye bye, until then, till then, speak soon, talk soon, guys, team, all, "
        "everyone, folks, you're the best, you are the best, you guys are the best, you rock, you "
        "guys rock, very helpful, so helpful, really helpful, very kind, so kind, that's very "
        "kind, kind of you, that's kind, god bless, bless you, and, so quick, that was quick, "
        "that was fast, great service, great help, great stuff, good stuff, great job, good job, "
        "well done, nice one, love it, monday it is, friday it is, enjoy your day, "
        "enjoy your weekend"
    ),
    *(f"for {what}" for what in _FOR_WHAT),
    *(
        f"{have} a {good} {day}"
        for have in ("have", "you have")
        for good in ("good", "great", "nice", "lovely", "wonderful")
        for day in ("day", "evening", "weekend", "one", "week", "rest of your day")
    ),
    *(f"see you {when}" for when in _DAYS),
    *(f"see you on {when}" for when in _DAYS[:7]),
    "see you",
)
_MARKS = frozenset((".", ",", "!", "…", "&"))
_SYMBOLS = frozenset("♀♂")


def closes(words: Words) -> bool:
    """
    Return whether a text only thanks or nods: whether closing phrases of one language cover it.

    In doubt it does not: a text that is held to be a closing one waits for nobody.
    """
    said = [word for word in words.words if not _says_nothing(word)]
    if not said or len(said) > _MOST_CLOSING or said[0] not in _first_words():
        return False
    return any(_cover(said, core, filler) for core, filler in _closing_phrases())


def _says_nothing(word: str) -> bool:
    """Return whether a token is a mark, a handle, or a skin tone or other part of an emoji."""
    tone = "\U0001f3fb" <= word <= "\U0001f3ff"
    return word in _MARKS or word[0] == "@" or tone or word in _SYMBOLS


# Phrases as tuples of words.
_Phrases = frozenset[tuple[str, ...]]


def _cover(said: list[str], core: _Phrases, filler: _Phrases) -> bool:
    """Return whether the phrases cover *said*, longest first, and one of *core* is among them."""
    thanks, at = False, 0
    while at < len(said):
        for end in range(min(len(said), at + _LONGEST_CLOSING), at, -1):
            phrase = tuple(said[at:end])
            if phrase in core or phrase in filler:
                thanks = thanks or phrase in core
                at = end
                break
        else:
            return False
    return thanks


@cache
def _closing_phrases() -> tuple[tuple[_Phrases, _Phrases], ...]:
    """Return the phrases that thank, and those that may stand around them, of each language."""
    pairs = [(_phrases(_CLOSING_CORE), _phrases(_CLOSING_FILLER))]
    emoji = _phrases(one for one in _CLOSING_CORE if not one[0].isalpha())
    for language in LANGUAGES:
        found = {local.rule: _phrases(local.anchors) for local in load(language).rules}
        if THANKS.id in found:
            filler = found.get("closing.filler", frozenset())
            pairs.append((found[THANKS.id] | emoji, filler | {("ok",)}))
    return tuple(pairs)


def _phrases(texts: Iterable[str]) -> _Phrases:
    return frozenset(tuple(text.split()) for text in texts)


@cache
def _first_words() -> frozenset[str]:
    return frozenset(
        phrase[0] for pair in _closing_phrases() for phrases in pair for phrase in phrases
    )


def is_closing(text: str) -> Reason | None:
    """Return the reason why a customer's text only closes a conversation, else None."""
    if closes(take_apart(text)):
        return Reason(rule=THANKS.id, points=0, quote=text.strip()[:80], why=THANKS.why)
    return None


def is_holding(text: str, language: str = "") -> Reason | None:
    """
    Return the reason why a reply of ours only promises an answer, else None.

    Args:
        text: Our reply.
        language: ISO 639-1 where it is known; "" looks for the promises of all claimed languages.
    """
    words = take_apart(text)
    match = HOLDING.pattern.search(words.plain) if HOLDING.pattern else None
    quote = words.quote_match(match) if match else ""
    for one in (language,) if language in LANGUAGES else LANGUAGES:
        promise = _promises(one)
        found = promise.search(words.plain) if promise and not quote else None
        quote = words.quote_match(found) if found else quote
    return Reason(rule=HOLDING.id, points=0, quote=quote, why=HOLDING.why) if quote else None


@cache
def _promises(language: str) -> re.Pattern[str] | None:
    """Return what finds the promises of a language; "recontact*" has an open end."""
    said = [x for local in load(language).rules if local.rule == HOLDING.id for x in local.anchors]
    stems = (re.escape(one).replace(r"\*", r"\w*") for one in said)
    return plain("|".join(stems).replace(r"\ ", " ")) if said else None


def reply_owed(score: TextScore, *, addressed: bool, after_reply: bool = False) -> bool:
    """
    Return whether a mention is owed a reply (design, "Words").

    One that addresses us is, praise too; any other when it complains, asks, requests or looks for
    a business. Closing words after a reply of ours are not. A text that cannot be judged stays in:
    in doubt somebody is waiting.

    Args:
        score: What the text says.
        addressed: To us, as the channel says.
        after_reply: It came after a reply of ours.
    """
    if after_reply and score.closing:
        return False
    return addressed or score.intent in _OWED or score.sentiment == "unclassified"
