"""The three papers and their meetings: which period a paper is of, and what follows from its id by arithmetic alone.

Source of the rules: loop.md, Papers and honours.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import NamedTuple

from shared.contract.words import Meeting, PaperKind
from shared.domain.clocks import SHANGHAI

HEARD_BY: Mapping[PaperKind, Meeting] = {
    PaperKind.MONTHLY: Meeting.LEADERS,
    PaperKind.HALF_YEARLY: Meeting.EXECUTIVE,
    PaperKind.YEARLY: Meeting.STANDING,
}
"""Which meeting each paper is made for."""
_MONTHS: Mapping[PaperKind, int] = {PaperKind.MONTHLY: 1, PaperKind.HALF_YEARLY: 6, PaperKind.YEARLY: 12}
_FORMS: Mapping[PaperKind, re.Pattern[str]] = {
    PaperKind.MONTHLY: re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])"),
    PaperKind.HALF_YEARLY: re.compile(r"([0-9]{4})-h([12])"),
    PaperKind.YEARLY: re.compile(r"([0-9]{4})()"),
}
FIRST_YEAR, LAST_YEAR = 2000, 2199


class Period(NamedTuple):
    """Of which months a paper is: its kind, and the first of them as months since the year 0."""

    kind: PaperKind
    place: int

    @property
    def name(self) -> str:
        """As it stands in ids and on events: 2026-10, 2026-h1, 2026."""
        year, month = divmod(self.place, 12)
        half = "h1" if month == 0 else "h2"
        return {PaperKind.MONTHLY: f"{year}-{month + 1:02}", PaperKind.HALF_YEARLY: f"{year}-{half}"}.get(
            self.kind, f"{year}"
        )

    @property
    def months(self) -> tuple[str, ...]:
        """Its months, the first one first: 2026-10."""
        places = range(self.place, self.place + _MONTHS[self.kind])
        return tuple(f"{place // 12}-{place % 12 + 1:02}" for place in places)

    @property
    def ends_on(self) -> date:
        """The first day after it (Asia/Shanghai)."""
        year, month = divmod(self.place + _MONTHS[self.kind], 12)
        return date(year, month + 1, 1)

    @property
    def before(self) -> "Period":
        """The one before it of the same kind."""
        return self._replace(place=self.place - _MONTHS[self.kind])

    def is_over(self, now: datetime) -> bool:
        """Whether its last day is over."""
        return now.astimezone(SHANGHAI).date() >= self.ends_on


def read_period(kind: str, name: str) -> Period | None:
    """The period of this name; None where no paper of the kind has such a one."""
    if kind not in tuple(PaperKind):
        return None
    kind = PaperKind(kind)
    found = _FORMS[kind].fullmatch(name)
    if found is None or not FIRST_YEAR <= int(found[1]) <= LAST_YEAR:
        return None
    return Period(kind, int(found[1]) * 12 + (int(found[2] or 1) - 1) * _MONTHS[kind])


def newest_over(kind: PaperKind, now: datetime) -> Period:
    """The last period of a kind that is over."""
    today, months = now.astimezone(SHANGHAI).date(), _MONTHS[kind]
    this = (today.year * 12 + today.month - 1) // months * months
    return Period(kind, this - months)


def paper_id(jurisdiction: str, period: Period) -> str:
    """The id of a paper: ``huzhou-half_yearly-2026-h1``; the same kind and period are the same paper."""
    return f"{jurisdiction}-{period.kind}-{period.name}"


def period_of(id: str, jurisdiction: str) -> Period | None:
    """Which paper of this jurisdiction an id names; None where it names none."""
    if not id.startswith(f"{jurisdiction}-"):
        return None
    kind, _, name = id.removeprefix(f"{jurisdiction}-").partition("-")
    return read_period(kind, name)


def decision_id(paper: str, edition: int, number: int) -> str:
    """The id of what a meeting decided: ``huzhou-monthly-2026-10.1.3``."""
    return f"{paper}.{edition}.{number}"
