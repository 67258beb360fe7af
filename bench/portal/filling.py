"""A projection of 100,000 issues: that of a log of some thousands, multiplied in SQL under ids of their own."""

import random
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from bench.portal.rebuild import BATCH, CROCKFORD, issues
from bench.portal.talks import TALKS, Talked
from bench.portal.talks import fill as talks
from services.portal.projection.batch import Applier
from services.portal.projection.database import create
from services.portal.projection.files import Files
from shared.bus.records import Record
from shared.identity.references import References
from tests.portal.projection.given import Topics

TOLD, COPIES = 2_000, 50
JURISDICTION, RAISER = "huzhou", "wu"
OWN, HIDDEN = 60, 6
"""How many issues one entrepreneur raised, and how many of these without their name."""
KEYS = {
    "issue": "id",
    "assignment": "issue",
    "draft": "issue",
    "reply": "issue",
    "clock": "issue",
    "request": "issue",
    "lamp": "issue",
    "document": "issue",
    "rating": "issue",
    "timeline": "subject",
    "sequence": "subject",
}
"""The tables of issues, and the column that names theirs."""
NAMED = ("id", "issue", "subject", "assignment", "next_assignment", "from_assignment", "data")
"""Columns in which an issue's id may stand."""
PLACES = ("holder", "department")
DEPARTMENTS = 10
"""Into how many each department of the log is divided, so that there are some thirty, as in a city."""
CLOCKS = 200
RUNNING = """
    SELECT issue, clock, round, assignment,
        (SELECT max(seq) FROM sequence WHERE subject = c.issue AND topic = 'supervision.events')
    FROM clock c WHERE stopped_at IS NULL
        AND due_at = (SELECT min(due_at) FROM clock o WHERE o.issue = c.issue AND o.stopped_at IS NULL)
    GROUP BY issue ORDER BY due_at LIMIT ?
"""
"""Of each issue the clock due first, the most urgent on top: that one stops changes what a board shows."""
OFFICIALS = {"han": "handler", "zhao": "supervisor", "qian": "leader", "feng": "federation", "lu": "clerk"}
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
HOUR_MS, MINUTE_MS = 3_600_000, 60_000
PLACE_BITS = 43
"""Of a place in the full text the bits below the hour of the registration (projection/terms.py)."""


class Running(NamedTuple):
    """A clock that runs, and the last place in supervision's sequence about its issue."""

    issue: str
    clock: str
    round: int
    assignment: str
    seq: int


class Filled(NamedTuple):
    """What is there: how many issues, one that is answered and belongs to the entrepreneur, and clocks that run."""

    issues: int
    answered: str
    supervised: int
    """The last place in supervision's sequence about it."""
    running: tuple[Running, ...]
    talked: Talked


def fill(folder: Path, references: References, say: Callable[[str], None]) -> Filled:
    """The file that a portal in this folder shows from its start; it reads the topics from their beginning."""
    files = Files(folder)
    path = files.new()
    database = create(path)
    applier = Applier(database, JURISDICTION)
    log = list(issues(TOLD, random.Random(9)))
    for start in range(0, len(log), BATCH):
        applier.apply(log[start : start + BATCH])
    say(f"{TOLD:,} issues, multiplied by {COPIES} in SQL")
    database.execute("PRAGMA synchronous=OFF")
    for number in range(1, COPIES):
        _copy(database, f"{CROCKFORD[number // 32]}{CROCKFORD[number % 32]}", number)
    applier.apply(_officials())
    say(f"{TALKS:,} talks, multiplied likewise")
    filled = _own(database, references, talks(database, applier, datetime.now(UTC)))
    database.execute("DELETE FROM position")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    files.show(path)
    return filled


def _officials() -> list[Record]:
    """Somebody in every role whose pages are measured."""
    topics = Topics(first=1_000_000)  # behind all that the log has
    for account, role in OFFICIALS.items():
        data = {"version": "1", "in_force_from": SINCE.isoformat(), "by": "system", "name": account}
        data |= {"roles": [role], "level": "city", "department": "housing" if role == "handler" else ""}
        topics.version("dispatch", "staff.published.v1", f"staff:{account}", data)
    return topics.records


def _copy(database: sqlite3.Connection, code: str, number: int) -> None:
    """All issues once more, under ids that begin with ``code``, somewhat earlier and due somewhat later."""
    database.execute("BEGIN")
    originals = "SELECT id FROM told"
    if number == 1:
        database.execute("CREATE TEMP TABLE told AS SELECT id FROM issue WHERE number IS NOT NULL")
        database.execute("CREATE UNIQUE INDEX temp.told_by_id ON told (id)")
    for table, key in KEYS.items():
        columns = [row[1] for row in database.execute(f"PRAGMA table_xinfo({table})") if row[6] == 0]
        chosen = ",".join(_column(column, key, code, number) for column in columns)
        database.execute(
            f"INSERT INTO {table}({','.join(columns)}) SELECT {chosen} FROM {table} WHERE {key} IN ({originals})"
        )
    place, new = f"rowid - ({number} << {PLACE_BITS})", f"'{code}' || substr(issue, 3)"
    database.execute(
        f"INSERT INTO words(rowid, issue, terms) SELECT {place}, {new}, terms FROM words WHERE issue IN ({originals})"
    )
    database.execute("COMMIT")


def _column(column: str, key: str, code: str, number: int) -> str:
    if column in NAMED:
        return f"replace({column}, {key}, '{code}' || substr({key}, 3))"
    if column == "registered_at":
        return f"{column} - {number * HOUR_MS}"
    if column in PLACES and number % DEPARTMENTS:
        return f"{column} || '_{number % DEPARTMENTS}'"
    return f"{column} + {number * MINUTE_MS}" if column == "next_due_at" else column


def _own(database: sqlite3.Connection, references: References, talked: Talked) -> Filled:
    """Give one entrepreneur some of them, the last ones without a name; the first is answered and may be rated."""
    sql = "SELECT id FROM issue WHERE number IS NOT NULL AND title IS NOT NULL ORDER BY state <> 'replied', id LIMIT ?"
    ids = [row[0] for row in database.execute(sql, (OWN,)).fetchall()]
    person = references.person(RAISER)
    for place, id in enumerate(ids):
        anonymous = place >= OWN - HIDDEN
        reference = references.on_issue(id, person, anonymous=anonymous)
        database.execute("UPDATE issue SET person=?, anonymous=? WHERE id=?", (reference, anonymous, id))
    count = database.execute("SELECT count(*) FROM issue WHERE number IS NOT NULL").fetchone()[0]
    sql = "SELECT coalesce(max(seq), 0) FROM sequence WHERE subject = ? AND topic = 'supervision.events'"
    supervised = database.execute(sql, (ids[0],)).fetchone()[0]
    running = database.execute(RUNNING, (CLOCKS,)).fetchall()
    return Filled(count, ids[0], supervised, tuple(Running(*row) for row in running), talked)
