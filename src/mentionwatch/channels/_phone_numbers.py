"""Telephone numbers as providers write them, in one form, and who hides behind them."""

from __future__ import annotations

import re

_NOT_DIALLED = re.compile(r"[\s().\-/\u00a0\u2010-\u2015]")
_DIGITS = re.compile(r"\+?[0-9]+")
# A caller who withholds his number arrives as one that spells a word on the keys.
_WITHHELD = frozenset(
    (
        "+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253", "anonymous",
        "restricted", "blocked", "unknown", "unavailable", "private",
    )
)  # fmt: skip
_SAME_END = 9  # digits; enough to be the same number with and without its country


def is_withheld(number: str) -> bool:
    return not number or number.lower() in _WITHHELD


def is_machine(number: str) -> bool:
    """Whether it is a short code or a name in letters: codes and adverts, nobody to answer."""
    if ":" in number or number.startswith("+"):
        return False
    return not number.isdecimal() or len(number) <= 6


def plain(value: str, country: str = "") -> str:
    """
    Return a number as "+15550199"; other addresses ("whatsapp:+1…", "sip:…") keep their kind.

    Args:
        value: As it came.
        country: "+44"; set before numbers that name no country.
    """
    kind, colon, rest = value.strip().rpartition(":")
    if kind.lower() in ("sip", "client", "sips"):
        return value.strip()
    digits = _NOT_DIALLED.sub("", rest)
    if not _DIGITS.fullmatch(digits):
        return f"{kind}{colon}{rest.strip()}"
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    elif country and not digits.startswith("+") and len(digits) > 6:
        digits = country + digits.removeprefix("0")
    return f"{kind.lower()}{colon}{digits}"


def same(one: str, other: str) -> bool:
    """Whether two numbers in plain form are the same line."""
    if one == other:
        return True
    ends = [re.sub(r"[^0-9]", "", number)[-_SAME_END:] for number in (one, other)]
    kinds = [number.rpartition(":")[0] for number in (one, other)]
    return kinds[0] == kinds[1] and len(ends[0]) == _SAME_END and ends[0] == ends[1]
