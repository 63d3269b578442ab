"""How far back a channel is asked to look."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mentionwatch import config as configuration
from mentionwatch.app.setting import Setting
from mentionwatch.app.states import channel_states
from mentionwatch.app.sync import LOOK_BACK, OVERLAP, Progress, _Run
from mentionwatch.channels import Account
from mentionwatch.config.settings import Found
from mentionwatch.fetch import Outcome
from mentionwatch.model.items import Page, StreamState
from mentionwatch.store.database import Store
from tests.shop import when

FIRST = when("2026-09-01 09:00")


@pytest.fixture
def setting(tmp_path: Path) -> Iterator[Setting]:
    path = tmp_path / "shop.toml"
    path.write_text(
        '[brand]\nname = "Acme Coffee"\n[channels.x]\ntype = "file"\npath = "x.ndjson"\n'
    )
    path.chmod(0o600)
    config = configuration.load(Found(path=path), {})
    with Setting(config=config, store=Store(tmp_path / "shop.db")) as opened:
        yield opened


def run_at(setting: Setting, now: datetime, account: str = "acme", *, fails: bool = False) -> _Run:
    """Read the channel, or fail at it, as this account."""
    run = _Run(setting, lambda: now, Progress())
    run.jobs(())
    run.begin("x", Account(id=account))
    if not fails:
        run.save("x", Page(stream="s", state=StreamState(cursor="17")))
        run.end(Outcome(name="x"))
    return run


def asked(setting: Setting, now: datetime, account: str = "acme") -> datetime:
    return run_at(setting, now, account, fails=True).begin("x", Account(id=account)).since


def test_a_first_run_looks_back_a_month(setting: Setting) -> None:
    assert asked(setting, FIRST) == FIRST - LOOK_BACK


@pytest.mark.parametrize("days", [1, 29, 90])
def test_a_later_run_looks_back_to_the_last_one_however_long_ago(
    setting: Setting, days: int
) -> None:
    run_at(setting, FIRST)
    assert asked(setting, FIRST + timedelta(days=days)) == FIRST - OVERLAP


def test_another_account_is_read_as_on_the_first_day(setting: Setting) -> None:
    run_at(setting, FIRST)
    now = FIRST + timedelta(hours=1)
    run = run_at(setting, now, "acme-new", fails=True)
    query = run.begin("x", Account(id="acme-new"))
    assert query.since == now - LOOK_BACK
    assert query.streams == {}
    assert [state.status for state in channel_states(setting, now)] == ["never"]
    run_at(setting, now, "acme-new")
    assert [state.status for state in channel_states(setting, now)] == ["ok"]
