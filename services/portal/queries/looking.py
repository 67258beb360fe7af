"""What is looked at again, in SQL: the issues of which a tracking clock runs, the one that is due first on top."""

import sqlite3
from typing import NamedTuple

from services.portal.addresses import Place
from services.portal.queries.selecting import MOST_COUNTED, select
from shared.contract.words import ClockName

Row = sqlite3.Row
PAGE = 50
MONTH_MS = 30 * 86_400_000
LATE, SOON = "late", "soon"
"""Whose day is over; whose day comes within thirty days."""
_LISTED = f"""
    c.clock = '{ClockName.TRACKING}' AND i.listed IS NOT NULL AND i.registered_at IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM clock o WHERE o.issue = c.issue AND o.clock = c.clock AND +o.stopped_at IS NULL
            AND (o.due_at, o.number) < (c.due_at, c.number)
    )
"""
_FIRST = f"clock c CROSS JOIN issue i ON i.id = c.issue WHERE c.stopped_at IS NULL AND {_LISTED}"
"""Of each issue the look that is due first: one that is overdue stays beside the reminder that follows it.

It walks along the index of running clocks, so that what comes first is found without the rest. The plus sign keeps
SQLite from that index where it looks for other clocks of the same issue: these are few, those that run are many.
"""
_OF_ISSUES = f"issue i CROSS JOIN clock c ON c.issue = i.id WHERE +c.stopped_at IS NULL AND {_LISTED}"
"""The same along the index of what is listed: the few of one department or reason are found without the rest."""


class Chosen(NamedTuple):
    """What the list is narrowed to; "" for everything."""

    due: str = ""
    why: str = ""
    department: str = ""


class Count(NamedTuple):
    """How many stand on the list: of them overdue, due within thirty days."""

    all: int = 0
    late: int = 0
    soon: int = 0


def count(reads: sqlite3.Connection, chosen: Chosen, now: int) -> Count:
    """How many there are, whatever ``chosen.due`` is; each one more than ``MOST_COUNTED`` for more than that."""
    where, values = _which(chosen._replace(due=""), now)
    query = f"""
        SELECT count(*), coalesce(sum(at <= :now), 0), coalesce(sum(at > :now AND at <= :until), 0)
        FROM (SELECT c.due_at AS at FROM {_OF_ISSUES} {where} LIMIT :most)
    """
    found = Count(*reads.execute(query, values | {"most": MOST_COUNTED + 1}).fetchone())
    if found.all <= MOST_COUNTED:
        return found
    late, soon = (counted(reads, chosen._replace(due=due), now, MOST_COUNTED + 1) for due in (LATE, SOON))
    return Count(found.all, late, soon)


def counted(reads: sqlite3.Connection, chosen: Chosen, now: int, most: int) -> int:
    """How many issues stand on the list so narrowed, counted no further than ``most``."""
    where, values = _which(chosen, now)
    query = f"SELECT count(*) FROM (SELECT 1 FROM {_FIRST} {where} LIMIT :most)"
    return int(reads.execute(query, values | {"most": most}).fetchone()[0])


def page(reads: sqlite3.Connection, chosen: Chosen, now: int, after: Place | None = None) -> list[Row]:
    """A page of the list and the first row of the next: the issue, and ``look_due_at``."""
    where, values = _which(chosen, now)
    if after is not None:
        where += " AND (c.due_at, c.issue) > (:after_at, :after_id)"
        values |= {"after_at": after.at, "after_id": after.id}
    query = f"""
        SELECT i.*, c.due_at AS look_due_at FROM {_FIRST} {where} ORDER BY c.due_at, c.issue LIMIT {PAGE + 1}
    """
    return select(reads, query, values).fetchall()


def _which(chosen: Chosen, now: int) -> tuple[str, dict[str, object]]:
    """More conditions on an issue ``i`` and its clock ``c``, and their parameters."""
    conditions = [""]
    values: dict[str, object] = {"now": now, "until": now + MONTH_MS}
    if chosen.why:
        conditions.append("i.listed = :why")
        values["why"] = chosen.why
    if chosen.department:
        conditions.append("i.department = :department")
        values["department"] = chosen.department
    if chosen.due == LATE:
        conditions.append("c.due_at <= :now")
    elif chosen.due == SOON:
        conditions.append("c.due_at > :now AND c.due_at <= :until")
    return " AND ".join(conditions), values
