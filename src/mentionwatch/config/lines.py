"""
On which line of a TOML text each key stands.

The TOML libraries give values without places, and a problem needs its line. The text given here has
already been read by one of them, so this scanner may trust its grammar and only looks for keys.

Grammar: https://toml.io/en/v1.1.0
"""

from __future__ import annotations

import re
from bisect import bisect_right
from contextlib import suppress

# A path to a value: names of tables and keys, and indices (from 0) into arrays.
Key = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_TEXT = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?!")'
    r"|'''.*?'''(?!')"
    r'|"(?:\\.|[^"\\])*"'
    r"|'[^']*'",
    re.DOTALL,
)
_PLAIN = re.compile(r"[^,\]}#\r\n]*")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|x([0-9A-Fa-f]{2})|(.))", re.DOTALL)
_SHORT = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b"}


class _Lost(Exception):
    """The text does not follow the grammar as far as it is known here."""


def key_lines(text: str) -> dict[Key, int]:
    """
    Return the line (from 1) of every table, key and array element of a valid TOML text.

    An element of an array of tables has its index as the last part of its key. Of a text that
    cannot be followed to its end, the keys found until then are returned.
    """
    scanner = _Scanner(text)
    with suppress(_Lost, RecursionError):
        scanner.document()
    return scanner.lines


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Key, int] = {}
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._counts: dict[Key, int] = {}

    def document(self) -> None:
        table: Key = ()
        while self._more():
            if self._take("[["):
                table = self._header("]]", array=True)
            elif self._take("["):
                table = self._header("]", array=False)
            else:
                self._pair(table)

    def _header(self, end: str, *, array: bool) -> Key:
        start = self.at
        names = self._names()
        self._blanks()
        if not self._take(end):
            raise _Lost
        key = self._resolve(names[:-1]) + names[-1:]
        if array:
            self._note(key, start)
            self._counts[key] = self._counts.get(key, -1) + 1
        key = self._resolve(names)
        self._note(key, start)
        return key

    def _resolve(self, names: Key) -> Key:
        """Put into a path the index of the newest element of each array of tables on its way."""
        key: Key = ()
        for name in names:
            key = (*key, name)
            if key in self._counts:
                key = (*key, self._counts[key])
        return key

    def _pair(self, table: Key) -> None:
        start = self.at
        names = self._names()
        for length in range(1, len(names) + 1):
            self._note(table + names[:length], start)
        self._blanks()
        if not self._take("="):
            raise _Lost
        self._value(table + names)

    def _names(self) -> Key:
        names = [self._name()]
        self._blanks()
        while self._take("."):
            names.append(self._name())
            self._blanks()
        return tuple(names)

    def _name(self) -> str:
        self._blanks()
        if found := _BARE.match(self.text, self.at):
            self.at = found.end()
            return found[0]
        if found := _TEXT.match(self.text, self.at):
            self.at = found.end()
            inside = found[0][1:-1]
            return inside if found[0][0] == "'" else _ESCAPE.sub(_unescape, inside)
        raise _Lost

    def _value(self, key: Key) -> None:
        self._blanks()
        if self._take("["):
            self._array(key)
        elif self._take("{"):
            self._inline(key)
        else:
            found = _TEXT.match(self.text, self.at) or _PLAIN.match(self.text, self.at)
            self.at = found.end() if found else self.at

    def _array(self, key: Key) -> None:
        index = 0
        while self._more() and not self._take("]"):
            self._note((*key, index), self.at)
            self._value((*key, index))
            self._separator("]")
            index += 1

    def _inline(self, key: Key) -> None:
        while self._more() and not self._take("}"):
            self._pair(key)
            self._separator("}")

    def _separator(self, end: str) -> None:
        self._blanks()
        if not self._take(",") and not self.text.startswith(end, self.at):
            raise _Lost

    def _note(self, key: Key, start: int) -> None:
        self.lines.setdefault(key, bisect_right(self._starts, start))

    def _blanks(self) -> None:
        if found := _BLANK.match(self.text, self.at):
            self.at = found.end()

    def _more(self) -> bool:
        self._blanks()
        return self.at < len(self.text)

    def _take(self, mark: str) -> bool:
        if self.text.startswith(mark, self.at):
            self.at += len(mark)
            return True
        return False


def _unescape(found: re.Match[str]) -> str:
    code = found[1] or found[2] or found[3]
    if code:
        return chr(int(code, 16))
    return _SHORT.get(found[4], found[4])
