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
        SELECT t.*, (SELECT count(*) FROM talk_participant p WHERE p.talk = t.id AND p.attended) AS came,
            (SELECT count(*) FROM issue i WHERE i.talk = t.id AND i.registered_at IS NOT NULL) AS issues
        FROM talk t WHERE {where} AND t.starts_at >= :at AND (t.starts_at, t.id) > (:at, :id)
        ORDER BY t.starts_at, t.id LIMIT {PAGE + 1}
    """
    return select(reads, query, values | (after or Place())._asdict()).fetchall()


def many_talks(reads: sqlite3.Connection, scope: Scope) -> int:
    """How many talks there are in all."""
    where, values = _where(scope)
    return int(reads.execute(f"SELECT count(*) FROM talk t WHERE {where}", values).fetchone()[0])


def people(reads: sqlite3.Connection, scope: Scope, after: Place | None) -> list[Row]:
    """A page of those who came and one more, each once, by reference: enterprise, the first of these talks, to how many
    they came, and how many issues they raised there; those without a name are nobody's. Each row says how ``many``
    came in all.
    """
    where, values = _where(scope)
    query = f"""
        WITH came AS MATERIALIZED (
            SELECT p.person, p.enterprise, count(*) AS talks, min(t.starts_at) AS starts_at, t.id
            FROM talk t JOIN talk_participant p ON p.talk = t.id AND p.attended
            WHERE {where} GROUP BY p.person
        ), shown AS (
            SELECT *, (SELECT count(*) FROM came) AS many FROM came
            WHERE (starts_at, person) > (:at, :id) ORDER BY starts_at, person LIMIT {PAGE + 1}
        )
        SELECT shown.*, e.name AS enterprise_name, (
            SELECT count(*) FROM issue i JOIN talk t ON t.id = i.talk
            WHERE i.person = shown.person AND i.registered_at IS NOT NULL AND {where}
        ) AS issues
        FROM shown LEFT JOIN enterprise e ON e.code = shown.enterprise AND shown.enterprise <> ''
        ORDER BY shown.starts_at, shown.person
    """
    return select(reads, query, values | (after or Place())._asdict()).fetchall()


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
