"""Which days are working days: a table of dates, with the source of each, and the years whose notice is out.

The table is reference data that supervision publishes; it starts from the State Council's yearly notices of 2011 to
2026 (services/supervision/builtin.py). Source of the rules: clocks.md 3 and 9.
"""

import hashlib
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from itertools import compress
from typing import NamedTuple

FIRST_PUBLISHED_YEAR = 2011  # the first year checked day by day

# The table reaches further than any clock can, so that counting never needs a second way of doing it.
_FIRST = date(1970, 1, 1).toordinal()
_LAST = date(2149, 12, 31).toordinal()
_DAYS = range(_FIRST, _LAST + 1)
# 1970-01-01 was a Thursday, and `date.toordinal() % 7` is 1 on Mondays.
_WEEKS = bytes(1 <= ordinal % 7 <= 5 for ordinal in _DAYS)
# Every notice names these days; a table that lacks one of them does not hold that year's notice.
_IN_EVERY_NOTICE = ((1, 1), (5, 1), (10, 1))


class Day(NamedTuple):
    """One row of the table: a date a notice names as work or rest, and where that is written."""

    on: date
    is_work: bool
    name: str
    source: str


class Calendar:
    """The working days of one jurisdiction; equal tables have equal versions, whoever built them.

    `days` are the days that notices name; every other day is work from Monday to Friday. Methods raise ValueError
    for dates outside 1970-2149. Counting takes about a microsecond.
    """

    def __init__(self, published_through: int, days: Iterable[Day]) -> None:
        self.published_through = published_through
        self.days: Mapping[date, Day] = {day.on: day for day in days}
        is_work = bytearray(_WEEKS)
        for day in self.days.values():
            is_work[_offset(day.on)] = day.is_work
        named = sorted((day.on.isoformat(), day.is_work) for day in self.days.values())
        digest = hashlib.sha256(repr((published_through, named)).encode()).hexdigest()
        self.version = f"{published_through}-{digest[:8]}"
        self._is_work = bytes(is_work)
        self._working = array("l", compress(_DAYS, is_work))

    def is_working_day(self, on: date) -> bool:
        """Whether `on` is worked, make-up days (补班) included (clocks.md 3)."""
        return bool(self._is_work[_offset(on)])

    def is_published(self, on: date) -> bool:
        """Whether that year's notice is known; due dates in other years are provisional (clocks.md 9)."""
        return FIRST_PUBLISHED_YEAR <= on.year <= self.published_through

    def working_days_through(self, on: date) -> int:
        """The number of working days from 1970 up to and including `on`: differences of it count days."""
        return bisect_right(self._working, _FIRST + _offset(on))

    def working_day(self, number: int) -> date:
        """The working day with that number, the first of 1970 being 1: undoes `working_days_through`."""
        if not 1 <= number <= len(self._working):
            raise ValueError(
                f"working day number {number} lies outside the calendar, which covers 1970 to 2149"
            )
        return date.fromordinal(self._working[number - 1])


@lru_cache(maxsize=64)
def first_difference(one: Calendar, other: Calendar) -> date | None:
    """The first date of which two tables say something else, a year's notice included; None for equal ones.

    What falls due before it is due at the same instant under both.
    """
    days = zip(one._is_work, other._is_work, strict=True)
    found = [_FIRST + place for place, (mine, theirs) in enumerate(days) if mine != theirs][:1]
    if one.published_through != other.published_through:
        found.append(date(min(one.published_through, other.published_through) + 1, 1, 1).toordinal())
    return date.fromordinal(min(found)) if found else None


def published_through(days: Iterable[Day], through: int) -> int:
    """The last year published without a gap, when the notices up to ``through`` are known already.

    A year counts as published once the table holds its notice, recognised by rest rows for its 01-01, 05-01 and
    10-01: one local rest day does not publish its year (fails closed).
    """
    rest = {day.on for day in days if not day.is_work}
    while all(date(through + 1, month, day) in rest for month, day in _IN_EVERY_NOTICE):
        through += 1
    return through


def _offset(on: date) -> int:
    offset = on.toordinal() - _FIRST
    if not 0 <= offset <= _LAST - _FIRST:
        raise ValueError(f"{on} lies outside the calendar, which covers 1970 to 2149")
    return offset
