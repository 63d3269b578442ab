"""When we are open, in words: for ourselves, for a profile, and for after hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from mentionwatch.app.setting import Setting, current_hours, holiday_names
from mentionwatch.core.business_hours import BusinessHours, compress_sentence
from mentionwatch.model.times import in_words, iso, to_ms
from mentionwatch.store import queue

DAYS_BACK = timedelta(days=30)
FEWEST_REPLIES = 10  # below that, "usually" would be a guess
USUALLY = 0.8  # the share of replies that were at least this fast
DAYS_AHEAD = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Opening:
    """Sentences about the hours. ``closures``: "Fri 25 Dec closed (Christmas Day)" and so on."""

    is_open: bool
    now: str
    change_text: str | None
    profile: str
    after_hours: str
    closures: tuple[str, ...]


def opening(setting: Setting, now: datetime) -> Opening:
    hours = current_hours(setting, now)
    zone = ZoneInfo(setting.config.hours.timezone)
    is_open = hours.is_open(now)
    change = hours.closing(now) if is_open else hours.next_opening(now)
    return Opening(
        is_open=is_open,
        now=_now(is_open, change, now, zone),
        change_text=iso(change) if change else None,
        profile=f"We answer here {_when(hours)}, {_how_fast(setting, now, hours)}.",
        after_hours=_after_hours(setting, hours),
        closures=tuple(_closures(setting, hours, now, zone)),
    )


def _now(is_open: bool, change: datetime | None, now: datetime, zone: ZoneInfo) -> str:
    if change is None:
        return "Open around the clock." if is_open else "Closed."
    local = change.astimezone(zone)
    same_day = local.date() == now.astimezone(zone).date()
    day = "" if same_day else f"{local:%A} {local.day} {local:%B} "
    if is_open:
        return f"Open now, until {day}{local:%H:%M}."
    return f"Closed now. Next open {day or 'today '}{local:%H:%M}."


def _when(hours: BusinessHours) -> str:
    return "around the clock" if hours.always_open else compress_sentence(hours)


def _how_fast(setting: Setting, now: datetime, hours: BusinessHours) -> str:
    answers = sorted(queue.replies_since(setting.store.connection, to_ms(now - DAYS_BACK)))
    if len(answers) >= FEWEST_REPLIES:
        return f"usually within {in_words(answers[int(USUALLY * (len(answers) - 1))])}"
    target = setting.config.targets.of("social", "normal")
    length = str(target)
    if target.minutes is not None:
        length = in_words(target.minutes * 60)
    elif target.business_days is not None:
        days = target.business_days
        length = "one working day" if days == 1 else f"{days} working days"
    opened = "" if hours.always_open else " of opening hours"
    return f"and aim to answer within {length}{opened if target.minutes is not None else ''}"


def _after_hours(setting: Setting, hours: BusinessHours) -> str:
    if hours.always_open:
        return "We are here around the clock."
    where = next((name for name in setting.config.brand.own_accounts if "@" in name[1:]), "")
    meanwhile = f" If it cannot wait, write to {where}." if where else ""
    return (
        f"Thank you for your message. We are closed just now and answer {_when(hours)}; "
        f"yours will be among the first.{meanwhile}"
    )


def _closures(setting: Setting, hours: BusinessHours, now: datetime, zone: ZoneInfo) -> list[str]:
    """Return the days of the next two months on which we are closed, or open otherwise."""
    names = holiday_names(setting)
    today = now.astimezone(zone).date()
    found = []
    for ahead in range(DAYS_AHEAD):
        day = today + timedelta(days=ahead)
        usual = hours.week[day.weekday()] if hours.week else ()
        actual = hours.on(day)
        if actual == usual and not (hours.always_open and _closed(hours, day)):
            continue
        name = f" ({names[day]})" if day in names else ""
        times = f"only {', '.join(map(str, actual))}" if actual else "closed"
        found.append(f"{day:%a} {day.day} {day:%b} {times}{name}")
    return found


def _closed(hours: BusinessHours, day: date) -> bool:
    return not hours.on(day)
