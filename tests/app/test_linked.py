"""Conversations that the owner joined, taken apart again in every way: nobody is lost."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.shop import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def asks(author: str, at: str) -> dict[str, object]:
    return {
        "id": f"{author}-{at}",
        "author": author.title(),
        "author_id": author,
        "thread_id": f"t-{author}-{at}",
        "text": f"Where is my order, asks {author}?",
        "at": at,
    }


def two_that_are_linked(shop: Shop) -> tuple[int, int]:
    shop.records("x", asks("ann", "09:00"))
    shop.records("facebook", asks("annie", "09:30"))
    first, second = sorted(row["id"] for row in shop.queue("09:40"))
    assert shop.run("link", str(first), str(second), at="09:41").code == 0
    assert len(shop.queue("09:42")) == 1
    return first, second


def authors(rows: list[dict[str, object]]) -> list[str]:
    return sorted(row["author"]["name"] for row in rows)


@pytest.mark.slow
def test_a_link_that_is_undone_gives_both_their_rows_and_ids_back(shop: Shop) -> None:
    first, second = two_that_are_linked(shop)
    assert shop.run("undo", at="09:43").code == 0
    assert sorted(row["id"] for row in shop.queue("09:44")) == [first, second]


@pytest.mark.slow
@pytest.mark.parametrize(("who", "left"), [("ann", "Annie"), ("annie", "Ann")])
def test_whoever_is_forgotten_the_other_one_still_waits(shop: Shop, who: str, left: str) -> None:
    two_that_are_linked(shop)
    assert shop.run("forget", who, "--yes", at="09:43").code == 0
    assert authors(shop.queue("09:44")) == [left]
    assert shop.run("db", "check", at="09:45").code == 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_linked_undone_or_forgotten_everybody_left_has_a_row(
    shop: Shop, seed: int
) -> None:
    dice = random.Random(seed)
    people = ["ann", "bo", "cy", "dee"]
    for hour, name in enumerate(people * 2):
        shop.records(f"c{people.index(name) % 2}", asks(name, f"{8 + hour // 4:02}:{hour:02}"))
    left = set(people)
    rows = shop.queue("10:00")
    for step in range(8):
        at = f"10:{step + 1:02}"
        ids = [str(row["id"]) for row in rows]
        act = dice.choice(["link", "link", "unlink", "undo", "forget"])
        if act == "link" and len(ids) > 1:
            shop.run("link", *dice.sample(ids, 2), at=at)
        elif act == "unlink":
            shop.run("unlink", dice.choice(ids), at=at)
        elif act == "undo":
            assert shop.run("undo", at=at).code in (0, 2)
        elif act == "forget" and len(left) > 2:
            left.remove(gone := dice.choice(sorted(left)))
            assert shop.run("forget", gone, "--yes", at=at).code == 0
        rows = shop.queue(at)
        with shop.sql() as connection:
            inside = {
                row[0]
                for row in connection.execute(
                    "SELECT m.author_id FROM mention m JOIN conversation c "
                    "ON c.id = m.conversation_id JOIN mention n ON n.id = c.newest_id "
                    "WHERE c.state = 'open'"
                )
            }
        assert inside == left, act
