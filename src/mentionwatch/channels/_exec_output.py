"""What a program of the owner's prints: records on one side, words for the log on the other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mentionwatch.channels._json_lines import decode_record
from mentionwatch.channels._records import RecordDefaults, RecordRefused, is_control, items_of
from mentionwatch.credentials import redact
from mentionwatch.errors import ChannelError, TooLarge, UnexpectedPayload
from mentionwatch.model.items import Item, Mention, Page, StreamState
from mentionwatch.model.text import one_line

STREAM = "exec"
PAGE = 500  # records
SHOWN = 5  # bad lines that are named one by one
MAX_BAD = 20
MAX_BYTES = 50_000_000
MAX_RECORDS = 100_000
MAX_LINE = 1_000_000
MAX_HEARD = 200  # lines of standard error that are logged


class Output:
    """What the program prints: lines, records, and what is wrong with them."""

    def __init__(self, defaults: RecordDefaults, name: str) -> None:
        self._defaults = defaults
        self._name = name
        self._rest = bytearray()
        self._skipping = False
        self._bytes = 0
        self._line = 0
        self._begun = False
        self._records = 0
        self._bad = 0
        self._first_bad = ""
        self._items: list[Item] = []
        self._warnings: list[str] = []
        self._state: StreamState | None = None

    @property
    def full(self) -> bool:
        return len(self._items) >= PAGE

    def take(self, chunk: bytes) -> None:
        """Read on. Raises TooLarge, UnexpectedPayload."""
        self._bytes += len(chunk)
        if self._bytes > MAX_BYTES:
            raise self._too_large(f"{MAX_BYTES // 1_000_000} MB")
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            self._rest += line
            self._end_of_line()
        self._rest += rest
        if len(self._rest) > MAX_LINE:
            self._skipping = True
            self._rest.clear()

    def end(self) -> None:
        """Take the last line, which need not end with a newline."""
        if self._rest or self._skipping:
            self._end_of_line()

    def page(self, *, last: bool = False) -> Page:
        """Return what came since the page before; the state only with the ``last``."""
        if last and self._bad > SHOWN:
            more = self._bad - SHOWN
            self._warnings.append(f"{self._name}: {more} more lines were left out")
        items, warnings = tuple(self._items), tuple(self._warnings)
        self._items, self._warnings = [], []
        return Page(
            stream=STREAM,
            items=items,
            state=self._state if last else None,
            searched=any(isinstance(item, Mention) and not item.addressed for item in items),
            warnings=warnings,
        )

    def failure(self) -> ChannelError | None:
        """Return an error where nothing at all could be understood."""
        if self._bad and not self._records:
            message = f"{self._name}: none of the {self._bad} lines it printed is a record"
            return UnexpectedPayload(message, hint=self._first_bad)
        return None

    def _end_of_line(self) -> None:
        data, skipped = bytes(self._rest), self._skipping
        self._rest.clear()
        self._skipping = False
        self._line += 1
        if skipped or len(data) > MAX_LINE:
            self._refused(f"longer than {MAX_LINE // 1_000_000} MB")
        elif data.strip():
            self._refuse_page(data)
            try:
                self._take_record(decode_record(data.decode()))
            except UnicodeDecodeError:
                self._refused("not UTF-8")
            except ValueError as error:
                self._refused(str(error))
            except RecordRefused as error:
                self._refused(error.message)

    def _refuse_page(self, data: bytes) -> None:
        if not self._begun and data.lstrip().startswith(b"<"):
            message = f"{self._name} prints a web page, not records"
            raise UnexpectedPayload(message, hint="it may pass on an error page of its service")
        self._begun = True

    def _take_record(self, record: Mapping[str, Any]) -> None:
        if is_control(record):
            self._control(record)
            return
        self._items.extend(items_of(record, self._defaults))
        self._records += 1
        if self._records > MAX_RECORDS:
            raise self._too_large(f"{MAX_RECORDS} records")

    def _control(self, record: Mapping[str, Any]) -> None:
        if record["type"] == "STATE":
            if "value" not in record:
                raise RecordRefused("STATE has no value")
            value = record["value"]
            self._state = StreamState(cursor="" if value is None else json.dumps(value))
        elif record["type"] == "LOG":
            self._log(str(record.get("level", "info")).lower(), str(record.get("message", "")))

    def _log(self, level: str, message: str) -> None:
        import logging

        told = _shown(message)
        if level in ("warning", "error", "critical"):
            self._warnings.append(f"{self._name}: {told}")
        number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
        logging.getLogger(__name__).log(number, "%s: %s", self._name, told)

    def _refused(self, why: str) -> None:
        self._bad += 1
        told = _shown(f"line {self._line}: left out: {why}")
        self._first_bad = self._first_bad or told
        if self._bad <= SHOWN:
            self._warnings.append(f"{self._name}, {told}")
        if self._bad > MAX_BAD:
            message = f"{self._name}: more than {MAX_BAD} lines are no records"
            raise UnexpectedPayload(message, hint=self._first_bad)

    def _too_large(self, limit: str) -> TooLarge:
        return TooLarge(
            f"{self._name} prints more than {limit}, and was stopped",
            hint="let it print only what is new: it is told its last state",
        )


class Heard:
    """Lines of standard error: logged, and the last one kept for the message of a failure."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._count = 0
        self._last = b""

    @property
    def last(self) -> str:
        return _shown(self._last.decode("utf-8", "replace"))

    def line(self, data: bytes) -> None:
        import logging

        if not data.strip():
            return
        self._last = data[-2_000:]
        self._count += 1
        log = logging.getLogger(__name__)
        if self._count <= MAX_HEARD:
            log.info("%s: %s", self._name, self.last)
        elif self._count == MAX_HEARD + 1:
            log.info("%s: says more, which is left out", self._name)


def _shown(text: str) -> str:
    """Return a foreign line fit to be shown: without secrets and controls, of bounded length."""
    return redact(one_line(text[:2_000]))[:500]
