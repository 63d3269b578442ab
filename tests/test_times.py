from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionwatch.model.times import duration, from_ms, in_words, iso, parse_time, to_ms

AT = datetime(2026, 11, 21, 9, 30, 5, tzinfo=UTC)
INSTANTS = st.datetimes(
    min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)
)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-21T09:30:05Z",
        "2026-11-21t09:30:05z",
        "2026-11-21 09:30:05Z",
        "2026-11-21T10:30:05+01:00",
        "2026-11-21T10:30:05+0100",
        "2026-11-21T06:00:05-03:30",
        "2026-11-21T09:30:05-00:00",
        "2026-11-21T09:30:05.0Z",
        "2026-11-21T09:30:05.000000000+00:00",
        " 2026-11-21T09:30:05Z\n",
        AT.timestamp(),
        int(AT.timestamp()),
        int(AT.timestamp()) * 1000,
    ],
)
def test_one_instant_in_many_forms(text: object) -> None:
    assert parse_time(text) == AT
    assert parse_time(text).tzinfo is UTC


@pytest.mark.parametrize("digits", range(1, 10))
def test_fractions_of_a_second_are_kept_to_microseconds(digits: int) -> None:
    fraction = "123456789"[:digits]
    expected = int(fraction[:6].ljust(6, "0"))
    assert parse_time(f"2026-11-21T09:30:05.{fraction}Z") == AT.replace(microsecond=expected)


def test_a_leap_second_is_the_next_second() -> None:
    assert parse_time("2016-12-31T23:59:60Z") == datetime(2017, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "yesterday",
        "2026-11-21",
        "2026-11-21T09:30:05",
        "2026-11-21T09:30Z",
        "2026-02-30T09:30:05Z",
        "2026-11-21T24:00:00Z",
        "2026-11-21T09:30:61Z",
        "2026-11-21T09:30:05+24:00",
        "2026-11-21T09:30:05+01:60",
        "2026-11-21T09:30:05.Z",
        "2026-11-21T09:30:05.0123456789Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "9999-12-31T23:59:60Z",
        "٢٠٢٦-11-21T09:30:05Z",
        "1763717405",
        None,
        True,
        float("nan"),
        float("inf"),
        10**30,
        pytest.param(-(10**5000), id="5000 digits"),
        [],
        b"2026-11-21T09:30:05Z",
    ],
)
def test_everything_else_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"time"):
        parse_time(value)


def test_a_long_value_is_not_repeated_in_full() -> None:
    with pytest.raises(ValueError, match=r"time") as error:
        parse_time("9" * 10_000)
    assert len(str(error.value)) < 200


@pytest.mark.slow
@given(INSTANTS)
def test_milliseconds_survive_the_database(at: datetime) -> None:
    stored = to_ms(at)
    assert to_ms(from_ms(stored)) == stored
    assert timedelta() <= at - from_ms(stored) < timedelta(milliseconds=1)


@pytest.mark.slow
@given(INSTANTS)
def test_what_is_written_is_read_back(at: datetime) -> None:
    at = from_ms(to_ms(at))
    assert parse_time(iso(at, milliseconds=True)) == at
    assert parse_time(iso(at)) == at.replace(microsecond=0)


def test_times_are_written_in_utc_and_whole_seconds() -> None:
    local = datetime(2026, 11, 21, 10, 30, 5, 999_999, timezone(timedelta(hours=1)))
    assert iso(local) == "2026-11-21T09:30:05Z"
    assert iso(local, milliseconds=True) == "2026-11-21T09:30:05.999Z"


def test_times_before_1970_round_down_too() -> None:
    assert to_ms(datetime(1969, 12, 31, 23, 59, 59, 999_500, UTC)) == -1


def test_a_time_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 11, 21)
    for function in (to_ms, iso):
        with pytest.raises(ValueError, match="no time zone"):
            function(naive)


def test_milliseconds_beyond_the_calendar_are_refused() -> None:
    with pytest.raises(ValueError, match="not a time"):
        from_ms(2**63)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("72h", timedelta(hours=72)),
        ("30d", timedelta(days=30)),
        ("1h30m", timedelta(minutes=90)),
        ("45s", timedelta(seconds=45)),
        ("2w", timedelta(weeks=2)),
        ("0h", timedelta()),
    ],
)
def test_durations(text: str, expected: timedelta) -> None:
    assert duration(text) == expected


@pytest.mark.parametrize("text", ["", "h", "30", "-3h", "1.5h", "2bd", "30m1h", "999999d", 5, "٣h"])
def test_other_durations_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"length of time|hundred years"):
        duration(text)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "under 1 min"),
        (59.9, "under 1 min"),
        (60, "1 min"),
        (-12 * 60, "12 min"),
        (40 * 60 + 59, "40 min"),
        (3600, "1 h"),
        (80 * 60, "1 h 20 min"),
        (2 * 3600 + 600, "2 h"),
        (5 * 3600, "5 h"),
        (47 * 3600 + 3599, "47 h"),
        (48 * 3600, "2 days"),
        (3 * 86_400 + 80_000, "3 days"),
    ],
)
def test_lengths_in_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words
