"""Every channel type from its configuration to an empty place in the queue."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from mentionwatch.channels import BUILTIN
from mentionwatch.errors import ExitCode
from tests.channels.mailbox import imap_server, inbox  # noqa: F401 - fixtures
from tests.e2e.platforms import ANSWERED, FIRST, PLATFORMS, SECOND, Place
from tests.server import Server
from tests.shop import Result, Shop


def state(result: Result) -> dict[str, Any]:
    found: dict[str, Any]
    (found,) = result.json["channels"]
    return found


def customer(rows: list[dict[str, Any]], begin: str) -> dict[str, Any]:
    """Return the one row that begins so; the newest where nothing is said."""
    if not begin:
        return max(rows, key=lambda row: str(row["published_at"]))
    found = [one for one in rows if (one["text"] or one["title"]).startswith(begin)]
    assert len(found) == 1, [one["text"] for one in rows]
    return found[0]


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(BUILTIN))
def test_customer_waits_until_we_have_answered(
    kind: str,
    http_server: Server,
    tmp_path: Path,
    waits: list[float],
    request: pytest.FixtureRequest,
) -> None:
    assert kind in PLATFORMS, f"{kind} has no platform in tests/e2e/platforms.py"
    platform = PLATFORMS[kind](Place(server=http_server, folder=tmp_path, request=request))
    head = '[queue]\nfirst_run = "90d"\n\n'
    shop = Shop(tmp_path, more=f'{head}[channels.place]\ntype = "{kind}"\n{platform.section}\n')
    first = shop.run("check", "--json", at=FIRST)
    assert first.out, first.err
    assert first.code == ExitCode.OK, f"{state(first)} {first.err}"
    assert state(first)["status"] == "ok", state(first)
    assert state(first)["sees_own_replies"] is (platform.answer is not None)
    row = customer(first.rows, platform.customer)
    assert row["type"] == kind
    if platform.answer is None:
        assert shop.run("done", str(row["id"]), at=FIRST).code == ExitCode.OK
    else:
        platform.answer()
    second = shop.run("check", "--json", at=SECOND)
    assert second.out, second.err
    assert state(second)["status"] == "ok", state(second)
    left = {one["id"] for one in second.rows}
    assert {one["id"] for one in first.rows} - left == {row["id"]}
    if platform.answer is not None:
        shown = shop.run("show", str(row["id"]), "--json", at=SECOND).json
        assert answered_at(shown) == [ANSWERED], shown["clocks"]
    assert not platform.faults()


def answered_at(shown: dict[str, Any]) -> list[datetime]:
    """Return the times of replies that ended a clock after the first reading."""
    times = (clock["replied_at"] for clock in shown["clocks"])
    found = [datetime.fromisoformat(one) for one in times if one]
    return [one for one in found if one > FIRST]


@pytest.mark.slow
def test_customer_at_the_counter_waits_until_it_is_done(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    added = shop.run("add", "Wants a call back about the grinder", "--author", "Dana", at=FIRST)
    assert added.code == ExitCode.OK, added.err
    (row,) = shop.run("check", "--json", at=FIRST).rows
    assert (row["type"], row["author"]["name"]) == ("manual", "Dana")
    assert shop.run("done", str(row["id"]), at=FIRST).code == ExitCode.OK
    assert shop.run("check", "--json", at=SECOND).rows == []
