"""Dates and what is left of them, as people say it."""

from datetime import UTC, datetime, timedelta

import pytest

from services.portal.languages import words_in
from services.portal.times import Times
from services.supervision.builtin import builtin_calendar
from shared.domain.clocks import SHANGHAI

NOW = datetime(2026, 11, 26, 10, 0, tzinfo=SHANGHAI)  # a Thursday


def said(language: str = "zh", now: datetime = NOW) -> Times:
    """Times in one language, by the calendar that is published first."""
    return Times(words_in(language), now, builtin_calendar())


@pytest.mark.parametrize(
    ("due", "degree", "zh", "en"),
    [
        ("2026-11-26T17:30", "soon", "今天 17:30", "today 17:30"),
        ("2026-11-27T17:30", "calm", "明天 17:30", "tomorrow 17:30"),
        ("2026-11-30T17:30", "calm", "还剩 2 个工作日", "2 working days left"),
        ("2026-12-09T17:30", "calm", "还剩 9 个工作日", "9 working days left"),
        ("2026-11-26T09:59", "late", "刚刚逾期", "just overdue"),
        ("2026-11-26T08:00", "late", "逾期 2 小时", "2 hours late"),
        ("2026-11-25T17:30", "late", "逾期 1 个工作日", "1 working day late"),
        ("2026-11-20T17:30", "late", "逾期 4 个工作日", "4 working days late"),
    ],
)
def test_what_is_left_is_said_as_a_person_would(due: str, degree: str, zh: str, en: str) -> None:
    at = datetime.fromisoformat(due).replace(tzinfo=SHANGHAI)
    assert said("zh").left(at) == (degree, zh)
    assert said("en").left(at) == (degree, en)


def test_holidays_are_no_working_days() -> None:
    before = datetime(2026, 9, 30, 10, 0, tzinfo=SHANGHAI)
    due = datetime(2026, 10, 8, 17, 30, tzinfo=SHANGHAI)
    assert said(now=before).left(due).words == "还剩 1 个工作日"


def test_the_day_of_an_instant_is_the_day_here() -> None:
    early = datetime(2026, 11, 26, 7, 59, tzinfo=SHANGHAI).astimezone(UTC)
    assert early.day == 25 and said().day_of(early) == "11月26日 周四"


def test_a_day_has_its_weekday_and_its_year_where_that_is_another_one() -> None:
    assert said().day(NOW.date()) == "11月26日 周四"
    assert said().day(datetime(2025, 1, 2, tzinfo=UTC).date()) == "2025年1月2日 周四"
    assert said("en").day(NOW.date()) == "Thu 26 Nov"


def test_yesterday_and_today_are_called_so_in_shanghai() -> None:
    assert said().moment(NOW - timedelta(hours=12)) == "昨天 22:00"
    assert said().moment(datetime(2026, 11, 25, 16, 30, tzinfo=UTC)) == "今天 00:30"
    assert said().whole(NOW) == "2026-11-26 10:00:00"
