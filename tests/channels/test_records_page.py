"""What docs/records.md shows is run."""

from __future__ import annotations

import json
import re
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mentionwatch.channels import Query, load
from mentionwatch.channels._presets import PRESETS
from mentionwatch.channels._records import FIELDS, items_of
from mentionwatch.channels.exec import Exec
from mentionwatch.channels.file import File
from mentionwatch.credentials import Secret
from mentionwatch.errors import Unreachable
from mentionwatch.model.items import Item, Mention, Reply, StreamState
from tests.server import Server

PAGE = Path(__file__).resolve().parents[2] / "docs" / "records.md"
NOW = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)
SINCE = datetime(2026, 11, 14, 7, 0, tzinfo=UTC)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def program(tmp_path: Path, text: str) -> str:
    path = tmp_path / "program"
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def run(channel: Any, states: dict[str, StreamState] | None = None) -> list[Item]:
    states = {} if states is None else states
    session = channel.connect(30)
    items = []
    try:
        query = Query(terms=("Acme Coffee",), since=SINCE, now=NOW, streams=states, channel="x")
        for page in session.pages(query):
            assert page.warnings == ()
            items += page.items
            if page.state is not None:
                states[page.stream] = page.state
    finally:
        session.close()
    return items


def test_smallest_record_is_one() -> None:
    (text,) = blocks("json")
    (found,) = items_of(json.loads(text))
    assert isinstance(found, Mention)
    assert found.text == "Is the oat milk back?"


def test_every_field_and_preset_is_explained() -> None:
    text = PAGE.read_text()
    assert [
        name for name in sorted(FIELDS) if f"`{name}`" not in text and f'"{name}"' not in text
    ] == []
    assert [name for name in PRESETS if f"`{name}`" not in text] == []


@pytest.mark.parametrize("number", range(3))
def test_settings_are_correct(number: int) -> None:
    ((settings),) = tomllib.loads(blocks("toml")[number])["channels"].values()
    kind = load(settings.pop("type"))
    settings["command"] = tuple(settings.get("command", ()))
    if kind is File:
        del settings["command"]
        settings["path"] = Path(settings["path"])
    else:
        settings["env"] = {name: Secret(value) for name, value in settings["env"].items()}
    assert list(kind(**settings).problems()) == []


def test_calls_and_bookings_are_read_as_shown(tmp_path: Path) -> None:
    calls, bookings = (tomllib.loads(text)["channels"] for text in blocks("toml")[:2])
    table = tmp_path / "calls.csv"
    table.write_text(
        "Call ID,Date,Time,Caller Name,Caller Number,Notes,Transcript,Direction,Duration\n"
        "1,11/20/2026,04:00 AM,Dana,+15550001,oat milk?,,Incoming,30\n"
        "2,11/20/2026,05:00 AM,Shop,+15550001,yes,,Outgoing,30\n"
        "3,11/20/2026,06:00 AM,Ben,+15550002,,,Incoming,0\n"
    )
    asked, answered = run(
        File(path=table, map=calls["calls"]["map"], tz=calls["calls"]["tz"], settle=0.0)
    )
    assert isinstance(asked, Mention)
    assert isinstance(answered, Reply)
    assert asked.published == datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
    assert asked.thread_id == answered.thread_id == "+15550001"
    document = tmp_path / "bookings.json"
    review = {"number": 5, "guest": {"name": "Ana"}, "headline": "Cold", "stars": 2}
    document.write_text(json.dumps({"data": {"reviews": [review]}, "page": 1}))
    settings = bookings["bookings"]
    (found,) = run(File(path=document, map=settings["map"], items=settings["items"], settle=0.0))
    assert isinstance(found, Mention)
    assert (found.external_id, found.text, found.rating) == ("5", "Cold", 2.0)


@pytest.mark.slow
def test_shell_example_prints_what_is_new(tmp_path: Path) -> None:
    log = tmp_path / "chat.log"
    channel = Exec(command=(program(tmp_path, blocks("sh")[0]), str(log)))
    with pytest.raises(Unreachable, match="cannot work just now"):
        run(channel)
    log.write_text(
        '2026-11-20T10:00:00Z\tc1\tDana\tIs the "oat" milk \\ back?\n'
        "2026-11-20T10:00:00Z\tc1\tDana\tHello?\n"
        "2026-11-20T10:05:00Z\tc1\tshop\tIt is!\n"
    )
    states: dict[str, StreamState] = {}
    first, second, reply = run(channel, states)
    assert isinstance(first, Mention)
    assert first.text == 'Is the "oat" milk \\ back?'
    assert isinstance(second, Mention)
    assert isinstance(reply, Reply)
    assert (reply.thread_id, reply.text) == ("c1", "It is!")
    with log.open("a") as file:
        file.write("2026-11-20T10:05:00Z\tc2\tBen\tOpen on Sunday?\n")
    (new,) = run(channel, states)
    assert new.external_id == "4"
    assert run(channel, states) == []


@pytest.mark.slow
def test_python_example_prints_questions_and_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, http_server: Server
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FORUM_TOKEN_HERE", "t0ken-t0ken")
    (text,) = blocks("python")
    source = text.replace("/usr/bin/env python3", sys.executable)
    address = http_server.url
    channel = Exec(
        command=(program(tmp_path, source), address),
        env={"FORUM_TOKEN": Secret("env:FORUM_TOKEN_HERE")},
    )
    http_server.reply("GET", "/questions", 503, times=1)
    with pytest.raises(Unreachable, match="cannot work just now"):
        run(channel)
    question = {
        "number": 7,
        "subject": "Oat milk",
        "body": "Is Acme Coffee open?",
        "user": "dana",
        "posted": "2026-11-20T10:00:00Z",
        "changed": "2026-11-20T10:00:00Z",
    }
    http_server.reply("GET", "/questions", body=[question], times=1)
    states: dict[str, StreamState] = {}
    (found,) = run(channel, states)
    assert isinstance(found, Mention)
    assert not found.addressed
    answered = {
        **question,
        "shop_answered": "2026-11-20T11:00:00Z",
        "changed": "2026-11-20T11:00:00Z",
    }
    http_server.reply("GET", "/questions", body=[answered])
    _, reply = run(channel, states)
    assert isinstance(reply, Reply)
    assert reply.parent_id == found.external_id
    last = http_server.requests[-1]
    assert last.params == {"changed_since": "2026-11-20T10:00:00Z"}
    assert last.headers["authorization"] == "Bearer t0ken-t0ken"
