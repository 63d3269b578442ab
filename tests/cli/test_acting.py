"""Done, ignore, snooze, reopen, assign, note, label, link, undo; by id, range, query and pipe."""

from __future__ import annotations

from pathlib import Path

import pytest

from mentionwatch.errors import ExitCode
from tests.shop import Shop

pytestmark = pytest.mark.slow

TEAM = '[team]\nnames = ["ana", "ben"]\n'


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path, more=TEAM)
    for number, author in enumerate(("ann", "bo", "cy", "di"), start=1):
        shop.records(
            "facebook",
            {"id": f"p{number}", "author_id": author, "author": author.title(),
             "text": f"Where is my order {number}?", "at": f"0{number}:00"},
        )  # fmt: skip
    shop.run("sync", at="05:30")  # one channel first: ids in the order of the records
    shop.records(
        "yelp",
        {"id": "y1", "author_id": "ed", "text": "Too loud for me.", "rating": 2, "at": "05:00"},
    )
    shop.run("sync", at="06:00")
    return shop


def open_ids(shop: Shop, at: str = "06:10", *more: str) -> list[int]:
    return sorted(row["id"] for row in shop.run("queue", "--json", *more, at=at).rows)


def test_done_takes_ids_and_ranges(shop: Shop) -> None:
    everything = open_ids(shop)
    assert shop.run("done", "1", "3-4", at="06:05").code == ExitCode.OK
    assert open_ids(shop) == [number for number in everything if number not in (1, 3, 4)]


def test_done_takes_ids_from_a_pipe(shop: Shop) -> None:
    shop.run("done", at="06:05", stdin="1\n2\n")
    assert 1 not in open_ids(shop)
    assert 2 not in open_ids(shop)


def test_done_takes_a_query(shop: Shop) -> None:
    shop.run("done", "channel:yelp", at="06:05")
    channels = {row["channel"] for row in shop.run("queue", "--json", at="06:06").rows}
    assert channels == {"facebook"}


def test_dry_run_changes_nothing(shop: Shop) -> None:
    before = open_ids(shop)
    result = shop.run("done", "channel:facebook", "--dry-run", at="06:05")
    assert "would be done: 1, 2, 3, 4" in result.err
    assert open_ids(shop) == before


def test_undo_takes_back_a_whole_action(shop: Shop) -> None:
    before = open_ids(shop)
    shop.run("done", "1-3", at="06:05")
    assert "undone: done 1, 2, 3" in shop.run("undo", at="06:06").err
    assert open_ids(shop) == before


def test_undo_without_anything_to_undo_says_so(shop: Shop) -> None:
    assert shop.run("undo", at="06:06").code == ExitCode.USAGE


def test_an_unknown_id_changes_nothing_at_all(shop: Shop) -> None:
    before = open_ids(shop)
    result = shop.run("done", "1", "999", at="06:05")
    assert result.code == ExitCode.USAGE
    assert "no conversation 999" in result.err
    assert open_ids(shop) == before


def test_snoozed_comes_back_by_itself(shop: Shop) -> None:
    shop.run("snooze", "1", "--until", "2h", at="06:05")
    assert 1 not in open_ids(shop, "07:00")
    (row,) = [r for r in shop.run("queue", "--json", at="08:06").rows if r["id"] == 1]
    assert "back from snooze" in row["hints"]


def test_a_time_that_has_passed_is_no_snooze(shop: Shop) -> None:
    assert "has passed" in shop.run("snooze", "1", "--until", "05:00", at="06:05").err


def test_assigned_rows_are_mine_or_theirs(shop: Shop, monkeypatch) -> None:
    shop.run("assign", "ana", "1", at="06:05")
    shop.run("assign", "ben", "2", at="06:05")
    monkeypatch.setenv("MENTIONWATCH_ME", "ana")
    assert 2 not in open_ids(shop, "06:10", "--mine")
    assert {1, 3} <= set(open_ids(shop, "06:10", "--mine"))
    assert shop.run("queue", "assignee:me", "--json", at="06:10").rows[0]["id"] == 1


def test_a_stranger_cannot_be_assigned(shop: Shop) -> None:
    assert "ana, ben" in shop.run("assign", "zoe", "1", at="06:05").err


def test_labels_are_put_on_taken_off_and_searched(shop: Shop) -> None:
    shop.run("label", "1", "vip", at="06:05")
    assert open_ids(shop, "06:10", "label:vip") == [1]
    shop.run("label", "1", "no-vip", at="06:06")
    assert open_ids(shop, "06:10", "label:vip") == []


def test_a_correction_counts_and_says_what_the_rules_said(shop: Shop) -> None:
    result = shop.run("label", "1", "priority=urgent", "intent=lead", at="06:05")
    assert "the rules say intent" in result.err
    row = shop.run("queue", "--json", at="06:06").row(1)
    assert (row["priority"], row["intent"]) == ("urgent", "lead")
    points = sum(r["points"] for r in row["reasons"] if r["rule"].startswith("urgency."))
    assert points == row["urgency"]


def test_notes_and_who_did_what_stand_in_show(shop: Shop, monkeypatch) -> None:
    monkeypatch.setenv("MENTIONWATCH_ME", "ben")
    shop.run("note", "1", "called him", at="06:05")
    out = shop.run("show", "1", "--format", "plain", at="06:06").out
    assert "note: called him" in out
    assert "ben" in out


def test_link_joins_and_unlink_parts(shop: Shop) -> None:
    shop.run("link", "2", "1", at="06:05")
    row = shop.run("queue", "--json", at="06:06").row(1)
    assert row["messages"] == 2
    assert row["waiting_since"] == "2026-11-17T01:00:00Z"
    shop.run("unlink", "1", at="06:07")
    assert {1, 2} <= set(open_ids(shop))


def test_ignored_for_a_cause(shop: Shop) -> None:
    shop.run("ignore", "1", "--cause", "not-us", at="06:05")
    rows = shop.run("queue", "--all", "--json", at="06:06").rows
    (row,) = [row for row in rows if row["id"] == 1]
    assert (row["state"], row["cause"]) == ("ignored", "not-us")


def test_done_replied_counts_as_a_reply_at_that_time(shop: Shop) -> None:
    shop.run("done", "1", "--replied", "--at", "01:30", at="06:05")
    (clock,) = shop.run("show", "1", "--json", at="06:06").json["clocks"]
    assert (clock["result"], clock["manual"]) == ("met", True)


def test_acting_while_a_sync_holds_the_lock(shop: Shop) -> None:
    from mentionwatch.store.database import Store

    with Store(shop.db) as store, store.lock():
        assert shop.run("done", "1", at="06:05").code == ExitCode.OK
        assert shop.run("sync", at="06:06").code == ExitCode.LOCKED
    assert 1 not in open_ids(shop)
