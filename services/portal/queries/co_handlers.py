"""Departments that were asked for an opinion on an issue, and what one of them is waited for."""

import sqlite3

from services.portal.addresses import Place
from services.portal.queries.handling import COLUMNS, JOINED, PAGE
from services.portal.queries.selecting import ENDLESS, Row, select

_DUE = "coalesce(running.due_at, part.due_at)"
"""Its clock, where supervision has started it: that follows a new calendar."""
_OF_AN_ISSUE = f"""
    SELECT part.*, {_DUE} AS runs_until, running.breached_at FROM co_handler part
    LEFT JOIN clock running ON running.issue = part.issue AND running.assignment = part.id
    WHERE part.issue = ? AND part.department IS NOT NULL AND part.released_at IS NULL
    ORDER BY part.round DESC, part.added_at, part.id
"""
_FROM = """
    FROM co_handler part JOIN issue ON issue.id = part.issue
    LEFT JOIN clock running ON running.issue = part.issue AND running.assignment = part.id
"""
_WAITED_FOR = """
    WHERE part.department = :department AND part.released_at IS NULL AND part.heard_at IS NULL
        AND issue.registered_at IS NOT NULL AND issue.ended_at IS NULL
"""
_ITS_OWN = f"'co_handler' AS next_clock, coalesce({_DUE}, :never) AS next_due_at, part.wanted"
LISTED = f"""
    SELECT {COLUMNS.format(clock=_ITS_OWN)} {_FROM} {JOINED} {_WAITED_FOR}
        AND (coalesce({_DUE}, :never), issue.id) > (:at, :id)
    ORDER BY coalesce({_DUE}, :never), issue.id LIMIT :most
"""


def of_issue(reads: sqlite3.Connection, id: str) -> list[Row]:
    """Who is waited for and who was heard, the newest round first; ``runs_until``: when the opinion is due."""
    return select(reads, _OF_AN_ISSUE, (id,)).fetchall()


def listed(reads: sqlite3.Connection, department: str, after: Place, most: int = PAGE) -> list[Row]:
    """What a department is to give its opinion on, the one due first on top: as a list of its own issues has it."""
    values = {"department": department, **after._asdict(), "most": most + 1, "never": ENDLESS}
    return select(reads, LISTED, values).fetchall()


def count(reads: sqlite3.Connection, department: str) -> int:
    """How many opinions a department is waited for."""
    (found,) = reads.execute(f"SELECT count(*) {_FROM} {_WAITED_FOR}", {"department": department}).fetchone()
    return int(found)
