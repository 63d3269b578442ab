"""
Text brought to the form in which names are compared, and the way back to the original.

Folded: case, compatibility forms (full width, ligatures), accents on Latin and Greek letters,
Hebrew and Arabic vowel points, kinds of apostrophes and hyphens, invisible characters. Not folded:
marks that make another letter (Japanese voicing, Cyrillic short i, Indian vowel signs).
"""

from __future__ import annotations

import unicodedata

_AS = {
    **dict.fromkeys("‘’ʼ＇`´", "'"),
    **dict.fromkeys("‐‑‒–—―−－", "-"),
    **dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff\u200e\u200f\u0640™®©℠", ""),
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "æ": "ae",
    "œ": "oe",
    "ı": "i",
    "ё": "е",
}


class _Table(dict[int, str]):
    """Filled as characters are met; at most as large as Unicode."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _folded(chr(code))
        return folded


_TABLE = _Table()


def _folded(character: str) -> str:
    special = _AS.get(character.lower())
    if special is not None:
        return special
    if unicodedata.category(character) == "Mn" and _optional(ord(character)):
        return ""
    first = ord(character)
    european = first < 0x0400 or 0x1E00 <= first < 0x2000
    form = unicodedata.normalize("NFKD" if european else "NFKC", character).casefold()
    if european or len(form) > 1:
        form = "".join(each for each in form if not _optional(ord(each)))
    return _AS.get(form, form)


def _optional(code: int) -> bool:
    """Tell whether a mark may be left out: accents, Hebrew points, Arabic vowel signs."""
    return 0x0300 <= code < 0x0370 or 0x0591 <= code < 0x05C8 or 0x064B <= code < 0x0671


def fold(text: str) -> str:
    """Return a text in the form in which names are compared; its length may change."""
    return text.lower() if text.isascii() else text.translate(_TABLE)


class Places:
    """The way back: which characters of a text its folded form stands for."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._origin: list[int] | None = None

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Return (start, end) in the text for a stretch of its folded form that is not empty."""
        if self._text.isascii():
            return start, end
        if self._origin is None:
            self._origin = [
                index for index, character in enumerate(self._text) for _ in _TABLE[ord(character)]
            ]
        last = self._origin[end - 1] + 1
        while last < len(self._text) and unicodedata.combining(self._text[last]):
            last += 1  # an accent belongs to the letter before it
        return self._origin[start], last
