"""One year's notice of rest days and make-up days as a CSV file, read and checked for contradictions."""

import csv
from collections import Counter
from collections.abc import Iterator
from datetime import date
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from shared.domain.calendar import Day
from shared.handwritten import WrongFile, read_text

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
    faults: list[str] = []
    for line, cells in _cells(text, path):
        day, wrong = _day(cells, f"{path}, line {line}")
        faults += wrong
        if day is not None:
            rows.append(_Row(line, day))
    if not rows:
        raise WrongFile(faults or [f"{path}, line 2: there is no row; write one for each day of the notice"])
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
            raise WrongFile([f"{path}, line 1: the columns must be {','.join(COLUMNS)}"])
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        where = f"{path}, line {reader.line_num}"
        raise WrongFile([f"{where}: this is no CSV ({error}); close every quotation mark"]) from None


def _day(cells: list[str], where: str) -> tuple[Day | None, list[str]]:
    """The day of one row, and what is wrong with the row."""
    if len(cells) != len(COLUMNS):
        rule = f"{len(cells)} columns; a row has {len(COLUMNS)}: {','.join(COLUMNS)}"
        return None, [f"{where}: {rule}"]
    row = dict(zip(COLUMNS, cells, strict=True))
    faults = []
    on = _date(row["date"])
    if on is None:
        rule = f"{row['date'][:40]!r} is no date from 1970 to 2149; write it as 2027-01-01"
        faults.append(f"{where}, column date: {rule}")
    if row["kind"] not in ("work", "rest"):
        rule = f"{row['kind'][:40]!r} is neither work nor rest; write one of these two"
        faults.append(f"{where}, column kind: {rule}")
    faults += [
        f"{where}, column {column}: it is empty; write for example {example}"
        for column, example in EXAMPLES.items()
        if not row[column]
    ]
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


def _twice(path: str, rows: list[_Row]) -> Iterator[str]:
    first: dict[date, int] = {}
    for line, day in rows:
        if day.on in first:
            rule = f"{day.on} is here twice, on line {first[day.on]} already; keep one of the two rows"
            yield f"{path}, line {line}, column date: {rule}"
        first.setdefault(day.on, line)


def _of_other_years(path: str, rows: list[_Row], year: int) -> Iterator[str]:
    for line, day in rows:
        before = (day.on.year, day.on.month) == (year - 1, DECEMBER)
        if day.on.year != year and not before:
            rule = f"{day.on} is not of {year}, as the other rows are; write one file for each year"
            yield f"{path}, line {line}, column date: {rule}"


def _no_make_up(path: str, rows: list[_Row]) -> Iterator[str]:
    for line, day in rows:
        if day.is_work and day.on.isoweekday() <= FRIDAY:
            rule = f"{day.on} is a {day.on:%A}, worked anyway; a make-up day is a Saturday or Sunday"
            yield f"{path}, line {line}, column kind: {rule}"


def _not_named(path: str, rows: list[_Row], year: int) -> Iterator[str]:
    """The days that every notice names as rest: without them it is not the whole notice."""
    kinds = {row.day.on: row for row in rows}
    for month, day in NAMED_BY_EVERY_NOTICE:
        on = date(year, month, day)
        if on not in kinds:
            yield f"{path}, column date: {on} is missing; every notice names it as rest, so write the whole notice"
        elif kinds[on].day.is_work:
            rule = f"{on} is work here; every notice names it as rest"
            yield f"{path}, line {kinds[on].line}, column kind: {rule}"
