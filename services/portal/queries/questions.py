"""What departments and the office asked who raised an issue, and what was answered."""

import json
import sqlite3
from typing import Any

from services.portal.queries.selecting import Row, select

_OF_ISSUE = """
    SELECT request.number, request.department, request.asked_at, request.reason AS words, request.ends_at,
        request.ended_at, request.ended_because, request.granted, answer.text, answer.attachments, answer.at, answer.by
    FROM request LEFT JOIN answer ON answer.issue = request.issue AND answer.request = request.number
    WHERE request.issue = ? AND request.what = 'pause' AND request.question = 1 ORDER BY request.number DESC
"""


def of_issue(reads: sqlite3.Connection, id: str) -> list[Row]:
    """Every question with its answer, the newest on top; ``text`` is NULL where nobody answered."""
    return list(select(reads, _OF_ISSUE, (id,)))


def before_acceptance(reads: sqlite3.Connection, id: str) -> list[Row]:
    """What the office asked before it took the issue on, the newest on top; ``at`` is NULL where nobody answered, and
    ``text`` until the issue is taken on (reading.py has it then)."""
    query = "SELECT *, request AS number FROM material WHERE issue = ? ORDER BY request DESC"
    return list(select(reads, query, (id,)))


def files_of(question: Row) -> list[dict[str, Any]]:
    """What was handed in with an answer: hash, kind and size of each file."""
    return list(json.loads(question["attachments"] or "[]"))
