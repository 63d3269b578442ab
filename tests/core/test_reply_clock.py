"""Every row of the decision table of the reply clock, and the worked cases about answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mentionwatch.core.business_hours import BusinessHours, Target
from mentionwatch.core.facts import Settings
from mentionwatch.core.opening_times import Interval
from tests.core.facts import (
    NEVER,
    START,
    at,
    calendar,
    event,
    fold,
    mention,
    reply,
)

HOUR = 60
DAY = 24 * HOUR


def weekdays(start: int = 9, end: int = 17) -> BusinessHours:
    day = (Interval(start=start * 60, end=end * 60),)
    return BusinessHours(timezone="Europe/London", week=(day,) * 5 + ((),) * 2)


def only(*facts, **options):
    (clock,) = fold(*facts, **options)
    return clock


def test_an_unanswered_mention_waits_since_it_was_written():
    clock = only(mention(1, 0))
    assert clock.state == ("open", "")
    assert clock.waiting.since == START
    assert clock.waiting.due_at == at(60)
    assert clock.waiting.soon_at == at(45)


def test_a_reply_ends_the_clock_and_is_met_at_the_very_minute():
    clock = only(mention(1, 0), reply(1, 60, to=1))
    assert clock.state == ("answered", "")
    (closed,) = clock.closed
    assert (closed.kind, closed.result, closed.open_seconds) == ("first", "met", 3600)


def test_a_reply_after_the_due_time_is_breached():
    (closed,) = only(mention(1, 0), reply(1, 61, to=1)).closed
    assert closed.result == "breached"


def test_a_reply_answers_the_mention_it_is_attached_to_and_the_earlier_ones():
    clock = only(mention(1, 0), mention(2, 10), mention(3, 30), reply(1, 40, to=2))
    assert [m.id for m in clock.unanswered] == [3]
    assert clock.closed[0].since == START
    assert clock.waiting.since == at(30)


def test_worked_case_15_a_reply_on_a_closed_saturday_took_no_open_time():
    saturday = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
    clock = only(
        mention(1, saturday),
        reply(1, saturday + timedelta(hours=2), to=1),
        times=calendar((NEVER, weekdays())),
    )
    (closed,) = clock.closed
    assert (closed.open_seconds, closed.calendar_seconds) == (0, 7200)


def test_worked_case_16_the_oldest_unanswered_message_counts():
    (closed,) = only(mention(1, 0), mention(2, 30), reply(1, 60, to=2)).closed
    assert closed.calendar_seconds == 3600


def test_worked_case_17_a_bot_does_not_end_the_clock():
    clock = only(mention(1, 0), reply(1, 5 / 60, to=1, counts=False), reply(2, 120, to=1))
    (closed,) = clock.closed
    assert (closed.kind, closed.calendar_seconds) == ("first", 7200)


def test_worked_case_18_after_done_the_old_wait_is_not_counted_again():
    clock = only(
        mention(1, 0, thread="t"),
        event(1, DAY, 1, "done"),
        mention(2, 3 * DAY, thread="t"),
        reply(1, 3 * DAY + 20, to=2),
    )
    assert [(c.kind, c.result, c.calendar_seconds) for c in clock.closed] == [
        ("first", "closed", DAY * 60),
        ("next", "met", 1200),
    ]


def test_a_message_after_our_reply_starts_a_new_clock():
    clock = only(mention(1, 0, thread="t"), reply(1, 10, to=1), mention(2, 100, thread="t"))
    assert clock.waiting.since == at(100)
    assert clock.waiting.due_at == at(160)


def test_a_holding_reply_ends_the_first_clock_and_starts_a_follow_up():
    clock = only(
        mention(1, 0),
        reply(1, 30, to=1, holding=True),
        times=calendar((NEVER, weekdays()), follow_up=Target(business_days=1)),
    )
    assert clock.state == ("open", "")
    assert clock.closed[0].result == "met"
    assert clock.waiting.follow_up
    assert clock.waiting.due_at == at(30 + DAY)


def test_the_answer_after_a_holding_reply_keeps_the_promise():
    clock = only(mention(1, 0), reply(1, 30, to=1, holding=True), reply(2, 90, to=1))
    assert clock.state == ("answered", "")
    assert [c.kind for c in clock.closed] == ["first", "follow_up"]


def test_a_second_holding_reply_does_not_move_the_promise():
    first = only(mention(1, 0), reply(1, 30, to=1, holding=True))
    again = only(mention(1, 0), reply(1, 30, to=1, holding=True), reply(2, 90, to=1, holding=True))
    assert again.waiting.due_at == first.waiting.due_at


def test_snoozed_wakes_when_the_customer_writes():
    until = at(DAY).isoformat()
    asleep = only(mention(1, 0, thread="t"), event(1, 10, 1, "snooze", until=until))
    awake = only(
        mention(1, 0, thread="t"),
        event(1, 10, 1, "snooze", until=until),
        mention(2, 20, thread="t"),
    )
    assert asleep.snoozed_until == at(DAY)
    assert awake.snoozed_until is None


def test_snoozed_regardless_sleeps_on():
    clock = only(
        mention(1, 0, thread="t"),
        event(1, 10, 1, "snooze", until=at(DAY).isoformat(), regardless=True),
        mention(2, 20, thread="t"),
    )
    assert clock.snoozed_until == at(DAY)


def test_thanks_after_our_reply_does_not_reopen():
    clock = only(
        mention(1, 0, thread="t"), reply(1, 10, to=1), mention(2, 20, thread="t", closing=True)
    )
    assert clock.state == ("answered", "")


def test_thanks_without_a_reply_of_ours_still_waits():
    assert only(mention(1, 0, closing=True)).state == ("open", "")


def test_a_deleted_reply_answered_nothing():
    clock = only(mention(1, 0), reply(1, 10, to=1, counts=False))
    assert clock.waiting.since == START


def test_a_likely_reply_is_a_hint_and_the_row_stays():
    clock = only(mention(1, 0), reply(1, 10, to=None, thread="t1", sure=False))
    assert clock.state == ("open", "")
    assert len(clock.perhaps_answered) == 1


def test_done_closes_without_a_reply():
    clock = only(mention(1, 0), event(1, 30, 1, "done"))
    assert clock.state == ("done", "")
    assert [c.result for c in clock.closed] == ["closed"]


def test_done_replied_counts_as_our_reply_at_that_time():
    clock = only(mention(1, 0), event(1, 30, 1, "done", replied=True, recorded=300))
    (closed,) = clock.closed
    assert (closed.result, closed.manual, closed.ended_at) == ("met", True, at(30))
    assert clock.state == ("answered", "")


def test_done_does_not_close_what_came_in_after_it_was_said():
    late = mention(2, 20, thread="t1", received=at(500))
    clock = only(mention(1, 0), event(1, 30, 1, "done"), late)
    assert [m.id for m in clock.unanswered] == [2]


def test_ignored_as_spam_stays_ignored():
    clock = only(
        mention(1, 0, thread="t"),
        event(1, 5, 1, "ignore", cause="spam"),
        mention(2, 9, thread="t"),
    )
    assert clock.state == ("ignored", "spam")


def test_ignored_as_needing_no_reply_wakes_on_the_next_message():
    clock = only(
        mention(1, 0, thread="t"),
        event(1, 5, 1, "ignore", cause="no-reply-needed"),
        mention(2, 9, thread="t"),
    )
    assert clock.state == ("open", "")


def test_reopen_brings_back_the_first_age():
    clock = only(mention(1, 0), event(1, 30, 1, "done"), event(2, 40, 1, "reopen"))
    assert clock.waiting.since == START
    assert clock.closed == []


def test_the_wait_is_as_old_as_its_oldest_message_also_beside_a_promise():
    clock = only(
        mention(1, 0, thread="t"),
        event(2, 1, 1, "done"),
        mention(3, 240, thread="t"),
        reply(4, 241, to=3, holding=True),
        event(5, 242, 1, "reopen"),
    )
    assert clock.waiting.since == at(0)
    assert clock.waiting.due_at > clock.waiting.since


def test_reopen_after_a_reply_counts_from_then_on():
    clock = only(mention(1, 0), reply(1, 10, to=1), event(1, 40, 1, "reopen"))
    assert clock.waiting.since == at(40)


def test_a_rising_priority_shortens_the_due_time():
    clock = only(
        mention(1, 0, family="reviews", urgency=30, thread="t"),
        mention(2, 60, family="reviews", urgency=80, thread="t"),
    )
    assert clock.waiting.due_at == at(60 + 240)


def test_a_calmer_message_never_lengthens_it():
    angry = only(mention(1, 0, urgency=80))
    calmer = only(mention(1, 0, urgency=80), mention(2, 5, urgency=0))
    assert calmer.waiting.due_at == angry.waiting.due_at


def test_a_change_of_hours_applies_to_open_clocks_only():
    later = calendar((NEVER, weekdays()), (at(DAY), weekdays(start=8)))
    friday = datetime(2026, 11, 20, 16, 30, tzinfo=UTC)
    waiting = only(mention(1, friday), times=later)
    assert waiting.waiting.due_at == datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
    before = datetime(2026, 11, 16, 8, 30, tzinfo=UTC)
    (closed,) = only(
        mention(1, before), reply(1, before + timedelta(minutes=80), to=1), times=later
    ).closed
    assert (closed.result, closed.open_seconds) == ("met", 50 * 60)


def test_history_waits_without_ever_being_due():
    clock = only(mention(1, 0, baseline=True))
    assert clock.state == ("open", "")
    assert clock.waiting.due_at is None


def test_an_answered_piece_of_history_has_a_time_but_no_verdict():
    (closed,) = only(mention(1, 0, baseline=True), reply(1, 600, to=1)).closed
    assert (closed.result, closed.calendar_seconds) == ("untimed", 36000)


def test_a_mention_deleted_by_its_author_waits_no_more():
    assert only(mention(1, 0, deleted=True)).state == ("ignored", "no-reply-needed")


def test_news_is_ignored_with_its_cause():
    assert only(mention(1, 0, owed=False)).state == ("ignored", "no-reply-needed")


def test_skipped_spam_says_so():
    assert only(mention(1, 0, skipped="spam")).state == ("ignored", "spam")


# --- conversations --------------------------------------------------------------------------------


def test_further_messages_within_the_window_join_the_one_that_waits():
    (clock,) = fold(mention(1, 0), mention(2, 71 * HOUR))
    assert len(clock.unanswered) == 2


def test_a_message_after_the_window_begins_another_conversation():
    assert len(fold(mention(1, 0), mention(2, 73 * HOUR))) == 2


def test_the_window_counts_from_the_last_message():
    assert len(fold(mention(1, 0), mention(2, 71 * HOUR), mention(3, 140 * HOUR))) == 1


def test_an_answered_one_does_not_draw_other_threads_in():
    assert len(fold(mention(1, 0), reply(1, 5, to=1), mention(2, 10))) == 2


def test_the_same_thread_reopens_within_thirty_days():
    facts = [mention(1, 0, thread="t"), event(1, 10, 1, "done")]
    assert len(fold(*facts, mention(2, 29 * DAY, thread="t"))) == 1
    assert len(fold(*facts, mention(2, 31 * DAY, thread="t"))) == 2


def test_linked_conversations_are_folded_as_one():
    voicemail = mention(1, 0, contact="phone:+1", channel="phone", thread="p")
    post = mention(2, 600)
    (clock,) = fold(voicemail, post, event(1, 700, 2, "link", mention_id=1))
    assert clock.waiting.since == START


def test_unlink_parts_them_again():
    voicemail = mention(1, 0, contact="phone:+1", channel="phone", thread="p")
    clocks = fold(
        voicemail,
        mention(2, 600),
        event(1, 700, 2, "link", mention_id=1),
        event(2, 800, 2, "unlink", mentions=[1, 2]),
    )
    assert len(clocks) == 2


def test_the_same_article_by_two_roads_is_one_conversation():
    (clock,) = fold(
        mention(1, 0, article=True, contact="article:x"),
        mention(2, 9000, article=True, contact="article:x", channel="news"),
    )
    assert [m.id for m in clock.unanswered] == [1]


@pytest.mark.parametrize("window", [timedelta(0), timedelta(hours=1)])
def test_the_merge_window_is_the_owners(window):
    clocks = fold(mention(1, 0), mention(2, 120), settings=Settings(merge_window=window))
    assert len(clocks) == 2
