"""Roads for what no channel knows: files, programs, any JSON API."""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.channels import (
    test_http_json,
)
from tests.e2e.platforms.base import ANSWERED, AT, FIRST, Place, Platform

RECORD = {
    "id": "417",
    "text": "Is the oat milk back?",
    "author": "Dana",
    "author_id": "dana",
    "created_at": "2026-11-21T07:00:00Z",
}
OURS = {"type": "reply", "parent_id": "417", "created_at": AT}


def written(path: Path, *records: dict[str, Any]) -> None:
    path.write_text("".join(json.dumps(one) + "\n" for one in records))
    # A file that was just changed is left for the next run.
    at = (FIRST - timedelta(days=1)).timestamp() + len(records)
    os.utime(path, (at, at))


def file(place: Place) -> Platform:
    path = place.folder / "guestbook.ndjson"
    written(path, RECORD)
    return Platform(
        section=f'path = "{path}"\nsees_own_replies = true',
        customer="Is the oat milk back?",
        answer=lambda: written(path, RECORD, OURS),
    )


def exec_(place: Place) -> Platform:
    path = place.folder / "said.ndjson"
    written(path, RECORD)
    source = "import pathlib, sys; print(pathlib.Path(sys.argv[1]).read_text())"
    return Platform(
        section=f"command = {json.dumps([sys.executable, '-c', source, str(path)])}\n"
        "sees_own_replies = true",
        customer="Is the oat milk back?",
        answer=lambda: written(path, RECORD, OURS),
    )


def http_json(place: Place) -> Platform:
    world = test_http_json.World(place.server)
    fields = ", ".join(f"{name} = {json.dumps(one)}" for name, one in test_http_json.MAP.items())

    def answer() -> None:
        world.reviews[5]["reply"] = {"created": int(ANSWERED.timestamp())}

    return Platform(
        section=f'url = "{place.url}/v2/reviews"\nitems = "data.reviews"\n'
        'headers = { Authorization = "Bearer {secret:token}" }\ntoken = "token-acme"\n'
        'page = { style = "cursor", cursor = "meta.next_cursor", param = "cursor" }\n'
        f"map = {{ {fields} }}\nrating_map = {{ FIVE = 5 }}",
        customer="Booking 6 went wrong",
        answer=answer,
    )
