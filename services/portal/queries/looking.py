"""What is looked at again, in SQL: the issues of which a tracking clock runs, the one that is due first on top."""

import sqlite3
from typing import NamedTuple

from services.portal.addresses import Place
from services.portal.queries.selecting import select
from shared.contract.words import ClockName

Row = sqlite3.Row
PAGE = 50
MONTH_MS = 30 * 86_400_000
LATE, SOON = "late", "soon"
"""Whose day is over; whose day comes within thirty days."""
_FIRST = f"""
    SELECT issue, min(due_at) AS look_due_at FROM clock
    WHERE clock = '{ClockName.TRACKING}' AND stopped_at IS NULL GROUP BY issue
"""
"""Of each issue the look that is due first: one that is overdue stays beside the reminder that follows it."""


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
    """How many there are, whatever ``chosen.due`` is."""
    where, values = _which(chosen._replace(due=""), now)
    query = f"""
        SELECT count(*), coalesce(sum(look_due_at <= :now), 0),
            coalesce(sum(look_due_at > :now AND look_due_at <= :until), 0)
        FROM ({_FIRST}) AS first JOIN issue i ON i.id = first.issue WHERE {where}
    """
    return Count(*reads.execute(query, values).fetchone())


def page(reads: sqlite3.Connection, chosen: Chosen, now: int, after: Place | None = None) -> list[Row]:
    """A page of the list and the first row of the next: the issue, and ``look_due_at``."""
    where, values = _which(chosen, now)
    if after is not None:
        where += " AND (look_due_at, i.id) > (:after_at, :after_id)"
        values |= {"after_at": after.at, "after_id": after.id}
    query = f"""
        SELECT i.*, look_due_at FROM ({_FIRST}) AS first JOIN issue i ON i.id = first.issue
        WHERE {where} ORDER BY look_due_at, i.id LIMIT {PAGE + 1}
    """
    return select(reads, query, values).fetchall()


def _which(chosen: Chosen, now: int) -> tuple[str, dict[str, object]]:
    conditions = ["i.registered_at IS NOT NULL"]
    values: dict[str, object] = {"now": now, "until": now + MONTH_MS}
    if chosen.why:
        conditions.append("i.listed = :why")
        values["why"] = chosen.why
    if chosen.department:
        conditions.append("i.department = :department")
        values["department"] = chosen.department
    if chosen.due == LATE:
        conditions.append("look_due_at <= :now")
    elif chosen.due == SOON:
        conditions.append("look_due_at > :now AND look_due_at <= :until")
    return " AND ".join(conditions), values
