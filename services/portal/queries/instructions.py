"""Leaders' instructions: those of an issue, those that one leader gave, and which issues wait for a report."""

import json
import sqlite3
from collections.abc import Iterable

from services.portal.addresses import Place
from services.portal.queries.selecting import ENDLESS, Row, select

PAGE = 50
OPEN = "reported_at IS NULL AND taken_back_at IS NULL"
"""The condition on an instruction that its report is owed."""


def of_issue(reads: sqlite3.Connection, issue: str) -> list[Row]:
    """Those of one issue, the newest first."""
    query = "SELECT * FROM instruction WHERE issue = ? AND given_at IS NOT NULL ORDER BY number DESC"
    return select(reads, query, (issue,)).fetchall()


def one(reads: sqlite3.Connection, issue: str, number: int) -> Row | None:
    """One instruction; None where there is none."""
    query = "SELECT * FROM instruction WHERE issue = ? AND number = ? AND given_at IS NOT NULL"
    found: Row | None = select(reads, query, (issue, number)).fetchone()
    return found


def open_of(reads: sqlite3.Connection, issue: str) -> list[Row]:
    """Those of an issue that wait for a report, the one due first on top."""
    query = f"SELECT * FROM instruction WHERE issue = ? AND {OPEN} ORDER BY due_at, number"
    return select(reads, query, (issue,)).fetchall()


def waiting(reads: sqlite3.Connection, issues: Iterable[str]) -> dict[str, int]:
    """issue -> when the first report is due, of those of these issues for which a report is owed."""
    query = f"""
        SELECT issue, min(due_at) FROM instruction
        WHERE issue IN (SELECT value FROM json_each(?)) AND {OPEN} GROUP BY issue
    """
    return dict(reads.execute(query, (json.dumps(list(issues)),)).fetchall())


def given_by(reads: sqlite3.Connection, account: str, only_open: bool, after: Place | None) -> list[Row]:
    """A page of what a leader gave and one row more, the newest first; each with the number and title of its issue."""
    query = f"""
        SELECT n.*, i.number AS issue_number, coalesce(i.corrected_title, i.title) AS title, i.holder,
            n.number AS place
        FROM instruction n JOIN issue i ON i.id = n.issue
        WHERE n.given_by = :account AND i.registered_at IS NOT NULL {f"AND {OPEN}" if only_open else ""}
            AND (n.given_at, n.issue) < (:at, :id)
        ORDER BY n.given_at DESC, n.issue DESC LIMIT {PAGE + 1}
    """
    place = after or Place(ENDLESS, "")
    return select(reads, query, {"account": account, **place._asdict()}).fetchall()


def count_open(reads: sqlite3.Connection, account: str) -> int:
    """How many reports this leader waits for."""
    query = f"SELECT count(*) FROM instruction WHERE given_by = ? AND {OPEN}"
    return int(reads.execute(query, (account,)).fetchone()[0])
