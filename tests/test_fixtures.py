"""The fixtures that all tests lean on."""

from __future__ import annotations

import os
import socket
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clock import NOW, Clock
from tests.server import Server
from tests.snapshots import compare


def test_no_test_leaves_this_computer() -> None:
    with socket.socket() as outside, pytest.raises(Exception, match=r"192\.0\.2\.1"):
        outside.connect(("192.0.2.1", 80))
    with socket.socket() as outside, pytest.raises(Exception, match=r"192\.0\.2\.1"):
        outside.connect_ex(("192.0.2.1", 80))
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("shop.example", 443)
    assert socket.getaddrinfo("localhost", 80)


def test_environment_is_our_own() -> None:
    assert not [name for name in os.environ if name.lower().endswith("_proxy")]
    assert not Path.home().exists()


def test_clock_stands_still_until_it_is_moved(clock: Clock) -> None:
    assert clock() == clock() == NOW
    assert (clock.move(hours=2) - NOW).total_seconds() == 7200
    assert clock.seconds() == NOW.timestamp() + 7200


def test_snapshot_compares_and_is_rewritten_on_request(tmp_path: Path) -> None:
    kept = tmp_path / "deep" / "kept.txt"
    with pytest.raises(pytest.fail.Exception, match=r"\+first"):
        compare("first\r\n", kept)
    assert not kept.exists()
    compare("first\r\n", kept, update=True)
    assert kept.read_bytes() == b"first\r\n"
    compare("first\r\n", kept)
    for other in ("first\n", "second\n"):
        with pytest.raises(pytest.fail.Exception, match="-first"):
            compare(other, kept)


def test_snapshot_fixture_compares(snapshot: Callable[[str, Path], None], tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("same")
    snapshot("same", tmp_path / "kept.txt")


def test_server_answers_as_told(http_server: Server) -> None:
    http_server.reply("GET", "/a", body={"n": 2})
    http_server.reply("GET", "/a", body={"n": 1}, times=1)
    http_server.reply("GET", "/a", body={"n": 3}, query={"page": "3"})

    def get(path: str) -> bytes:
        with urllib.request.urlopen(http_server.url + path) as answer:
            data: bytes = answer.read()
            return data

    assert [get("/a"), get("/a"), get("/a?page=3&x=1")] == [b'{"n": 1}', b'{"n": 2}', b'{"n": 3}']
    with pytest.raises(urllib.request.HTTPError) as caught:
        get("/elsewhere?x=%C3%BC")
    caught.value.close()
    assert [request.query for request in http_server.unexpected] == [[("x", "ü")]]
    assert len(http_server.asked("/a")) == 3
