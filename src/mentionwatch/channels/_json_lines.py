"""JSON with the gaps of the standard library closed: lines of objects, and whole documents."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, NoReturn

from mentionwatch.channels._source import MAX_DOCUMENT, MAX_LINE, Decoder, Numbered, without_mark
from mentionwatch.errors import SourceUnreadable, TooLarge

MAX_DEPTH = 64  # of one record; what is deeper could be read, and not written again


def decode_record(text: str) -> dict[str, Any]:
    """
    Return the object that one line holds.

    Raises:
        ValueError: It is no JSON, no object, nested too deeply, has a key twice, or a number that
            JSON does not know.
    """
    try:
        found = _LINE.decode(text.strip())
    except RecursionError:
        raise ValueError(f"nested deeper than {MAX_DEPTH} levels") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"no JSON: {error.msg} at column {error.colno}") from None
    if not isinstance(found, dict):
        raise ValueError("an object is expected: { … }")  # noqa: TRY004
    refuse_depth(found)
    return found


def refuse_depth(found: object) -> None:
    """Refuse what is nested too deeply. Raises ValueError."""
    level = [found]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return
    raise ValueError(f"nested deeper than {MAX_DEPTH} levels")


def lines(
    stream: BinaryIO, decoder: Decoder, *, offset: int, line: int, growing: bool
) -> Iterator[Numbered]:
    """
    Yield the records of a file of lines, from an offset on.

    The last line of a ``growing`` file, when it is not complete, is left for a later run.
    """
    while data := stream.readline(MAX_LINE):
        line += 1
        offset += len(data)
        if len(data) == MAX_LINE and not data.endswith(b"\n"):
            offset += _passed_over(stream)
            size = f"{MAX_LINE // 1_000_000} MB"
            yield Numbered(line=line, problem=f"longer than {size}", offset=offset)
            continue
        text = decoder(without_mark(data) if line == 1 else data)
        yield from decoder.warnings(line)
        if not text.strip():
            continue
        try:
            yield Numbered(line=line, record=decode_record(text), offset=offset)
        except ValueError as error:
            if growing and not data.endswith(b"\n"):
                yield Numbered(line=line, warning=unfinished(line))
                return
            yield Numbered(line=line, problem=str(error), offset=offset)


def unfinished(line: int) -> str:
    return f"line {line}, the last one, is not complete; left for the next run"


def _passed_over(stream: BinaryIO) -> int:
    passed = 0
    while data := stream.readline(MAX_LINE):
        passed += len(data)
        if data.endswith(b"\n"):
            break
    return passed


def document(stream: BinaryIO, where: str, decoder: Decoder, items: str) -> Iterator[Numbered]:
    """
    Yield the objects of one JSON document.

    ``items`` is a JMESPath expression for the list; "" takes the document itself, or the only list
    in it.

    Raises:
        SourceUnreadable: It is no JSON, or holds no such list.
        TooLarge: More than `MAX_DOCUMENT` bytes.
    """
    data = stream.read(MAX_DOCUMENT + 1)
    if len(data) > MAX_DOCUMENT:
        hint = "write one object per line instead (NDJSON), which has no limit"
        raise TooLarge(f"{where}: more than {MAX_DOCUMENT // 1_000_000} MB in one piece", hint=hint)
    text = decoder(without_mark(data))
    del data
    yield from decoder.warnings(1)
    oddities: set[str] = set()
    whole = _whole(text, where, oddities)
    for oddity in sorted(oddities)[:5]:
        yield Numbered(line=1, warning=oddity)
    for number, item in enumerate(_list(whole, items, where), 1):
        if not isinstance(item, Mapping):
            yield Numbered(line=number, problem="an object is expected: { … }")
            continue
        try:
            refuse_depth(item)
        except ValueError as error:
            yield Numbered(line=number, problem=str(error))
        else:
            yield Numbered(line=number, record=dict(item))


def _whole(text: str, where: str, oddities: set[str]) -> Any:
    """Read a document; for one odd number or key it is not thrown away as a whole."""

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        one = dict(found)
        if len(one) != len(found):
            oddities.add(
                f'the key "{_twice(found)[:80]}" stands twice in an object; the last counts'
            )
        return one

    def constant(name: str) -> None:
        oddities.add(f"{name[:40]} is no number of JSON; left out")

    def number(written: str) -> float | None:
        value = float(written)
        if math.isfinite(value):
            return value
        constant(written)
        return None

    reader = json.JSONDecoder(
        object_pairs_hook=pairs, parse_constant=constant, parse_float=number, strict=False
    )
    try:
        return reader.decode(text)
    except RecursionError:
        raise SourceUnreadable(f"{where}: JSON nested too deeply") from None
    except json.JSONDecodeError as error:
        message = f"{where}: no JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        raise SourceUnreadable(message, hint="is the file complete? export it again") from None
    except ValueError as error:
        raise SourceUnreadable(f"{where}: {error}") from None


def _list(whole: Any, items: str, where: str) -> list[Any]:
    if items:
        found = _found(whole, items, where)
        if isinstance(found, Mapping):
            return [found]
        if isinstance(found, list):
            return found
        raise SourceUnreadable(f'{where}: items = "{items}" finds no list', hint=_keys(whole))
    if isinstance(whole, list):
        return whole
    if not isinstance(whole, dict):
        raise SourceUnreadable(f"{where}: a list of objects is expected", hint="")
    if "id" in whole or "text" in whole:
        return [whole]
    lists = [value for value in whole.values() if isinstance(value, list)]
    if len(lists) != 1:
        raise SourceUnreadable(f"{where}: where are the records in it?", hint=_keys(whole))
    return lists[0]


def _found(whole: Any, items: str, where: str) -> Any:
    from jmespath.exceptions import JMESPathError

    from mentionwatch.channels._mapping import expression

    try:
        return expression(items).search(whole)
    except (JMESPathError, ValueError) as error:
        raise SourceUnreadable(f'{where}: items = "{items}": {error}', hint=_keys(whole)) from None


def _keys(whole: Any) -> str:
    if not isinstance(whole, dict):
        return 'set items = "…" to where the list is'
    names = ", ".join(str(key)[:40] for key in list(whole)[:12])
    return f'set items = "…" to where the list is; the document has {names or "no keys"}'


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError(f'the key "{_twice(pairs)[:80]}" stands twice')
    return found


def _twice(pairs: list[tuple[str, Any]]) -> str:
    seen: set[str] = set()
    return next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]


def _refused(name: str) -> NoReturn:
    raise ValueError(f"{name[:40]} is no number of JSON")


def _finite(written: str) -> float:
    value = float(written)
    return value if math.isfinite(value) else _refused(written)


# Tabs and other controls inside a text are let through: scripts print them, and they are harmless.
_LINE = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_refused, parse_float=_finite, strict=False
)
