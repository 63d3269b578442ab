"""One author with thousands of messages: the work grows with them, not with their square."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest

from mentionwatch.core.conversations import assign_ids
from tests.core.facts import fold, mention, reply


def steps(call: Any) -> int:
    """Return how many functions and generators were entered: a measure that no load disturbs."""
    count = 0

    def profile(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(profile)
    try:
        call()
    finally:
        sys.setprofile(None)
    return count


def one_thread(size: int) -> list[Any]:
    return [mention(number, number, thread="t") for number in range(1, size + 1)]


def many_threads(size: int) -> list[Any]:
    return [mention(number, number * 6000) for number in range(1, size + 1)]


def answered(size: int) -> list[Any]:
    facts = one_thread(size)
    return [*facts, *(reply(fact.id, fact.id + 0.5, fact.id) for fact in facts)]


def answered_by_thread(size: int) -> list[Any]:
    facts = one_thread(size)
    return [*facts, *(reply(fact.id, fact.id + 0.5, None, thread="t") for fact in facts)]


@pytest.mark.slow
@pytest.mark.parametrize("made", [one_thread, many_threads, answered, answered_by_thread])
def test_eight_times_the_messages_take_about_eight_times_the_work(made: Any) -> None:
    few, many = made(100), made(800)

    def waits(facts: list[Any]) -> None:
        for clock in fold(*facts):
            assert clock.waiting is not None or clock.closed

    waits(few)  # what is computed once for all
    assert steps(lambda: waits(many)) < 12 * steps(lambda: waits(few))


@pytest.mark.slow
def test_ids_of_many_conversations_are_given_in_one_pass() -> None:
    groups = [[number] for number in range(1, 20_001)]
    ids, aliases = assign_ids(groups, dict.fromkeys(range(1, 20_001)))
    assert ids == list(range(1, 20_001))
    assert aliases == {}


def test_in_a_flood_a_more_urgent_message_still_shortens_the_wait() -> None:
    flood = [mention(number, number / 60, thread="t", urgency=0) for number in range(1, 200)]
    late = mention(200, 30, thread="t", urgency=90)
    quiet, loud = fold(*flood), fold(*flood, late)
    assert quiet[0].waiting is not None
    assert loud[0].waiting is not None
    assert loud[0].waiting.due_at is not None
    assert quiet[0].waiting.due_at is not None
    assert loud[0].waiting.due_at <= quiet[0].waiting.due_at
    assert loud[0].waiting.priority == "urgent"
