"""Why a conversation, or a text, scores as it does."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from mentionwatch.app.assess import stored_score
from mentionwatch.app.read_conversation import find, read_conversation
from mentionwatch.app.read_queue import bring_up_to_date
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


def disagreement(setting: Setting, now: datetime, number: int) -> list[str]:
    """Return what the rules say where the owner's correction says something else."""
    found = find(setting, number)
    explained = explain_conversation(setting, now, found)
    texts = [text for text in explained.texts if text.score.intent != "other"] or explained.texts
    score = texts[-1].score
    said = []
    for kind, ours, theirs in (
        ("sentiment", explained.sentiment, score.sentiment),
        ("intent", explained.intent, score.intent),
    ):
        if ours != theirs:
            why = [r.why for r in score.reasons if r.rule.startswith(f"{kind}.") and r.points]
            because = why[0] if why else "no rule fired"
            said.append(f"the rules say {kind} {theirs} ({because}); yours counts")
    if any(reason.rule == "urgency.corrected" for reason in explained.reasons):
        said.append(
            f"the priority is {explained.priority} now; a rule that is wrong again and again can "
            "be switched off or given other points in [rules]"
        )
    return said
