"""``[hours]``: opening hours, holidays, absences; and the time zone of this machine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mentionwatch.config.reading import (
    Place,
    Table,
    Wrong,
    choice,
    elements,
    local_path,
    shown,
    suggestion,
    text,
)
from mentionwatch.config.settings import ALL_DAY, WEEKDAYS, Hours, Span
from mentionwatch.model.score import PRIORITIES

if TYPE_CHECKING:
    from mentionwatch.core.business_hours import BusinessHours

DAY = 1440
_KEYS = ("timezone", "holidays", "closed", "special", "always")
# Texts, not compiled patterns: what a file does not use is not compiled at every start.
_TIMES = r"([0-9]{1,2}):([0-9]{2})\s*(?:-|–|to)\s*([0-9]{1,2}):([0-9]{2})"
_REGION = r"[A-Z]{2,3}(-[A-Z0-9]{1,4})?"
_SHAPE = '"HH:MM-HH:MM", for example "09:00-17:30"'


def read_hours(table: Table | None, environ: Mapping[str, str]) -> Hours:
    """Return the opening hours; without a table always open, in this machine's zone."""
    if table is None:
        return Hours(timezone=local_timezone(environ))
    timezone = table.get("timezone", _timezone, "") or local_timezone(environ)
    folder = table.place.report.folder
    holidays = table.get("holidays", lambda value: _holidays(value, folder), "")
    if Path(holidays).is_absolute() and not Path(holidays).is_file():
        # A share that is not there today must not stop the queue; what was read before is used.
        table.place.report.warnings.append(f"[hours] holidays: no such file: {holidays}")
    hours = Hours(
        timezone=timezone,
        days=_week(table),
        holidays=holidays,
        closed=table.each("closed", _absence),
        special=_special(table.table("special")),
        always=table.each("always", choice(*PRIORITIES)),
    )
    table.finish("key or weekday")
    if not any(hours.days) and not any(hours.special.values()) and _nothing_wrong(table):
        table.place.problem("no day has an opening time: nothing would ever be due")
    return hours


def _nothing_wrong(table: Table) -> bool:
    """Whether nothing in the table was refused, so that what is missing was not meant."""
    own = f"{table.place}."
    return not any(problem.key.startswith(own) for problem in table.place.report.problems)


def local_timezone(environ: Mapping[str, str], etc: Path = Path("/etc")) -> str:
    """Return the IANA name of this machine's time zone; "UTC" where it cannot be told."""
    for name in (environ.get("TZ", "").removeprefix(":"), _linked_zone(etc), _written_zone(etc)):
        if name and is_timezone(name):
            return name
    return "UTC"


def _linked_zone(etc: Path) -> str:
    try:
        return str((etc / "localtime").readlink()).partition("zoneinfo/")[2]
    except OSError:
        return ""


def _written_zone(etc: Path) -> str:
    try:
        return (etc / "timezone").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError):
        return ""


def is_timezone(name: str) -> bool:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _timezone(value: Any) -> str:
    name = text(value).strip()
    if is_timezone(name):
        return name
    from zoneinfo import available_timezones

    known = sorted(available_timezones())
    places = {zone.rpartition("/")[2].lower(): zone for zone in known}
    exact = places.get(name.rpartition("/")[2].lower().replace(" ", "_"))
    hint = f'did you mean "{exact}"?' if exact else suggestion(name, known) or _near(name, places)
    raise Wrong(f'must be an IANA time zone such as "Europe/London", not {shown(name)}', hint)


def _near(name: str, places: Mapping[str, str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name[:80].rpartition("/")[2].lower(), places, n=1)
    return f'did you mean "{places[near[0]]}"?' if near else ""


def _holidays(value: Any, folder: Path) -> str:
    name = text(value).strip()
    if name.startswith(("https://", "http://")) or re.fullmatch(_REGION, name):
        return name
    if name.lower().endswith(".ics"):
        return str(local_path(folder)(name))
    hint = f'did you mean "{name.upper()}"?' if re.fullmatch(_REGION, name.upper()) else ""
    raise Wrong(
        'must be a country or region such as "GB-ENG" or "US", or the path or URL of an .ics '
        f"file, not {shown(name)}",
        hint,
    )


def spans(value: Any, place: Place) -> tuple[Span, ...]:
    """Return the opening times of one day, sorted; what is wrong becomes a problem."""
    found = sorted(elements(value, span, place))
    for (_, end), (start, _) in pairwise(found):
        if start < end:
            place.problem(f"{_clock(start)} lies within the time before, which ends {_clock(end)}")
    return tuple(found)


def span(value: Any) -> Span:
    """Check for "HH:MM-HH:MM"; an end at or before the start lies on the next day."""
    if not isinstance(value, str) or not (found := re.fullmatch(_TIMES, value.strip())):
        raise Wrong(f"must be {_SHAPE}, not {shown(value)}")
    start, end = _minutes(found[1], found[2]), _minutes(found[3], found[4])
    if start == DAY:
        raise Wrong("cannot begin at 24:00; that is 00:00 of the next day")
    if start == end:
        raise Wrong("begins and ends at the same minute", 'the whole day is "00:00-24:00"')
    return start, end if end > start else end + DAY


def _minutes(hour: str, minute: str) -> int:
    total = int(hour) * 60 + int(minute)
    if int(minute) > 59 or total > DAY:
        raise Wrong(f"there is no time {hour}:{minute}", f"write {_SHAPE}")
    return total


def _clock(minutes: int) -> str:
    day = " of the next day" if minutes > DAY else ""
    minutes = minutes - DAY if minutes > DAY else minutes
    return f"{minutes // 60:02d}:{minutes % 60:02d}{day}"


def _week(table: Table) -> tuple[tuple[Span, ...], ...]:
    """Return the spans of the seven days; no day named at all means always open."""
    days: dict[str, tuple[Span, ...]] = {}
    named_by: dict[str, str] = {}
    table.know((*WEEKDAYS, "mon-fri", "sat,sun"))
    for key, value in table.values.items():
        names = None if key in _KEYS else weekdays(key)
        if not names:
            continue
        table.know([key])
        found = spans(value, table / key)
        for name in names:
            if name in named_by:
                (table / key).problem(f'"{name}" has its hours already, in "{named_by[name]}"')
            named_by[name], days[name] = key, found
    if not days:
        return (ALL_DAY,) * 7
    _no_night_overlap(days, named_by, table)
    return tuple(days.get(name, ()) for name in WEEKDAYS)


def weekdays(key: str) -> tuple[str, ...]:
    """Return the days that "mon", "mon-fri", "sat,sun" or "fri-mon,wed" name; none if wrong."""
    found: list[str] = []
    for part in key.lower().split(","):
        first, dash, last = (piece.strip() for piece in part.partition("-"))
        if first not in WEEKDAYS or (dash and last not in WEEKDAYS):
            return ()
        start = WEEKDAYS.index(first)
        length = (WEEKDAYS.index(last) - start) % 7 + 1 if dash else 1
        found += [WEEKDAYS[(start + step) % 7] for step in range(length)]
    return tuple(found)


def _no_night_overlap(
    days: Mapping[str, tuple[Span, ...]], named_by: Mapping[str, str], table: Table
) -> None:
    """Report a night that reaches into the opening times of the next day."""
    for index, name in enumerate(WEEKDAYS):
        following = WEEKDAYS[(index + 1) % 7]
        late, early = days.get(name, ()), days.get(following, ())
        if late and early and late[-1][1] - DAY > early[0][0]:
            (table / named_by[name]).problem(
                f'the night of "{name}" lasts until {_clock(late[-1][1] - DAY)}, but "{following}" '
                f"begins at {_clock(early[0][0])}"
            )


def _absence(value: Any) -> tuple[date, date]:
    """Check for "2026-12-24" or "2026-12-24..2027-01-02", both days included."""
    if isinstance(value, str):
        first, dots, last = value.partition("..")
        start, end = _date(first), _date(last if dots else first)
    else:
        start = end = _date(value)
    if end < start:
        raise Wrong(f"ends before it begins: {shown(value)}")
    if end - start > timedelta(days=3660):
        raise Wrong(f"lasts more than ten years: {shown(value)}")
    return start, end


def _date(value: Any) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value.strip()):
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            raise Wrong(f"there is no such day: {shown(value)}") from None
    raise Wrong(
        f'must be a day such as "2026-12-24" or days such as "2026-12-24..2027-01-02", '
        f"not {shown(value)}"
    )


def _special(table: Table | None) -> dict[date, tuple[Span, ...]]:
    found: dict[date, tuple[Span, ...]] = {}
    for key in table.values if table else ():
        assert table is not None
        try:
            day = _date(key)
        except Wrong as wrong:
            (table / key).problem(wrong.message, wrong.hint)
        else:
            found[day] = spans(table.values[key], table / key)
    return found


def business_hours(
    hours: Hours, holidays: Iterable[date | tuple[date, date]] = ()
) -> BusinessHours:
    """Return the hours to calculate with; *holidays* are the dates that `Hours.holidays` means."""
    from mentionwatch.core.business_hours import BusinessHours, Interval

    def intervals(found: tuple[Span, ...]) -> tuple[Interval, ...]:
        return tuple(Interval(start=start, end=end) for start, end in found)

    always_open = hours.days == (ALL_DAY,) * 7
    return BusinessHours(
        timezone=hours.timezone,
        week=() if always_open else tuple(intervals(day) for day in hours.days),
        closed=(*hours.closed, *holidays),
        special={day: intervals(found) for day, found in hours.special.items()},
        always_open=always_open,
    )


def written_span(found: Span) -> str:
    """Return opening times as `span` reads them."""
    start, end = found
    end = end if end <= DAY else end - DAY
    return f"{start // 60:02d}:{start % 60:02d}-{end // 60:02d}:{end % 60:02d}"
