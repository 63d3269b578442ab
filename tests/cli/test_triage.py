"""Triage in a real pseudo-terminal."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mentionwatch.errors import ExitCode
from tests.cli.terminal import Terminal
from tests.shop import Shop, run

pytestmark = pytest.mark.slow

NOW = datetime.now(UTC)
KEYS = "q quit"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Three customers, oldest first; times are real, since the terminal's clock is."""
    shop = Shop(tmp_path, more='[team]\nnames = ["ana", "ben"]\nme = "ana"\n')
    for number, (author, text) in enumerate(
        (
            ("Ann", "Where is my order 1?"),
            ("عمر", "هل أنتم مفتوحون يوم الأحد؟ Do you open on Sunday?"),
            ("渡辺", "注文が届いていません。 Where is my order?"),
        ),
        start=1,
    ):
        shop.records(
            "facebook",
            {
                "id": f"p{number}",
                "author_id": f"a{number}",
                "author": author,
                "text": text,
                "url": f"https://social.example/{number}",
                "at": NOW - timedelta(hours=10 - number),
            },
        )
    shop.write_config()
    assert run("sync", "--config", str(shop.config)).code == ExitCode.OK
    return shop


def triage(shop: Shop, **options) -> Terminal:
    return Terminal("triage", "--config", str(shop.config), **options)


def states(shop: Shop) -> dict[int, str]:
    rows = run("queue", "--all", "--json", "--config", str(shop.config)).rows
    return {row["id"]: row["state"] for row in rows}


def test_done_snooze_ignore_and_leave(shop: Shop) -> None:
    with triage(shop) as screen:
        assert "1 of 3" in screen.wait_for(KEYS)
        screen.send("d")
        screen.wait_for("done: 1")
        screen.wait_for(KEYS)
        screen.send("z")
        screen.wait_for("3 tomorrow")
        screen.send("3")
        screen.wait_for("snooze: ")
        screen.wait_for(KEYS)
        screen.send("i")
        screen.wait_for("it is not about us")
        screen.send("u")
        screen.wait_for("3 conversations handled")
        assert screen.end() == ExitCode.OK
    assert states(shop)[1] == "done"
    assert sorted(states(shop).values()) == ["done", "ignored", "snoozed"]


def test_undo_brings_the_conversation_back(shop: Shop) -> None:
    with triage(shop) as screen:
        screen.wait_for(KEYS)
        screen.send("d")
        screen.wait_for("done: 1")
        screen.wait_for(KEYS)
        screen.send("u")
        screen.wait_for("undone: done 1")
        assert "Where is my order 1?" in screen.screen
        screen.send("q")
        screen.wait_for("0 conversations handled, 3 still waiting")
    assert set(states(shop).values()) == {"open"}


def test_skip_back_and_help(shop: Shop) -> None:
    with triage(shop) as screen:
        screen.wait_for(KEYS)
        screen.send(" ")
        screen.wait_for("2 of 3")
        screen.wait_for(KEYS)
        screen.send("\x1b[D")
        screen.wait_for("1 of 3")
        screen.wait_for(KEYS)
        screen.send("?")
        screen.wait_for("write a note")
        screen.wait_for(KEYS)
        screen.send("x")
        screen.wait_for("? shows the keys")


def test_note_assign_and_label_take_a_line(shop: Shop) -> None:
    with triage(shop) as screen:
        screen.wait_for(KEYS)
        for key, line, said in (
            ("n", "call back\r", "note: 1"),
            ("a", "bn\x7f\x7fben\r", "assign: 1"),
            ("l", "vip priority=urgent\r", "label: 1"),
        ):
            screen.send(key)
            screen.wait_for(": ")
            screen.send(line)
            screen.wait_for(said)
            screen.wait_for(KEYS)
    row = run("queue", "--json", "--config", str(shop.config)).row(1)
    assert (row["assignee"], row["labels"], row["priority"]) == ("ben", ["vip"], "urgent")


def test_a_wrong_answer_is_told_and_nothing_happens(shop: Shop) -> None:
    with triage(shop) as screen:
        screen.wait_for(KEYS)
        screen.send("a")
        screen.wait_for("to whom")
        screen.send("zoe\r")
        screen.wait_for("nobody in the team is called zoe")


def test_a_connection_that_drops_leaves_everything_saved(shop: Shop) -> None:
    with triage(shop) as screen:
        screen.wait_for(KEYS)
        screen.send("d")
        screen.wait_for("done: 1")
        screen.hang_up()
        screen.end()
    assert states(shop)[1] == "done"


@pytest.mark.parametrize("asked", ["", "note"])
def test_it_ends_with_its_terminal_also_under_nohup(shop: Shop, asked: str) -> None:
    with triage(shop, nohup=True) as screen:
        screen.wait_for(KEYS)
        screen.send("d")
        screen.wait_for("done: 1")
        screen.wait_for(f"{KEYS}\r\n")
        if asked:
            screen.send(asked[0])
            screen.wait_for(f"{asked}: ")
        screen.hang_up()
        assert screen.end() == ExitCode.OK
    assert states(shop)[1] == "done"


@pytest.mark.parametrize("columns", [40, 80])
def test_no_line_is_wider_than_the_window(shop: Shop, columns: int) -> None:
    from mentionwatch.model.text import display_width

    with triage(shop, columns=columns, env={"NO_COLOR": "1"}) as screen:
        for _ in range(3):
            shown = screen.wait_for("q")
            screen.send(" ")
    plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", shown)
    assert max(display_width(line) for line in plain.splitlines()) <= columns
    assert "\x1b[3" not in re.sub(r"\x1b\[3J", "", shown), "no colour was asked for"


def test_without_a_terminal_it_says_what_to_use(shop: Shop) -> None:
    result = run("triage", "--config", str(shop.config))
    assert result.code == ExitCode.USAGE
    assert "needs a terminal" in result.err
