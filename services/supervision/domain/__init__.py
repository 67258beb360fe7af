"""An issue as supervision sees it: a set of clocks that facts start and stop and that time makes fire.

Facts are never refused. What a fact says is judged by its official time, so the order in which the owners'
facts arrive changes neither which clocks were breached nor which still run.
"""

from datetime import UTC, datetime

from services.supervision.domain.clocks import Clock, Issue, Rules, derive, mark, start, stop
from services.supervision.domain.life import CLOCKS, ENDS, MOVES, TERMINAL, TIMERS, VERBS, State
from shared.events import (
    AssignmentReturned,
    AssignmentRuled,
    AssignmentSigned,
    AssignmentTransferred,
    Event,
    IssueAssigned,
    ReplyReleased,
)
from shared.moves import Change, Context, Deadline

__all__ = [
    "CLOCKS", "ENDS", "MOVES", "TERMINAL", "TIMERS", "VERBS", "Clock", "Issue", "Rules", "State", "derive",
    "fire", "next_deadline", "observe",
]  # fmt: skip


def observe(issue: Issue, fact: Event, at: datetime, rules: Rules) -> Change[Issue]:
    """Apply one fact of official time ``at``: stop the clocks it ends, move the issue, start new clocks."""
    told: list[Event] = []
    clocks = [
        stop(clock, at, issue, rules, told)
        if isinstance(fact, CLOCKS[clock.name].stops) and _concerns(fact, clock)
        else clock
        for clock in issue.clocks
    ]
    values: dict[str, object] = {}
    if isinstance(fact, ENDS):
        values["ended_at"] = at if issue.ended_at is None else min(at, issue.ended_at)
    if isinstance(fact, IssueAssigned | AssignmentTransferred):
        values |= {"department": fact.department, "assignment": fact.assignment}
    if verb := VERBS.get(type(fact)):
        values["state"] = State(MOVES.get((issue.state, verb), issue.state))
    moved = issue.model_copy(update=values)
    for name, rule in CLOCKS.items():
        if isinstance(fact, rule.starts) and not (isinstance(fact, AssignmentRuled) and fact.upheld):
            clocks.extend(start(name, moved, fact, at, rules, told))
    return Change(moved.model_copy(update={"clocks": tuple(clocks)}), tuple(told))


def next_deadline(issue: Issue, rules: Rules) -> Deadline | None:
    """The earliest threshold that has not fired, of any clock that runs; texts of instants sort as they do."""
    soonest = min(
        ((at, place, name, clock) for place, clock in enumerate(issue.clocks) for name, at in clock.pending),
        key=lambda entry: entry[:2],
        default=None,
    )
    if soonest is None:
        return None
    at = datetime.fromisoformat(soonest[0]).astimezone(UTC)
    return Deadline(soonest[3].deadline_name(soonest[2]), at, at + rules.grace)


def fire(issue: Issue, deadline: Deadline, context: Context, rules: Rules) -> Change[Issue]:
    """Fire exactly this threshold and mark it; void (no events) when it is too early, stopped or fired."""
    if context.now < deadline.fire_at:
        return Change(issue)
    for place, clock in enumerate(issue.clocks):
        for threshold, _ in clock.pending:
            if clock.deadline_name(threshold) == deadline.name:
                told: list[Event] = []
                fired = mark(clock, threshold, context.now, issue, rules, told)
                clocks = (*issue.clocks[:place], fired, *issue.clocks[place + 1 :])
                return Change(issue.model_copy(update={"clocks": clocks}), tuple(told))
    return Change(issue)


def _concerns(fact: Event, clock: Clock) -> bool:
    """Whether a stopping fact means this very clock: by assignment, by reply round, or all of the issue's."""
    match fact:
        case AssignmentTransferred():
            return clock.assignment == fact.previous_assignment
        case AssignmentSigned() | AssignmentReturned():
            return clock.assignment == fact.assignment
        case ReplyReleased():
            return clock.round <= fact.round
    return True
