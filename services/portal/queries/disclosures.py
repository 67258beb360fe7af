"""Replies that are public: in the words that name nobody, and nothing else of their issues but who answered."""

import sqlite3
from collections.abc import Sequence

from services.portal.queries.selecting import Row, select

_PUBLIC = """
    SELECT d.title, d.text, d.reply, d.disclosed_at, i.replied_by AS department, i.talk
    FROM disclosure d JOIN issue i ON i.id = d.issue WHERE d.restored_at IS NULL AND d.disclosed_at IS NOT NULL
"""


def of_talk(reads: sqlite3.Connection, talk: str, limit: int) -> list[Row]:
    """Those of one talk, the newest first."""
    sql = f"{_PUBLIC} AND i.talk = ? ORDER BY d.disclosed_at DESC, d.issue LIMIT ?"
    return select(reads, sql, (talk, limit)).fetchall()


def newest(reads: sqlite3.Connection, without: Sequence[str], limit: int) -> list[Row]:
    """The newest of all, but those of these talks."""
    marks = ", ".join("?" * len(without))
    sql = f"{_PUBLIC} AND coalesce(i.talk, '') NOT IN ({marks}) ORDER BY d.disclosed_at DESC, d.issue LIMIT ?"
    return select(reads, sql, (*without, limit)).fetchall()


def version(reads: sqlite3.Connection) -> tuple[int, int]:
    """Another one whenever something becomes public or is taken back."""
    sql = "SELECT count(*), coalesce(max(disclosed_at), 0) FROM disclosure WHERE restored_at IS NULL"
    many, last = reads.execute(sql).fetchone()
    return int(many), int(last)


def one(reads: sqlite3.Connection, issue: str) -> Row | None:
    """What is public of an issue, or was last; None where nothing ever was."""
    found: Row | None = select(reads, "SELECT * FROM disclosure WHERE issue = ?", (issue,)).fetchone()
    return found
