from __future__ import annotations

import json
import pickle
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from time import process_time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionwatch.core.business_hours import (
    BusinessHours,
    Interval,
    NeverOpen,
    Target,
    compress_sentence,
    due,
    due_soon_from,
)

LONDON = ZoneInfo("Europe/London")
# In the week of these worked cases the clocks do not change: Monday is 16 November 2026.
WEEK = {name: 16 + n for n, name in enumerate(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"))}

ZONES = (
    "Europe/London",
    "America/St_Johns",  # until 2011 the clocks changed at one minute past midnight
    "Australia/Lord_Howe",  # the clocks change by half an hour
    "Asia/Kathmandu",
    "Africa/Cairo",  # midnight is skipped
    "America/Havana",
    "Pacific/Apia",  # 30 December 2011 is missing
    "UTC",
)


def opening(*times: str) -> tuple[Interval, ...]:
    return tuple(map(Interval.parse, times))


def weekdays(*times: str, timezone: str = "Europe/London", **more: object) -> BusinessHours:
    week = (opening(*times),) * 5 + ((),) * 2
    return BusinessHours(timezone=timezone, week=week, **more)  # type: ignore[arg-type]


def on(fri: tuple[Interval, ...] = (), sat: tuple[Interval, ...] = ()) -> BusinessHours:
    return BusinessHours(timezone="Europe/London", week=((),) * 4 + (fri, sat, ()))


def at(text: str, *, zone: ZoneInfo = LONDON, weeks: int = 0) -> datetime:
    """Return "Fri 16:30" of the week above, or "2026-03-29 00:30"; aware, local."""
    day, clock = text.split()
    written = f"2026-11-{WEEK[day]:02}" if day in WEEK else day
    local = datetime.fromisoformat(f"{written} {clock}").replace(tzinfo=zone)
    return local + timedelta(weeks=weeks)


def answer(text: str, target: str, hours: BusinessHours, zone: ZoneInfo = LONDON) -> str:
    found = due(at(text, zone=zone), Target.parse(target), hours)
    assert found.tzinfo is UTC
    return f"{found.astimezone(zone):%a %Y-%m-%d %H:%M}"


NINE_TO_FIVE = weekdays("09:00-17:00")
LUNCH = weekdays("08:00-12:00", "13:30-18:00")


class TestWorkedCases:
    """The cases of the design that concern due times, by their numbers."""

    @pytest.mark.parametrize(
        ("number", "hours", "written", "target", "expected"),
        [
            (1, NINE_TO_FIVE, "Fri 16:30", "1h", "Mon 2026-11-23 09:30"),
            (2, NINE_TO_FIVE, "Wed 07:00", "2h", "Wed 2026-11-18 11:00"),
            (3, NINE_TO_FIVE, "Fri 16:45", "30m", "Mon 2026-11-23 09:15"),
            (4, weekdays("08:00-17:00"), "Fri 16:00", "4h", "Mon 2026-11-23 11:00"),
            (5, NINE_TO_FIVE, "Fri 17:00", "8h", "Mon 2026-11-23 17:00"),
            (6, NINE_TO_FIVE, "Tue 16:00", "4h", "Wed 2026-11-18 12:00"),
            (7, NINE_TO_FIVE, "Tue 11:00", "8h", "Wed 2026-11-18 11:00"),
            (8, LUNCH, "Tue 11:30", "2h", "Tue 2026-11-17 15:00"),
            (9, LUNCH, "Tue 12:30", "1h", "Tue 2026-11-17 14:30"),
            (
                10,
                weekdays("09:00-17:00", closed={date(2026, 11, 23)}),
                "Fri 16:30",
                "1h",
                "Tue 2026-11-24 09:30",
            ),
            (11, on(fri=opening("18:00-02:00")), "Fri 23:30", "2h", "Sat 2026-11-21 01:30"),
            (14, NINE_TO_FIVE, "Fri 16:55", "24h", "Wed 2026-11-25 16:55"),
        ],
    )
    def test_due(
        self, number: int, hours: BusinessHours, written: str, target: str, expected: str
    ) -> None:
        assert answer(written, target, hours) == expected

    def test_3_a_reply_at_the_due_time_is_met(self) -> None:
        deadline = due(at("Fri 16:45"), Target.parse("30m"), NINE_TO_FIVE)
        assert at("Mon 09:15", weeks=1) <= deadline

    def test_12_the_clocks_go_forward(self) -> None:
        hours = BusinessHours(timezone="Europe/London", always_open=True)
        found = due(at("2026-03-29 00:30"), Target.parse("1h"), hours)
        assert found.astimezone(LONDON).isoformat() == "2026-03-29T02:30:00+01:00"

    def test_13_the_clocks_go_back(self) -> None:
        hours = BusinessHours(timezone="Europe/London", always_open=True)
        found = due(at("2026-10-25 00:30"), Target.parse("2h"), hours)
        assert found.astimezone(LONDON).isoformat() == "2026-10-25T01:30:00+00:00"

    def test_15_a_reply_outside_hours_took_no_open_time(self) -> None:
        assert NINE_TO_FIVE.open_seconds(at("Sat 10:00"), at("Sat 12:00")) == 0


class TestDue:
    def test_a_target_that_ends_at_closing_is_due_at_closing(self) -> None:
        assert answer("Fri 16:00", "1h", NINE_TO_FIVE) == "Fri 2026-11-20 17:00"
        assert answer("Tue 11:00", "1h", LUNCH) == "Tue 2026-11-17 12:00"

    def test_a_holiday_does_not_cut_the_night_before(self) -> None:
        night = BusinessHours(
            timezone="Europe/London",
            week=((),) * 4 + (opening("18:00-02:00"),) * 2 + ((),),
            closed={date(2026, 11, 21)},
        )
        assert answer("Fri 23:30", "2h", night) == "Sat 2026-11-21 01:30"
        assert answer("Fri 23:30", "3h", night) == "Fri 2026-11-27 18:30"

    def test_a_closed_day_closes_its_own_night(self) -> None:
        night = BusinessHours(
            timezone="Europe/London",
            week=(opening("18:00-02:00"),) * 7,
            closed={date(2026, 11, 20)},
        )
        assert answer("Fri 23:30", "1h", night) == "Sat 2026-11-21 19:00"

    def test_a_night_that_reaches_into_the_next_morning_is_counted_once(self) -> None:
        hours = on(fri=opening("18:00-02:00"), sat=opening("01:00-05:00"))
        assert hours.open_seconds(at("Fri 18:00"), at("Sat 12:00")) == 11 * 3600

    def test_adjoining_times_are_one(self) -> None:
        hours = on(fri=opening("18:00-24:00"), sat=opening("00:00-03:00"))
        assert answer("Fri 23:30", "1h", hours) == "Sat 2026-11-21 00:30"
        assert hours.closing(at("Fri 20:00")) == at("Sat 03:00")
        assert weekdays("09:00-12:00", "12:00-17:00") == NINE_TO_FIVE
        assert weekdays("12:00-17:00", "09:00-13:00") == NINE_TO_FIVE

    def test_a_range_of_days_is_closed_with_both_ends(self) -> None:
        hours = weekdays("09:00-17:00", closed=[(date(2026, 12, 24), date(2027, 1, 3))])
        assert answer("2026-12-23 16:30", "1h", hours) == "Mon 2027-01-04 09:30"

    def test_special_hours_beat_the_weekday_and_the_holiday(self) -> None:
        day = date(2026, 12, 24)
        hours = weekdays("09:00-17:00", closed={day}, special={day: opening("10:00-12:00")})
        assert answer("2026-12-23 16:30", "1h", hours) == "Thu 2026-12-24 10:30"
        assert answer("2026-12-24 11:30", "1h", hours) == "Fri 2026-12-25 09:30"

    def test_special_hours_without_any_are_a_closed_day(self) -> None:
        hours = weekdays("09:00-17:00", special={date(2026, 11, 23): ()})
        assert answer("Fri 16:30", "1h", hours) == "Tue 2026-11-24 09:30"

    def test_single_dates_alone_are_enough(self) -> None:
        fair = BusinessHours(
            timezone="Europe/London", special={date(2026, 11, 21): opening("10:00-16:00")}
        )
        assert answer("Mon 09:00", "2h", fair) == "Sat 2026-11-21 12:00"
        with pytest.raises(NeverOpen, match="400 days after 2026-11-21"):
            due(at("Mon 09:00"), Target.parse("7h"), fair)

    @pytest.mark.parametrize("target", [timedelta(), timedelta(hours=-1)])
    def test_a_target_is_positive(self, target: timedelta) -> None:
        with pytest.raises(ValueError, match="positive"):
            due(at("Mon 09:00"), target, NINE_TO_FIVE)

    def test_times_without_a_zone_are_refused(self) -> None:
        naive = datetime(2026, 11, 16, 9)
        for call in (NINE_TO_FIVE.is_open, NINE_TO_FIVE.next_opening, NINE_TO_FIVE.closing):
            with pytest.raises(ValueError, match="no time zone"):
                call(naive)
        with pytest.raises(ValueError, match="no time zone"):
            due(naive, Target.parse("1h"), NINE_TO_FIVE)

    def test_a_year_of_closure_is_found_at_once(self) -> None:
        hours = weekdays("09:00-17:00", closed=[(date(2026, 11, 23), date(2027, 12, 1))])
        started = process_time()
        assert answer("Fri 16:30", "1h", hours) == "Thu 2027-12-02 09:30"
        assert process_time() - started < 0.5

    def test_a_longer_closure_is_an_error(self) -> None:
        hours = weekdays("09:00-17:00", closed=[(date(2026, 11, 23), date(2028, 12, 1))])
        with pytest.raises(NeverOpen, match="400 days"):
            due(at("Fri 16:30"), Target.parse("1h"), hours)
        assert hours.next_opening(at("Fri 17:00")) is None

    def test_the_end_of_the_calendar_is_an_error_of_ours(self) -> None:
        end = datetime.max.replace(tzinfo=UTC)
        for hours in (NINE_TO_FIVE, BusinessHours(always_open=True)):
            for target in (Target.parse("1h"), Target.parse("1bd")):
                with pytest.raises(ValueError, match=r"400 days|calendar"):
                    due(end, target, hours)

    def test_the_beginning_of_the_calendar_is_far_enough(self) -> None:
        start = datetime.min.replace(tzinfo=UTC)
        assert due(start, Target.parse("1h"), NINE_TO_FIVE).year == 1


class TestClockChanges:
    def test_an_opening_that_is_skipped_is_the_moment_of_the_change(self) -> None:
        hours = BusinessHours(timezone="Europe/London", week=(opening("01:30-05:00"),) * 7)
        start = datetime(2026, 3, 29, 1, tzinfo=UTC)  # 01:00 becomes 02:00
        assert hours.next_opening(start - timedelta(hours=1)) == start
        assert hours.open_seconds(start, start + timedelta(hours=20)) == 3 * 3600

    def test_times_that_are_skipped_altogether_are_not_open(self) -> None:
        hours = BusinessHours(timezone="Europe/London", week=(opening("01:10-01:50"),) * 7)
        day = datetime(2026, 3, 28, 12, tzinfo=UTC)
        assert hours.open_seconds(day, day + timedelta(days=1)) == 0
        assert hours.open_seconds(day, day + timedelta(days=2)) == 40 * 60

    def test_an_opening_that_comes_twice_is_the_first(self) -> None:
        hours = BusinessHours(timezone="Europe/London", week=(opening("01:30-03:00"),) * 7)
        first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
        assert hours.next_opening(first - timedelta(hours=1)) == first
        assert hours.closing(first) == datetime(2026, 10, 25, 3, tzinfo=UTC)

    def test_a_closing_that_comes_twice_is_the_first(self) -> None:
        hours = BusinessHours(timezone="Europe/London", week=(opening("00:00-01:30"),) * 7)
        assert not hours.is_open(datetime(2026, 10, 25, 1, 15, tzinfo=UTC))

    def test_half_an_hour_in_lord_howe(self) -> None:
        zone = ZoneInfo("Australia/Lord_Howe")
        hours = BusinessHours(timezone=zone.key, week=(opening("01:00-05:00"),) * 7)
        assert answer("2026-10-04 01:30", "1h", hours, zone) == "Sun 2026-10-04 03:00"  # forward
        assert answer("2026-04-05 01:30", "1h", hours, zone) == "Sun 2026-04-05 02:00"  # back

    def test_a_day_that_never_was(self) -> None:
        zone = ZoneInfo("Pacific/Apia")
        hours = BusinessHours(timezone=zone.key, week=(opening("09:00-17:00"),) * 7)
        assert answer("2011-12-29 16:30", "1h", hours, zone) == "Sat 2011-12-31 09:30"
        assert answer("2011-12-29 11:00", "1bd", hours, zone) == "Sat 2011-12-31 11:00"

    def test_the_second_midnight_belongs_to_the_new_day(self) -> None:
        zone = ZoneInfo("America/St_Johns")
        hours = BusinessHours(timezone=zone.key, week=((),) * 6 + (opening("00:00-24:00"),))
        # On Sunday 1 November 2009 one past midnight became 23:01 on Saturday.
        second_pass = datetime(2009, 11, 1, 2, 45, tzinfo=UTC)
        assert second_pass.astimezone(zone).strftime("%a %H:%M") == "Sat 23:15"
        assert hours.is_open(second_pass)
        assert hours.open_seconds(second_pass - timedelta(days=1), second_pass) == 15 * 60


class TestBusinessDays:
    @pytest.mark.parametrize(
        ("hours", "written", "target", "expected"),
        [
            (NINE_TO_FIVE, "Tue 11:00", "1bd", "Wed 2026-11-18 11:00"),
            (NINE_TO_FIVE, "Tue 11:00", "2bd", "Thu 2026-11-19 11:00"),
            (NINE_TO_FIVE, "Fri 11:00", "1bd", "Mon 2026-11-23 11:00"),
            (NINE_TO_FIVE, "Tue 07:00", "1bd", "Wed 2026-11-18 09:00"),
            (NINE_TO_FIVE, "Tue 17:00", "1bd", "Thu 2026-11-19 09:00"),
            (NINE_TO_FIVE, "Sat 10:00", "1bd", "Tue 2026-11-24 09:00"),
            (NINE_TO_FIVE, "Tue 16:59", "1bd", "Wed 2026-11-18 16:59"),
            (LUNCH, "Tue 15:00", "1bd", "Wed 2026-11-18 15:00"),
        ],
    )
    def test_the_same_clock_time(
        self, hours: BusinessHours, written: str, target: str, expected: str
    ) -> None:
        assert answer(written, target, hours) == expected

    def test_a_short_day_ends_the_target_at_its_closing(self) -> None:
        hours = on(fri=opening("09:00-18:00"), sat=opening("10:00-13:00"))
        assert answer("Fri 16:00", "1bd", hours) == "Sat 2026-11-21 13:00"

    def test_a_day_that_opens_later_ends_the_target_at_its_opening(self) -> None:
        hours = on(fri=opening("08:00-18:00"), sat=opening("10:00-13:00"))
        assert answer("Fri 08:30", "1bd", hours) == "Sat 2026-11-21 10:00"

    def test_a_pause_ends_the_target_before_it(self) -> None:
        hours = on(fri=opening("09:00-18:00"), sat=opening("09:00-12:00", "13:00-17:00"))
        assert answer("Fri 12:30", "1bd", hours) == "Sat 2026-11-21 12:00"

    def test_after_midnight_is_still_the_day_on_which_it_opened(self) -> None:
        hours = on(fri=opening("18:00-02:00"), sat=opening("18:00-03:00"))
        assert answer("Sat 01:15", "1bd", hours) == "Sun 2026-11-22 01:15"

    def test_holidays_are_no_business_days(self) -> None:
        hours = weekdays("09:00-17:00", closed={date(2026, 11, 23)})
        assert answer("Fri 11:00", "1bd", hours) == "Tue 2026-11-24 11:00"

    def test_around_the_clock_every_day_counts(self) -> None:
        hours = NINE_TO_FIVE.around_the_clock()
        assert answer("Sat 23:30", "1bd", hours) == "Sun 2026-11-22 23:30"
        assert answer("2026-03-28 12:00", "1bd", hours) == "Sun 2026-03-29 12:00"

    def test_the_repeated_hour_never_runs_backwards(self) -> None:
        hours = NINE_TO_FIVE.around_the_clock()
        start = datetime(2026, 10, 24, 23, tzinfo=UTC)
        found = [
            due(start + timedelta(minutes=n), Target.parse("1bd"), hours) for n in range(0, 240, 7)
        ]
        assert found == sorted(found)


class TestDueSoon:
    @pytest.mark.parametrize(
        ("written", "target", "expected"),
        [
            ("Tue 10:00", "1h", "Tue 2026-11-17 10:45"),
            ("Tue 09:00", "8h", "Tue 2026-11-17 15:00"),
            ("Tue 09:00", "24h", "Thu 2026-11-19 15:00"),
            ("Fri 16:30", "1h", "Mon 2026-11-23 09:15"),
            ("Fri 16:15", "1h", "Mon 2026-11-23 09:00"),
            ("Tue 11:00", "1bd", "Wed 2026-11-18 09:00"),
        ],
    )
    def test_the_last_quarter_at_most_two_open_hours(
        self, written: str, target: str, expected: str
    ) -> None:
        found = due_soon_from(at(written), Target.parse(target), NINE_TO_FIVE)
        assert f"{found.astimezone(LONDON):%a %Y-%m-%d %H:%M}" == expected


class TestOpenings:
    def test_open_until_closing_and_not_at_it(self) -> None:
        assert NINE_TO_FIVE.is_open(at("Mon 09:00"))
        assert NINE_TO_FIVE.is_open(at("Mon 16:59"))
        assert not NINE_TO_FIVE.is_open(at("Mon 17:00"))
        assert not NINE_TO_FIVE.is_open(at("Mon 08:59"))
        assert not NINE_TO_FIVE.is_open(at("Sat 12:00"))

    def test_the_next_opening(self) -> None:
        assert LUNCH.next_opening(at("Mon 12:00")) == at("Mon 13:30")
        assert LUNCH.next_opening(at("Mon 13:30")) == at("Mon 13:30")
        assert LUNCH.next_opening(at("Mon 14:00")) == at("Mon 14:00")
        assert LUNCH.next_opening(at("Fri 18:00")) == at("Mon 08:00", weeks=1)

    def test_the_closing(self) -> None:
        assert LUNCH.closing(at("Mon 09:00")) == at("Mon 12:00")
        assert LUNCH.closing(at("Mon 12:30")) is None

    def test_what_never_closes_has_no_closing(self) -> None:
        always = BusinessHours(timezone="Europe/London", always_open=True)
        assert always.closing(at("Mon 09:00")) is None
        assert always.next_opening(at("Mon 09:00")) == at("Mon 09:00")
        assert always.closed_also([date(2026, 11, 18)]).closing(at("Mon 09:00")) == at("Wed 00:00")

    def test_seven_whole_days_are_always_open(self) -> None:
        week = (opening("00:00-24:00"),) * 7
        assert BusinessHours(week=week) == BusinessHours(always_open=True)

    def test_time_does_not_run_backwards(self) -> None:
        assert NINE_TO_FIVE.open_seconds(at("Mon 12:00"), at("Mon 10:00")) == 0

    @pytest.mark.slow
    def test_years_are_counted_at_once(self) -> None:
        start = at("Mon 09:00")
        weeks = timedelta(weeks=500)
        assert NINE_TO_FIVE.open_seconds(start, start + weeks) == 500 * 40 * 3600
        began = process_time()
        for _ in range(100):
            NINE_TO_FIVE.open_seconds(start, start + weeks)
        assert process_time() - began < 0.2


class TestFaults:
    def test_never_open_at_all(self) -> None:
        for week in ((), ((),) * 7):
            with pytest.raises(ValueError, match="never open"):
                BusinessHours(week=week)

    def test_a_week_of_five_days(self) -> None:
        with pytest.raises(ValueError, match="seven days"):
            BusinessHours(week=(opening("09:00-17:00"),) * 5)

    def test_always_open_and_a_week(self) -> None:
        with pytest.raises(ValueError, match="not both"):
            weekdays("09:00-17:00", always_open=True)

    def test_closed_backwards(self) -> None:
        with pytest.raises(ValueError, match="backwards"):
            weekdays("09:00-17:00", closed=[(date(2027, 1, 2), date(2026, 12, 24))])

    @pytest.mark.parametrize(
        ("name", "nearest"),
        [
            ("Europe/Londn", "Europe/London"),
            ("london", "Europe/London"),
            ("new york", "America/New_York"),
            ("Europe", ""),
            ("../../etc/passwd", ""),
            ("", ""),
            ("\x00", ""),
        ],
    )
    def test_an_unknown_zone_names_the_nearest(self, name: str, nearest: str) -> None:
        with pytest.raises(ValueError, match="no known time zone") as error:
            BusinessHours(timezone=name, always_open=True)
        assert nearest in str(error.value)

    @pytest.mark.parametrize(
        "text",
        ["", "9", "09:00", "09:00-09:00", "24:00-25:00", "09:60-10:00", "09:00-49:00", "9am-5pm",
         "09:00-17:00-18:00", "-1:00-02:00", "٠٩:٠٠-١٧:٠٠"],
    )  # fmt: skip
    def test_other_opening_times_are_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"opening time|no time at all"):
            Interval.parse(text)

    @pytest.mark.parametrize(("start", "end"), [(-1, 5), (5, 5), (6, 5), (1440, 1441), (0, 2881)])
    def test_other_minutes_are_refused(self, start: int, end: int) -> None:
        with pytest.raises(ValueError, match="no opening time"):
            Interval(start=start, end=end)


class TestTarget:
    @pytest.mark.parametrize(
        ("text", "target", "written"),
        [
            ("30m", Target(minutes=30), "30m"),
            ("2h", Target(minutes=120), "2h"),
            ("1h30m", Target(minutes=90), "1h30m"),
            ("90m", Target(minutes=90), "1h30m"),
            ("2bd", Target(business_days=2), "2bd"),
            (" 1BD ", Target(business_days=1), "1bd"),
            ("24h", Target(minutes=1440), "24h"),
        ],
    )
    def test_forms(self, text: str, target: Target, written: str) -> None:
        assert Target.parse(text) == target
        assert str(target) == written

    @pytest.mark.slow
    @given(st.integers(1, 366 * 1440))
    def test_minutes_are_read_back(self, minutes: int) -> None:
        assert Target.parse(str(Target(minutes=minutes))) == Target(minutes=minutes)

    @pytest.mark.parametrize("text", ["1d", "2 days", "1day"])
    def test_days_are_ambiguous(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"ambiguous: write .bd for business days, or .*h"):
            Target.parse(text)

    @pytest.mark.parametrize(
        "text", ["", "h", "0m", "0bd", "1.5h", "30", "-1h", "1bd2h", "30m1h", "999bd", "99999h", 4]
    )
    def test_other_forms_are_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="target"):
            Target.parse(text)

    def test_minutes_or_days_and_not_both(self) -> None:
        for wrong in ({}, {"minutes": 1, "business_days": 1}):
            with pytest.raises(ValueError, match="minutes or of business days"):
                Target(**wrong)


class TestStored:
    HOURS = weekdays(
        "08:00-12:00",
        "13:30-02:00",
        closed=[(date(2026, 12, 24), date(2027, 1, 2)), date(2026, 5, 1)],
        special={date(2026, 12, 23): opening("09:00-12:00"), date(2026, 6, 1): ()},
    )

    def test_stored_hours_are_read_back(self) -> None:
        for hours in (self.HOURS, BusinessHours(timezone="Asia/Kathmandu", always_open=True)):
            text = json.dumps(hours.to_json())
            assert BusinessHours.from_json(json.loads(text)) == hours

    def test_equal_hours_are_stored_equally(self) -> None:
        days = [date(2026, 12, 24) + timedelta(days=n) for n in range(10)]
        same = weekdays(
            "13:30-22:00",
            "20:00-02:00",
            "08:00-12:00",
            closed=frozenset([*reversed(days), date(2026, 5, 1)]),
            special={
                date(2026, 6, 1): (),
                date(2026, 12, 23): opening("09:00-11:00", "11:00-12:00"),
            },
        )
        assert same == self.HOURS
        assert hash(same) == hash(self.HOURS)
        assert json.dumps(same.to_json()) == json.dumps(self.HOURS.to_json())

    def test_other_hours_are_stored_otherwise(self) -> None:
        assert NINE_TO_FIVE.to_json() != LUNCH.to_json()
        assert NINE_TO_FIVE.to_json() != NINE_TO_FIVE.closed_also([date(2026, 1, 1)]).to_json()

    @pytest.mark.parametrize(
        "value", [None, {}, [], "x", {"timezone": "UTC", "week": {"mon": 5}}, 7]
    )
    def test_anything_else_is_refused(self, value: object) -> None:
        with pytest.raises(ValueError, match="hours"):
            BusinessHours.from_json(value)

    def test_hours_travel_between_processes(self) -> None:
        assert pickle.loads(pickle.dumps(self.HOURS)) == self.HOURS


class TestSentence:
    @pytest.mark.parametrize(
        ("week", "sentence"),
        [
            (
                (opening("08:00-12:00", "13:30-18:00"),) * 5 + (opening("09:00-13:00"), ()),
                "Mon-Fri 8-12 and 13:30-18, Sat 9-13",
            ),
            ((opening("00:00-24:00"),) * 7, "around the clock"),
            ((opening("00:00-24:00"),) * 6 + ((),), "Mon-Sat all day"),
            (((),) * 4 + (opening("18:00-02:00"),) * 2 + ((),), "Fri-Sat 18-2"),
            (
                (opening("09:00-17:00"),) * 2 + ((),) + (opening("09:00-17:00"),) * 2 + ((),) * 2,
                "Mon-Tue and Thu-Fri 9-17",
            ),
            (((),) * 6 + (opening("7:00-9:00", "11:05-13:00", "15:00-24:00"),),
             "Sun 7-9, 11:05-13 and 15-24"),
        ],
    )  # fmt: skip
    def test_plain_words(self, week: tuple[tuple[Interval, ...], ...], sentence: str) -> None:
        assert compress_sentence(BusinessHours(week=week)) == sentence


# -- properties ------------------------------------------------------------------------------------

INSTANTS = st.datetimes(
    min_value=datetime(2007, 1, 1), max_value=datetime(2028, 1, 1), timezones=st.just(UTC)
).map(lambda moment: moment.replace(microsecond=0))
LENGTHS = st.timedeltas(timedelta(seconds=1), timedelta(hours=200)).map(
    lambda length: max(length - timedelta(microseconds=length.microseconds), timedelta(seconds=1))
)
INTERVALS = st.builds(
    lambda start, length: Interval(start=start * 10, end=start * 10 + length * 10),
    st.integers(0, 143),
    st.integers(1, 144),
)
DAYS_OPEN = st.lists(INTERVALS, max_size=3).map(tuple)
DATES = st.dates(date(2007, 1, 1), date(2028, 1, 1))


@st.composite
def any_hours(draw: st.DrawFn) -> BusinessHours:
    week = draw(st.tuples(*[DAYS_OPEN] * 7).filter(lambda week: any(any(day) for day in week)))
    return BusinessHours(
        timezone=draw(st.sampled_from(ZONES)),
        week=week,
        closed=draw(st.frozensets(DATES, max_size=3)),
        special=draw(st.dictionaries(DATES, DAYS_OPEN, max_size=2)),
    )


@st.composite
def moments(draw: st.DrawFn) -> tuple[BusinessHours, datetime, datetime]:
    """Draw hours and two ordered instants, often near a change of their clocks."""
    hours = draw(any_hours())
    near = draw(st.sampled_from(_changes(hours.timezone)) | INSTANTS)
    within = st.integers(-3 * 86_400, 3 * 86_400).map(lambda n: near + timedelta(seconds=n))
    first, second = sorted((draw(within), draw(within)))
    return hours, first, second


_CHANGES: dict[str, list[datetime]] = {}


def _changes(zone: str) -> list[datetime]:
    if zone not in _CHANGES:
        tz = ZoneInfo(zone)
        days = [datetime(2007, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(7600)]
        offsets = [day.astimezone(tz).utcoffset() for day in days]
        found = [day for n, day in enumerate(days[1:]) if offsets[n] != offsets[n + 1]]
        _CHANGES[zone] = found or days[:1]
    return _CHANGES[zone]


@pytest.mark.slow
@given(moments(), LENGTHS)
def test_open_time_between_receipt_and_due_is_the_target(
    drawn: tuple[BusinessHours, datetime, datetime], target: timedelta
) -> None:
    hours, received, _ = drawn
    deadline = due(received, target, hours)
    assert hours.open_time(received, deadline) == target
    assert hours.open_seconds(received, deadline) == target.total_seconds()
    assert hours.open_time(received, deadline - timedelta(seconds=1)) < target


@pytest.mark.slow
@given(moments(), LENGTHS | st.integers(1, 5).map(lambda n: Target(business_days=n)))
def test_a_later_mention_is_never_due_earlier(
    drawn: tuple[BusinessHours, datetime, datetime], target: timedelta | Target
) -> None:
    hours, first, second = drawn
    assert due(first, target, hours) <= due(second, target, hours)


@pytest.mark.slow
@given(moments(), LENGTHS, LENGTHS)
def test_a_longer_target_is_never_due_earlier(
    drawn: tuple[BusinessHours, datetime, datetime], one: timedelta, other: timedelta
) -> None:
    hours, received, _ = drawn
    shorter, longer = sorted((one, other))
    assert due(received, shorter, hours) <= due(received, longer, hours)


@pytest.mark.slow
@given(moments(), st.integers(1, 5))
def test_more_business_days_are_due_later(
    drawn: tuple[BusinessHours, datetime, datetime], count: int
) -> None:
    hours, received, _ = drawn
    fewer = due(received, Target(business_days=count), hours)
    assert received < fewer < due(received, Target(business_days=count + 1), hours)
    assert hours.open_time(received, fewer) > timedelta()


@pytest.mark.slow
@given(moments(), st.floats(0, 1))
def test_open_time_adds_up(drawn: tuple[BusinessHours, datetime, datetime], share: float) -> None:
    hours, start, end = drawn
    middle = start + (end - start) * share
    parts = hours.open_time(start, middle) + hours.open_time(middle, end)
    assert parts == hours.open_time(start, end)
    assert timedelta() <= parts <= end - start


@pytest.mark.slow
@given(any_hours(), INSTANTS, st.integers(0, 400), st.integers(0, 200_000))
def test_long_times_are_the_sum_of_their_days(
    hours: BusinessHours, start: datetime, days: int, seconds: int
) -> None:
    end = start + timedelta(days=days, seconds=seconds)
    cuts = [min(start + timedelta(days=n), end) for n in range(days + 4)]
    parts = [hours.open_time(a, b) for a, b in pairwise(cuts)]
    assert sum(parts, timedelta()) == hours.open_time(start, end)


@pytest.mark.slow
@given(moments())
def test_openings_and_closings_agree_with_the_count(
    drawn: tuple[BusinessHours, datetime, datetime],
) -> None:
    hours, at, _ = drawn
    opens = hours.next_opening(at)
    assert opens is not None
    assert hours.is_open(opens)
    assert hours.open_time(at, opens) == timedelta()
    assert hours.is_open(at) == (opens == at)
    closes = hours.closing(opens)
    if closes is not None:
        assert not hours.is_open(closes)
        assert hours.open_time(opens, closes) == closes - opens


@pytest.mark.slow
@given(moments(), LENGTHS | st.integers(1, 3).map(lambda n: Target(business_days=n)))
def test_due_soon_lies_between_receipt_and_due(
    drawn: tuple[BusinessHours, datetime, datetime], target: timedelta | Target
) -> None:
    hours, received, _ = drawn
    deadline = due(received, target, hours)
    soon = due_soon_from(received, target, hours)
    assert received < soon < deadline
    assert hours.open_time(soon, deadline) <= timedelta(hours=2)


@pytest.mark.slow
@given(any_hours())
def test_any_hours_are_stored_and_read_back(hours: BusinessHours) -> None:
    assert BusinessHours.from_json(json.loads(json.dumps(hours.to_json()))) == hours


@pytest.mark.slow
@given(any_hours(), st.integers(0, 7000))
def test_without_clock_changes_the_wall_decides(hours: BusinessHours, number: int) -> None:
    """Recount one day minute by minute, from the definition."""
    hours = BusinessHours(
        timezone="Asia/Kathmandu", week=hours.week, closed=hours.closed, special=hours.special
    )
    zone = ZoneInfo("Asia/Kathmandu")
    midnight = datetime(2007, 1, 1, tzinfo=zone) + timedelta(days=number)
    days = [midnight.date() - timedelta(days=1), midnight.date()]
    ranges = hours.closed
    minutes = 0
    for minute in range(0, 1440, 10):
        for back, day in ((1, days[0]), (0, days[1])):
            closed = any(first <= day <= last for first, last in ranges)  # type: ignore[misc]
            plan = hours.special.get(day, () if closed else hours.week[day.weekday()])
            if any(i.start <= minute + back * 1440 < i.end for i in plan):
                minutes += 10
                break
    assert hours.open_seconds(midnight, midnight + timedelta(days=1)) == minutes * 60
