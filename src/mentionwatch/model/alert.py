"""What a target is told: ready words, from which each service makes its own form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertItem:
    """
    One conversation, channel or spike.

    ``head``: how late, where, who; ``text``: the words of the customer or the problem, may be "".
    ``url``: http or https, or "". ``record``: the same for programs (docs/handoff.md).
    """

    head: str
    text: str = ""
    url: str = ""
    site: str = ""
    record: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Alert:
    """
    One message to one target.

    ``title`` says it all in a line. ``more`` counts what is not among the items. ``pressing``: it
    may wake somebody. ``uid`` is the same when the message is repeated after a crash.
    """

    uid: str
    brand: str
    title: str
    items: tuple[AlertItem, ...]
    more: int
    at: datetime
    pressing: bool
