"""What happens to an issue if nobody acts: the further steps of the ladder, counted from the rows.

The rules are supervision's (docs/clocks.md, The ladder); the arithmetic is that of shared/domain/ladder.py, and a test
compares both.
"""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cached_property
from typing import NamedTuple

from services.portal.queries import issues
from services.portal.queries.impact import running
from services.portal.queries.issues import Row
from services.portal.queries.published import reference
from shared.contract.words import ClockName
from shared.domain.clocks import Fact, Paused, Reading, Resumed
from shared.domain.ladder import Rise, preview, rises
from shared.domain.reference import NotPublished
from shared.domain.renewing import IN_ROUNDS, Terms, as_renewed, read_running
from shared.domain.steps import CLIMBS, ORDER, RED, WARNED

_AT_ONCE = """
    SELECT round, rework_asked_at FROM rating
    WHERE issue = :issue AND round > 1 AND round >= :replied AND rework_asked_at IS NOT NULL
        AND coalesce(rework_granted, 1) = 1
    UNION ALL
    SELECT round, asked_at FROM request
    WHERE issue = :issue AND what = 'extension' AND number > 2 AND round > :replied AND asked_at IS NOT NULL
"""


class Explaining(NamedTuple):
    """A breach that can be explained: of which round, and when the supervision order comes without and with it."""

    round: int
    order_at: datetime
    put_off_to: datetime


class Ladder:
    """One issue's clocks and what they lead to as of ``now``; what is asked for twice is read and counted once."""

    def __init__(self, reads: sqlite3.Connection, issue: Row, now: datetime) -> None:
        self._reads, self._issue, self._now = reads, issue, now

    @cached_property
    def clocks(self) -> list[Row]:
        """The clocks that run, the one due first on top."""
        return issues.running_clocks(self._reads, self._issue["id"])

    @cached_property
    def coming(self) -> tuple[Rise, ...]:
        """Each warning and each step above that at which it stands, in order; none for what has ended."""
        if self._issue["ended_at"] is not None:
            return ()
        climbs = [*(climb for _, climb in self._climbs), *_at_once(self._reads, self._issue)]
        return preview(self._issue["ladder_step"] or 0, climbs, self._warnings())

    def _warnings(self) -> Iterator[Rise]:
        """The warnings that are to come, of the clocks that run and are not breached."""
        known = reference(self._reads, self._issue["jurisdiction"])
        for clock in self.clocks:
            if clock["clock"] not in WARNED or clock["breached_at"] is not None:
                continue
            newest = _instant(clock["warned_at"] or 0)
            if (reading := self._reading(clock)) is None:
                continue
            due_at = reading.due_at if self._is_paused(clock) else _instant(clock["due_at"])
            calendar = known.calendars.named(clock["calendar"])
            for name, at in reading.deadlines:
                if name != "due" and newest < at < due_at:
                    yield Rise(0, at, not calendar.is_published(at.date()))

    def _reading(self, clock: Row) -> Reading | None:
        """What a clock says once the pause it may be in has ended by itself; None without its versions."""
        known = reference(self._reads, self._issue["jurisdiction"])
        try:
            counted = running(self._reads, clock, self._issue["rejected_at"], known, by_itself=True)
            return read_running(counted, known)
        except NotPublished:
            return None

    def _is_paused(self, clock: Row) -> bool:
        """Whether nothing of it is due for now; of what was due before, everything goes on."""
        asked = clock["clock"] == ClockName.HOLDING and self._issue["question"] is not None
        paused = clock["clock"] in IN_ROUNDS and (asked or self._issue["paused"] is not None)
        return paused and clock["breached_at"] is None

    @cached_property
    def held_up(self) -> Row | None:
        """The pause while which its promise brings nothing; None where there is none, or it was broken before."""
        waits = any(clock["clock"] == ClockName.PROMISE and self._is_paused(clock) for clock in self.clocks)
        if not waits or self._issue["paused"] is None:
            return None
        return issues.request(self._reads, self._issue["id"], "pause", self._issue["paused"])

    @cached_property
    def explaining(self) -> Explaining | None:
        """What an explanation would put off now; None where there is nothing to explain, or it is too late."""
        if not self._issue["ladder_step"] or self._issue["ended_at"] is not None:
            return None
        for clock, climb in self._climbs:
            broken = clock["clock"] == ClockName.PROMISE and clock["breached_at"] is not None
            if not broken or clock["explained_at"] is not None:
                continue
            order_at = _order_at(climb)
            if order_at is not None and self._now <= order_at:
                due_at = _instant(clock["due_at"])
                put_off_to = _order_at(_rises(self._reads, self._issue, clock, due_at, self._now))
                return None if put_off_to is None else Explaining(clock["round"], order_at, put_off_to)
        return None

    @cached_property
    def _climbs(self) -> list[tuple[Row, tuple[Rise, ...]]]:
        """What the breaches bring that were recorded, or will be, each beside its clock."""
        found = []
        for clock in self.clocks:
            if clock["clock"] not in CLIMBS or _is_lifted(self._issue, clock):
                continue
            due_at = _instant(clock["due_at"])
            if self._is_paused(clock):
                reading = self._reading(clock)
                if reading is None or reading.state == "paused":
                    continue
                due_at = reading.due_at
            explained_at = None if clock["explained_at"] is None else _instant(clock["explained_at"])
            found.append((clock, _rises(self._reads, self._issue, clock, due_at, explained_at)))
        return found


def _is_lifted(issue: Row, clock: Row) -> bool:
    return clock["breached_at"] is not None and clock["due_at"] <= (issue["ladder_lifted_at"] or -1)


def _order_at(climb: tuple[Rise, ...]) -> datetime | None:
    return next((rise.at for rise in climb if rise.step == ORDER), None)


def _rises(
    reads: sqlite3.Connection, issue: Row, clock: Row, due_at: datetime, explained_at: datetime | None
) -> tuple[Rise, ...]:
    """The steps that a breach of this clock then brings; none as long as its policy or calendar was not read here."""
    known = reference(reads, issue["jurisdiction"])
    try:
        policy, calendar = known.policies.named(clock["policy"]), known.calendars.named(clock["calendar"])
    except NotPublished:
        return ()
    pauses: list[Fact] = []
    if clock["resumed_at"] is not None and issue["rejected_at"] is not None:
        pauses = [
            Paused(_instant(issue["rejected_at"]), "rejected"),
            Resumed(_instant(clock["resumed_at"])),
        ]
    last = CLIMBS[clock["clock"]]
    found = rises(due_at, policy, calendar, last=last, explained_at=explained_at, pauses=pauses)
    terms = Terms(clock["policy"], clock["calendar"])
    return as_renewed(found, terms, known, explained_at=explained_at, pauses=pauses)


def _at_once(reads: sqlite3.Connection, issue: Row) -> Iterator[tuple[Rise, ...]]:
    """What brings it to red at once, and that nothing has answered since: a round that dissatisfied after the first
    one, an extension asked for after the second.
    """
    values = {"issue": issue["id"], "replied": issue["replied_round"] or 0}
    for _, asked_at in reads.execute(_AT_ONCE, values).fetchall():
        if asked_at <= (issue["ladder_lifted_at"] or -1):
            continue
        known, at = reference(reads, issue["jurisdiction"]), _instant(asked_at)
        try:
            policy, calendar = known.policies.at(at), known.calendars.at(at)
        except NotPublished:
            continue
        yield as_renewed(
            rises(at, policy, calendar, first=RED), Terms(policy.version, calendar.version), known
        )


def _instant(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
