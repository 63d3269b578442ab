"""
Why a mention matters: sentiment, urgency and intent, each the sum of reasons that can be read.

Everything here is pure: no clock, no network; the only files read are the word lists beside it,
and those only when the first text of a language is scored. Names are loaded on first use; the
stream of `mentionwatch rules eval` is `mentionwatch.core.scoring.evaluate.evaluate`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mentionwatch.core.scoring.replies import is_closing as is_closing
    from mentionwatch.core.scoring.replies import is_holding as is_holding
    from mentionwatch.core.scoring.replies import reply_owed as reply_owed
    from mentionwatch.core.scoring.rule import CustomRule as CustomRule
    from mentionwatch.core.scoring.rule import Rule as Rule
    from mentionwatch.core.scoring.ruleset import RuleSet as RuleSet
    from mentionwatch.core.scoring.values import ConversationContext as ConversationContext
    from mentionwatch.core.scoring.values import ConversationScore as ConversationScore
    from mentionwatch.core.scoring.values import ScoredText as ScoredText
    from mentionwatch.core.scoring.values import TextFacts as TextFacts

_HOMES = {
    "ConversationContext": "values",
    "ConversationScore": "values",
    "CustomRule": "rule",
    "Rule": "rule",
    "RuleSet": "ruleset",
    "ScoredText": "values",
    "TextFacts": "values",
    "is_closing": "replies",
    "is_holding": "replies",
    "reply_owed": "replies",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
