"""What the use cases share: the configuration, brought into the form that each part wants."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import adler32, crc32

from mentionwatch.model.times import from_ms, to_ms
from mentionwatch.store import calendars, conversations, meta
from mentionwatch.store.database import Store

if TYPE_CHECKING:
    from mentionwatch.app.assess import Assessor
    from mentionwatch.config.settings import Config
    from mentionwatch.core.business_hours import BusinessHours
    from mentionwatch.core.facts import Calendar, CalendarVersion, Settings
    from mentionwatch.core.scoring import RuleSet

HOLIDAYS_STALE = timedelta(days=7)  # an .ics behind a URL is asked for again after this


class Setting(NamedTuple):
    """
    One business: its configuration and its database.

    ``notices`` are sentences for the owner that came up on the way.
    """

    config: Config
    store: Store

    def __enter__(self) -> Setting:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        try:
            self.store.explain(error)
        finally:
            self.store.close()


def settings(config: Config) -> Settings:
    from mentionwatch.core.facts import Settings

    return Settings(
        merge_window=config.queue.merge_window,
        reopen_within=config.queue.reopen_within,
        first_run=config.queue.first_run,
    )


def ruleset(config: Config) -> RuleSet:
    from mentionwatch.core.scoring import RuleSet

    rules = config.rules
    return RuleSet.build(disable=rules.disable, points=rules.points, custom=rules.custom)


def brand_words(config: Config) -> frozenset[str]:
    words: frozenset[str] = matcher_of(config).brand_words
    return words


def matcher_of(config: Config) -> Any:
    from mentionwatch.core.matching import Matcher

    brand = config.brand
    own = [*brand.own_accounts]
    for channel in config.channels:
        own.extend(channel.own_accounts)
    return Matcher.build(
        brand.terms,
        exclude=brand.exclude,
        context=brand.context,
        domains=brand.domains,
        own_accounts=own,
    )


def assessor(setting: Setting) -> Assessor:
    """Return what the assessment needs, with the calendar as it is stored."""
    from mentionwatch.app.assess import Assessor

    config = setting.config
    return Assessor(
        rules=ruleset(config),
        settings=settings(config),
        calendar=stored_calendar(setting),
        brand_words=matcher_of(config).brand_words,
        automatic_texts=tuple(
            " ".join(text.casefold().split()) for text in config.brand.automatic_texts
        ),
    )


# --- the calendar ---------------------------------------------------------------------------------


def current_hours(setting: Setting, now: datetime) -> BusinessHours:
    """Return the hours as the configuration says them now, holidays included."""
    from mentionwatch.config.hours import business_hours

    return business_hours(setting.config.hours, _holidays(setting, now))


def _holidays(setting: Setting, now: datetime) -> list[date]:
    """Return the holidays of last year to the year after next, as kept in the database."""
    source = setting.config.hours.holidays
    if not source:
        return []
    years = range(now.year - 1, now.year + 3)
    known = calendars.holidays(setting.store.connection, source)
    return [date.fromisoformat(day) for year in years for day in known.get(year, ({}, 0))[0]]


def holiday_names(setting: Setting) -> dict[date, str]:
    """Return the holidays that are kept, with their names."""
    source = setting.config.hours.holidays
    known = calendars.holidays(setting.store.connection, source) if source else {}
    return {
        date.fromisoformat(day): name for dates, _ in known.values() for day, name in dates.items()
    }


def refresh_holidays(setting: Setting, now: datetime, fetch_url: Any = None) -> list[str]:
    """
    Compute or read the holidays that are not kept yet; return warnings.

    A file or an address that cannot be read keeps what is stored: the queue also works offline.
    """
    source = setting.config.hours.holidays
    years = range(now.year - 1, now.year + 3)
    known = calendars.holidays(setting.store.connection, source) if source else {}
    stale = to_ms(now - HOLIDAYS_STALE)
    by_name = bool(source) and "/" not in source and not source.endswith(".ics")
    if not source or all(year in known and (by_name or known[year][1] > stale) for year in years):
        return []
    try:
        found = _read_holidays(source, list(years), by_name=by_name, fetch_url=fetch_url)
    except (OSError, ValueError) as error:
        kept = "those read earlier are used" if known else "no holiday is counted"
        return [f"the holidays in {source} cannot be read ({error}); {kept}"]
    with setting.store.transaction() as connection:
        for year in years:
            dates = {day.isoformat(): name for day, name in found.items() if day.year == year}
            calendars.save_holidays(connection, source, year, dates, to_ms(now))
    return []


def _read_holidays(
    source: str, years: list[int], *, by_name: bool, fetch_url: Any
) -> Mapping[date, str]:
    from pathlib import Path

    from mentionwatch.config import holidays

    if by_name:
        found: Mapping[date, str] = holidays.dates_of(source, years)
    elif source.startswith(("http://", "https://")):
        found = holidays.dates_from_ics(fetch_url(source), years)
    else:
        found = holidays.dates_from_ics(Path(source).expanduser().read_bytes(), years)
    return found


def download(url: str) -> bytes:
    """Return the bytes behind a URL; every failure is an OSError, for `refresh_holidays`."""
    from mentionwatch.client import request_once
    from mentionwatch.errors import ChannelError

    try:
        body: bytes = request_once("GET", url, redirects=True).body
    except ChannelError as error:
        raise OSError(error.message) from error
    return body


def calendar_body(setting: Setting, now: datetime) -> dict[str, Any]:
    """Return hours and targets as one value; a version begins when it differs from the last."""
    config = setting.config
    targets = {
        family: {priority: str(target) for priority, target in by_priority.items()}
        for family, by_priority in config.targets.by_family.items()
    }
    for channel in config.channels:
        if channel.targets:
            targets[f"channel:{channel.name}"] = {p: str(t) for p, t in channel.targets.items()}
    return {
        "hours": current_hours(setting, now).to_json(),
        "targets": targets,
        "always": sorted(config.hours.always),
        "follow_up": str(config.queue.follow_up),
    }


def stored_calendar(setting: Setting) -> Calendar:
    """Return every version of the calendar that was in force."""
    from mentionwatch.core.facts import Calendar

    found = calendars.versions(setting.store.connection)
    return Calendar(versions=[_version(since, body) for since, body in found])


def _version(since: int, body: Mapping[str, Any]) -> CalendarVersion:
    from mentionwatch.core.business_hours import BusinessHours, Target
    from mentionwatch.core.facts import CalendarVersion

    return CalendarVersion(
        since=from_ms(since),
        hours=BusinessHours.from_json(body["hours"]),
        targets={
            family: {priority: Target.parse(text) for priority, text in by_priority.items()}
            for family, by_priority in body["targets"].items()
        },
        always=frozenset(body["always"]),
        follow_up=Target.parse(body["follow_up"]),
    )


def notice_changes(setting: Setting, now: datetime) -> list[str]:
    """
    Let a change of hours, targets or rules apply to what is open. Returns warnings.

    Call it under the writer's lock, before anything is assessed.
    """
    warnings = refresh_holidays(setting, now, download)
    with setting.store.transaction() as connection:
        stamp = to_ms(now)
        if calendars.add_version(connection, calendar_body(setting, now), stamp):
            conversations.mark_open_dirty(connection, stamp)
        fingerprint = assessment_fingerprint(setting.config)
        if meta.get(connection, "assessed_with") != fingerprint:
            conversations.forget_scores(connection, only_open=True)
            conversations.mark_open_dirty(connection, stamp)
            meta.put(connection, "assessed_with", fingerprint)
    return warnings


def is_current(setting: Setting, now: datetime) -> bool:
    """Return whether everything stored is assessed by the configuration as it is."""
    connection = setting.store.connection
    if conversations.dirty_count(connection):
        return False
    if meta.get(connection, "assessed_with") != assessment_fingerprint(setting.config):
        return False
    found = calendars.versions(connection)
    return bool(found) and found[-1][1] == json.loads(json.dumps(calendar_body(setting, now)))


def assessment_fingerprint(config: Config) -> str:
    """Return a short value that changes with whatever the scores of open texts depend on."""
    from mentionwatch import __version__

    parts = (__version__, config.rules, config.brand, config.queue)
    text = repr(parts).encode()
    return f"{crc32(text):08x}{adler32(text):08x}"
