"""What a platform is, and where and when it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.server import Server

FIRST = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
ANSWERED = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
SECOND = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
AT = "2026-11-21T08:30:00.000Z"


@dataclass(frozen=True, kw_only=True)
class Platform:
    """
    ``section``: keys of the channel's table. ``customer``: how the text (or the title) of his row
    begins; empty for the newest row.

    ``answer`` makes our answer appear on the platform; None where the channel cannot see it.
    ``faults``: what we asked against the platform's documentation so far.
    """

    section: str
    customer: str
    answer: Callable[[], object] | None = None
    faults: Callable[[], Sequence[str]] = tuple


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a platform is built."""

    server: Server
    folder: Path
    request: pytest.FixtureRequest

    @property
    def url(self) -> str:
        return self.server.url


def strict(world: Any) -> Callable[[], Sequence[str]]:
    return lambda: world.strict.faults


def own(world: Any) -> Callable[[], Sequence[str]]:
    return lambda: world.faults
