"""A clock that jumps: nothing is lost, nobody waits less than no time, and doctor says it."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mentionwatch.errors import ExitCode
from mentionwatch.model.times import parse_time
from tests.shop import Result, Shop, when

pytestmark = pytest.mark.slow

JUMPS = {
    "a day ahead": "wed 10:00",
    "half a year ahead": "2027-05-17 10:00",
    "ten years ahead": "2036-11-17 10:00",
    "an hour back": "09:00",
    "a week back": "2026-11-10 10:00",
    "to the beginning": "1970-01-01 00:05",
    "six years back": "2020-01-01 00:05",
}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path, hours='[hours]\ntimezone = "UTC"\nmon-fri = ["00:00-24:00"]')
    shop.records("facebook", mention(1, "09:40"))
    return shop


def mention(number: int, at: str) -> dict[str, str]:
    return {"id": f"m{number}", "author_id": f"a{number}", "text": f"Where is order {number}?",
            "at": at}  # fmt: skip


def lengths(value: Any, key: str = "") -> list[tuple[str, float]]:
    """Return every number of seconds, minutes or hours in a report."""
    if isinstance(value, dict):
        return [one for name, child in value.items() for one in lengths(child, name)]
    if isinstance(value, list):
        return [one for child in value for one in lengths(child, key)]
    # due_in_seconds is below zero for what is overdue, and says so.
    named = key.endswith(("_seconds", "_minutes", "_hours")) and key != "due_in_seconds"
    return [(key, value)] if named and isinstance(value, int | float) else []


def assert_sane(shop: Shop, at: str) -> Result:
    """Nothing negative in any output; every row that waits is there."""
    result = shop.run("queue", "--all", "--json", at=at)
    assert result.code == ExitCode.OK, result.err
    assert [one for one in lengths(result.json) if one[1] < 0] == []
    for row in result.rows:
        shown = shop.run("show", str(row["id"]), "--json", at=at)
        assert [one for one in lengths(shown.json) if one[1] < 0] == []
        for format_ in ("plain", "table"):
            out = shop.run("show", str(row["id"]), "--format", format_, at=at).out
            assert " -" not in out.replace(" --", "").replace(" ->", "").replace("- ", "")
    return result


@pytest.mark.parametrize("jump", JUMPS)
def test_a_sync_at_a_wrong_time_loses_nothing(shop: Shop, jump: str) -> None:
    """Good clock, wrong clock, good clock; a message comes before each."""
    shop.run("sync", at="10:00")
    shop.records("facebook", mention(2, "10:10"))
    assert shop.run("sync", at=JUMPS[jump]).code == ExitCode.OK
    assert_sane(shop, JUMPS[jump])
    shop.records("facebook", mention(3, "10:20"))
    assert shop.run("sync", at="10:30").code == ExitCode.OK
    rows = assert_sane(shop, "10:31").rows
    assert sorted(row["text"][-2:-1] for row in rows) == ["1", "2", "3"]
    assert {row["state"] for row in rows} == {"open"}
    late = shop.run("queue", "--json", at="12:30").rows
    assert [row["overdue"] for row in late] == [True] * 3


@pytest.mark.parametrize("jump", JUMPS)
def test_an_answer_seen_at_a_wrong_time_counts(shop: Shop, jump: str) -> None:
    shop.run("sync", at="10:00")
    shop.records(
        "facebook", {"id": "r1", "is_own": True, "parent_id": "m1", "text": "Today.", "at": "10:05"}
    )
    shop.run("sync", at=JUMPS[jump])
    assert_sane(shop, JUMPS[jump])
    shop.records("facebook", mention(2, "10:20"))
    shop.run("sync", at="10:30")
    rows = {row["text"][-2:-1]: row for row in assert_sane(shop, "10:31").rows}
    assert rows["1"]["state"] == "answered"
    assert rows["2"]["state"] == "open"
    (clock,) = shop.run("show", str(rows["1"]["id"]), "--json", at="10:31").json["clocks"]
    assert clock["result"] == "met"


@pytest.mark.parametrize("jump", JUMPS)
def test_what_we_did_at_a_wrong_time_holds(shop: Shop, jump: str) -> None:
    shop.run("sync", at="10:00")
    for words in (("snooze", "1"), ("done", "1"), ("undo",), ("done", "1")):
        assert shop.run(*words, at=JUMPS[jump]).code == ExitCode.OK
        assert_sane(shop, JUMPS[jump])
    assert [row["state"] for row in assert_sane(shop, "10:31").rows] == ["done"]
    for number, words in ((2, "Still nothing?"), (3, "Hello? Where is it?")):
        again = {"id": f"m{number}", "author_id": "a1", "text": words, "at": f"10:3{number}"}
        shop.records("facebook", again)
        shop.run("sync", at="10:40")
        (row,) = shop.run("queue", "--json", at="10:41").rows
        assert row["text"] == words
        shop.run("snooze" if number == 2 else "done", "1", at=JUMPS[jump])


@pytest.mark.parametrize("jump", JUMPS)
def test_a_first_run_at_a_wrong_time_makes_no_history_of_all_that_comes(
    shop: Shop, jump: str
) -> None:
    shop.run("sync", at=JUMPS[jump])
    shop.records("facebook", mention(2, "10:10"))
    for at in ("10:30", "10:40"):
        shop.run("sync", at=at)
    rows = shop.run("queue", "--json", at="12:30").rows
    assert [row["overdue"] for row in rows] == [True, True]


def test_a_clock_that_goes_back_does_not_turn_history_into_work(shop: Shop) -> None:
    shop.records("facebook", mention(2, "2026-10-01 10:00"))
    shop.run("sync", at="10:00")
    for at in ("six years back", "to the beginning"):
        shop.run("sync", at=JUMPS[at])
        shop.run("sync", at="10:30")
        assert [row["text"][-2:-1] for row in shop.run("queue", "--json", at="12:30").rows] == ["1"]


def test_back_and_forth_many_times(shop: Shop) -> None:
    times = itertools.cycle(["10:00", *JUMPS.values()])
    for number in range(2, 12):
        shop.records("facebook", mention(number, f"09:{40 + number}"))
        at = next(times)
        assert shop.run("sync", at=at).code == ExitCode.OK
        assert shop.run("queue", "--all", "--json", at=at).code == ExitCode.OK
    shop.run("sync", at="11:00")
    assert len(assert_sane(shop, "11:00").rows) == 11
    waiting = shop.run("queue", "--json", at="11:01").rows
    assert len(waiting) == 11
    assert all(parse_time(row["waiting_since"]) < when("11:00") for row in waiting)


def test_doctor_says_that_the_last_run_lies_ahead(shop: Shop) -> None:
    shop.run("sync", at="2027-05-17 10:00")
    result = shop.run("doctor", at="10:30")
    assert result.code == ExitCode.INCOMPLETE
    assert "clock" in result.out
    assert "2027-05-17 10:00" in result.out
    assert "set this machine's clock" in result.out
    shop.run("sync", at="10:31")
    assert shop.run("doctor", at="10:32").code == ExitCode.OK


def test_a_channel_last_read_in_the_future_is_not_taken_for_fresh(shop: Shop) -> None:
    """Nobody knows when it was read: it must not count as read for the next half year."""
    shop.run("sync", at="2027-05-17 10:00")
    report = shop.run("queue", "--json", at="wed 10:30").json
    assert report["channels"][0]["status"] == "stale"
    assert report["summary"]["complete"] is False


def test_a_search_goes_back_to_before_the_jump(tmp_path: Path) -> None:
    """What is asked for must not begin at a time that has not come."""
    shop = Shop(tmp_path)
    program = tmp_path / "ask.sh"
    program.write_text(f'#!/bin/sh\necho "$MENTIONWATCH_SINCE" >> {tmp_path}/asked\n')
    program.chmod(0o700)
    shop.more = f'[channels.own]\ntype = "exec"\ncommand = ["{program}"]\n'
    for at in ("10:00", "2027-05-17 10:00", "11:00", "12:00"):
        shop.run("sync", at=at)
    asked = [datetime.fromisoformat(line) for line in (tmp_path / "asked").read_text().split()]
    assert len(asked) == 4
    assert asked[2] <= when("10:00") - timedelta(days=2)
    assert asked[3] <= when("11:00")
