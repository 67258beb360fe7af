"""One issue and the lists of issues, as rows by column name."""

import json
import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple

from services.portal.queries.selecting import Row, select


def issue(reads: sqlite3.Connection, id: str) -> Row | None:
    """One issue, with the departments that co-handle it and how many of these are to be heard still; None where nobody
    registered it, as far as is known."""
    sql = """
        SELECT *, (
            SELECT json_group_array(department) FROM co_handler
            WHERE issue = issue.id AND department IS NOT NULL AND released_at IS NULL
        ) AS co_handlers, (
            SELECT count(*) FROM co_handler
            WHERE issue = issue.id AND department IS NOT NULL AND released_at IS NULL AND heard_at IS NULL
        ) AS opinions_wanted
        FROM issue WHERE id = ? AND number IS NOT NULL
    """
    return _one(reads, sql, id)


TIMELINE = """
    SELECT at, type, who, data FROM (
        SELECT * FROM timeline WHERE subject = ?
        UNION ALL
        SELECT * FROM timeline
        WHERE type >= 'notice.' AND type < 'notice/' AND json_extract(data, '$.issue') = ?
    ) ORDER BY at DESC, topic, source DESC, seq DESC, type
"""


REACHED = """
    SELECT source, max(seq) FROM sequence WHERE subject = ? GROUP BY source
    UNION ALL
    SELECT source || '/notices', count(*) FROM timeline
    WHERE type >= 'notice.' AND type < 'notice/' AND json_extract(data, '$.issue') = ? GROUP BY source
"""


class Entry(NamedTuple):
    """One event of an issue's history."""

    at: int
    type: str
    who: str
    data: dict[str, Any]


def timeline(reads: sqlite3.Connection, id: str) -> Iterator[Entry]:
    """Everything that was said of an issue, and what became of mails about it, the newest first."""
    for at, type, who, data in reads.execute(TIMELINE, (id, id)):
        yield Entry(at or 0, type or "", who or "", json.loads(data) if data else {})


def reached(reads: sqlite3.Connection, id: str) -> dict[str, int]:
    """How far each owner's events of one issue are in the rows, and how many of its mails about it."""
    return dict(reads.execute(REACHED, (id, id)))


def replies(reads: sqlite3.Connection, id: str) -> list[Row]:
    """Every reply that is out with its corrections: the newest round first, in it the newest version first."""
    return select(
        reads, "SELECT * FROM reply WHERE issue = ? ORDER BY round DESC, version DESC", (id,)
    ).fetchall()


def held(reads: sqlite3.Connection) -> dict[str, int]:
    """department -> how many issues it holds that wait for its reply."""
    sql = """
        SELECT holder, count(*) FROM issue
        WHERE holder <> '' AND state IN ('assigned', 'in_progress', 'suspended', 'reviewing', 'rework') GROUP BY holder
    """
    return dict(reads.execute(sql))


def rating(reads: sqlite3.Connection, id: str, round: int) -> Row | None:
    """What was asked and said of one round."""
    return _one(reads, "SELECT * FROM rating WHERE issue = ? AND round = ?", id, round)


def assignment(reads: sqlite3.Connection, id: str, number: str) -> Row | None:
    """One assignment of an issue."""
    return _one(reads, "SELECT * FROM assignment WHERE issue = ? AND id = ?", id, number)


def request(reads: sqlite3.Connection, id: str, what: str, number: int) -> Row | None:
    """One extension or pause that was asked for."""
    query = "SELECT * FROM request WHERE issue = ? AND what = ? AND number = ?"
    found = select(reads, query, (id, what, number)).fetchall()
    return found[0] if found else None


def running_clocks(reads: sqlite3.Connection, id: str) -> list[Row]:
    """The clocks that run, the one due first on top."""
    return select(
        reads, "SELECT * FROM clock WHERE issue = ? AND stopped_at IS NULL ORDER BY due_at", (id,)
    ).fetchall()


def _one(reads: sqlite3.Connection, sql: str, *values: object) -> Row | None:
    found = select(reads, sql, values).fetchall()
    return found[0] if found else None
