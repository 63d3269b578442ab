"""The bytes of a file or pipe: compression, encodings, lines, and what kind of file it is."""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from mentionwatch.errors import SourceUnreadable, TooLarge

HEAD = 65_536
MAX_LINE = 16_000_000  # bytes; a chat transcript in one cell is far below
MAX_DOCUMENT = 200_000_000  # bytes of one JSON document, which is held in memory
MAX_UNPACKED = 2_000_000_000  # bytes that a .gz may become

_BOM = b"\xef\xbb\xbf"
_WIDE = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_FORMATS = {"csv": "csv", "tsv": "csv", "ndjson": "ndjson", "jsonl": "ndjson", "json": "json"}
FORMATS = tuple(_FORMATS)
# Files that people give us by mistake, by their first bytes, and the way out.
_FOREIGN = (
    (b"PK\x03\x04", "is a workbook or ZIP archive", "unpack it, or save it as CSV UTF-8"),
    (b"\xd0\xcf\x11\xe0", "is an old Excel workbook", "save it as CSV UTF-8"),
    (b"%PDF", "is a PDF", "export a CSV instead"),
    (b"SQLite format 3", "is a database", "export a CSV instead"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Numbered:
    """
    What one line of a file gave: a record, a problem with this line, or a warning about the file.

    ``line`` counts from 1 (in a JSON document: the number of the item). ``offset``: the number of
    bytes up to the end of this line, where a later run may go on; -1 where it may not.
    """

    line: int
    record: dict[str, Any] | None = None
    problem: str = ""
    warning: str = ""
    offset: int = -1


class Decoder:
    """
    Turns bytes into text, line by line: UTF-8, else cp1252; or the encoding that the owner names.

    ``fallen`` tells whether bytes had to be taken as something else than announced.
    """

    def __init__(self, encoding: str = "") -> None:
        self.encoding = encoding
        self.fallen = False
        self._told = False

    def __call__(self, data: bytes) -> str:
        try:
            return data.decode(self.encoding or "utf-8")
        except UnicodeDecodeError:
            self.fallen = True
            return data.decode(self.encoding or "cp1252", "replace")

    def warnings(self, line: int) -> Iterator[Numbered]:
        """Say once that the text is not what it should be."""
        if self.fallen and not self._told:
            self._told = True
            what = "not UTF-8; read as cp1252, as Excel on Windows writes it"
            if self.encoding:
                what = f"not {self.encoding}; unreadable characters were replaced"
            yield Numbered(line=line, warning=f"line {line}: {what}")


@dataclass(kw_only=True, slots=True)
class Source:
    """An opened file, unpacked; ``seekable`` where a line can be found again by its offset."""

    where: str
    stream: BinaryIO
    head: bytes
    seekable: bool
    close: Callable[[], None] = field(repr=False)


def check_encoding(name: str) -> None:
    """Refuse an encoding that Python does not know. Raises ValueError."""
    try:
        "".encode(name or "utf-8")
    except (LookupError, UnicodeError):
        raise ValueError(f'there is no encoding "{name}"; try "utf-8" or "cp1252"') from None


def check_format(name: str) -> None:
    if name and name not in _FORMATS:
        raise ValueError(f'there is no format "{name}"; there are {", ".join(_FORMATS)}')


def opened(source: BinaryIO | Path, where: str, encoding: str) -> Source:
    """
    Open a file, or take a stream, and look at its beginning.

    Raises:
        SourceUnreadable: It cannot be read, or is no text.
    """
    if not isinstance(source, Path):
        return _looked_at(source, where, encoding, seekable=False, close=lambda: None)
    try:
        if not source.is_file():
            what = "is not a regular file" if source.exists() else "no such file"
            raise SourceUnreadable(f"{where}: {what}", hint="correct the path")
        file = source.open("rb")
    except OSError as error:
        raise unreadable(where, error) from error
    try:
        return _looked_at(file, where, encoding, seekable=True, close=file.close)
    except BaseException:
        file.close()
        raise


def unreadable(where: str, error: OSError) -> SourceUnreadable:
    hint = "give yourself the right to read it" if isinstance(error, PermissionError) else ""
    return SourceUnreadable(f"{where}: {error.strerror or error}", hint=hint)


def _looked_at(
    file: BinaryIO, where: str, encoding: str, *, seekable: bool, close: Callable[[], None]
) -> Source:
    with failing(where):
        head = file.read(HEAD)
        stream: BinaryIO = file
        if seekable:
            file.seek(0)
        else:
            stream = _buffered(_Chained(head, file))
        if head.startswith(b"\x1f\x8b"):
            import gzip

            # The format allows several packed parts, one after another; gzip knows them.
            unpacked = _Capped(gzip.GzipFile(fileobj=stream, mode="rb"), where)
            return _looked_at(_buffered(unpacked), where, encoding, seekable=False, close=close)
        wide = _WIDE.get(head[:2]) or _wide_without_mark(head) or encoding
        if wide.replace("_", "-").lower().startswith(("utf-16", "utf-32")):
            stream, seekable = _buffered(_Narrowed(stream, wide)), False
            head = stream.read(HEAD)
            stream = _buffered(_Chained(head, stream))
    _refuse_foreign(head, where)
    return Source(where=where, stream=stream, head=head, seekable=seekable, close=close)


def _wide_without_mark(head: bytes) -> str:
    """Recognise UTF-16 without its mark by the zeros beside Latin letters."""
    sample = head[:512]
    if len(sample) < 4 or not sample.count(0) * 3 > len(sample):
        return ""
    if not sample[0::2].count(0):
        return "utf-16-le"
    return "" if sample[1::2].count(0) else "utf-16-be"


def _refuse_foreign(head: bytes, where: str) -> None:
    for magic, what, hint in _FOREIGN:
        if head.startswith(magic):
            raise SourceUnreadable(f"{where}: {what}", hint=hint)
    if head.removeprefix(_BOM).lstrip()[:1] == b"<":
        hint = "export CSV or JSON; a page that asks for a login is often saved by mistake"
        raise SourceUnreadable(f"{where}: is a web page or XML", hint=hint)
    if head.count(0) * 10 > len(head) > 0:
        raise SourceUnreadable(f"{where}: is not a text file", hint="export CSV or JSON instead")


class failing:  # noqa: N801
    """Turn what the system and the packing say about a file into an error of ours."""

    def __init__(self, where: str) -> None:
        self._where = where

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, (EOFError, zlib.error)) or type(error).__name__ == "BadGzipFile":
            message = f"{self._where}: the compressed file is damaged or not complete"
            raise SourceUnreadable(message, hint="copy it again") from error
        if isinstance(error, OSError):
            raise unreadable(self._where, error) from error


class _Chained(io.RawIOBase):
    """The first bytes, which were read already, then the rest."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        super().__init__()
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        wanted = len(buffer)
        data = self._head[:wanted] if self._head else self._rest.read(wanted)
        self._head = self._head[wanted:]
        buffer[: len(data)] = data
        return len(data)


class _Capped(io.RawIOBase):
    """An unpacked stream that ends with an error when it grows too long."""

    def __init__(self, inner: BinaryIO | Any, where: str) -> None:
        super().__init__()
        self._inner = inner
        self._left = MAX_UNPACKED
        self._where = where

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._inner.read(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            size = f"{MAX_UNPACKED // 1_000_000} MB"
            raise TooLarge(f"{self._where}: more than {size} when unpacked", hint="split the file")
        buffer[: len(data)] = data
        return len(data)


class _Narrowed(io.RawIOBase):
    """UTF-16 or UTF-32 as UTF-8."""

    def __init__(self, inner: BinaryIO, encoding: str) -> None:
        import codecs

        super().__init__()
        self._inner = inner
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            data = self._inner.read(HEAD)
            text = self._decoder.decode(data, final=not data)
            self._ready = text.encode("utf-8", "replace")
            if not data:
                break
        part, self._ready = self._ready[: len(buffer)], self._ready[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)


def _buffered(raw: io.RawIOBase) -> BinaryIO:
    return io.BufferedReader(raw, HEAD)


def physical_lines(stream: BinaryIO, where: str) -> Iterator[bytes]:
    """Yield lines with their ends, be it LF, CRLF or the CR of old."""
    carry = b""
    while chunk := stream.read(HEAD):
        pieces = (carry + chunk).splitlines(keepends=True)
        # A CR at the end of a chunk may belong to a CRLF.
        carry = b"" if pieces[-1].endswith(b"\n") else pieces.pop()
        if len(carry) > MAX_LINE:
            hint = "is it really a table? name its format"
            raise TooLarge(f"{where}: a line of more than {MAX_LINE // 1_000_000} MB", hint=hint)
        yield from pieces
    yield from carry.splitlines(keepends=True)


def without_mark(data: bytes) -> bytes:
    return data.removeprefix(_BOM)


def kind(source: Source, given: str, items: str, suffix: str) -> str:
    """
    Return "csv", "ndjson" or "json".

    The owner's word counts, then the content, then the ending of the name.
    """
    if given:
        return _FORMATS[given]
    by_name = _FORMATS.get(suffix.lower().lstrip("."), "")
    text = without_mark(source.head).lstrip()
    if by_name == "csv" or text[:1] not in (b"[", b"{"):
        return by_name if by_name == "ndjson" and text[:1] not in (b"[", b"{") else "csv"
    if text[:1] == b"[":
        return "json"
    return "json" if items else _one_or_many(text, by_name)


def _one_or_many(text: bytes, by_name: str) -> str:
    """Tell lines of objects from one object over several lines."""
    first, _, rest = text.partition(b"\n")
    if by_name == "ndjson" or rest.lstrip(b"\r\n").startswith(b"{"):
        return "ndjson"
    try:
        one = json.loads(first)
    except (ValueError, RecursionError):
        return "json"
    if rest.strip():
        return "json" if by_name == "json" else "ndjson"
    record = not isinstance(one, dict) or {"id", "text", "title", "type"} & set(one)
    return (
        "ndjson" if record or not any(isinstance(v, (dict, list)) for v in one.values()) else "json"
    )
