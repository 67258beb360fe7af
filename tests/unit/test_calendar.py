"""The calendar against a second source, day by day, and what it does where nothing is published."""

from datetime import date, timedelta

import chinese_calendar
import pytest
from holidays.countries.china import ChinaStaticHolidays
from hypothesis import given
from hypothesis import strategies as st

from services.supervision.builtin import PUBLISHED_THROUGH, builtin_calendar, builtin_days
from shared.domain.calendar import Calendar, Day, published_through

CALENDAR = builtin_calendar()
NOTICE_2027 = tuple(
    Day(date(2027, month, day), False, "放假", "国办通知") for month, day in ((1, 1), (5, 1), (10, 1))
)
any_day = st.dates(date(1980, 1, 1), date(2100, 12, 31))


@pytest.mark.parametrize("year", range(2011, 2027))
def test_every_day_agrees_with_a_second_source(year: int) -> None:
    days = [date(year, 1, 1) + timedelta(days=i) for i in range(366)]
    wrong = [
        on
        for on in days
        if on.year == year and CALENDAR.is_working_day(on) != chinese_calendar.is_workday(on)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "on", ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"]
)
def test_a_make_up_day_counts_as_work(on: str) -> None:
    day = date.fromisoformat(on)
    assert day.isoweekday() >= 6
    assert CALENDAR.is_working_day(day)
    assert CALENDAR.days[day].name == "补班"


def test_2026_has_no_other_working_weekend_day() -> None:
    days = [date(2026, 1, 1) + timedelta(days=i) for i in range(365)]
    assert sum(on.isoweekday() >= 6 and CALENDAR.is_working_day(on) for on in days) == 6


def test_every_named_day_says_where_it_is_written() -> None:
    spring = CALENDAR.days[date(2026, 2, 17)]
    assert (spring.is_work, spring.name) == (False, "春节")
    assert "2026年" in spring.source


@pytest.mark.parametrize("year", [1999, 2010, 2027, 2040])
def test_a_year_without_a_notice_is_monday_to_friday_and_not_published(year: int) -> None:
    for on in (date(year, 1, 1) + timedelta(days=i) for i in range(365)):
        assert CALENDAR.is_working_day(on) == (on.isoweekday() <= 5)
        assert not CALENDAR.is_published(on)


def test_2011_to_2026_are_published() -> None:
    assert CALENDAR.published_through == 2026
    assert CALENDAR.is_published(date(2011, 1, 1))
    assert CALENDAR.is_published(date(2026, 12, 31))


def test_the_builtin_table_goes_as_far_as_the_notices_the_package_knows() -> None:
    """When an upgrade of `holidays` brings the next notice, this says to raise PUBLISHED_THROUGH."""
    assert max(ChinaStaticHolidays.special_public_holidays) == PUBLISHED_THROUGH


@given(day0=any_day, n=st.integers(1, 400))
def test_the_numbers_of_working_days_count_what_lies_between(day0: date, n: int) -> None:
    last = CALENDAR.working_day(CALENDAR.working_days_through(day0) + n)
    between = [day0 + timedelta(days=i) for i in range(1, (last - day0).days + 1)]
    assert sum(map(CALENDAR.is_working_day, between)) == n
    assert CALENDAR.is_working_day(last)


@given(day=any_day)
def test_the_number_of_a_day_gives_that_day_or_the_last_one_worked_before_it(day: date) -> None:
    found = CALENDAR.working_day(CALENDAR.working_days_through(day))
    assert CALENDAR.is_working_day(found)
    assert (found == day) == CALENDAR.is_working_day(day)
    assert not any(
        CALENDAR.is_working_day(found + timedelta(days=i)) for i in range(1, (day - found).days + 1)
    )


@pytest.mark.parametrize("on", [date(1969, 12, 31), date(2150, 1, 1)])
def test_a_date_outside_the_table_is_an_error_and_not_a_guess(on: date) -> None:
    for ask in (CALENDAR.is_working_day, CALENDAR.working_days_through):
        with pytest.raises(ValueError, match="1970 to 2149"):
            ask(on)
    for number in (0, CALENDAR.working_days_through(date(2149, 12, 31)) + 1):
        with pytest.raises(ValueError, match="1970 to 2149"):
            CALENDAR.working_day(number)


def more(*days: Day, through: int = 2026) -> Calendar:
    """The built-in table with other rows laid over it."""
    return Calendar(through, (*builtin_days(), *days))


def test_one_other_day_changes_that_day_and_the_version() -> None:
    third = Day(date(2026, 4, 3), False, "三月三", "桂政办〔2026〕1号")
    changed = more(third, Day(date(2026, 4, 11), True, "补班", "桂政办〔2026〕1号"))
    assert not changed.is_working_day(date(2026, 4, 3))
    assert changed.is_working_day(date(2026, 4, 11))
    assert changed.days[date(2026, 4, 3)].source == "桂政办〔2026〕1号"
    assert changed.version != CALENDAR.version
    assert changed.published_through == 2026


def test_equal_tables_have_equal_versions() -> None:
    assert more().version == CALENDAR.version
    assert Calendar(2026, builtin_days()[::-1]).version == CALENDAR.version
    assert Calendar(2027, builtin_days()).version != CALENDAR.version
    assert CALENDAR.version.startswith("2026-")


def test_what_a_day_is_called_is_no_part_of_the_version() -> None:
    renamed = (day._replace(name="假", source="别处") for day in builtin_days())
    assert Calendar(2026, renamed).version == CALENDAR.version


def test_a_local_rest_day_does_not_publish_its_year() -> None:
    local = Day(date(2027, 4, 9), False, "三月三", "桂政办")
    calendar = more(local, through=published_through([local], 2026))
    assert not calendar.is_working_day(date(2027, 4, 9))
    assert not calendar.is_published(date(2027, 4, 9))


def test_an_imported_notice_publishes_its_year() -> None:
    calendar = more(*NOTICE_2027, through=published_through(NOTICE_2027, 2026))
    assert calendar.published_through == 2027
    assert calendar.is_published(date(2027, 6, 1))
    assert not calendar.is_published(date(2028, 1, 3))


def test_a_year_is_not_published_over_a_gap() -> None:
    notice_2028 = [day._replace(on=day.on.replace(year=2028)) for day in NOTICE_2027]
    assert published_through(notice_2028, 2026) == 2026
    assert published_through([*NOTICE_2027, *notice_2028], 2026) == 2028


def test_a_make_up_day_does_not_stand_for_the_rest_day_of_a_notice() -> None:
    worked = [day._replace(is_work=True) for day in NOTICE_2027]
    assert published_through(worked, 2026) == 2026


def test_the_builtin_table_holds_every_notice_from_2011_on() -> None:
    assert published_through(builtin_days(), 2010) == PUBLISHED_THROUGH


def test_a_table_with_a_date_outside_its_years_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"2150-01-01.*1970 to 2149"):
        more(Day(date(2150, 1, 1), False, "元旦", "县政府"))
