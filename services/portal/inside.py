"""What departments and the office keep to themselves, in the portal's own database: internal notes, reply templates.

No event knows of either, and no service: they leave this database for the pages of those who may read them, and for
nothing else.
"""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from typing import Any, NamedTuple

SCHEMA = """
CREATE TABLE IF NOT EXISTS internal_note (
    id INTEGER PRIMARY KEY AUTOINCREMENT, issue TEXT NOT NULL, department TEXT NOT NULL, key TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL, role TEXT NOT NULL, text TEXT NOT NULL, written_at INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS internal_note_by_issue ON internal_note (issue, id);
CREATE TABLE IF NOT EXISTS template (
    id INTEGER PRIMARY KEY AUTOINCREMENT, department TEXT NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL,
    account TEXT NOT NULL, saved_at INTEGER NOT NULL, UNIQUE (department, name)
) STRICT;
"""


class InternalNote(NamedTuple):
    """What somebody wrote on an issue for colleagues; ``department`` is whose it is, "" where it is the office's."""

    department: str
    account: str
    role: str
    text: str
    written_at: int


class Template(NamedTuple):
    """A reply that a department begins with again and again."""

    id: int
    name: str
    text: str
    account: str


class Inside:
    """Two tables of the portal's own database; who may read a row is for its pages to ask."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def write(self, issue: str, written: InternalNote, key: str) -> None:
        """Keep an internal note; sent twice under one ``key`` it is one."""
        sql = """
            INSERT INTO internal_note (issue, department, account, role, text, written_at, key)
            VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING
        """
        self._connection.execute(sql, (issue, *written, key))

    def internal_notes(self, issue: str) -> list[InternalNote]:
        """All that was written on an issue, by whichever department held it; the newest first."""
        sql = """
            SELECT department, account, role, text, written_at FROM internal_note WHERE issue = ? ORDER BY id DESC
        """
        return [InternalNote(*row) for row in self._all(sql, issue)]

    def save(self, department: str, name: str, text: str, account: str, now: datetime) -> None:
        """Keep a template of a department, in place of the one of that name."""
        sql = """
            INSERT INTO template (department, name, text, account, saved_at) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (department, name) DO UPDATE
            SET text = excluded.text, account = excluded.account, saved_at = excluded.saved_at
        """
        self._connection.execute(sql, (department, name, text, account, milliseconds(now)))

    def templates(self, department: str) -> list[Template]:
        """Those of one department, by name."""
        sql = "SELECT id, name, text, account FROM template WHERE department = ? ORDER BY name"
        return [Template(*row) for row in self._all(sql, department)]

    def drop(self, department: str, id: int) -> None:
        """Throw a template of this department away."""
        self._connection.execute("DELETE FROM template WHERE department = ? AND id = ?", (department, id))

    def _all(self, sql: str, *values: str) -> list[tuple[Any, ...]]:
        with closing(self._connection.execute(sql, values)) as found:
            return found.fetchall()


def milliseconds(at: datetime) -> int:
    """An instant as the projection counts it."""
    return int(at.astimezone(UTC).timestamp() * 1000)
