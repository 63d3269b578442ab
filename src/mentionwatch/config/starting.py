"""`mentionwatch init`: a first configuration, from a few answers."""

from __future__ import annotations

import dataclasses
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from mentionwatch.channels import load
from mentionwatch.config import schema
from mentionwatch.config.writing import key, quoted, value
from mentionwatch.credentials import Secret
from mentionwatch.errors import ConfigError, ExportError, Problem


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelAnswer:
    """A chosen channel; ``values`` are keys of its table as far as they are known."""

    type: str
    name: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """
    What `init` asked.

    ``hours``: as in the file, {"mon-fri": ("09:00-17:00",)}; empty for always open. ``timezone``
    and ``holidays`` may be "".
    """

    brand: str
    terms: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    own_accounts: tuple[str, ...] = ()
    timezone: str = ""
    hours: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    holidays: str = ""
    channels: tuple[ChannelAnswer, ...] = ()


def starter(answers: Answers) -> str:
    """Return the text of a configuration that loads, with a comment on each part."""
    parts = [
        "# The configuration of mentionwatch. All keys: docs/config.md and config.example.toml.\n"
        "# After a change: mentionwatch config check",
        "\n".join(_brand(answers)),
        "\n".join(_hours(answers)),
        *("\n".join(_channel(answer)) for answer in answers.channels),
    ]
    return "\n\n".join(parts) + "\n"


def _brand(answers: Answers) -> Iterator[str]:
    yield "[brand]"
    yield f"name = {quoted(answers.brand)}"
    yield "# A phrase, a word, a handle, a hashtag, or /a regular expression/."
    yield f"terms = {value(answers.terms or (answers.brand,))}"
    yield "# What looks like you and is not."
    yield "exclude = []"
    yield from _or_example("domains", answers.domains, '["acmecoffee.example"]', "Your web sites.")
    hint = "Your own accounts and addresses: what they write is your reply."
    yield from _or_example("own_accounts", answers.own_accounts, '["care@acme.example"]', hint)


def _or_example(name: str, found: tuple[str, ...], example: str, hint: str) -> Iterator[str]:
    yield f"# {hint}"
    yield f"{name} = {value(found)}" if found else f"# {name} = {example}"


def _hours(answers: Answers) -> Iterator[str]:
    yield "# Answers are due within open hours. Without days: always open."
    yield "[hours]"
    if answers.timezone:
        yield f"timezone = {quoted(answers.timezone)}"
    for days, spans in answers.hours.items():
        yield f"{key(days)} = {value(spans)}"
    if not answers.hours:
        yield '# mon-fri = ["09:00-12:30", "13:30-17:00"]'
    yield "# A country or region, or the path or address of an .ics file."
    yield f"holidays = {quoted(answers.holidays)}" if answers.holidays else '# holidays = "GB-ENG"'
    yield '# closed = ["2026-12-24..2027-01-02"]'


def _channel(answer: ChannelAnswer) -> Iterator[str]:
    """Yield a channel's table; commented out where a key is missing that nobody can guess."""
    cls = load(answer.type)
    fields = schema.keys_of(cls)
    hints = schema.hints_of(cls)
    name = answer.name or answer.type
    lines, open_keys = [f"[channels.{key(name)}]"], []
    if name != answer.type:
        lines.append(f"type = {quoted(answer.type)}")
    lines += [f"{key(given)} = {value(one)}" for given, one in answer.values.items()]
    for missing, one in fields.items():
        if missing in answer.values or not schema.is_required(one):
            continue
        if hints[missing] is Secret:
            lines.append(f"{missing} = {quoted('env:' + _variable(name, missing))}")
        else:
            open_keys.append(missing)
            lines.append(f'{missing} = "…"')
    yield f"# {_about(cls)}"
    yield f"# The steps to get started: mentionwatch channels setup {answer.type}"
    if open_keys:
        keys = " and ".join(open_keys)
        yield f'# Fill in {keys}, and take away the # of the lines down to "Optional".'
    mark = "# " if open_keys else ""
    yield from (mark + line for line in lines)
    yield "# Optional, with what is usual:"
    for other, one in fields.items():
        if other not in answer.values and not schema.is_required(one):
            yield f"#   {other} = {_usual(one, hints[other], _variable(name, other))}"


def _usual(one: dataclasses.Field[Any], hint: Any, variable: str) -> str:
    """Return the default of an optional key, or where a secret might stand."""
    if hint is Secret or Secret in get_args(hint):
        return quoted(f"env:{variable}")
    usual = one.default if one.default is not dataclasses.MISSING else None
    plain = isinstance(usual, str | int | float | tuple) and usual not in ("", ())
    return value(usual) if plain else "…"


def _about(cls: type[Any]) -> str:
    """Return the first sentence of the channel's module."""
    words = (getattr(sys.modules.get(cls.__module__), "__doc__", "") or "").strip()
    first = " ".join(words.partition("\n\n")[0].split())
    return first if first.endswith(".") else f"{first}." if first else f"{cls.__name__}."


def _variable(name: str, missing: str) -> str:
    return "MENTIONWATCH_" + re.sub(r"[^A-Z0-9]+", "_", f"{name}_{missing}".upper())


def write_new(path: Path, text: str) -> None:
    """
    Write a file that only its owner can read, and never over another one.

    Raises:
        ConfigError: There is a file already.
        ExportError: It cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"{path.parent}: cannot be made ({error.strerror})") from error
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        problem = Problem(path=str(path), line=0, key="", message="exists already")
        raise ConfigError([problem], hint="edit it, or name another one with --config") from None
    except OSError as error:
        raise ExportError(f"{path}: cannot be written ({error.strerror})") from error
    try:
        with open(descriptor, "w", encoding="utf-8", newline="\n") as stream:  # noqa: PTH123
            stream.write(text)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise ExportError(f"{path}: cannot be written ({error.strerror})") from error
