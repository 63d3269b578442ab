"""Databases of every earlier schema, opened today."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mentionwatch.store import migrations
from mentionwatch.store.database import Store
from tests.shop import Shop
from tests.store import aged

pytestmark = pytest.mark.slow

VERSIONS = range(1, migrations.VERSION + 1)
OLDER = range(1, migrations.VERSION)
AT = "wed 09:00"
# What the shop of tests/store/aged.py knows; figures and order are a matter of other tests.
OPEN = {1, 5, 9, 10}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """The shop whose database is an old one; its files are gone."""
    shop = Shop(tmp_path, hours=aged.LONGER, more=aged.TEAM)
    for name in ("facebook", "mastodon", "webchat", "yelp"):
        shop.channel(name)
    return shop


def rows(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Return all that is stored, by table."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        return {
            table: [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]
            for table in aged.tables(migrations.version(connection))
        }


def schema(path: Path) -> list[tuple[str, str, str]]:
    """Return what a database is made of; blanks and comments do not matter."""
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_master")
        return sorted(
            (type_, name, " ".join(re.sub(r"--[^\n]*", "", sql).split()))
            for type_, name, sql in found
        )


def test_each_schema_has_its_rows() -> None:
    """Missing? See the docstring of tests/store/aged.py."""
    kept = {path.name for path in aged.DATA.glob("schema_*.sql")}
    assert kept == {f"schema_{version}.sql" for version in VERSIONS}


@pytest.mark.parametrize("version", VERSIONS)
def test_scripts_stay_as_they_were(version: int) -> None:
    """A database out there has run it already: what is to change needs a new script."""
    first = (aged.DATA / f"schema_{version}.sql").read_text("utf-8").partition("\n")[0]
    assert first.endswith(f"schema {version}: {aged.fingerprint(version)}")


@pytest.mark.parametrize("version", VERSIONS)
def test_every_table_has_a_row(version: int, tmp_path: Path) -> None:
    aged.build(tmp_path / "old.db", version)
    assert [table for table, found in rows(tmp_path / "old.db").items() if not found] == []


@pytest.mark.parametrize("version", VERSIONS)
def test_an_upgrade_keeps_every_row_and_a_copy(version: int, tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    aged.build(path, version)
    before = rows(path)
    with Store(path) as store:
        assert migrations.version(store.connection) == migrations.VERSION
    after = rows(path)
    for table, kept in before.items():
        assert kept == [
            {name: value for name, value in row.items() if name in kept[0]} for row in after[table]
        ], table
    copies = sorted(one.name for one in tmp_path.glob("*.backup"))
    assert copies == ([f"shop.v{version}.backup"] if version in OLDER else [])
    for copy in copies:
        assert rows(tmp_path / copy) == before
        assert (tmp_path / copy).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_an_upgraded_database_is_like_a_new_one(version: int, tmp_path: Path) -> None:
    aged.build(tmp_path / "old.db", version)
    for name in ("old.db", "new.db"):
        Store(tmp_path / name).close()
    assert schema(tmp_path / "old.db") == schema(tmp_path / "new.db")


@pytest.mark.parametrize("version", VERSIONS)
def test_the_program_works_on(version: int, shop: Shop) -> None:
    aged.build(shop.db, version)
    queue = shop.run("queue", "--json", at=AT)
    assert {row["id"] for row in queue.rows} == OPEN
    row = queue.row(1)
    assert (row["messages"], row["assignee"], row["labels"]) == (3, "ana", ["vip"])
    thread = shop.run("show", "6", "--json", at=AT)  # an id of before it was joined to 1
    assert thread.json["conversation"]["id"] == 1
    said = thread.out
    assert "called back, nobody at home" in said
    assert "Ordered on the 2nd" in said
    assert [one["id"] for one in shop.run("search", "oat milk", "--json", at=AT).rows] == [2]
    assert shop.run("search", "expired", "--json", at=AT).rows[0]["id"] == 4
    report = shop.run("report", "--since", "30d", "--json", at=AT)
    assert report.json["figures"]["mentions"] == 9
    assert shop.run("db", "check", at=AT).code == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_the_next_sync_goes_on_where_the_last_one_ended(version: int, shop: Shop) -> None:
    aged.build(shop.db, version)
    shop.records(
        "facebook",
        {"id": "f7", "author_id": "dana", "author": "Dana Reyes", "thread_id": "p1",
         "text": "Day four.", "at": "wed 09:10"},
        {"type": "reply", "id": "r1", "parent_id": "f5", "at": "wed 09:05"},
    )  # fmt: skip
    for name in ("mastodon", "webchat", "yelp"):
        shop.records(name)
    ids = {row["id"]: row["messages"] for row in shop.queue("wed 09:20")}
    assert ids.keys() == OPEN - {5}
    assert ids[1] == 4
