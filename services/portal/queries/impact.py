"""What a calendar or policy that is not published yet would move: which due dates, from when to when, and whose.

Counted from the rows by the arithmetic with which supervision recalculates (shared/domain/renewing.py).
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from services.portal.queries.published import build
from services.portal.queries.selecting import Row, select
from shared.contract.commands.supervision import PublishCalendar, PublishPolicy
from shared.contract.events.supervision import CalendarPublished, PolicyPublished
from shared.domain.calendar import Calendar
from shared.domain.clocks import Extended, Fact, Limit, Paused, Resumed, Started
from shared.domain.reference import NotPublished, Reference, Renewal
from shared.domain.renewing import IN_ROUNDS, Running, moved, read_running

_RUNNING = """
    SELECT c.*, i.number AS issue_number, i.rejected_at, i.paused, i.question,
        coalesce(nullif(c.department, ''), i.holder, '') AS whose,
        EXISTS (
            SELECT 1 FROM clock o WHERE o.issue = c.issue AND o.stopped_at IS NULL AND o.breached_at IS NULL
            AND NOT (o.clock = 'holding' AND i.question IS NOT NULL)
            AND NOT (o.clock IN ('promise', 'holding') AND i.paused IS NOT NULL)
        ) AS is_reached
    FROM clock c JOIN issue i ON i.id = c.issue
    WHERE c.stopped_at IS NULL AND c.breached_at IS NULL AND c.due_at >= ?
"""
"""``is_reached``: a clock of it runs, so a version finds the issue at once, and moves those that are paused too."""
_GRANTED = """
    SELECT what, days, CASE WHEN question = 1 AND :assignment <> '' THEN asked_at ELSE decided_at END, ended_at,
        CASE WHEN ended_at IS NULL THEN ends_at END
    FROM request
    WHERE issue = :issue AND round = :round AND :assignment IN ('', assignment)
        AND (granted = 1 OR (question = 1 AND :assignment <> ''))
"""
"""The holder's own clock pauses from the question to the raiser on, whatever the office decides on the promise."""
_RENEWED = """
    SELECT c.issue, i.number AS issue_number, c.clock, c.round, c.moved_from, c.due_at, c.provisional,
        coalesce(nullif(c.department, ''), i.holder, '') AS whose
    FROM clock c JOIN issue i ON i.id = c.issue
    WHERE c.renewed_by = ? ORDER BY c.due_at, c.issue, c.number
"""


class Move(NamedTuple):
    """One clock whose date moves, or only becomes certain: old and new instant in milliseconds, and who holds it.

    ``paused``: nothing of its issue is due until it goes on, and then it moves.
    """

    issue: str
    number: str
    clock: str
    round: int
    department: str
    old_due_at: int
    due_at: int
    was_provisional: bool
    provisional: bool
    paused: bool = False


class Impact(NamedTuple):
    """Every move, the new date that comes first on top, and how many each department has."""

    version: str
    moves: tuple[Move, ...]

    @property
    def departments(self) -> list[tuple[str, int]]:
        """(department, how many), the most first; "" for what nobody holds."""
        return Counter(move.department for move in self.moves).most_common()

    @property
    def issues(self) -> int:
        """How many issues they are of."""
        return len({move.issue for move in self.moves})

    @property
    def paused(self) -> int:
        """How many of these clocks are paused."""
        return sum(move.paused for move in self.moves)

    def as_json(self) -> dict[str, Any]:
        """The impact as JSON."""
        moves = [
            {**move._asdict(), "old_due_at": _text(move.old_due_at), "due_at": _text(move.due_at)}
            for move in self.moves
        ]
        counts = {"clocks": len(self.moves), "issues": self.issues, "paused": self.paused}
        return {"version": self.version, **counts, "departments": dict(self.departments), "moves": moves}


Wanted = PublishCalendar | PublishPolicy


def impact(reads: sqlite3.Connection, jurisdiction: str, wanted: Wanted, now: datetime) -> Impact:
    """What would move were this published now; nothing for a version that is published, or reaches no running clock."""
    known = build(reads, jurisdiction)
    before, event = known.renewals, _published(wanted, now)
    known.learn("", event)
    renewal = next(
        (one for one in known.renewals if one not in before and one.version == event.version), None
    )
    found = [] if renewal is None else [*_moves(reads, renewal, known)]
    return Impact(event.version, tuple(sorted(found, key=lambda one: (one.due_at, one.issue, one.clock))))


def renewed(reads: sqlite3.Connection, version: str) -> Impact:
    """What a published version has moved so far."""
    found = [
        Move(
            row["issue"],
            row["issue_number"] or "",
            row["clock"],
            row["round"],
            row["whose"],
            row["moved_from"],
            row["due_at"],
            False,
            row["provisional"] is not None,
        )
        for row in select(reads, _RENEWED, (version,))
    ]
    return Impact(version, tuple(found))


def _published(wanted: Wanted, now: datetime) -> CalendarPublished | PolicyPublished:
    """The event as it would be; ``now`` in whole milliseconds, as a record has it."""
    at = wanted.in_force_from or now.replace(microsecond=now.microsecond // 1000 * 1000)
    if isinstance(wanted, PublishPolicy):
        policy, running = wanted.policy, wanted.applies_to_running
        return PolicyPublished(
            version=policy.version, in_force_from=at, policy=policy, applies_to_running=running, by=""
        )
    through, days = wanted.published_through, wanted.days
    version = Calendar(through, days).version
    return CalendarPublished(version=version, in_force_from=at, published_through=through, days=days, by="")


def _moves(reads: sqlite3.Connection, renewal: Renewal, known: Reference) -> Iterator[Move]:
    for row in select(reads, _RUNNING, (int(renewal.at.timestamp() * 1000),)):
        clock = running(reads, row, row["rejected_at"], known)
        try:
            after = moved(clock, _instant(row["due_at"]), renewal, known)
            was = None if after is None else read_running(clock, known).provisional
        except NotPublished:
            continue  # of a version that was not read here yet
        if after is not None:
            due_at, number = int(after.due_at.timestamp() * 1000), row["issue_number"] or ""
            about = (row["issue"], number, row["clock"], row["round"], row["whose"])
            waits = row["question"] is not None and row["clock"] == "holding"
            waits = waits or (row["paused"] is not None and row["clock"] in IN_ROUNDS)
            paused = waits and not row["is_reached"]
            yield Move(*about, row["due_at"], due_at, bool(was), after.provisional, paused)


def _granted(reads: sqlite3.Connection, row: Row, by_itself: bool) -> Iterator[Fact]:
    """The extensions and pauses that were granted for a clock; ``by_itself``: with the end that a pause will have."""
    if row["clock"] not in IN_ROUNDS:
        return
    named = {name: row[name] for name in ("issue", "round", "assignment")}
    for what, days, decided_at, ended_at, ends_at in reads.execute(_GRANTED, named):
        if what == "extension":
            yield Extended(_instant(decided_at), days)
            continue
        yield Paused(_instant(decided_at), "granted")
        if by_itself and ends_at is not None:
            yield Resumed(_instant(max(ends_at, decided_at)))
        if ended_at is not None:
            yield Resumed(_instant(ended_at))


def running(
    reads: sqlite3.Connection, row: Row, rejected_at: int | None, known: Reference, by_itself: bool = False
) -> Running:
    """A clock as its events told it; ``rejected_at``: when its issue was, if it was.

    ``by_itself``: as it will be once a pause that ends by itself has ended.
    """
    started = Started(_instant(row["started_at"]), Limit(row["term"]))
    history: list[Fact] = [started, *_granted(reads, row, by_itself)]
    if row["resumed_at"] is not None and rejected_at is not None:
        history += [Paused(_instant(rejected_at), "rejected"), Resumed(_instant(row["resumed_at"]))]
    in_force = {(str(one.because), one.version): one.at for one in known.renewals}
    renewed_by = [
        (because, in_force[because, version], version)
        for because, version in json.loads(row["renewals"] or "[]")
        if (because, version) in in_force
    ]
    return Running(
        row["clock"],
        row["round"],
        Limit(row["term"]),
        tuple(history),
        row["began_policy"],
        row["began_calendar"],
        tuple(sorted(renewed_by, key=lambda one: one[1])),
    )


def _instant(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _text(milliseconds: int) -> str:
    return _instant(milliseconds).isoformat()
