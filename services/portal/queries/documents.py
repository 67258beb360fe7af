"""Documents of supervision: those of an issue, those that wait for somebody, and the registers."""

import sqlite3
from typing import NamedTuple

from services.portal.addresses import Place
from services.portal.queries.selecting import ENDLESS, Row, select

PAGE = 50
IN_FORCE = ("issued", "answered")
"""The states of a document that was issued and counts: no draft, neither lifted nor void."""
TO_SIGN, TO_ANSWER, TO_LIFT = "to_sign", "to_answer", "to_lift"
"""What waits for somebody: for a signature, for the department's answer, to be lifted because its breach was none."""
_WAITING = {
    TO_SIGN: "d.state = 'drafted'",
    TO_ANSWER: "d.state = 'issued' AND d.answer_due_at IS NOT NULL",
    TO_LIFT: "d.state = 'issued' AND d.lift_drafted_at IS NOT NULL",
}
WAITING = tuple(_WAITING)
_AT = "coalesce(d.issued_at, d.drafted_at, d.ended_at)"


class Chosen(NamedTuple):
    """What the list is narrowed to; "" and 0 for everything."""

    waiting: str = ""
    kind: str = ""
    department: str = ""
    year: int = 0


def of_issue(reads: sqlite3.Connection, issue: str) -> list[Row]:
    """Those of one issue, the newest first."""
    query = "SELECT * FROM document WHERE issue = :issue ORDER BY length(id) DESC, id DESC"
    return select(reads, query, {"issue": issue}).fetchall()


def one(reads: sqlite3.Connection, issue: str, id: str) -> Row | None:
    """One document; None where there is none."""
    query = "SELECT * FROM document WHERE issue = :issue AND id = :id"
    return next(iter(select(reads, query, {"issue": issue, "id": id}).fetchall()), None)


def by_hand(reads: sqlite3.Connection, issue: str) -> int:
    """How many of an issue were issued by hand."""
    query = "SELECT count(*) FROM document WHERE issue = ? AND step = 0 AND issued_at IS NOT NULL"
    return int(reads.execute(query, (issue,)).fetchone()[0])


def open_order(reads: sqlite3.Connection, issue: str, department: str) -> Row | None:
    """The order that this department has to answer first; None where there is none."""
    query = f"""
        SELECT * FROM document d
        WHERE issue = :issue AND department = :department AND {_WAITING[TO_ANSWER]}
        ORDER BY answer_due_at, id
    """
    return next(iter(select(reads, query, {"issue": issue, "department": department}).fetchall()), None)


def count(reads: sqlite3.Connection, waiting: str, most: int = ENDLESS) -> int:
    """How many wait so, counted no further than ``most``."""
    query = f"SELECT count(*) FROM (SELECT 1 FROM document d WHERE {_WAITING[waiting]} LIMIT ?)"
    return int(reads.execute(query, (most,)).fetchone()[0])


def page(reads: sqlite3.Connection, chosen: Chosen, after: Place | None) -> list[Row]:
    """A page and one row more, the newest first; each with the number and title of its issue."""
    conditions, values = ["d.number IS NOT NULL"], dict[str, str | int]()
    if chosen.waiting:
        conditions.append(_WAITING[chosen.waiting])
    for name in ("kind", "department", "year"):
        if value := getattr(chosen, name):
            # The plus sign keeps SQLite on the index by age: along another one it would sort all there are.
            conditions.append(f"+d.{name} = :{name}")
            values[name] = value
    if after is not None:
        conditions.append(f"{_AT} <= :at AND ({_AT}, d.issue || d.id) < (:at, :id)")
        values |= {"at": after.at, "id": after.id}
    query = f"""
        SELECT d.*, i.number AS issue_number, i.ended_at AS issue_ended_at, i.origin, i.person, i.anonymous, i.title,
               {_AT} AS at, d.issue || d.id AS place
        FROM document d JOIN issue i ON i.id = d.issue
        WHERE {" AND ".join(conditions)}
        ORDER BY at DESC, place DESC LIMIT {PAGE + 1}
    """
    return select(reads, query, values).fetchall()
