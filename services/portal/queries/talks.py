"""Talks as pages show them: those of a time, those of a leader, who takes part in one, its issues and its numbers."""

import json
import sqlite3
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple

from services.portal.queries.selecting import Row, select
from shared.contract.events.talks import RotationPublished
from shared.domain.clocks import SHANGHAI

COMING = ("announced", "open")
DAY_MS = 24 * 3600 * 1000
SHANGHAI_SECONDS = 8 * 3600
"""How far its clocks are ahead, all year."""
MOST = 200
"""So many talks stand on one page."""
_MOST_PLACES = 500


class Numbers(NamedTuple):
    """What came of a talk: how many came, raised what, and how that went; each share as (how many, of how many)."""

    attended: int
    invited: int
    issues: int
    assigned: tuple[int, int]
    answered: tuple[int, int]
    rated: tuple[int, int]
    satisfied: tuple[int, int]


class Chosen(NamedTuple):
    """Which talks: beginning within these instants (ms), of a level, of a place; empty for all."""

    first: int
    last: int
    level: str = ""
    place: str = ""


def one(reads: sqlite3.Connection, id: str) -> Row | None:
    """A talk; None where none was announced."""
    found: Row | None = select(
        reads, "SELECT * FROM talk WHERE id = ? AND state IS NOT NULL", (id,)
    ).fetchone()
    return found


def between(reads: sqlite3.Connection, chosen: Chosen) -> list[Row]:
    """The talks of a time in their order, at most MOST."""
    query = f"""
        SELECT * FROM talk WHERE starts_at >= :first AND starts_at < :last AND state IS NOT NULL
            AND (:level = '' OR level = :level) AND (:place = '' OR jurisdiction = :place)
        ORDER BY starts_at, id LIMIT {MOST}
    """
    return select(reads, query, chosen._asdict()).fetchall()


def coming(reads: sqlite3.Connection, at: int, limit: int = MOST) -> list[Row]:
    """The talks that may still be held, the next one first; none lasts longer than a day."""
    query = f"""
        SELECT * FROM talk WHERE state IN ('announced', 'open') AND ends_at > :at AND starts_at > :at - {DAY_MS}
        ORDER BY starts_at, id LIMIT {limit}
    """
    return select(reads, query, {"at": at}).fetchall()


def past(reads: sqlite3.Connection, limit: int, before: int = 2**62) -> list[Row]:
    """The talks that were held, the newest first."""
    query = """
        SELECT * FROM talk WHERE state = 'held' AND starts_at < ? ORDER BY starts_at DESC, id DESC LIMIT ?
    """
    return select(reads, query, (before, limit)).fetchall()


def of_person(reads: sqlite3.Connection, person: str) -> dict[str, Row]:
    """talk -> how this person takes part in it."""
    query = "SELECT * FROM talk_participant WHERE person = ? AND how IS NOT NULL"
    return {row["talk"]: row for row in select(reads, query, (person,))}


def participants(reads: sqlite3.Connection, id: str) -> list[Row]:
    """Who takes part, in the order in which they were first spoken of; each with the issue of their question."""
    query = f"""
        SELECT p.*, e.name AS enterprise_name, i.number AS issue_number,
            coalesce(i.corrected_title, i.title) AS title
        FROM talk_participant p LEFT JOIN enterprise e ON e.code = p.enterprise
            LEFT JOIN issue i ON i.id = p.issue AND p.issue <> ''
        WHERE p.talk = ? AND p.how IS NOT NULL ORDER BY p.signed_at, p.person LIMIT {_MOST_PLACES}
    """
    return select(reads, query, (id,)).fetchall()


def members(reads: sqlite3.Connection, id: str) -> list[Row]:
    """The issues of a talk, in the order of their registration, with the departments that co-handle each."""
    query = """
        SELECT *, (
            SELECT json_group_array(department) FROM co_handler
            WHERE issue = issue.id AND department IS NOT NULL AND released_at IS NULL
        ) AS co_handlers
        FROM issue WHERE talk = ? AND registered_at IS NOT NULL ORDER BY registered_at, id
    """
    return select(reads, query, (id,)).fetchall()


def numbers(reads: sqlite3.Connection, ids: Iterable[str], as_of: int) -> Numbers:
    """What came of these talks together; what is not due yet, and was not done, is in no share."""
    wanted = json.dumps(list(ids))
    came, invited = reads.execute(
        "SELECT coalesce(sum(attended), 0), count(*) FROM talk_participant "
        "WHERE talk IN (SELECT value FROM json_each(?)) AND how IS NOT NULL",
        (wanted,),
    ).fetchone()
    rates = [_share(*pair) for pair in _SHARES]
    query = f"""
        SELECT count(*), {", ".join(rates)} FROM issue i
        WHERE talk IN (SELECT value FROM json_each(:ids)) AND registered_at IS NOT NULL
    """
    issues, *found = reads.execute(query, {"ids": wanted, "as_of": as_of}).fetchone()
    pairs = [(found[place], found[place + 1]) for place in range(0, len(found), 2)]
    return Numbers(int(came), int(invited), int(issues), *pairs)


def _due(done: str, due: str) -> tuple[str, str]:
    """(hits, counts): done in time, of what was done or is due and has not ended without it."""
    counts = f"({done} IS NOT NULL AND {due} IS NOT NULL) OR ({due} <= :as_of AND ended_at IS NULL)"
    return f"{done} <= {due}", counts


_SHARES = (
    _due("assigned_first_at", "assign_due_at"),
    _due("first_replied_at", "promised_at"),
    ("satisfaction IS NOT NULL", "invited_first_at IS NOT NULL"),
    ("satisfaction = 'satisfied'", "satisfaction IS NOT NULL"),
)
"""What is counted of each issue: assigned in time, answered in time, rated, satisfied."""


def _share(hits: str, counts: str) -> str:
    counted = f"coalesce({counts}, 0)"
    return f"coalesce(sum({counted} AND coalesce({hits}, 0)), 0), coalesce(sum({counted}), 0)"


def last_round(reads: sqlite3.Connection, account: str, before: int) -> Row | None:
    """The last talk before that which this leader held."""
    query = """
        SELECT t.* FROM talk t JOIN talk_leader l ON l.talk = t.id AND l.led = t.led
        WHERE l.account = ? AND t.state = 'held' AND t.starts_at < ? ORDER BY t.starts_at DESC, t.id DESC LIMIT 1
    """
    found: Row | None = select(reads, query, (account, before)).fetchone()
    return found


def leaders(reads: sqlite3.Connection) -> dict[tuple[str, str, str], str]:
    """(place, name, post) -> account, of everybody in the newest plans and talks; who stands in the newest one counts.

    Two counties have two heads, who may be called the same.
    """
    found = dict[tuple[str, str, str], str]()
    newest = f"SELECT jurisdiction, leaders FROM talk ORDER BY starts_at DESC LIMIT {MOST}"
    for place, data in reads.execute(newest):
        for one in json.loads(data or "[]"):
            found.setdefault((place, one["name"], one["post"]), one["account"])
    for (data,) in reads.execute("SELECT data FROM rotation ORDER BY in_force_from DESC LIMIT 4"):
        for week in json.loads(data)["weeks"]:
            for one in week["leaders"]:
                found.setdefault((week["jurisdiction"], one["name"], one["post"]), one["account"])
    return found


def rotations(reads: sqlite3.Connection, id: str) -> list[Row]:
    """The versions of a plan, the newest first."""
    return select(
        reads, "SELECT * FROM rotation WHERE id = ? ORDER BY in_force_from DESC, seq DESC", (id,)
    ).fetchall()


def plan(reads: sqlite3.Connection, jurisdiction: str, year: int) -> RotationPublished | None:
    """The plan of leaders in force for a year; None where none was published."""
    found = rotations(reads, f"{jurisdiction}-{year}")
    return _read(found[0]["data"]) if found else None


@lru_cache(maxsize=8)
def _read(plan: str) -> RotationPublished:
    """A plan has a turn for each week and place: what was read once is not read again."""
    return RotationPublished.read(json.loads(plan))


def week_of(on: date) -> tuple[int, int]:
    """The year and the week (ISO 8601) of a day."""
    year, week, _ = on.isocalendar()
    return year, week


def monday_of(year: int, week: int) -> date:
    """The first day of a week (ISO 8601)."""
    return date.fromisocalendar(year, week, 1)


def weeks_in(year: int) -> int:
    """How many weeks a year has; the 28th of December is always in the last one."""
    return date(year, 12, 28).isocalendar().week


def instants(year: int, week: int, weeks: int = 1) -> tuple[int, int]:
    """When a week begins and when it, or the last of so many, ends (ms)."""
    monday = datetime.combine(monday_of(year, week), time(), SHANGHAI)
    return ms(monday), ms(monday + timedelta(weeks=weeks))


def ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
