"""
Reading a table of the configuration so that every problem is found, each at its line.

A check is a function of one value: it returns what the value means, or raises `Wrong`. A `Table`
applies checks, remembers the problems and which keys were asked for, and names the rest at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from mentionwatch.errors import Problem

if TYPE_CHECKING:
    from mentionwatch.config.lines import Key

T = TypeVar("T")


class Wrong(ValueError):
    """A value that is not allowed; the message says what is, the hint how to put it right."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Report:
    """
    What is known of one file, and what is found out while it is read.

    ``lines`` as `lines.key_lines` returns it. ``folder``: relative paths count from here.
    ``no_programs``: why this file may not run programs, and what helps; None where it may.
    ``plain_secrets``: the keys whose secrets stand in the file itself.
    """

    def __init__(
        self,
        path: str,
        folder: Path,
        lines: Mapping[Key, int],
        no_programs: tuple[str, str] | None,
    ) -> None:
        self.path = path
        self.folder = folder
        self.lines = lines
        self.no_programs = no_programs
        self.problems: list[Problem] = []
        self.warnings: list[str] = []
        self.plain_secrets: list[str] = []

    def line(self, key: Key) -> int:
        """Return the line of a key, else that of the closest table around it, else 0."""
        while key:
            if key in self.lines:
                return self.lines[key]
            key = key[:-1]
        return 0


class Place:
    """Where a value stands."""

    __slots__ = ("key", "report")

    def __init__(self, report: Report, key: Key = ()) -> None:
        self.report = report
        self.key = key

    def __truediv__(self, part: str | int) -> Place:
        return Place(self.report, (*self.key, part))

    def __str__(self) -> str:
        """Write the key as people do: "channels.inbox.port"; elements of arrays count from 1."""
        text = ""
        for part in self.key:
            text += f"[{part + 1}]" if isinstance(part, int) else f".{_quoted(part)}"
        return text.removeprefix(".")

    def problem(self, message: str, hint: str = "") -> None:
        report = self.report
        report.problems.append(
            Problem(
                path=report.path,
                line=report.line(self.key),
                key=str(self),
                message=_plain_line(message),
                hint=_plain_line(hint),
            )
        )

    def check(self, value: Any, check: Callable[[Any], T], default: T) -> T:
        """Return what a value means; keep the problem and return the default where it is wrong."""
        try:
            return check(value)
        except Wrong as wrong:
            self.problem(wrong.message, wrong.hint)
            return default


class Table:
    """
    One table under examination.

    Ask for each key once, then call `finish`: what nobody asked for is a problem.
    """

    def __init__(self, place: Place, values: Mapping[str, Any]) -> None:
        self.place = place
        self.values = values
        self._known: dict[str, None] = {}
        self._missing: dict[str, str] = {}

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def __truediv__(self, name: str) -> Place:
        return self.place / name

    def get(self, name: str, check: Callable[[Any], T], default: T) -> T:
        self._known[name] = None
        if name not in self.values:
            return default
        return (self.place / name).check(self.values[name], check, default)

    def need(self, name: str, check: Callable[[Any], T], default: T, hint: str = "") -> T:
        """Return what a required key means; the default only stands in for a problem."""
        if name not in self.values:
            self.miss(name, hint)
        return self.get(name, check, default)

    def miss(self, name: str, hint: str = "") -> None:
        """Remember that a required key is missing; `finish` reports it."""
        self._known[name] = None
        self._missing[name] = hint

    @property
    def complete(self) -> bool:
        return not self._missing

    def each(self, name: str, check: Callable[[Any], T]) -> tuple[T, ...]:
        """Return what the elements of a list mean; wrong ones are problems at their own lines."""
        self._known[name] = None
        return elements(self.values.get(name, []), check, self.place / name)

    def table(self, name: str) -> Table | None:
        """Return a table inside this one, None where there is none or it is no table."""
        self._known[name] = None
        if name not in self.values:
            return None
        return as_table(self.values[name], self.place / name)

    def tables(self, name: str) -> Iterator[tuple[str, Table]]:
        """Yield named tables: each ``[name.NAME]``, or each ``[[name]]`` with a key ``name``."""
        self._known[name] = None
        value, place = self.values.get(name, {}), self.place / name
        if isinstance(value, Mapping):
            for key, inside in value.items():
                if (table := as_table(inside, place / key)) is not None:
                    yield key, table
            return
        for table in self.list_of_tables(name):
            yield table.need("name", text, ""), table

    def list_of_tables(self, name: str) -> Iterator[Table]:
        """Yield the tables of ``[[name]]``."""
        self._known[name] = None
        value, place = self.values.get(name, []), self.place / name
        if not isinstance(value, list):
            place.problem(f"must be a list of tables: write [[{place}]] above each")
            return
        for index, inside in enumerate(value):
            if (table := as_table(inside, place / index)) is not None:
                yield table

    def know(self, names: Iterable[str]) -> None:
        """Accept keys that somebody else reads."""
        self._known.update(dict.fromkeys(names))

    def finish(self, what: str = "key") -> None:
        """
        Report every key that nobody asked for, with the known one that is nearest, and every
        required key that is missing; a misspelt required key is one problem, not two.
        """
        for name in self.values:
            if name not in self._known:
                (self.place / name).problem(f"is not a known {what}", suggestion(name, self._known))
                self._missing.pop(nearest(name, self._missing), None)
        for name, hint in self._missing.items():
            (self.place / name).problem("is missing", hint)
        self._missing.clear()


def as_table(value: Any, place: Place) -> Table | None:
    if isinstance(value, Mapping):
        return Table(place, value)
    place.problem(f"must be a table, not {shown(value)}", f"write [{place}] on a line of its own")
    return None


def elements(value: Any, check: Callable[[Any], T], place: Place) -> tuple[T, ...]:
    """Return what each element of a list means; what is wrong becomes a problem and is left out."""
    if not isinstance(value, list):
        fix = f"[{shown(value)}]" if not isinstance(value, Mapping) else '["…", "…"]'
        place.problem(f"must be a list: {fix}")
        return ()
    found = []
    for index, element in enumerate(value):
        try:
            found.append(check(element))
        except Wrong as wrong:
            (place / index).problem(wrong.message, wrong.hint)
    return tuple(found)


def text(value: Any) -> str:
    """Check for a text that is not empty."""
    if not isinstance(value, str):
        raise Wrong(f'must be a text in quotes, not {shown(value)}: "…"')
    if not value.strip():
        raise Wrong("must not be empty")
    if "\0" in value:
        raise Wrong("must not hold a NUL character")
    return value


def flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Wrong(f"must be true or false (without quotes), not {shown(value)}")
    return value


def whole(least: int, most: int) -> Callable[[Any], int]:
    """Return a check for a whole number within limits."""

    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            allowed = f"from {least} to {most}"
            raise Wrong(f"must be a whole number {allowed} (without quotes), not {shown(value)}")
        return value

    return check


def choice(*allowed: str) -> Callable[[Any], str]:
    """Return a check for one of some words."""

    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in allowed:
            hint = suggestion(value, allowed) if isinstance(value, str) else ""
            raise Wrong(f"must be {one_of(allowed)}, not {shown(value)}", hint)
        return value

    return check


def local_path(folder: Path) -> Callable[[Any], Path]:
    """Return a check for a path; "~" is the home folder, relative ones start at *folder*."""

    def check(value: Any) -> Path:
        try:
            return folder / Path(text(value)).expanduser()
        except RuntimeError:
            raise Wrong(f"there is no such home folder: {shown(value)}") from None

    return check


def one_of(words: Iterable[str]) -> str:
    """Return '"a", "b" or "c"'."""
    quoted = [f'"{word}"' for word in words]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name that was probably meant; "" where none is near."""
    from difflib import get_close_matches

    names, asked = list(known), name[:80].lower()
    near = get_close_matches(asked.replace("-", "_"), names, n=1, cutoff=0.6)
    near = near or [one for one in names if len(asked) > 2 and one.startswith(asked)]
    return near[0] if near else ""


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return 'did you mean "…"?' for the nearest known name, else the list of what is known."""
    names = list(known)
    if near := nearest(name, names):
        return f'did you mean "{near}"?'
    return f"known here: {', '.join(names)}" if 0 < len(names) <= 40 else ""


def shown(value: Any) -> str:
    """Return a value as a message may show it: short, on one line, in TOML's words."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted_text(value)
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, int) and value.bit_length() > 64:
        return "a very large number"
    return str(value)


def _quoted_text(value: str) -> str:
    short = value if len(value) <= 60 else value[:59] + "…"
    return f'"{_plain_line(short)}"'


def _plain_line(text: str) -> str:
    """Return a text without controls: whatever a file holds, it must not steer a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _quoted(part: str) -> str:
    bare = part.isascii() and part.replace("-", "a").replace("_", "a").isalnum()
    return part if bare else _quoted_text(part)
