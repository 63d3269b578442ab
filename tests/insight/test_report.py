"""The figures of a period, recomputed from the stored facts in plain SQL and Python."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mentionwatch.app.figures import counted, sums_of
from mentionwatch.insight import report as counting
from mentionwatch.model.insight import Spread
from mentionwatch.model.times import to_ms
from mentionwatch.store import standing
from mentionwatch.store.spans import Span, one_moment
from tests.insight import world
from tests.shop import Shop

pytestmark = pytest.mark.slow

LONDON = ZoneInfo("Europe/London")
UNTIL = to_ms(world.NOW)
SINCE = to_ms(world.NOW - timedelta(days=30))
BEFORE = to_ms(world.NOW - timedelta(days=60))


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    shop = Shop(tmp_path_factory.mktemp("report"), hours=world.HOURS)
    world.fill(shop)
    rows = shop.run("queue", "--json", "not is:follow-up", at=world.NOW).rows
    recent = [str(row["id"]) for row in rows if row["waiting_since"] > "2026-11-10"]
    shop.run("done", *recent[:2], at=world.NOW)
    shop.run("done", recent[2], "--replied", at=world.NOW)
    yield shop


@pytest.fixture(scope="module")
def facts(filled: Shop) -> Iterator[sqlite3.Connection]:
    with filled.sql() as connection:
        yield connection


def ask(shop: Shop, *arguments: str) -> Any:
    result = shop.run("report", "--json", *arguments, at=world.NOW)
    assert result.code == 0, result.err
    return result.json


def values(facts: sqlite3.Connection, sql: str, *bound: Any) -> list[Any]:
    return [tuple(row) for row in facts.execute(sql, bound)]


def nearest_rank(lengths: list[int], share: float) -> int:
    return sorted(lengths)[math.ceil(len(lengths) * share) - 1]


@pytest.mark.parametrize(
    ("part", "since", "until"), [("figures", SINCE, UNTIL), ("before", BEFORE, SINCE)]
)
def test_reply_times_are_those_of_the_stored_clocks(
    filled: Shop, facts: sqlite3.Connection, part: str, since: int, until: int
) -> None:
    figures = ask(filled)[part]
    for kind in ("first", "next"):
        for length in ("open", "calendar"):
            found = [
                row[0]
                for row in values(
                    facts,
                    f"SELECT {length}_seconds FROM clock WHERE kind = ? AND replied_at > ? "
                    "AND replied_at <= ? AND result IN ('met', 'breached')",
                    kind, since, until,
                )
            ]  # fmt: skip
            spread = figures[f"{kind}_{length}"]
            assert spread["count"] == len(found) > 3
            assert spread["median_seconds"] == nearest_rank(found, 0.5)
            assert spread["p90_seconds"] == nearest_rank(found, 0.9)
            assert spread["slowest_seconds"] == max(found)


def test_attainment_counts_what_is_still_owed_against_us(
    filled: Shop, facts: sqlite3.Connection
) -> None:
    found = ask(filled)
    met = breached = 0
    for due_at, result in values(
        facts, "SELECT due_at, result FROM clock WHERE due_at IS NOT NULL"
    ):
        if SINCE < due_at <= UNTIL:
            met += result == "met"
            breached += result == "breached"
    owed = sum(
        SINCE < due_at < UNTIL
        for (due_at,) in values(
            facts, "SELECT due_at FROM conversation WHERE state = 'open' AND due_at IS NOT NULL"
        )
    )
    assert found["figures"]["met"] == met
    assert found["figures"]["due"] == met + breached + owed
    assert found["figures"]["unanswered"] == owed > 0
    assert found["figures"]["attainment"] == round(met / (met + breached + owed), 4)


def test_response_rate_is_of_the_waits_that_began(filled: Shop, facts: sqlite3.Connection) -> None:
    figures = ask(filled)["figures"]
    ended = values(
        facts,
        "SELECT k.result, c.state FROM clock k JOIN conversation c ON c.id = k.conversation_id "
        "WHERE k.kind <> 'follow_up' AND k.since > ? AND k.since <= ?", SINCE, UNTIL,
    )  # fmt: skip
    answered = sum(result in ("met", "breached") for result, _ in ended)
    closed = sum(result == "closed" and state != "ignored" for result, state in ended)
    waiting = values(
        facts,
        "SELECT id FROM conversation WHERE state = 'open' AND due_at IS NOT NULL "
        "AND follow_up = 0 AND waiting_since > ? AND waiting_since <= ?", SINCE, UNTIL,
    )  # fmt: skip
    assert figures["answered"] == answered
    assert figures["closed"] == closed
    assert figures["waits"] == answered + closed + len(waiting)


def test_volume_and_mood_are_those_of_the_stored_texts(
    filled: Shop, facts: sqlite3.Connection
) -> None:
    figures = ask(filled)["figures"]
    rows = values(
        facts,
        "SELECT sentiment, private FROM mention WHERE at > ? AND at <= ? AND skipped = '' "
        "AND repost = 0", SINCE, UNTIL,
    )  # fmt: skip
    assert figures["mentions"] == len(rows)
    assert figures["private"] == sum(private for _, private in rows)
    for mood in ("positive", "neutral", "negative"):
        assert figures[mood] == sum(sentiment == mood for sentiment, _ in rows)


def test_came_back_reopened_and_roads(filled: Shop, facts: sqlite3.Connection) -> None:
    figures = ask(filled)["figures"]
    begun = values(
        facts, "SELECT contact, reopened FROM conversation WHERE first_at > ? AND first_at <= ?",
        SINCE, UNTIL,
    )  # fmt: skip
    contacts = [contact for contact, _ in begun]
    assert figures["conversations"] == len(begun)
    assert figures["authors"] == len(set(contacts))
    assert figures["came_back"] == sum(contacts.count(one) > 1 for one in set(contacts))
    assert figures["reopened"] == sum(reopened > 0 for _, reopened in begun)
    roads = values(
        facts,
        "SELECT r.private, k.manual FROM clock k LEFT JOIN reply r ON r.id = k.reply_id "
        "WHERE k.replied_at > ? AND k.replied_at <= ? AND k.kind <> 'follow_up' "
        "AND k.result IN ('met', 'breached')", SINCE, UNTIL,
    )  # fmt: skip
    assert figures["manual"] == sum(manual for _, manual in roads) == 1
    assert figures["private_answers"] == sum(private == 1 for private, _ in roads)
    assert figures["public_answers"] == sum(private == 0 for private, _ in roads)


@pytest.mark.parametrize(
    "by", ["channel", "weekday", "hour", "author", "intent", "priority", "assignee"]
)
def test_groups_add_up_to_the_whole(filled: Shop, by: str) -> None:
    found = ask(filled, "--by", by)
    assert found["groups"]
    for name in ("mentions", "waits", "answered", "due", "met", "unanswered", "manual"):
        total = sum(group["figures"][name] for group in found["groups"])
        if by == "author":  # the rest is said to be left off
            assert found["groups_left_off"] > 0
            assert total <= found["figures"][name]
        else:
            assert total == found["figures"][name], name
    if by != "author":
        assert sum(group["waiting"] for group in found["groups"]) == found["waiting"]


@pytest.mark.parametrize(("by", "key"), [("channel", "c.channel"), ("intent", "c.intent")])
def test_groups_have_reply_times_of_their_own(
    filled: Shop, facts: sqlite3.Connection, by: str, key: str
) -> None:
    groups = ask(filled, "--by", by)["groups"]
    for group in groups:
        lengths = values(
            facts,
            "SELECT k.calendar_seconds FROM clock k JOIN conversation c "
            f"ON c.id = k.conversation_id WHERE {key} = ? AND k.kind = 'first' "
            "AND k.result IN ('met', 'breached') AND k.replied_at > ? AND k.replied_at <= ?",
            *(group["key"], SINCE, UNTIL),
        )
        found = group["figures"]["first_calendar"]
        assert found["count"] == len(lengths)
        if lengths:
            seconds = [length for (length,) in lengths]
            assert found["median_seconds"] == nearest_rank(seconds, 0.5)
            assert found["p90_seconds"] == nearest_rank(seconds, 0.9)
    assert any(group["figures"]["first_calendar"]["count"] > 5 for group in groups)


def everything(facts: sqlite3.Connection, span: Span, by: str) -> list[Any]:
    sums = sums_of(facts, span, by)
    late = sorted((row[0], row[1], row[2]) for row in standing.lateness(facts, span))
    return [
        counted(facts, span, sums, by, list(sums) if by else ()),
        counting.posting(standing.posts(facts, span), iter(late)),
        standing.reactions(facts, span),
        standing.moods(facts, span, 0)[0],
        standing.missed(facts, span, 5)[0],
        [row["id"] for row in standing.to_thank(facts, span, 50)],
        late,
    ]


@pytest.mark.parametrize("by", ["", "channel", "hour"])
@pytest.mark.parametrize("days", [1, 9, 45])
def test_reading_whole_tables_counts_the_same(
    facts: sqlite3.Connection, by: str, days: int
) -> None:
    since = to_ms(world.NOW - timedelta(days=days))
    found = [
        everything(facts, Span(since=since, until=UNTIL, now=UNTIL, wide=wide), by)
        for wide in (False, True)
    ]
    assert found[0] == found[1]
    assert found[0][0][0].mentions


def test_keys_that_are_not_shown_count_for_the_whole_only(facts: sqlite3.Connection) -> None:
    span = Span(since=SINCE, until=UNTIL, now=UNTIL)
    sums = sums_of(facts, span, "channel")
    keys = list(sums)
    whole, figures, bins = counted(facts, span, sums, "channel", keys)
    few = counted(facts, span, sums, "channel", keys[1:])
    assert few == (whole, {key: figures[key] for key in keys[1:]}, bins)


@pytest.mark.parametrize("wide", [False, True])
def test_each_post_meets_all_that_was_overdue(facts: sqlite3.Connection, wide: bool) -> None:
    late = values(
        facts,
        "SELECT c.channel, k.due_at, k.replied_at FROM clock k JOIN conversation c "
        "ON c.id = k.conversation_id WHERE k.result = 'breached' UNION ALL "
        f"SELECT channel, due_at, {UNTIL + 1} FROM conversation WHERE state = 'open' "
        "AND due_at > 0",
    )

    def meets(rows: list[Any], channel: str, at: int) -> int:
        return sum(name == channel and since <= at < until for name, since, until in rows)

    for days in range(1, world.DAYS):
        since = to_ms(world.NOW - timedelta(days=days))
        span = Span(since=since, until=UNTIL, now=UNTIL, wide=wide)
        found = list(standing.lateness(facts, span))
        for channel, at in standing.posts(facts, span):
            assert meets(found, channel, at) == meets(late, channel, at)


def test_weekdays_and_hours_are_local(filled: Shop, facts: sqlite3.Connection) -> None:
    rows = values(
        facts,
        "SELECT at FROM mention WHERE at > ? AND at <= ? AND skipped = '' AND repost = 0",
        SINCE, UNTIL,
    )  # fmt: skip
    local = [datetime.fromtimestamp(at / 1000, UTC).astimezone(LONDON) for (at,) in rows]
    days = {
        group["label"]: group["figures"]["mentions"]
        for group in ask(filled, "--by", "weekday")["groups"]
    }
    assert days["Sunday"] == sum(at.weekday() == 6 for at in local)
    hours = {
        group["key"]: group["figures"]["mentions"]
        for group in ask(filled, "--by", "hour")["groups"]
    }
    for hour in range(24):
        assert hours.get(str(hour), 0) == sum(at.hour == hour for at in local)


def test_the_series_has_every_day_and_adds_up(filled: Shop) -> None:
    found = ask(filled)
    assert found["step"] == "day"
    assert len(found["series"]) == 31
    for name in ("mentions", "negative", "due", "met"):
        assert sum(step[name] for step in found["series"]) == found["figures"][name]
    assert ask(filled, "--since", "58d")["step"] == "week"


def test_the_week_of_the_digest_is_the_report_of_seven_days(filled: Shop) -> None:
    week = filled.run("digest", "--json", at=world.NOW).json["week"]
    figures = ask(filled, "--since", "7d")["figures"]
    assert week == {
        "answered": figures["due"] - figures["unanswered"],
        "met": figures["met"],
        "late": figures["unanswered"],
        "attainment": figures["attainment"],
        "median_first_reply_seconds": figures["first_open"]["median_seconds"],
    }
    assert week["late"] > 0 < week["met"] < week["answered"]


def test_words_narrow_every_figure(filled: Shop, facts: sqlite3.Connection) -> None:
    found = ask(filled, "channel:facebook")
    (count,) = values(
        facts,
        "SELECT count(*) FROM mention WHERE channel = 'facebook' AND at > ? AND at <= ?",
        SINCE, UNTIL,
    )[0]  # fmt: skip
    assert found["figures"]["mentions"] == count
    assert found["selection"] == "channel:facebook"
    assert {person["channel"] for person in found["to_thank"] + found["leads"]} == {"facebook"}
    plain = filled.run("report", "channel:facebook", at=world.NOW).out
    assert "Only what matches “channel:facebook”." in plain


def test_posts_while_somebody_waited(filled: Shop, facts: sqlite3.Connection) -> None:
    posting = ask(filled)["posting"]
    posts = values(facts, "SELECT channel, at FROM own_post WHERE at > ? AND at <= ?", SINCE, UNTIL)
    late = values(
        facts,
        "SELECT c.channel, k.due_at, k.replied_at FROM clock k JOIN conversation c "
        "ON c.id = k.conversation_id WHERE k.result = 'breached' UNION ALL "
        f"SELECT channel, due_at, {UNTIL + 1} FROM conversation WHERE state = 'open' "
        "AND due_at > 0",
    )
    waiting = [
        sum(name == channel and due <= at < until for name, due, until in late)
        for channel, at in posts
    ]
    assert posting["posts"] == len(posts) > 0
    assert posting["while_overdue"] == sum(count > 0 for count in waiting) > 0
    assert posting["most_overdue"] == max(waiting)


def test_leads_and_praise_without_an_answer(filled: Shop, facts: sqlite3.Connection) -> None:
    found = ask(filled)
    (leads,) = values(
        facts,
        "SELECT count(*) FROM conversation WHERE intent = 'lead' AND state = 'open' "
        "AND follow_up = 0 AND due_at > ? AND due_at < ?", SINCE, UNTIL,
    )[0]  # fmt: skip
    assert found["leads_missed"] == leads > 0
    assert len(found["leads"]) == min(5, leads)
    assert found["praise_unanswered"] > 0


def test_reactions_and_moods_are_those_of_the_stored_texts(
    filled: Shop, facts: sqlite3.Connection
) -> None:
    found = ask(filled)
    expected = dict.fromkeys(("calmer", "angrier", "silent", "none"), 0)
    last: dict[int, int] = {}
    for conversation, replied in values(
        facts,
        "SELECT conversation_id, replied_at FROM clock WHERE replied_at > ? AND replied_at <= ? "
        "AND result IN ('met', 'breached') AND kind <> 'follow_up'", SINCE, UNTIL,
    ):  # fmt: skip
        last[conversation] = max(replied, last.get(conversation, 0))
    for conversation, replied in last.items():
        (newest,) = values(facts, "SELECT newest_id FROM conversation WHERE id = ?", conversation)
        ((at, closing, sentiment, intent),) = values(
            facts, "SELECT at, closing, sentiment, intent FROM mention WHERE id = ?", *newest
        )
        if at > replied and (closing or sentiment == "positive"):
            expected["calmer"] += 1
        elif at > replied and sentiment == "negative":
            expected["angrier"] += 1
        elif at <= replied and (intent == "complaint" or sentiment == "negative"):
            expected["silent"] += 1
        else:
            expected["none"] += 1
    assert found["reactions"] == expected
    assert all(expected[kind] for kind in ("calmer", "angrier", "silent"))

    turns = {"better": 0, "worse": 0}
    for (conversation,) in values(
        facts, "SELECT id FROM conversation WHERE last_at > ? AND last_at <= ?", SINCE, UNTIL
    ):
        moods = [
            row[0]
            for row in values(
                facts,
                "SELECT sentiment FROM mention WHERE conversation_id = ? AND skipped = '' "
                "ORDER BY at, id", conversation,
            )
        ]  # fmt: skip
        if len(moods) > 1:
            turns["better"] += moods[0] == "negative" and moods[-1] == "positive"
            turns["worse"] += moods[0] != "negative" and moods[-1] == "negative"
    assert (found["turned_better"], found["turned_worse"]) == (turns["better"], turns["worse"])
    assert turns["worse"] > 0 < turns["better"]


def test_who_had_to_write_again(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    says = ("Where is my order?", "Still no answer, where is it?")
    for name, first, second, answer in (
        ("answered after two", "08:00", "08:30", "10:00"),
        ("answered between", "08:00", "09:00", "08:30"),
        ("answered after one", "08:00", None, "09:00"),
        ("waits with two", "08:00", "09:00", None),
        ("waits with one", "08:00", None, None),
    ):
        for number, at in enumerate((first, second)):
            if at:
                shop.records(
                    "facebook",
                    {"id": f"{name} {number}", "thread_id": name, "author_id": name,
                     "text": says[number], "at": at, "addressed": True},
                )  # fmt: skip
        if answer:
            answered = int(bool(second) and second < answer)
            shop.records(
                "facebook",
                {"id": f"{name} r", "is_own": True, "thread_id": name,
                 "parent_id": f"{name} {answered}", "text": "On Friday.", "at": answer},
            )  # fmt: skip
    shop.run("sync", at="11:00")
    figures = shop.run("report", "--json", at="11:01").json["figures"]
    # Who wrote after our answer waits anew, and did not have to write again.
    assert (figures["waits"], figures["answered"]) == (6, 3)
    assert figures["wrote_again"] == 2
    ended = shop.run("report", "--json", "state:answered", at="11:01").json["figures"]
    assert ended["wrote_again"] == 1


def test_nothing_known_of_the_period_before_is_said(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.records("x", {"id": "1", "author_id": "a", "text": "Where is my order?", "at": "10:00"})
    shop.run("sync", at="10:01")
    assert shop.run("report", "--json", at="10:02").json["before"] is None
    assert "does not reach back over the period before" in shop.run("report", at="10:02").out


def test_an_empty_report_does_not_say_all_clear(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.channel("x")
    result = shop.run("report", at="10:00")
    assert result.code == 0
    assert "Not complete: x has never been read." in result.out
    assert "nobody that we know of" in result.out
    assert shop.run("report", "--json", at="10:00").json["complete"] is False


def test_the_badge_says_how_many_more(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    for number in range(10):
        at = world.NOW - timedelta(hours=number + 2)
        shop.records(
            "messenger",
            {"id": f"m{number}", "author_id": f"a{number}", "text": "Do you open on Sunday?",
             "private": True, "at": at, "thread_id": f"t{number}"},
            {"id": f"r{number}", "is_own": True, "private": True, "parent_id": f"m{number}",
             "thread_id": f"t{number}", "text": "Yes", "at": at + timedelta(minutes=10 + number)},
            type_="facebook",
        )  # fmt: skip
    shop.run("sync", at=world.NOW)
    badge = ask(shop)["badge"]
    assert badge["messages"] == 10
    assert badge["answered"] == 10
    assert badge["in_time"] == 6  # ten to fifteen minutes
    assert badge["more"] == 3


def test_one_that_may_still_be_in_time_is_not_held_against_the_badge(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    message = {"id": "1", "author_id": "a", "text": "Do you open?", "private": True}
    shop.records("messenger", {**message, "at": "10:00"}, type_="facebook")
    shop.run("sync", at="10:01")
    young = shop.run("report", "--json", at="10:14").json["badge"]
    assert young["messages"] == 0
    assert young["more"] is None
    late = shop.run("report", "--json", at="10:16").json["badge"]
    assert (late["messages"], late["in_time"], late["more"]) == (1, 0, 1)


def test_a_report_is_of_one_moment(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.records("x", {"id": "1", "author_id": "a", "text": "Where is my order?", "at": "10:00"})
    shop.run("sync", at="10:01")
    with shop.sql() as reader, shop.sql() as writer:
        with one_moment(reader):
            before = values(reader, "SELECT count(*) FROM clock")
            writer.execute(
                "INSERT INTO clock (conversation_id, kind, since, result, priority) "
                "VALUES (1, 'first', 1, 'met', 'low')"
            )
            writer.commit()
            assert values(reader, "SELECT count(*) FROM clock") == before
        assert values(reader, "SELECT count(*) FROM clock") != before


# --- the pure part --------------------------------------------------------------------------------


def test_offsets_find_the_hour_in_which_clocks_change() -> None:
    since = datetime(2026, 10, 20, 5, 30, tzinfo=UTC)
    until = datetime(2026, 11, 3, tzinfo=UTC)
    (_, summer), (at, winter) = counting.offsets(LONDON, since, until)
    assert (summer, winter) == (3_600_000, 0)
    assert at == to_ms(datetime(2026, 10, 25, 1, 0, tzinfo=UTC))


@pytest.mark.parametrize("zone", ["Europe/London", "America/Havana", "Asia/Beirut", "UTC"])
@pytest.mark.parametrize(("step", "days"), [("day", 45), ("week", 400), ("month", 900)])
def test_pieces_are_local_and_leave_no_hole(zone: str, step: str, days: int) -> None:
    local = ZoneInfo(zone)
    until = datetime(2026, 11, 17, 12, 7, tzinfo=UTC)
    since = until - timedelta(days=days)

    def day(ms: int) -> datetime:
        return datetime.fromtimestamp(ms / 1000, UTC).astimezone(local)

    pieces = counting.pieces(step, local, since, until)
    assert pieces[0][2] == to_ms(since)
    assert pieces[-1][3] == to_ms(until)
    for (start, _, after, upto), following in zip(pieces, [*pieces[1:], None], strict=True):
        assert after < upto
        assert following is None or following[2] == upto
        inside = (day(after + 1), day(upto))
        assert start <= inside[0]
        for at in inside:
            if step == "day":
                assert at.date() == start.astimezone(local).date()
            elif step == "week":
                assert at.isocalendar()[:2] == start.astimezone(local).isocalendar()[:2]
            else:
                assert at.strftime("%Y-%m") == start.astimezone(local).strftime("%Y-%m")


def test_spreads_are_exact_and_read_once() -> None:
    many, one, two = ("many",), ("one", "all"), ("two", "all")
    lengths = iter(
        [(3, 1, one), (5, 2, many), (8, 1, two), (9, 1, two), (9, 7, many), (99, 1, many)]
    )
    counts = {"many": 10, "none": 0, "one": 1, "two": 2, "all": 3}
    spreads = counting.spreads(counts, lengths)
    assert spreads["many"] == Spread(count=10, median=9, p90=9, slowest=99)
    assert spreads["one"] == Spread(count=1, median=3, p90=3, slowest=3)
    assert spreads["two"] == Spread(count=2, median=8, p90=9, slowest=9)
    assert spreads["all"] == Spread(count=3, median=8, p90=9, slowest=9)
    assert "none" not in spreads


def test_bars_count_the_first_answers_from_their_lower_bound_on() -> None:
    rows = [(899, 0, 0, 2), (900, 0, 0, 1), (900, 1, 0, 5), (86_400, 0, 1, 3)]
    tally = [0] * 5
    assert list(counting.tallied(rows, tally)) == rows
    assert tally == [2, 1, 0, 0, 3]


def test_posts_at_the_moment_of_the_answer_are_not_late() -> None:
    posts = [("a", 5), ("a", 9), ("b", 5)]
    assert counting.posting(posts, [("a", 1, 5), ("b", 6, 8), ("c", 0, 9)]).while_late == 0
    found = counting.posting(posts, [("a", 1, 6), ("a", 5, 6), ("b", 1, 9)])
    assert (found.posts, found.while_late, found.most_waiting) == (3, 2, 2)
    assert found.worst_channel == "a"


def test_the_badge_needs_nine_of_ten() -> None:
    assert counting.badge(10, 10, 9, "x").more == 0
    assert counting.badge(11, 11, 9, "x").more == 1
    assert counting.badge(0, 0, 0, "x").more is None
