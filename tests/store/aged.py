"""
Databases as earlier versions left them.

``data/schema_N.sql`` holds the rows that the program wrote when N was the newest schema: a shop
after three days of work, something in every table. A new migration needs one of its own:

    python -m tests.store.aged

writes the one of the newest schema. The older ones stay as they are: nobody can write them again.
"""

from __future__ import annotations

import hashlib
import sqlite3
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from mentionwatch.store import migrations
from tests.shop import Shop

DATA = Path(__file__).with_name("data")
TEAM = '[team]\nnames = ["ana", "ben"]\n'
HOURS = '[hours]\ntimezone = "Europe/London"\nmon-fri = ["09:00-17:00"]\n'
LONGER = '[hours]\ntimezone = "Europe/London"\nmon-sat = ["08:00-18:00"]\n'
# What comes of sending, of years, and of a run that was cut short: as the program writes it.
BESIDE = """
INSERT INTO holiday VALUES ('GB-ENG', 2026, '{"2026-12-25": "Christmas Day"}', 1794834000000);
INSERT INTO revisit VALUES ('facebook', 'f1', 1794990600000);
INSERT INTO dirty SELECT contact, 1794990600000 FROM mention WHERE external_id = 'y1';
INSERT INTO digest VALUES ('2026-11-18', 'owner@acme.example', '<digest-20261118@acme.example>',
    1795250100000, 1795250100000, 1795250104000, '');
INSERT INTO digest VALUES ('2026-11-18', 'ben@acme.example', '<digest-20261118b@acme.example>',
    1795250100000, 1795250100000, NULL, 'smtp.acme.example: no answer');
INSERT INTO alert (target, about, subject, kind, level, covers, claimed_at, sent_at)
    VALUES ('ntfy', 'conversation', '1', 'new', 0, 2, 1795250100000, 1795250101000),
           ('ntfy', 'channel', 'inbox', 'failed', 1, 1795240000000, 1795250100000, NULL);
INSERT INTO handoff (target, conversation_id, mention_id, uid, state, started_at, done_at,
    remote_id, remote_url) SELECT 'desk', id, newest_id, 'h-' || id, 'done', 1795250100000,
    1795250102000, '7001', 'https://desk.example/7001' FROM conversation WHERE id = 1;
INSERT INTO verdict (conversation_id, mention_id, at, actor, given, score)
    SELECT id, newest_id, 1795250200000, 'ana', 4, 75.0 FROM conversation WHERE id = 2;
"""


def fill(folder: Path) -> Shop:
    """Let a shop work for three days through its command line."""
    shop = Shop(folder, hours=HOURS, more=TEAM)
    _monday(shop)
    shop.run("sync", at="mon 15:00")
    _tuesday(shop)
    shop.run("sync", at="tue 09:30")
    for command in (
        ("done", "2", "--replied", "--at", "09:20"),
        ("ignore", "3", "--cause", "spam"),
        ("snooze", "4", "--until", "2026-11-20 09:00"),
        ("assign", "ana", "1"),
        ("note", "1", "called back, nobody at home"),
        ("label", "1", "vip"),
        ("done", "5"),
        ("undo",),
    ):
        result = shop.run(*command, at="tue 10:00")
        assert result.code == 0, (command, result.err)
    shop.hours = LONGER
    shop.run("sync", at="wed 08:30")
    assert shop.run("link", "1", "6", at="wed 08:40").code == 0
    shop.run("queue", at="wed 08:45")
    return shop


def _monday(shop: Shop) -> None:
    shop.records(
        "facebook",
        {"id": "f1", "author_id": "dana", "author": "Dana Reyes", "thread_id": "p1",
         "text": "Where is my order 1182?", "at": "mon 10:00", "likes": 3, "followers": 312,
         "url": "https://facebook.example/f1"},
        {"id": "f2", "author_id": "bo", "author": "Bo", "thread_id": "p1", "parent_id": "p1",
         "text": "Is the oat milk back? ☕", "at": "mon 10:05", "replied_at": None},
        {"id": "f3", "author_id": "win", "author": "Win Big", "thread_id": "p2",
         "text": "Win a telephone!!! https://win.example", "at": "mon 11:00"},
        {"id": "f4", "author_id": "cy", "author": "Cy", "thread_id": "p3", "media": 1,
         "text": "Expired!", "at": "mon 12:00"},
        {"id": "f5", "author_id": "di", "author": "Di", "thread_id": "p4",
         "text": "Do you cater for weddings?", "at": "mon 12:30"},
        {"type": "own_post", "id": "p1", "text": "New beans today", "at": "mon 09:00"},
    )  # fmt: skip
    shop.run("sync", at="mon 13:00")  # one channel first: ids in the order of the records
    shop.records(
        "mastodon",
        {"id": "m1", "author_id": "@dana@example.social", "author": "Dana Reyes",
         "author_handle": "@dana@example.social", "lang": "en", "at": "mon 14:00",
         "text": "I called @acme twice and filled in the form. Nothing."},
        {"id": "m2", "author_id": "@ed@example.social", "author": "Ed", "repost": True,
         "parent_id": "m1", "at": "mon 14:10"},
    )  # fmt: skip


def _tuesday(shop: Shop) -> None:
    shop.records(
        "facebook",
        {"id": "f1", "author_id": "dana", "author": "Dana Reyes", "thread_id": "p1",
         "text": "Where is my order 1182? Ordered on the 2nd.", "at": "mon 10:00",
         "updated_at": "2026-11-16T18:00:00Z", "url": "https://facebook.example/f1"},
        {"id": "f6", "author_id": "dana", "author": "Dana Reyes", "thread_id": "p1",
         "text": "Hello?? Third day now.", "at": "tue 09:00"},
        {"type": "deleted", "id": "f4"},
    )  # fmt: skip
    shop.run("sync", at="tue 09:20")
    shop.records(
        "webchat",
        {"id": "w1", "author_id": "fay", "author": "Fay", "thread_id": "c1", "private": True,
         "text": "My invoice 77 is wrong.", "at": "mon 16:00"},
        {"id": "w2", "is_own": True, "thread_id": "c1", "parent_id": "w1", "to": "fay",
         "text": "We are looking into it.", "at": "mon 16:20"},
    )  # fmt: skip
    shop.run("sync", at="tue 09:25")
    shop.records(
        "yelp",
        {"id": "y1", "author_id": "gil", "author": "Gil", "rating": 2, "title": "Too loud",
         "text": "Nice coffee, but too loud for me.", "at": "mon 18:00"},
    )  # fmt: skip


def build(path: Path, version: int) -> None:
    """Make a database of an older schema, with the rows of then."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    newest, migrations.SCRIPTS = migrations.SCRIPTS, migrations.SCRIPTS[:version]
    try:
        migrations.migrate(connection)
    finally:
        migrations.SCRIPTS = newest
    connection.executescript((DATA / f"schema_{version}.sql").read_text("utf-8"))
    connection.execute("INSERT INTO mention_text (mention_text) VALUES ('rebuild')")
    connection.commit()
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()
    path.chmod(0o600)


def dump(connection: sqlite3.Connection, version: int, folder: Path) -> str:
    """Return the rows of a database as SQL, in the tables that a schema has."""
    lines = [f"-- The scripts up to schema {version}: {fingerprint(version)}"]
    for table in tables(version):
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        quoted = ", ".join(f"quote({column})" for column in columns)
        lines += [
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(row)});"
            for row in connection.execute(f"SELECT {quoted} FROM {table}")
        ]
    return "\n".join(lines).replace(str(folder), "/shop") + "\n"


def fingerprint(version: int) -> str:
    """Return what tells whether the scripts up to a version are still what they were."""
    scripts = "\n".join(script for _, script in migrations.SCRIPTS[:version])
    return hashlib.sha256(scripts.encode()).hexdigest()


def tables(version: int) -> list[str]:
    """Return the tables of a schema, but for those that SQLite and sqlite-utils fill."""
    connection = sqlite3.connect(":memory:")
    for _, script in migrations.SCRIPTS[:version]:
        connection.executescript(script)
    found = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' "
        "ESCAPE '\\' AND name NOT LIKE 'mention_text%'"
    )
    return [row[0] for row in found]


def write(versions: Iterable[int]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(folder)
        connection = sqlite3.connect(folder / "shop.db")
        connection.executescript(BESIDE)
        for version in versions:
            text = dump(connection, version, folder)
            (DATA / f"schema_{version}.sql").write_text(text, "utf-8")
        connection.close()


if __name__ == "__main__":
    given = [int(one) for one in sys.argv[1:]] or [migrations.VERSION]
    write(given)
