"""
The scorecard of our replies in one conversation.

Ten categories, each a question with an answer that names the words which decided it, or says that
they are missing. A category that does not apply counts nothing. The conversation's score is the
weighted mean of (given - minimum) / (maximum - minimum) x 100.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from mentionwatch.core.scoring import is_holding
from mentionwatch.insight import cues
from mentionwatch.insight.likeness import Likeness
from mentionwatch.model.insight import (
    CATEGORIES,
    Card,
    Category,
    Exchange,
    OurReply,
    Point,
    Theirs,
)

_MASK = 2  # emojis
_FEW_WORDS = 12
_MOST_CHARACTERS = 5000  # of a text; what follows decides nothing
_CALMER_BY = 15  # points of sentiment
_DARK = -15
_NOD = 4  # words
_NOBODY = "(?!)"  # matches nothing


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """What is known of an exchange while its points are given; ``text``: all our replies."""

    exchange: Exchange
    text: str
    asked: str
    wrong: bool
    angered: bool
    public: bool
    canned: Likeness | None
    holding: str

    def find(self, pattern: re.Pattern[str]) -> str:
        """Return the words of ours that a cue found; "" where there are none."""
        found = pattern.search(self.text)
        return " ".join(found[0].split()).strip(" ,.-") if found else ""


def card(exchange: Exchange, likeness: Sequence[Likeness], verdict: int | None = None) -> Card:
    """
    Return the scorecard of an exchange.

    Args:
        exchange: With at least one reply and one message.
        likeness: Of each of our replies, in their order.
        verdict: The owner's own, 1 to 5.
    """
    seen = _look(exchange, likeness)
    points = tuple(give(seen) for give in _GIVERS.values())
    last = exchange.ours[-1]
    return Card(
        id=exchange.id,
        channel=exchange.channel,
        author=next(iter(exchange.names), ""),
        private=exchange.private,
        said=exchange.theirs[0].text,
        answer="\n".join(reply.text for reply in exchange.ours),
        answered_at=last.at,
        score=score(points),
        points=points,
        canned=seen.canned is not None,
        like=max((one.like for one in likeness), default=0) if seen.canned else 0,
        group=seen.canned.group if seen.canned and seen.canned.like else -1,
        holding=bool(seen.holding),
        reaction=reaction(exchange, poor=_is_poor(points)),
        verdict=verdict,
    )


def score(points: Iterable[Point]) -> float | None:
    """Return the weighted mean of the shares, times 100; None where no category applies."""
    given = [(point.share, point.weight) for point in points if point.share is not None]
    total = sum(weight for _, weight in given)
    return sum(share * weight for share, weight in given) / total * 100 if total else None


def over_period(cards: Sequence[Card]) -> tuple[Category, ...]:
    """Return each category over many conversations."""
    found = []
    for name, (label, weight) in CATEGORIES.items():
        shares = [share for one in cards if (share := one.point(name).share) is not None]
        mean = sum(shares) / len(shares) * 100 if shares else None
        found.append(
            Category(name=name, label=label, weight=weight, applied=len(shares), score=mean)
        )
    return tuple(found)


def mean_score(cards: Iterable[Card]) -> float | None:
    """Return the mean of the conversations' scores."""
    scores = [one.score for one in cards if one.score is not None]
    return sum(scores) / len(scores) if scores else None


def _is_poor(points: Sequence[Point]) -> bool:
    """Return whether our reply leaves a complaint where it was: canned, mocking or blaming."""
    given = {point.category: point.given for point in points}
    return 0 in (given["own_words"], given["respectful"], given["serious"])


def reaction(exchange: Exchange, *, poor: bool = False) -> str:
    """
    Return what the customer did after our last reply: calmer, angrier, silent or none.

    "silent": something had gone wrong, and nothing came back. Read from the stored sentiments, and
    from what people write who were not helped.

    Args:
        poor: Our reply was no answer; who goes on after it in neutral words is not content.
    """
    last = exchange.ours[-1].at
    before = [one for one in exchange.theirs if one.at <= last]
    after = [one for one in exchange.theirs if one.at > last]
    if not after:
        return "silent" if any(map(went_wrong, before)) or _admits(exchange) else "none"
    newest, oldest = after[-1], (before or after)[0]
    text = _plain(newest.text)
    if cues.REPROACH.search(text) and not newest.closing:
        return "angrier"
    if newest.closing or newest.sentiment == "positive" or cues.ACCEPTS.search(text):
        return "calmer"
    if newest.sentiment == "negative":
        milder = newest.intent != "complaint" and newest.points > oldest.points + _CALMER_BY
        return "calmer" if milder else "angrier"
    # "Thursday it is": who has more to say has not been told enough, but is not angry for that.
    short = len(text.split()) <= _NOD and not asks(text)
    if short or newest.intent == "praise":
        return "calmer"
    # Whoever was asked for a number gives it, whatever he thinks of being asked.
    angry = poor and any(map(went_wrong, before)) and not re.search(r"\d", text)
    return "angrier" if angry else "none"


def went_wrong(message: Theirs) -> bool:
    """
    Return whether a customer says that something went wrong on our side.

    A question in dark words ("what damage to the wallet?") is one only where they are very dark.
    """
    if message.intent == "complaint":
        return True
    if message.sentiment != "negative" or message.intent == "praise":
        return False
    return message.intent == "other" or message.points <= _DARK


def _admits(exchange: Exchange) -> bool:
    """Return whether our own reply shows that something had gone wrong."""
    text = _plain("\n".join(reply.text for reply in exchange.ours))
    return bool(cues.APOLOGY.search(text) or cues.SYMPATHY.search(text))


def _look(exchange: Exchange, likeness: Sequence[Likeness]) -> _Seen:
    theirs = exchange.theirs
    upto = [one for one in theirs if one.at <= exchange.ours[-1].at] or list(theirs)
    asked = next((one.text for one in reversed(upto) if _asks(one)), "")
    canned = [one for one in likeness if one.canned]
    holding = is_holding(exchange.ours[-1].text)
    return _Seen(
        exchange=exchange,
        text=_plain("\n".join(reply.text for reply in exchange.ours)),
        asked=asked,
        wrong=any(map(went_wrong, upto)) or _admits(exchange),
        angered=reaction(exchange) == "angrier",
        public=not exchange.private,
        canned=canned[0] if canned and len(canned) == len(likeness) else None,
        holding=holding.quote if holding else "",
    )


def _asks(message: Theirs) -> bool:
    if message.intent == "question" and "?" not in message.text:
        return True
    return asks(message.text)


def asks(text: str) -> bool:
    """Return whether a text asks for a fact; a plea to do something is no question."""
    plain = _plain(text)
    if not cues.QUESTION.search(plain):
        return False
    asking = [part for part in re.findall(r"[^.!?\n]*[?¿？؟]", plain) if part.strip(" ?")]
    return not asking or any(not cues.PLEA.search(part) for part in asking)


def _plain(text: str) -> str:
    return text[:_MOST_CHARACTERS].replace("’", "'").casefold()


# --- the categories -------------------------------------------------------------------------------


def _point(category: str, given: int | None, why: str = "", quote: str = "", top: int = 1) -> Point:
    return Point(
        category=category,
        given=given,
        quote=quote,
        why=why,
        maximum=top,
        weight=CATEGORIES[category][1],
    )


def _answers(seen: _Seen) -> Point:
    name = "answers_question"
    if not seen.asked:
        return _point(name, None, "nothing was asked")
    if seen.canned:
        return _point(name, 0, seen.canned.why)
    if _only_elsewhere(seen):
        return _point(name, 0, "sends the customer elsewhere for it", seen.find(cues.SENT_AWAY))
    fact = seen.find(cues.FACT)
    if not fact:
        return _point(name, 0, "no yes or no, number, day or reason in it")
    if seen.holding and not re.search(r"\d|\b(?:yes|no|ja|nein|sí|oui|non)\b", seen.text):
        return _point(name, 0, "only promises an answer", seen.holding)
    return _point(name, 1, "gives the fact", fact)


def _apologises(seen: _Seen) -> Point:
    words = seen.find(cues.APOLOGY)
    if not seen.wrong:
        return _point("apologises", None, "nothing had gone wrong")
    if words:
        return _point("apologises", 1, "says sorry", words)
    return _point("apologises", 0, "no word of apology")


def _next_step(seen: _Seen) -> Point:
    name = "next_step"
    intents = {one.intent for one in seen.exchange.theirs}
    words = "" if seen.canned else seen.find(cues.STEP)
    promised = "" if seen.canned else seen.find(cues.REMEDY)
    settled = _answers(seen).given != 0
    if settled and not (seen.wrong or promised or intents & {"request", "lead"}):
        return _point(name, None, "nothing was left to do")
    if words:
        return _point(name, 1, "says what happens", words)
    if seen.canned:
        return _point(name, 0, seen.canned.why)
    return _point(name, 0, "no solution, and nothing that happens next")


def _other_way(seen: _Seen) -> Point:
    words = seen.find(cues.OTHER_WAY)
    if not words:
        return _point("other_way", None, "no other way is mentioned")
    if _only_elsewhere(seen) or seen.canned:
        return _point("other_way", 0, "help only there", words)
    return _point("other_way", 1, "an offer beside the answer", words)


def _only_elsewhere(seen: _Seen) -> bool:
    """Return whether all that the reply offers is another place to ask."""
    if not seen.find(cues.SENT_AWAY):
        return False
    rest = cues.SENT_AWAY.sub(" ", cues.OTHER_WAY.sub(" ", seen.text))
    return not (cues.STEP.search(rest) or cues.FACT.search(rest))


def _own_words(seen: _Seen) -> Point:
    if seen.canned:
        return _point("own_words", 0, seen.canned.why, "; ".join(seen.canned.pieces[:2]))
    return _point("own_words", 1, "is about this case")


def _respectful(seen: _Seen) -> Point:
    words = seen.find(cues.DEFENSIVE)
    if words:
        return _point("respectful", 0, "blames, belittles or hides behind the terms", words)
    if _masks(seen):
        return _point("respectful", 0, "jokes about a complaint", _emojis(seen))
    return _point("respectful", 1, "no word of blame")


def _serious(seen: _Seen) -> Point:
    if _masks(seen):
        return _point("serious", 0, "emojis in place of an answer to a complaint", _emojis(seen))
    if not seen.wrong:
        return _point("serious", None, "nobody complained")
    return _point("serious", 1, "no mask of emojis")


def _masks(seen: _Seen) -> bool:
    # Somebody who is angry about our answer had complained, in whatever words.
    if not (seen.wrong or seen.angered) or seen.find(cues.STEP):
        return False
    found = len(cues.EMOJI.findall(seen.text))
    if seen.find(cues.APOLOGY):  # "Sorry 😂😂" is none
        return len(cues.LAUGH.findall(seen.text)) >= _MASK
    words = len(re.findall(r"[^\W\d_]+", seen.text))
    return found >= _MASK or (found > 0 and words <= _FEW_WORDS)


def _emojis(seen: _Seen) -> str:
    return "".join(cues.EMOJI.findall(seen.text))


def _on_time(seen: _Seen) -> Point:
    results = [result for result in seen.exchange.results if result in ("met", "breached")]
    if not results:
        return _point("on_time", None, "no answer was due")
    late = results.count("breached")
    if not late:
        return _point("on_time", 2, "every answer came in time", top=2)
    if late < len(results):
        return _point("on_time", 1, f"{late} of {len(results)} answers came too late", top=2)
    return _point("on_time", 0, "came too late", top=2)


def _closed_in_public(seen: _Seen) -> Point:
    name = "closed_in_public"
    if not (seen.public and seen.wrong):
        return _point(name, None, "no public complaint")
    ours = seen.exchange.ours
    away = next((n for n, reply in enumerate(ours) if _leaves(reply)), None)
    for place, reply in enumerate(ours):
        words = _settled(reply, seen.exchange.names, was_away=away is not None and place > away)
        if words:
            return _point(name, 1, "says that it was settled", words)
    if away is None:
        return _point(name, None, "dealt with in the open")
    if any(reply.public and not _leaves(reply) for reply in ours[away + 1 :]):
        return _point(name, None, "more followed in public")
    return _point(name, 0, "sent elsewhere, and nothing followed in public")


def _settled(reply: OurReply, names: Sequence[str], *, was_away: bool) -> str:
    """Return the words with which a public reply says that the matter was settled elsewhere."""
    text = _plain(reply.text)
    if not reply.public or _leaves(reply):
        return ""
    settled = cues.SETTLED.search(text) or cues.RESULT.search(text)
    if was_away and settled:
        return settled[0]
    done = settled or cues.STEP.search(text)
    return _talked(text, names) if done else ""


def _talked(text: str, names: Sequence[str]) -> str:
    """Return the words with which a reply speaks of what we and the customer said elsewhere."""
    words = {word for name in names for word in _plain(name).split() if len(word) > 2}
    called = f"(?:{'|'.join(sorted(map(re.escape, words))) or _NOBODY})"
    found = re.search(cues.TALKED.replace("{names}", called), text)
    if found:
        return found[0]
    for sentence in re.split(r"[.!?;\n]", text):
        manner = cues.MANNER.search(sentence)
        if manner and not cues.INVITES.search(sentence):
            return manner[0]
    return ""


def _leaves(reply: OurReply) -> bool:
    """Return whether a reply takes the matter elsewhere, and does nothing else about it."""
    text = _plain(reply.text)
    if not reply.public:
        return True
    if not (cues.SENT_AWAY.search(text) or cues.MOVED.search(text)):
        return False
    rest = text
    for pattern in (cues.MOVED, cues.OTHER_WAY, cues.SENT_AWAY):
        rest = pattern.sub(" ", rest)
    return not (cues.STEP.search(rest) or cues.SETTLED.search(rest))


_GIVERS: dict[str, Callable[[_Seen], Point]] = {
    "answers_question": _answers,
    "apologises": _apologises,
    "next_step": _next_step,
    "other_way": _other_way,
    "own_words": _own_words,
    "respectful": _respectful,
    "serious": _serious,
    "on_time": _on_time,
    "closed_in_public": _closed_in_public,
}
