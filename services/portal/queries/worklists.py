"""Lists of issues that wait for somebody, the most urgent first, and the register of all, in keyset pages."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from services.portal.addresses import Place
from services.portal.queries.selecting import ENDLESS, MOST_COUNTED, Row, select

PAGE = 50


class Found(NamedTuple):
    """One page of a list; ``next`` is where the one after it begins, "" for none."""

    rows: list[Row]
    next: str


_OF_STATE = """
    SELECT * FROM (
        SELECT 0 AS at, id FROM issue WHERE state = ? AND next_due_at IS NULL AND id > ? {only} ORDER BY id LIMIT ?
    )
    UNION ALL
    SELECT * FROM (
        SELECT next_due_at, id FROM issue WHERE state = ? AND (next_due_at, id) > (?, ?) {only}
        ORDER BY next_due_at, id LIMIT ?
    )
"""
ALL = "AND registered_at IS NOT NULL"
TO_READ = f"{ALL} AND dispatch_state IN ('signed_off', 'checked')"
ASKED = f"{ALL} AND asked = 1"
"""What is asked of an issue beside its state: that its registration was read, for topics do not wait for each other;
or also that a draft of it is signed off, or that more time is asked for."""


COLUMNS = """
    issue.id, number, kind, origin, urgent, anonymous, state, dispatch_state, holder, assignment, enterprise,
    recorded_by, registered_at, due_at, expected_at, appealed_at, ended_at, feedback_round, next_due_at, next_clock,
    title, text, corrected_title, corrected_text, attachments, extension, pause, paused, to_answer,
    answer_until, moved_at
"""
"""What a list shows: a row of an issue has many times as many, and each is made an object of."""


def waiting(
    reads: sqlite3.Connection,
    states: Sequence[str],
    after: Place,
    only: str = ALL,
    asked: Sequence[str] = (),
) -> Found:
    """Issues in these states; of which no clock runs yet come first, then the one that is due first.

    ``asked``: further states, in which only those are meant of which more time is asked for.
    """
    # Each state is a walk of its own along an index: together they would have to be sorted whole.
    parts = " UNION ALL ".join(
        _OF_STATE.format(only=one) for one in (*(only for _ in states), *(ASKED for _ in asked))
    )
    first = f"SELECT at, id FROM ({parts}) ORDER BY at, id LIMIT ?"
    sql = f"SELECT {COLUMNS} FROM ({first}) AS first CROSS JOIN issue USING (id) ORDER BY first.at, first.id"
    values: list[object] = []
    for state in (*states, *asked):
        values += [state, "~" if after.at else after.id, PAGE + 1, state, after.at, after.id, PAGE + 1]
    return _found(select(reads, sql, (*values, PAGE + 1)).fetchall(), "next_due_at")


def count_waiting(
    reads: sqlite3.Connection, states: Sequence[str], only: str = ALL, most: int = ENDLESS
) -> int:
    """How many there are, counted no further than ``most``."""
    marks = ", ".join("?" * len(states))
    sql = f"SELECT count(*) FROM (SELECT 1 FROM issue WHERE state IN ({marks}) {only} LIMIT ?)"
    return int(reads.execute(sql, (*states, most)).fetchone()[0])


def newest(reads: sqlite3.Connection) -> int:
    """When the newest issue was registered (ms); 0 before the first."""
    return int(reads.execute("SELECT coalesce(max(registered_at), 0) FROM issue").fetchone()[0])


def count_newer(reads: sqlite3.Connection, states: Sequence[str], since: int) -> int:
    """How many of those in these states were registered after an instant (ms): found by age, however many wait."""
    marks = ", ".join("?" * len(states))
    sql = f"SELECT count(*) FROM issue WHERE +state IN ({marks}) AND registered_at > ?"
    return int(reads.execute(sql, (*states, since)).fetchone()[0])


def count_states(reads: sqlite3.Connection, states: Sequence[str]) -> dict[str, int]:
    """How many there are in each of these states: asked one by one, which SQLite counts twice as fast as in groups."""
    return {state: count_waiting(reads, (state,)) for state in states}


class Filters(NamedTuple):
    """What the register is narrowed to; "" for everything."""

    state: str = ""
    department: str = ""
    source: str = ""
    urgent: bool = False
    due_first: bool = False


_COLUMNS = {"state": "state = ?", "department": "holder = ?", "source": "origin = ?"}


def register(reads: sqlite3.Connection, filters: Filters, after: Place) -> Found:
    """All issues that the filters leave: the newest first, or of those of which a clock runs the one due first."""
    where, values = _where(filters)
    if filters.due_first:
        order, begin = "next_due_at, id", ">"
    else:
        order, begin, after = "registered_at DESC, id DESC", "<", after if after.id else Place(ENDLESS, "")
    column = "next_due_at" if filters.due_first else "registered_at"
    where += (
        " AND next_due_at IS NOT NULL" * filters.due_first
    )  # by that the partial index is known to have them
    sql = f"SELECT {COLUMNS} FROM issue WHERE {where} AND ({column}, id) {begin} (?, ?) ORDER BY {order} LIMIT ?"
    return _found(select(reads, sql, (*values, after.at, after.id, PAGE + 1)).fetchall(), column)


def count_register(reads: sqlite3.Connection, filters: Filters) -> int:
    """How many the filters leave; one more than ``MOST_COUNTED`` for more than that."""
    where, values = _where(filters)
    known = "next_due_at >= 0" if filters.due_first else "registered_at >= 0"
    sql = f"SELECT count(*) FROM (SELECT 1 FROM issue WHERE {where} AND {known} LIMIT ?)"
    return int(reads.execute(sql, (*values, MOST_COUNTED + 1)).fetchone()[0])


def _where(filters: Filters) -> tuple[str, list[object]]:
    given: Mapping[str, str] = {name: str(getattr(filters, name)) for name in _COLUMNS}
    parts = [_COLUMNS[name] for name, value in given.items() if value] + ["urgent = 1"] * filters.urgent
    parts.append("number IS NOT NULL")
    return " AND ".join(parts), [value for value in given.values() if value]


def _found(rows: list[Row], column: str) -> Found:
    if len(rows) <= PAGE:
        return Found(rows, "")
    last = rows[PAGE - 1]
    return Found(rows[:PAGE], Place(last[column] or 0, last["id"]).written)
