"""Secret values of the configuration: their shape, and whether they may run a program."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mentionwatch.config.reading import Place, Table, as_table
from mentionwatch.credentials import Secret

_FORMS = '"env:NAME", "cmd:program arguments", "file:~/path", "keyring:service/user" or the value'
_SENSITIVE = r"(?i)auth|token|key|secret|cookie|pass|signature"


def secret(value: Any, place: Place, *, plain: bool = True) -> Secret | None:
    """
    Return a secret, unresolved; None where it has no allowed form. No message shows the value.

    *plain*: whether it is worth a warning when the value itself stands in a file for all to read.
    """
    if not isinstance(value, str | Mapping) or not value or value == "literal:":
        place.problem(f"must be a text in quotes that is not empty: {_FORMS}")
        return None
    sealed = Secret(value, key=str(place))
    if sealed.problem:
        place.problem(sealed.problem, f"allowed: {_FORMS}")
        return None
    if sealed.uses_command and not programs_allowed(place, "cmd"):
        return None
    if sealed.is_plain and plain:
        place.report.plain_secrets.append(str(place))
    return sealed


def secrets(value: Any, place: Place) -> dict[str, Secret]:
    """Return a table of secrets: headers, or variables of an environment."""
    table = as_table(value, place)
    found = {}
    for name, inside in table.values.items() if table else ():
        filled_in = isinstance(inside, str) and "{" in inside
        plain = bool(re.search(_SENSITIVE, name)) and not filled_in
        if (sealed := secret(inside, place / name, plain=plain)) is not None:
            found[name] = sealed
    return found


def programs_allowed(place: Place, what: str) -> bool:
    """Report the use of a program in a file that may not run any."""
    refused = place.report.no_programs
    if refused is not None:
        why, hint = refused
        place.problem(f"{what} is refused here: {why}", hint)
    return refused is None


def optional(table: Table, name: str, *, plain: bool = True) -> Secret | None:
    """Return the secret of a key, None where it is not given."""
    table.know([name])
    if name not in table:
        return None
    return secret(table.values[name], table / name, plain=plain)


def needed(table: Table, name: str) -> Secret | None:
    """Return the secret of a required key."""
    if name not in table:
        table.miss(name, f"allowed: {_FORMS}")
    return optional(table, name)
