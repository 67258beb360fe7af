"""When something falls due, counted day by day and window by window from clocks.md 3 and 4, and from nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

from shared.domain.calendar import Calendar

SHANGHAI = timezone(timedelta(hours=8))
Pause = tuple[datetime, datetime | None]
"""From when to when nothing counts; None where that is not known yet, and so as if it were not."""
A_DAY = timedelta(days=1)


def due_at(
    began: datetime, limit: str, policy: Mapping[str, Any], calendar: Calendar, pauses: Sequence[Pause] = ()
) -> datetime:
    """The end of the office day of the last day of a limit, or the instant at which its office hours are over."""
    if limit.endswith("oh"):
        return _hours_later(began, int(limit[:-2]), policy, calendar, pauses)
    working = limit.endswith("wd")
    left, on = int(limit.rstrip("wd")), began.astimezone(SHANGHAI).date()
    while left:
        on += A_DAY
        left -= (calendar.is_working_day(on) or not working) and not _is_held(_end(on, policy), pauses)
    while not calendar.is_working_day(on) or _is_held(_end(on, policy), pauses):
        on += A_DAY  # a calendar day that is a rest day moves on
    return _end(on, policy)


def _end(on: date, policy: Mapping[str, Any]) -> datetime:
    return datetime.combine(on, time.fromisoformat(policy["office_day_end"]), SHANGHAI)


def _is_held(at: datetime, pauses: Sequence[Pause]) -> bool:
    """A day is not counted if a pause is in force at its end."""
    return any(since <= at < until for since, until in pauses if until is not None)


def _hours_later(
    began: datetime, hours: int, policy: Mapping[str, Any], calendar: Calendar, pauses: Sequence[Pause]
) -> datetime:
    left, on = timedelta(hours=hours), began.astimezone(SHANGHAI).date()
    while True:
        for opens, closes in policy["office_hours"] if calendar.is_working_day(on) else ():
            window = [datetime.combine(on, time.fromisoformat(text), SHANGHAI) for text in (opens, closes)]
            for since, until in _without(max(window[0], began), window[1], pauses):
                if left <= until - since:
                    return since + left
                left -= until - since
        on += A_DAY


def _without(
    since: datetime, until: datetime, pauses: Sequence[Pause]
) -> Iterator[tuple[datetime, datetime]]:
    """What counts of a stretch of office time, the earlier first."""
    for paused, resumed in sorted((one[0], one[1]) for one in pauses if one[1] is not None):
        if since < min(paused, until):
            yield since, min(paused, until)
        since = max(since, resumed)
    if since < until:
        yield since, until
