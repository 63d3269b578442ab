"""The sample shop: the first thing that anybody sees."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import time_machine

from mentionwatch import demo
from tests.shop import ROOT, Result, run, when

pytestmark = pytest.mark.slow

CALLING = "I called twice and filled in the form on your site."


@pytest.fixture
def shown():
    def show(*arguments: str) -> Result:
        with time_machine.travel(when("10:00"), tick=False):
            return run("demo", *arguments)

    return show


def rules(row: dict) -> set[str]:
    return {reason["rule"] for reason in row["reasons"] if reason["rule"].startswith("urgency.")}


def copy_of_the_sample(path: Path, change) -> str:
    records = [changed for record in demo.sample() if (changed := change(dict(record)))]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return str(path)


def test_the_json_is_valid(shown) -> None:
    schema = json.loads((ROOT / "docs/queue.schema.json").read_text())
    jsonschema.validate(shown("--json").json, schema)


def test_first_is_the_customer_who_wrote_three_times_and_had_called(shown) -> None:
    first = shown("--json").rows[0]
    assert first["author"]["name"] == "Dana Reyes"
    assert first["messages"] == 3
    assert first["priority"] == "urgent"
    assert {"urgency.repeat_contact", "urgency.tried_channels"} <= rules(first)


def test_without_one_of_the_three_messages_its_reasons_change(shown, tmp_path: Path) -> None:
    less = copy_of_the_sample(
        tmp_path / "s.ndjson", lambda record: None if record["id"] == "fb-2" else record
    )
    before, after = shown("--json").rows[0], shown("--json", "--sample", less).rows
    dana = next(row for row in after if row["type"] == "facebook" and row["messages"] == 2)
    assert dana["reasons"] != before["reasons"]


def test_without_the_words_about_calling_that_reason_is_gone(shown, tmp_path: Path) -> None:
    def silent(record: dict) -> dict:
        return {**record, "text": record["text"].replace(CALLING, "")}

    less = copy_of_the_sample(tmp_path / "s.ndjson", silent)
    rows = shown("--json", "--sample", less).rows
    dana = next(row for row in rows if row["messages"] == 3)
    said = [r for r in dana["reasons"] if r["rule"] == "urgency.tried_channels" and r["quote"]]
    assert said == []


def test_every_row_keeps_the_type_of_its_platform(shown) -> None:
    types = {row["channel"]: row["type"] for row in shown("--json").rows}
    expected = {channel.name: channel.type for channel in demo.CHANNELS}
    assert types == {name: expected[name] for name in types}
    assert len(types) >= 8


def test_what_is_broken_and_what_is_blind_stand_above_the_queue(shown) -> None:
    out = shown("--format", "plain").out
    above = out[: out.index("OVERDUE")]
    assert "inbox" in above
    assert "yelp" in above
    assert "Not complete" in out
    states = {state["name"]: state["status"] for state in shown("--json").json["channels"]}
    assert states["inbox"] == "failed"
    assert set(states.values()) == {"ok", "failed"}


def test_no_code_outside_the_demo_names_anything_of_the_sample() -> None:
    words = {word for record in demo.sample() for word in (record["id"], record.get("author_id"))}
    words |= {record["text"] for record in demo.sample()}
    words -= {None}
    for path in (ROOT / "src").rglob("*.py"):
        if "demo" not in path.parts:
            text = path.read_text(encoding="utf-8")
            assert not [word for word in words if f'"{word}"' in text], path


def test_the_kept_shop_can_be_played_with(shown, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    shown("--keep", str(folder))
    with time_machine.travel(when("10:00"), tick=False):
        result = run("queue", "--json", "--config", str(folder / "mentionwatch.toml"))
    assert result.rows[0]["author"]["name"] == "Dana Reyes"
