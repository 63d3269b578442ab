"""Why a conversation, or a text, scores as it does."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from mentionwatch.app.assess import stored_score
from mentionwatch.app.read_queue import bring_up_to_date, find, read_conversation
from mentionwatch.app.setting import Setting, matcher_of, ruleset
from mentionwatch.model.explanation import ExplainedText, Explanation
from mentionwatch.model.score import priority
from mentionwatch.store import threads

if TYPE_CHECKING:
    from mentionwatch.config.settings import Config


def explain_text(config: Config | None, text: str) -> Explanation:
    """Score a text as if somebody had sent it to us; without a configuration, by built-in rules."""
    from mentionwatch.core.scoring import RuleSet, TextFacts, reply_owed

    rules = RuleSet.build() if config is None else ruleset(config)
    words = frozenset() if config is None else matcher_of(config).brand_words
    score = rules.score_text(text, TextFacts(brand_words=words))
    return Explanation(
        texts=(ExplainedText(text=text, score=score),),
        priority=priority(score.urgency),
        urgency=score.urgency,
        sentiment=score.sentiment,
        intent=score.intent,
        reasons=score.reasons,
        owed=reply_owed(score, addressed=False),
    )


def explain_conversation(setting: Setting, now: datetime, number: int) -> Explanation:
    """
    Return the reasons of a conversation and of each of its texts, as stored.

    Raises:
        UsageError: There is no such conversation.
    """
    bring_up_to_date(setting, now)
    found = find(setting, number)
    row = read_conversation(setting, now, found).row
    return Explanation(
        id=found,
        texts=tuple(
            ExplainedText(id=mention["id"], text=mention["text"], score=stored_score(mention))
            for mention in threads.mentions(setting.store.connection, found)
        ),
        state=row.state,
        cause=row.cause,
        priority=row.priority,
        urgency=row.urgency,
        sentiment=row.sentiment,
        intent=row.intent,
        reasons=row.reasons,
    )
