"""What a talk may be about, and who may be asked to come: counted of issues that nobody has answered yet, by the trade
of their enterprise and by the department that holds them. An issue without a name is in none of it."""

import sqlite3
from collections.abc import Mapping
from typing import Literal, NamedTuple

from services.portal.queries.selecting import Row, select

By = Literal["trade", "department"]
MOST_ISSUES, MOST_PEOPLE = 200, 40
"""So many stand on one page."""
_OF: Mapping[By, str] = {"trade": "e.trade", "department": "i.holder"}
_OPEN = """
    FROM issue i LEFT JOIN enterprise e ON e.code = i.enterprise AND i.enterprise <> ''
    WHERE i.registered_at IS NOT NULL AND i.first_replied_at IS NULL AND i.ended_at IS NULL
        AND coalesce(i.anonymous, 0) = 0
"""


class Matter(NamedTuple):
    """A trade, or a department by its code, and of how many unanswered issues it is."""

    by: By
    of: str
    issues: int


def frequent(reads: sqlite3.Connection, by: By, limit: int = -1) -> list[Matter]:
    """Those of the most issues first; all of them without a limit."""
    query = f"""
        SELECT {_OF[by]} AS matter, count(*) AS issues {_OPEN} AND {_OF[by]} <> ''
        GROUP BY matter ORDER BY issues DESC, matter LIMIT ?
    """
    return [Matter(by, matter, issues) for matter, issues in reads.execute(query, (limit,))]


def issues(reads: sqlite3.Connection, by: By, of: str) -> list[Row]:
    """The issues behind such a number, those that have waited longest first; with the name of their enterprise."""
    query = f"""
        SELECT i.*, e.name AS enterprise_name, (
            SELECT json_group_array(department) FROM co_handler
            WHERE issue = i.id AND department IS NOT NULL AND released_at IS NULL
        ) AS co_handlers {_OPEN} AND {_OF[by]} = ? ORDER BY i.registered_at, i.id LIMIT ?
    """
    return select(reads, query, (of, MOST_ISSUES)).fetchall()


def people(reads: sqlite3.Connection, trade: str, talk: str) -> list[Row]:
    """Who of a trade waits for an answer and takes no part in this talk yet: reference, enterprise, how many issues."""
    query = f"""
        SELECT i.person, i.enterprise, e.name AS enterprise_name, count(*) AS issues {_OPEN} AND e.trade = ?
            AND i.person NOT IN (SELECT person FROM talk_participant WHERE talk = ? AND how IS NOT NULL)
        GROUP BY i.person, i.enterprise ORDER BY issues DESC, min(i.registered_at), i.person LIMIT ?
    """
    return select(reads, query, (trade, talk, MOST_PEOPLE)).fetchall()
