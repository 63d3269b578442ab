"""The page docs/channels.md: every channel type, what it can do, and its keys."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterable, Mapping
from typing import Any

YES, NO = "yes", "no"
HEADING = "Not verified against the platform:"


def channels_page(classes: Mapping[str, type[Any]], unreadable: Iterable[tuple[str, str]]) -> str:
    """
    Return docs/channels.md.

    Args:
        classes: Type -> settings class.
        unreadable: What cannot be read at all, and what to do instead.
    """
    parts = [
        "# Channels\n\n"
        "Written from the code by the tests; edit the channel, not this page. "
        "`mentionwatch channels` prints the same, and `mentionwatch channels setup TYPE` the steps "
        "and what was not verified.\n",
        _table(classes),
        "## What cannot be read\n",
        "\n".join(f"- **{what}**: {instead}" for what, instead in unreadable) + "\n",
        *(_section(name, cls) for name, cls in sorted(classes.items())),
    ]
    return "\n".join(parts)


def _table(classes: Mapping[str, type[Any]]) -> str:
    lines = [
        "| type | family | finds untagged | sees your replies | sees edits | private | cost |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, cls in sorted(classes.items(), key=lambda one: (str(one[1].family), one[0])):
        can = cls.capabilities
        flags = (can.finds_untagged, can.sees_own_replies, can.sees_edits, can.private)
        cells = [f"`{name}`", cls.family, *(YES if flag else NO for flag in flags), can.cost]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _section(name: str, cls: type[Any]) -> str:
    module = sys.modules[cls.__module__]
    about = " ".join((module.__doc__ or "").strip().partition("\n\n")[0].split())
    can = cls.capabilities
    lines = [f"## {name}", "", about, ""]
    if can.history:
        lines.append(f"- first run: {can.history}")
    lines += [f"- {limit}" for limit in can.limits]
    lines += [*unverified(cls), "", f"Keys: {_keys(cls)}.", ""]
    setup = getattr(module, "SETUP", "").strip()
    if setup:
        lines += ["```text", setup, "```", ""]
    return "\n".join(lines)


def unverified(cls: type[Any]) -> list[str]:
    """Return as lines what a channel takes for granted that nobody has seen; none for nothing."""
    notes = getattr(sys.modules[cls.__module__], "UNVERIFIED", ())
    return ["", HEADING, "", *(f"- {note}" for note in notes)] if notes else []


def _keys(cls: type[Any]) -> str:
    found = []
    for field in dataclasses.fields(cls):
        required = (
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        )
        found.append(f"`{field.name}`" + (" (required)" if required else ""))
    return ", ".join(found)
