"""How departments, officials and enterprises are called, by the version in force at an instant; and the calendar.

Every page asks for some of it, and it changes a few times a year. So what is in force is read whole and kept in memory,
by file, as long as no topic of reference data was read further and nothing else has come into force.
"""

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from shared.contract.events.supervision import CalendarPublished
from shared.domain.calendar import Calendar

_NEWEST = """
    SELECT {columns} FROM (
        SELECT *, row_number() OVER (PARTITION BY {key} ORDER BY in_force_from DESC, seq DESC) AS place
        FROM {table} WHERE in_force_from <= ?
    ) WHERE place = 1
"""
_READ = "SELECT count(*), coalesce(sum(next), 0) FROM position WHERE topic LIKE '%.reference'"
_LATER = " UNION ALL ".join(
    f"SELECT min(in_force_from) AS at FROM {table} WHERE in_force_from > :at"
    for table in ("department", "staff", "calendar")
)
MOST_FILES = 8


class Official(NamedTuple):
    """An official as the directory has them."""

    account: str
    name: str
    roles: tuple[str, ...]
    department: str
    level: str


class _Entry(NamedTuple):
    """A department as the directory has it."""

    code: str
    name_zh: str
    name_en: str
    level: str
    merged_into: str
    since: int
    duties: tuple[str, ...]

    def name(self, language: str) -> str:
        return self.name_en if language == "en" else self.name_zh


class _Directory(NamedTuple):
    """All that is in force from ``since`` until ``until`` (milliseconds), as far as ``read``."""

    read: tuple[int, int]
    since: int
    until: float
    officials: tuple[Official, ...]
    departments: tuple[_Entry, ...]
    into: Mapping[str, str]
    calendar: Calendar


_KEPT: dict[str, _Directory] = {}


def _directory(reads: sqlite3.Connection, at: int) -> _Directory:
    file = str(reads.execute("PRAGMA database_list").fetchone()[2])
    read: tuple[int, int] = reads.execute(_READ).fetchone()
    kept = _KEPT.get(file)
    if kept is None or kept.read != read or not kept.since <= at < kept.until:
        (until,) = reads.execute(f"SELECT min(at) FROM ({_LATER})", {"at": at}).fetchone()
        until = float("inf") if until is None else until
        departments = tuple(_departments(reads, at))
        found = tuple(_officials(reads, at)), departments, _into(departments), _calendar(reads, at)
        _KEPT.pop(file, None)
        kept = _KEPT[file] = _Directory(read, at, until, *found)
        while len(_KEPT) > MOST_FILES:
            del _KEPT[next(iter(_KEPT))]
    return kept


def in_force(reads: sqlite3.Connection, at: int) -> object:
    """All that is kept here, to compare: it is another one where any of it changed."""
    return _directory(reads, at)


def _officials(reads: sqlite3.Connection, at: int) -> Iterator[Official]:
    sql = _NEWEST.format(
        columns="account, name, roles, department, level", key="jurisdiction, account", table="staff"
    )
    for account, name, roles, department, level in reads.execute(f"{sql} ORDER BY account", (at,)):
        yield Official(account, name, tuple(json.loads(roles)), department, level or "")


def _departments(reads: sqlite3.Connection, at: int) -> Iterator[_Entry]:
    columns = "code, name_zh, name_en, level, merged_into, in_force_from, data"
    sql = _NEWEST.format(columns=columns, key="jurisdiction, code", table="department")
    for code, zh, en, level, into, since, data in reads.execute(f"{sql} ORDER BY code", (at,)):
        duties = tuple(json.loads(data).get("duties", ()))
        yield _Entry(code, zh, en, level, into or "", since, duties)


def _into(departments: Iterable[_Entry]) -> dict[str, str]:
    """Merged department -> where its work went; of mergers that close a circle the last does not count."""
    found: dict[str, str] = {}
    for one in sorted(departments, key=lambda entry: entry.since):
        if one.merged_into and _follow(found, one.merged_into) != one.code:
            found[one.code] = one.merged_into
    return found


def _follow(into: Mapping[str, str], code: str) -> str:
    while code in into:
        code = into[code]
    return code


def officials(reads: sqlite3.Connection, at: int) -> tuple[Official, ...]:
    """Every official in force at ``at`` (milliseconds), by account."""
    return _directory(reads, at).officials


def official(reads: sqlite3.Connection, account: str, at: int) -> Official | None:
    """The official of this account; None where the directory has none."""
    return next((one for one in officials(reads, at) if one.account == account), None)


def departments(reads: sqlite3.Connection, at: int, language: str) -> dict[str, str]:
    """code -> name, of every department in force."""
    return {one.code: one.name(language) for one in _directory(reads, at).departments}


class Department(NamedTuple):
    """A department to which something can be assigned."""

    code: str
    name: str
    duties: tuple[str, ...]


def assignable(reads: sqlite3.Connection, at: int, language: str) -> list[Department]:
    """Every department in force that was not merged into another one, by code."""
    return [
        Department(one.code, one.name(language), one.duties)
        for one in _directory(reads, at).departments
        if not one.merged_into
    ]


def successor(reads: sqlite3.Connection, at: int, code: str) -> str:
    """The department that has the work of this one: itself, or whoever took it over, however often merged."""
    return _follow(_directory(reads, at).into, code)


def work_of(reads: sqlite3.Connection, at: int, code: str) -> list[str]:
    """The departments whose work this one has: itself, and those that were merged into it."""
    into = _directory(reads, at).into
    return [code, *(merged for merged in into if _follow(into, merged) == code)]


def levels(reads: sqlite3.Connection, at: int) -> dict[str, str]:
    """code -> level (``city``, ``county``, …), of every department in force."""
    return {one.code: one.level for one in _directory(reads, at).departments}


def enterprise(reads: sqlite3.Connection, code: str) -> str:
    """The name of an enterprise, or its credit code where no name is known."""
    return enterprises(reads, [code])[code]


def enterprises(reads: sqlite3.Connection, codes: Collection[str]) -> dict[str, str]:
    """The same of several at once, by code."""
    sql = "SELECT code, name FROM enterprise WHERE code IN (SELECT value FROM json_each(?))"
    found = dict(reads.execute(sql, (json.dumps([*codes]),)))
    return {code: found.get(code) or code for code in codes}


def calendar(reads: sqlite3.Connection, at: int) -> Calendar:
    """The table of working days in force; before any was published every week has five."""
    return _directory(reads, at).calendar


def _calendar(reads: sqlite3.Connection, at: int) -> Calendar:
    sql = _NEWEST.format(columns="jurisdiction, version", key="jurisdiction", table="calendar")
    row = reads.execute(sql, (at,)).fetchone()
    if row is None:
        return _weekdays()
    return calendar_named(reads, *row) or _weekdays()


def calendar_named(reads: sqlite3.Connection, jurisdiction: str, version: str) -> Calendar | None:
    """The table of this version, by which something was counted; None as long as it has not been read here."""
    return _CALENDARS.get(version) or _read(reads, jurisdiction, version)


_CALENDARS: dict[str, Calendar] = {}
"""By version: making one takes some milliseconds, and its version says all that is in it."""


def _read(reads: sqlite3.Connection, jurisdiction: str, version: str) -> Calendar | None:
    sql = "SELECT data FROM calendar WHERE jurisdiction = ? AND version = ?"
    row = reads.execute(sql, (jurisdiction, version)).fetchone()
    if row is None:
        return None
    published = CalendarPublished.read(json.loads(row[0]))
    _CALENDARS[version] = Calendar(published.published_through, published.days)
    return _CALENDARS[version]


@lru_cache(maxsize=1)
def _weekdays() -> Calendar:
    return Calendar(0, ())
