"""What an output may claim: above all, when it may say that nothing is waiting."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mentionwatch.model.report import QueueReport
from mentionwatch.output import overview, page, plain, records, table
from tests.output.samples import (
    BROKEN,
    DANA,
    NOW,
    YUKI,
    ago,
    busy,
    calm,
    channel,
    report,
    row,
    summary,
)


def sentence(shown: QueueReport) -> str:
    return overview.summary_sentence(shown, overview.local_time(shown))


def everything(shown: QueueReport) -> list[str]:
    return [
        table.queue_table(shown, width=80, colour=False),
        plain.queue_plain(shown),
        page.queue_html(shown),
        page.queue_markdown(shown),
        records.queue_json(shown),
        records.queue_ndjson(shown),
        records.queue_csv(shown),
    ]


def test_all_clear_says_who_was_asked_and_when() -> None:
    assert sentence(calm()) == "Nothing is waiting. 3 channels read at 06:00."


def test_all_clear_tells_apart_channels_read_at_different_times() -> None:
    states = (channel("a", last_success_at=ago(hours=20)), channel("b"))
    assert sentence(report(channels=states)).endswith("2 channels read from Fri 11:02 to 06:00.")


def test_all_clear_of_a_selection_names_the_selection() -> None:
    shown = calm()._replace(selection="channel:facebook")
    assert sentence(shown).startswith("Nothing that matches “channel:facebook” is waiting.")


@pytest.mark.parametrize("status", ["failed", "partial", "stale", "never", "unheard-of"])
@pytest.mark.parametrize("claimed", [True, False])
def test_no_format_says_all_clear_while_a_channel_is(status: str, claimed: bool) -> None:
    broken = channel("inbox", status=status)
    shown = report(channels=(channel(), broken), summary=summary(complete=claimed))
    for text in everything(shown):
        assert "Nothing" not in text
        assert "inbox" in text
    for text in everything(shown)[:4]:
        assert "Not complete: inbox" in text.replace("\n", " ")


@pytest.mark.parametrize(
    "shown",
    [
        report(channels=()),
        report(channels=(channel(status="skipped"),)),
        report(summary=summary(complete=True, unassessed=3)),
        report(summary=summary(complete=False)),
    ],
    ids=["no channel", "only skipped ones", "not assessed", "the summary says so"],
)
def test_no_all_clear_when(shown: QueueReport) -> None:
    assert not any("Nothing" in text for text in everything(shown))
    assert records.queue_dict(shown)["summary"]["complete"] is False
    assert records.queue_dict(shown)["incomplete_because"]


def test_no_all_clear_while_a_row_waits_that_the_summary_forgot() -> None:
    assert "Nothing" not in sentence(report(rows=(row(),)))


def test_older_history_does_not_wait() -> None:
    shown = calm()._replace(summary=summary(open=900, history=900))
    assert sentence(shown).startswith("Nothing is waiting.")
    assert "900 older conversations from before the first sync" in plain.queue_plain(shown)
    assert "mentionwatch queue --all" in plain.queue_plain(shown)


def test_complete_where_every_channel_was_read() -> None:
    assert overview.is_complete(calm())
    assert overview.completeness(calm()) == ""


def test_broken_channels_stand_first_with_a_way_out() -> None:
    shown = busy()
    lines = overview.channel_lines(shown, overview.local_time(shown))
    assert [line.level for line in lines] == ["broken", "warning", "warning"]
    assert lines[0].name == "inbox"
    assert lines[0].sentence == (
        "imap.example.com refuses the password since Wed 18:10; last read Wed 18:02."
    )
    assert lines[0].way_out == "mentionwatch doctor inbox"


def test_channels_that_cannot_see_our_replies_share_one_line() -> None:
    states = tuple(channel(name, sees_own_replies=False) for name in ("yelp", "tv", "radio"))
    shown = report(channels=states)
    (line,) = overview.channel_lines(shown, overview.local_time(shown))
    assert line.name == "yelp, tv and radio"
    assert line.way_out == "mentionwatch done ID"


@pytest.mark.parametrize(
    ("open_now", "opens_in", "today", "said"),
    [
        (True, None, "08:00-12:00, 13:30-18:00", "open today 08:00-12:00, 13:30-18:00"),
        (False, timedelta(hours=2), "09:00-13:00", "next open today 09:00-13:00"),
        (False, timedelta(days=2, hours=2), "", "next open Mon 09:02"),
        (False, timedelta(days=20), "", "next open 11 Dec 07:02"),
        (False, None, "", "closed"),
    ],
)
def test_header_says_when_we_open(
    open_now: bool, opens_in: timedelta | None, today: str, said: str
) -> None:
    opening = None if opens_in is None else NOW + opens_in
    shown = report(open_now=open_now, next_opening=opening, hours_today=today)
    assert overview.header(shown, overview.local_time(shown))[-1] == said


def test_header_says_nothing_of_hours_when_always_open() -> None:
    shown = report(open_now=True, next_opening=None, hours_today="")
    assert len(overview.header(shown, overview.local_time(shown))) == 2


def test_sections_count_those_that_are_not_shown() -> None:
    shown = report(rows=(DANA,), summary=summary(open=312, overdue=312))
    (section,) = overview.sections(shown)
    assert section.heading == "OVERDUE (312, the first 1 shown)"
    assert overview.left_out(shown) == 311


def test_rows_of_other_states_have_a_section_of_their_own() -> None:
    shown = report(rows=(row(section="ignored", state="ignored", cause="spam"),))
    assert [section.heading for section in overview.sections(shown)] == ["IGNORED (1)"]


def test_the_next_step_names_the_first_who_waits() -> None:
    assert overview.next_step(busy()) == "mentionwatch show 41"
    assert overview.next_step(calm()) == ""
    assert overview.next_step(report(channels=())) == "mentionwatch init"


def test_answers_are_counted_in_one_sentence() -> None:
    assert overview.answered_sentence(busy()) == "14 answered since yesterday, half within 38 min."
    assert overview.answered_sentence(calm()) == ""


def test_broken_channel_without_words_still_gets_a_sentence() -> None:
    shown = report(channels=(BROKEN._replace(problem=None, hint=None, last_success_at=None),))
    (line,) = overview.channel_lines(shown, overview.local_time(shown))
    assert line.sentence == "could not be read since Wed 18:10; never read yet."
    assert line.way_out == "mentionwatch doctor inbox"


def test_private_rows_are_marked_in_every_format() -> None:
    for text in everything(report(rows=(YUKI,))):
        assert "private" in text
