"""How departments, officials and enterprises are called, by the version in force at an instant; and the calendar."""

import json
import sqlite3
from collections.abc import Iterator
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


class Official(NamedTuple):
    """An official as the directory has them."""

    account: str
    name: str
    roles: tuple[str, ...]
    department: str


def officials(reads: sqlite3.Connection, at: int) -> Iterator[Official]:
    """Every official in force at ``at`` (milliseconds), by account."""
    sql = _NEWEST.format(
        columns="account, name, roles, department", key="jurisdiction, account", table="staff"
    )
    for account, name, roles, department in reads.execute(f"{sql} ORDER BY account", (at,)):
        yield Official(account, name, tuple(json.loads(roles)), department)


def departments(reads: sqlite3.Connection, at: int, language: str) -> dict[str, str]:
    """code -> name, of every department in force."""
    column = "name_en" if language == "en" else "name_zh"
    sql = _NEWEST.format(columns=f"code, {column}", key="jurisdiction, code", table="department")
    return dict(reads.execute(sql, (at,)))


class Department(NamedTuple):
    """A department to which something can be assigned."""

    code: str
    name: str
    duties: tuple[str, ...]


def assignable(reads: sqlite3.Connection, at: int, language: str) -> list[Department]:
    """Every department in force that was not merged into another one, by code."""
    column = "name_en" if language == "en" else "name_zh"
    sql = _NEWEST.format(
        columns=f"code, {column}, data, merged_into", key="jurisdiction, code", table="department"
    )
    rows = reads.execute(f"{sql} ORDER BY code", (at,))
    return [
        Department(code, name, tuple(json.loads(data).get("duties", ())))
        for code, name, data, merged_into in rows
        if not merged_into
    ]


def levels(reads: sqlite3.Connection, at: int) -> dict[str, str]:
    """code -> level (``city``, ``county``, …), of every department in force."""
    sql = _NEWEST.format(columns="code, level", key="jurisdiction, code", table="department")
    return dict(reads.execute(sql, (at,)))


def enterprise(reads: sqlite3.Connection, code: str) -> str:
    """The name of an enterprise, or its credit code where no name is known."""
    row = reads.execute("SELECT name FROM enterprise WHERE code = ?", (code,)).fetchone()
    return row[0] if row and row[0] else code


def calendar(reads: sqlite3.Connection, at: int) -> Calendar:
    """The table of working days in force; before any was published every week has five."""
    sql = _NEWEST.format(columns="jurisdiction, version", key="jurisdiction", table="calendar")
    row = reads.execute(sql, (at,)).fetchone()
    if row is None:
        return _weekdays()
    return _known(row[1]) or _read(reads, *row)


_CALENDARS: dict[str, Calendar] = {}
"""By version: making one takes some milliseconds, and its version says all that is in it."""


def _known(version: str) -> Calendar | None:
    return _CALENDARS.get(version)


def _read(reads: sqlite3.Connection, jurisdiction: str, version: str) -> Calendar:
    sql = "SELECT data FROM calendar WHERE jurisdiction = ? AND version = ?"
    published = CalendarPublished.read(json.loads(reads.execute(sql, (jurisdiction, version)).fetchone()[0]))
    _CALENDARS[version] = Calendar(published.published_through, published.days)
    return _CALENDARS[version]


@lru_cache(maxsize=1)
def _weekdays() -> Calendar:
    return Calendar(0, ())
