"""Notices that were given up: of one official, and of everybody."""

import json
import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

MINE = """
    SELECT at, type, data FROM timeline
    WHERE type = 'notice.staff_given_up.v1' AND json_extract(data, '$.to') = ? ORDER BY at DESC LIMIT ?
"""
EVERYBODYS = """
    SELECT at, type, data FROM timeline
    WHERE type IN ('notice.given_up.v1', 'notice.staff_given_up.v1') ORDER BY at DESC LIMIT ?
"""


class Unsent(NamedTuple):
    """One thing that somebody was not told of."""

    at: int
    issue: str
    about: str
    to: str
    """The official's account; "" for who raised the issue."""
    way: str
    tries: int
    why: str
    said: str


def of_one(reads: sqlite3.Connection, account: str, most: int) -> list[Unsent]:
    """The newest of one official, at most so many."""
    return list(_read(reads.execute(MINE, (account, most))))


def of_all(reads: sqlite3.Connection, most: int) -> list[Unsent]:
    """The newest of everybody, at most so many."""
    return list(_read(reads.execute(EVERYBODYS, (most,))))


def _read(rows: sqlite3.Cursor) -> Iterator[Unsent]:
    for at, type, data in rows:
        one = json.loads(data)
        to = str(one.get("to", "")) if type == "notice.staff_given_up.v1" else ""
        texts = (str(one.get(name, "")) for name in ("why", "said"))
        issue, about = str(one.get("issue", "")), str(one.get("about", ""))
        yield Unsent(at or 0, issue, about, to, str(one.get("way") or "mail"), one.get("tries", 0), *texts)
