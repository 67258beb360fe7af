"""How the promise is kept, in numbers for Prometheus: what is due, where lamps stand, what was missed.

Everything is counted from the projection as of one instant, so that it is right after a stand-still and a rebuild too.
What is due by now, and the last 30 days, are found by their indexes; of issues those of two months are counted.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from services.portal.figures.counting import pairs_of, source
from services.portal.figures.definitions import COUNTS, FIGURES, REWORK, Figure
from services.portal.queries.board import DAY_MS, Moment
from shared.contract.words import ClockName
from shared.domain.clocks import SHANGHAI

RECENT: Sequence[Figure] = (
    *(one for one in COUNTS if one.name not in ("open", "referred")),
    REWORK,
    *(
        FIGURES[name]
        for name in ("on_time_assignment", "sign_for", "on_time_reply", "on_time_reply_extended")
    ),
    *(FIGURES[name] for name in ("participation", "satisfied", "solved")),
)
"""What is counted of the issues of two months."""
REPLY_DAYS = (1, 2, 3, 5, 7, 10, 14, 21, 30)
"""The bounds of the buckets of the time to the first reply, in days on the wall clock."""
OBJECTIVES: Mapping[str, tuple[str, str]] = {
    "assigned": ("on_time_assignment", "i.assign_due_at"),
    "signed": ("sign_for", "a.sign_due_at"),
    "replied": ("on_time_reply_extended", "i.due_at"),
}
"""What is promised to be done in time: the figure that says what counts, and when it is due."""


class Of(NamedTuple):
    """Whose: as events and the directory name them; ``department`` "" is nobody's."""

    jurisdiction: str
    department: str = ""


class Due(NamedTuple):
    """Issues by the clock of each that is due first, as on the board: over, later today, within 24 hours, and all of
    which one runs; later today and within 24 hours overlap.
    """

    overdue: int = 0
    today: int = 0
    day: int = 0
    all: int = 0


class Missed(NamedTuple):
    """Of what fell due within a window up to now: how many, and how many of these were not done by then."""

    due: int
    missed: int


class Counted(NamedTuple):
    """All numbers as of one instant."""

    due: Mapping[Of, Due]
    clocks: Mapping[tuple[str, str], tuple[int, int]]
    """(jurisdiction, clock) -> (overdue, due within 24 hours)."""
    lamps: Mapping[tuple[Of, int], int]
    """(whose, step of the ladder) -> issues that stand there."""
    recent: Mapping[tuple[Of, str], tuple[int, int]]
    """(whose, figure) -> how many count and how many of these hit, of this month's issues and the month's before."""
    outcomes: Mapping[tuple[str, str], int]
    """(jurisdiction, outcome of the newest reply) -> of the same issues."""
    ratings: Mapping[tuple[str, str], int]
    """(jurisdiction, satisfaction of the last rating) -> of the same issues."""
    replies: Mapping[str, tuple[Sequence[int], int, float]]
    """jurisdiction -> how many first replies came within each of REPLY_DAYS, how many in all, and their seconds."""
    objectives: Mapping[tuple[str, Of], Sequence[Missed]]
    """(objective, whose) -> one for each window."""


def count(
    reads: sqlite3.Connection, at: Moment, months: Sequence[str], windows: Sequence[timedelta]
) -> Counted:
    """Everything as of now; ``months``: those whose issues are recent, as figures name them. One consistent reading."""
    reads.execute("BEGIN")
    try:
        return Counted(
            _due(reads, at),
            _clocks(reads, at),
            _lamps(reads),
            _recent(reads, at, months),
            _by_word(reads, months, "outcome"),
            _by_word(reads, months, "satisfaction"),
            _replies(reads, months),
            {
                (name, whose): missed
                for name, (figure, due) in OBJECTIVES.items()
                for whose, missed in _missed(reads, at, FIGURES[figure], due, windows).items()
            },
        )
    finally:
        reads.execute("ROLLBACK")


def recent_months(now: datetime) -> tuple[str, str]:
    """The month before and this one, Asia/Shanghai, as issues name them."""
    today = now.astimezone(SHANGHAI).date()
    return f"{today.replace(day=1) - timedelta(days=1):%Y-%m}", f"{today:%Y-%m}"


def _due(reads: sqlite3.Connection, at: Moment) -> dict[Of, Due]:
    due = "i.next_due_at"
    query = f"""
        SELECT i.jurisdiction, coalesce(i.holder, ''), sum({due} <= :now),
            sum({due} > :now AND {due} <= :midnight), sum({due} > :now AND {due} <= :now + {DAY_MS}), count(*)
        FROM issue i INDEXED BY issue_by_holder_due
        WHERE {due} IS NOT NULL AND i.registered_at IS NOT NULL AND i.paused IS NULL GROUP BY 2, 1
    """
    return {Of(*row[:2]): Due(*row[2:]) for row in reads.execute(query, at._asdict())}


def _clocks(reads: sqlite3.Connection, at: Moment) -> dict[tuple[str, str], tuple[int, int]]:
    """While who raised it is asked the holder's own clock waits, and while it is paused all do, as on the board."""
    names = ", ".join(f"'{name}'" for name in ClockName)
    query = f"""
        SELECT i.jurisdiction, c.clock, sum(c.due_at <= :now), sum(c.due_at > :now)
        FROM clock c CROSS JOIN issue i ON i.id = c.issue
        WHERE c.stopped_at IS NULL AND c.clock IN ({names}) AND c.due_at <= :now + {DAY_MS}
            AND i.registered_at IS NOT NULL AND i.paused IS NULL AND (c.clock <> 'holding' OR i.question IS NULL)
        GROUP BY 1, 2
    """
    rows = reads.execute(query, {"now": at.now})
    return {(jurisdiction, clock): (overdue, day) for jurisdiction, clock, overdue, day in rows}


def _lamps(reads: sqlite3.Connection) -> dict[tuple[Of, int], int]:
    query = """
        SELECT i.jurisdiction, coalesce(i.holder, ''), i.ladder_step, count(*) FROM issue i
        WHERE i.ladder_step > 0 AND i.registered_at IS NOT NULL GROUP BY 1, 2, 3
    """
    rows = reads.execute(query)
    return {(Of(jurisdiction, holder), step): many for jurisdiction, holder, step, many in rows}


def _recent(
    reads: sqlite3.Connection, at: Moment, months: Sequence[str]
) -> dict[tuple[Of, str], tuple[int, int]]:
    """Each kind of unit in one query."""
    found: dict[tuple[Of, str], tuple[int, int]] = {}
    for unit in ("issue", "assignment"):
        figures = [figure for figure in RECENT if figure.unit == unit]
        query = f"""
            SELECT i.jurisdiction, i.department, {pairs_of(figures)}
            FROM {source(figures[0])} WHERE {_MONTHS} GROUP BY 1, 2
        """
        for jurisdiction, department, *numbers in reads.execute(query, _values(months) | {"as_of": at.now}):
            for figure, many, hits in zip(figures, numbers[::2], numbers[1::2], strict=True):
                found[Of(jurisdiction, department), figure.name] = many, hits
    return found


def _by_word(reads: sqlite3.Connection, months: Sequence[str], column: str) -> dict[tuple[str, str], int]:
    query = f"""
        SELECT i.jurisdiction, i.{column}, count(*) FROM issue i
        WHERE {_MONTHS} AND i.{column} IS NOT NULL GROUP BY 1, 2
    """
    rows = reads.execute(query, _values(months))
    return {(jurisdiction, word): many for jurisdiction, word, many in rows}


def _replies(reads: sqlite3.Connection, months: Sequence[str]) -> dict[str, tuple[Sequence[int], int, float]]:
    took = "(i.first_replied_at - i.registered_at)"
    within = ", ".join(f"sum({took} <= {days * DAY_MS})" for days in REPLY_DAYS)
    query = f"""
        SELECT i.jurisdiction, {within}, count(*), sum({took}) / 1000.0 FROM issue i
        WHERE {_MONTHS} AND i.first_replied_at IS NOT NULL GROUP BY 1
    """
    rows = reads.execute(query, _values(months))
    return {jurisdiction: (buckets, many, seconds) for jurisdiction, *buckets, many, seconds in rows}


def _missed(
    reads: sqlite3.Connection, at: Moment, figure: Figure, due: str, windows: Sequence[timedelta]
) -> dict[Of, list[Missed]]:
    """Of each window what fell due in it; what was done before it fell due is among it."""
    begins = [at.now - int(window.total_seconds() * 1000) for window in windows]
    sums = ", ".join(
        f"sum({due} > {begin}), sum({due} > {begin} AND NOT coalesce({figure.hits}, 0))" for begin in begins
    )
    query = f"""
        SELECT i.jurisdiction, i.department, {sums} FROM {source(figure)}
        WHERE {due} > {min(begins)} AND {due} <= :as_of AND i.number IS NOT NULL AND coalesce({figure.counts}, 0)
        GROUP BY 1, 2
    """
    rows = reads.execute(query, {"as_of": at.now})
    return {
        Of(jurisdiction, department): [Missed(*pair) for pair in zip(sums[::2], sums[1::2], strict=True)]
        for jurisdiction, department, *sums in rows
    }


_MONTHS = "i.month BETWEEN :first AND :last AND i.number IS NOT NULL"


def _values(months: Sequence[str]) -> dict[str, object]:
    return {"first": min(months), "last": max(months)}
