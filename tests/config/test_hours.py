from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionwatch.config.hours import (
    business_hours,
    local_timezone,
    span,
    weekdays,
    written_span,
)
from mentionwatch.config.reading import Wrong

ALL_DAY = ((0, 1440),)


def hours_of(loaded, text):
    return loaded("[hours]\n" + text).hours


def test_days_and_times_as_people_write_them(loaded):
    hours = hours_of(
        loaded,
        'timezone = "Europe/London"\nmon-fri = ["13:30-18:00", "08:00-12:00"]\n'
        '"sat,sun" = ["9:00-13:00"]',
    )
    assert hours.timezone == "Europe/London"
    assert hours.days == (((480, 720), (810, 1080)),) * 5 + (((540, 780),),) * 2


def test_days_that_are_not_named_are_closed(loaded):
    assert hours_of(loaded, 'wed = ["09:00-17:00"]\nfri = []').days == (
        *((),) * 2,
        ((540, 1020),),
        *((),) * 4,
    )


def test_no_day_at_all_is_always_open(loaded):
    hours = hours_of(loaded, 'timezone = "Europe/London"\nclosed = ["2026-12-25"]')
    assert hours.days == (ALL_DAY,) * 7
    assert not hours.always_open
    christmas = datetime(2026, 12, 25, 12, tzinfo=UTC)
    assert not business_hours(hours).is_open(christmas)
    assert business_hours(hours).is_open(christmas + timedelta(days=1))


@pytest.mark.parametrize(
    ("key", "days"),
    [
        ("mon", "mon"),
        ("mon-wed", "mon tue wed"),
        ("fri-mon", "fri sat sun mon"),
        ("sat, sun", "sat sun"),
        ("mon-tue,Sat", "mon tue sat"),
        ("mon-mon", "mon"),
        ("monday", ""),
        ("mon-", ""),
        ("", ""),
    ],
)
def test_keys_name_days(key, days):
    assert " ".join(weekdays(key)) == days


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("08:00-12:00", (480, 720)),
        ("8:00 - 12:00", (480, 720)),
        ("18:00-02:00", (1080, 1560)),
        ("00:00-24:00", (0, 1440)),
        ("22:00-24:00", (1320, 1440)),
        ("22:00-00:00", (1320, 1440)),
    ],
)
def test_times_are_read(text, minutes):
    assert span(text) == minutes


@pytest.mark.parametrize(
    "text",
    ["8-12", "08:00", "08:60-12:00", "25:00-26:00", "24:00-25:00", "08:00-24:01", "09:00-09:00", 9],
)
def test_times_that_no_clock_shows_are_refused(text):
    with pytest.raises(Wrong):
        span(text)


@pytest.mark.slow
@given(st.integers(0, 1439), st.integers(1, 1440))
def test_written_times_are_read_back(start, length):
    if length < 1440 or start == 0:
        assert span(written_span((start, start + length))) == (start, start + length)


@pytest.mark.parametrize(
    ("text", "line", "key", "words"),
    [
        ('mon = ["08:00-12:00", "11:59-13:00"]', 4, "hours.mon", "11:59 lies within"),
        ('mon = ["20:00-03:00", "22:00-23:00"]', 4, "hours.mon", "ends 03:00 of the next day"),
        (
            'mon-fri = []\nfri = ["08:00-12:00"]',
            5,
            "hours.fri",
            '"fri" has its hours already, in "mon-fri"',
        ),
        ('fri = ["18:00-02:00"]\nsat = ["01:00-03:00"]', 4, "hours.fri", "lasts until 02:00"),
        ('sun = ["18:00-02:00"]\nmon = ["01:00-03:00"]', 4, "hours.sun", '"mon" begins at 01:00'),
        ('mon = "08:00-12:00"', 4, "hours.mon", 'must be a list: ["08:00-12:00"]'),
        ('monday = ["08:00-12:00"]', 4, "hours.monday", 'did you mean "mon"?'),
        ("mon-fri = []", 3, "hours", "nothing would ever be due"),
        ('timezone = "London"', 4, "hours.timezone", 'did you mean "Europe/London"?'),
        ('timezone = "../../etc/passwd"', 4, "hours.timezone", "IANA"),
        ('timezone = "America"', 4, "hours.timezone", "IANA"),
        ('closed = ["2026-12-24..2026-12-01"]', 4, "hours.closed[1]", "ends before"),
        ('closed = ["2026-02-30"]', 4, "hours.closed[1]", "no such day"),
        ('closed = ["24.12.2026"]', 4, "hours.closed[1]", "2026-12-24"),
        ('closed = ["0001-01-01..9999-12-31"]', 4, "hours.closed[1]", "ten years"),
        ('special = { "2026-12-32" = [] }', 4, "hours.special.2026-12-32", "no such day"),
        ('special = { "2026-12-24" = ["9"] }', 4, "hours.special.2026-12-24[1]", "HH:MM"),
        ('always = ["urgend"]', 4, "hours.always[1]", 'did you mean "urgent"?'),
        ('holidays = "gb-eng"', 4, "hours.holidays", 'did you mean "GB-ENG"?'),
        ('holidays = "christmas"', 4, "hours.holidays", "country or region"),
    ],
)
def test_faults_are_named_at_their_line(the_problem, text, line, key, words):
    problem = the_problem("[hours]\n" + text)
    assert (problem.line, problem.key) == (line, key)
    assert words in str(problem)


def test_a_night_that_ends_when_the_next_day_begins_is_no_overlap(loaded):
    assert hours_of(loaded, 'fri = ["18:00-02:00"]\nsat = ["02:00-03:00"]').days[4] == (
        (1080, 1560),
    )


def test_absences_are_days_or_ranges(loaded):
    hours = hours_of(loaded, 'closed = ["2026-12-24..2027-01-02", "2027-05-14", 2027-06-01]')
    assert hours.closed == (
        (date(2026, 12, 24), date(2027, 1, 2)),
        (date(2027, 5, 14), date(2027, 5, 14)),
        (date(2027, 6, 1), date(2027, 6, 1)),
    )


def test_a_half_day_beats_holiday_and_absence(loaded):
    hours = hours_of(
        loaded,
        'timezone = "UTC"\nmon-fri = ["09:00-17:00"]\nclosed = ["2026-12-24"]\n'
        'special = { 2026-12-24 = ["09:00-12:00"] }',
    )
    open_hours = business_hours(hours, [date(2026, 12, 24), date(2026, 12, 25)])
    day = datetime(2026, 12, 24, tzinfo=UTC)
    assert open_hours.is_open(day + timedelta(hours=11))
    assert not open_hours.is_open(day + timedelta(hours=13))
    assert not open_hours.is_open(day + timedelta(days=1, hours=11))


@pytest.mark.parametrize("name", ["GB-ENG", "US", "DE-BY", "https://cal.example/x.ics"])
def test_holidays_by_name_or_address(loaded, name):
    assert hours_of(loaded, f'holidays = "{name}"').holidays == name


def test_a_holiday_file_is_found_beside_the_configuration(loaded, tmp_path):
    (tmp_path / "closed.ics").write_text("")
    config = loaded('[hours]\nholidays = "closed.ics"')
    assert config.hours.holidays == str(tmp_path / "closed.ics")
    assert config.warnings == ()


def test_a_holiday_file_that_is_gone_is_a_warning(loaded, tmp_path):
    (warning,) = loaded('[hours]\nholidays = "gone.ics"').warnings
    assert f"no such file: {tmp_path / 'gone.ics'}" in warning


def test_the_zone_of_this_machine(tmp_path: Path):
    assert local_timezone({"TZ": ":Europe/Paris"}, tmp_path) == "Europe/Paris"
    assert local_timezone({"TZ": "nonsense"}, tmp_path) == "UTC"
    (tmp_path / "timezone").write_text("Asia/Tokyo\n")
    assert local_timezone({}, tmp_path) == "Asia/Tokyo"
    (tmp_path / "localtime").symlink_to("/usr/share/zoneinfo/America/New_York")
    assert local_timezone({}, tmp_path) == "America/New_York"
