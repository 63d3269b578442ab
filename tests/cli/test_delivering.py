"""Closed pipes, full disks, templates: what is printed or written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mentionwatch.errors import ExitCode
from tests.shop import Shop

pytestmark = pytest.mark.slow


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path)
    shop.records(
        "facebook",
        {"id": "p1", "author_id": "dana", "author": "Dana <b>Reyes</b>", "at": "08:00",
         "text": "Where is my order?"},
    )  # fmt: skip
    shop.run("sync", at="08:05")
    return shop


@pytest.mark.parametrize("command", ["queue", "check"])
def test_a_template_of_the_owners_is_filled(shop: Shop, tmp_path: Path, command: str) -> None:
    template = tmp_path / "mine.html"
    template.write_text("{{ brand }}: {% for row in rows %}{{ row.author.name }}{% endfor %}")
    result = shop.run(command, "--template", str(template), at="08:10")
    assert result.out == "Acme Coffee: Dana &lt;b&gt;Reyes&lt;/b&gt;\n"


def test_a_template_cannot_reach_out_of_its_sandbox(shop: Shop, tmp_path: Path) -> None:
    template = tmp_path / "mine.html"
    template.write_text("{{ brand.__class__.__mro__ }}{% include '/etc/passwd' %}")
    result = shop.run("queue", "--template", str(template), at="08:10")
    assert result.code == ExitCode.IO
    assert f"{template}:1: " in result.err
    assert "root:" not in result.out


def test_a_template_that_cannot_be_read_is_named(shop: Shop, tmp_path: Path) -> None:
    result = shop.run("queue", "--template", str(tmp_path / "none.html"), at="08:10")
    assert result.code == ExitCode.USAGE
    assert "none.html: No such file" in result.err


@pytest.mark.parametrize("command", [["digest"], ["digest", "--format", "html"], ["queue"]])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_one_clear_message(shop: Shop, command: list[str]) -> None:
    result = shop.run(*command, "--output", "/dev/full", at="08:10")
    assert result.code == ExitCode.IO
    (first, *_) = [line for line in result.err.splitlines() if line.startswith("mentionwatch:")]
    assert "/dev/full: the disk is full" in first


@pytest.mark.parametrize("command", [["digest"], ["digest", "--json"], ["queue", "--json"]])
def test_a_closed_pipe_is_no_failure_of_ours(shop: Shop, command: list[str]) -> None:
    read, write = os.pipe()
    os.close(read)
    process = subprocess.run(
        [sys.executable, "-m", "mentionwatch", *command, "--config", str(shop.config)],
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    os.close(write)
    assert process.returncode == ExitCode.CLOSED_PIPE
    assert process.stderr == ""


def test_check_notifies_only_when_asked(shop: Shop) -> None:
    shop.more = '[[notify]]\nto = "webhook"\nurl = "http://127.0.0.1:9/"\nwhen = ["new:low"]\n'
    assert shop.run("check", "--json", at="08:10").code == ExitCode.OK
    noted = shop.run("check", "--notify", "--json", at="08:10")
    assert noted.code == ExitCode.UNAVAILABLE
    assert noted.rows[0]["id"] == 1
    assert noted.err.count("mentionwatch:") == 1


def test_a_private_message_is_read_by_the_owner_but_not_mailed(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.records("inbox", {"id": "1", "author_id": "a", "private": True, "at": "08:00",
                           "text": "My order 4711 never came, where is it?"})  # fmt: skip
    assert "4711" in shop.run("check", at="14:00").out
    assert "4711" not in shop.run("digest", at="14:00").out
