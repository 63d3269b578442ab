"""Whom a reply of ours answers, through file channels and the whole program."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shop import Shop

pytestmark = pytest.mark.slow


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def comment(number: str, author: str, at: str, **more: object) -> dict[str, object]:
    return {
        "id": number,
        "author": author.title(),
        "author_id": author,
        "thread_id": "post",
        "parent_id": "post",
        "text": f"Where is my order, asks {author}?",
        "at": at,
        **more,
    }


def ours(number: str, at: str, **more: object) -> dict[str, object]:
    return {"id": number, "is_own": True, "text": "It is on its way today.", "at": at, **more}


OUR_POST = {"id": "post", "is_own": True, "text": "Fresh bread at eight.", "at": "08:00"}


def waiting(rows: list[dict[str, object]]) -> list[str]:
    return sorted(row["author"]["name"] for row in rows if row["state"] == "open")


def test_two_commenters_one_answered_one_stays(shop: Shop) -> None:
    shop.records("facebook", OUR_POST, comment("c1", "ann", "09:00"), comment("c2", "bo", "09:05"))
    assert waiting(shop.queue("09:10")) == ["Ann", "Bo"]
    shop.records("facebook", ours("r1", "09:20", thread_id="post", parent_id="c1"))
    assert waiting(shop.queue("09:30")) == ["Bo"]


def test_a_nested_answer_to_our_reply_waits_and_is_answered_by_the_next(shop: Shop) -> None:
    shop.records(
        "facebook",
        OUR_POST,
        comment("c1", "ann", "09:00"),
        ours("r1", "09:10", thread_id="post", parent_id="c1"),
        comment("c2", "ann", "09:20", parent_id="r1", text="And when will it be here?"),
    )
    assert waiting(shop.queue("09:30")) == ["Ann"]
    shop.records("facebook", ours("r2", "09:40", thread_id="post", parent_id="c2"))
    assert waiting(shop.queue("09:45")) == []


def test_a_top_level_comment_of_ours_answers_nobody_unless_it_names_him(shop: Shop) -> None:
    shop.records(
        "facebook",
        OUR_POST,
        comment("c1", "ann", "09:00"),
        comment("c2", "bo", "09:05"),
        ours("r1", "09:20", thread_id="post", parent_id="post"),
    )
    assert waiting(shop.queue("09:30")) == ["Ann", "Bo"]
    shop.records("facebook", ours("r2", "09:40", thread_id="post", parent_id="post", to=["ann"]))
    assert waiting(shop.queue("09:45")) == ["Bo"]


def test_only_the_thread_is_known_and_one_customer_is_in_it(shop: Shop) -> None:
    shop.records(
        "webchat",
        {"id": "m1", "author_id": "ann", "author": "Ann", "thread_id": "t", "text": "Are you open?",
         "at": "09:00"},
        ours("r1", "09:10", thread_id="t"),
    )  # fmt: skip
    assert shop.queue("09:30") == []


def test_only_the_thread_is_known_and_two_customers_are_in_it(shop: Shop) -> None:
    shop.records(
        "forum",
        comment("c1", "ann", "09:00", parent_id="", thread_id="t"),
        comment("c2", "bo", "09:05", parent_id="", thread_id="t"),
        ours("r1", "09:20", thread_id="t"),
    )
    rows = shop.queue("09:30")
    assert waiting(rows) == ["Ann", "Bo"]
    assert all("perhaps answered" in row["hints"][0] for row in rows)


def test_a_second_customer_who_turns_up_late_makes_the_answer_less_sure(shop: Shop) -> None:
    shop.records(
        "forum",
        comment("c1", "ann", "09:00", parent_id="", thread_id="t"),
        ours("r1", "09:20", thread_id="t"),
    )
    assert shop.queue("09:30") == []
    shop.records("forum", comment("c2", "bo", "09:05", parent_id="", thread_id="t"))
    assert waiting(shop.queue("09:40")) == ["Ann", "Bo"]


def test_our_reply_deleted_again_gives_the_first_age_back(shop: Shop) -> None:
    shop.records(
        "facebook",
        OUR_POST,
        comment("c1", "ann", "09:00"),
        ours("r1", "09:10", thread_id="post", parent_id="c1"),
    )
    assert shop.queue("09:20") == []
    shop.records("facebook", {"type": "deleted", "id": "r1"})
    (row,) = shop.queue("11:00")
    assert row["waiting_since"] == "2026-11-17T09:00:00Z"
    assert row["overdue"]


def test_an_answer_in_two_parts_answers_what_its_first_part_does(shop: Shop) -> None:
    shop.records(
        "mastodon",
        {"id": "m1", "author_id": "ann", "text": "Are you open on Sunday?", "at": "09:00"},
        ours("r1", "09:10", parent_id="m1", text="We will look into it."),
        ours("r2", "09:11", parent_id="r1", text="Yes: from ten to four."),
    )
    assert shop.queue("09:20") == []


def test_syncing_twice_stores_nothing_new(shop: Shop) -> None:
    shop.records("facebook", OUR_POST, comment("c1", "ann", "09:00"))
    assert "2 new" not in shop.run("sync", at="09:10").err
    again = shop.run("sync", at="09:11")
    assert "nothing new" in again.err
    with shop.sql() as connection:
        assert connection.execute("SELECT count(*) FROM mention").fetchone()[0] == 1


def test_an_edit_keeps_the_earlier_text(shop: Shop) -> None:
    shop.records("facebook", comment("c1", "ann", "09:00", text="Where is it?"))
    shop.queue("09:10")
    shop.records("facebook", comment("c1", "ann", "09:00", text="Where is it? Never again."))
    shop.queue("09:20")
    (entry,) = shop.run("show", "1", "--json", at="09:21").json["thread"]
    assert entry["text"] == "Where is it? Never again."
    assert entry["earlier_texts"] == ["Where is it?"]


def test_ids_keep_working_after_a_join_and_a_split(shop: Shop) -> None:
    shop.records("facebook", comment("c1", "ann", "09:00", thread_id="a", parent_id=""))
    shop.queue("09:01")
    shop.records("facebook", comment("c2", "ann", "10:00", thread_id="b", parent_id=""))
    (joined,) = shop.queue("10:01")
    assert (joined["id"], joined["messages"]) == (1, 2)
    assert shop.run("show", "2", "--json", at="10:02").json["conversation"]["id"] == 1
    # A reply between the two, found late, parts them: the older part keeps its id.
    shop.records("facebook", ours("r1", "09:30", parent_id="c1", thread_id="a"))
    (row,) = shop.queue("10:03")
    assert (row["id"], row["messages"]) == (2, 1)
    assert shop.run("show", "1", "--json", at="10:04").json["conversation"]["state"] == "answered"


def test_history_is_counted_and_never_overdue(shop: Shop) -> None:
    shop.records(
        "facebook",
        *(comment(f"h{n}", f"old{n}", "2026-10-01 09:00", thread_id=f"t{n}") for n in range(9)),
        comment("c1", "ann", "09:00"),
    )
    result = shop.run("check", "--json", at="09:30")
    assert waiting(result.rows) == ["Ann"]
    assert result.json["summary"]["history"] == 9
    assert result.json["summary"]["open"] == 1
    everything = shop.run("queue", "--history", "--json", at="09:30").rows
    assert len(everything) == 10
    assert not any(row["overdue"] for row in everything)
    assert "9 older" in shop.run("queue", at="09:30").out


def test_history_that_is_answered_leaves_with_a_first_reply_time(shop: Shop) -> None:
    shop.records("facebook", comment("h1", "ann", "2026-10-01 09:00"))
    shop.queue("09:00")
    shop.records("facebook", ours("r1", "09:30", parent_id="h1", thread_id="post"))
    assert shop.run("check", "--json", at="10:00").json["summary"]["history"] == 0
    (clock,) = shop.run("show", "1", "--json", at="10:00").json["clocks"]
    assert (clock["kind"], clock["result"]) == ("first", "untimed")
