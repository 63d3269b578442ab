"""The rules in force: the built-in tables, the owner's settings and the owner's own rules."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

from mentionwatch.core.scoring import context, replies, text
from mentionwatch.core.scoring.contact import CONTACT_RULES
from mentionwatch.core.scoring.danger import DANGER_RULES
from mentionwatch.core.scoring.faults import FAULT_RULES
from mentionwatch.core.scoring.glossary import Glossary
from mentionwatch.core.scoring.index import Index, build_index
from mentionwatch.core.scoring.intent import INTENT_RULES
from mentionwatch.core.scoring.leads import LEAD_RULES
from mentionwatch.core.scoring.lexicon import EMOJI, LANGUAGES, OTHERS, common_words, source
from mentionwatch.core.scoring.rule import CustomRule, Example, Rule
from mentionwatch.core.scoring.sentiment import SENTIMENT_RULES
from mentionwatch.core.scoring.urgency import URGENCY_RULES
from mentionwatch.core.scoring.values import ConversationContext, ConversationScore, TextFacts
from mentionwatch.model.score import Reason, TextScore

# Raised when the way of counting changes; rules and lexicons are part of the version anyway.
_METHOD = 2
_TEXT_RULES = (
    *SENTIMENT_RULES,
    *FAULT_RULES,
    *DANGER_RULES,
    *URGENCY_RULES,
    *CONTACT_RULES,
    *INTENT_RULES,
    *LEAD_RULES,
)
BUILTIN: tuple[Rule, ...] = (*_TEXT_RULES, *context.CONTEXT_RULES, *replies.REPLY_RULES)
_CONTEXT_IDS = frozenset(rule.id for rule in context.CONTEXT_RULES)
_CONTEXT_KEYS = frozenset(one.name for one in fields(ConversationContext))


@dataclass(frozen=True)
class RuleSet:
    """
    The rules in force.

    Built once a run by `build`; the words of a language are loaded with its first text.
    ``searched``: the regular expressions of the owner's own rules, over texts as written.
    """

    in_force: tuple[Rule, ...]
    searched: tuple[tuple[Rule, re.Pattern[str]], ...] = ()
    settings: str = ""
    _indexes: dict[str, Index] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def build(
        cls,
        *,
        disable: Collection[str] = (),
        points: Mapping[str, int] | None = None,
        custom: Sequence[CustomRule] = (),
    ) -> RuleSet:
        """
        Return the built-in rules as the owner wants them.

        Args:
            disable: Ids of rules, or of one of their further reasons, that shall not count.
            points: Points by id, -100..100, instead of the built-in ones.
            custom: The owner's own rules.
        """
        points = points or {}
        off = frozenset(disable)
        rules = [_adjusted(rule, off, points) for rule in BUILTIN if rule.id not in off]
        searched: list[tuple[Rule, re.Pattern[str]]] = []
        for one in custom:
            own = _own(one)
            if own.id not in off:
                own = _adjusted(own, off, points)
                rules.append(own)
                searched += [(own, expression) for expression in _expressions(one)]
        settings = repr((sorted(off), sorted(points.items()), list(custom)))
        return cls(tuple(rules), tuple(searched), settings)

    @cached_property
    def version(self) -> str:
        """Changes when the built-in rules, the lexicons or the settings change."""
        digest = hashlib.sha256(f"{_METHOD}\n{self.settings}".encode())
        for rule in self.in_force:
            pattern = rule.pattern.pattern if rule.pattern else ""
            unless = rule.unless.pattern if rule.unless else ""
            found = (rule.anchors, pattern, rule.reach, rule.at_start, rule.finds, unless)
            told = (rule.why, rule.intent, sorted(rule.also.items()))
            parts = (rule.id, rule.points, found, told)
            digest.update(repr(parts).encode())
        for name in (*LANGUAGES, OTHERS, EMOJI):
            digest.update(source(name).encode())
        return digest.hexdigest()[:12]

    @cached_property
    def by_id(self) -> Mapping[str, Rule]:
        return {rule.id: rule for rule in self.in_force}

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """Return the words into which hashtags and stretched words may be resolved."""
        return frozenset((*common_words(), *self.index("en").words))

    @cached_property
    def glossary(self) -> Glossary:
        return Glossary(self.index("en"), self.vocabulary)

    @cached_property
    def fact_rules(self) -> tuple[tuple[Rule, Callable[[Any], int]], ...]:
        """Return the rules that look at the facts or the form of one mention, with how."""
        return tuple((r, r.times) for r in self.in_force if r.times and r.id not in _CONTEXT_IDS)

    @cached_property
    def form_rules(self) -> tuple[tuple[Rule, Callable[[Any], int]], ...]:
        """Return those of `fact_rules` that need nothing but the text."""
        return tuple((rule, times) for rule, times in self.fact_rules if not rule.needs)

    def rules(self) -> Sequence[Rule]:
        """Return the rules in force, built-in ones first."""
        return self.in_force

    def index(self, language: str) -> Index:
        """Return the words of *language*; "" for what is the same in all of them."""
        if language not in self._indexes:
            self._indexes[language] = build_index(language, self.in_force)
        return self._indexes[language]

    def score_text(self, text_: str, facts: TextFacts) -> TextScore:
        """Return what a text says: sentiment, urgency and intent, with all their reasons."""
        return text.score_texts(self, [(text_, facts)])[0]

    def score_texts(self, texts: Sequence[tuple[str, TextFacts]]) -> list[TextScore]:
        """Return the same as `score_text` for each of *texts*; faster with a few dozen at once."""
        return text.score_texts(self, texts)

    def score_conversation(self, context_: ConversationContext) -> ConversationScore:
        """Return the score of a conversation: its most urgent unanswered text, and the context."""
        return context.score_conversation(self.by_id, context_)

    def fires(self, rule_id: str, example: Example) -> bool:
        """Return whether a rule gives a reason for *example*: a text, or facts (see `Rule`)."""
        return rule_id in {reason.rule for reason in self._reasons(example)}

    def _reasons(self, example: Example) -> tuple[Reason, ...]:
        if isinstance(example, str):
            ours = (replies.is_closing(example), replies.is_holding(example))
            score = self.score_text(example, TextFacts())
            return (*score.reasons, *(reason for reason in ours if reason))
        if _CONTEXT_KEYS & example.keys():
            return self.score_conversation(ConversationContext(**example)).reasons
        facts = dict(example)
        return self.score_text(facts.pop("text", ""), TextFacts(**facts)).reasons


def _adjusted(rule: Rule, off: frozenset[str], points: Mapping[str, int]) -> Rule:
    """Return *rule* with the owner's points, without the further reasons that are off."""
    also = {id_: points.get(id_, given) for id_, given in rule.also.items() if id_ not in off}
    return replace(rule, points=points.get(rule.id, rule.points), also=also)


def _own(custom: CustomRule) -> Rule:
    prefix = f"{custom.score}."
    words = (one for one in custom.match if not _is_expression(one))
    return Rule(
        id=custom.id if custom.id.startswith(prefix) else prefix + custom.id,
        points=custom.points,
        why=custom.why,
        intent=custom.intent,
        anchors=tuple(" ".join(_tokens(one)) for one in words),
        everywhere=True,
        fires_on=custom.fires_on,
        silent_on=custom.silent_on,
    )


def _tokens(phrase: str) -> Sequence[str]:
    from mentionwatch.core.scoring.words import take_apart

    return take_apart(phrase).words


def _is_expression(match: str) -> bool:
    return len(match) > 2 and match[0] == match[-1] == "/"


def _expressions(custom: CustomRule) -> list[re.Pattern[str]]:
    return [re.compile(one[1:-1], re.IGNORECASE) for one in custom.match if _is_expression(one)]
