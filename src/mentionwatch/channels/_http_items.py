"""One answer of a JSON API, by the owner's map: the records in it, and where it goes on."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from mentionwatch.channels import reading
from mentionwatch.channels._mapping import Field, ItemMap, compiled, expression, identified
from mentionwatch.channels._records import TIMES, RecordDefaults, RecordRefused, items_of
from mentionwatch.channels._times import UnknownTime, instant
from mentionwatch.channels._values import web
from mentionwatch.errors import UnexpectedPayload
from mentionwatch.model.items import Deletion, Item, Mention
from mentionwatch.model.text import html_to_text

_TAG = re.compile(
    r"</?(?:p|br|div|span|a|ul|ol|li|b|i|em|strong|blockquote|img|h[1-6])\b[^>]*>", re.I
)
_SECRET = re.compile(r"token|secret|password|authorization|api_?key", re.I)
_WORDS = ("text", "title", "reply_text")
_LINKS = ("url", "author_url")
_TIME = "time of "  # before the name of a time in the map: it is read here, not there
SHOWN = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """
    ``count``: things in the list, ``ids`` of those that became items; ``newest``: the latest time
    on the page. ``following``: what the expressions for further pages found.
    """

    items: tuple[Item, ...] = ()
    count: int = 0
    ids: frozenset[str] = frozenset()
    newest: datetime | None = None
    cursor: Any = None
    more: bool = True
    warnings: tuple[str, ...] = ()


@dataclass(kw_only=True)
class Mapper:
    """
    Reads answers; raises ValueError where an expression is wrong.

    ``rating_map``: words -> stars. ``base``: where relative links begin.
    """

    mapping: Mapping[str, Any]
    items: str
    cursor: str
    more: str
    error: str
    format: str
    tz: str
    defaults: RecordDefaults
    base: str
    rating_map: Mapping[str, float]
    problems: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        plan: dict[str, Field] = {}
        for name, one in compiled(self.mapping).items():
            plan[f"{_TIME}{name}" if name in TIMES else name] = one
        self._map = ItemMap(plan, strict=True)
        self._plan = plan
        self._list = expression(self.items or "@")
        self._cursor = expression(self.cursor) if self.cursor else None
        self._more = expression(self.more) if self.more else None
        self._error = expression(self.error) if self.error else None

    def read(self, payload: Any) -> Read:
        """Return what one answer holds. Raises UnexpectedPayload."""
        self._refuse_error(payload)
        things = self._search("items", self._list, payload)
        if not isinstance(things, list):
            raise _no_list(payload, self.items)
        found: list[Item] = []
        refused: list[str] = []
        for thing in things:
            try:
                found += self._items(thing)
            except RecordRefused as error:
                refused.append(error.message)
        if things and len(refused) == len(things):
            raise UnexpectedPayload(
                f"none of {len(things)} things in the list could be read ({refused[0]})",
                hint="correct the map of this channel; `mentionwatch doctor` shows what comes",
            )
        times = [one.published for one in found if isinstance(one, Mention) and one.published]
        more = self._search("page.more", self._more, payload) if self._more else True
        return Read(
            items=tuple(found),
            count=len(things),
            ids=frozenset(one.external_id for one in found),
            newest=max(times, default=None),
            cursor=self._search("page.cursor", self._cursor, payload) if self._cursor else None,
            more=bool(more),
            warnings=self._told(refused),
        )

    def _refuse_error(self, payload: Any) -> None:
        said = self._search("error", self._error, payload) if self._error else None
        if said:
            raise UnexpectedPayload(
                f"the service answers with an error: {str(said)[:200]}",
                hint="check url, params and token of this channel",
            )

    def _search(self, name: str, compiled_one: Any, payload: Any) -> Any:
        from jmespath.exceptions import JMESPathError

        try:
            return compiled_one.search(payload)
        except JMESPathError as error:
            first = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise UnexpectedPayload(
                f"`{name}` cannot be worked out on this answer ({first[:200]})",
                hint="correct the expression; `mentionwatch doctor` shows what comes",
            ) from error

    def _items(self, thing: Any) -> tuple[Item, ...]:
        with reading("one thing of the list"):
            if not isinstance(thing, Mapping):
                raise RecordRefused("an object is expected")
            record = self._map.record(thing, self.tz, "") if self._plan else dict(thing)
        if record is None:
            return ()
        self._complete(record)
        made = items_of(identified(record), self.defaults)
        return tuple(one for one in made if not isinstance(one, Deletion))

    def _complete(self, record: dict[str, Any]) -> None:
        number = record.get("id")
        none = isinstance(number, bool | Mapping | list) or number in (None, "", "null")
        if none and "id" in self._plan:
            raise RecordRefused("id: missing")
        for name in TIMES:
            if f"{_TIME}{name}" in record:
                record[name] = self._time(name, record.pop(f"{_TIME}{name}"))
        if self._replied_without_time(record):
            record["replied"] = True
        for name in _WORDS:
            if isinstance(record.get(name), str):
                record[name] = _words(record[name])
        for name in _LINKS:
            if isinstance(record.get(name), str) and record[name]:
                record[name] = web(urljoin(self.base, record[name]))
        rating = record.get("rating")
        if isinstance(rating, str) and rating in self.rating_map:
            record["rating"] = self.rating_map[rating]
        if isinstance(record.get("raw"), Mapping):
            record["raw"] = without_secrets(record["raw"])

    def _replied_without_time(self, record: dict[str, Any]) -> bool:
        """A reply time of ``true`` means: answered, nobody knows when."""
        if record.get("replied_at") is True:
            record["replied_at"] = None
            return True
        return False

    def _time(self, name: str, value: Any) -> Any:
        if name == "replied_at" and isinstance(value, bool):
            return value or None
        try:
            return instant(value, tz=self.tz, pattern=self.format)
        except UnknownTime as error:
            self.problems.setdefault(name, str(error))
            return None

    def _told(self, refused: list[str]) -> tuple[str, ...]:
        told = [f"{len(refused)} things were left out ({refused[0]})"] if refused else []
        for place, number in self._map.problems.items():
            told.append(f'map: "{place}" could not be worked out for {number} things')
        for name, why in self.problems.items():
            told.append(f"map.{name}: {why}; set time.format of this channel")
        self._map.problems.clear()
        self.problems.clear()
        return tuple(told)


def shape_of(payload: Any) -> str:
    """Return in words what an answer is made of."""
    if isinstance(payload, Mapping):
        names = ", ".join(str(name)[:40] for name in list(payload)[:12])
        return f"an object with {names or 'nothing'}"
    return f"a list of {len(payload)}" if isinstance(payload, list) else "a single value"


def without_secrets(value: Any) -> Any:
    """Return a tree without what looks like a credential."""
    if isinstance(value, Mapping):
        return {
            name: without_secrets(one) for name, one in value.items() if not _SECRET.search(name)
        }
    return [without_secrets(one) for one in value] if isinstance(value, list) else value


def _no_list(payload: Any, items: str) -> UnexpectedPayload:
    return UnexpectedPayload(
        f"`items` ({items or '@'}) finds no list; the answer is {shape_of(payload)}",
        hint="correct `items`: the JMESPath expression that leads to the list",
    )


def _words(text: str) -> str:
    if _TAG.search(text):
        return html_to_text(text)
    return html.unescape(text) if "&" in text else text
