from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.cells import cell_len

from mentionwatch.output.table import conversation_table, queue_table
from tests.output.samples import DANA, TOM, YUKI, busy, calm, conversation, report, row, summary

ANSI = re.compile(r"\x1b\[[0-9;]*m")
Snapshot = Callable[[str, str], None]


@pytest.mark.parametrize("width", [80, 40, 130])
def test_queue_looks_as_agreed(width: int, snapshot: Snapshot) -> None:
    drawn = queue_table(busy(), width=width, colour=False)
    snapshot(drawn, f"tests/output/snapshots/queue-{width}.txt")


def test_empty_queue_looks_as_agreed(snapshot: Snapshot) -> None:
    drawn = queue_table(calm(), width=80, colour=False)
    snapshot(drawn, "tests/output/snapshots/queue-empty.txt")


@pytest.mark.parametrize("width", [80, 40])
def test_conversation_looks_as_agreed(width: int, snapshot: Snapshot) -> None:
    drawn = conversation_table(conversation(), width=width, colour=False)
    snapshot(drawn, f"tests/output/snapshots/conversation-{width}.txt")


@pytest.mark.parametrize("width", [30, 40, 59, 60, 80, 100, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    long = DANA._replace(
        text="無料" * 300 + " " + "x" * 500,
        author=replace(DANA.author, name="ابجد" * 40),
        channel="a-channel-with-a-very-long-name-indeed",
        hints=("y" * 300,),
    )
    drawn = queue_table(busy()._replace(rows=(long, YUKI)), width=width, colour=False)
    drawn += conversation_table(
        conversation()._replace(row=long, earlier=(long,)), width=width, colour=False
    )
    assert max(map(cell_len, drawn.splitlines())) <= width


def test_priorities_end_in_the_last_column() -> None:
    drawn = queue_table(busy(), width=80, colour=False)
    ends = [line for line in drawn.splitlines() if line.endswith((" urgent", " normal", " low"))]
    assert len(ends) == 5
    assert {cell_len(line) for line in ends} == {80}


def test_colour_only_repeats_what_the_words_say() -> None:
    coloured = queue_table(busy(), width=80, colour=True)
    assert "\x1b[" in coloured
    assert ANSI.sub("", coloured) == queue_table(busy(), width=80, colour=False)


def test_a_colour_ends_with_the_words_it_is_for() -> None:
    coloured = queue_table(busy(), width=80, colour=True)
    assert "inbox  \x1b[0mimap.example.com" in coloured
    assert "\x1b[1mCold coffee\x1b[0m: Waited" in coloured


@pytest.mark.slow
def test_the_environment_does_not_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    before = queue_table(busy(), width=80, colour=False)
    coloured = queue_table(busy(), width=80, colour=True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "40")
    assert queue_table(busy(), width=80, colour=False) == before
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    assert queue_table(busy(), width=80, colour=True) == coloured


def test_a_long_text_takes_two_lines_and_says_that_it_goes_on() -> None:
    shown = report(rows=(row(text="word " * 200),), summary=summary(open=1, later=1))
    lines = [x for x in queue_table(shown, width=80, colour=False).splitlines() if "word" in x]
    assert len(lines) == 2
    assert lines[1].endswith("…")


def test_a_text_that_fits_is_not_cut() -> None:
    drawn = queue_table(report(rows=(TOM,)), width=80, colour=False)
    assert "The app says sold out 😢\n" in drawn


def test_rows_beyond_the_limit_are_counted_and_a_way_is_said() -> None:
    rows = tuple(DANA._replace(id=number) for number in range(1, 31))
    shown = report(rows=rows, summary=summary(open=30, overdue=30, shown=30))
    drawn = queue_table(shown, width=80, colour=False, limit=10)
    assert "OVERDUE (30, the first 10 shown)" in drawn
    assert "20 more not shown: mentionwatch queue --format plain" in drawn
    assert drawn.count("5 h late") == 10


def test_commands_are_never_broken_over_two_lines() -> None:
    drawn = queue_table(busy(), width=40, colour=False)
    for command in ("mentionwatch doctor inbox", "mentionwatch sync", "mentionwatch queue --all"):
        assert command in drawn


@pytest.mark.slow
@pytest.mark.parametrize(
    "module", ["records", "plain", "words", "overview", "write", "page", "table"]
)
def test_importing_loads_no_heavy_library(module: str) -> None:
    code = (
        f"import sys; before = set(sys.modules); import mentionwatch.output.{module}; "
        "heavy = {'rich', 'jinja2', 'httpx', 'asyncio', 'email', 'logging', 'zoneinfo', "
        "'importlib.metadata', 'subprocess', 'tempfile', 'csv', 'urllib.request'}; "
        "print(sorted(heavy & (set(sys.modules) - before)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
