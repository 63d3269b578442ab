"""Texts around an answer: our holding replies, the customer's closing words, when one is owed."""

from __future__ import annotations

from functools import cache

from mentionwatch.core.scoring.lexicon import LANGUAGES, load
from mentionwatch.core.scoring.rule import Rule, listed, plain
from mentionwatch.core.scoring.words import LINK, Words, take_apart
from mentionwatch.model.score import Reason, TextScore

_MOST_CLOSING = 12  # words: a longer text says more than thanks
_OWED = ("complaint", "question", "request", "lead")

HOLDING = Rule(
    id="holding.promise",
    points=0,
    why="only promises an answer",
    pattern=plain(
        r"(?:will|shall|we'll|i'll|'ll) (?:\w+ ){0,3}(?:be in touch|get back|look into|reply"
        r"|respond"
        r"|contact you|be in contact|call you|investigate|come back to you|follow up|update you"
        r"|check (?:on |with |and )?|find out|write to you|reach out|let you know)"
        r"|(?:are|is|am|we're|i'm) (?:\w+ ){0,2}(?:looking into|investigating|checking|on it"
        r"|working on (?:it|this))"
        r"|let (?:me|us) (?:check|look into|find out|see what|get back)"
        r"|(?:has been|have been|was|i've|we've|have) (?:\w+ ){0,2}(?:passed|forwarded|escalated"
        r"|passed on)"
        r"|bear with (?:us|me)|(?:received|got) your (?:message|email|mail|request|enquiry|inquiry)"
        r"|(?:soon|shortly) as (?:possible|we can)|in touch (?:soon|shortly)|back to you"
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
        "👎",
    ),
)
REPLY_RULES = (HOLDING, THANKS)

_CLOSING_WORDS = frozenset(
    listed(
        "thanks, thank, thx, thnx, ty, tysm, tnx, cheers, ta, ok, okay, k, great, perfect, "
        "awesome, brilliant, lovely, good, cool, super, excellent, wonderful, amazing, fantastic, "
        "you, u, so, very, much, many, a, lot, lots, again, for, the, your, reply, answer, help, "
        "quick, response, that, that's, this, it, is, all, was, got, sorted, solved, works, now, "
        "will, do, appreciate, appreciated, noted, understood, fine, nice, one, all, best, "
        "regards, really, i, we, and, too, no, worries, problem, always, guys, team, everyone, "
        "kind, kindly, bless, have, day, evening, weekend, bye, see, then, worked, answers, "
        "answered, found, letting, know, me, us, see, later, soon, tomorrow, monday, tuesday, "
        "wednesday, thursday, friday, saturday, sunday"
    )
)
_CLOSING_CORE = frozenset(
    listed(
        "thanks, thank, thx, thnx, ty, tysm, tnx, cheers, ta, perfect, great, awesome, "
        "brilliant, appreciate, appreciated, sorted, solved, lovely, excellent, wonderful, 👍, "
        "🙏, ❤, 😊, 🙂, 😀, 😃, 😄, 😍, 🥰, 👌, 💪, 🎉, "
        "🙌, 👏, 💙, 💚, 💛, 🧡, 💜, 😘, 🤗, ☺, <3, :), :-), :d, ;)"
    )
)
_MARKS = frozenset((".", ",", "!", "…", "@", "&", "-", "#", LINK))


def closes(words: Words) -> bool:
    """Return whether a text only thanks or nods, in any claimed language."""
    core, filler = _closing_words()
    said = 0
    has_core = False
    for word in words.words:
        if word in _MARKS or word[0] == "@":
            continue
        said += 1
        if word in core:
            has_core = True
        elif said > _MOST_CLOSING or not (word in filler or _is_symbol(word)):
            return False
    return has_core and said <= _MOST_CLOSING and "nothing" not in words.words


def _is_symbol(word: str) -> bool:
    """Return whether a token is a skin tone or another part of an emoji."""
    return "\U0001f3fb" <= word <= "\U0001f3ff" or word in "♀♂"


@cache
def _closing_words() -> tuple[frozenset[str], frozenset[str]]:
    """Return the words that thank, and those that may stand around them, of all languages."""
    core, filler = set(_CLOSING_CORE), set(_CLOSING_WORDS)
    for language in LANGUAGES:
        for local in load(language).rules:
            if local.rule == THANKS.id:
                core.update(local.anchors)
            elif local.rule == "closing.filler":
                filler.update(local.anchors)
    return frozenset(core), frozenset(filler)


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
        for local in load(one).rules:
            if local.rule == HOLDING.id and not quote:
                quote = next((x for x in local.anchors if f" {x} " in words.plain), "")
    return Reason(rule=HOLDING.id, points=0, quote=quote, why=HOLDING.why) if quote else None


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
