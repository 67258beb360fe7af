"""Which places have no talk in the time in which each holds one: a week or a quarter, as the rules of a series say."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from services.portal.queries.talks import instants, ms, plan, week_of
from shared.domain.clocks import SHANGHAI
from shared.domain.talks import SERIES

_ALIVE = "state IS NOT NULL AND state <> 'cancelled'"
_BY_RHYTHM = {
    rhythm: json.dumps([series for series, rules in SERIES.items() if rules.rhythm == rhythm])
    for rhythm in ("week", "quarter")
}
"""rhythm -> the series of which each place holds one in that time."""


class Gap(NamedTuple):
    """A place without a weekly talk in a week."""

    year: int
    week: int
    place: str
    level: str


def places(
    reads: sqlite3.Connection, jurisdiction: str, now: datetime, counties: Iterable[str] = ()
) -> dict[str, str]:
    """place -> level, of all that are expected to hold talks: the city, its counties (a setting), those of the plan,
    those of the last months' weekly talks.
    """
    found = {jurisdiction: "city"} | dict.fromkeys(counties, "county")
    year, _ = week_of(now.astimezone(SHANGHAI).date())
    known = plan(reads, jurisdiction, year)
    for one in known.weeks if known else ():
        found.setdefault(one.jurisdiction, str(one.level))
    lately = ms(now - timedelta(weeks=8))
    weekly = f"""
        SELECT DISTINCT jurisdiction, level FROM talk WHERE starts_at > ? AND {_ALIVE}
            AND series IN (SELECT value FROM json_each(?))
    """
    for place, level in reads.execute(weekly, (lately, _BY_RHYTHM["week"])):
        found.setdefault(place, level)
    return found


def missing(
    reads: sqlite3.Connection, expected: Mapping[str, str], now: datetime, weeks: int = 1
) -> Iterator[Gap]:
    """Which of these places (``places``) have no weekly talk this week or in so many after it; one called off is
    none."""
    monday = now.astimezone(SHANGHAI).date()
    for later in range(weeks):
        year, week = week_of(monday + timedelta(weeks=later))
        there = _held_at(reads, "week", *instants(year, week))
        for place, level in expected.items():
            if place not in there:
                yield Gap(year, week, place, level)


def missing_in_quarter(reads: sqlite3.Connection, now: datetime) -> list[str]:
    """Which places held a quarterly talk within the year before this quarter, and have none in this one."""
    here = now.astimezone(SHANGHAI)
    first = here.year * 4 + (here.month - 1) // 3
    before, begins, ends = (
        ms(datetime(quarter // 4, quarter % 4 * 3 + 1, 1, tzinfo=SHANGHAI))
        for quarter in (first - 4, first, first + 1)
    )
    return sorted(_held_at(reads, "quarter", before, begins) - _held_at(reads, "quarter", begins, ends))


def _held_at(reads: sqlite3.Connection, rhythm: str, first: int, last: int) -> set[str]:
    query = f"""
        SELECT DISTINCT jurisdiction FROM talk WHERE starts_at >= ? AND starts_at < ? AND {_ALIVE}
            AND series IN (SELECT value FROM json_each(?))
    """
    return {place for (place,) in reads.execute(query, (first, last, _BY_RHYTHM[rhythm]))}
