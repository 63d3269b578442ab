"""How good our replies of a period were, and what the owner thinks of some of them."""

from __future__ import annotations

import sqlite3
import zlib
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from mentionwatch.app.insight import Period, span_of, state_of_now
from mentionwatch.app.setting import Setting
from mentionwatch.insight import likeness, review
from mentionwatch.insight.likeness import Likeness, Written
from mentionwatch.model.insight import (
    REACTIONS,
    Card,
    Exchange,
    OurReply,
    Repeated,
    ReviewReport,
    Theirs,
)
from mentionwatch.model.times import from_ms, to_ms
from mentionwatch.store import quality, threads

MOST = 1000  # conversations judged; the newest ones
CORPUS = 20_000  # replies among which templates are looked for
LOOK_BACK = timedelta(days=90)
_REPEATED = 5
_WORST, _BEST = 1, 5


def read_review(
    setting: Setting, now: datetime, period: Period, *, unassessed: int = 0
) -> ReviewReport:
    """
    Return the scorecards of the period that ends now, the weakest first.

    Args:
        unassessed: What `bring_up_to_date` could not do.
    """
    cards, total = _cards(setting, now, period, back=0)
    before, _ = _cards(setting, now, period, back=1)
    judged = [card for card in cards if card.verdict is not None]
    own = [(card.verdict - _WORST) / (_BEST - _WORST) * 100 for card in judged if card.verdict]
    reactions = Counter(card.reaction for card in cards)
    return ReviewReport(
        queue=state_of_now(setting, now, period, unassessed),
        since=now - period.length,
        until=now,
        conversations=len(cards),
        left_off=total - len(cards),
        score=review.mean_score(cards),
        before=review.mean_score(before),
        categories=review.over_period(cards),
        repeated=_repeated(cards),
        canned=sum(card.canned for card in cards),
        reactions={kind: reactions[kind] for kind in REACTIONS},
        cards=tuple(sorted(cards, key=_weakest)),
        verdicts=len(judged),
        own_score=sum(own) / len(own) if own else None,
        rules_score=review.mean_score(judged),
    )


def sample(report: ReviewReport, number: int) -> tuple[Card, ...]:
    """
    Return some conversations for the owner's own verdict, drawn by chance but always the same.

    Those that he has not judged yet come first; a sample of the weakest would flatter nobody.
    """
    drawn = sorted(
        report.cards, key=lambda card: (card.verdict is not None, zlib.crc32(b"%d" % card.id))
    )
    return tuple(drawn[:number])


def judge(setting: Setting, now: datetime, card: Card, given: int, actor: str) -> None:
    """Keep the owner's verdict on our answers in a conversation, 1 (bad) to 5 (good)."""
    with setting.store.transaction() as connection:
        quality.save_verdict(connection, card.id, given, card.score, at=to_ms(now), actor=actor)


def _weakest(card: Card) -> tuple[float, int]:
    return (101.0 if card.score is None else card.score, card.id)


def _cards(setting: Setting, now: datetime, period: Period, *, back: int) -> tuple[list[Card], int]:
    """Return the scorecards of a period, and how many conversations it has."""
    connection = setting.store.connection
    span = span_of(setting, now, period, back=back)
    rows, total = quality.answered_conversations(connection, span, MOST)
    if not rows:
        return [], 0
    since = span.since - to_ms(now) + to_ms(now - LOOK_BACK)
    alike = _likeness(connection, since, span.until)
    given = quality.verdicts(connection, [row["id"] for row in rows])
    cards = [_card(connection, row, alike, given.get(row["id"]), span.until) for row in rows]
    return [card for card in cards if card is not None], total


def _likeness(connection: sqlite3.Connection, since: int, until: int) -> dict[int, Likeness]:
    """Return how each reply resembles the others, those of some time before included."""
    rows = quality.our_replies(connection, since, until, CORPUS)
    written = [
        Written(
            person=row["person"],
            text=row["text"],
            names=(row["name"], row["handle"]),
            asked=row["asked"],
        )
        for row in rows
    ]
    compared = likeness.compare(written)
    return {row["id"]: found for row, found in zip(rows, compared, strict=True)}


def _card(
    connection: sqlite3.Connection,
    row: sqlite3.Row,
    alike: dict[int, Likeness],
    verdict: int | None,
    until: int,
) -> Card | None:
    """Return the scorecard of a conversation; None where nothing of ours can be read any more."""
    mentions = [one for one in threads.mentions(connection, row["id"]) if not one["skipped"]]
    ours = [
        reply
        for reply in threads.replies(connection, row["id"])
        if reply["id"] in alike
        and reply["certainty"] == "sure"
        and reply["at"] <= until
        and reply["text"].strip()  # of some we know only that they were given
    ]
    if not (mentions and ours):
        return None
    exchange = Exchange(
        id=row["id"],
        channel=row["channel"],
        names=_names(mentions[-1]),
        private=bool(row["private"]),
        theirs=tuple(_theirs(mention) for mention in mentions),
        ours=tuple(
            OurReply(text=reply["text"], at=from_ms(reply["at"]), public=not reply["private"])
            for reply in ours
        ),
        results=tuple(str(row["results"]).split(",")),
    )
    return review.card(exchange, [alike[reply["id"]] for reply in ours], verdict)


def _names(mention: sqlite3.Row) -> tuple[str, ...]:
    names = (mention["author_name"], mention["author_handle"], mention["author_id"])
    return tuple(name for name in names if name)


def _theirs(mention: sqlite3.Row) -> Theirs:
    text = f"{mention['title']}\n{mention['text']}" if mention["title"] else mention["text"]
    return Theirs(
        text=text.strip(),
        at=from_ms(mention["at"]),
        sentiment=mention["sentiment"] or "unclassified",
        points=mention["sentiment_points"] or 0,
        intent=mention["intent"] or "other",
        closing=bool(mention["closing"]),
    )


def _repeated(cards: Sequence[Card]) -> tuple[Repeated, ...]:
    """Return the texts that went to the most people, each with the conversations it stands in."""
    groups: dict[int, list[Card]] = {}
    for card in cards:
        if card.group >= 0:
            groups.setdefault(card.group, []).append(card)
    found = [
        Repeated(
            text=group[0].answer,
            people=max(card.like for card in group) + 1,
            ids=tuple(sorted(card.id for card in group)),
        )
        for group in groups.values()
    ]
    return tuple(sorted(found, key=lambda one: (-one.people, one.ids))[:_REPEATED])
