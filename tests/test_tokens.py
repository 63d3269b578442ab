"""Tokens that a platform renews: private, whole, and renewed by one run at a time."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mentionwatch.credentials import Tokens, redact, tokens
from mentionwatch.errors import SecretUnavailable


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "credentials.json"


def test_what_is_kept_is_found_by_the_next_run(path: Path) -> None:
    Tokens(path).put("shop", {"refresh_token": "first-token", "expires": 5})
    Tokens(path).put("other", {"a": [1]})
    assert Tokens(path).get("shop") == {"refresh_token": "first-token", "expires": 5}
    Tokens(path).put("shop", {"refresh_token": "second-token"})
    assert Tokens(path).get("shop") == {"refresh_token": "second-token"}
    Tokens(path).remove("shop")
    Tokens(path).remove("shop")
    assert Tokens(path).get("shop") == {} and Tokens(path).get("other") == {"a": [1]}


def test_without_a_file_all_stays_in_memory() -> None:
    kept = Tokens()
    kept.put("shop", {"a": 1})
    with kept.renewing("shop") as now:
        assert now == {"a": 1}
    assert Tokens().get("shop") == {}


def test_nobody_else_can_read_it(path: Path) -> None:
    before = os.umask(0)
    try:
        Tokens(path).put("shop", {"a": 1})
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert {file.name for file in path.parent.iterdir()} == {
        "credentials.json",
        "credentials.json.lock",
    }


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_file_that_others_can_read_is_refused(path: Path, mode: int) -> None:
    Tokens(path).put("shop", {"refresh_token": "first-token"})
    path.chmod(mode)
    for use in (lambda: Tokens(path).get("shop"), lambda: Tokens(path).put("shop", {})):
        with pytest.raises(SecretUnavailable, match=f"{mode:04o}") as caught:
            use()
        assert "chmod 600" in caught.value.hint
    assert "first-token" in path.read_text()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"shop": 1}', "\0", "[" * 99_999])
def test_damaged_file_is_named_and_left_alone(path: Path, text: str) -> None:
    Tokens(path).put("shop", {})
    path.write_text(text)
    with pytest.raises(SecretUnavailable, match="damaged") as caught:
        Tokens(path).put("shop", {"a": 1})
    assert str(path) in str(caught.value) and caught.value.hint
    assert path.read_text() == text


def test_tokens_are_masked_and_other_values_are_not(path: Path) -> None:
    Tokens(path).put("shop", {"refresh_token": "first-token", "handle": "acme.example"})
    assert redact("first-token of acme.example") == "*** of acme.example"


def test_failed_writing_leaves_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Tokens(path).put("shop", {"a": "old"})

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tokens.os, "fsync", full)
    with pytest.raises(SecretUnavailable, match="No space left"):
        Tokens(path).put("shop", {"a": "new"})
    assert Tokens(path).get("shop") == {"a": "old"}
    assert not list(path.parent.glob("*.new"))


@pytest.mark.slow
def test_writers_lose_nothing(path: Path) -> None:
    def work(name: str) -> None:
        for number in range(20):
            Tokens(path).put(name, {"n": number})

    threads = [threading.Thread(target=work, args=(f"shop{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert json.loads(path.read_text()) == {f"shop{n}": {"n": 19} for n in range(4)}


HOLDER = """
import sys, pathlib
from mentionwatch.credentials import Tokens
kept = Tokens(pathlib.Path(sys.argv[1]))
with kept.renewing("shop"):
    print("held", flush=True)
    sys.stdin.readline()
    kept.put("shop", {"refresh_token": "renewed-elsewhere"})
"""


@pytest.fixture
def holder(path: Path):
    """Another process that holds the lock until it is told to go on."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        yield process
        process.kill()


@pytest.mark.slow
def test_second_process_waits_and_sees_the_new_token(
    path: Path, holder: subprocess.Popen[str]
) -> None:
    assert Tokens(path).try_renewing("shop") is None
    with Tokens(path).renewing("other shop/ä"):  # another channel does not wait
        Tokens(path).put("other", {})
    threading.Timer(0.1, lambda: holder.stdin.write("\n") and holder.stdin.flush()).start()
    with Tokens(path).renewing("shop") as kept:
        assert kept == {"refresh_token": "renewed-elsewhere"}


@pytest.mark.slow
def test_killed_process_leaves_no_lock(path: Path, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with Tokens(path).renewing("shop") as kept:
        assert kept == {}


@pytest.mark.slow
def test_lock_that_is_held_for_ever_is_said(
    path: Path, holder: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "LOCK_SECONDS", 0.1)
    began = time.monotonic()
    with pytest.raises(SecretUnavailable, match="too long"), Tokens(path).renewing("shop"):
        pass
    assert time.monotonic() - began < 5
