"""Retention, forgetting, backups: what goes, and what must not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from mentionwatch.errors import ExitCode
from tests.shop import Shop

pytestmark = pytest.mark.slow


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path)
    shop.records(
        "facebook",
        {"id": "1", "author_id": "ann", "author": "Ann Lee", "text": "Where is my marzipan?",
         "at": "09:00"},
        {"id": "2", "author_id": "bo", "author": "Bo Ito", "text": "Nougat, please?",
         "at": "09:05", "answered": "09:20"},
    )  # fmt: skip
    shop.run("sync", at="09:30")
    return shop


def keep(shop: Shop, length: str) -> None:
    write = shop.write_config

    def with_keep() -> None:
        write()
        text = shop.config.read_text().replace("[channels.facebook]", "[channels.facebook]\nkeep = "
                                               f'"{length}"')  # fmt: skip
        shop.config.write_text(text)

    shop.write_config = with_keep  # type: ignore[method-assign]


def test_what_is_closed_goes_after_a_while_and_what_is_open_stays(shop: Shop) -> None:
    keep(shop, "2d")
    shop.run("sync", at="fri 09:00")
    everything = shop.run("queue", "--all", "--json", at="fri 09:01").rows
    assert [row["author"]["name"] for row in everything] == ["Ann Lee"]
    assert shop.run("search", "nougat", "--json", at="fri 09:01").rows == []
    assert shop.run("db", "check", at="fri 09:02").code == ExitCode.OK


def test_words_that_a_platform_forbids_to_keep_go_and_the_row_stays(
    shop: Shop, monkeypatch
) -> None:
    from mentionwatch.channels.file import File

    monkeypatch.setattr(File, "keep_at_most", timedelta(hours=24), raising=False)
    shop.run("sync", at="thu 09:00")
    (row,) = shop.run("queue", "--json", at="thu 09:01").rows
    assert row["text"] == ""
    assert row["overdue"]
    assert not any(reason["quote"] for reason in row["reasons"])
    assert b"marzipan" not in _bytes(shop)


def _bytes(shop: Shop) -> bytes:
    return b"".join(path.read_bytes() for path in shop.folder.glob("shop.db*"))


def test_forget_leaves_no_trace(shop: Shop) -> None:
    shop.run("note", "1", "asked", "for", "marzipan", at="09:40")
    result = shop.run("forget", "ann lee", "--yes", at="09:41")
    assert result.code == ExitCode.OK
    assert "Backups" in result.err
    data = b"".join(path.read_bytes() for path in shop.folder.glob("shop.db*"))
    assert b"marzipan" not in data
    assert b"Ann Lee" not in data
    assert shop.run("db", "check", at="09:42").code == ExitCode.OK
    assert [r["author"]["name"] for r in shop.run("queue", "--all", "--json", at="09:42").rows] == [
        "Bo Ito"
    ]


def test_forget_asks_before_it_removes(shop: Shop) -> None:
    assert shop.run("forget", "ann lee", at="09:41").code == ExitCode.USAGE
    assert "nothing is stored of nobody" in shop.run("forget", "nobody", "-y", at="09:41").err


def test_a_backup_is_restored_and_the_rest_is_kept_beside_it(shop: Shop) -> None:
    copy = shop.folder / "copy.db"
    shop.run("db", "backup", str(copy), at="09:40")
    shop.run("done", "1", at="09:41")
    assert shop.run("db", "restore", str(copy), at="09:42").code == ExitCode.OK
    assert [row["id"] for row in shop.run("queue", "--json", at="09:43").rows] == [1]
    assert list(shop.folder.glob("*.before-restore.db"))


def test_a_file_that_is_no_backup_changes_nothing(shop: Shop) -> None:
    wrong = shop.folder / "wrong.db"
    wrong.write_text("nothing of the kind" * 100)
    assert shop.run("db", "restore", str(wrong), at="09:42").code == ExitCode.IO
    assert [row["id"] for row in shop.run("queue", "--json", at="09:43").rows] == [1]
    assert not list(shop.folder.glob("*restoring*"))


def test_everything_can_be_taken_away(shop: Shop) -> None:
    lines = shop.run("db", "export", at="09:40").out.splitlines()
    assert sum('"table": "mention"' in line for line in lines) == 2
    assert any('"table": "reply"' in line for line in lines)


def test_a_renamed_channel_keeps_its_conversations(shop: Shop) -> None:
    assert shop.run("channels", "rename", "facebook", "page", at="09:40").code == ExitCode.OK
    shop.channels["page"] = shop.channels.pop("facebook")
    shop.channels["page"].name = "page"
    (shop.folder / "facebook.ndjson").rename(shop.folder / "page.ndjson")
    result = shop.run("check", "--json", at="09:45")
    assert [(row["id"], row["channel"]) for row in result.rows] == [(1, "page")]
    with shop.sql() as connection:
        assert connection.execute("SELECT count(*) FROM mention").fetchone()[0] == 2


@pytest.mark.parametrize(("platform", "text"), [("reddit", ""), ("facebook", "Where is my jam?")])
def test_words_taken_back_go_where_the_platform_asks_for_it(
    shop: Shop, platform: str, text: str
) -> None:
    shop.records(
        "more",
        {"id": "9", "author_id": "cy", "text": "Where is my jam?", "at": "09:10"},
        type_=platform,
    )
    shop.run("sync", at="09:40")
    shop.records("more", {"type": "deleted", "id": "9"}, type_=platform)
    shop.run("sync", at="09:50")
    with shop.sql() as connection:
        row = connection.execute("SELECT text FROM mention WHERE external_id = '9'").fetchone()
    assert row["text"] == text
    assert shop.run("db", "check", at="09:51").code == ExitCode.OK
