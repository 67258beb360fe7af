"""The calendar against a second source, day by day, and what it does where nothing is published."""

from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import pytest
from holidays.countries.china import ChinaStaticHolidays
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar import BASE_PUBLISHED_THROUGH, base_calendar

CALENDAR = base_calendar()
HEADER = "date,kind,name,source,version\n"
NOTICE_2027 = "".join(f"2027-{day},rest,放假,国办通知,1\n" for day in ("01-01", "05-01", "10-01"))
any_day = st.dates(date(1980, 1, 1), date(2100, 12, 31))


def overlay(tmp_path: Path, rows: str, header: str = HEADER) -> Path:
    path = tmp_path / "overlay.csv"
    path.write_text(header + rows, encoding="utf-8")
    return path


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
    assert CALENDAR.named_days[day].name == "补班"


def test_2026_has_no_other_working_weekend_day() -> None:
    days = [date(2026, 1, 1) + timedelta(days=i) for i in range(365)]
    assert sum(on.isoweekday() >= 6 and CALENDAR.is_working_day(on) for on in days) == 6


def test_every_named_day_says_where_it_is_written() -> None:
    spring = CALENDAR.named_days[date(2026, 2, 17)]
    assert (spring.is_work, spring.name) == (False, "春节")
    assert "2026年" in spring.source
    assert spring.version.startswith("holidays ")


@pytest.mark.parametrize("year", [1999, 2010, 2027, 2040])
def test_a_year_without_a_notice_is_monday_to_friday_and_not_published(year: int) -> None:
    for on in (date(year, 1, 1) + timedelta(days=i) for i in range(365)):
        assert CALENDAR.is_working_day(on) == (on.isoweekday() <= 5)
        assert not CALENDAR.is_published(on)


def test_2011_to_2026_are_published() -> None:
    assert CALENDAR.published_through == 2026
    assert CALENDAR.is_published(date(2011, 1, 1))
    assert CALENDAR.is_published(date(2026, 12, 31))


def test_the_base_goes_as_far_as_the_notices_the_package_knows() -> None:
    """When an upgrade of `holidays` brings the next notice, this says to raise BASE_PUBLISHED_THROUGH."""
    assert max(ChinaStaticHolidays.special_public_holidays) == BASE_PUBLISHED_THROUGH


@given(day0=any_day, n=st.integers(1, 400))
def test_the_nth_working_day_after_has_n_working_days_up_to_it(day0: date, n: int) -> None:
    last = CALENDAR.nth_working_day_after(day0, n)
    between = [day0 + timedelta(days=i) for i in range(1, (last - day0).days + 1)]
    assert sum(map(CALENDAR.is_working_day, between)) == n
    assert CALENDAR.is_working_day(last)


@given(day=any_day, n=st.integers(1, 400))
def test_counting_back_undoes_counting_forward(day: date, n: int) -> None:
    work = CALENDAR.next_working_day_on_or_after(day)
    assert CALENDAR.previous_working_day(CALENDAR.nth_working_day_after(work, n), n) == work
    assert CALENDAR.previous_working_day(day) < day


@given(day=any_day)
def test_the_next_working_day_is_the_day_itself_when_it_is_worked(day: date) -> None:
    found = CALENDAR.next_working_day_on_or_after(day)
    assert CALENDAR.is_working_day(found)
    assert (found == day) == CALENDAR.is_working_day(day)
    assert not any(CALENDAR.is_working_day(day + timedelta(days=i)) for i in range((found - day).days))


def test_counting_less_than_one_day_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        CALENDAR.nth_working_day_after(date(2026, 1, 1), 0)
    with pytest.raises(ValueError, match="at least 1"):
        CALENDAR.previous_working_day(date(2026, 1, 1), 0)


@pytest.mark.parametrize("on", [date(1969, 12, 31), date(2150, 1, 1)])
def test_a_date_outside_the_table_is_an_error_and_not_a_guess(on: date) -> None:
    for ask in (
        CALENDAR.is_working_day,
        CALENDAR.next_working_day_on_or_after,
        CALENDAR.previous_working_day,
        CALENDAR.working_days_through,
    ):
        with pytest.raises(ValueError, match="1970 to 2149"):
            ask(on)
    with pytest.raises(ValueError, match="1970 to 2149"):
        CALENDAR.nth_working_day_after(date(2149, 12, 1), 100)


def test_an_overlay_changes_one_day_and_the_version(tmp_path: Path) -> None:
    path = overlay(
        tmp_path, "2026-04-03,rest,三月三,桂政办〔2026〕1号,1\n2026-04-11,work,补班,桂政办〔2026〕1号,1\n"
    )
    changed = base_calendar(path, jurisdiction="CN-GX")
    assert not changed.is_working_day(date(2026, 4, 3))
    assert changed.is_working_day(date(2026, 4, 11))
    assert changed.named_days[date(2026, 4, 3)].source == "桂政办〔2026〕1号"
    assert changed.jurisdiction == "CN-GX"
    assert changed.version != CALENDAR.version
    assert changed.published_through == 2026


def test_equal_tables_have_equal_versions(tmp_path: Path) -> None:
    assert base_calendar().version == CALENDAR.version
    assert base_calendar(overlay(tmp_path, "")).version == CALENDAR.version
    assert CALENDAR.version.startswith("2026-")


def test_a_local_rest_day_does_not_publish_its_year(tmp_path: Path) -> None:
    calendar = base_calendar(overlay(tmp_path, "2027-04-09,rest,三月三,桂政办,1\n"))
    assert not calendar.is_working_day(date(2027, 4, 9))
    assert not calendar.is_published(date(2027, 4, 9))


def test_an_imported_notice_publishes_its_year(tmp_path: Path) -> None:
    calendar = base_calendar(overlay(tmp_path, NOTICE_2027))
    assert calendar.published_through == 2027
    assert calendar.is_published(date(2027, 6, 1))
    assert not calendar.is_published(date(2028, 1, 3))


def test_a_year_is_not_published_over_a_gap(tmp_path: Path) -> None:
    calendar = base_calendar(overlay(tmp_path, NOTICE_2027.replace("2027-", "2028-")))
    assert calendar.published_through == 2026


def test_an_overlay_from_a_spreadsheet_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    calendar = base_calendar(
        overlay(tmp_path, "\r\n2026-04-03,rest,三月三,桂政办,1\r\n\r\n", "\ufeff" + HEADER)
    )
    assert not calendar.is_working_day(date(2026, 4, 3))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("2026-13-01,rest,a,b,1", ["line 3", "column date", "2027-01-01"]),
        ("2200-01-01,rest,a,b,1", ["line 3", "column date", "1970 to 2149"]),
        ("2026-04-03,holiday,a,b,1", ["line 3", "column kind", "work nor rest"]),
        ("2026-04-03,rest,,b,1", ["line 3", "column name", "春节"]),
        ("2026-04-03,rest,a, ,1", ["line 3", "column source"]),
        ("2026-04-03,rest,a,b,", ["line 3", "column version"]),
        ("2026-04-03,rest,a", ["line 3", "3 columns", "has 5"]),
        ("2026-04-01,rest,a,b,1", ["line 3", "column date", "twice"]),
    ],
)
def test_a_bad_overlay_row_names_file_line_column_and_what_is_right(
    tmp_path: Path, row: str, said: list[str]
) -> None:
    path = overlay(tmp_path, f"2026-04-01,work,a,b,1\n{row}\n")
    with pytest.raises(ValueError) as error:
        base_calendar(path)
    assert all(words in str(error.value) for words in [str(path), *said])


@pytest.mark.parametrize("header", ["", "date,name\n"])
def test_an_overlay_without_the_right_columns_is_refused(tmp_path: Path, header: str) -> None:
    with pytest.raises(ValueError, match=r"line 1.*date,kind,name,source,version"):
        base_calendar(overlay(tmp_path, "", header))


def test_an_overlay_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "overlay.csv"
    path.write_bytes((HEADER + "2026-04-03,rest,三月三,桂政办,1\n").encode("gbk"))
    with pytest.raises(ValueError, match="UTF-8"):
        base_calendar(path)
