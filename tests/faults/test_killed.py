"""
Killed anywhere, and run again: nothing is lost, nothing is doubled.

Two hundred moments, drawn with a seed over all writes of ten kinds of runs. At least 150 of them
lie inside a transaction, or between sending something and recording that it was sent.
"""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mentionwatch.store import m001_initial, migrations
from tests.delivery.mailbox import Mailbox
from tests.faults.killed import EDGE, OUTSIDE, Killer, Run
from tests.server import Reply, Request, Server
from tests.shop import Shop

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SEED = 20261117
MOMENTS = {
    "sync": 45, "import": 25, "rescore": 25, "first": 15, "upgrade": 15, "done": 10, "undo": 10,
    "triage": 15, "digest": 20, "alerts": 10, "handoff": 10,
}  # fmt: skip
FEWEST_TORN = 150
NOW = "2026-11-17T16:00:00+00:00"
OWNER, BEN = "owner@acme.example", "ben@acme.example"
Keys = Sequence[tuple[str, str]]

# By natural keys: channels are read side by side, so the order of their rows is not the same twice.
NATURAL = {
    "mention": "SELECT channel, external_id, text, contact, thread, urgency FROM mention "
    "ORDER BY channel, external_id",
    "reply": "SELECT channel, external_id, text, at FROM reply ORDER BY channel, external_id",
    "own_post": "SELECT channel, external_id, text FROM own_post ORDER BY channel, external_id",
    "conversation": "SELECT contact, first_at, state, priority, due_at, messages "
    "FROM conversation ORDER BY contact, first_at",
    "home": "SELECT m.channel, m.external_id, c.first_at FROM mention m "
    "JOIN conversation c ON c.id = m.conversation_id ORDER BY m.channel, m.external_id",
    "clock": "SELECT c.contact, k.kind, k.since, k.due_at, k.replied_at, k.result FROM clock k "
    "JOIN conversation c ON c.id = k.conversation_id ORDER BY c.contact, k.since, k.kind",
    "dirty": "SELECT contact FROM dirty",
    "edit": "SELECT item, text FROM edit ORDER BY item, text",
    "event": "SELECT m.channel, m.external_id, e.kind, e.data, u.kind FROM event e "
    "LEFT JOIN mention m ON m.id = e.mention_id LEFT JOIN event u ON u.id = e.undoes "
    "ORDER BY m.channel, m.external_id, e.kind",
    "text": "SELECT m.channel, m.external_id FROM mention_text t JOIN mention m ON m.id = t.rowid "
    "WHERE mention_text MATCH 'coffee' ORDER BY m.channel, m.external_id",
    "digest": "SELECT recipient, sent_at IS NULL FROM digest ORDER BY recipient",
    "alert": "SELECT target, kind, covers, sent_at IS NULL FROM alert ORDER BY 1, 2, 3",
    "handoff": "SELECT target, uid, state, remote_id FROM handoff ORDER BY target, uid",
}
WEEKDAYS = '[hours]\ntimezone = "Europe/London"\nmon-fri = ["09:00-17:00"]'
MORNINGS = '[hours]\ntimezone = "Europe/London"\nmon-fri = ["09:00-11:00"]'


@dataclass
class Business:
    """A shop whose command lines are run in processes of their own."""

    shop: Shop
    killer: Killer
    writes: str = ""
    before: dict[str, bytes] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.shop.folder

    def run(self, *arguments: str, kill_at: int = 0, keys: Keys = ()) -> Run:
        words = [*arguments, "--config", str(self.shop.config)]
        return self.killer.run(*words, folder=self.folder, at=NOW, kill_at=kill_at, keys=keys)

    def well(self, *arguments: str, keys: Keys = ()) -> Run:
        """Run to the end; anything else is a failure of the test."""
        ended = self.run(*arguments, keys=keys)
        assert ended.code == 0, ended.err
        return ended

    def remember(self) -> None:
        self.before = {path.name: path.read_bytes() for path in self.folder.glob("shop*.db*")}

    def rewind(self) -> None:
        """Put the database back as it was when it was remembered."""
        for path in self.folder.glob("shop*"):
            if ".db" in path.name or "backup" in path.name:
                path.unlink()
        for name, content in self.before.items():
            (self.folder / name).write_bytes(content)

    def facts(self) -> dict[str, list[tuple[object, ...]]]:
        with self.shop.sql() as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            return {
                name: [tuple(row) for row in connection.execute(query)]
                for name, query in NATURAL.items()
            }


@pytest.fixture(scope="module")
def killer() -> Iterator[Killer]:
    with Killer() as killer:
        yield killer


@pytest.fixture
def business(tmp_path: Path, killer: Killer) -> Business:
    """Three channels, a hundred and twenty records, answers among them."""
    shop = Shop(tmp_path, hours=WEEKDAYS)
    for channel in ("facebook", "mastodon", "inbox"):
        shop.records(channel, *records(channel, 30))
    shop.write_config()
    return Business(shop=shop, killer=killer)


def records(channel: str, count: int) -> Iterator[dict[str, object]]:
    for number in range(count):
        at = f"2026-11-{15 + number % 3:02d} {8 + number % 7:02d}:{number % 60:02d}"
        yield {
            "id": f"{channel}-{number}",
            "author_id": f"{channel}-author-{number % 12}",
            "text": f"Where is my coffee, number {number}?",
            "at": at,
        }
        if number % 3 == 0:
            yield {
                "id": f"{channel}-r{number}",
                "is_own": True,
                "parent_id": f"{channel}-{number}",
                "text": "It is on its way, it comes today.",
                "at": at,
            }


def moments(kind: str, writes: str) -> list[int]:
    """
    Draw the writes at which to kill, counted from 1.

    Up to half of them at edges, nine of ten where something could be torn.
    """
    chance = random.Random(f"{SEED} {kind}")
    edges = [number for number, place in enumerate(writes, 1) if place == EDGE]
    torn = [number for number, place in enumerate(writes, 1) if place != OUTSIDE]
    calm = [number for number, place in enumerate(writes, 1) if place == OUTSIDE]
    chosen = chance.sample(edges, min(len(edges), MOMENTS[kind] // 2))
    chosen += chance.sample(calm, min(len(calm), MOMENTS[kind] // 10))
    chosen += chance.choices(torn, k=MOMENTS[kind] - len(chosen))
    # Of each kind so many that it makes the whole.
    assert len(chosen) - len(set(chosen) & set(calm)) >= FEWEST_TORN / 200 * len(chosen)
    return chosen


def killed_everywhere(
    kind: str,
    business: Business,
    command: tuple[str, ...],
    *,
    before: Callable[[], None] = lambda: None,
    after: Callable[[], object] = lambda: None,
    again: Callable[[], object] | None = None,
) -> None:
    """
    Run undisturbed, then killed at each moment and again; the facts must be the same.

    Args:
        before: Called before each run that is killed.
        after: Called when it was killed, before the next.
        again: What follows; by default the same command.
    """
    business.remember()
    whole = business.well(*command)
    expected = business.facts()
    for moment in moments(kind, whole.writes):
        business.rewind()
        before()
        cut = business.run(*command, kill_at=moment)
        assert cut.killed, f"{kind} lived through write {moment}: {cut.err}"
        after()
        if again is None:
            business.well(*command)
        else:
            again()
        assert business.facts() == expected, f"{kind} killed at write {moment}"


def test_two_hundred_moments() -> None:
    assert sum(MOMENTS.values()) == 200


def test_a_sync(business: Business) -> None:
    killed_everywhere("sync", business, ("sync",))


def test_an_import(business: Business) -> None:
    business.well("sync")
    export = business.folder / "old.ndjson"
    lines = [{**one, "created_at": one.pop("at").replace(" ", "T") + "Z"}
             for one in records("old", 60)]  # fmt: skip
    export.write_text("".join(json.dumps(line) + "\n" for line in lines))
    killed_everywhere("import", business, ("import", str(export), "--channel", "old"))


def test_scoring_again_with_other_hours(business: Business) -> None:
    business.well("sync")
    business.shop.hours = MORNINGS
    business.shop.write_config()

    business.remember()
    business.well("queue")
    whole = [business.facts()]  # nothing marked yet; all marked
    business.rewind()
    business.well("rescore", "--history")
    whole.append(business.facts())
    business.rewind()

    def unfinished() -> None:
        """What was marked and not yet assessed is assessed by whoever reads next."""
        report = json.loads(business.well("queue", "--json").out)
        assert report["summary"].get("unassessed", 0) == 0
        assert business.facts() in whole, "a mark was lost"

    killed_everywhere("rescore", business, ("rescore", "--history"), after=unfinished)


def test_the_first_start(business: Business) -> None:
    killed_everywhere("first", business, ("queue",))


def test_an_upgrade(business: Business) -> None:
    """From the first schema, with what it held; the copy that is made before stays readable."""
    business.well("sync")
    old = business.folder / "old.db"
    _as_of_the_first_schema(business.shop.db, old)
    for path in business.folder.glob("shop.db*"):
        path.unlink()
    shutil.move(old, business.shop.db)

    def again() -> None:
        business.well("queue")
        copy = business.folder / "shop.v1.backup"
        if copy.exists():
            with sqlite3.connect(copy) as connection:
                assert connection.execute("SELECT count(*) FROM mention").fetchone()[0] == 90

    killed_everywhere("upgrade", business, ("queue",), again=again)
    assert (business.folder / "shop.v1.backup").exists()


def _as_of_the_first_schema(new: Path, old: Path) -> None:
    """Write the rows of a database into one of the first schema."""
    with sqlite3.connect(new) as source:
        source.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with sqlite3.connect(old, isolation_level=None) as target:
        for statement in migrations._statements(m001_initial.SCRIPT):
            target.execute(statement)
        target.execute("PRAGMA user_version = 1")
        target.execute(
            "CREATE TABLE _sqlite_migrations (id INTEGER PRIMARY KEY, migration_set TEXT, "
            "name TEXT, applied_at TEXT, UNIQUE (migration_set, name))"
        )
        target.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) "
            "VALUES ('mentionwatch', 'm001_initial', '2026-11-01')"
        )
        target.execute("ATTACH ? AS new", (str(new),))
        tables = [row[0] for row in target.execute(
            "SELECT name FROM main.sqlite_master WHERE type = 'table' "
            "AND name NOT LIKE 'mention_text%' AND name NOT LIKE '%sqlite%'"
        )]  # fmt: skip
        for table in tables:
            columns = ", ".join(
                row[1] for row in target.execute(f"PRAGMA main.table_info({table})")
            )
            target.execute(
                f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{table}"
            )
        target.execute("INSERT INTO mention_text (mention_text) VALUES ('rebuild')")
        target.execute("DETACH new")


def test_acts_are_all_or_nothing(business: Business) -> None:
    """`done` on several, and `undo` of it: each is recorded whole or not at all, never twice."""
    business.well("sync")
    ids = [str(row["id"]) for row in json.loads(business.well("queue", "--json").out)["rows"]][:4]
    assert len(ids) == 4
    for command in (("done", *ids), ("undo",)):
        business.remember()
        before = business.facts()
        whole = business.well(*command)
        expected = business.facts()
        assert expected != before
        for moment in moments(command[0], whole.writes):
            business.rewind()
            cut = business.run(*command, kill_at=moment)
            assert cut.killed
            assert business.facts() == before, f"{command[0]} killed at write {moment}"
            business.well(*command)
            assert business.facts() == expected, f"{command[0]} killed at write {moment}"


# What is typed in a triage: each makes one entry in the log, or takes one back.
TRIAGE: tuple[Keys, ...] = (
    [("q quit", "d")],
    [("q quit", "z"), ("3 tomorrow", "3")],
    [("q quit", "i"), ("not about us", "u")],
    [("q quit", "n"), ("note: ", "call back\r")],
    [("q quit", "u")],
    [("q quit", "r")],
)


def test_triage_keeps_what_was_done_key_by_key(business: Business) -> None:
    """Killed between or within keys: each is carried out whole or not at all, and it goes on."""
    business.well("sync")
    business.remember()

    def typed(first: int, last: int, kill_at: int = 0) -> Run:
        keys = [one for act in TRIAGE[first:last] for one in act]
        return business.run("triage", kill_at=kill_at, keys=[*keys, ("q quit", "q")])

    done_so_far = []
    for last in range(len(TRIAGE) + 1):
        business.rewind()
        whole = typed(0, last)
        assert whole.code == 0, whole.err
        done_so_far.append(business.facts())
        assert len(done_so_far[-1]["event"]) == last, "each act makes one entry"
    for moment in moments("triage", whole.writes):
        business.rewind()
        cut = typed(0, len(TRIAGE), kill_at=moment)
        assert cut.killed, f"triage lived through write {moment}: {cut.err}"
        kept = len(business.facts()["event"])
        assert business.facts() == done_so_far[kept], f"triage killed at write {moment}"
        assert typed(kept, len(TRIAGE)).code == 0
        assert business.facts() == done_so_far[-1], f"triage killed at write {moment}"


def test_a_digest_is_repeated_rather_than_lost(business: Business) -> None:
    """Each gets it; only the mail that was under way may come twice, under the same Message-ID."""
    with Mailbox() as mailbox:
        business.shop.more = (
            f'[digest]\nto = ["{OWNER}", "{BEN}"]\nfrom = "care@acme.example"\n'
            f'[digest.smtp]\nhost = "127.0.0.1"\nport = {mailbox.port}\ntls = "none"\n'
        )
        business.shop.write_config()
        business.well("sync")

        def again() -> None:
            said = business.well("digest", "--send").err
            taken = [mail.recipients[0] for mail in mailbox.mails]
            assert set(taken) == {OWNER, BEN}
            assert len({mail.message["Message-ID"] for mail in mailbox.mails}) == 2
            assert len(taken) <= 3
            assert len(taken) == 2 or "may come twice" in said
            mailbox.mails.clear()
            business.well("digest", "--send")
            assert not mailbox.mails, "what is recorded as sent is not sent again"

        business.remember()
        business.well("digest", "--send")
        business.rewind()
        mailbox.mails.clear()
        killed_everywhere(
            "digest", business, ("digest", "--send"), before=mailbox.mails.clear, again=again
        )


def test_an_alert_is_repeated_rather_than_lost(business: Business, http_server: Server) -> None:
    """Only what was under way may come twice, under the same id; what is recorded comes once."""
    http_server.reply("POST", "/*", 200)
    business.shop.more = "".join(
        f'[[notify]]\nto = "webhook"\nname = "{name}"\nurl = "{http_server.url}/{name}"\n'
        'when = ["new:low", "overdue:low"]\n'
        for name in ("phone", "desk")
    )
    business.shop.write_config()
    business.well("sync")

    def again() -> None:
        business.well("notify")
        told = {name: http_server.asked(f"/{name}") for name in ("phone", "desk")}
        assert {name: len({one.json()["id"] for one in asked}) for name, asked in told.items()} == {
            "phone": 1, "desk": 1,
        }  # fmt: skip
        assert len(http_server.requests) <= 3
        http_server.requests.clear()
        business.well("notify")
        assert not http_server.requests, "what is recorded as told is not told again"

    killed_everywhere(
        "alerts", business, ("notify",), before=http_server.requests.clear, again=again
    )


def test_a_hand_off_is_found_again_or_repeated(business: Business, http_server: Server) -> None:
    """A help desk that can be asked has each once; a webhook gets what was under way twice."""
    tickets: list[dict[str, Any]] = []

    def create(request: Request) -> Reply:
        tickets.append({**request.json()["ticket"], "id": 100 + len(tickets)})
        return Reply(status=201, body={"ticket": tickets[-1]})

    def search(request: Request) -> Reply:
        wanted = request.params["external_id"]
        return Reply(body={"tickets": [one for one in tickets if one["external_id"] == wanted]})

    http_server.on("POST", "/api/v2/tickets.json", create)
    http_server.on("GET", "/api/v2/tickets.json", search)
    http_server.reply("POST", "/hook", body={"id": 77})
    business.shop.more = (
        f'[handoff.hook]\nurl = "{http_server.url}/hook"\nwhen = ["overdue:low"]\n'
        f'[handoff.desk]\npreset = "zendesk"\nurl = "{http_server.url}/api/v2/tickets.json"\n'
        'auth = { type = "bearer", token = "literal:zendesk-token" }\nwhen = ["overdue:low"]\n'
    )
    business.shop.write_config()
    for channel in ("facebook", "mastodon", "inbox"):  # a few are enough
        business.shop.channels[channel].lines[:] = business.shop.channels[channel].lines[:4]
        business.shop.records(channel)
    business.well("sync")
    count = len(json.loads(business.well("queue", "--json").out)["rows"])
    assert count > 2

    def forget() -> None:
        tickets.clear()
        http_server.requests.clear()

    def again() -> None:
        business.well("notify")
        given = [one.headers["idempotency-key"] for one in http_server.asked("/hook")]
        assert len(set(given)) == count
        assert len(given) <= count + 1
        assert len(tickets) == len({one["external_id"] for one in tickets}) == count
        http_server.requests.clear()
        business.well("notify")
        assert not http_server.requests, "what is recorded as given is not given again"

    # The tickets' numbers follow the order in which they are made: they are the same each time.
    killed_everywhere("handoff", business, ("notify",), before=forget, again=again)
