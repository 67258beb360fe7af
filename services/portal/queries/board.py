"""The board of all clocks, in SQL: how many issues are late, due today or soon, and the list of them.

An issue counts once, by the clock of it that is due first. Where one clock is asked for by its name, it is that clock
that counts. While it is paused it does not count: nothing of it is due.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, time, timedelta
from typing import NamedTuple

from services.portal.addresses import Place
from services.portal.queries.lamps import WARNED
from services.portal.queries.selecting import ENDLESS, Row, select
from shared.domain.clocks import SHANGHAI

PAGE = 50
DAY_MS = 86_400_000
LATE, TODAY, DAY = "late", "today", "day"
"""What is over, what is due later today, what is due within 24 hours."""
NOBODY = "none"
"""In place of a department: no department holds it."""
ANY_STEP = "any"
"""In place of a step of the ladder: at whichever step it stands."""


class Moment(NamedTuple):
    """Now, and when today is over (milliseconds)."""

    now: int
    midnight: int


class Chosen(NamedTuple):
    """What a board is narrowed to; "" and None for everything. ``holders``: the departments of the chosen level."""

    due: str = ""
    clock: str = ""
    department: str = ""
    holders: Collection[str] | None = None
    step: str = ""
    """Of the ladder. Whoever asks for a step is shown all that stands there, also where no clock runs any more."""
    source: str = ""

    @property
    def codes(self) -> Collection[str] | None:
        """The departments, "" being none; None for all."""
        if not self.department:
            return self.holders
        code = "" if self.department == NOBODY else self.department
        return [code] if self.holders is None or code in self.holders else []


class Count(NamedTuple):
    """How many issues: of them late, due today, due within 24 hours."""

    all: int = 0
    late: int = 0
    today: int = 0
    day: int = 0

    def __add__(self, other: tuple[int, ...]) -> "Count":  # type: ignore[override]
        return Count(*(mine + its for mine, its in zip(self, other, strict=True)))


def moment(now: datetime) -> Moment:
    """Now and the coming midnight in Shanghai."""
    tomorrow = now.astimezone(SHANGHAI).date() + timedelta(days=1)
    midnight = datetime.combine(tomorrow, time(), SHANGHAI)
    return Moment(int(now.timestamp() * 1000), int(midnight.timestamp() * 1000) - 1)


def counts(reads: sqlite3.Connection, chosen: Chosen, at: Moment) -> dict[str, Count]:
    """Of each department, "" being none, whatever ``chosen.due`` is."""
    where, values = _which(chosen)
    due = _due(chosen)
    query = f"""
        SELECT coalesce(i.holder, ''), count(*), sum({due} <= :now), sum({due} > :now AND {due} <= :midnight),
            sum({due} > :now AND {due} <= :now + {DAY_MS})
        FROM {_source(chosen)} WHERE {where} GROUP BY 1
    """
    rows = reads.execute(query, values | at._asdict())
    return {holder: Count(*numbers) for holder, *numbers in rows}


def not_drafted(reads: sqlite3.Connection, chosen: Chosen, at: Moment) -> int:
    """Of those due later today, how many have no draft of the current round."""
    where, values = _which(chosen._replace(due=TODAY))
    query = f"""
        SELECT count(*) FROM {_source(chosen)} WHERE {where}
        AND i.state IN ('registered', 'awaiting_material', 'accepted', 'assigned', 'returned', 'in_progress', 'rework')
    """
    found: int = reads.execute(query, values | at._asdict()).fetchone()[0]
    return found


def page(reads: sqlite3.Connection, chosen: Chosen, at: Moment, after: Place | None = None) -> list[Row]:
    """A page of the list and the first row of the next, what is due first on top: the issue, and of the clock that
    counts ``clock`` and ``clock_due_at``. ``after``: the clock_due_at and id of the last row before."""
    where, values = _which(chosen)
    due = _due(chosen)
    clock = "c.clock" if chosen.clock else "i.next_clock"
    if after is not None:
        where += f" AND ({due}, i.id) > (:after_at, :after_id)"
        values |= {"after_at": after.at, "after_id": after.id}
    order = "c.due_at, c.issue" if chosen.clock else f"{due}, i.id"
    query = f"""
        SELECT i.*, {clock} AS clock, {due} AS clock_due_at, a.head FROM {_source(chosen)}
        LEFT JOIN assignment a ON a.issue = i.id AND a.id = i.assignment
        WHERE {where} ORDER BY {order} LIMIT {PAGE + 1}
    """
    return select(reads, query, values | at._asdict()).fetchall()


def running(reads: sqlite3.Connection, ids: Iterable[str]) -> dict[str, list[Row]]:
    """The clocks that run of each of these issues, the one due first on top."""
    query = """
        SELECT c.* FROM json_each(?) AS wanted CROSS JOIN clock c ON c.issue = wanted.value
        WHERE c.stopped_at IS NULL ORDER BY c.due_at, c.number
    """
    found: dict[str, list[Row]] = defaultdict(list)
    for row in select(reads, query, (json.dumps(list(ids)),)):
        found[row["issue"]].append(row)
    return found


def waiting_longest(reads: sqlite3.Connection, most: int) -> Iterator[Row]:
    """Of the issues that wait for their first reply those that were registered first.

    The plus sign keeps the index by state out of it, which would sort all that wait.
    """
    query = """
        SELECT i.* FROM issue i
        WHERE +i.state IN (
            'registered', 'awaiting_material', 'accepted', 'appealed', 'assigned', 'returned', 'in_progress',
            'suspended', 'reviewing'
        )
        AND i.registered_at IS NOT NULL AND i.first_replied_at IS NULL AND i.ended_at IS NULL
        ORDER BY i.registered_at, i.id LIMIT ?
    """
    yield from select(reads, query, (most,))


def _source(chosen: Chosen) -> str:
    return "clock c CROSS JOIN issue i ON i.id = c.issue" if chosen.clock else "issue i"


def _due(chosen: Chosen) -> str:
    """When what counts is due; what stands on the ladder without a clock (the reply is out) is last."""
    if chosen.clock:
        return "c.due_at"
    return f"coalesce(i.next_due_at, {ENDLESS})" if chosen.step else "i.next_due_at"


def _which(chosen: Chosen) -> tuple[str, dict[str, object]]:
    """The condition on an issue ``i`` (and a clock ``c`` where one is chosen), and its parameters."""
    conditions, values, due = ["i.registered_at IS NOT NULL"], dict[str, object](), _due(chosen)
    if not chosen.step:
        conditions.append("i.paused IS NULL")
    if chosen.clock:
        # While who raised it is asked, the holder's own clock waits.
        waits = "(c.clock <> 'holding' OR i.question IS NULL)"
        conditions += ["c.stopped_at IS NULL", "c.clock = :clock", waits]
        values["clock"] = chosen.clock
    elif not chosen.step:
        conditions.append("i.next_due_at IS NOT NULL")
    codes = chosen.codes
    if codes is not None and len(codes) == 1:
        conditions.append("coalesce(i.holder, '') = :code")
        values["code"] = next(iter(codes))
    elif codes is not None:
        conditions.append("coalesce(i.holder, '') IN (SELECT value FROM json_each(:codes))")
        values["codes"] = json.dumps(sorted(codes))
    if chosen.step == "0":
        conditions.append(WARNED)
    elif chosen.step:
        conditions.append("i.ladder_step > 0")
    if chosen.step not in ("", "0", ANY_STEP):
        conditions.append("i.ladder_step = :step")
        values["step"] = int(chosen.step)
    if chosen.source:
        conditions.append("i.origin = :source")
        values["source"] = chosen.source
    match chosen.due:
        case "late":
            conditions.append(f"{due} <= :now")
        case "today":
            conditions.append(f"{due} > :now AND {due} <= :midnight")
        case "day":
            conditions.append(f"{due} > :now AND {due} <= :now + {DAY_MS}")
    return " AND ".join(conditions), values
