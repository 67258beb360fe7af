"""Which days are working days: a table of dates, with the source of each, and the years whose notice is out.

The base is the State Council's yearly notices as the `holidays` package carries them (2011 to 2026); an
administrator's overlay file adds to it or corrects it. No packaged corrections are needed: the base agrees
day by day with `chinesecalendar` (a test). Source of the rules: clocks.md 3 and 9.
"""

import csv
import hashlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import holidays

FIRST_PUBLISHED_YEAR = 2011  # the first year checked day by day
BASE_PUBLISHED_THROUGH = (
    2026  # the last year whose notice is in the base; a test says when the package knows more
)
OVERLAY_COLUMNS = ("date", "kind", "name", "source", "version")

# The table reaches further than any clock can, so that counting never needs a second way of doing it.
_FIRST = date(1970, 1, 1).toordinal()
_LAST = date(2149, 12, 31).toordinal()
# Every notice names these days; an overlay that lacks one of them is no year's notice.
_IN_EVERY_NOTICE = ((1, 1), (5, 1), (10, 1))


class Day(NamedTuple):
    """One row of the table: a date a notice names as work or rest, and where that is written."""

    on: date
    is_work: bool
    name: str
    source: str
    version: str


@dataclass(frozen=True)
class Calendar:
    """The working days of one jurisdiction; equal tables have equal versions, whoever built them.

    `named_days` are the days that notices name; every other day is work from Monday to Friday. Methods raise
    ValueError for dates outside 1970-2149. Counting takes about a microsecond.
    """

    jurisdiction: str
    published_through: int = field(compare=False)
    named_days: Mapping[date, Day] = field(compare=False, repr=False)
    version: str = field(init=False)
    _is_work: bytes = field(init=False, compare=False, repr=False)
    _working: "array[int]" = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Build the table once; 1970-01-01 was a Thursday, and `date.toordinal() % 7` is 1 on Mondays."""
        is_work = bytearray(1 <= ordinal % 7 <= 5 for ordinal in range(_FIRST, _LAST + 1))
        for day in self.named_days.values():
            is_work[_offset(day.on)] = day.is_work
        named = sorted((day.on.isoformat(), day.is_work) for day in self.named_days.values())
        digest = hashlib.sha256(repr((self.published_through, named)).encode()).hexdigest()
        # A frozen dataclass lets its derived fields be set in no other way.
        object.__setattr__(self, "version", f"{self.published_through}-{digest[:8]}")
        object.__setattr__(self, "_is_work", bytes(is_work))
        object.__setattr__(
            self, "_working", array("l", (_FIRST + i for i, work in enumerate(is_work) if work))
        )

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

    def nth_working_day_after(self, day0: date, n: int) -> date:
        """The n-th working day after `day0`, which is not counted (clocks.md 3); n is at least 1."""
        return self.working_day(self.working_days_through(day0) + _at_least_one(n))

    def next_working_day_on_or_after(self, on: date) -> date:
        """`on` itself when it is worked, else the next working day."""
        return self.working_day(bisect_left(self._working, _FIRST + _offset(on)) + 1)

    def previous_working_day(self, on: date, n: int = 1) -> date:
        """The n-th working day before `on`, which is not counted; n is at least 1."""
        return self.working_day(bisect_left(self._working, _FIRST + _offset(on)) + 1 - _at_least_one(n))


def base_calendar(overlay: Path | None = None, jurisdiction: str = "CN") -> Calendar:
    """The published calendar, with an administrator's overlay file laid over it.

    `overlay` is a UTF-8 CSV with the columns date,kind,name,source,version (kind: work or rest). A year after
    the base counts as published once the overlay holds its notice, recognised by rest rows for its 01-01,
    05-01 and 10-01. Raises ValueError naming file, line, column and what would be right; OSError when the
    file cannot be read.
    """
    days = dict(_base_days())
    rows = read_overlay(overlay) if overlay is not None else ()
    days.update((day.on, day) for day in rows)
    return Calendar(jurisdiction=jurisdiction, published_through=_published_through(rows), named_days=days)


def read_overlay(path: Path) -> tuple[Day, ...]:
    """The rows of an overlay file, in its order; errors as in `base_calendar`."""
    days: dict[date, Day] = {}
    try:
        # utf-8-sig: spreadsheets write a mark at the start that is no part of the first column's name.
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            if tuple(next(reader, ())) != OVERLAY_COLUMNS:
                raise ValueError(f"{path}, line 1: the columns must be {','.join(OVERLAY_COLUMNS)}")
            for cells in reader:
                if not cells:
                    continue
                day = _row(cells, f"{path}, line {reader.line_num}")
                if day.on in days:
                    where = f"{path}, line {reader.line_num}, column date"
                    raise ValueError(f"{where}: {day.on} is here twice; keep one of the two rows")
                days[day.on] = day
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: the file is not UTF-8; save it as a CSV in UTF-8") from error
    return tuple(days.values())


def _row(cells: list[str], where: str) -> Day:
    if len(cells) != len(OVERLAY_COLUMNS):
        raise ValueError(
            f"{where}: {len(cells)} columns; a row has {len(OVERLAY_COLUMNS)}: {','.join(OVERLAY_COLUMNS)}"
        )
    row = {column: cell.strip() for column, cell in zip(OVERLAY_COLUMNS, cells, strict=True)}
    try:
        on = date.fromisoformat(row["date"])
        _offset(on)
    except ValueError:
        raise ValueError(
            f"{where}, column date: {row['date']!r} is no date from 1970 to 2149; write it as 2027-01-01"
        ) from None
    if row["kind"] not in ("work", "rest"):
        raise ValueError(
            f"{where}, column kind: {row['kind']!r} is neither work nor rest; write one of these two"
        )
    for column, example in (("name", "春节"), ("source", "国办发明电〔2026〕1号"), ("version", "1")):
        if not row[column]:
            raise ValueError(f"{where}, column {column}: it is empty; write for example {example}")
    return Day(on, row["kind"] == "work", row["name"], row["source"], row["version"])


def _published_through(rows: Iterable[Day]) -> int:
    """The last year published without a gap; one local rest day does not publish its year (fails closed)."""
    rest = {day.on for day in rows if not day.is_work}
    year = BASE_PUBLISHED_THROUGH
    while all(date(year + 1, month, day) in rest for month, day in _IN_EVERY_NOTICE):
        year += 1
    return year


@lru_cache(maxsize=1)
def _base_days() -> dict[date, Day]:
    """Every day that the notices of 2011 to 2026 name; read once in a process (about 10 ms)."""
    china = holidays.country_holidays(
        "CN", years=range(FIRST_PUBLISHED_YEAR, BASE_PUBLISHED_THROUGH + 1), language="zh_CN"
    )
    version = f"holidays {holidays.__version__}"
    days = {}
    for on in sorted({*china, *china.weekend_workdays}):
        if FIRST_PUBLISHED_YEAR <= on.year <= BASE_PUBLISHED_THROUGH:
            source = f"国务院办公厅关于{on.year}年部分节假日安排的通知"
            days[on] = Day(on, china.is_working_day(on), china.get(on) or "补班", source, version)
    return days


def _offset(on: date) -> int:
    offset = on.toordinal() - _FIRST
    if not 0 <= offset <= _LAST - _FIRST:
        raise ValueError(f"{on} lies outside the calendar, which covers 1970 to 2149")
    return offset


def _at_least_one(n: int) -> int:
    if n < 1:
        raise ValueError(f"cannot count {n} working days; count at least 1")
    return n
