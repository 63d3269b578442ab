"""
Which column or expression is which field of a record; the ``map`` of a file.

    map = { id = "Call ID", text = ["Notes", "Transcript"],
            created_at = { columns = ["Date", "Time"], format = "%m/%d/%Y %H:%M", tz = "UTC" },
            is_own = { column = "Direction", equals = ["outgoing"] },
            kind = { value = "call" }, skip = { column = "Duration", equals = ["0"] } }

A name is that of a column of a table (in any case; a number counts from 1), or a JMESPath
expression on an object.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mentionwatch.channels._records import FIELDS, TIMES
from mentionwatch.channels._times import check_format, instant, zone
from mentionwatch.errors import SourceUnreadable
from mentionwatch.model.text import html_to_text

Place = str | int  # the name of a column, its number, or an expression
_KEYS = frozenset(("column", "columns", "equals", "format", "tz", "value", "html", "sorted"))

# What a column without a map is called when it does not bear the field's own name.
ALIASES: Mapping[str, tuple[str, ...]] = {
    "text": ("message", "body", "comment", "review", "content", "notes"),
    "created_at": ("date", "datetime", "timestamp", "created", "sent"),
    "author": ("name", "from", "customer", "sender", "caller"),
    "url": ("link", "permalink"),
    "rating": ("stars",),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """
    Where one field of a record comes from; ``value`` where it is the same for all.

    ``sorted`` joins several columns in the order of their values: the numbers of caller and called
    make the same thread in both directions.
    """

    places: tuple[Place, ...] = ()
    equals: frozenset[str] | None = None
    format: str = ""
    tz: str = ""
    value: Any = None
    html: bool = False
    sorted: bool = False

    def of(self, get: Callable[[Place], Any], name: str, tz: str, date_format: str) -> Any:
        """Return the field's value. Raises UnknownTime."""
        if self.value is not None:
            return self.value
        found = [get(place) for place in self.places]
        if self.equals is not None:
            return any(_plain(value) in self.equals for value in found)
        if self.sorted:
            found.sort(key=str)
        value = found[0] if len(found) == 1 else _joined(name, found)
        if self.html and isinstance(value, str):
            return html_to_text(value)
        if name in TIMES and isinstance(value, (str, int, float)):
            return instant(value, tz=self.tz or tz, pattern=self.format or date_format)
        return value


Plan = Mapping[str, Field]


def compiled(mapping: Mapping[str, Any]) -> Plan:
    """
    Return a map as the owner wrote it, checked.

    Raises:
        ValueError: Names the key, and the nearest known one.
    """
    return {name: _field(name, value) for name, value in mapping.items() if value != ""}


def _field(name: str, value: Any) -> Field:
    if name not in FIELDS and name != "skip":
        near = difflib.get_close_matches(name, FIELDS, 1)
        hint = f'; did you mean "{near[0]}"?' if near else ""
        raise ValueError(f"map.{name}: there is no such field{hint}")
    try:
        found = _table(value) if isinstance(value, Mapping) else Field(places=_places(value))
    except ValueError as error:
        raise ValueError(f"map.{name}: {error}") from None
    if name == "skip" and found.equals is None:
        raise ValueError('map.skip: write { column = "…", equals = ["…"] }')
    return found


def _table(value: Mapping[str, Any]) -> Field:
    if unknown := set(value) - _KEYS:
        allowed = ", ".join(sorted(_KEYS))
        raise ValueError(f'unknown key "{min(unknown)}"; there are {allowed}')
    if "value" in value:
        return Field(value=value["value"])
    places = _places(value.get("columns", value.get("column")))
    equals = value.get("equals")
    if equals is not None:
        wanted = equals if isinstance(equals, (list, tuple)) else [equals]
        equals = frozenset(_plain(one) for one in wanted)
    pattern, tz = str(value.get("format", "")), str(value.get("tz", ""))
    check_format(pattern)
    zone(tz)
    return Field(
        places=places,
        equals=equals,
        format=pattern,
        tz=tz,
        html=bool(value.get("html", False)),
        sorted=bool(value.get("sorted", False)),
    )


def _places(value: Any) -> tuple[Place, ...]:
    found = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    for place in found:
        number = isinstance(place, int) and not isinstance(place, bool) and place >= 1
        if not (number or (isinstance(place, str) and place.strip())) or not found:
            raise ValueError("a column is named by a text, or by a number that counts from 1")
    if not found:
        raise ValueError("at least one column is needed")
    return found


def _plain(value: object) -> str:
    """Return a value as ``equals`` compares it: without case and outer blanks; true as "true"."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value).strip().casefold()


def _joined(name: str, values: Iterable[object]) -> str:
    words = [str(value) for value in values if value is not None and str(value).strip()]
    return ("\n" if name in ("text", "reply_text") else " ").join(words)


class RowMap:
    """
    Turns the rows of one table into records.

    Args:
        plan: The owner's map; "" parts of it are already gone.
        columns: The header row; column n is called "n" where there is none.
        strict: Read nothing but what the plan names; what is not there is left out (a preset).
        where: Names the file in messages.

    Raises:
        SourceUnreadable: The plan names a column that is not there, or no column holds a text.
    """

    def __init__(self, plan: Plan, columns: Sequence[str], *, strict: bool, where: str) -> None:
        self._columns = [column.strip() for column in columns]
        self._where = where
        self._index: dict[str, int] = {}
        for number, column in enumerate(self._columns):
            self._index.setdefault(column.casefold(), number)
        self.plan = dict(self._present(plan) if strict else self._completed(plan))
        self._numbers = {
            place: self._number(place) for field in self.plan.values() for place in field.places
        }
        used = set(self._numbers.values())
        self._rest = [n for n in range(len(self._columns)) if n not in used]
        if not {"text", "title", "kind", "rating", "type", "is_own"} & set(self.plan):
            raise self._unknown("no column is called text or title", 'map = { text = "…" }')

    def record(self, row: Sequence[str], tz: str, date_format: str) -> dict[str, Any] | None:
        """Return the record of one row; None where ``skip`` applies. Raises UnknownTime."""

        def get(place: Place) -> str:
            number = self._numbers[place]
            return row[number] if number < len(row) else ""

        found: dict[str, Any] = {}
        for name, field in self.plan.items():
            value = field.of(get, name, tz, date_format)
            if name == "skip":
                if value:
                    return None
            elif value not in ("", None):
                found[name] = value
        found["raw"] = self._raw(row)
        return found

    def _raw(self, row: Sequence[str]) -> dict[str, Any]:
        width = len(self._columns)
        found: dict[str, Any] = {
            self._columns[n]: row[n] for n in self._rest if n < len(row) and row[n]
        }
        if len(row) > width:
            found["surplus"] = list(row[width:])
        return found

    def _present(self, plan: Plan) -> dict[str, Field]:
        """Leave out what this version of the export does not have; not the text."""
        return {
            name: field
            for name, field in plan.items()
            if name == "text" or all(self._has(place) for place in field.places)
        }

    def _has(self, place: Place) -> bool:
        if isinstance(place, int):
            return place <= len(self._columns)
        return place.strip().casefold() in self._index

    def _completed(self, plan: Plan) -> dict[str, Field]:
        """Add the fields that columns name by themselves."""
        taken = {place for field in plan.values() for place in field.places}
        known = {column.replace(" ", "_").replace("-", "_"): column for column in self._index}
        found: dict[str, Field] = {}
        for name in FIELDS:
            # A column "type" of a foreign table rarely means ours.
            if name not in plan and name in known and not (plan and name == "type"):
                found[name] = Field(places=(known[name],))
        if not plan:
            for name, others in ALIASES.items():
                other = next((one for one in others if one in known), None)
                if name not in found and other and known[other] not in taken:
                    found[name] = Field(places=(known[other],))
        return {**found, **plan}

    def _number(self, place: Place) -> int:
        if isinstance(place, int):
            if place > len(self._columns):
                raise self._unknown(f"there is no column {place}", "")
            return place - 1
        number = self._index.get(place.strip().casefold())
        if number is None:
            near = difflib.get_close_matches(place.strip().casefold(), self._index, 1)
            hint = f'did you mean "{self._columns[self._index[near[0]]]}"?' if near else ""
            raise self._unknown(f'there is no column "{place}"', hint)
        return number

    def _unknown(self, what: str, hint: str) -> SourceUnreadable:
        names = ", ".join(self._columns)
        return SourceUnreadable(
            f"{self._where}: {what}; the columns are {names[:300] or 'none'}",
            hint=hint or "correct the map of this channel",
        )


class ItemMap:
    """Turns objects of JSON into records, by JMESPath. Raises ValueError for a wrong one."""

    def __init__(self, plan: Plan, *, strict: bool) -> None:
        self._plan = plan
        self._strict = strict
        self._search: dict[Place, Any] = {}
        for name, field in plan.items():
            for place in field.places:
                self._search[place] = _expression_of(name, place)
        self.problems: dict[str, int] = {}  # a function that was given the wrong type, counted

    def record(self, item: Mapping[str, Any], tz: str, date_format: str) -> dict[str, Any] | None:
        """Return the record of one object; None where ``skip`` applies. Raises UnknownTime."""
        if not self._plan:
            return dict(item)
        found: dict[str, Any] = {} if self._strict else {k: item[k] for k in item if k in FIELDS}
        found.pop("type", None)
        for name, field in self._plan.items():
            value = field.of(lambda place: self._get(place, item), name, tz, date_format)
            if name == "skip":
                if value:
                    return None
            else:
                found[name] = value
        found["raw"] = dict(item)
        return found

    def _get(self, place: Place, item: Mapping[str, Any]) -> Any:
        from jmespath.exceptions import JMESPathError

        try:
            return self._search[place].search(item)
        except JMESPathError:
            self.problems[str(place)] = self.problems.get(str(place), 0) + 1
            return None


def _expression_of(name: str, place: Place) -> Any:
    try:
        return expression(str(place))
    except ValueError as error:
        raise ValueError(f"map.{name}: {error}") from None


def expression(text: str) -> Any:
    """Return a compiled JMESPath expression. Raises ValueError."""
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        return jmespath.compile(text.removeprefix("$."))
    except JMESPathError as error:
        hint = '; JMESPath has no leading "$"' if "$" in text else ""
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(f'"{text}" is no JMESPath expression ({first}){hint}') from None


def identified(record: dict[str, Any]) -> dict[str, Any]:
    """
    Give a record without an id one that an overlapping export gives it again.

    Identical rows are one item.
    """
    if record.get("id") in (None, ""):
        when = record.get("created_at")
        stamp = when.isoformat() if isinstance(when, datetime) else str(when or "")
        parts = [stamp, *(str(record.get(k) or "") for k in ("author", "author_id", "text"))]
        joined = "\x1f".join(parts).encode("utf-8", "replace")
        record["id"] = f"sha256:{hashlib.sha256(joined).hexdigest()[:32]}"
    return record
