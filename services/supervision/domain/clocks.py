"""One clock: started, stopped and marked by pure functions that append to ``told`` what has to be told.

A clock is the history of its facts (clocks.md 2); due date and thresholds are derived from it by
``shared.clocks.read_clock`` when the clock starts and kept beside it as text, so that reading a document
derives nothing.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict

from services.supervision.domain.life import PER_ASSIGNMENT, State
from shared.calendar import Calendar
from shared.clocks import Fact, Limit, Policy, Reading, Started, Stopped, read_clock
from shared.events import (
    BreachAnnulled,
    ClockBreached,
    ClockName,
    ClockStarted,
    ClockStopped,
    ClockWarned,
    Event,
    PromiseStarted,
    ReworkDecided,
)

DUE = "due"


class Clock(BaseModel):
    """One clock: its facts as (kind, instant, argument), and what was derived from them."""

    model_config = ConfigDict(frozen=True)

    name: ClockName
    round: int = 1
    assignment: str = ""
    department: str = ""
    generation: int = 1
    policy: str
    calendar: str
    history: tuple[tuple[str, AwareDatetime, str], ...]
    due_at: AwareDatetime
    thresholds: tuple[tuple[str, str], ...]
    """(name, instant as text), in order; the last is ``due``."""
    fired: tuple[str, ...] = ()
    breached: bool = False

    @property
    def stopped_at(self) -> datetime | None:
        """The earliest stop that is known."""
        return min((at for kind, at, _ in self.history if kind == "stopped"), default=None)

    @property
    def pending(self) -> tuple[tuple[str, str], ...]:
        """The thresholds that may still fire: none once the clock is stopped."""
        if self.stopped_at is not None:
            return ()
        return tuple(threshold for threshold in self.thresholds if threshold[0] not in self.fired)

    def deadline_name(self, threshold: str) -> str:
        """``<clock>[@assignment]/<round>/<threshold>/<generation>``."""
        who = f"{self.name}@{self.assignment}" if self.assignment else str(self.name)
        return f"{who}/{self.round}/{threshold}/{self.generation}"


class Issue(BaseModel):
    """One issue's clocks, and the department that holds it now."""

    model_config = ConfigDict(frozen=True)

    state: State
    department: str = ""
    assignment: str = ""
    ended_at: AwareDatetime | None = None
    clocks: tuple[Clock, ...] = ()


class Rules(NamedTuple):
    """What a decision needs beside facts; ``grace`` is zero in history (clocks.md 11)."""

    policy: Policy
    calendar: Calendar
    grace: timedelta


def derive(clock: Clock, policy: Policy, calendar: Calendar) -> Reading:
    """What the clock's history says, by shared.clocks alone (the kept due date and thresholds must agree)."""
    facts: list[Fact] = [
        Started(at, Limit(argument)) if kind == "started" else Stopped(at)
        for kind, at, argument in clock.history
    ]
    return read_clock(facts, policy, calendar, warnings=policy.warnings[clock.name.value])


def start(
    name: ClockName, issue: Issue, fact: Event, at: datetime, rules: Rules, told: list[Event]
) -> tuple[Clock, ...]:
    """The clock this fact starts; none when the issue had ended by then.

    A promise is what the entrepreneur was told: its due date, policy and calendar are the event's own.
    """
    promise = fact if isinstance(fact, PromiseStarted) else None
    started_at = promise.started_at if promise else at
    if issue.ended_at is not None and started_at >= issue.ended_at:
        return ()
    limit = Limit(promise.limit) if promise else _limit(name, fact, rules.policy)
    clock = _new(name, issue, fact, (("started", started_at, str(limit)),), rules)
    reading = derive(clock, rules.policy, rules.calendar)
    due = promise.due_at if promise else reading.due_at
    warnings = [(warning.name, text(warning.at)) for warning in reading.deadlines[:-1] if warning.at < due]
    clock = clock.model_copy(update={"due_at": due, "thresholds": (*warnings, (DUE, text(due)))})
    told.append(
        ClockStarted(
            clock=name, round=clock.round, assignment=clock.assignment, department=clock.department,
            started_at=started_at, due_at=due, limit=str(limit),
            provisional=promise.provisional if promise else reading.provisional,
            policy=clock.policy, calendar=clock.calendar,
        )
    )  # fmt: skip
    if issue.ended_at is not None:
        clock = stop(clock, issue.ended_at, issue, rules, told)
    return (clock,)


def _new(
    name: ClockName, issue: Issue, fact: Event, history: tuple[tuple[str, datetime, str], ...], rules: Rules
) -> Clock:
    """A clock whose dates are still to be derived; started again for the same thing, it is a generation on."""
    held = name in PER_ASSIGNMENT
    assignment = getattr(fact, "assignment", issue.assignment) if held else ""
    round = getattr(fact, "round", 1)
    promised = fact if isinstance(fact, PromiseStarted) else None
    twins = [c for c in issue.clocks if (c.name, c.assignment, c.round) == (name, assignment, round)]
    return Clock(
        name=name,
        round=round,
        assignment=assignment,
        department=getattr(fact, "department", issue.department) if held else "",
        generation=1 + len(twins),
        policy=promised.policy if promised else rules.policy.version,
        calendar=promised.calendar if promised else rules.calendar.version,
        history=history,
        due_at=history[0][1],
        thresholds=(),
    )


def _limit(name: ClockName, fact: Event, policy: Policy) -> Limit:
    return policy.limits["rework" if isinstance(fact, ReworkDecided) else name.value]


def stop(clock: Clock, at: datetime, issue: Issue, rules: Rules, told: list[Event]) -> Clock:
    """Stop the clock at ``at``; of several stops the earliest counts.

    What was due before the stop and has not fired yet is recorded first, so that a standstill changes no
    record; what was recorded as a breach though the stop is in time is annulled (clocks.md 7).
    """
    known = clock.stopped_at
    if known is not None and at >= known:
        return clock
    for threshold, when in clock.pending:
        if when < text(at):
            clock = mark(clock, threshold, at, issue, rules, told)
    values: dict[str, object] = {"history": (*clock.history, ("stopped", at, ""))}
    identity = {"clock": clock.name, "round": clock.round, "assignment": clock.assignment}
    if clock.breached and at <= clock.due_at:
        values["breached"] = False
        told.append(BreachAnnulled(**identity, due_at=clock.due_at, stopped_at=at))
    clock = clock.model_copy(update=values)
    if known is None:
        told.append(ClockStopped(**identity, stopped_at=at, breached=clock.breached))
    return clock


def mark(clock: Clock, threshold: str, now: datetime, issue: Issue, rules: Rules, told: list[Event]) -> Clock:
    """Record that a threshold was passed, and how late after its firing time that is."""
    at = dict(clock.thresholds)[threshold]
    late = max(0.0, (now - datetime.fromisoformat(at) - rules.grace).total_seconds())
    identity = {"clock": clock.name, "round": clock.round, "assignment": clock.assignment}
    rest = {"department": clock.department or issue.department, "due_at": clock.due_at, "late_seconds": late}
    if threshold == DUE:
        told.append(ClockBreached(**identity, **rest))
    else:
        told.append(ClockWarned(**identity, **rest, threshold=threshold))
    return clock.model_copy(
        update={"fired": (*clock.fired, threshold), "breached": clock.breached or threshold == DUE}
    )


def text(at: datetime) -> str:
    """UTC, milliseconds, fixed width: sorts as instants do."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")
