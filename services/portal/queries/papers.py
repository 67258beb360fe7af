"""Papers as pages show them: the newest edition of each, one edition, and what became of its meeting's decisions."""

import sqlite3
from collections.abc import Sequence

from services.portal.queries.selecting import Row, select

MOST = 200
"""So many papers stand on one page: three kinds, of sixteen years."""


def listed(reads: sqlite3.Connection) -> list[Row]:
    """The newest edition of each paper, the one published last on top."""
    query = f"""
        SELECT * FROM paper p WHERE published_at IS NOT NULL
            AND edition = (SELECT max(n.edition) FROM paper n WHERE n.id = p.id AND n.published_at IS NOT NULL)
        ORDER BY period DESC, published_at DESC, id LIMIT {MOST}
    """
    return select(reads, query).fetchall()


def editions(reads: sqlite3.Connection, id: str) -> list[Row]:
    """Every edition of a paper, the newest first."""
    query = "SELECT * FROM paper WHERE id = ? AND published_at IS NOT NULL ORDER BY edition DESC"
    return select(reads, query, (id,)).fetchall()


def decisions(reads: sqlite3.Connection, id: str, edition: int) -> list[Row]:
    """What its meeting decided, each with its issue and the instruction that came of it."""
    query = """
        SELECT d.*, i.number AS issue_number, coalesce(i.corrected_title, i.title) AS title, i.holder,
            n.number AS instruction, n.due_at, n.reported_at, n.report, n.reported_by, n.reported_for,
            n.taken_back_at, n.taken_back_reason
        FROM decision d LEFT JOIN issue i ON i.id = d.issue
            LEFT JOIN instruction n ON n.decision = d.paper || '.' || d.edition || '.' || d.number
        WHERE d.paper = ? AND d.edition = ? ORDER BY d.number
    """
    return select(reads, query, (id, edition)).fetchall()


def has_issues(reads: sqlite3.Connection, months: Sequence[str]) -> bool:
    """Whether anything was registered in these months, which follow each other."""
    query = "SELECT EXISTS (SELECT 1 FROM issue WHERE number IS NOT NULL AND month BETWEEN ? AND ?) AS found"
    return bool(select(reads, query, (months[0], months[-1])).fetchone()["found"])


def number_of(reads: sqlite3.Connection, id: str) -> str:
    """The number of an issue; "" where none is known."""
    row = select(reads, "SELECT number FROM issue WHERE id = ?", (id,)).fetchone()
    return str(row["number"] or "") if row is not None else ""


def of_number(reads: sqlite3.Connection, number: str) -> Row | None:
    """The issue of this number, with where it stands."""
    query = (
        "SELECT id, number, state, holder, ended_at FROM issue WHERE number = ? AND registered_at IS NOT NULL"
    )
    found: Row | None = select(reads, query, (number,)).fetchone()
    return found
