"""Tables of text as spreadsheets and chat tools write them: rows, and where each of them ends."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from mentionwatch.channels._source import Decoder, Source, physical_lines, without_mark

DELIMITERS = ",;\t|"
MAX_CELL = 10_000_000  # characters
LONG_RECORD = 500  # lines; more is rather a quote that nobody closed
MAX_MENDED = 20  # quotes never closed; after that the file is read without quotes
_SEPARATOR = re.compile(r"sep=(.)[\r\n]*", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row; ``complete`` False where the file ends inside its last line."""

    line: int
    offset: int
    cells: list[str]
    complete: bool = True
    problem: str = ""
    warning: str = ""


class Lines:
    """The lines of a table, counted in lines and bytes, for `csv.reader`; some can be put back."""

    def __init__(self, pieces: Iterator[bytes], decoder: Decoder, offset: int, line: int) -> None:
        self._pieces = pieces
        self._decoder = decoder
        self._back: list[bytes] = []
        self.offset = offset
        self.line = line
        self.taken: list[bytes] = []

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        piece = self._back.pop() if self._back else next(self._pieces)
        self.offset += len(piece)
        self.line += 1
        self.taken.append(piece)
        return self._decoder(piece)

    def begin(self) -> None:
        """Forget the lines of the record before."""
        self.taken = []

    def put_back(self, pieces: list[bytes]) -> None:
        self._back.extend(reversed(pieces))
        self.offset -= sum(map(len, pieces))
        self.line -= len(pieces)


class Table:
    """
    The rows below the header of one table.

    Args:
        header: False where the first row is already data; columns are then called "1", "2", …
        offset: Where to go on, in bytes; 0 from the beginning.
        line: The number of lines before it.
    """

    def __init__(
        self,
        source: Source,
        decoder: Decoder,
        *,
        delimiter: str = "",
        header: bool = True,
        offset: int = 0,
        line: int = 0,
    ) -> None:
        csv.field_size_limit(max(csv.field_size_limit(), MAX_CELL))
        self.decoder = decoder
        self._mended = 0
        head, named = _after_separator(without_mark(source.head), decoder)
        # Guessing must not count as having met a character of another encoding.
        trial = Decoder(decoder.encoding)
        self.delimiter = delimiter or named or _delimiter(head, trial, len(source.head))
        begin = len(source.head) - len(head)
        first = Lines(
            physical_lines(io.BytesIO(head), source.where), decoder, begin, int(bool(named))
        )
        self.columns = self._header(first)
        if not header:
            self.columns = [str(number + 1) for number in range(len(self.columns))]
        start, before = (first.offset, first.line) if header else (begin, int(bool(named)))
        if offset > start:
            start, before = offset, line
        if source.seekable:
            source.stream.seek(start)
        else:
            _skip(source, start)
        pieces = physical_lines(source.stream, source.where)
        self.lines = Lines(pieces, decoder, start, before)

    def _header(self, lines: Lines) -> list[str]:
        for row in self._reader(lines, strict=False):
            if any(cell.strip() for cell in row):
                return row
        return []

    def _reader(
        self, lines: Lines, *, quoted: bool = True, strict: bool = True
    ) -> Iterator[list[str]]:
        """Return a reader of rows; a ``strict`` one raises csv.Error for quotes that do not fit."""
        if quoted:
            return csv.reader(lines, delimiter=self.delimiter, strict=strict)
        return csv.reader(lines, delimiter=self.delimiter, quoting=csv.QUOTE_NONE)

    def rows(self) -> Iterator[Row]:
        """Yield the rows that are not empty; broken ones with their problem."""
        reader = self._reader(self.lines)
        while True:
            self.lines.begin()
            before = self.lines.line
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                reader, row = self._mend(before + 1, self.lines.taken)
                yield row
                continue
            if any(cell.strip() for cell in cells):
                yield self._row(before + 1, cells, self.lines.taken)

    def _row(self, line: int, cells: list[str], taken: list[bytes]) -> Row:
        if len(self.columns) == 1:  # a list of texts, with commas in them
            cells = [self.delimiter.join(cells)]
        warning = ""
        if len(taken) > LONG_RECORD:
            warning = f"line {line}: one record of {len(taken)} lines; is a quote never closed?"
        complete = taken[-1].endswith((b"\n", b"\r"))
        return Row(
            line=line, offset=self.lines.offset, cells=cells, complete=complete, warning=warning
        )

    def _mend(self, line: int, taken: list[bytes]) -> tuple[Iterator[list[str]], Row]:
        """
        Take the line of a stray quote by itself, so that it swallows no other.

        Within one line, whatever can be understood of it is right.
        """
        several = len(taken) > 1
        self.lines.put_back(taken[1:])
        self._mended += several
        try:
            cells = next(self._reader(self._alone(taken[0]), quoted=not several, strict=False))
        except (csv.Error, StopIteration):
            cells = []
        if several:
            cells = [cell.replace('"', "") for cell in cells]
        told = "a quote is opened and never closed" if several else ""
        at = self.lines.offset
        if len(cells) < len(self.columns):
            row = Row(line=line, offset=at, cells=[], problem=told or "its quotes are broken")
        else:
            told = f"line {line}: {told}" if told else ""
            row = Row(line=line, offset=at, cells=cells, warning=told)
        return self._reader(self.lines, quoted=self._mended < MAX_MENDED), row

    def _alone(self, piece: bytes) -> Lines:
        return Lines(iter([piece]), self.decoder, 0, 0)


def _skip(source: Source, size: int) -> None:
    while size > 0 and (data := source.stream.read(min(size, 65_536))):
        size -= len(data)


def _after_separator(head: bytes, decoder: Decoder) -> tuple[bytes, str]:
    """Return the head without the line "sep=;" that Excel may put first, and what it names."""
    first = head.split(b"\n", 1)[0]
    named = _SEPARATOR.fullmatch(decoder(first)) if len(first) < 8 else None
    return (head[len(first) + 1 :], named[1]) if named else (head, "")


def _delimiter(head: bytes, decoder: Decoder, size: int) -> str:
    """Return the delimiter that cuts the first records into the most equal numbers of columns."""
    pieces = head.splitlines(keepends=True)
    if len(pieces) > 1 and size >= 65_536:
        pieces = pieces[:-1]  # the head may end within a line
    best, best_score = ",", (0.0, 1)
    for delimiter in DELIMITERS:
        lines = Lines(iter(pieces), decoder, 0, 0)
        widths = _widths(lines, delimiter)
        if widths and widths[0] > 1:
            score = (sum(width == widths[0] for width in widths) / len(widths), widths[0])
            if score > best_score:
                best, best_score = delimiter, score
    return best


def _widths(lines: Lines, delimiter: str) -> list[int]:
    widths: list[int] = []
    try:
        for row in csv.reader(lines, delimiter=delimiter):
            if any(cell.strip() for cell in row):
                widths.append(len(row))
            if len(widths) == 20:
                break
    except csv.Error:
        pass  # the rows before it tell the delimiter; the broken one is named when it is read
    return widths
