"""``[channels.NAME]``: keys that every channel has, and those of its type's class."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from mentionwatch.config.periods import duration, seconds
from mentionwatch.config.reading import Table, flag, shown, suggestion, text
from mentionwatch.config.settings import ChannelSettings
from mentionwatch.config.targets import own_targets

# Keys of every channel, beside those of its class.
COMMON = ("type", "targets", "keep", "keep_raw", "every", "enabled", "timeout", "own_accounts")
_NAME = r"\w[\w .+-]{0,59}"
# Carries what `mentionwatch add` takes in.
_TAKEN = ("manual",)


def is_channel_name(name: str) -> bool:
    """Return whether a channel may bear this name; the keys of people begin with it and a sign."""
    return name not in _TAKEN and re.fullmatch(_NAME, name) is not None


def read_channels(table: Table | None, *, checked: bool = False) -> tuple[ChannelSettings, ...]:
    """
    Return every configured channel, in the order of the file.

    Args:
        checked: The file was checked before; no class is loaded (see `loading.load`).
    """
    found = []
    for name in table.values if table else ():
        assert table is not None
        inside = table.table(name)
        if inside is not None and _name_allowed(name, inside):
            found.append(_channel(name, inside, checked=checked))
    return tuple(found)


def _name_allowed(name: str, table: Table) -> bool:
    if name in _TAKEN:
        table.place.problem(f"{shown(name)} is taken by `mentionwatch add`; choose another name")
    elif not re.fullmatch(_NAME, name):
        table.place.problem("a channel's name is up to 60 letters, digits, blanks or -_.+")
    else:
        return True
    return False


def _channel(name: str, table: Table, *, checked: bool) -> ChannelSettings:
    kind = table.get("type", text, "" if "type" in table else name)
    timeout = table.get("timeout", seconds(1, 3600), 0.0)
    own_accounts = table.each("own_accounts", text)
    common = {"timeout": timeout, "own_accounts": own_accounts}
    channel, problem = (None, "") if checked else _instance(kind, table, common)
    return ChannelSettings(
        name=name,
        type=kind,
        channel=channel,
        problem=problem,
        targets=own_targets(table.table("targets")),
        keep=_length(table, "keep"),
        keep_raw=table.get("keep_raw", flag, default=False),
        every=_length(table, "every"),
        enabled=table.get("enabled", flag, default=True),
        timeout=timeout or None,
        own_accounts=own_accounts,
        deferred=checked,
    )


def _length(table: Table, name: str) -> timedelta | None:
    return table.get(name, duration, None) if name in table else None


def _instance(kind: str, table: Table, common: dict[str, Any]) -> tuple[Any, str]:
    """Return the channel, or None and why a third party's package cannot be used."""
    if not kind:  # a problem already
        return None, ""
    from mentionwatch.channels import BUILTIN, load

    try:
        cls = load(kind)
    except KeyError:
        _unknown(kind, table)
        return None, ""
    except Exception as error:
        # A third party's module may raise anything; it must not take the other channels with it.
        if kind in BUILTIN:
            raise
        return None, f"the package of channel type {kind} does not load ({_reason(error)})"
    if kind in BUILTIN:
        return _made(cls, kind, table, common), ""
    try:
        return _made(cls, kind, table, common), ""
    except Exception as error:  # noqa: BLE001 - the same for its class
        return None, f"the package of channel type {kind} cannot be used ({_reason(error)})"


def _unknown(kind: str, table: Table) -> None:
    from mentionwatch.channels import available

    hint = suggestion(kind, available())
    message = f"there is no channel type {shown(kind)}"
    if "type" in table:
        (table / "type").problem(message, hint)
    else:
        table.place.problem(f'{message}; say which it is: type = "…"', hint)


def _made(cls: type[Any], kind: str, table: Table, common: dict[str, Any]) -> Any:
    """Check the table against the class; unknown keys are reported with the nearest known one."""
    if kind == "exec" or getattr(cls, "runs_programs", False):
        from mentionwatch.config.sealed import programs_allowed

        programs_allowed(table.place, f"a channel of type {shown(kind)}")
    from mentionwatch.config import schema

    keys = schema.keys_of(cls)
    table.know(keys)
    table.know(COMMON)
    given = {name: value for name, value in common.items() if name in keys and name in table}
    made = schema.build(cls, table, given)
    table.finish()
    return made


def _reason(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
