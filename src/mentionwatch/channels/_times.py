"""
Times as people and programs write them.

Day and month are never guessed: "03/04/2026" needs a format from the owner.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo

# A number of this size or more counts in: microseconds, milliseconds, seconds since 1970.
_UNITS = ((10**14, 1_000_000), (10**11, 1_000), (10**8, 1))
_NUMBER = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,20})?")
_RFC2822 = re.compile(r"(?:[A-Za-z]{3},\s*)?\d{1,2}\s+[A-Za-z]{3}\s+\d{2,4}\s+\d{1,2}:\d{2}")
_DOTNET = re.compile(r"/Date\((\d{1,16})(?:[+-]\d{4})?\)/")
NAMED_FORMATS = ("auto", "iso", "rfc2822", "unix", "unix_ms")


class UnknownTime(ValueError):
    """A time in a form that cannot be told without guessing."""


class WrongFormat(UnknownTime):
    """A time that does not fit the format which the owner gave."""


def zone(name: str) -> tzinfo | None:
    """
    Return the time zone of that name; None, the zone of this machine, for "".

    Raises:
        ValueError: There is no such zone.
    """
    if not name:
        return None
    if name.upper() in ("UTC", "Z"):
        return UTC
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f'there is no time zone "{name}"; write it like "Europe/London"') from None


def check_format(pattern: str) -> None:
    """Refuse a date format that strptime does not understand. Raises ValueError."""
    if not pattern or pattern in NAMED_FORMATS:
        return
    if "%" not in pattern:
        raise ValueError(f'"{pattern}" is no date format; write it like "%d/%m/%Y %H:%M"')
    try:
        datetime.strptime("", pattern)  # noqa: DTZ007
    except (ValueError, re.error) as error:
        if "directive" in str(error) or "stray" in str(error) or isinstance(error, re.error):
            raise ValueError(f'"{pattern}" is no date format: {error}') from None


def instant(value: object, *, tz: str = "", pattern: str = "") -> datetime | None:
    """
    Return a time as an aware datetime in UTC; None for an empty value and for 0.

    Args:
        value: A datetime, Unix seconds, milliseconds or microseconds, or a text.
        tz: The zone of times that name none; "" is the zone of this machine. Times that a clock
            change makes ambiguous or skips are taken as before the change.
        pattern: A strptime pattern, "iso", "rfc2822", "unix" or "unix_ms"; "" or "auto" takes ISO
            8601, RFC 2822 and Unix numbers.

    Raises:
        UnknownTime: The value has another form.
    """
    if value is None or value in ("", "0") or (value == 0 and not isinstance(value, bool)):
        return None
    try:
        return _utc(_read(value, pattern), tz)
    except (OverflowError, OSError):
        raise UnknownTime(f"{_shown(value)} is outside the calendar") from None


def _read(value: object, pattern: str) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise UnknownTime(f"a time is a text or a number, not {_shown(value)}")
    if isinstance(value, (int, float)):
        return _number(value, pattern)
    text = value.strip()
    if pattern and pattern not in NAMED_FORMATS:
        return _by_pattern(text, pattern)
    if (
        _NUMBER.fullmatch(text)
        and pattern not in ("iso", "rfc2822")
        and (len(text) != 8 or pattern.startswith("unix"))
    ):
        return _number(float(text), pattern)
    if dotnet := _DOTNET.fullmatch(text):
        return _number(int(dotnet[1]), "unix_ms")
    if pattern.startswith("unix"):
        raise UnknownTime(f"{_shown(text)} is no number of seconds")
    return _written(text, pattern)


def _number(value: float, pattern: str) -> datetime:
    if pattern in ("unix", "unix_ms"):
        return _since_1970(value, 1000 if pattern == "unix_ms" else 1)
    if 19_000_101 <= value <= 99_991_231:
        return _written(str(int(value)), "iso")  # 20261121, the basic form of ISO 8601
    for least, divisor in _UNITS:
        if value >= least:
            return _since_1970(value, divisor)
    raise UnknownTime(f"{value} is neither a date nor a number of seconds since 1970")


def _since_1970(value: float, divisor: int) -> datetime:
    try:
        return datetime.fromtimestamp(value / divisor, UTC)
    except ValueError:
        raise UnknownTime(f"{value} is outside the calendar") from None


def _by_pattern(text: str, pattern: str) -> datetime:
    try:
        return datetime.strptime(text, pattern)  # noqa: DTZ007
    except ValueError:
        raise WrongFormat(f'{_shown(text)} does not fit the format "{pattern}"') from None


def _written(text: str, pattern: str) -> datetime:
    if pattern != "rfc2822":
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
    if pattern != "iso" and _RFC2822.match(text):
        from email.utils import parsedate_to_datetime

        try:
            found = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError):
            pass
        else:
            # "-0000" and a missing zone both come without one; RFC 2822 means UTC by the former.
            return found.replace(tzinfo=UTC) if text.endswith("-0000") else found
    raise UnknownTime(f"{_shown(text)} can be read in more than one way, or in none")


def _utc(found: datetime, tz: str) -> datetime:
    if found.tzinfo is None:
        place = zone(tz)
        found = found.astimezone() if place is None else found.replace(tzinfo=place, fold=0)
    return found.astimezone(UTC)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…" + text[-1]
