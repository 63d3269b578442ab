"""What the stored facts around a text add: repeat contact, other channels, reach and spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from mentionwatch.core.scoring.replies import reply_owed
from mentionwatch.core.scoring.rule import Rule
from mentionwatch.core.scoring.values import ConversationContext, ConversationScore, ScoredText
from mentionwatch.model.score import PRIORITY_FROM, Reason, TextScore, priority

_ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth")
_EXAMPLE = datetime(2026, 3, 2, 9, tzinfo=UTC)


def _text(urgency: int = 30, **facts: int) -> ScoredText:
    score = TextScore(sentiment="neutral", sentiment_points=0, urgency=urgency, intent="question")
    return ScoredText(score=score, published=_EXAMPLE, **facts)  # type: ignore[arg-type]


def _followers(context: ConversationContext) -> int:
    """Return 1 for a thousand followers, 2 for ten thousand, up to 4."""
    most = max((one.followers or 0 for one in context.texts), default=0)
    return min(4, max(0, len(str(most)) - 3))


def _spread(context: ConversationContext) -> int:
    """Return 1 for ten likes, shares or answers to one of the texts, 2 for a hundred, up to 4."""
    counts = ((one.likes or 0, one.shares or 0, one.replies or 0) for one in context.texts)
    most = max((likes + 3 * shares + replies for likes, shares, replies in counts), default=0)
    return min(4, max(0, len(str(most)) - 1))


REPEAT = Rule(
    id="urgency.repeat_contact",
    points=12,
    why="another message without an answer",
    times=lambda context: min(5, context.messages - 1) if context.messages > 1 else 0,
    fires_on=({"messages_unanswered": 2}, {"messages_unanswered": 3}),
    silent_on=({"messages_unanswered": 1},),
)
OTHER_CHANNEL = Rule(
    id="urgency.stored_channel",
    points=18,
    why="the same person wrote before on another channel",
    times=lambda context: min(2, len(context.other_channels)),
    fires_on=({"other_channels": ("inbox",)},),
    silent_on=({"other_channels": ()},),
)
RETURNING = Rule(
    id="urgency.returning",
    points=2,
    why="this person has written to us before",
    times=lambda context: min(3, context.earlier_conversations),
    fires_on=({"earlier_conversations": 1},),
    silent_on=({"earlier_conversations": 0},),
)
FOLLOWERS = Rule(
    id="urgency.followers",
    points=2,
    why="many people read this author",
    times=_followers,
    fires_on=({"texts": (_text(followers=25_000),)},),
    silent_on=({"texts": (_text(followers=250),)},),
)
SPREAD = Rule(
    id="urgency.spread",
    points=2,
    why="others like, share or answer it",
    times=_spread,
    fires_on=({"texts": (_text(likes=150),)}, {"texts": (_text(shares=9),)}),
    silent_on=({"texts": (_text(likes=3),)},),
)
# Reach never lifts a conversation over the threshold of a priority, so these come last.
REACH_RULES = (FOLLOWERS, SPREAD)
CONTEXT_RULES = (REPEAT, OTHER_CHANNEL, RETURNING, *REACH_RULES)


def score_conversation(
    rules: Mapping[str, Rule], context: ConversationContext
) -> ConversationScore:
    """
    Return the score of a conversation.

    Args:
        rules: Those in force, by id.
        context: Stored facts, no time of reading.
    """
    reasons = list(_most_urgent(context.texts))
    total = sum(reason.points for reason in reasons)
    for built_in in CONTEXT_RULES:
        rule = rules.get(built_in.id)  # with the owner's points
        times = rule.times(context) if rule and rule.times else 0
        if not rule or not times:
            continue
        points = rule.points * times
        if rule.id in _REACH_IDS:
            points = min(points, _room(total))
        if points:
            total += points
            reasons.append(Reason(rule=rule.id, points=points, why=_why(rule, context)))
    within = min(100, max(0, total))
    if within != total:
        cut = Reason(rule="urgency.limit", points=within - total, why="the score ends here")
        reasons.append(cut)
    return ConversationScore(
        urgency=within,
        priority=priority(within),
        sentiment=_newest(context.texts, "sentiment", "unclassified"),
        intent=_newest(context.texts, "intent", "other"),
        reasons=(*reasons, *_other_reasons(context.texts)),
        owed=any(
            reply_owed(one.score, addressed=one.addressed, after_reply=one.after_reply)
            for one in context.texts
        ),
    )


_REACH_IDS = frozenset(rule.id for rule in REACH_RULES)


def _most_urgent(texts: Sequence[ScoredText]) -> list[Reason]:
    """Return the urgency reasons of the most urgent text; of equals the newest."""
    if not texts:
        return []
    most = max(reversed(texts), key=lambda one: one.score.urgency).score
    return [reason for reason in most.reasons if reason.rule.startswith("urgency.")]


def _other_reasons(texts: Sequence[ScoredText]) -> list[Reason]:
    """Return the sentiment and intent reasons of the newest text, for whoever asks why."""
    newest = texts[-1].score.reasons if texts else ()
    return [reason for reason in newest if not reason.rule.startswith("urgency.")]


def _newest(texts: Sequence[ScoredText], name: str, nothing: str) -> str:
    """Return the sentiment or intent of the newest text that has one."""
    said = (str(getattr(one.score, name)) for one in reversed(texts))
    return next((one for one in said if one != nothing), nothing)


def _room(total: int) -> int:
    """Return how many points fit below the next priority's threshold."""
    above = [least for _, least in PRIORITY_FROM if least > total]
    return min(above) - 1 - total if above else 100 - total


def _why(rule: Rule, context: ConversationContext) -> str:
    if rule.id == REPEAT.id:
        count = context.messages
        name = _ORDINALS[count] if count < len(_ORDINALS) else f"{count}th"
        return f"{name} message without an answer"
    if rule.id == OTHER_CHANNEL.id:
        return f"wrote before on {', '.join(context.other_channels)}"
    return rule.why
