"""``[targets]`` and ``[queue]``: what we promise, and how long things stay together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mentionwatch.config.periods import duration
from mentionwatch.config.reading import Table, Wrong, shown
from mentionwatch.config.settings import QueueSettings, Targets
from mentionwatch.model.families import FAMILIES
from mentionwatch.model.score import PRIORITIES

if TYPE_CHECKING:
    from mentionwatch.core.business_hours import Target

DEFAULTS: Mapping[str, Mapping[str, str]] = {
    "social": {"urgent": "30m", "high": "1h", "normal": "1h", "low": "4h"},
    "direct": {"urgent": "1h", "high": "2h", "normal": "4h", "low": "1bd"},
    "reviews": {"urgent": "4h", "high": "1bd", "normal": "1bd", "low": "2bd"},
    "forums": {"urgent": "4h", "high": "1bd", "normal": "1bd", "low": "2bd"},
}
FOLLOW_UP = "1bd"


def target(value: Any) -> Target:
    """Check for open time: "30m", "4h", "2bd"."""
    from mentionwatch.core.business_hours import Target

    if not isinstance(value, str):
        raise Wrong(f'must be open time in quotes such as "30m", "4h" or "1bd", not {shown(value)}')
    try:
        return Target.parse(value)
    except ValueError as error:
        raise Wrong(str(error)) from None


def read_targets(table: Table | None) -> Targets:
    """Return the targets of every family; the file changes the defaults one by one."""
    found = {}
    for family in FAMILIES:
        own = own_targets(table.table(family)) if table else {}
        usual = {name: target(text) for name, text in DEFAULTS[family].items()}
        found[family] = {**usual, **own}
    if table:
        table.finish("family of channels")
    return Targets(by_family=found)


def own_targets(table: Table | None) -> dict[str, Target]:
    """Return targets by priority: { urgent = "30m", normal = "2h" }."""
    if table is None:
        return {}
    found = {name: table.get(name, target, None) for name in PRIORITIES}
    table.finish("priority")
    return {name: one for name, one in found.items() if one is not None}


def read_queue(table: Table | None) -> QueueSettings:
    usual = QueueSettings(follow_up=target(FOLLOW_UP))
    if table is None:
        return usual
    found = QueueSettings(
        merge_window=table.get("merge_window", duration, usual.merge_window),
        reopen_within=table.get("reopen_within", duration, usual.reopen_within),
        first_run=table.get("first_run", duration, usual.first_run),
        follow_up=table.get("follow_up", target, usual.follow_up),
    )
    table.finish()
    return found
