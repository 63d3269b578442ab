"""What ``doctor`` finds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

CHECKS = (
    "configuration",
    "permissions",
    "disk",
    "clock",
    "database",
    "account",
    "expiry",
    "last_sync",
    "delivery",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """
    One thing that was looked at.

    ``level``: ok, warning (look at it some day) or problem (it does not work). ``check``: one of
    CHECKS. ``what``: what it is about, in a word or two. ``hint``: what to do about it.
    ``channel``: its name in the configuration, "" where it is about none. ``at``: the time that
    the message names, UTC: an end, the last good run, the time by this machine's clock.
    """

    level: str
    check: str
    what: str
    message: str
    hint: str = ""
    channel: str = ""
    at: datetime | None = None
