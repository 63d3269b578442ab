"""`mentionwatch config show`: the configuration as it is understood, without its secrets."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from mentionwatch.config.hours import written_span
from mentionwatch.config.outgoing import Event
from mentionwatch.config.settings import WEEKDAYS, ChannelSettings, Config, Hours, Span
from mentionwatch.config.writing import document
from mentionwatch.credentials import Secret, redact


def masked(config: Config) -> str:
    """
    Return the effective configuration, defaults included, as TOML that would load.

    Of a secret only its source is told, in a comment: "from environment variable SHOP_TOKEN".
    """
    tree = {
        "brand": _plain(config.brand),
        "hours": _hours(config.hours),
        "targets": _plain(config.targets.by_family),
        "queue": _plain(config.queue),
        "team": _team(config),
        "channels": {channel.name: _channel(channel) for channel in config.channels},
        "rules": _plain(config.rules),
        "digest": _digest(config),
        "notify": [_notify(_plain(target)) for target in config.notify],
        "handoff": {one.name: _without(_plain(one), "name") for one in config.handoffs},
        "watch": _watch(config),
        "replies": {one.name: _without(_plain(one), "name") for one in config.saved_replies},
    }
    return document({name: part for name, part in tree.items() if part})


def _plain(value: Any) -> Any:
    """Return a value as a tree; what is empty or not set is left out of tables."""
    if isinstance(value, Secret):
        return value
    if isinstance(value, Event) or _is_target(value):
        return str(value)
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items() if _is_set(one)}
    if (fields := _fields(value)) is not None:
        return {name: _plain(one) for name, one in fields.items() if _is_set(one)}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return value


def _fields(value: Any) -> dict[str, Any] | None:
    """Return the keys of one of our values, be it a named tuple or a dataclass."""
    if hasattr(value, "_asdict"):
        return dict(value._asdict())
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return None
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def _is_set(value: Any) -> bool:
    if isinstance(value, Secret):
        return bool(value)
    return value is not None and value not in ("", (), []) and value != {}


def _is_target(value: Any) -> bool:
    from mentionwatch.core.business_hours import Target

    return isinstance(value, Target)


def _without(table: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: one for name, one in table.items() if name not in names}


def _hours(hours: Hours) -> dict[str, Any]:
    table: dict[str, Any] = {"timezone": hours.timezone}
    for name, spans in zip(WEEKDAYS, hours.days, strict=True):
        table[name] = _spans(spans)
    closed = [f"{first}..{last}" if last != first else f"{first}" for first, last in hours.closed]
    special = {day.isoformat(): _spans(spans) for day, spans in hours.special.items()}
    more = {"holidays": hours.holidays, "closed": closed, "special": special}
    return {**table, **_plain({**more, "always": hours.always})}


def _spans(spans: tuple[Span, ...]) -> list[str]:
    return [written_span(span) for span in spans]


def _team(config: Config) -> dict[str, Any]:
    duty = dict(zip(WEEKDAYS, config.team.duty, strict=True))
    return dict(_plain({"names": config.team.names, "me": config.team.me, "duty": _plain(duty)}))


def _channel(channel: ChannelSettings) -> dict[str, Any]:
    common = _without(_plain(channel), "name", "channel", "problem", "deferred")
    return {**common, **_without(_plain(channel.channel) or {}, *common)}


def _digest(config: Config) -> dict[str, Any] | None:
    table = _plain(config.digest)
    if table is None:
        return None
    return {("from" if name == "sender" else name): one for name, one in table.items()}


def _watch(config: Config) -> dict[str, Any] | None:
    table = _plain(config.watch)
    if table is not None and "digest_at" in table:
        table["digest_at"] = f"{table['digest_at'] // 60:02d}:{table['digest_at'] % 60:02d}"
    return dict(table) if table is not None else None


def _notify(table: dict[str, Any]) -> dict[str, Any]:
    if "quiet" in table:
        start, end = table["quiet"]
        table["quiet"] = written_span((start, end))
    return {**table, "when": table.get("when", [])}
