"""Reads tables (CSV), documents (JSON) and lines (NDJSON) as records, one at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from mentionwatch.channels import _json_lines
from mentionwatch.channels._csv_rows import DELIMITERS, Row, Table
from mentionwatch.channels._mapping import ItemMap, RowMap, compiled, identified
from mentionwatch.channels._records import TIMES
from mentionwatch.channels._source import (
    Decoder,
    Numbered,
    Source,
    check_encoding,
    check_format,
    failing,
    kind,
    opened,
)
from mentionwatch.channels._times import UnknownTime, WrongFormat, zone
from mentionwatch.channels._times import check_format as check_date_format
from mentionwatch.errors import SourceUnreadable
from mentionwatch.model.text import LIMIT

__all__ = ["Numbered", "read_records"]

# A telephone number or id that a spreadsheet has taken for a quantity: 1.5555E+10.
_ROUNDED = re.compile(r"[0-9][.,]?[0-9]*E\+[0-9]+")
_ID_FIELDS = ("id", "author_id", "author", "thread_id")


def read_records(
    source: BinaryIO | Path,
    *,
    format: str = "",  # noqa: A002
    mapping: Mapping[str, Any] | None = None,
    items: str = "",
    tz: str = "",
    date_format: str = "",
    delimiter: str = "",
    encoding: str = "",
    header: bool = True,
    strict: bool = False,
    name: str = "",
    offset: int = 0,
    line: int = 0,
) -> Iterator[Numbered]:
    """
    Yield the records of a file or a stream; memory does not grow with its length.

    Only a JSON document is held as a whole (up to 200 MB). Records of a table or with a map have
    their times read and an id given; others are as the file has them.

    Args:
        source: A path, or bytes such as ``sys.stdin.buffer``; ``.gz`` is unpacked.
        format: "csv", "tsv", "json", "ndjson" or "jsonl"; "" decides by content.
        mapping: Field of a record -> column or expression, see `_mapping`.
        items: JMESPath expression for the list in a JSON document.
        tz: Zone of times that name none; "" is that of this machine.
        date_format: strptime pattern; day and month are never guessed.
        delimiter: One character or "tab"; "" takes the one that fits best.
        encoding: "" is UTF-8, else cp1252.
        header: Whether the first row of a table names its columns.
        strict: Read nothing but what the mapping names.
        name: Names the source in messages.
        offset: Where to go on, from `Numbered.offset`; 0 reads from the beginning.
        line: `Numbered.line` of the same record.

    Raises:
        SourceUnreadable: Not readable at all, no column for the text, an unknown date format.
        TooLarge: A document, a line or an unpacked file over its limit.
    """
    where = name or (source.name if isinstance(source, Path) else "standard input")
    try:
        reading = Reading.of(mapping, format, items, tz, date_format, delimiter, encoding)
    except ValueError as error:
        raise SourceUnreadable(f"{where}: {error}", hint="correct the settings") from None
    suffix = _suffix(source) if isinstance(source, Path) else ""
    found = opened(source, where, encoding)
    try:
        if not found.head:
            yield Numbered(line=0, warning="the file is empty")
            return
        what = kind(found, reading.format, items, suffix)
        with failing(where):
            if what == "csv":
                yield from _rows(found, reading, header, strict, offset, line)
            else:
                yield from _objects(found, reading, what, strict, offset, line)
    finally:
        found.close()


@dataclass(frozen=True, slots=True)
class Reading:
    """How a source is to be read, checked."""

    plan: Mapping[str, Any] = field(default_factory=dict)
    format: str = ""
    items: str = ""
    tz: str = ""
    date_format: str = ""
    delimiter: str = ""
    encoding: str = ""

    @classmethod
    def of(
        cls,
        mapping: Mapping[str, Any] | None,
        format: str,  # noqa: A002
        items: str,
        tz: str,
        date_format: str,
        delimiter: str,
        encoding: str,
    ) -> Reading:
        """Check the owner's settings. Raises ValueError."""
        check_format(format)
        check_encoding(encoding)
        check_date_format(date_format)
        zone(tz)
        sign = {"tab": "\t", "\\t": "\t"}.get(delimiter, delimiter)
        if len(sign) > 1 or sign in ('"', "\n", "\r"):
            raise ValueError(f'delimiter: one of {" ".join(DELIMITERS.split())} or "tab"')
        if format == "tsv" and not sign:
            sign = "\t"
        return cls(compiled(mapping or {}), format, items, tz, date_format, sign, encoding)


def _suffix(path: Path) -> str:
    return Path(path.stem).suffix if path.suffix.lower() == ".gz" else path.suffix


def _rows(
    source: Source, reading: Reading, header: bool, strict: bool, offset: int, line: int
) -> Iterator[Numbered]:
    decoder = Decoder(reading.encoding)
    table = Table(
        source,
        decoder,
        delimiter=reading.delimiter,
        header=header,
        offset=offset,
        line=line,
    )
    if not table.columns:
        return
    rows = RowMap(reading.plan, table.columns, strict=strict, where=source.where)
    made = _Maker(reading, source.where, settled=offset > 0)
    for row in table.rows():
        yield from decoder.warnings(row.line)
        if row.warning:
            yield Numbered(line=row.line, warning=row.warning)
        if row.problem:
            yield Numbered(line=row.line, problem=row.problem)
        elif source.seekable and not row.complete and len(row.cells) < len(table.columns):
            yield Numbered(line=row.line, warning=_json_lines.unfinished(row.line))
        else:
            yield from made.of(rows.record, row.cells, row.line, _end(row, source))


def _end(row: Row, source: Source) -> int:
    """Return where a later run may go on: behind the row, if nothing can be added to its line."""
    return row.offset if source.seekable and row.complete else -1


def _objects(
    source: Source, reading: Reading, what: str, strict: bool, offset: int, line: int
) -> Iterator[Numbered]:
    decoder = Decoder(reading.encoding)
    try:
        objects = ItemMap(reading.plan, strict=strict)
    except ValueError as error:
        raise SourceUnreadable(f"{source.where}: {error}", hint="correct the map") from None
    if what == "json":
        found = _json_lines.document(source.stream, source.where, decoder, reading.items)
    else:
        if source.seekable:
            source.stream.seek(offset)
        found = _json_lines.lines(
            source.stream, decoder, offset=offset, line=line, growing=source.seekable
        )
    made = _Maker(reading, source.where, settled=offset > 0)
    last = line
    for one in found:
        last = one.line
        end = one.offset if source.seekable else -1
        if one.record is None:
            yield Numbered(line=one.line, problem=one.problem, warning=one.warning, offset=end)
        elif reading.plan:
            yield from made.of(objects.record, one.record, one.line, end)
        else:
            yield from _long_text(one.record, one.line)
            yield Numbered(line=one.line, record=one.record, offset=end)
    for place, count in objects.problems.items():
        told = f'map: "{place}" could not be worked out for {count} records'
        yield Numbered(line=last, warning=told)


class _Maker:
    """Makes records by a map, and tells what is odd about them once."""

    def __init__(self, reading: Reading, where: str, *, settled: bool) -> None:
        self._reading = reading
        self._where = where
        self._settled = settled  # a time was read, so the format is known
        self._rounded = False

    def of(
        self,
        make: Callable[[Any, str, str], dict[str, Any] | None],
        data: Any,
        line: int,
        offset: int,
    ) -> Iterator[Numbered]:
        try:
            record = make(data, self._reading.tz, self._reading.date_format)
        except WrongFormat as error:
            yield Numbered(line=line, problem=str(error), offset=offset)
            return
        except UnknownTime as error:
            if not self._settled:
                raise self._which_format(line, error) from None
            yield Numbered(line=line, problem=str(error), offset=offset)
            return
        if record is None:
            return
        self._settled = self._settled or any(record.get(key) for key in TIMES)
        yield from self._warnings(record, line)
        yield Numbered(line=line, record=identified(record), offset=offset)

    def _which_format(self, line: int, error: UnknownTime) -> SourceUnreadable:
        message = f"{self._where}: line {line}: tell me the date format; {error}"
        hint = 'date_format = "%d/%m/%Y %H:%M" for 31/12/2026 18:30, "%m/%d/%Y" for 12/31/2026'
        return SourceUnreadable(message, hint=hint)

    def _warnings(self, record: Mapping[str, Any], line: int) -> Iterator[Numbered]:
        yield from _long_text(record, line)
        if self._rounded:
            return
        for key in _ID_FIELDS:
            value = record.get(key)
            if isinstance(value, str) and "E+" in value and _ROUNDED.fullmatch(value.strip()):
                self._rounded = True
                told = f'line {line}: {key} is "{value}": a spreadsheet has rounded it; '
                told += "save that column as text"
                yield Numbered(line=line, warning=told)
                return


def _long_text(record: Mapping[str, Any], line: int) -> Iterator[Numbered]:
    text = record.get("text")
    if isinstance(text, str) and len(text) > LIMIT:
        told = f"line {line}: a text of {len(text):,} characters was cut at {LIMIT:,}"
        yield Numbered(line=line, warning=told)
