"""Trying rules on their own examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mentionwatch.core.scoring import RuleSet


def failures(rules: RuleSet) -> list[str]:
    """Return a sentence for each example on which a rule did not do what it should."""
    found = []
    for rule in rules.rules():
        found += [
            f"{rule.id} should fire on {example!r}"
            for example in rule.fires_on
            if not rules.fires(rule.id, example)
        ]
        found += [
            f"{rule.id} should be silent on {example!r}"
            for example in rule.silent_on
            if rules.fires(rule.id, example)
        ]
    return found
