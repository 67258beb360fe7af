"""What can be assigned at once, and what became of what was: a batch and its issues, from what dispatch said of it."""

import json
import sqlite3
from collections.abc import Collection
from typing import NamedTuple

from services.portal.queries.selecting import Row, select
from services.portal.queries.worklists import COLUMNS
from shared.contract.subjects import subject_of

MOST = 500
"""As many as one batch has."""


class Chosen(NamedTuple):
    """Which accepted issues: those of a talk, of a source, urgent ones; empty for all."""

    talk: str = ""
    source: str = ""
    urgent: bool = False


class Asked(NamedTuple):
    """One issue of a batch, the department that it is to have, and why it has it not; "" where it has, or may still."""

    issue: str
    department: str
    refused: str


class Batch(NamedTuple):
    """What was asked for at once: of which talk, by whom, at what instant (ms), and whether all have answered."""

    talk: str
    by: str
    at: int
    is_done: bool
    members: list[Asked]


def accepted(reads: sqlite3.Connection, chosen: Chosen) -> list[Row]:
    """Those that wait for a department, the one due first on top, at most MOST."""
    where, values = _where(chosen)
    sql = f"""
        SELECT {COLUMNS} FROM issue
        WHERE {where} ORDER BY next_due_at IS NULL, next_due_at, id LIMIT {MOST}
    """
    return select(reads, sql, values).fetchall()


def count_accepted(reads: sqlite3.Connection, chosen: Chosen) -> int:
    """How many there are."""
    where, values = _where(chosen)
    return int(reads.execute(f"SELECT count(*) FROM issue WHERE {where}", values).fetchone()[0])


def _where(chosen: Chosen) -> tuple[str, list[str]]:
    given = {"talk = ?": chosen.talk, "origin = ?": chosen.source}
    parts = [part for part, value in given.items() if value] + ["urgent = 1"] * chosen.urgent
    parts += ["state = 'accepted'", "registered_at IS NOT NULL", "title IS NOT NULL"]
    return " AND ".join(parts), [value for value in given.values() if value]


def batch(reads: sqlite3.Connection, id: str) -> Batch | None:
    """A batch as dispatch said of it; None as long as it has not."""
    sql = "SELECT type, at, who, data FROM timeline WHERE subject = ? ORDER BY source, seq"
    said = {row["type"]: row for row in select(reads, sql, (subject_of("batch", id),))}
    begun, done = said.get("batch.begun.v1"), said.get("batch.done.v1")
    if begun is None:
        return None
    first = json.loads(begun["data"])
    newest = json.loads(done["data"])["members"] if done else first["members"]
    members = [Asked(one["issue"], one.get("department", ""), one.get("refused", "")) for one in newest]
    return Batch(first.get("talk", ""), begun["who"] or "", begun["at"], done is not None, members)


def issues_of(reads: sqlite3.Connection, ids: Collection[str]) -> dict[str, Row]:
    """These issues by id, as far as they are known."""
    sql = f"SELECT {COLUMNS} FROM issue WHERE id IN (SELECT value FROM json_each(?))"
    return {row["id"]: row for row in select(reads, sql, (json.dumps([*ids]),))}
