"""Office time as one line of minutes, so that steps of a plan lie in working hours and never on a rest day."""

from bisect import bisect_right
from datetime import date, datetime, time, timedelta

from shared.domain.calendar import Calendar
from shared.domain.clocks import SHANGHAI

HOURS = ((time(8, 30), time(12)), (time(13, 30), time(17, 30)))
DAY_MINUTES = 450
"""The minutes of these hours."""


class OfficeTime:
    """The office minutes of the days before one day, counted from the first of them."""

    def __init__(self, calendar: Calendar, until: date, days: int) -> None:
        """The working days among so many days before ``until``."""
        every = (until - timedelta(days=number) for number in range(days, 0, -1))
        self._days = [day for day in every if calendar.is_working_day(day)]

    @property
    def minutes(self) -> int:
        """How many there are."""
        return len(self._days) * DAY_MINUTES

    def at(self, minute: int) -> datetime:
        """The instant of one of them, in Shanghai. Raises IndexError outside of these days."""
        if minute < 0:
            raise IndexError(f"minute {minute} lies before the first day")
        number, left = divmod(minute, DAY_MINUTES)
        day = self._days[number]
        for begin, end in HOURS:
            first = datetime.combine(day, begin, SHANGHAI)
            length = int((datetime.combine(day, end, SHANGHAI) - first).total_seconds()) // 60
            if left < length:
                return first + timedelta(minutes=left)
            left -= length
        raise AssertionError("a day has no more minutes than its hours")

    def minute_of(self, day: date) -> int:
        """The first minute of one of these working days."""
        return self._days.index(day) * DAY_MINUTES

    def working_days_from(self, day: date) -> int:
        """How many of these working days are at or after this day."""
        return len(self._days) - bisect_right(self._days, day - timedelta(days=1))
