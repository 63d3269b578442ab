"""
Holidays: by the name of a country or region, or from a calendar file.

Names: the ``holidays`` library (https://holidays.readthedocs.io), days off in lieu included.
Files: iCalendar (https://www.rfc-editor.org/rfc/rfc5545) through ``icalendar``. Both take a tenth
of a second to load, so that they are asked once a year and the dates are stored.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

ICS_LIMIT = 512 * 1024
"""Bytes of a calendar file that are accepted; a country's holidays take some 30 KB."""

_EVENTS_LIMIT = 5_000
_YEARS_LIMIT = 100
_COUNTED_FROM = 1900
_LENGTH_LIMIT = 366
_ONE_DAY = timedelta(days=1)
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_RULE_PARTS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYMONTH", "BYMONTHDAY", "BYDAY", "WKST"}


def dates_of(name: str, years: Iterable[int]) -> dict[date, str]:
    """
    Return the public holidays of a country or region with their names, in order.

    Args:
        name: "US", "GB-ENG", "DE-BY": a country's ISO code, and where it has parts, one of them.
        years: The years wanted; at most a hundred.

    Raises:
        ValueError: There is no such country or part; names the nearest.
    """
    import holidays

    country, _, part = name.strip().partition("-")
    known = holidays.list_supported_countries(include_aliases=True)
    country = country.upper()
    if country not in known:
        raise ValueError(_unknown(name, "country", country, known))
    parts = {each.upper(): each for each in known[country]}
    if part and part.upper() not in parts:
        raise ValueError(_unknown(name, f"part of {country}", part.upper(), parts, f"{country}-"))
    found = holidays.country_holidays(
        country, subdiv=parts[part.upper()] if part else None, years=_checked(years)
    )
    return {day: found[day] for day in sorted(found)}


def _unknown(name: str, what: str, wanted: str, known: Iterable[str], prefix: str = "") -> str:
    from difflib import get_close_matches

    names = sorted(known)
    near = get_close_matches(wanted[:20], names, n=3, cutoff=0.5) or names
    listed = ", ".join(prefix + each for each in near[:8])
    hint = f"perhaps {listed}" if names else "it has no parts that are known"
    return f"holidays of {name[:40]!r}: no such {what}; {hint}"


def _checked(years: Iterable[int]) -> set[int]:
    wanted = set(years)
    if len(wanted) > _YEARS_LIMIT or not all(1 <= year < 9999 for year in wanted):
        raise ValueError(f"holidays of {len(wanted)} years, or of years beyond the calendar")
    return wanted


def dates_from_ics(
    data: bytes, years: Iterable[int], passed_over: list[str] | None = None
) -> dict[date, str]:
    """
    Return the whole days of a calendar file's events with their titles, in order.

    All-day events of one day or several, also those that repeat every year on a date or on "the
    last Monday in May". Timed events count for the whole days that they cover.

    Args:
        data: The file; at most 512 KB.
        years: The years wanted; at most a hundred.
        passed_over: Takes a sentence for each event that is not understood as closed days.

    Raises:
        ValueError: Not a calendar, or too large.
    """
    wanted = _checked(years)
    notes: list[str] = [] if passed_over is None else passed_over
    events = _events(data)
    moved = {
        (str(event.get("UID", "")), _day(event["RECURRENCE-ID"].dt))
        for event in events
        if hasattr(event.get("RECURRENCE-ID"), "dt")
    }
    found: dict[date, str] = {}
    for event in events:
        title = " ".join(str(event.get("SUMMARY", "")).split())[:200] or "closed"
        try:
            original = "RECURRENCE-ID" not in event
            uid = str(event.get("UID", ""))
            for start, length in _closures(event, wanted):
                if not (original and (uid, start) in moved):
                    found.update(_named(start, length, wanted, title, found))
        except (_PassedOver, ValueError, OverflowError, TypeError, AttributeError) as error:
            why = str(error) if isinstance(error, _PassedOver) else "it cannot be read"
            notes.append(f"{title}: {why}")
    return {day: found[day] for day in sorted(found)}


class _PassedOver(Exception):
    """Why an event closes no whole day."""


def _events(data: bytes) -> list[Any]:
    if len(data) > ICS_LIMIT:
        raise ValueError(f"the calendar is larger than {ICS_LIMIT // 1024} KB")
    if b"BEGIN:VCALENDAR" not in data[:4096].upper():
        raise ValueError("this is no calendar file (it does not begin with BEGIN:VCALENDAR)")
    import icalendar

    try:
        calendars = icalendar.Calendar.from_ical(data, multiple=True)
        events = [event for calendar in calendars for event in calendar.walk("VEVENT")]
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"the calendar cannot be read: {str(error)[:120]}") from error
    if not calendars:
        raise ValueError("the calendar cannot be read: its end is missing")
    if len(events) > _EVENTS_LIMIT:
        raise ValueError(f"the calendar has {len(events)} events, more than {_EVENTS_LIMIT}")
    return [event for event in events if str(event.get("STATUS", "")).upper() != "CANCELLED"]


def _closures(event: Any, years: set[int]) -> Iterator[tuple[date, int]]:
    """Yield (first day, number of days). Raises _PassedOver."""
    if str(event.get("DESCRIPTION", "")).strip().startswith("Observance"):
        raise _PassedOver("an observance, not a public holiday")
    if not hasattr(event.get("DTSTART"), "dt"):
        raise _PassedOver("it has no date")
    start, length = _whole_days(event)
    if length < 1:
        raise _PassedOver("it takes only part of a day; put half days under special")
    if length > _LENGTH_LIMIT:
        raise _PassedOver("it lasts longer than a year")
    removed = {_day(value.dt) for value in _listed(event, "EXDATE")}
    rules = event.get("RRULE")
    if isinstance(rules, list):
        raise _PassedOver("it repeats by several rules")
    starts = {start} if rules is None else set(_yearly(start, rules, years))
    starts |= {_day(value.dt) for value in _listed(event, "RDATE") if hasattr(value, "dt")}
    for each in sorted(starts - removed):
        yield each, length


def _listed(event: Any, key: str) -> list[Any]:
    value = event.get(key, [])
    lists = value if isinstance(value, list) else [value]
    return [each for entry in lists for each in getattr(entry, "dts", ())]


def _day(value: Any) -> date:
    day: date = value.date() if isinstance(value, datetime) else value
    return day


def _whole_days(event: Any) -> tuple[date, int]:
    """Return the first day that an event covers as a whole, and how many; 0: none."""
    start = event["DTSTART"].dt
    end = event["DTEND"].dt if "DTEND" in event else None
    if end is None and "DURATION" in event:
        end = start + event["DURATION"].dt
    if not isinstance(start, datetime):
        last = start + _ONE_DAY if end is None else _day(end)
        return start, max((last - start).days, 1)
    if end is None:
        return start.date(), 0
    # In the event's own time zone: that is the clock on the wall of whoever wrote it.
    first = start.date() if start.time() == time() else start.date() + _ONE_DAY
    return first, max((_day(end) - first).days, 0)


def _yearly(start: date, rule: Any, years: set[int]) -> Iterator[date]:
    """Yield the days on which a yearly rule falls, as far as they touch the years wanted."""
    if list(rule.get("FREQ", [])) != ["YEARLY"] or not set(rule) <= _RULE_PARTS:
        raise _PassedOver("it repeats in another rhythm than yearly")
    step = max(int(rule.get("INTERVAL", [1])[0]), 1)
    until = _day(rule["UNTIL"][0]) if rule.get("UNTIL") else date.max
    left = int(rule["COUNT"][0]) if rule.get("COUNT") else None
    if left is not None and start.year < _COUNTED_FROM:
        raise _PassedOver("it repeats in a way that is not understood")
    needed = min(years, default=0) - 2  # a long closure may begin the year before
    skipped = 0 if left is not None else max(needed - start.year, 0) // step * step
    for year in range(start.year + skipped, max(years, default=0) + 1, step):
        for day in _days_of_year(start, rule, year):
            if day < start:
                continue
            if day > until or left == 0:
                return
            left = None if left is None else left - 1
            yield day


def _days_of_year(start: date, rule: Any, year: int) -> list[date]:
    months = [int(each) for each in rule.get("BYMONTH", [])] or [start.month]
    if rule.get("BYDAY"):
        if not rule.get("BYMONTH") or rule.get("BYMONTHDAY"):
            raise _PassedOver("it repeats in a way that is not understood")
        found = {
            day for month in months for each in rule["BYDAY"] for day in _nth(year, month, each)
        }
    else:
        numbers = [int(each) for each in rule.get("BYMONTHDAY", [])] or [start.day]
        found = {
            day for month in months for number in numbers for day in _dated(year, month, number)
        }
    return sorted(found)


def _dated(year: int, month: int, number: int) -> list[date]:
    """Return the one day of a month with that number, counted from its end if negative."""
    last = monthrange(year, month)[1]
    number = number if number > 0 else last + 1 + number
    return [date(year, month, number)] if 1 <= number <= last else []


def _nth(year: int, month: int, weekday: Any) -> list[date]:
    """Return the days that "1MO", "-1MO" or "MO" name in a month."""
    text = str(weekday).upper()
    number, wanted = int(text[:-2] or 0), _WEEKDAYS.index(text[-2:])
    first, last = monthrange(year, month)
    days = [date(year, month, day) for day in range((wanted - first) % 7 + 1, last + 1, 7)]
    if not number:
        return days
    index = number - 1 if number > 0 else number
    return [days[index]] if -len(days) <= index < len(days) else []


def _named(
    start: date, length: int, years: set[int], title: str, found: dict[date, str]
) -> dict[date, str]:
    """Return the days of one closure that lie in the years wanted and have no name yet."""
    if not years:
        return {}
    first = max(start, date(min(years), 1, 1))
    last = min(start + timedelta(days=length - 1), date(max(years), 12, 31))
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return {day: title for day in days if day.year in years and day not in found}
