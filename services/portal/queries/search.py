"""The search, in SQL: issues by number, by enterprise and by what was said, and enterprises and departments by name.

``reach`` is the condition on an issue ``i`` of who asks, with its parameters (reach.py).
"""

import re
import sqlite3
from collections.abc import Mapping
from typing import NamedTuple

from services.portal.addresses import Place
from services.portal.queries.selecting import Row, select

PAGE = 50
MOST_COUNTED = 200
"""More hits than that are not counted."""
MOST_NAMES = 5
ID_CHARS, FEWEST_CHARS = 13, 4
_NUMBER = re.compile(r"[0-9A-HJKMNP-TV-Z]{4,14}", re.ASCII)
_LAST = "~"
"""Behind every character of a number."""
_SHOWN = """
    i.id, i.number, i.title, i.corrected_title, i.text, i.corrected_text, i.origin, i.urgent, i.state, i.holder,
    i.handler, i.moved_at, i.registered_at, i.open_until, i.appeal_until, i.appealed_at, i.ended_at, i.paused,
    i.next_due_at, i.next_clock
"""
"""What of an issue is shown: a row has many times as many columns, and of each an object would be made."""


class Reached(NamedTuple):
    """The issues that somebody may read: a condition, and its parameters."""

    condition: str
    values: Mapping[str, str]


class Named(NamedTuple):
    """An enterprise by code and name, with how many issues of it this person may read."""

    code: str
    name: str
    issues: int


def number_of(typed: str) -> str:
    """What was typed as the beginning of an issue's id; "" where it cannot be one."""
    bare = re.sub(r"[\s-]", "", typed).upper()
    return bare[:ID_CHARS] if _NUMBER.fullmatch(bare) else ""


def by_number(reads: sqlite3.Connection, reach: Reached, beginning: str, most: int) -> list[Row]:
    """Issues whose number begins so."""
    query = f"""
        SELECT {_SHOWN} FROM issue i WHERE i.id >= :first AND i.id < :last AND i.number IS NOT NULL
        AND {reach.condition} ORDER BY i.id LIMIT :most
    """
    return select(
        reads, query, {**reach.values, "first": beginning, "last": beginning + _LAST, "most": most}
    ).fetchall()


def by_words(reads: sqlite3.Connection, reach: Reached, question: str, after: int | None = None) -> list[Row]:
    """A page of the issues in which these terms stand and the first of the next, the newest on top; each with its
    ``place``, by which the next page goes on."""
    query = f"""
        SELECT {_SHOWN}, w.rowid AS place FROM words w CROSS JOIN issue i ON i.id = w.issue
        WHERE words MATCH :question AND w.rowid < :after AND {reach.condition}
        ORDER BY w.rowid DESC LIMIT {PAGE + 1}
    """
    place = after if after is not None else (1 << 63) - 1
    return select(reads, query, {**reach.values, "question": question, "after": place}).fetchall()


def counted(reads: sqlite3.Connection, reach: Reached, question: str) -> int:
    """How many such issues there are; MOST_COUNTED + 1 for more than that."""
    query = f"""
        SELECT count(*) FROM (
            SELECT 1 FROM words w CROSS JOIN issue i ON i.id = w.issue
            WHERE words MATCH :question AND {reach.condition} LIMIT {MOST_COUNTED + 1}
        )
    """
    found: int = reads.execute(query, {**reach.values, "question": question}).fetchone()[0]
    return found


def of_enterprise(
    reads: sqlite3.Connection, reach: Reached, code: str, after: Place | None = None
) -> list[Row]:
    """A page of the issues an enterprise raised under its name and the first of the next, the newest on top."""
    more = "AND (i.registered_at, i.id) < (:after_at, :after_id)" if after else ""
    query = f"""
        SELECT {_SHOWN} FROM issue i WHERE i.enterprise = :code AND i.enterprise <> '' AND i.anonymous = 0
        AND {reach.condition} {more} ORDER BY i.registered_at DESC, i.id DESC LIMIT {PAGE + 1}
    """
    values: dict[str, object] = {**reach.values, "code": code}
    if after:
        values |= {"after_at": after.at, "after_id": after.id}
    return select(reads, query, values).fetchall()


def enterprises(reads: sqlite3.Connection, reach: Reached, typed: str) -> list[Named]:
    """Enterprises with this in their name, or with this code, of which this person may read an issue."""
    query = f"""
        SELECT e.code, e.name, (
            SELECT count(*) FROM issue i
            WHERE i.enterprise = e.code AND i.enterprise <> '' AND i.anonymous = 0 AND {reach.condition}
        ) AS issues
        FROM enterprise e WHERE (instr(e.name, :typed) OR e.code = :code) AND issues > 0
        ORDER BY issues DESC, e.code LIMIT {MOST_NAMES}
    """
    values = {**reach.values, "typed": typed, "code": typed.upper()}
    return [Named(*row) for row in reads.execute(query, values)]


def replies(reads: sqlite3.Connection, id: str) -> list[str]:
    """The texts of an issue's replies, the newest first."""
    query = "SELECT text FROM reply WHERE issue = ? AND text IS NOT NULL ORDER BY round DESC, version DESC"
    return [text for (text,) in reads.execute(query, (id,))]
