"""The talks, and the people, behind a number of the table of what came of talks; and who led them."""

import sqlite3

from services.portal.figures.counting import Scope
from services.portal.figures.definitions import NOBODY
from services.portal.queries.selecting import Row, select

MOST = 500
"""So many stand on one page."""


def talks(reads: sqlite3.Connection, scope: Scope) -> list[Row]:
    """The talks, the first one first, each with how many came and how many issues it has."""
    where, values = _where(scope)
    query = f"""
        SELECT t.*, (SELECT count(*) FROM talk_participant p WHERE p.talk = t.id AND p.attended) AS came,
            (SELECT count(*) FROM issue i WHERE i.talk = t.id AND i.registered_at IS NOT NULL) AS issues
        FROM talk t WHERE {where} ORDER BY t.starts_at, t.id LIMIT {MOST}
    """
    return select(reads, query, values).fetchall()


def people(reads: sqlite3.Connection, scope: Scope) -> list[Row]:
    """Who came, each once, by reference: enterprise, the first of these talks, to how many they came, and how many
    issues they raised there; those without a name are nobody's.
    """
    where, values = _where(scope)
    query = f"""
        SELECT p.person, max(p.enterprise) AS enterprise, max(e.name) AS enterprise_name, count(*) AS talks,
            min(t.id) AS id, min(t.starts_at) AS starts_at, sum((
                SELECT count(*) FROM issue i
                WHERE i.talk = t.id AND i.person = p.person AND i.registered_at IS NOT NULL
            )) AS issues
        FROM talk t JOIN talk_participant p ON p.talk = t.id AND p.attended
            LEFT JOIN enterprise e ON e.code = p.enterprise AND p.enterprise <> ''
        WHERE {where} GROUP BY p.person ORDER BY starts_at, id, p.person LIMIT {MOST}
    """
    return select(reads, query, values).fetchall()


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
