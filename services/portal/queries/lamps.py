"""The lamps: how many issues stand at which step of the ladder now, and which of a department ever stood where.

Step 0 is the warning (docs/clocks.md, The ladder): a clock whose breach would raise the issue was warned of, and runs.
"""

import sqlite3
from collections import defaultdict
from typing import NamedTuple

from services.portal.addresses import MOST_INSTANT, Place
from services.portal.queries.selecting import Row, select
from shared.domain.steps import CLIMBS

PAGE = 50
WARNED = f"""
    coalesce(i.ladder_step, 0) = 0 AND i.id IN (
        SELECT w.issue FROM clock w WHERE w.clock IN ({", ".join(f"'{name}'" for name in CLIMBS)})
        AND w.stopped_at IS NULL AND w.warned_at IS NOT NULL AND w.breached_at IS NULL
    )
"""
"""The condition on an issue ``i`` that it stands at step 0."""
_STANDING = f"""
    SELECT coalesce(i.holder, ''), i.ladder_step, count(*) FROM issue i
    WHERE i.ladder_step > 0 AND i.registered_at IS NOT NULL GROUP BY 1, 2
    UNION ALL
    SELECT coalesce(i.holder, ''), 0, count(*) FROM issue i
    WHERE {WARNED} AND i.registered_at IS NOT NULL GROUP BY 1
"""
_OF_DEPARTMENT = f"""
    SELECT l.step, l.because, l.raised_at, l.ended_at, l.lifted_at, l.lifted_because, l.lifted_by, l.lifted_reason,
        l.number AS place, i.*
    FROM lamp l CROSS JOIN issue i ON i.id = l.issue
    WHERE l.department = :department AND i.registered_at IS NOT NULL
    AND (l.raised_at, l.issue, l.number) < (:at, :issue, :place)
    ORDER BY l.raised_at DESC, l.issue DESC, l.number DESC LIMIT {PAGE + 1}
"""
_COUNTED = """
    SELECT count(*), count(DISTINCT l.issue) FROM lamp l CROSS JOIN issue i ON i.id = l.issue
    WHERE l.department = ? AND i.registered_at IS NOT NULL
"""


class Lamp(NamedTuple):
    """One raise of one issue: to which step and why, since when, and how it came down from there."""

    issue: Row
    step: int
    because: str
    raised_at: int
    ended_at: int | None
    lifted_at: int | None
    lifted_because: str
    lifted_by: str
    lifted_reason: str

    @property
    def stands(self) -> bool:
        """Whether it is the step at which the issue stands now."""
        return self.lifted_at is None and bool(self.issue["ladder_step"] == self.step)


class History(NamedTuple):
    """One page of the lamps of a department, the newest on top; ``following``: where the next one begins, or ""."""

    lamps: list[Lamp]
    following: str


def standing(reads: sqlite3.Connection) -> dict[str, dict[int, int]]:
    """department ("" for none) -> step -> how many issues stand there now."""
    found: dict[str, dict[int, int]] = defaultdict(dict)
    for holder, step, many in reads.execute(_STANDING):
        found[holder][step] = many
    return dict(found)


def of_department(reads: sqlite3.Connection, department: str, after: Place | None) -> History:
    """What was raised while this department held it; ``after``: the instant of the last one before, and its place."""
    issue, _, place = (after.id if after else "").partition("/")
    values = {
        "department": department,
        "at": after.at if after else MOST_INSTANT,
        "issue": issue,
        "place": int(place) if place.isascii() and place.isdecimal() else 0,
    }
    rows = select(reads, _OF_DEPARTMENT, values).fetchall()
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    following = Place(last["raised_at"], f"{last['id']}/{last['place']}").written if last else ""
    return History([_lamp(row) for row in rows[:PAGE]], following)


def _lamp(row: Row) -> Lamp:
    down = (row[f"lifted_{name}"] or "" for name in ("because", "by", "reason"))
    return Lamp(row, row["step"], row["because"], row["raised_at"], row["ended_at"], row["lifted_at"], *down)


def counted(reads: sqlite3.Connection, department: str) -> tuple[int, int]:
    """How often something of this department was raised, and how many issues that were."""
    raised, issues = reads.execute(_COUNTED, (department,)).fetchone()
    return raised, issues
