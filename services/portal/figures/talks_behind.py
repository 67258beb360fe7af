"""The talks, and the people, behind a number of the table of what came of talks; and who led them."""

import sqlite3

from services.portal.addresses import Place
from services.portal.figures.counting import Scope
from services.portal.figures.definitions import NOBODY
from services.portal.queries.selecting import Row, select

PAGE = 50


def talks(reads: sqlite3.Connection, scope: Scope, after: Place | None) -> list[Row]:
    """A page of the talks and one more, the first one first, each with how many came and how many issues it has."""
    where, values = _where(scope)
    query = f"""
        SELECT t.id, t.theme, t.jurisdiction, t.starts_at, t.ends_at, t.leaders,
            (SELECT count(*) FROM talk_participant p WHERE p.talk = t.id AND p.attended) AS came,
            (SELECT count(*) FROM issue i WHERE i.talk = t.id AND i.registered_at IS NOT NULL) AS issues
        FROM talk t WHERE {where} AND t.starts_at >= :at AND (t.starts_at, t.id) > (:at, :id)
        ORDER BY t.starts_at, t.id LIMIT {PAGE + 1}
    """
    return select(reads, query, values | (after or Place())._asdict()).fetchall()


def people(reads: sqlite3.Connection, scope: Scope, after: Place | None) -> list[Row]:
    """A page of those who came and one more, each once, by reference: enterprise, the first of these talks, to how many
    they came, and how many issues they raised there; those without a name are nobody's.

    Only talks that the page shows are read, and those to which their people came as well.
    """
    where, values = _where(scope)
    theirs = f"""
        FROM talk_participant q JOIN talk t ON t.id = q.talk WHERE q.person = p.person AND q.attended AND {where}
    """
    query = f"""
        SELECT p.person, p.enterprise, e.name AS enterprise_name, first.id, first.starts_at,
            (SELECT count(*) {theirs}) AS talks,
            (SELECT count(*) FROM issue i JOIN talk t ON t.id = i.talk
             WHERE i.person = p.person AND i.registered_at IS NOT NULL AND {where}) AS issues
        FROM (SELECT t.id, t.starts_at FROM talk t WHERE {where}) first
        JOIN talk_participant p ON p.talk = first.id AND p.attended
        LEFT JOIN enterprise e ON e.code = p.enterprise AND p.enterprise <> ''
        WHERE first.starts_at >= :at AND (first.starts_at, p.person) > (:at, :id)
        AND NOT EXISTS (SELECT 1 {theirs} AND (t.starts_at, t.id) < (first.starts_at, first.id))
        ORDER BY first.starts_at, p.person LIMIT {PAGE + 1}
    """
    return select(reads, query, values | (after or Place())._asdict()).fetchall()


def many(reads: sqlite3.Connection, scope: Scope, *, of_people: bool) -> int:
    """How many talks there are in all, or how many came to them."""
    where, values = _where(scope)
    query = f"SELECT count(*) FROM talk t WHERE {where}"
    if of_people:
        query = f"""
            SELECT count(DISTINCT p.person) FROM talk t JOIN talk_participant p ON p.talk = t.id AND p.attended
            WHERE {where}
        """
    return int(reads.execute(query, values).fetchone()[0])


def leaders(reads: sqlite3.Connection, scope: Scope) -> dict[str, tuple[str, str, str]]:
    """Account -> (name, post, place) of who led them, as they stand in the last one of each."""
    where, values = _where(scope)
    query = f"""
        SELECT b.value ->> 'account', b.value ->> 'name', b.value ->> 'post', t.jurisdiction
        FROM talk t JOIN json_each(t.leaders) b WHERE {where} ORDER BY t.starts_at, t.id
    """
    return {account: (name, post, place) for account, name, post, place in reads.execute(query, values)}


def _where(scope: Scope) -> tuple[str, dict[str, object]]:
    """By department those of which it had an issue."""
    where, values = scope.where_talk()
    if scope.department:
        of_it = "SELECT 1 FROM issue d WHERE d.talk = t.id AND d.department = :department"
        where += f" AND EXISTS ({of_it})"
        values["department"] = "" if scope.department == NOBODY else scope.department
    return where, values
