"""Facts of one customer, for tests: times are minutes after a Tuesday, 10:00 UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from mentionwatch.core.business_hours import BusinessHours, Target
from mentionwatch.core.conversations import conversations
from mentionwatch.core.facts import (
    Calendar,
    CalendarVersion,
    ContactFacts,
    EventFact,
    MentionFact,
    ReplyFact,
    Settings,
)
from mentionwatch.core.reply_clock import Clock
from mentionwatch.model.score import TextScore

START = datetime(2026, 11, 17, 10, 0, tzinfo=UTC)
NEVER = START - timedelta(days=3650)
TARGETS = {
    "social": {
        "urgent": Target(minutes=30),
        "high": Target(minutes=60),
        "normal": Target(minutes=60),
        "low": Target(minutes=240),
    },
    "reviews": {
        "urgent": Target(minutes=240),
        "high": Target(business_days=1),
        "normal": Target(business_days=1),
        "low": Target(business_days=2),
    },
}


def at(minutes: float | datetime) -> datetime:
    return minutes if isinstance(minutes, datetime) else START + timedelta(minutes=minutes)


def mention(number: int, minutes: float | datetime, **values: Any) -> MentionFact:
    moment = at(minutes)
    defaults: dict[str, Any] = {
        "id": number,
        "contact": "shop:dana",
        "channel": "shop",
        "type": "facebook",
        "family": "social",
        "kind": "post",
        "thread": f"t{number}",
        "at": moment,
        "received": moment,
        "owed": True,
        "score": TextScore(
            sentiment="neutral",
            sentiment_points=0,
            urgency=values.pop("urgency", 30),
            intent="question",
        ),
    }
    return MentionFact(**{**defaults, **values})


def reply(number: int, minutes: float | datetime, to: int | None, **values: Any) -> ReplyFact:
    defaults: dict[str, Any] = {
        "id": number,
        "contact": "shop:dana",
        "channel": "shop",
        "at": at(minutes),
        "mention_id": to,
    }
    return ReplyFact(**{**defaults, **values})


def event(number: int, minutes: float | datetime, on: int, kind: str, **data: Any) -> EventFact:
    moment = at(minutes)
    recorded = at(data.pop("recorded", moment))
    return EventFact(
        id=number, kind=kind, mention_id=on, at=moment, recorded_at=recorded, data=data
    )


def always() -> BusinessHours:
    return BusinessHours(timezone="Europe/London", always_open=True)


def calendar(*versions: tuple[datetime, BusinessHours], **values: Any) -> Calendar:
    return Calendar(
        versions=[
            CalendarVersion(since=since, hours=hours, targets=TARGETS, **values)
            for since, hours in versions or ((NEVER, always()),)
        ]
    )


def priority_of(mentions: Any) -> str:
    """The highest urgency decides, and a third message makes it high."""
    from mentionwatch.model.score import priority

    highest = max(mention.score.urgency for mention in mentions)
    return priority(min(100, highest + 10 * (len(mentions) - 1)))


def fold(
    *facts: Any, settings: Settings | None = None, times: Calendar | None = None
) -> list[Clock]:
    """Return the conversations that these facts make."""
    return conversations(
        ContactFacts(
            mentions=[fact for fact in facts if isinstance(fact, MentionFact)],
            replies=[fact for fact in facts if isinstance(fact, ReplyFact)],
            events=[fact for fact in facts if isinstance(fact, EventFact)],
        ),
        settings or Settings(),
        times or calendar(),
        priority_of,
    )
