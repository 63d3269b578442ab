"""
A scripted week, replayed event by event, in batches, and at once: the same queue and clocks.

The clocks of Europe/London are put back on the Sunday before; Thursday is a holiday; the hours
change on Tuesday.
"""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from mentionwatch import config as configuration
from mentionwatch.app.act import Action, act
from mentionwatch.app.read_queue import Wanted, bring_up_to_date, read_queue
from mentionwatch.app.setting import Setting, notice_changes
from mentionwatch.app.sync import sync
from mentionwatch.config.settings import Found
from mentionwatch.model.times import to_ms
from mentionwatch.output.records import queue_dict
from mentionwatch.store import channels, items
from mentionwatch.store.database import Store
from tests.shop import ROOT, when

SCRIPT = [
    json.loads(line)
    for line in (ROOT / "tests/data/week/week.ndjson").read_text().splitlines()
    if line
]
END = when("sat 13:00")
FIRST_HOURS = 'mon-fri = ["09:00-17:00"]'


class Week:
    """The shop of the week. ``keep_open``: the same process all along, else a restart each time."""

    def __init__(self, folder: Path, *, keep_open: bool) -> None:
        self.folder = folder
        self.keep_open = keep_open
        self.hours = FIRST_HOURS
        self.lines: list[str] = []
        self.setting: Setting | None = None
        self.open()

    def open(self) -> Setting:
        path = self.folder / "week.toml"
        path.write_text(
            f'[brand]\nname = "Acme Coffee"\n[hours]\ntimezone = "Europe/London"\n{self.hours}\n'
            'closed = ["2026-11-19"]\n[channels.facebook]\ntype = "file"\n'
            'path = "week.ndjson"\nsettle = 0\nchannel_type = "facebook"\n'
        )
        path.chmod(0o600)
        if self.setting is not None:
            self.setting.store.close()
        config = configuration.load(Found(path=path), {})
        self.setting = Setting(config=config, store=Store(self.folder / "week.db"))
        return self.setting

    def now(self) -> Setting:
        if self.setting is None or not self.keep_open:
            return self.open()
        return self.setting

    def say(self, at: datetime, record: dict[str, Any]) -> None:
        created = record.pop("created", None)
        dated = {**record, "created_at": (when(created) if created else at).isoformat()}
        self.lines.append(json.dumps(dated) + "\n")
        path = self.folder / "week.ndjson"
        path.write_text("".join(self.lines))
        os.utime(path, (len(self.lines), len(self.lines)))

    def sync(self, at: datetime) -> None:
        report = sync(self.now(), lambda: at)
        assert [outcome.error for outcome in report.outcomes] == [None]

    def act(self, at: datetime, now: datetime, said: dict[str, Any]) -> None:
        setting = self.now()
        data = {key: value for key, value in said.items() if key not in ("on", "kind")}
        if "until" in data:
            data["until"] = when(data["until"]).isoformat()
        number = items.mention_id(setting.store.connection, "facebook", said["on"])
        act(setting, now, [number], Action(kind=said["kind"], data=data, at=at))

    def result(self) -> dict[str, Any]:
        """Return queue, clocks and homes at the end of the week."""
        setting = self.now()
        bring_up_to_date(setting, END)
        report = read_queue(setting, END, Wanted(everything=True))
        shown = queue_dict(report)
        connection = setting.store.connection
        clocks = connection.execute(
            "SELECT conversation_id, kind, since, due_at, replied_at, result, open_seconds, "
            "calendar_seconds FROM clock ORDER BY conversation_id, since, kind"
        )
        homes = connection.execute("SELECT id, conversation_id FROM mention ORDER BY id")
        return {
            "rows": shown["rows"],
            "summary": shown["summary"],
            "clocks": [tuple(row) for row in clocks],
            "homes": [tuple(row) for row in homes],
        }


def one_by_one(folder: Path, *, keep_open: bool) -> dict[str, Any]:
    week = Week(folder, keep_open=keep_open)
    for event in SCRIPT:
        at = when(event["at"])
        if "record" in event:
            week.say(at, dict(event["record"]))
            week.sync(at)
        elif "act" in event:
            week.act(at, at, event["act"])
        else:
            week.hours = event["hours"]
            notice_changes(week.open(), at)
    return week.result()


def in_batches(folder: Path, size: int) -> dict[str, Any]:
    """Records come in batches, so actions are recorded later than they hold from."""
    week = Week(folder, keep_open=False)
    with week.now().store.transaction() as connection:
        since = to_ms(when(SCRIPT[0]["at"]))
        channels.connect(connection, "facebook", "file", "direct", since)
    for event in SCRIPT:
        if "hours" in event:
            notice_changes(week.open(), when("mon 00:00"))
            week.hours = event["hours"]
            notice_changes(week.open(), when(event["at"]))
    for start in range(0, len(SCRIPT), size):
        batch = SCRIPT[start : start + size]
        for event in batch:
            if "record" in event:
                week.say(when(event["at"]), dict(event["record"]))
        moment = when(batch[-1]["at"]) if start + size < len(SCRIPT) else END
        week.sync(moment)
        for event in batch:
            if "act" in event:
                week.act(when(event["at"]), moment, event["act"])
    return week.result()


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return one_by_one(tmp_path_factory.mktemp("week"), keep_open=False)


@pytest.mark.slow
def test_the_week_ends_as_a_careful_reader_would_say(expected: dict[str, Any]) -> None:
    state = {row["author"]["name"]: row for row in expected["rows"] if row["state"] == "open"}
    assert set(state) == {"Bo Ito", "Gus Hale", "Hal Kim", "Fay Ortiz"}
    assert state["Bo Ito"]["waiting_since"] == "2026-11-16T09:20:00Z", "the answer was deleted"
    assert state["Bo Ito"]["overdue"]
    assert state["Gus Hale"]["due_at"] == "2026-11-20T09:00:00Z", "Thursday is a holiday"
    assert state["Hal Kim"]["priority"] in ("high", "urgent"), "a danger to health"
    closed = {row["author"]["name"]: row["state"] for row in expected["rows"]}
    assert closed["Ann Lee"] == "answered"
    assert closed["SEO Guru"] == "ignored"


@pytest.mark.slow
def test_a_process_that_stays_and_restarts_give_the_same(expected, tmp_path: Path) -> None:
    assert one_by_one(tmp_path, keep_open=True) == expected


@pytest.mark.slow
@pytest.mark.parametrize("size", [2, 7, len(SCRIPT)])
def test_batches_of_any_size_give_the_same(expected, tmp_path: Path, size: int) -> None:
    found = in_batches(tmp_path, size)
    assert found["homes"] == expected["homes"]
    assert found["clocks"] == expected["clocks"]
    assert found["rows"] == expected["rows"]
    assert found["summary"] == expected["summary"]
