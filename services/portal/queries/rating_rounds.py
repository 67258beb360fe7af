"""Rating rounds: which replies wait for a rating at a level, and what became of each month's round."""

import json
import sqlite3
from typing import NamedTuple

from services.portal.queries.selecting import select
from shared.contract.subjects import subject_of

MOST = 5_000
"""Of so many one round reminds."""
_OPEN = """
    FROM issue i LEFT JOIN talk t ON t.id = i.talk
    WHERE i.state = 'replied' AND i.feedback_state = 'invited' AND i.registered_at IS NOT NULL AND i.open_until > :at
        AND coalesce(t.level, CASE i.jurisdiction WHEN :place THEN 'city' ELSE 'county' END) = :level
"""
_WAITING = f"SELECT i.id, i.person, i.anonymous {_OPEN} ORDER BY i.open_until, i.id LIMIT {MOST}"


class Waiting(NamedTuple):
    """The issues whose reply waits for a rating, of how many people, and how many of whom nobody is mailed."""

    issues: list[str]
    people: int
    unnamed: int


class Round(NamedTuple):
    """One month's round at a level: since when, by whom, of how many, and once all have answered of how many was
    reminded."""

    month: str
    level: str
    at: int
    by: str
    issues: int
    tell_at: str
    reminded: int | None


def waiting(reads: sqlite3.Connection, place: str, level: str, at: int) -> Waiting:
    """Those of a level: of its talk, and without one of the city where it is registered there."""
    rows = reads.execute(_WAITING, {"place": place, "level": level, "at": at}).fetchall()
    named = {person for _, person, anonymous in rows if not anonymous}
    return Waiting([id for id, _, _ in rows], len(named), sum(bool(anonymous) for _, _, anonymous in rows))


def to_begin(reads: sqlite3.Connection, place: str, month: str, level: str, at: int) -> bool:
    """Whether a reply of this level waits for a rating, and nobody has started the month's round."""
    values = {"place": place, "level": level, "at": at}
    (waits,) = reads.execute(f"SELECT EXISTS (SELECT 1 {_OPEN})", values).fetchone()
    return bool(waits) and one(reads, place, month, level) is None


def one(reads: sqlite3.Connection, place: str, month: str, level: str) -> Round | None:
    """The round of a month and level; None where nobody has started it."""
    sql = "SELECT type, at, who, data FROM timeline WHERE subject = ?"
    subject = subject_of("rating_round", f"{place}-{month}-{level}")
    said = {row["type"]: row for row in select(reads, sql, (subject,))}
    begun, done = said.get("rating_round.started.v1"), said.get("rating_round.done.v1")
    if begun is None:
        return None
    first = json.loads(begun["data"])
    reminded = json.loads(done["data"])["reminded"] if done else None
    return Round(
        month, level, begun["at"], begun["who"] or "", len(first["issues"]), first["tell_at"], reminded
    )
