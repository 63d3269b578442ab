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

from mentionwatch.core.scoring.index import BOOSTER, CONTRAST, DAMPENER, NEGATOR, STOP, Entry
from mentionwatch.core.scoring.languages import guess
from mentionwatch.core.scoring.lexicon import LANGUAGES
from mentionwatch.core.scoring.replies import closes
from mentionwatch.core.scoring.rule import Rule
from mentionwatch.core.scoring.values import TextFacts
from mentionwatch.core.scoring.words import Words, take_apart
from mentionwatch.model.score import INTENTS, Reason, TextScore

if TYPE_CHECKING:
    from mentionwatch.core.scoring.ruleset import RuleSet

NEGATIVE_TO, POSITIVE_FROM = -5, 6
LEAST_INTENT = 10
_REACH = 4  # tokens over which a negator reaches
_FAR = 1000
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
        why = rule.why
        for id_, points, _, _ in rule.effects:
            self.reasons.append(_reason(id_, points * times, quote, why))
        sentiment, urgency, intents = rule.sums
        self.sentiment += sentiment * times
        self.urgency += urgency * times
        for intent, points in intents:
            self.intents[intent] = self.intents.get(intent, 0) + points * times


def score_text(rules: RuleSet, text: str, facts: TextFacts) -> TextScore:
    """Return what *text* says, with every reason; see `TextScore`."""
    whole = f"{facts.title}\n{text}" if facts.title else text
    words = take_apart(whole, rules.vocabulary)
    language, readable, found = _read(rules, words, facts)
    if facts.brand_words:
        found = [(at, x) for at, x in found if words.words[at] not in facts.brand_words]
    view = View(words, facts, language)
    _walk(view, found, readable and WORD in rules.by_id)
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


def _read(
    rules: RuleSet, words: Words, facts: TextFacts
) -> tuple[str, bool, list[tuple[int, Entry]]]:
    """Return language, whether its words can be judged, and what is known of them."""
    language = guess(words.words, facts.language)
    if language in LANGUAGES:
        return language, True, rules.index(language).find(words.words)
    marks = rules.index("").find(words.words)
    if language:
        return "", False, marks
    for candidate in LANGUAGES:
        found = rules.index(candidate).find(words.words)
        if len(found) > len(marks):
            return candidate, True, found
    opinion = any(entry.points for _, entry in marks)
    return "", opinion and not any(word[0].isalpha() for word in words.words), marks


@dataclass(slots=True)
class Weighed:
    """One word or phrase with its valence, at the tokens *start* to *end*."""

    start: int
    end: int
    points: float
    why: str


def _negate(one: Weighed, negator: int) -> None:
    """Turn a word behind a negator: "not good" is bad, "not bad" is fairly good."""
    one.points *= -0.7 if one.points > 0 else -0.4
    one.start = min(one.start, negator)
    one.why += ", negated"


class _Scale:
    """The opinion words of one text, turned by negators and strengthened as they come."""

    __slots__ = ("behind", "contrast", "negator", "push", "pusher", "weighed", "words")

    def __init__(self, words: Words) -> None:
        self.words = words
        self.weighed: list[Weighed] = []
        self.negator = self.pusher = self.contrast = -_FAR
        self.push, self.behind = 1.0, 0

    def put(self, at: int, end: int, points: int, role: str) -> None:
        """Take in the word or phrase at the tokens *at* to *end*, unless it is part of a phrase."""
        if at < self.behind:
            return
        if role == STOP:
            self.negator = -_FAR
            return
        if points:
            lower = self.words.words
            if not (at and lower[at] == lower[at - 1]):
                self._add(at, end, points)
            self.behind = end
        if role == NEGATOR:
            self.negator = at
        elif role == BOOSTER:
            self.pusher, self.push = at, _BOOST
        elif role == DAMPENER:
            self.pusher, self.push = at, _DAMP
        elif role == CONTRAST:
            self.contrast, self.negator = at, -_FAR

    def _add(self, at: int, end: int, points: int) -> None:
        one = Weighed(at, end, points, _GOOD if points > 0 else _BAD)
        if self.pusher >= at - 2:
            one.start = self.pusher
            one.points *= self.push
        if self.negator >= at - _REACH:
            _negate(one, self.negator)
        token = self.words.tokens[at]
        if token.isupper() and len(token) > 2 and not self.words.shouted:
            one.points *= _CAPITALS
        self.weighed.append(one)


def _walk(view: View, found: list[tuple[int, Entry]], readable: bool) -> None:
    """Go once over all that is known of the text: fire rules, weigh the words of opinion."""
    scale = _Scale(view.words)
    done: set[str] = set()  # fired, or silenced by `unless`
    failed: set[str] = set()  # the pattern did not match, a plain find may still come
    words = view.words.words
    last = len(words) - 1
    for at, entry in found:
        for rule in entry.rules:
            if rule.id not in done:
                _try(view, rule, at, at + 1, done, failed)
        points, end = entry.points, at + 1
        phrases = entry.phrases
        if phrases and at < last and (words[at + 1] in phrases or _OPEN in phrases):
            following = entry.following(words, at)
            for rest, _, anchored in following:
                if anchored and anchored.id not in done:
                    _try(view, anchored, at, at + 1 + len(rest), done, failed)
            for rest, valence, _ in following:
                if valence is not None:
                    points, end = valence, at + 1 + len(rest)
                    break
        if points or entry.role:
            scale.put(at, end, points, entry.role)
    if readable:
        _weigh(view, scale)


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


def _weigh(view: View, scale: _Scale) -> None:
    """Add one "sentiment.word" reason for each word or phrase with a valence."""
    contrast = scale.contrast
    for one in scale.weighed[:_MOST_WORDS]:
        share = 1.0 if contrast < 0 else _BEFORE_BUT if one.start < contrast else _AFTER_BUT
        points = round(one.points * share)
        if points:
            view.sentiment += points
            quote = view.words.quote(one.start, one.end)
            view.reasons.append(_reason(WORD, points, quote, one.why))


def _finished(view: View, readable: bool) -> TextScore:
    sentiment = _limited(view, "sentiment", view.sentiment, -100)
    urgency = _limited(view, "urgency", view.urgency, 0)
    intent, most = "other", LEAST_INTENT - 1
    for name in INTENTS:
        if view.intents.get(name, 0) > most:
            intent, most = name, view.intents[name]
    return TextScore(
        sentiment=_label(sentiment) if readable else "unclassified",
        sentiment_points=sentiment,
        urgency=urgency,
        intent=intent,
        reasons=tuple(view.reasons),
        language=view.language,
        closing="thanks" if closes(view.words) else "",
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
