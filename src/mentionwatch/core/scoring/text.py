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
        for id_, points, score, intent in rule.effects:
            points *= times
            if score == "sentiment":
                self.sentiment += points
            elif score == "urgency":
                self.urgency += points
            if intent:
                self.intents[intent] = self.intents.get(intent, 0) + points
            self.reasons.append(_reason(id_, points, quote, why))


def score_text(rules: RuleSet, text: str, facts: TextFacts) -> TextScore:
    """Return what *text* says, with every reason; see `TextScore`."""
    whole = f"{facts.title}\n{text}" if facts.title else text
    words = take_apart(whole, rules.vocabulary)
    language, readable, found = _read(rules, words, facts)
    if facts.brand_words:
        found = [(at, x) for at, x in found if words.words[at] not in facts.brand_words]
    view = View(words, facts, language)
    _fire(view, found)
    for rule, expression in rules.searched:
        match = expression.search(whole)
        if match:
            view.give(rule, match.group()[:80])
    if readable and WORD in rules.by_id:
        _weigh_words(view, found)
    for rule in rules.fact_rules:
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


def _fire(view: View, found: list[tuple[int, Entry]]) -> None:
    """Give the reasons of all rules whose anchors occur and whose patterns match."""
    tried: set[str] = set()
    words = view.words.words
    for at, entry in found:
        for rule in entry.rules:
            if rule.id not in tried:
                tried.add(rule.id)
                _try(view, rule, at, at + 1)
        if (
            (phrases := entry.phrases)
            and (at + 1 < len(words))
            and (words[at + 1] in phrases or _OPEN in phrases)
        ):
            for rest, _, anchored in entry.following(words, at):
                if anchored and anchored.id not in tried:
                    tried.add(anchored.id)
                    _try(view, anchored, at, at + 1 + len(rest))


def _try(view: View, rule: Rule, start: int, end: int) -> None:
    """Give a rule's reasons if its pattern matches; the anchor stands from *start* to *end*."""
    words = view.words
    if rule.pattern is None:
        quote = words.quote(start, end)
    else:
        match = rule.pattern.search(words.plain)
        if match is None:
            return
        quote = words.quote_match(match)
    if rule.unless is None or not rule.unless.search(words.plain):
        view.give(rule, quote)


@dataclass(slots=True)
class Weighed:
    """One word or phrase with its valence, at the tokens *start* to *end*."""

    start: int
    end: int
    points: float
    why: str


def _weigh_words(view: View, found: list[tuple[int, Entry]]) -> None:
    """Add one "sentiment.word" reason for each word or phrase with a valence."""
    weighed, contrast = _weighed(view.words, found)
    for one in weighed[:_MOST_WORDS]:
        share = 1.0 if contrast < 0 else _BEFORE_BUT if one.start < contrast else _AFTER_BUT
        points = round(one.points * share)
        if points:
            view.sentiment += points
            quote = view.words.quote(one.start, one.end)
            view.reasons.append(_reason(WORD, points, quote, one.why))


def _weighed(words: Words, found: list[tuple[int, Entry]]) -> tuple[list[Weighed], int]:
    """Return the opinion words, turned and strengthened, and the place of the last "but" or -1."""
    weighed: list[Weighed] = []
    lower = words.words
    negator = pusher = contrast = -_FAR
    push, behind = 1.0, 0
    for at, entry in found:
        if at < behind:
            continue
        role = entry.role
        if role == STOP:
            negator = -_FAR
            continue
        if entry.points or entry.phrases:
            points, end = _valence(lower, at, entry)
            if points and not (at and lower[at] == lower[at - 1]):
                one = Weighed(
                    at, end, points, "a positive word" if points > 0 else "a negative word"
                )
                if pusher >= at - 2:
                    one.start = pusher
                    one.points *= push
                if negator >= at - _REACH:
                    _negate(one, negator)
                if words.tokens[at].isupper() and len(words.tokens[at]) > 2 and not words.shouted:
                    one.points *= _CAPITALS
                weighed.append(one)
            behind = end
        if role == NEGATOR:
            negator = at
        elif role == BOOSTER:
            pusher, push = at, _BOOST
        elif role == DAMPENER:
            pusher, push = at, _DAMP
        elif role == CONTRAST:
            contrast, negator = at, -_FAR
    return weighed, contrast


def _negate(one: Weighed, negator: int) -> None:
    """Turn a word behind a negator: "not good" is bad, "not bad" is fairly good."""
    one.points *= -0.7 if one.points > 0 else -0.4
    one.start = min(one.start, negator)
    one.why += ", negated"


def _valence(words: list[str], at: int, entry: Entry) -> tuple[int, int]:
    """Return the points of the longest phrase or the word at *at*, and the place behind it."""
    if (
        (phrases := entry.phrases)
        and (at + 1 < len(words))
        and (words[at + 1] in phrases or _OPEN in phrases)
    ):
        for rest, points, _ in entry.following(words, at):
            if points is not None:
                return points, at + 1 + len(rest)
    return entry.points, at + 1


def _finished(view: View, readable: bool) -> TextScore:
    sentiment = _limited(view, "sentiment", view.sentiment, -100)
    urgency = _limited(view, "urgency", view.urgency, 0)
    intents = view.intents
    intent = max(INTENTS, key=lambda name: intents.get(name, 0)) if intents else "other"
    return TextScore(
        sentiment=_label(sentiment) if readable else "unclassified",
        sentiment_points=sentiment,
        urgency=urgency,
        intent=intent if view.intents.get(intent, 0) >= LEAST_INTENT else "other",
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
