"""A sync that is killed anywhere loses nothing and doubles nothing."""

from __future__ import annotations

import random
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shop import ROOT, Shop

SEED = 20261117
MOMENTS = 20

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
    "text": "SELECT m.channel, m.external_id FROM mention_text t JOIN mention m ON m.id = t.rowid "
    "WHERE mention_text MATCH 'coffee' ORDER BY m.channel, m.external_id",
}


def business(folder: Path) -> Shop:
    """Three channels, a few hundred records, answers among them."""
    folder.mkdir()
    shop = Shop(folder, hours='[hours]\ntimezone = "Europe/London"\nmon-fri = ["09:00-17:00"]')
    for channel in ("facebook", "mastodon", "inbox"):
        records = []
        for number in range(150):
            at = f"2026-11-{10 + number % 7:02d} {8 + number % 9:02d}:{number % 60:02d}"
            records.append(
                {
                    "id": f"{channel}-{number}",
                    "author_id": f"{channel}-author-{number % 40}",
                    "text": f"Where is my coffee, number {number}?",
                    "at": at,
                }
            )
            if number % 3 == 0:
                records.append(
                    {
                        "id": f"{channel}-r{number}",
                        "is_own": True,
                        "parent_id": f"{channel}-{number}",
                        "text": "It is on its way, it comes today.",
                        "at": at,
                    }
                )
        shop.records(channel, *records)
    shop.write_config()
    return shop


def sync(shop: Shop, kill_at: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable, "-m", "tests.faults.killed", str(kill_at),
            "sync", "--config", str(shop.config),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )  # fmt: skip


def facts(shop: Shop) -> dict[str, list[tuple[object, ...]]]:
    with shop.sql() as connection:
        return {
            name: [tuple(row) for row in connection.execute(query)]
            for name, query in NATURAL.items()
        }


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_killed_at_random_writes_and_run_again_it_is_as_if_undisturbed(tmp_path: Path) -> None:
    undisturbed = business(tmp_path / "undisturbed")
    counted = sync(undisturbed, 0)
    assert counted.returncode == 0, counted.stderr
    writes = int(re.search(r"writes: (\d+)", counted.stderr)[1])
    expected = facts(undisturbed)
    assert len(expected["mention"]) == 450

    moments = random.Random(SEED).sample(range(1, writes + 1), MOMENTS)
    shop = business(tmp_path / "killed")
    for moment in moments:
        for file in shop.folder.glob("shop.db*"):
            file.unlink()
        killed = sync(shop, moment)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        again = sync(shop, 0)
        assert again.returncode == 0, again.stderr
        assert facts(shop) == expected, f"killed at write {moment} of {writes}"
