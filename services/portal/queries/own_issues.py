"""What one person raised, in keyset pages: what waits for themselves first, then what is under way, then the rest."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from services.portal.addresses import read_place
from services.portal.queries.hidden import hidden_of
from services.portal.queries.selecting import Row, select
from services.portal.queries.worklists import PAGE
from shared.identity.references import References

WAITING, UNDER_WAY, OVER = range(3)
TO_CONFIRM = """
    recorded_by <> '' AND confirmed_version IS NULL AND corrected_version IS NULL AND first_replied_at IS NULL
    AND ended_at IS NULL
"""
"""What somebody else wrote down in one's name, and nobody has said yet whether it was said so."""
_PART = f"""
    CASE WHEN to_answer IS NOT NULL AND ended_at IS NULL THEN 0
    WHEN state = 'replied' AND feedback_state = 'invited' AND open_until > :now THEN 0
    WHEN state = 'rejected' AND appealed_at IS NULL AND appeal_until > :now THEN 0
    WHEN {TO_CONFIRM} THEN 0
    WHEN ended_at IS NULL THEN 1 ELSE 2 END AS part
"""
_ALL = f"""
    SELECT {_PART}, -coalesce(registered_at, 0) AS at, id FROM issue
    WHERE number IS NOT NULL AND (person = :person OR id IN (SELECT value FROM json_each(:hidden)))
    ORDER BY part, at, id
"""
_CHOSEN = f"""
    SELECT id, number, title, text, corrected_title, corrected_text, state, holder, registered_at, ended_at, due_at,
        promised_at, expected_at, paused, to_answer, answer_until, open_until, appeal_until, appealed_at,
        next_due_at, next_clock, moved_at, {TO_CONFIRM} AS to_confirm, {_PART}
    FROM issue WHERE id IN (SELECT value FROM json_each(:chosen)) ORDER BY part, -registered_at, id
"""


class Place(NamedTuple):
    """Where a page ends: part, registration and id of its last issue."""

    part: int = -1
    at: int = 0
    id: str = ""

    @classmethod
    def read(cls, text: str) -> "Place":
        """What ``written`` made; the beginning for anything else."""
        part, _, rest = text.partition(".")
        place = read_place(rest) if part in ("0", "1", "2") else None
        return cls(int(part), *place) if place else cls()

    @property
    def written(self) -> str:
        """As it stands in an address."""
        return f"{self.part}.{self.at}.{self.id}"


class OwnIssues(NamedTuple):
    """One page of them, each with its ``part``; ``next``: where the one after it begins, "" for none; ``counts``: how
    many there are in each part."""

    rows: list[Row]
    next: str
    counts: dict[int, int]


def said_at(reads: sqlite3.Connection, talk: str, person: str) -> list[Row]:
    """What was written down at a talk in this person's name, with ``to_confirm``, in the order in which it was."""
    sql = f"""
        SELECT id, number, coalesce(corrected_title, title) AS title, state, promised_at, due_at, ended_at,
            first_replied_at, {TO_CONFIRM} AS to_confirm
        FROM issue
        WHERE talk = ? AND person = ? AND recorded_by <> '' AND registered_at IS NOT NULL ORDER BY registered_at, id
    """
    return select(reads, sql, (talk, person)).fetchall()


def all_of_person(reads: sqlite3.Connection, person: str, references: References, now: int) -> list[Row]:
    """Everything that this person raised, the newest first."""
    rows = _whole(reads, (id for *_, id in _ids(reads, person, references, now)), now)
    return sorted(rows, key=lambda row: row["registered_at"] or 0, reverse=True)


def of_person(
    reads: sqlite3.Connection, person: str, references: References, now: int, after: Place
) -> OwnIssues:
    """What this person raised, of each part the newest first, with the anonymous ones (hidden.py)."""
    everything = _ids(reads, person, references, now)
    behind = [one for one in everything if one > (after.part, -after.at, after.id)]
    rows = _whole(reads, (id for *_, id in behind[:PAGE]), now)
    part, at, id = behind[PAGE - 1] if len(behind) > PAGE else (0, 0, "")
    following = Place(part, -at, id).written if id else ""
    return OwnIssues(rows, following, Counter(part for part, _, _ in everything))


def _ids(
    reads: sqlite3.Connection, person: str, references: References, now: int
) -> list[tuple[int, int, str]]:
    """Part, registration and id of each: nobody raised many, and only what a page shows is read whole."""
    hidden = json.dumps(hidden_of(reads, person, references))
    return reads.execute(_ALL, {"person": person, "hidden": hidden, "now": now}).fetchall()


def _whole(reads: sqlite3.Connection, ids: Iterable[str], now: int) -> list[Row]:
    return select(reads, _CHOSEN, {"chosen": json.dumps(list(ids)), "now": now}).fetchall()
