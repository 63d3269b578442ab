"""
Scoring one text.

Sentiment follows the method of VADER (Hutto and Gilbert, ICWSM 2014) in whole points: the valence
of words and phrases, turned by negators, strengthened, weakened, and weighed around "but"; the
customer-service rules add to it. Urgency and intent are the points of the rules that fire.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from mentionwatch.core.scoring.index import (
    BOOSTER,
    CONTRAST,
    NEGATOR,
    STOP,
    Known,
    Phrase,
    standing,
)
from mentionwatch.core.scoring.languages import MOST, guess
from mentionwatch.core.scoring.lexicon import LANGUAGES
from mentionwatch.core.scoring.replies import closes
from mentionwatch.core.scoring.rule import Rule
from mentionwatch.core.scoring.values import TextFacts
from mentionwatch.core.scoring.words import Words, tokens
from mentionwatch.model.score import INTENTS, Reason, TextScore

if TYPE_CHECKING:
    from mentionwatch.core.scoring.ruleset import RuleSet

NEGATIVE_TO, POSITIVE_FROM = -5, 6
LEAST_INTENT = 8
_REACH = 4  # tokens over which a negator reaches
_FAR = 1000
_NOTHING: dict[str, list[Phrase]] = {}
_OPEN = ""  # the key of phrases whose second word has an open end
_BOOST, _DAMP, _CAPITALS = 1.3, 0.7, 1.3
_BEFORE_BUT, _AFTER_BUT = 0.5, 1.3
WORD = "sentiment.word"
_GOOD, _BAD = "a positive word", "a negative word"
_MOST_WORDS = 200  # opinion words counted of one text: the two-hundredth changes nothing


@lru_cache(maxsize=8192)
def _reason(rule: str, points: int, quote: str, why: str) -> Reason:
    """Return a reason; the same few come again and again, and making one costs a microsecond."""
    return Reason(rule=rule, points=points, quote=quote, why=why)


@dataclass(slots=True)
class View:
    """What rules over facts may look at; ``sentiment`` is the sum of the words and word rules."""

    words: Words
    facts: TextFacts
    language: str
    sentiment: int = 0
    urgency: int = 0
    intents: dict[str, int] = field(default_factory=dict)
    reasons: list[Reason] = field(default_factory=list)

    def give(self, rule: Rule, quote: str, times: int = 1) -> None:
        """Add the reasons of a rule that fired."""
        self.reasons += rule.reasons(quote, times)
        sentiment, urgency, intents = rule.sums
        self.sentiment += sentiment * times
        self.urgency += urgency * times
        for intent, points in intents:
            self.intents[intent] = self.intents.get(intent, 0) + points * times


def score_text(rules: RuleSet, text: str, facts: TextFacts) -> TextScore:
    """Return what *text* says, with every reason; see `TextScore`."""
    whole = f"{facts.title}\n{text}" if facts.title else text
    words, language, readable, found = _read(rules, whole, facts)
    if facts.brand_words:
        found = [(at, x) for at, x in found if words.words[at] not in facts.brand_words]
    view = View(words, facts, language)
    weighed, contrast = _walk(view, found)
    if readable and WORD in rules.by_id:
        _weigh(view, weighed, contrast)
    for rule, expression in rules.searched:
        match = expression.search(whole)
        if match:
            view.give(rule, match.group()[:80])
    told = facts.rating is not None or facts.addressed or facts.private
    for rule in rules.fact_rules if told else rules.form_rules:
        times = rule.times(view) if rule.times else 0
        if times:
            view.give(rule, "", times)
    return _finished(view, readable)


# The places of what is known of a text: its entry, or its bare valence.
_Found = list[tuple[int, Known]]


def _read(rules: RuleSet, text: str, facts: TextFacts) -> tuple[Words, str, bool, _Found]:
    """Return the words, their language, whether they can be judged, and what is known of them."""
    glossary = rules.glossary
    written = tokens(text, glossary.split)
    known = glossary.look_up(written)
    lower = [one[0] for one in known]
    words = Words(written, lower, f" {' '.join(lower)} ")
    seen = known[:MOST]
    leaning = sum([one[2] for one in seen])
    language = guess(lower, leaning, lambda: sum([one[3] for one in seen]), facts.language)
    if language == LANGUAGES[0]:
        found = [(at, one[1]) for at, one in enumerate(known) if one[1] is not None]
        return words, language, True, found
    if language in LANGUAGES:
        return words, language, True, rules.index(language).find(lower)
    marks = rules.index("").find(lower)
    if language:
        return words, "", False, marks
    for candidate in LANGUAGES:
        found = rules.index(candidate).find(lower)
        if len(found) > len(marks):
            return words, candidate, True, found
    opinion = any(entry if isinstance(entry, int) else entry[0] for _, entry in marks)
    return words, "", opinion and not any(word[0].isalpha() for word in lower), marks


# One word or phrase with its valence: first token, the one behind the last, points, why.
_Weighed = tuple[int, int, float, str]


def _walk(view: View, found: _Found) -> tuple[list[_Weighed], int]:  # noqa: C901
    """
    Go once over all that is known of the text: fire rules, weigh the words of opinion.

    One long loop on purpose: it runs ten times a text, and calls would double its cost.

    Returns:
        The opinion words, turned by negators and strengthened; the place of the last "but" or -1.
    """
    weighed: list[_Weighed] = []
    done: set[str] = set()  # fired, or silenced by `unless`
    failed: set[str] = set()  # the pattern did not match, a plain find may still come
    words = view.words.words
    last = len(words) - 1
    negator = pusher = contrast = -_FAR
    push, behind = 1.0, 0
    for at, entry in found:
        end = at + 1
        if isinstance(entry, int):
            points, role, phrases = entry, "", _NOTHING
        else:
            points, role, rules, phrases = entry
            for rule in rules:
                if rule.id not in done:
                    _try(view, rule, at, end, done, failed)
        if phrases and at < last and (words[end] in phrases or _OPEN in phrases):
            following = standing(phrases, words, at)
            for rest, _, anchored in following:
                if anchored and anchored.id not in done:
                    _try(view, anchored, at, end + len(rest), done, failed)
            for rest, valence, _ in following:
                if valence is not None:
                    points, end = valence, end + len(rest)
                    break
        if at < behind:
            continue
        if points:
            if not (at and words[at] == words[at - 1]):
                pushed = push if pusher >= at - 2 else 1.0
                start = pusher if pusher >= at - 2 else at
                weighed.append(_weighed(view.words, at, end, points, start, pushed, negator))
            behind = end
        if role:
            if role == NEGATOR:
                negator = at
            elif role == STOP:
                negator = -_FAR
            elif role == CONTRAST:
                contrast, negator = at, -_FAR
            else:
                pusher, push = at, _BOOST if role == BOOSTER else _DAMP
    return weighed, contrast


def _weighed(
    words: Words, at: int, end: int, points: float, start: int, push: float, negator: int
) -> _Weighed:
    """Return a word of opinion in its place: "not good" is bad, "not bad" is fairly good."""
    why = _GOOD if points > 0 else _BAD
    points *= push
    if negator >= at - _REACH:
        points *= -0.7 if points > 0 else -0.4
        start = min(start, negator)
        why += ", negated"
    token = words.tokens[at]
    if token.isupper() and len(token) > 2 and not words.shouted:
        points *= _CAPITALS
    return start, end, points, why


def _try(view: View, rule: Rule, start: int, end: int, done: set[str], failed: set[str]) -> None:
    """Give a rule's reasons if its pattern matches; the anchor stands from *start* to *end*."""
    words = view.words
    if rule.pattern is None:
        quote = words.quote(start, end)
    elif rule.id in failed:
        return
    else:
        match = rule.pattern.search(words.plain)
        if match is None:
            failed.add(rule.id)
            return
        quote = words.quote_match(match)
    done.add(rule.id)
    if rule.unless is None or not rule.unless.search(words.plain):
        view.give(rule, quote)


def _weigh(view: View, weighed: list[_Weighed], contrast: int) -> None:
    """Add one "sentiment.word" reason for each word or phrase with a valence."""
    for start, end, value, why in weighed[:_MOST_WORDS]:
        share = 1.0 if contrast < 0 else _BEFORE_BUT if start < contrast else _AFTER_BUT
        points = round(value * share)
        if points:
            view.sentiment += points
            quote = view.words.quote(start, end)
            view.reasons.append(_reason(WORD, points, quote, why))


def _finished(view: View, readable: bool) -> TextScore:
    sentiment = _limited(view, "sentiment", view.sentiment, -100)
    urgency = _limited(view, "urgency", view.urgency, 0)
    closing = closes(view.words)
    intent, most = "other", LEAST_INTENT - 1
    for name in () if closing else INTENTS:
        if view.intents.get(name, 0) > most:
            intent, most = name, view.intents[name]
    return TextScore(
        sentiment=_label(sentiment) if readable else "unclassified",
        sentiment_points=sentiment,
        urgency=urgency,
        intent=intent,
        reasons=tuple(view.reasons),
        language=view.language,
        closing="thanks" if closing else "",
    )


def _limited(view: View, score: str, total: int, least: int) -> int:
    """Return *total* within its limits; a cut is a reason too."""
    within = min(100, max(least, total))
    if within != total:
        why = "the score ends here"
        reason = Reason(rule=f"{score}.limit", points=within - total, why=why)
        view.reasons.append(reason)
    return within


def _label(points: int) -> str:
    if points <= NEGATIVE_TO:
        return "negative"
    return "positive" if points >= POSITIVE_FROM else "neutral"
