"""Bad input of every kind: one clear message that names the thing and a way out, no traceback."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from mentionwatch.errors import ExitCode
from tests.shop import Shop, run

pytestmark = pytest.mark.slow

HOSTILE = (
    "\x1b[31mred\x1b[0m \x1b]8;;https://evil.example\x07link [bold]markup[/] [/] \u202egnp.exe"
)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path)
    shop.records("facebook", {"id": "1", "author_id": "a", "text": "Where is it?", "at": "09:00"})
    return shop


def assert_clear(result, *words: str) -> None:
    assert "Traceback" not in result.err
    assert "\nmentionwatch: " in f"\n{result.err}"
    assert "hint: " in result.err
    for word in words:
        assert word in result.err


def test_a_missing_configuration(tmp_path: Path) -> None:
    result = run("check", "--config", str(tmp_path / "none.toml"))
    assert result.code == ExitCode.CONFIG
    assert_clear(result, "none.toml", "init")


def test_a_database_that_is_none(shop: Shop) -> None:
    shop.db.write_text("not a database, but a long enough text to look like something else\n" * 99)
    result = shop.run("check", at="09:10")
    assert result.code == ExitCode.IO
    assert_clear(result, "shop.db", "not a database")


def test_a_database_of_somebody_else(shop: Shop) -> None:
    with sqlite3.connect(shop.db) as connection:
        connection.execute("CREATE TABLE theirs (id)")
    result = shop.run("check", at="09:10")
    assert result.code == ExitCode.IO
    assert_clear(result, "not one of mentionwatch")


@pytest.mark.slow
def test_a_database_of_a_newer_version(shop: Shop) -> None:
    shop.run("sync", at="09:10")
    with sqlite3.connect(shop.db) as connection:
        connection.execute("PRAGMA user_version = 999")
    result = shop.run("queue", at="09:11")
    assert result.code == ExitCode.IO
    assert_clear(result, "newer mentionwatch")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everything")
def test_a_folder_that_may_not_be_written(shop: Shop) -> None:
    shop.write_config()
    shop.folder.chmod(0o500)
    try:
        result = run("check", "--config", str(shop.config))
    finally:
        shop.folder.chmod(0o700)
    assert result.code == ExitCode.IO
    assert_clear(result, "permission")


@pytest.mark.slow
def test_half_a_line_of_json_is_told_and_the_rest_is_kept(shop: Shop) -> None:
    shop.channel("facebook").lines.insert(0, '{"id": "0", "text": "half')
    shop.records("facebook", {"id": "2", "author_id": "b", "text": "And mine?", "at": "09:05"})
    result = shop.run("check", "--json", at="09:10")
    assert len(result.rows) == 2
    notes = " ".join(note for state in result.json["channels"] for note in state["notes"])
    assert "line 1" in notes


@pytest.mark.slow
def test_ten_megabytes_of_text_are_cut_and_said(shop: Shop) -> None:
    shop.records(
        "facebook", {"id": "9", "author_id": "b", "text": "help! " * 1_700_000, "at": "09:05"}
    )
    result = shop.run("check", "--json", at="09:10")
    assert result.code in (ExitCode.OK, ExitCode.INCOMPLETE)
    assert all(len(row["text"]) < 110_000 for row in result.rows)


@pytest.mark.parametrize("format_", ["plain", "table"])
def test_controls_and_markup_are_made_visible(shop: Shop, format_: str) -> None:
    shop.records("facebook", {"id": "7", "author_id": "x", "author": HOSTILE, "text": HOSTILE,
                              "at": "09:01"})  # fmt: skip
    out = shop.run("check", "--format", format_, at="09:10").out
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "[bold]markup[/]" in out


@pytest.mark.slow
def test_a_file_channel_without_its_file(shop: Shop) -> None:
    shop.run("sync", at="09:10")
    (shop.folder / "facebook.ndjson").unlink()
    result = shop.run("check", "--format", "plain", at="09:20")
    assert result.code == ExitCode.UNAVAILABLE
    assert "no such file" in result.out
    assert "Not complete" in result.out


def test_one_of_two_channels_broken_is_code_three(shop: Shop) -> None:
    shop.records("yelp", {"id": "1", "author_id": "a", "text": "Nice", "at": "09:00"})
    shop.write_config()
    (shop.folder / "yelp.ndjson").unlink()
    result = shop.run("check", "--json", at="09:20")
    assert result.code == ExitCode.INCOMPLETE
    assert not result.json["summary"]["complete"]
    assert [row["channel"] for row in result.rows] == ["facebook"]


@pytest.mark.slow
def test_a_week_after_the_last_sync_the_queue_is_stale(shop: Shop) -> None:
    shop.run("sync", at="09:10")
    fresh = shop.run("queue", "--json", at="09:20").json
    assert fresh["summary"]["complete"]
    week = shop.run("queue", "--json", at="tue2 09:20")
    assert week.code == ExitCode.OK
    assert week.json["channels"][0]["status"] == "stale"
    assert not week.json["summary"]["complete"]
    assert "Nothing is waiting" not in shop.run("queue", at="tue2 09:20").out


def test_without_a_channel_nothing_is_all_clear(tmp_path: Path) -> None:
    result = Shop(tmp_path).run("check", "--json", at="09:10")
    assert not result.json["summary"]["complete"]
    plain = Shop(tmp_path).run("check", at="09:10").out
    assert "Nothing is waiting" not in plain


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["queue", "--format", "pdf"], "pdf"),
        (["show", "999"], "999"),
        (["done", "abc:1"], "abc"),
        (["done", "9-3"], "9-3"),
        (["ignore", "1", "--cause", "boring"], "boring"),
        (["snooze", "1", "--until", "someday"], "someday"),
        (["check", "--fail-on", "never"], "never"),
        (["sync", "nowhere"], "nowhere"),
        (["explain"], "explain"),
    ],
)
def test_wrong_arguments_are_code_two(shop: Shop, arguments: list[str], word: str) -> None:
    shop.run("sync", at="09:10")
    result = shop.run(*arguments, at="09:20")
    assert result.code == ExitCode.USAGE
    assert word in result.err
    assert "Traceback" not in result.err


def test_an_unknown_option_is_code_two(shop: Shop) -> None:
    result = shop.run("queue", "--nonsense", at="09:20")
    assert result.code == ExitCode.USAGE
    assert "--nonsense" in result.err


@pytest.mark.slow
def test_an_output_file_in_a_folder_that_is_not_there(shop: Shop) -> None:
    result = shop.run("check", "-o", str(shop.folder / "none" / "q.txt"), at="09:20")
    assert result.code == ExitCode.IO
    assert_clear(result, "q.txt")


def test_the_database_is_readable_by_its_owner_only(shop: Shop) -> None:
    shop.run("sync", at="09:10")
    for path in shop.folder.glob("shop.db*"):
        assert path.stat().st_mode & 0o077 == 0, path
