"""Dates and what is left of them, as a person says it: 11月25日 周三, 还剩 2 个工作日, 今天 17:30, 逾期 4 个工作日."""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from babel.support import Translations

from services.portal.languages import N_
from shared.domain.calendar import Calendar
from shared.domain.clocks import SHANGHAI, Limit

WEEKDAYS = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))
MONTHS = (
    N_("Jan"),
    N_("Feb"),
    N_("Mar"),
    N_("Apr"),
    N_("May"),
    N_("Jun"),
    N_("Jul"),
    N_("Aug"),
    N_("Sep"),
    N_("Oct"),
    N_("Nov"),
    N_("Dec"),
)
NEAR = {-1: N_("yesterday"), 0: N_("today"), 1: N_("tomorrow")}
WHOLE = len("2026-11-25 10:42:00")
MINUTE_MS = 60_000
"""As exactly as this is said how much time is left."""


class Left(NamedTuple):
    """What is left of a time limit: how pressing (``late``, ``soon``, ``calm``), and the same in words."""

    degree: str
    words: str


class Times:
    """Says times in one language, as seen from ``now``; ``calendar`` knows which days are worked."""

    def __init__(self, words: Translations, now: datetime, calendar: Calendar) -> None:
        self._words, self._now, self._calendar = words, now.astimezone(SHANGHAI), calendar
        self._today = self._now.date()
        self._through_today = calendar.working_days_through(self._today)
        self._days: dict[date, str] = {}

    def day(self, on: date) -> str:
        """11月25日 周三; with its year where that is another one."""
        if on not in self._days:
            self._days[on] = self._day(on, with_year=on.year != self._now.year)
        return self._days[on]

    def day_on(self, text: str) -> str:
        """The same of a date as rows have it: 2027-03-01."""
        return self.day(date.fromisoformat(text))

    def day_of(self, at: datetime) -> str:
        """The day of an instant, here: in UTC it may be the day before."""
        return self.day(at.astimezone(SHANGHAI).date())

    def with_year(self, on: date) -> str:
        """2026年11月25日 周三, for what is kept: in later years it is still clear which one."""
        return self._day(on, with_year=True)

    def _day(self, on: date, *, with_year: bool) -> str:
        say = self._words.gettext
        pattern = (
            say("%(weekday)s %(day)d %(month)s %(year)d")
            if with_year
            else say("%(weekday)s %(day)d %(month)s")
        )
        return pattern % {
            "weekday": say(WEEKDAYS[on.weekday()]),
            "day": on.day,
            "month": say(MONTHS[on.month - 1]),
            "year": on.year,
        }

    def moment(self, at: datetime) -> str:
        """今天 10:42, 昨天 16:20, 11月25日 周三 10:42."""
        local = at.astimezone(SHANGHAI)
        near = self._near(local.date())
        return f"{near or self.day(local.date())} {_clock(local)}"

    def whole(self, at: datetime) -> str:
        """The full timestamp, for who points at a date."""
        return at.astimezone(SHANGHAI).isoformat(" ", "seconds")[:WHOLE]

    def left(self, due: datetime) -> Left:
        """What is left until ``due``; red for late and amber for today are the look's, here are the words."""
        local, today = due.astimezone(SHANGHAI), self._today
        through = self._calendar.working_days_through
        days = through(local.date()) - self._through_today
        if self._now > local:
            return Left("late", self._late(local, -days))
        if local.date() == today:
            return Left("soon", self._words.gettext("today %(time)s") % {"time": _clock(local)})
        if local.date() == today + timedelta(days=1):
            return Left("calm", self._words.gettext("tomorrow %(time)s") % {"time": _clock(local)})
        said = self._words.ngettext("%(count)d working day left", "%(count)d working days left", days)
        return Left("calm", said % {"count": days})

    def limit(self, limit: Limit) -> str:
        """How long something may take: 2 working days."""
        count, words = limit.amount, self._words
        match limit.unit:
            case "wd":
                said = words.ngettext("%(count)d working day", "%(count)d working days", count)
            case "oh":
                said = words.ngettext("%(count)d office hour", "%(count)d office hours", count)
            case _:
                said = words.ngettext("%(count)d calendar day", "%(count)d calendar days", count)
        return said % {"count": count}

    def between(self, first: datetime, last: datetime) -> int:
        """How many working days lie between the days of two instants."""
        through = self._calendar.working_days_through
        return through(last.astimezone(SHANGHAI).date()) - through(first.astimezone(SHANGHAI).date())

    def _late(self, local: datetime, days: int) -> str:
        if days > 0:
            said = self._words.ngettext("%(count)d working day late", "%(count)d working days late", days)
            return said % {"count": days}
        hours = int((self._now - local).total_seconds() // 3600)
        if hours < 1:
            return self._words.gettext("just overdue")
        return self._words.ngettext("%(count)d hour late", "%(count)d hours late", hours) % {"count": hours}

    def _near(self, on: date) -> str:
        """The day as one says it of yesterday, today and tomorrow; "" for any other."""
        name = NEAR.get((on - self._today).days, "")
        return self._words.gettext(name) if name else ""


def _clock(local: datetime) -> str:
    return f"{local.hour:02}:{local.minute:02}"


def instant(milliseconds: int) -> datetime:
    """An instant as the projection counts it."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def now() -> datetime:
    """This instant."""
    return datetime.now(UTC)
