"""
Fixtures for all tests.

``http_server``, ``https_server``: see tests/server.py. ``snapshot(text, path)``: compare with a
file of the repository, ``pytest --update-snapshots`` rewrites it. ``clock``: a clock that stands
still until the test moves it. Waiting between retries is switched off; `waits` records it.
No test reaches the network: a socket to anywhere but this computer raises.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.clock import Clock
from tests.server import Server
from tests.snapshots import compare


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-snapshots", action="store_true", help="rewrite the files that snapshot() compares"
    )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def http_server() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture
def https_server() -> Iterator[Server]:
    with Server(tls=True) as server:
        yield server


@pytest.fixture
def snapshot(request: pytest.FixtureRequest) -> Callable[[str, str | Path], None]:
    """Return ``snapshot(text, path)``; a relative path counts from the repository's root."""
    return partial(compare, update=request.config.getoption("--update-snapshots"))


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Record waits between retries, and `Client.pause`, instead of sleeping; in seconds."""
    import stamina

    recorded: list[float] = []
    really = asyncio.sleep

    async def sleep(seconds: float, result: Any = None) -> Any:
        if seconds:
            recorded.append(seconds)
        await really(0)
        return result

    stamina.set_testing(False)
    monkeypatch.setattr(asyncio, "sleep", sleep)
    return recorded


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    import stamina

    stamina.set_testing(True, attempts=100, cap=True)
    yield
    stamina.set_testing(False)


@pytest.fixture(autouse=True)
def _nothing_resolved() -> Iterator[None]:
    from mentionwatch.credentials import forget_resolved, set_interactive

    yield
    forget_resolved()
    set_interactive(False)


@pytest.fixture(autouse=True)
def _own_environment(
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Keep the developer's proxies, configuration and home out of the tests."""
    for name in set(os.environ) - {"MENTIONWATCH_HTTP_LIBRARY"}:
        if name.lower().endswith("_proxy") or name.startswith(("MENTIONWATCH_", "SSL_CERT_")):
            monkeypatch.delenv(name)
    # Each test has a home of its own; most never look for it, so it is not made.
    name = sha256(request.node.nodeid.encode()).hexdigest()[:16]
    monkeypatch.setenv("HOME", str(tmp_path_factory.getbasetemp() / "homes" / name))
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.delenv(f"XDG_{name}_HOME", raising=False)


class OutsideWorld(Exception):
    """A test tried to leave this computer."""


@pytest.fixture(autouse=True)
def _only_this_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    # For each test anew: where pytest-socket is installed, it puts the real ones back after each.
    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
    monkeypatch.setattr(socket, "getaddrinfo", _local_names(socket.getaddrinfo))


def _guarded(really: Callable[..., Any]) -> Callable[..., Any]:
    def connect(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_local(address[0]):
            raise OutsideWorld(f"a test wants to connect to {address[0]}")
        return really(self, address)

    return connect


def _local_names(really: Callable[..., Any]) -> Callable[..., Any]:
    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name is not None and not _is_local(name):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return really(host, *args, **kwargs)

    return getaddrinfo


def _is_local(host: str) -> bool:
    return host in ("localhost", "::1", "") or host.startswith("127.")
