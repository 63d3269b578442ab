"""Imports into channels that are configured, and channels that get another name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shop import Result, Shop

pytestmark = pytest.mark.slow


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


ASKS = {"id": "1", "author_id": "ann", "author": "Ann", "text": "Where is my order?", "at": "09:00"}


def bring_in(shop: Shop, line: str, *options: str) -> Result:
    path = shop.folder / "import.csv"
    path.write_text(f"id,author_id,text,created_at\n{line}\n")
    return shop.run("import", str(path), *options, at="10:00")


def test_an_import_does_not_make_a_channel_look_as_if_it_had_been_read(shop: Shop) -> None:
    shop.channel("yelp")
    bring_in(shop, "7,bo,Where is my order?,2026-11-17T09:00:00Z", "--channel", "yelp")
    queue = shop.run("queue", "--json", at="10:01").json
    assert [channel["status"] for channel in queue["channels"]] == ["never"]
    assert not queue["summary"]["complete"]


def test_an_import_leaves_what_a_sync_learned_of_the_channel(shop: Shop) -> None:
    shop.records("yelp", ASKS)
    shop.queue("09:10")
    columns = "type, family, sees_replies, account, status, last_success_at"
    with shop.sql() as connection:
        before = tuple(connection.execute(f"SELECT {columns} FROM channel").fetchone())
    bring_in(shop, "7,bo,Where is it?,2026-11-17T09:00:00Z", "--channel", "yelp", "--type", "x")
    with shop.sql() as connection:
        assert tuple(connection.execute(f"SELECT {columns} FROM channel").fetchone()) == before


def test_what_we_wrote_in_a_configured_channel_is_no_customer(shop: Shop) -> None:
    shop.more = '[channels.old]\ntype = "file"\npath = "x.ndjson"\nown_accounts = ["@acmecoffee"]\n'
    bring_in(shop, "7,acmecoffee,Fresh bread at eight?,2026-11-17T09:00:00Z", "--channel", "old")
    assert shop.run("queue", "--json", at="10:01").rows == []


@pytest.mark.parametrize("name", ["manual", "a:b", "a/b", "a?b", ""])
def test_an_import_needs_a_name_that_a_channel_can_bear(shop: Shop, name: str) -> None:
    result = bring_in(shop, "7,bo,Where?,2026-11-17T09:00:00Z", "--channel", name)
    assert result.code == 2
    assert "cannot be a channel's name" in result.err


def test_an_import_is_not_said_to_be_no_longer_read(shop: Shop) -> None:
    shop.records("yelp", ASKS)
    shop.queue("09:10")
    bring_in(shop, "7,bo,Where is it?,2026-11-17T09:00:00Z", "--channel", "calls")
    assert "no longer read" not in shop.run("queue", at="10:01").out


def test_a_renamed_channel_keeps_rows_ids_and_what_its_own_target_decided(shop: Shop) -> None:
    shop.more = '[channels.old.targets]\nhigh = "5m"\nnormal = "5m"\n'
    shop.records("old", {**ASKS, "answered": "09:10"}, {**ASKS, "id": "2", "author_id": "bo"})
    assert len(shop.queue("09:20")) == 1
    select = "SELECT conversation_id, result, due_at FROM clock"
    with shop.sql() as connection:
        before = [tuple(row) for row in connection.execute(select)]
    assert before[0][1] == "breached"
    assert shop.run("channels", "rename", "old", "new", at="09:30").code == 0
    shop.more = shop.more.replace("old", "new")
    shop.channels["new"] = shop.channels.pop("old")
    shop.channels["new"].name = "new"
    shop.records("new", {**ASKS, "id": "3", "author_id": "bo", "at": "09:35", "text": "Hello?"})
    assert [(row["id"], row["messages"]) for row in shop.queue("09:40")] == [(2, 2)]
    with shop.sql() as connection:
        assert [tuple(row) for row in connection.execute(select)] == before


@pytest.mark.parametrize("name", ["a/b", "a:b", "manual"])
def test_a_channel_cannot_take_a_name_that_none_can_bear(shop: Shop, name: str) -> None:
    shop.records("old", ASKS)
    shop.queue("09:10")
    assert shop.run("channels", "rename", "old", name, at="09:30").code == 2


def test_a_channel_that_does_not_exist_has_no_empty_queue(shop: Shop) -> None:
    shop.records("facebook", ASKS)
    shop.queue("09:10")
    result = shop.run("queue", "channel:facebok", at="09:11")
    assert result.code == 2
    assert "there is no channel facebok" in result.err
    assert len(shop.run("queue", "--json", "channel:Facebook", at="09:11").rows) == 1
