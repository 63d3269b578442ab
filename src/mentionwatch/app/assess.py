"""
Facts -> conversations, scores and clocks, for whatever changed since the last time.

Each contact's assessment and the removal of its dirty mark are one transaction: killed anywhere,
the next run goes on where this one ended.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from mentionwatch.app.edits import edit_facts
from mentionwatch.core.assessment import Assessed, assess
from mentionwatch.core.facts import (
    Calendar,
    ContactFacts,
    EventFact,
    MentionFact,
    Neighbour,
    ReplyFact,
    Settings,
)
from mentionwatch.core.replies import Contact, ReplyPlace, answered_by
from mentionwatch.model.families import FAMILY_OF
from mentionwatch.model.score import PRIORITIES, Reason, TextScore
from mentionwatch.model.times import from_ms, to_ms
from mentionwatch.store import conversations, events
from mentionwatch.store.conversations import ReplyRow
from mentionwatch.store.database import Store
from mentionwatch.store.rows import ARTICLE

if TYPE_CHECKING:
    from mentionwatch.core.scoring import RuleSet, TextFacts

BATCH = 100  # contacts a transaction: short enough that nobody waits for the write lock
_AT_ONCE = 50  # texts scored together


@dataclass(frozen=True, kw_only=True)
class Assessor:
    """
    What the assessment needs beside the facts.

    ``automatic_texts``: lower-case texts of ours that a machine sends; a reply that contains one
    ends no clock.
    """

    rules: RuleSet
    settings: Settings
    calendar: Calendar
    brand_words: frozenset[str] = frozenset()
    automatic_texts: tuple[str, ...] = ()


def assess_dirty(
    store: Store, assessor: Assessor, *, stop: Callable[[], bool] = lambda: False
) -> int:
    """Assess every contact that is marked; return how many there were."""
    done = 0
    while not stop():
        with store.transaction() as connection:
            contacts = conversations.dirty_contacts(connection, BATCH)
            assess_contacts(connection, assessor, contacts)
        done += len(contacts)
        if not contacts:  # one assessment may mark another contact
            break
    return done


def assess_contacts(
    connection: sqlite3.Connection, assessor: Assessor, contacts: Sequence[str]
) -> None:
    """Assess these contacts, each with those that the owner linked to it. In a transaction."""
    finished: set[str] = set()
    for contact in contacts:
        if contact not in finished:
            group = _linked(connection, contact)
            _assess_group(connection, assessor, group)
            finished.update(group)


def _linked(connection: sqlite3.Connection, contact: str) -> list[str]:
    """Return the contact and all that are joined to it by ``link``, in either direction."""
    group = [contact]
    for member in group:  # grows while it is walked
        ids = [row["id"] for row in conversations.mentions_of(connection, [member])]
        said = [e for e in events.of_mentions(connection, ids) if e.kind == "link"]
        others = [int(event.data["mention_id"]) for event in said]
        others += [event.mention_id for event in events.links_to(connection, ids)]
        for other in others:
            found = conversations.contact_of_mention(connection, other)
            if found and found not in group:
                group.append(found)
    return group


def _assess_group(connection: sqlite3.Connection, assessor: Assessor, contacts: list[str]) -> None:
    rows = conversations.mentions_of(connection, contacts)
    scores = _score_texts(connection, assessor, rows)
    facts = ContactFacts(
        mentions=[_mention_fact(row, scores[row["id"]], assessor) for row in rows],
        replies=_reply_facts(connection, assessor, rows),
        events=[_event_fact(e) for e in events.of_mentions(connection, [r["id"] for r in rows])],
        edits=edit_facts(connection, rows, partial(_score, assessor)),
        neighbours=[_neighbour(row) for row in conversations.neighbours(connection, contacts)],
    )
    guessed = {row["id"] for row in rows if row["at_source"] != "published"}
    previous = _previous(connection, contacts, rows)
    result = assess(
        facts, previous, assessor.settings, assessor.calendar, assessor.rules.score_conversation
    )
    conversations.save(
        connection,
        contacts,
        [_conversation_row(found, guessed) for found in result.conversations],
        [clock for found in result.conversations for clock in _clock_rows(found)],
        {mention: found.id for found in result.conversations for mention in found.mention_ids},
        result.aliases,
    )


def _previous(
    connection: sqlite3.Connection, contacts: Sequence[str], rows: Sequence[sqlite3.Row]
) -> dict[int, int | None]:
    """Return the conversation by which each mention is known, unless that is another's now."""
    known = {row["id"]: row["conversation_id"] for row in rows}
    foreign = {number for number in known.values() if number is not None} - known.keys()
    taken = conversations.taken_ids(connection, contacts, foreign) if foreign else set()
    return {mention: None if home in taken else home for mention, home in known.items()}


# --- texts --------------------------------------------------------------------------------------


def _score_texts(
    connection: sqlite3.Connection, assessor: Assessor, rows: Sequence[sqlite3.Row]
) -> dict[int, TextScore]:
    """Return the score of each text; those not scored yet are, and kept."""
    scores = {row["id"]: stored_score(row) for row in rows if row["scored_with"] is not None}
    unscored = [row for row in rows if row["scored_with"] is None]
    for start in range(0, len(unscored), _AT_ONCE):
        part = unscored[start : start + _AT_ONCE]
        texts = [(row["text"], _text_facts(assessor, row)) for row in part]
        found = assessor.rules.score_texts(texts)
        fresh = {row["id"]: score for row, score in zip(part, found, strict=True)}
        version = assessor.rules.version
        conversations.save_scores(connection, [_score_row(x, y, version) for x, y in fresh.items()])
        scores |= fresh
    return scores


def _score(assessor: Assessor, row: Mapping[str, Any]) -> TextScore:
    return assessor.rules.score_text(row["text"], _text_facts(assessor, row))


def _text_facts(assessor: Assessor, row: Mapping[str, Any] | sqlite3.Row) -> TextFacts:
    from mentionwatch.core.scoring import TextFacts

    return TextFacts(
        brand_words=assessor.brand_words,
        rating=row["rating"],
        rating_max=row["rating_max"],
        kind=row["kind"],
        addressed=bool(row["addressed"]),
        private=bool(row["private"]),
        language=row["language"],
        title=row["title"],
        media=row["media"],
    )


def _score_row(mention: int, score: TextScore, version: str) -> tuple[Any, ...]:
    return (
        version,
        score.sentiment,
        score.sentiment_points,
        score.urgency,
        score.intent,
        score.closing,
        score.language,
        json.dumps([_reason(reason) for reason in score.reasons]),
        mention,
    )


def stored_score(row: sqlite3.Row) -> TextScore:
    """Return the score that is kept beside a mention."""
    return TextScore(
        sentiment=row["sentiment"],
        sentiment_points=row["sentiment_points"],
        urgency=row["urgency"],
        intent=row["intent"],
        closing=row["closing"],
        language=row["spoken"],
        reasons=reasons_from(row["reasons"]),
    )


def reasons_from(text: str) -> tuple[Reason, ...]:
    return tuple(
        Reason(rule=rule, points=points, quote=quote, why=why)
        for rule, points, quote, why in json.loads(text)
    )


def _reason(reason: Reason) -> list[Any]:
    return [reason.rule, reason.points, reason.quote, reason.why]


# --- facts --------------------------------------------------------------------------------------


def _mention_fact(row: sqlite3.Row, score: TextScore, assessor: Assessor) -> MentionFact:
    from mentionwatch.core.scoring import reply_owed

    at = from_ms(row["at"])
    first_run = from_ms(row["connected_at"]) - assessor.settings.first_run
    by_hand = row["channel"] == "manual"  # who says it now does not mean history
    owed = reply_owed(score, addressed=bool(row["addressed"])) and not row["automatic"]
    return MentionFact(
        id=row["id"],
        contact=row["contact"],
        channel=row["channel"],
        type=row["type"],
        family=FAMILY_OF.get(row["type"], row["channel_family"]),
        kind=row["kind"],
        thread=row["thread"],
        at=at,
        received=from_ms(row["received"]),
        owed=owed,
        score=score,
        addressed=bool(row["addressed"]),
        closing=bool(score.closing),
        # A date that is only ours says nothing about its age: our clock may have been wrong.
        baseline=at < first_run and not by_hand and row["at_source"] != "received",
        deleted=row["deleted_at"] is not None,
        skipped=row["skipped"],
        private=bool(row["private"]),
        article=row["contact"].startswith(ARTICLE),
        followers=row["followers"],
        likes=row["likes"] or 0,
        shares=max(row["shares"] or 0, row["reposts"]),
        replies=row["replies"] or 0,
        rating=row["rating"],
        rating_max=row["rating_max"],
    )


def _reply_facts(
    connection: sqlite3.Connection, assessor: Assessor, rows: Sequence[sqlite3.Row]
) -> list[ReplyFact]:
    facts = []
    for contact, mentions in _by_contact(rows).items():
        who = Contact(
            key=contact,
            names=frozenset(
                row[key].casefold().lstrip("@")
                for row in mentions
                for key in ("author_id", "author_handle")
                if row[key]
            ),
            threads=frozenset(row["thread"] for row in mentions),
        )
        found = conversations.replies_to(connection, mentions, who.names)
        places = {(row.channel, row.external_id): _place(row) for row in found}
        for row in found:
            fact = _reply_fact(row, who, places, assessor)
            if fact is not None:
                facts.append(fact)
    return facts


def _by_contact(rows: Sequence[sqlite3.Row]) -> dict[str, list[sqlite3.Row]]:
    result: dict[str, list[sqlite3.Row]] = {}
    for row in rows:
        result.setdefault(row["contact"], []).append(row)
    return result


def _place(row: ReplyRow) -> ReplyPlace:
    return ReplyPlace(
        channel=row.channel,
        external_id=row.external_id,
        thread=row.thread,
        parent_id=row.parent_id,
        names=row.names,
        sure=row.certainty == "sure",
        private=row.private,
        parent_contact=row.parent_contact,
        parent_mention=row.parent_mention,
        parent_is_own_post=row.parent_is_own_post,
        others=row.others,
    )


def _reply_fact(
    row: ReplyRow,
    who: Contact,
    places: Mapping[tuple[str, str], ReplyPlace],
    assessor: Assessor,
) -> ReplyFact | None:
    from mentionwatch.core.scoring import is_holding

    target = answered_by(places[row.channel, row.external_id], who, places)
    if target is None:
        return None
    return ReplyFact(
        id=row.id,
        contact=who.key,
        channel=row.channel,
        at=from_ms(row.at),
        mention_id=target.mention_id,
        thread=target.thread,
        sure=target.sure,
        counts=not (row.deleted or is_automatic(row, assessor.automatic_texts)),
        holding=is_holding(row.text) is not None,
    )


def is_automatic(row: ReplyRow, texts: Sequence[str]) -> bool:
    """Return whether a machine of ours wrote this, by its mark or by its words."""
    if row.automatic:
        return True
    text = " ".join(row.text.casefold().split())
    return any(known in text for known in texts)


def _event_fact(event: events.Event) -> EventFact:
    return EventFact(
        id=event.id,
        kind=event.kind,
        mention_id=event.mention_id,
        at=from_ms(event.at),
        recorded_at=from_ms(event.recorded_at),
        data=event.data,
    )


def _neighbour(row: sqlite3.Row) -> Neighbour:
    return Neighbour(
        conversation_id=row["conversation_id"] or row["id"],
        channel=row["channel"],
        type=row["type"],
        kind=row["kind"],
        at=from_ms(row["at"]),
    )


# --- rows ---------------------------------------------------------------------------------------


def _conversation_row(found: Assessed, guessed: Collection[int]) -> dict[str, Any]:
    newest = found.newest
    return {
        "id": found.id,
        "contact": newest.contact,
        "channel": newest.channel,
        "type": newest.type,
        "family": newest.family,
        "kind": newest.kind,
        "newest_id": newest.id,
        "state": found.state,
        "cause": found.cause,
        "private": int(found.private),
        "priority_rank": PRIORITIES.index(found.score.priority),
        "priority": found.score.priority,
        "urgency": found.score.urgency,
        "sentiment": found.score.sentiment,
        "intent": found.score.intent,
        "messages": found.messages,
        "first_at": to_ms(found.first_at),
        "last_at": to_ms(found.last_at),
        "waiting_since": _ms(found.waiting_since),
        "due_at": _ms(found.due_at),
        "soon_at": _ms(found.soon_at),
        "follow_up": int(found.follow_up),
        "baseline": int(found.baseline),
        "closed_at": _ms(found.closed_at),
        "reopened": found.reopened,
        "snoozed_until": _ms(found.snoozed_until),
        "assignee": found.assignee,
        "labels": json.dumps(found.labels),
        "reasons": json.dumps([_reason(reason) for reason in found.score.reasons]),
        "hints": json.dumps(_with_dates(found, guessed)),
        "also_on": json.dumps(found.also_on),
    }


def _with_dates(found: Assessed, guessed: Collection[int]) -> list[Mapping[str, Any]]:
    """Say that a date is not the post's own: then the wait may be longer than it seems."""
    unsure = found.newest.id in guessed
    return [*found.hints, *([{"kind": "date_guessed"}] if unsure else [])]


def _clock_rows(found: Assessed) -> list[dict[str, Any]]:
    return [
        {
            "conversation_id": found.id,
            "kind": clock.kind,
            "since": to_ms(clock.since),
            "due_at": _ms(clock.due_at),
            "replied_at": to_ms(clock.ended_at) if clock.result != "closed" else None,
            "reply_id": clock.reply_id,
            "result": clock.result,
            "priority": clock.priority,
            "open_seconds": clock.open_seconds,
            "calendar_seconds": clock.calendar_seconds,
            "manual": int(clock.manual),
        }
        for clock in found.clocks
    ]


def _ms(value: datetime | None) -> int | None:
    return None if value is None else to_ms(value)
