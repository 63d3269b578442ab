from __future__ import annotations

from datetime import date, timedelta
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionwatch.config.holidays import ICS_LIMIT, dates_from_ics, dates_of


class TestNames:
    @pytest.mark.slow
    def test_a_country(self) -> None:
        found = dates_of("US", [2026])
        assert found[date(2026, 11, 26)] == "Thanksgiving Day"
        assert list(found) == sorted(found)
        assert {day.year for day in found} == {2026}

    def test_a_part_of_a_country_has_its_own(self) -> None:
        easter_monday = date(2026, 4, 6)
        assert easter_monday in dates_of("GB-ENG", [2026])
        assert easter_monday not in dates_of("GB-SCT", [2026])
        assert date(2026, 1, 6) in dates_of("DE-BY", [2026])
        assert date(2026, 1, 6) not in dates_of("DE", [2026])

    @pytest.mark.slow
    def test_days_off_in_lieu_count(self) -> None:
        assert date(2026, 12, 28) in dates_of("GB-ENG", [2026])  # Boxing Day is a Saturday

    def test_several_years_and_small_letters(self) -> None:
        found = dates_of(" gb-eng ", range(2026, 2029))
        assert {day.year for day in found} == {2026, 2027, 2028}

    @pytest.mark.parametrize(
        ("name", "part"),
        [
            ("ZZZ", "no such country"),
            ("GB-ENH", "GB-ENG"),
            ("GB-XX", "no such part of GB"),
            ("Germany", "no such country"),
            ("", "no such country"),
            ("US-", None),
            ("MC-01", "no parts"),
            ("x" * 10_000, "no such country"),
        ],
    )
    def test_an_unknown_name_tells_the_nearest(self, name: str, part: str | None) -> None:
        if part is None:
            assert dates_of(name, [2026])
            return
        with pytest.raises(ValueError, match=r"holidays of") as error:
            dates_of(name, [2026])
        assert part in str(error.value)
        assert len(str(error.value)) < 300

    def test_too_many_years(self) -> None:
        with pytest.raises(ValueError, match="years"):
            dates_of("US", range(1900, 2100))


def event(*lines: str) -> str:
    return "\r\n".join(["BEGIN:VEVENT", "UID:1@acme.example", *lines, "END:VEVENT"])


def calendar(*events: str) -> bytes:
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Acme Coffee//EN"]
    return "\r\n".join([*head, *events, "END:VCALENDAR", ""]).encode()


def days(*lines: str, years: tuple[int, ...] = (2026, 2027)) -> list[str]:
    found = dates_from_ics(calendar(event("SUMMARY:Closed", *lines)), years)
    return [f"{day:%y-%m-%d}" for day in found]


class TestFiles:
    @pytest.mark.parametrize(
        ("lines", "expected"),
        [
            (["DTSTART;VALUE=DATE:20261224"], ["26-12-24"]),
            (["DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261225"], ["26-12-24"]),
            (["DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261224"], ["26-12-24"]),
            (
                ["DTSTART;VALUE=DATE:20261231", "DTEND;VALUE=DATE:20270103"],
                ["26-12-31", "27-01-01", "27-01-02"],
            ),
            (["DTSTART;VALUE=DATE:20261224", "DURATION:P2D"], ["26-12-24", "26-12-25"]),
            (["DTSTART;VALUE=DATE:20280101"], []),
            (["DTSTART:20261224T000000", "DTEND:20261225T000000"], ["26-12-24"]),
            (["DTSTART:20261224T120000", "DTEND:20261226T120000"], ["26-12-25"]),
        ],
    )
    def test_whole_days(self, lines: list[str], expected: list[str]) -> None:
        assert days(*lines) == expected

    @pytest.mark.parametrize(
        ("rule", "expected"),
        [
            ("FREQ=YEARLY", ["26-05-25", "27-05-25"]),
            ("FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO", ["26-05-25", "27-05-31"]),
            ("FREQ=YEARLY;BYMONTH=5,8;BYDAY=1MO", ["26-05-04", "26-08-03", "27-05-03", "27-08-02"]),
            ("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=-1", ["26-12-31", "27-12-31"]),
            ("FREQ=YEARLY;INTERVAL=2", ["26-05-25"]),
            ("FREQ=YEARLY;INTERVAL=4", []),
            ("FREQ=YEARLY;UNTIL=20260525", ["26-05-25"]),
            ("FREQ=YEARLY;UNTIL=20260524", []),
            ("FREQ=YEARLY;COUNT=7", ["26-05-25"]),
            ("FREQ=YEARLY;COUNT=6", []),
            ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", []),
        ],
    )
    def test_what_repeats_yearly(self, rule: str, expected: list[str]) -> None:
        assert days("DTSTART;VALUE=DATE:20200525", f"RRULE:{rule}") == expected

    def test_the_29th_of_february_is_every_fourth_year(self) -> None:
        lines = ("DTSTART;VALUE=DATE:20200229", "RRULE:FREQ=YEARLY")
        assert days(*lines, years=(2023, 2024, 2025)) == ["24-02-29"]

    def test_a_repeated_closure_over_new_year_reaches_in_from_the_year_before(self) -> None:
        lines = ("DTSTART;VALUE=DATE:20201230", "DTEND;VALUE=DATE:20210102", "RRULE:FREQ=YEARLY")
        assert days(*lines, years=(2026,)) == ["26-01-01", "26-12-30", "26-12-31"]

    def test_single_dates_taken_out_and_put_in(self) -> None:
        assert days(
            "DTSTART;VALUE=DATE:20200525",
            "RRULE:FREQ=YEARLY",
            "EXDATE;VALUE=DATE:20260525",
            "RDATE;VALUE=DATE:20260526,20260601",
        ) == ["26-05-26", "26-06-01", "27-05-25"]

    def test_an_occurrence_that_was_moved(self) -> None:
        data = calendar(
            event("SUMMARY:Trip", "DTSTART;VALUE=DATE:20200525", "RRULE:FREQ=YEARLY"),
            event(
                "SUMMARY:Trip, later",
                "DTSTART;VALUE=DATE:20260529",
                "RECURRENCE-ID;VALUE=DATE:20260525",
            ),
        )
        assert dates_from_ics(data, [2026, 2027]) == {
            date(2026, 5, 29): "Trip, later",
            date(2027, 5, 25): "Trip",
        }

    def test_titles_are_kept_and_the_first_one_names_the_day(self) -> None:
        data = calendar(
            event("DTSTART;VALUE=DATE:20261225", "SUMMARY:Christmas\\, \n  day"),
            event("DTSTART;VALUE=DATE:20261225", "SUMMARY:Other"),
            event("DTSTART;VALUE=DATE:20261224"),
        )
        assert list(dates_from_ics(data, [2026]).values()) == ["closed", "Christmas, day"]

    def test_cancelled_events_do_not_count(self) -> None:
        assert days("DTSTART;VALUE=DATE:20261224", "STATUS:CANCELLED") == []

    @pytest.mark.parametrize(
        ("lines", "why"),
        [
            (["DTSTART:20261224T090000", "DTEND:20261224T120000"], "only part of a day"),
            (["DTSTART:20261224T000000"], "only part of a day"),
            (["DTSTART;VALUE=DATE:20261224", "RRULE:FREQ=WEEKLY"], "than yearly"),
            (["DTSTART;VALUE=DATE:20261224", "RRULE:now and then"], "it "),
            (["DTSTART;VALUE=DATE:20261224", "RRULE:FREQ=YEARLY;BYEASTER=1"], "than yearly"),
            (["DTSTART;VALUE=DATE:20261224", "RRULE:FREQ=YEARLY;BYYEARDAY=1"], "than yearly"),
            (["DTSTART;VALUE=DATE:20261224", "RRULE:FREQ=YEARLY;BYDAY=MO"], "not understood"),
            (["DTSTART:whenever"], "cannot be read"),
            ([], "no date"),
            (["DTSTART;VALUE=DATE:20261224", "DESCRIPTION:Observance\\nmore"], "observance"),
        ],
    )
    def test_the_rest_is_passed_over_and_named(self, lines: list[str], why: str) -> None:
        notes: list[str] = []
        whole = event("SUMMARY:Closed", "DTSTART;VALUE=DATE:20261231")
        data = calendar(event("SUMMARY:Party", *lines), whole)
        assert list(dates_from_ics(data, [2026], notes)) == [date(2026, 12, 31)]
        assert len(notes) == 1
        assert notes[0].startswith("Party: ")
        assert why in notes[0]

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"<html>404</html>",
            b"\xff\xfe\x00",
            calendar()[:-20],
            b"BEGIN:VCALENDAR\r\nEND:VEVENT\r\nfoo",
            b"BEGIN:VCALENDAR\r\n" + b"BEGIN:VEVENT\r\n" * 5000,
        ],
    )
    def test_anything_else_is_no_calendar(self, data: bytes) -> None:
        with pytest.raises(ValueError, match="calendar"):
            dates_from_ics(data, [2026])

    def test_a_file_that_is_too_large(self) -> None:
        with pytest.raises(ValueError, match="larger than 512 KB"):
            dates_from_ics(calendar() + b" " * ICS_LIMIT, [2026])

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("lines", "count"),
        [
            (("DTSTART;VALUE=DATE:00010101", "DTEND;VALUE=DATE:99991231"), 0),
            (("DTSTART;VALUE=DATE:00010101", "DTEND;VALUE=DATE:00011231"), 364),
            (("DTSTART;VALUE=DATE:20260101", "DTEND;VALUE=DATE:20261231"), 364),
        ],
    )
    def test_endless_events_take_little_time(self, lines: tuple[str, ...], count: int) -> None:
        data = calendar(*[event("SUMMARY:x", *lines, "RRULE:FREQ=YEARLY")] * 1000)
        started = process_time()
        found = dates_from_ics(data, [2026])
        assert process_time() - started < 5
        assert len(found) == count

    @pytest.mark.slow
    @given(st.binary(max_size=200), st.integers(0, 300))
    def test_a_broken_file_is_read_or_refused(self, junk: bytes, at: int) -> None:
        whole = calendar(
            event("DTSTART;VALUE=DATE:20260525", "RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO"),
            event("DTSTART:20261224T000000Z", "DURATION:P1D", "EXDATE:20261224T000000Z"),
        )
        try:
            found = dates_from_ics(whole[:at] + junk + whole[at + len(junk) :], [2026])
        except ValueError:
            return
        assert all(day.year == 2026 for day in found)
        assert len(found) <= 365 + timedelta(days=1).days
