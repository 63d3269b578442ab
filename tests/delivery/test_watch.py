"""One process: no drift, jumps of the clock, backing off, clean signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from mentionwatch.app.watch import Round, watch
from mentionwatch.errors import ExitCode
from tests.delivery.conftest import digest_to
from tests.delivery.mailbox import Mailbox
from tests.server import Server
from tests.shop import Shop

START = datetime(2026, 11, 17, 8, tzinfo=UTC)
TEN = timedelta(minutes=10)


class World:
    """A clock that the sleeping moves, and rounds that take their time."""

    def __init__(self, *takes: float, offline: frozenset[int] = frozenset()) -> None:
        self.now = START
        self.began: list[float] = []
        self.takes = list(takes)
        self.offline = offline
        self.slept: list[float] = []

    def clock(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds + 0.01)  # a sleep is never quite exact

    def work(self) -> Round:
        number = len(self.began)
        self.began.append(round((self.now - START).total_seconds() / 60, 1))
        self.now += timedelta(seconds=self.takes[number] if number < len(self.takes) else 1)
        return Round(offline=number in self.offline)

    def run(self, rounds: int) -> list[float]:
        watch(self.work, TEN, self.clock, self.sleep, rounds=rounds)
        return self.began


def test_rounds_do_not_drift() -> None:
    assert World(*[200.0] * 500).run(500) == [10.0 * n for n in range(500)]


def test_a_long_round_leaves_out_what_it_missed() -> None:
    assert World(1, 25 * 60, 1).run(4) == [0, 10, 40, 50]


def test_offline_it_asks_less_and_less_often_and_comes_back_at_once() -> None:
    world = World(offline=frozenset(range(5)))
    assert world.run(8) == [0, 20, 60, 120, 180, 240, 250, 260]


def test_it_never_sleeps_for_long_at_a_time() -> None:
    world = World()
    world.run(3)
    assert max(world.slept) <= 30


@pytest.mark.parametrize(("jump", "soon"), [(timedelta(hours=8), 1), (-timedelta(hours=8), 1)])
def test_after_a_jump_of_the_clock_the_next_round_comes_soon(jump: timedelta, soon: int) -> None:
    world = World()
    jumped: list[int] = []

    def sleep(seconds: float) -> None:
        World.sleep(world, seconds)
        if len(world.slept) == 3:
            world.now += jump
            jumped.append(len(world.slept))

    watch(world.work, TEN, world.clock, sleep, rounds=2)
    assert len(world.slept) <= 3 + soon


# --- the command ------------------------------------------------------------------------------


@pytest.mark.slow
def test_rounds_fetch_and_alert(shop: Shop, http_server: Server) -> None:
    http_server.reply("POST", "/hook", 200)
    http_server.reply("GET", "/ping", body="ok")
    shop.more = (
        f'[[notify]]\nto = "webhook"\nurl = "{http_server.url}/hook"\nwhen = ["new:low"]\n'
        f'[watch]\nping = "{http_server.url}/ping"\n'
    )
    result = shop.run("watch", "--rounds", "1", at="08:10")
    assert (result.code, len(http_server.asked("/hook"))) == (ExitCode.OK, 1)
    assert len(http_server.asked("/ping")) == 1


@pytest.mark.slow
def test_a_round_that_cannot_alert_pings_nobody(shop: Shop, http_server: Server) -> None:
    shop.more = (
        f'[[notify]]\nto = "webhook"\nurl = "{http_server.url}/gone"\nwhen = ["new:low"]\n'
        f'[watch]\nping = "{http_server.url}/ping"\n'
    )
    assert shop.run("watch", "--rounds", "1", at="08:10").code == ExitCode.UNAVAILABLE
    assert http_server.asked("/ping") == []


@pytest.mark.slow
def test_the_digest_goes_out_once_after_its_time(shop: Shop) -> None:
    with Mailbox() as box:
        shop.more = digest_to(box.port) + '[watch]\ndigest_at = "07:00"\n'
        for at in ("06:50", "07:00", "07:10", "23:50", "wed 06:59", "wed 07:01"):
            shop.run("watch", "--rounds", "1", at=at)
        days = [mail.message["Date"][:11] for mail in box.mails]
    assert days == ["Tue, 17 Nov", "Wed, 18 Nov"]


def test_what_fails_in_a_round_is_said_and_does_not_end_it(shop: Shop) -> None:
    shop.db.write_bytes(b"no database at all" * 100)
    result = shop.run("watch", "--rounds", "1", at="08:10")
    assert result.code == ExitCode.IO
    assert "is not a database" in result.err


@pytest.mark.parametrize("every", ["10s", "2d", "often"])
def test_intervals_have_limits(shop: Shop, every: str) -> None:
    assert shop.run("watch", "--every", every, "--rounds", "1", at="08:10").code == ExitCode.USAGE


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGTERM, ExitCode.TERMINATED), (signal.SIGINT, ExitCode.INTERRUPTED)],
)
def test_a_signal_ends_it_at_once(shop: Shop, number: int, code: int) -> None:
    shop.write_config()
    process = subprocess.Popen(
        [sys.executable, "-m", "mentionwatch", "watch", "--config", str(shop.config)],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
        # Whoever runs the tests in the background may have them ignore Ctrl+C.
        preexec_fn=partial(signal.signal, number, signal.SIG_DFL),
    )
    for _ in range(200):
        if shop.db.exists() and _stored(shop):
            break
        time.sleep(0.1)
    time.sleep(0.5)
    began = time.monotonic()
    process.send_signal(number)
    _, err = process.communicate(timeout=20)
    assert time.monotonic() - began < 5
    assert process.returncode == code
    assert "Traceback" not in err


def _stored(shop: Shop) -> bool:
    import sqlite3

    try:
        with shop.sql() as connection:
            found = connection.execute("SELECT last_success_at FROM channel").fetchone()
            return found is not None and found[0] is not None
    except sqlite3.OperationalError:
        return False
