"""
Checking a table against the fields of a dataclass: how the keys of a channel are read.

Understood: str, int, float, bool, Path, Secret, timedelta, Any, Literal, tuple[X, ...],
Mapping[str, X], other dataclasses, and unions of these. A required key is a field without default.
"""

from __future__ import annotations

import dataclasses
import sys
import types
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from mentionwatch.config.periods import duration
from mentionwatch.config.reading import (
    Place,
    Report,
    Table,
    Wrong,
    as_table,
    choice,
    flag,
    local_path,
    shown,
    text,
    whole,
)
from mentionwatch.config.sealed import secret, secrets
from mentionwatch.credentials import Secret

_LARGEST = 2**53
# Names that a channel module may import for type checking only.
_NAMES = {"Secret": Secret, "Path": Path, "Mapping": Mapping, "timedelta": timedelta}


def keys_of(cls: type[Any]) -> dict[str, dataclasses.Field[Any]]:
    """Return the fields that are keys of the configuration, by name."""
    return {
        field.name: field
        for field in dataclasses.fields(cls)
        if field.init and not field.name.startswith("_")
    }


def is_required(field: dataclasses.Field[Any]) -> bool:
    missing = dataclasses.MISSING
    return field.default is missing and field.default_factory is missing


def hints_of(cls: type[Any]) -> dict[str, Any]:
    """Return the types of the keys; what else the class annotates is not looked at."""
    keys, hints = keys_of(cls), {}
    for base in reversed(cls.__mro__):
        own = getattr(base, "__annotations__", {})
        holder = types.SimpleNamespace(__annotations__={k: v for k, v in own.items() if k in keys})
        around = vars(sys.modules[base.__module__]) if base.__module__ in sys.modules else {}
        hints.update(get_type_hints(holder, {**_NAMES, **around}))
    return hints


def build(cls: type[Any], table: Table, given: Mapping[str, Any] | None = None) -> Any:
    """
    Return an instance made of the keys of a table; None after a problem.

    *given* are values read already; their keys are not read again. The caller finishes the table.
    """
    before = len(table.place.report.problems)
    hints, values = hints_of(cls), dict(given or {})
    for name, field in keys_of(cls).items():
        table.know([name])
        if name in values:
            continue
        if name in table:
            values[name] = value_of(hints[name], table.values[name], table / name)
        elif is_required(field):
            table.miss(name, f"it must be {meaning(hints[name])}")
        elif isinstance(field.default, Path):  # it starts where a written one would start
            values[name] = table.place.report.folder / field.default
    if len(table.place.report.problems) > before or not table.complete:
        return None
    return _instance(cls, values, table)


def _instance(cls: type[Any], values: Mapping[str, Any], table: Table) -> Any:
    """Make the instance and ask for its own `problems`, pairs of key and message."""
    try:
        made = cls(**values)
        own = list(made.problems()) if hasattr(made, "problems") else []
    except (TypeError, ValueError) as error:
        table.place.problem(str(error))
        return None
    for key, message in own:
        (table / key if key else table.place).problem(message)
    return None if own else made


def value_of(hint: Any, value: Any, place: Place) -> Any:
    """Return what a value means to a field; its problems are reported."""
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return _union(hint, value, place)
    if origin is tuple:
        return _sequence(get_args(hint)[0], value, place)
    if origin is not None and origin is not Literal and issubclass(origin, Mapping):
        return _mapping(get_args(hint)[1], value, place)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        table = as_table(value, place)
        return _nested(hint, table) if table else None
    if hint is Secret:
        return secret(value, place)
    return place.check(value, _simple(hint, place.report.folder), None)


def _nested(cls: type[Any], table: Table) -> Any:
    made = build(cls, table)
    table.finish()
    return made


def _sequence(inside: Any, value: Any, place: Place) -> tuple[Any, ...]:
    if not isinstance(value, list):
        example = shown(value) if _harmless(inside, value) else '"…"'
        place.problem(f"must be a list: [{example}]")
        return ()
    return tuple(value_of(inside, one, place / index) for index, one in enumerate(value))


def _harmless(hint: Any, value: Any) -> bool:
    """Whether a message may show the value: it is no secret, and no table that may hold one."""
    return hint is not Secret and isinstance(value, str | int | float)


def _mapping(inside: Any, value: Any, place: Place) -> dict[str, Any]:
    if inside is Secret:
        return dict(secrets(value, place))
    table = as_table(value, place)
    items = table.values.items() if table else ()
    return {name: value_of(inside, one, place / name) for name, one in items}


def _union(hint: Any, value: Any, place: Place) -> Any:
    """Return what the first fitting member of a union makes of the value."""
    members = [member for member in get_args(hint) if member is not type(None)]
    fitting = [member for member in members if _fits(member, value)]
    if len(members) == 1 or len(fitting) == 1:
        return value_of((fitting or members)[0], value, place)
    for member in fitting:
        trial = Report("", place.report.folder, {}, place.report.no_programs)
        value_of(member, value, Place(trial, place.key))
        if not trial.problems:
            return value_of(member, value, place)
    place.problem(f"must be {meaning(hint)}")
    return None


def _fits(hint: Any, value: Any) -> bool:
    """Whether a value has the TOML shape that a hint asks for."""
    origin = get_origin(hint) or hint
    if origin is Any or origin is Literal:
        return True
    if origin is tuple:
        return isinstance(value, list)
    if origin is Secret:
        return isinstance(value, str | Mapping)
    if origin in (str, Path, timedelta):
        return isinstance(value, str)
    if origin in (int, float):
        return isinstance(value, int | float) and not isinstance(value, bool)
    if origin is bool:
        return isinstance(value, bool)
    return isinstance(value, Mapping)


def _simple(hint: Any, folder: Path) -> Callable[[Any], Any]:
    if get_origin(hint) is Literal:
        return choice(*(str(word) for word in get_args(hint)))
    known: dict[Any, Callable[[Any], Any]] = {
        str: _any_text,
        int: whole(-_LARGEST, _LARGEST),
        float: _number,
        bool: flag,
        Path: local_path(folder),
        timedelta: duration,
    }
    return known.get(hint, lambda value: value)


def _any_text(value: Any) -> str:
    """Check for a text; here it may be empty, for a channel may mean "none" by that."""
    return value if value == "" else text(value)


def _number(value: Any) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not -_LARGEST <= value <= _LARGEST:
        raise Wrong(f"must be a number (without quotes), not {shown(value)}")
    return float(value)


def meaning(hint: Any) -> str:
    """Return in words what a value must be."""
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        members = [meaning(one) for one in get_args(hint) if one is not type(None)]
        return " or ".join(dict.fromkeys(members))
    if origin is Literal:
        return "one of " + ", ".join(f'"{word}"' for word in get_args(hint))
    if origin is tuple:
        return 'a list such as ["…", "…"]'
    if hint is Secret:
        return 'a secret such as "env:NAME", "cmd:program", "file:~/path", or the value itself'
    words = {
        str: "a text in quotes",
        int: "a whole number",
        float: "a number",
        bool: "true or false",
        Path: "the path of a file, in quotes",
        timedelta: 'a duration such as "30m"',
    }
    return words.get(hint, "a table")
