"""Whatever happens, and in whatever batches it arrives, the fold ends the same."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentionwatch.core.conversations import assign_ids
from tests.core.facts import at, event, fold, mention, reply

pytestmark = pytest.mark.slow

KINDS = ("mention", "mention", "mention", "reply", "holding", "likely", "done", "ignore", "reopen",
         "snooze")  # fmt: skip


@st.composite
def histories(draw) -> list:
    """Return facts in the order of their times; what is attached is attached to what was there."""
    facts: list = []
    minutes = 0
    mentions: list[int] = []
    for number in range(1, draw(st.integers(2, 14))):
        minutes += draw(st.integers(1, 60 * 40))
        kind = draw(st.sampled_from(KINDS)) if mentions else "mention"
        if kind == "mention":
            mentions.append(number)
            facts.append(
                mention(
                    number,
                    minutes,
                    thread=draw(st.sampled_from("abc")),
                    urgency=draw(st.sampled_from([0, 25, 50, 80])),
                    owed=draw(st.booleans()),
                    closing=draw(st.booleans()),
                )
            )
            continue
        to = draw(st.sampled_from(mentions))
        if kind in ("reply", "holding", "likely"):
            facts.append(
                reply(number, minutes, to=to, holding=kind == "holding", sure=kind != "likely")
            )
        else:
            data = {"until": at(minutes + 600).isoformat()} if kind == "snooze" else {}
            facts.append(event(number, minutes, to, kind, **data))
    return facts


def described(clocks) -> list:
    return [
        (
            [m.id for m in clock.mentions],
            [m.id for m in clock.unanswered],
            clock.state,
            clock.closed,
            clock.waiting,
            clock.snoozed_until,
        )
        for clock in clocks
    ]


def ids_of(clocks, previous) -> dict[int, int]:
    groups = [[m.id for m in clock.mentions] for clock in clocks]
    ids, _ = assign_ids(groups, previous)
    return {number: id_ for group, id_ in zip(groups, ids, strict=True) for number in group}


@given(histories())
@settings(max_examples=300, deadline=None)
def test_the_order_of_arrival_does_not_matter(facts) -> None:
    assert described(fold(*facts)) == described(fold(*reversed(facts)))


@given(histories(), st.integers(1, 5))
@settings(max_examples=200, deadline=None)
def test_ids_are_the_same_in_any_batches(facts, size) -> None:
    previous: dict[int, int | None] = {}
    for end in range(size, len(facts) + size, size):
        previous.update(ids_of(fold(*facts[:end]), previous))
    assert previous == ids_of(fold(*facts), {})


@given(histories())
@settings(max_examples=200, deadline=None)
def test_every_id_leads_somewhere(facts) -> None:
    previous: dict[int, int | None] = {}
    aliases: dict[int, int] = {}
    for end in range(1, len(facts) + 1):
        clocks = fold(*facts[:end])
        groups = [[m.id for m in clock.mentions] for clock in clocks]
        if not groups:
            continue
        ids, found = assign_ids(groups, previous)
        assert len(set(ids)) == len(ids)
        aliases = {**{k: v for k, v in aliases.items() if k not in ids}, **found}
        shown = {number for group in groups for number in group}
        assert all(number in ids or number in aliases for number in shown)
        previous.update(
            {number: id_ for group, id_ in zip(groups, ids, strict=True) for number in group}
        )


@given(histories())
@settings(max_examples=200, deadline=None)
def test_a_clock_is_never_due_before_the_wait_began(facts) -> None:
    for clock in fold(*facts):
        if clock.waiting is not None and clock.waiting.due_at is not None:
            assert clock.waiting.due_at > clock.waiting.since
            assert clock.waiting.soon_at <= clock.waiting.due_at
        for closed in clock.closed:
            assert closed.ended_at >= closed.since
            assert closed.calendar_seconds >= closed.open_seconds >= 0


@given(histories(), st.integers(0, 13))
@settings(max_examples=200, deadline=None)
def test_a_reply_never_makes_somebody_wait_longer(facts, place) -> None:
    mentions = [fact for fact in facts if hasattr(fact, "owed")]
    target = mentions[place % len(mentions)]
    more = [*facts, reply(999, target.at + timedelta(minutes=1), to=target.id)]
    before = {m.id for clock in fold(*facts) for m in clock.unanswered}
    after = {m.id for clock in fold(*more) for m in clock.unanswered}
    assert (
        target.id not in after
        or target.id not in before
        or any(fact.at > target.at for fact in facts if getattr(fact, "kind", "") == "reopen")
    )
