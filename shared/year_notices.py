"""One year's notice of rest days and make-up days as a CSV file, read and checked for contradictions."""

import csv
from collections import Counter
from collections.abc import Iterator
from datetime import date
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from shared.domain.calendar import Day
from shared.domain.faults import Fault
from shared.handwritten import WrongFile, fault_at, read_text

COLUMNS = ("date", "kind", "name", "source")
EXAMPLES = {"name": "春节", "source": "国办发明电〔2026〕1号"}
NAMED_BY_EVERY_NOTICE = ((1, 1), (5, 1), (10, 1))
FIRST_DATE, LAST_DATE = date(1970, 1, 1), date(2149, 12, 31)
FRIDAY, DECEMBER = 5, 12


class Notice(NamedTuple):
    """The notice of one year: its days in the file's order."""

    year: int
    days: tuple[Day, ...]


class _Row(NamedTuple):
    line: int
    day: Day


def read_notice(path: Path) -> Notice:
    """The notice in a file, as ``notice_in``."""
    return notice_in(read_text(path), str(path))


def notice_in(text: str, path: str) -> Notice:
    """The notice in a text that calls itself ``path``; raises WrongFile with every fault, each naming line, column and
    what would be right.

    A new year's notice may reach back into the December before it, as those of 2012 and 2019 did (its make-up day);
    every other date is of one year.
    """
    rows: list[_Row] = []
    faults: list[Fault] = []
    for line, cells in _cells(text, path):
        day, wrong = _day(cells, path, line)
        faults += wrong
        if day is not None:
            rows.append(_Row(line, day))
    if not rows:
        none = Fault("there is no row; write one for each day of the notice")
        raise WrongFile(faults or [fault_at(path, none, 2)])
    year = _year(rows)
    faults += [*_twice(path, rows), *_of_other_years(path, rows, year), *_no_make_up(path, rows)]
    faults += _not_named(path, rows, year)
    if faults:
        raise WrongFile(faults)
    return Notice(year, tuple(row.day for row in rows))


def _cells(text: str, path: str) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of each row after the header; empty lines are passed over."""
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    try:
        header = tuple(cell.strip() for cell in next(reader, ()))
        if header != COLUMNS:
            rule = Fault("the columns must be %(columns)s", columns=",".join(COLUMNS))
            raise WrongFile([fault_at(path, rule, 1)])
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        rule = Fault("this is no CSV (%(why)s); close every quotation mark", why=str(error))
        raise WrongFile([fault_at(path, rule, reader.line_num)]) from None


def _day(cells: list[str], path: str, line: int) -> tuple[Day | None, list[Fault]]:
    """The day of one row, and what is wrong with the row."""
    if len(cells) != len(COLUMNS):
        counts = {"found": len(cells), "wanted": len(COLUMNS), "columns": ",".join(COLUMNS)}
        rule = Fault("%(found)s columns; a row has %(wanted)s: %(columns)s", **counts)
        return None, [fault_at(path, rule, line)]
    row = dict(zip(COLUMNS, cells, strict=True))
    faults = []
    on = _date(row["date"])
    if on is None:
        found = repr(row["date"][:40])
        rule = Fault("%(found)s is no date from 1970 to 2149; write it as 2027-01-01", found=found)
        faults.append(fault_at(path, rule, line, "date"))
    if row["kind"] not in ("work", "rest"):
        found = repr(row["kind"][:40])
        rule = Fault("%(found)s is neither work nor rest; write one of these two", found=found)
        faults.append(fault_at(path, rule, line, "kind"))
    for column, example in EXAMPLES.items():
        if not row[column]:
            rule = Fault("it is empty; write for example %(example)s", example=example)
            faults.append(fault_at(path, rule, line, column))
    if on is None or faults:
        return None, faults
    return Day(on, row["kind"] == "work", row["name"], row["source"]), []


def _date(text: str) -> date | None:
    try:
        on = date.fromisoformat(text)
    except ValueError:
        return None
    return on if FIRST_DATE <= on <= LAST_DATE and text == on.isoformat() else None


def _year(rows: list[_Row]) -> int:
    """The year that most rows are of; the first one named, where two are named equally often."""
    return Counter(row.day.on.year for row in rows).most_common(1)[0][0]


def _twice(path: str, rows: list[_Row]) -> Iterator[Fault]:
    first: dict[date, _Row] = {}
    for row in rows:
        if before := first.get(row.day.on):
            twice = {"day": row.day.on, "line": before.line}
            rule = Fault("%(day)s is here twice, on line %(line)s already; keep one of the two rows", **twice)
            if before.day.is_work != row.day.is_work:
                rule = Fault(
                    "%(day)s is rest as well as a make-up day, see line %(line)s; work is made up on no rest day",
                    **twice,
                )
            yield fault_at(path, rule, row.line, "date")
        first.setdefault(row.day.on, row)


def _of_other_years(path: str, rows: list[_Row], year: int) -> Iterator[Fault]:
    for line, day in rows:
        before = (day.on.year, day.on.month) == (year - 1, DECEMBER)
        if day.on.year != year and not before:
            rule = Fault(
                "%(day)s is not of %(year)s, as the other rows are; write one file for each year",
                day=day.on,
                year=year,
            )
            yield fault_at(path, rule, line, "date")


def _no_make_up(path: str, rows: list[_Row]) -> Iterator[Fault]:
    for line, day in rows:
        if day.is_work and day.on.isoweekday() <= FRIDAY:
            rule = Fault(
                "%(day)s is a %(weekday)s, worked anyway; a make-up day is a Saturday or Sunday",
                day=day.on,
                weekday=f"{day.on:%A}",
            )
            yield fault_at(path, rule, line, "kind")


def _not_named(path: str, rows: list[_Row], year: int) -> Iterator[Fault]:
    """The days that every notice names as rest: without them it is not the whole notice."""
    kinds = {row.day.on: row for row in rows}
    for month, day in NAMED_BY_EVERY_NOTICE:
        on = date(year, month, day)
        if on not in kinds:
            rule = Fault(
                "%(day)s is missing; every notice names it as rest, so write the whole notice", day=on
            )
            yield fault_at(path, rule, column="date")
        elif kinds[on].day.is_work:
            rule = Fault("%(day)s is work here; every notice names it as rest", day=on)
            yield fault_at(path, rule, kinds[on].line, "kind")
