"""``[brand]`` and ``[team]``: who is watched, and who answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mentionwatch.config.hours import weekdays
from mentionwatch.config.reading import Table, Wrong, elements, shown, suggestion, text
from mentionwatch.config.settings import WEEKDAYS, Brand, Team

_DOMAIN = r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W_](?:[\w-]{0,61}[^\W_])?"
ME = "MENTIONWATCH_ME"


def read_brand(root: Table) -> Brand:
    """Return what is watched; its name is the one key that every configuration needs."""
    table = root.table("brand")
    if table is None:
        if "brand" not in root:
            root.miss("brand", 'write [brand] and below it: name = "Your business"')
        return Brand(name="?", terms=("?",))
    name = table.need("name", text, "?", 'for example: name = "Acme Coffee"')
    brand = Brand(
        name=name,
        terms=table.each("terms", term) or (name,),
        exclude=table.each("exclude", term),
        context=table.each("context", term),
        domains=table.each("domains", _domain),
        own_accounts=table.each("own_accounts", text),
        automatic_texts=table.each("automatic_texts", term),
    )
    table.finish()
    return brand


def term(value: Any) -> str:
    """Check for a phrase, a word, a handle, a hashtag or a /regular expression/."""
    found = text(value).strip()
    if found in ("@", "#") or not any(letter.isalnum() for letter in found):
        raise Wrong(f"must hold a letter or digit: {shown(found)}")
    if len(found) > 500:
        raise Wrong("must not be longer than 500 characters")
    if found.startswith("/"):
        _expression(found)
    return found


def _expression(written: str) -> None:
    if len(written) < 3 or not written.endswith("/"):
        raise Wrong(f"begins like a /regular expression/ but has no / at its end: {shown(written)}")
    from mentionwatch.core.expressions import expression

    try:
        expression(written)
    except ValueError as error:
        raise Wrong(str(error)) from None


def _domain(value: Any) -> str:
    found = text(value).strip().lower()
    if re.fullmatch(_DOMAIN, found):
        return found
    bare = re.sub(r"^[a-z]+://", "", found).split("/")[0].removeprefix("www.")
    hint = f'did you mean "{bare}"?' if re.fullmatch(_DOMAIN, bare) else ""
    raise Wrong(f'must be a domain such as "acmecoffee.example", not {shown(found)}', hint)


def read_team(table: Table | None, environ: Mapping[str, str]) -> Team:
    """Return who answers; the environment says who "me" is, else the file."""
    if table is None:
        return Team(me=environ.get(ME, "").strip())
    names = table.each("names", text)
    own = table.get("me", _member(names), "")
    duty = _duty(table.table("duty"), names)
    table.finish()
    me = environ.get(ME, "").strip() or own
    if names and me and me not in names:
        table.place.report.warnings.append(
            f'{ME} is "{me}", which is not in [team] names ({", ".join(names)})'
        )
    return Team(names=names, me=me, duty=duty)


def _member(names: tuple[str, ...]) -> Any:
    def check(value: Any) -> str:
        name = text(value)
        if names and name not in names:
            raise Wrong(f"{shown(name)} is not in [team] names", suggestion(name, names))
        return name

    return check


def _duty(table: Table | None, names: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Return who is on duty on each of the seven days; keys are as in ``[hours]``."""
    found: dict[str, tuple[str, ...]] = {}
    if table:
        table.know(WEEKDAYS)
        for key, value in table.values.items():
            for day in weekdays(key):
                table.know([key])
                if day in found:
                    (table / key).problem(f'"{day}" has its names already')
                found[day] = elements(value, _member(names), table / key)
        table.finish("weekday")
    return tuple(found.get(day, ()) for day in WEEKDAYS)
