"""Values as TOML text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from mentionwatch.config.periods import written
from mentionwatch.credentials import Secret

# A tree: texts, numbers, sequences, tables; None is left out.
Tree = Mapping[str, Any]
# Tables in these get a header each; elsewhere only those that hold a secret or a list of tables.
_HEADED = ((), ("channels",), ("handoff",), ("replies",))


def quoted(text: str) -> str:
    """Return a text in TOML's double quotes; controls are escaped."""
    plain = text.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(plain, ensure_ascii=False).replace("\x7f", "\\u007f")


def key(name: str) -> str:
    bare = name.isascii() and name.replace("-", "a").replace("_", "a").isalnum()
    return name if bare else quoted(name)


def value(found: Any) -> str:
    """Return a value on one line; of a secret nothing is shown."""
    match found:
        case bool():
            return "true" if found else "false"
        case str() | Path():
            return quoted(str(found))
        case int() | float():
            return str(found)
        case timedelta():
            return quoted(written(found))
        case date():
            return quoted(found.isoformat())
        case Secret():
            return quoted(str(found))
        case Mapping():
            inside = [f"{key(name)} = {value(one)}" for name, one in found.items()]
            return f"{{ {', '.join(inside)} }}" if inside else "{}"
        case Sequence():
            return f"[{', '.join(value(one) for one in found)}]"
    return quoted(str(found))


def document(tree: Tree) -> str:
    """Return a tree as a TOML document; beside a secret a comment says where it comes from."""
    return "\n".join(_tables((), tree)).strip() + "\n"


def _tables(path: tuple[str, ...], tree: Tree, header: str = "[{}]") -> Iterator[str]:
    """Yield the lines of a table: its header, its plain keys, then the tables inside it."""
    kept = {name: one for name, one in tree.items() if one is not None}
    headed = path in _HEADED
    inside = {name: one for name, one in kept.items() if _has_header(one, headed=headed)}
    if path and (len(inside) < len(kept) or not kept):
        yield from ("", header.format(".".join(map(key, path))))
    for name, one in kept.items():
        if name not in inside:
            yield from _pair(name, one)
    for name, one in inside.items():
        if isinstance(one, Mapping):
            yield from _tables((*path, name), one)
        else:
            for table in one:
                yield from _tables((*path, name), table, "[[{}]]")


def _pair(name: str, found: Any) -> Iterator[str]:
    if isinstance(found, Secret):
        yield f"{key(name)} = {value(found)}  # from {_one_line(found.source)}"
    elif isinstance(found, tuple | list) and any(isinstance(one, Secret) for one in found):
        yield f"{key(name)} = ["
        for one in found:
            yield f"    {value(one)},  # from {_one_line(one.source)}"
        yield "]"
    else:
        yield f"{key(name)} = {value(found)}"


def _one_line(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _has_header(found: Any, *, headed: bool = False) -> bool:
    if not isinstance(found, Mapping):
        return _are_tables(found)
    inside = found.values()
    return headed or any(isinstance(one, Secret) or _has_header(one) for one in inside)


def _are_tables(found: Any) -> bool:
    return (
        isinstance(found, tuple | list)
        and bool(found)
        and all(isinstance(one, Mapping) for one in found)
    )
