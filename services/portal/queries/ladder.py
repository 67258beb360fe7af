"""What happens to an issue if nobody acts: the further steps of the ladder, counted from the rows.

The rules are supervision's (docs/clocks.md, The ladder); the arithmetic is that of shared/domain/ladder.py, and a test
compares both.
"""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from services.portal.queries import issues
from services.portal.queries.issues import Row
from services.portal.queries.published import reference
from shared.domain.clocks import Fact, Paused, Resumed
from shared.domain.ladder import Rise, preview, rises
from shared.domain.reference import NotPublished
from shared.domain.renewing import Terms, as_renewed
from shared.domain.steps import NAMES, ORDER, RED

CLIMBS = {"promise": len(NAMES), "holding": 1}
"""The clocks whose breach takes an issue up, and how far."""
_ROUNDS = """
    SELECT round, rework_asked_at FROM rating
    WHERE issue = ? AND round > 1 AND rework_asked_at IS NOT NULL AND coalesce(rework_granted, 1) = 1
"""


def coming(reads: sqlite3.Connection, issue: Row) -> tuple[Rise, ...]:
    """Each step above the one at which it stands, with its instant, in order; none for what has ended."""
    if issue["ended_at"] is not None:
        return ()
    climbs = [*_clocks(reads, issue), *_dissatisfied(reads, issue)]
    return preview(issue["ladder_step"] or 0, climbs)


def _clocks(reads: sqlite3.Connection, issue: Row) -> Iterator[tuple[Rise, ...]]:
    """What the breaches bring that were recorded, or will be."""
    for clock in issues.running_clocks(reads, issue["id"]):
        if clock["clock"] in CLIMBS and not _is_lifted(issue, clock):
            explained_at = None if clock["explained_at"] is None else _instant(clock["explained_at"])
            yield _rises(reads, issue, clock, explained_at)


def _is_lifted(issue: Row, clock: Row) -> bool:
    return clock["breached_at"] is not None and clock["due_at"] <= (issue["ladder_lifted_at"] or -1)


def _rises(
    reads: sqlite3.Connection, issue: Row, clock: Row, explained_at: datetime | None
) -> tuple[Rise, ...]:
    """The steps that a breach of this clock brings; none as long as its policy or calendar was not read here."""
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
    due_at, last = _instant(clock["due_at"]), CLIMBS[clock["clock"]]
    found = rises(due_at, policy, calendar, last=last, explained_at=explained_at, pauses=pauses)
    terms = Terms(clock["policy"], clock["calendar"])
    return as_renewed(found, terms, known, explained_at=explained_at, pauses=pauses)


class Explaining(NamedTuple):
    """A breach that can be explained: of which round, and when the supervision order comes without and with it."""

    round: int
    order_at: datetime
    put_off_to: datetime


def explaining(reads: sqlite3.Connection, issue: Row, now: datetime) -> Explaining | None:
    """What an explanation would put off now; None where there is nothing to explain, or it is too late."""
    if not issue["ladder_step"] or issue["ended_at"] is not None:
        return None
    for clock in issues.running_clocks(reads, issue["id"]):
        broken = clock["clock"] == "promise" and clock["breached_at"] is not None
        if not broken or clock["explained_at"] is not None or _is_lifted(issue, clock):
            continue
        order_at, put_off_to = (
            next((rise.at for rise in _rises(reads, issue, clock, at) if rise.step == ORDER), None)
            for at in (None, now)
        )
        if order_at is not None and put_off_to is not None and now <= order_at:
            return Explaining(clock["round"], order_at, put_off_to)
    return None


def _dissatisfied(reads: sqlite3.Connection, issue: Row) -> Iterator[tuple[Rise, ...]]:
    """What rounds bring that dissatisfied after the first one, and that nothing has answered since."""
    for round, asked_at in reads.execute(_ROUNDS, (issue["id"],)).fetchall():
        if round < (issue["replied_round"] or 0) or asked_at <= (issue["ladder_lifted_at"] or -1):
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
