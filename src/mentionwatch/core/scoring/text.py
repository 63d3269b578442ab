"""
Scoring one text.

Sentiment follows the method of VADER (Hutto and Gilbert, ICWSM 2014) in whole points: the valence
of words and phrases, turned by negators, strengthened, weakened, and weighed around "but"; the
customer-service rules add to it. Urgency and intent are the points of the rules that fire.
"""

from __future__ import annotations

from dataclasses import dataclass, field
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

NEGATIVE_TO, POSITIVE_FROM = -4, 5
LEAST_INTENT = 10
_REACH = 4  # tokens over which a negator reaches
_MOST_WORDS = 200  # opinion words counted of one text: the two-hundredth changes nothing


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
            self.reasons.append(Reason(rule=id_, points=points, quote=quote, why=why))


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
    if readable and "sentiment.word" in rules.by_id:
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
    words = view.words
    for at, entry in found:
        for rule in entry.rules:
            if rule.id not in tried:
                if rule.pattern is None:
                    tried.add(rule.id)
                    _try(view, rule, words.quote(at, at + 1))
                else:
                    tried.add(rule.id)
                    match = rule.pattern.search(words.plain)
                    if match:
                        _try(view, rule, words.quote_match(match))
        for rest, _, anchored in entry.phrases:
            if anchored and anchored.id not in tried and _follows(words.words, at, rest):
                if anchored.pattern is None:
                    tried.add(anchored.id)
                    _try(view, anchored, words.quote(at, at + 1 + len(rest)))
                else:
                    tried.add(anchored.id)
                    match = anchored.pattern.search(words.plain)
                    if match:
                        _try(view, anchored, words.quote_match(match))


def _try(view: View, rule: Rule, quote: str) -> None:
    if rule.unless is None or not rule.unless.search(view.words.plain):
        view.give(rule, quote)


def _follows(words: list[str], at: int, rest: list[str]) -> bool:
    """Return whether *rest*, perhaps with open ends, stands behind place *at*."""
    there = words[at + 1 : at + 1 + len(rest)]
    if there == rest:
        return True
    return len(there) == len(rest) and all(
        one == want or (want[-1] == "*" and one.startswith(want[:-1]))
        for one, want in zip(there, rest, strict=True)
    )


def _weigh_words(view: View, found: list[tuple[int, Entry]]) -> None:
    """Add one "sentiment.word" reason for each word or phrase with a valence."""
    words = view.words
    weighed: list[tuple[int, int, int, str]] = []
    negator = pushed = -9
    push = 1.0
    contrast = -1
    behind = 0
    shouting = words.plain.upper() == f" {' '.join(words.tokens)} "
    for at, entry in found:
        role = entry.role
        if at < behind:
            continue
        if role == STOP:
            negator = -9
            continue
        points, end = _valence(words.words, at, entry)
        if points and not (at and words.words[at] == words.words[at - 1]):
            start = at
            value = float(points)
            why = "a positive word" if points > 0 else "a negative word"
            if pushed >= at - 2:
                value *= push
                start = pushed
            if negator >= at - _REACH:
                value *= -0.7 if points > 0 else -0.4
                start = min(start, negator)
                why = f"{why}, negated"
            token = words.tokens[at]
            if not shouting and len(token) > 2 and token.isupper():
                value *= 1.3
            weighed.append((start, end, round(value), why))
            behind = end
        if role == NEGATOR:
            negator = at
        elif role == BOOSTER:
            pushed, push = at, 1.3
        elif role == DAMPENER:
            pushed, push = at, 0.7
        elif role == CONTRAST:
            contrast, negator = at, -9
    for start, end, points, why in weighed[:_MOST_WORDS]:
        if contrast >= 0:
            points = round(points * (0.5 if start < contrast else 1.3))
        if points:
            view.sentiment += points
            view.reasons.append(
                Reason(rule="sentiment.word", points=points, quote=words.quote(start, end), why=why)
            )


def _valence(words: list[str], at: int, entry: Entry) -> tuple[int, int]:
    """Return the points of the longest phrase or the word at *at*, and the place behind it."""
    for rest, points, _ in entry.phrases:
        if points is not None and _follows(words, at, rest):
            return points, at + 1 + len(rest)
    return entry.points, at + 1


def _finished(view: View, readable: bool) -> TextScore:
    sentiment = _limited(view, "sentiment", view.sentiment, -100)
    urgency = _limited(view, "urgency", view.urgency, 0)
    intent = max(INTENTS, key=lambda name: view.intents.get(name, 0))
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
