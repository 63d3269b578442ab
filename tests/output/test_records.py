from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mentionwatch.channels import Capabilities
from mentionwatch.model.report import ChannelState, QueueRow, Summary
from mentionwatch.output import records
from tests.output.samples import (
    BROKEN,
    DANA,
    NOW,
    busy,
    calm,
    channel,
    conversation,
    report,
    row,
)

Snapshot = Callable[[str, str], None]
DOCS = Path(__file__).resolve().parents[2] / "docs"
CAN = Capabilities(finds_untagged=True, sees_own_replies=False, limits=("No replies.",))


def schema(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((DOCS / f"{name}.schema.json").read_text("utf-8"))
    return loaded


def check(document: Any, name: str, part: str = "") -> None:
    whole = schema(name)
    if part:
        whole = {"$ref": f"#/$defs/{part}", "$defs": whole["$defs"]}
    jsonschema.Draft202012Validator(whole).validate(document)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["queue", "conversation", "channels"])
def test_schemas_are_valid_and_describe_every_key(name: str) -> None:
    whole = schema(name)
    jsonschema.Draft202012Validator.check_schema(whole)
    for part, described in whole["$defs"].items():
        for key, value in described.get("properties", {}).items():
            told = value.get("description") or "$ref" in value or value.get("items")
            assert told, f"{part}.{key} is not described"


def test_the_parts_that_schemas_share_are_the_same() -> None:
    queue = schema("queue")["$defs"]
    for name in ("conversation", "channels"):
        shared = {key: part for key, part in schema(name)["$defs"].items() if key in queue}
        assert shared
        assert shared == {key: queue[key] for key in shared}


@pytest.mark.parametrize("shown", [busy(), calm(), report(channels=())], ids=["busy", "calm", "no"])
def test_queue_json_keeps_its_schema(shown: Any) -> None:
    check(json.loads(records.queue_json(shown)), "queue")


def test_the_schema_refuses_what_it_does_not_name() -> None:
    document = json.loads(records.queue_json(busy()))
    document["rows"][0]["surprise"] = 1
    with pytest.raises(jsonschema.ValidationError, match="surprise"):
        check(document, "queue")


def test_conversation_json_keeps_its_schema() -> None:
    check(json.loads(records.conversation_json(conversation())), "conversation")


def test_channels_json_keeps_its_schema() -> None:
    document = json.loads(records.channels_json([("yelp", "reviews", CAN)], [BROKEN, channel()]))
    check(document, "channels")
    assert document["types"][0]["finds_untagged"] is True
    assert document["configured"][0]["status"] == "failed"


def test_every_line_of_ndjson_keeps_its_schema_and_the_first_tells_completeness() -> None:
    lines = [json.loads(line) for line in records.queue_ndjson(busy()).splitlines()]
    for line in lines:
        check(line, "queue", "line")
    assert lines[0]["schema"] == "mentionwatch.queue-head/1"
    assert lines[0]["summary"]["complete"] is False
    assert [line["id"] for line in lines[1:]] == [41, 38, 44, 1045, 9, 10]


def test_no_field_of_the_model_is_left_out() -> None:
    names = set(QueueRow._fields)
    assert set(records.row_dict(DANA)) == names
    document = records.queue_dict(busy())
    assert set(document["summary"]) == set(Summary._fields)
    assert set(document["channels"][0]) == set(ChannelState._fields)


def test_json_looks_as_agreed(snapshot: Snapshot) -> None:
    snapshot(records.queue_json(busy()), "tests/output/snapshots/queue.json")
    snapshot(records.queue_ndjson(busy()), "tests/output/snapshots/queue.ndjson")
    snapshot(records.conversation_json(conversation()), "tests/output/snapshots/conversation.json")


def test_csv_looks_as_agreed(snapshot: Snapshot) -> None:
    snapshot(records.queue_csv(busy()), "tests/output/snapshots/queue.csv")


def test_shown_counts_the_rows_that_are_there() -> None:
    shown = busy()._replace(rows=busy().rows[:2])
    assert records.queue_dict(shown)["summary"]["shown"] == 2
    assert records.queue_dict(shown)["summary"]["open"] == 6


def test_a_number_that_json_cannot_hold_becomes_null() -> None:
    document = json.loads(records.queue_json(report(rows=(row(rating=float("nan")),))))
    assert document["rows"][0]["rating"] is None


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_csv_tells_conversations_from_channels() -> None:
    lines = table(records.queue_csv(busy()))
    assert [line["record"] for line in lines] == ["conversation"] * 6 + ["channel"] * 5
    assert {line["complete"] for line in lines} == {"false"}
    broken = next(x for x in lines if x["record"] == "channel" and x["channel"] == "inbox")
    assert broken["channel_status"] == "failed"


def test_csv_gives_back_what_went_in() -> None:
    text = 'He said "no",\nthen; left\ttown'
    (line, _) = table(records.queue_csv(report(rows=(row(text=text, rating=3.5),))))
    assert line["text"] == text
    assert float(line["rating"]) == 3.5
    assert line["published_at"] == "2026-11-20T18:02:00Z"
    assert line["private"] == "false"


@pytest.mark.parametrize("begin", list("=+-@＝＋－＠"))
@pytest.mark.parametrize("before", ["", " ", "\n", "\u00a0", "\u200b", " \u200b "])
def test_csv_cells_that_a_spreadsheet_would_run_are_defused(begin: str, before: str) -> None:
    assert records.defused(f"{before}{begin}1+1") == f"'{before}{begin}1+1"


@pytest.mark.parametrize("text", ["\t=1", "\tx", "\rx"])
def test_csv_cells_that_begin_with_tab_or_return_are_defused(text: str) -> None:
    assert records.defused(text) == "'" + text


@pytest.mark.parametrize("text", ["", "word", "a=b", "1-2", "'x", " x"])
def test_other_csv_cells_stay(text: str) -> None:
    assert records.defused(text) == text


def test_csv_numbers_stay_numbers() -> None:
    (line, _) = table(records.queue_csv(report(rows=(row(due_in_seconds=-39600),))))
    assert line["due_in_seconds"] == "-39600"


def test_times_are_utc() -> None:
    assert records.queue_dict(calm())["generated_at"] == f"{NOW:%Y-%m-%dT%H:%M:%SZ}"
