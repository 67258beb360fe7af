"""When offices are open: the hours of a policy on the working days of a calendar, in Shanghai."""

from datetime import datetime, timedelta

from shared.domain.calendar import Calendar
from shared.domain.clocks import SHANGHAI, Policy


def opening(at: datetime, policy: Policy, calendar: Calendar) -> datetime:
    """The first instant from `at` (aware) on at which offices are open: within office hours `at` itself.

    An office is open from the first instant of a window to just before its last. Raises ValueError for an instant
    that leaves the calendar's years.
    """
    local = at.astimezone(SHANGHAI)
    day = local.date()
    while True:
        if calendar.is_working_day(day):
            for opens, closes in policy.office_hours:
                if day > local.date() or local.time() < closes:
                    return max(at, datetime.combine(day, opens, SHANGHAI)).astimezone(at.tzinfo)
        day += timedelta(days=1)
