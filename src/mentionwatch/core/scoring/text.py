"""
Scoring texts.

Sentiment follows the method of VADER (Hutto and Gilbert, ICWSM 2014) in whole points: the valence
of words and phrases, turned by negators, strengthened, weakened, and weighed around "but"; the
customer-service rules add to it. Urgency and intent are the points of the rules that fire.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from mentionwatch.core.scoring.glossary import Known as LookedUp
from mentionwatch.core.scoring.index import (
    BOOSTER,
    CONTRAST,
    NEGATOR,
    STOP,
    Known,
    Node,
    standing,
)
from mentionwatch.core.scoring.languages import guess
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
_BEFORE = 5  # tokens before an anchor in which a rule's pattern looks
_OPENING = 8  # tokens that may stand before what begins a text: a greeting
_FAR = 1000
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
    """
    One text on its way to a score; rules over facts may look at all of it.

    ``known``: what is known of each of its words; None for most. ``readable``: whether its
    sentiment can be judged. ``sentiment`` is the sum of the words and word rules.
    """

    words: Words
    facts: TextFacts
    language: str
    readable: bool
    known: Sequence[Known | None]
    sentiment: int = 0
    urgency: int = 0
    intents: dict[str, int] = field(default_factory=dict)
    reasons: list[Reason] = field(default_factory=list)

    def give(self, rule: Rule, quote: str, times: int = 1) -> None:
        """Add the reasons of a rule that fired."""
        self.reasons += rule.made.get((quote, times)) or rule.reasons(quote, times)
        sentiment, urgency, intents = rule.sums
        self.sentiment += sentiment * times
        self.urgency += urgency * times
        for intent, points in intents:
            self.intents[intent] = self.intents.get(intent, 0) + points * times


def score_texts(rules: RuleSet, texts: Sequence[tuple[str, TextFacts]]) -> list[TextScore]:
    """
    Return what each of *texts* says, with every reason; see `TextScore`.

    One stage after the other for all of them, which is a third faster than one text after the
    other: the caches of a processor hold the code and the tables of one stage.
    """
    wholes = [f"{facts.title}\n{text}" if facts.title else text for text, facts in texts]
    glossary = rules.glossary
    written = [tokens(whole, glossary.split) for whole in wholes]
    looked_up = [glossary.look_up(one) for one in written]
    views = [_view(rules, known, facts) for known, (_, facts) in zip(looked_up, texts, strict=True)]
    walks = [_walk(view) for view in views]
    if WORD in rules.by_id:
        for view, (weighed, contrast) in zip(views, walks, strict=True):
            if view.readable:
                _weigh(view, weighed, contrast)
    if rules.searched:
        for view, whole in zip(views, wholes, strict=True):
            _search(rules, view, whole)
    for view in views:
        _look_at_facts(rules, view)
    return [_finished(view) for view in views]


def _view(rules: RuleSet, looked_up: LookedUp, facts: TextFacts) -> View:
    """Return the words of a text, their language, and what is known of them in it."""
    written, lower, known, leaning, packed = looked_up
    words = Words(written, lower, f" {' '.join(lower)} ")
    language = guess(lower, leaning, packed, facts.language)
    readable = True
    if language == LANGUAGES[0]:
        pass  # it was looked up in English
    elif language in LANGUAGES:
        known = rules.index(language).find(lower)
    else:
        language, readable, known = _unknown(rules, lower, declared=bool(language))
    if facts.brand_words:
        known = _without(facts.brand_words, lower, known)
    return View(words, facts, language, readable, known)


_Entries = Sequence[Known | None]


def _unknown(rules: RuleSet, words: Sequence[str], *, declared: bool) -> tuple[str, bool, _Entries]:
    """Return language, readability and what is known of words without a language of ours."""
    marks = rules.index("").find(words)
    if declared:
        return "", False, marks
    for candidate in LANGUAGES:
        found = rules.index(candidate).find(words)
        if _count(found) > _count(marks):
            return candidate, True, found
    opinion = any(x[0] if isinstance(x, tuple) else isinstance(x, int) and x for x in marks)
    return "", opinion and not any(word[0].isalpha() for word in words), marks


def _count(known: _Entries) -> int:
    return sum(entry is not None and entry != 0 for entry in known)


def _without(silent: frozenset[str], words: Sequence[str], known: _Entries) -> _Entries:
    """Return what is known of *words*, nothing of those that are *silent*."""
    return [None if word in silent else x for word, x in zip(words, known, strict=True)]


# One word or phrase with its valence: first token, the one behind the last, points, why.
_Weighed = tuple[int, int, float, str]


def _walk(view: View) -> tuple[list[_Weighed], int]:  # noqa: C901
    """
    Go once over all that is known of the text: fire rules, weigh the words of opinion.

    One long loop on purpose: it runs ten times a text, and calls would double its cost.

    Returns:
        The opinion words, turned by negators and strengthened; the place of the last "but" or -1.
    """
    weighed: list[_Weighed] = []
    done: set[str] = set()  # fired, or silenced by `unless`
    words = view.words.words
    count = len(words)
    negator = pusher = contrast = -_FAR
    push, behind = 1.0, 0
    for at, entry in enumerate(view.known):
        if entry is None:
            continue
        end = at + 1
        phrases = None
        if isinstance(entry, Node):  # half of what is known: the beginning of phrases and no more
            if end == count or not (words[end] in entry or entry.opens):
                continue
            points, role, phrases = 0, "", entry
        elif isinstance(entry, int):
            points, role = entry, ""
        else:
            points, role, rules, phrases = entry
            for rule in rules:
                if rule.id not in done:
                    _try(view, rule, at, end, done)
        if phrases is not None and end < count and (words[end] in phrases or phrases.opens):
            following = standing(phrases, words, at)
            for behind_it, _, anchored in following:
                if anchored and anchored.id not in done:
                    _try(view, anchored, at, behind_it, done)
            for behind_it, valence, _ in following:
                if valence is not None:
                    points, end = valence, behind_it
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


def _try(view: View, rule: Rule, start: int, end: int, done: set[str]) -> None:
    """Give a rule's reasons if it finds something; its anchor stands from *start* to *end*."""
    words = view.words
    pattern = rule.pattern
    if pattern is None:
        quote: str | None = words.quote(start, end)
    else:
        quote = _matched(words, rule, pattern, start, end)
    if quote is not None:
        done.add(rule.id)
        if rule.unless is None or not rule.unless.search(words.plain):
            view.give(rule, quote)


def _matched(
    words: Words, rule: Rule, pattern: re.Pattern[str], start: int, end: int
) -> str | None:
    """Return what the pattern of a rule finds around an anchor, None where it finds nothing."""
    if rule.at_start:
        if start > _OPENING:
            return None
        first, match = 0, pattern.match(words.plain)
    else:
        first = max(0, start - _BEFORE)
        match = pattern.search(f" {' '.join(words.words[first : end + rule.reach])} ")
    return words.quote_match(match, first) if match else None


def _search(rules: RuleSet, view: View, text: str) -> None:
    """Look for the owner's own expressions in a text as it was written."""
    for rule, expression in rules.searched:
        match = expression.search(text)
        if match:
            view.give(rule, match.group()[:80])


def _look_at_facts(rules: RuleSet, view: View) -> None:
    """Ask the rules that look at the facts or the form of the whole."""
    facts = view.facts
    told = facts.rating is not None or facts.addressed or facts.private
    for rule, count in rules.fact_rules if told else rules.form_rules:
        times = count(view)
        if times:
            view.give(rule, "", times)


def _weigh(view: View, weighed: list[_Weighed], contrast: int) -> None:
    """Add one "sentiment.word" reason for each word or phrase with a valence."""
    for start, end, value, why in weighed[:_MOST_WORDS]:
        share = 1.0 if contrast < 0 else _BEFORE_BUT if start < contrast else _AFTER_BUT
        points = round(value * share)
        if points:
            view.sentiment += points
            quote = view.words.quote(start, end)
            view.reasons.append(_reason(WORD, points, quote, why))


def _finished(view: View) -> TextScore:
    points = _limited(view, "sentiment", view.sentiment, -100)
    urgency = _limited(view, "urgency", view.urgency, 0)
    sentiment = _label(points) if view.readable else "unclassified"
    closing = "thanks" if closes(view.words) else ""
    intent = "other" if closing or not view.intents else _strongest(view.intents)
    reasons = tuple(view.reasons)
    # By place: by name it takes twice as long, and all the rest of this no more than that.
    return TextScore(sentiment, points, urgency, intent, reasons, view.language, closing)


def _limited(view: View, score: str, total: int, least: int) -> int:
    """Return *total* within its limits; a cut is a reason too."""
    if least <= total <= 100:
        return total
    within = min(100, max(least, total))
    why = "the score ends here"
    view.reasons.append(Reason(rule=f"{score}.limit", points=within - total, why=why))
    return within


def _strongest(intents: Mapping[str, int]) -> str:
    """Return the intent with the most points; of equal ones the first in `INTENTS`."""
    intent, most = "other", LEAST_INTENT - 1
    for name in INTENTS:
        if intents.get(name, 0) > most:
            intent, most = name, intents[name]
    return intent


def _label(points: int) -> str:
    if points <= NEGATIVE_TO:
        return "negative"
    return "positive" if points >= POSITIVE_FROM else "neutral"
