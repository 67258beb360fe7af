"""What each event makes of an issue: others' facts (``learn``) and feedback's own (``evolve``).

Nothing is decided here and nothing is refused: the same functions serve the loop and the rebuild.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from services.feedback.domain.life import MOVES, TERMINAL, TIMERS, Assignment, Issue, Round, State
from shared.clocks import SHANGHAI
from shared.events import (
    AssignmentReturned,
    AssignmentSigned,
    AssignmentTransferred,
    BreachAnnulled,
    ClockBreached,
    ClockName,
    ClockStarted,
    Event,
    IssueAssigned,
    IssueClosed,
    IssueRegistered,
    IssueRejected,
    IssueTracked,
    IssueWithdrawn,
    PromiseStarted,
    RatingInvited,
    RatingLapsed,
    ReplyRated,
    ReplyReleased,
    ReworkAsked,
    ReworkDecided,
    ReworkRefused,
)

OWN: dict[type[Event], str] = {
    RatingInvited: "invite",
    ReplyRated: "rate",
    RatingLapsed: "lapse",
    ReworkAsked: "ask_rework",
    ReworkDecided: "decide_rework",
    ReworkRefused: "refuse_rework",
    IssueTracked: "track",
    IssueClosed: "close",
}
"""Feedback's own events and the moves they are."""


def register(fact: IssueRegistered, at: datetime) -> Issue:
    """An issue exists from here on."""
    month = f"{at.astimezone(SHANGHAI):%Y-%m}"
    return Issue(
        state=State.KNOWN,
        registered_at=at,
        month=month,
        source=fact.origin,
        kind=fact.kind,
        raiser=fact.raiser,
    )


def learn(issue: Issue | None, fact: Event, at: datetime) -> Issue | None:
    """Take in another owner's fact of official time ``at``; of an unknown issue nothing is learned."""
    if isinstance(fact, IssueRegistered):
        return issue or register(fact, at)
    how = LEARN.get(type(fact))
    return issue if issue is None or how is None else how(issue, fact, at)


def evolve(issue: Issue, event: Event, at: datetime) -> Issue:
    """What one of feedback's own events makes of the issue."""
    verb = OWN[type(event)]
    if verb == "close" and issue.state is State.TRACKED:
        verb = "finish_tracking"
    issue = _moved(issue, verb, at)
    match event:
        case RatingInvited():
            return _last_round(issue, open_until=event.open_until)
        case ReplyRated():
            return _last_round(issue, satisfaction=event.satisfaction, solved=event.solved)
        case RatingLapsed():
            return _last_round(issue, lapsed=True)
    return issue


def _promised(issue: Issue, fact: PromiseStarted, at: datetime) -> Issue:
    dates = {"original_due_at": fact.due_at, "due_at": fact.due_at, "provisional": fact.provisional}
    return issue.model_copy(update=dates)


def _rejected(issue: Issue, fact: IssueRejected, at: datetime) -> Issue:
    return _moved(issue, "reject", at)


def _withdrawn(issue: Issue, fact: IssueWithdrawn, at: datetime) -> Issue:
    """Taken back; but an invitation that ran out before has lapsed, however late that is recorded."""
    overdue = issue.state is State.INVITED and issue.open_until is not None and issue.open_until < at
    return issue if overdue else _moved(issue, "withdraw", at)


def _assigned(issue: Issue, fact: IssueAssigned | AssignmentTransferred, at: datetime) -> Issue:
    if isinstance(fact, AssignmentTransferred):
        issue = _assignment(issue, fact.previous_assignment, passed_on=True)
    assignment = Assignment(id=fact.assignment, department=fact.department, assigned_at=at)
    return issue.model_copy(update={"assignments": (*issue.assignments, assignment)})


def _signed(issue: Issue, fact: AssignmentSigned, at: datetime) -> Issue:
    return _assignment(issue, fact.assignment, signed_at=at)


def _returned(issue: Issue, fact: AssignmentReturned, at: datetime) -> Issue:
    return _assignment(issue, fact.assignment, returned=True)


def _replied(issue: Issue, fact: ReplyReleased, at: datetime) -> Issue:
    round = Round(
        round=fact.round, assignment=fact.assignment, department=fact.department, replied_at=at,
        outcome=fact.outcome, promised_on=fact.promised_on,
    )  # fmt: skip
    return issue.model_copy(update={"rounds": (*issue.rounds, round)})


def _clock_started(issue: Issue, fact: ClockStarted, at: datetime) -> Issue:
    match fact.clock:
        case ClockName.ASSIGN:
            return issue.model_copy(update={"assign_due_at": fact.due_at})
        case ClockName.PROMISE if fact.round == 1:
            return issue.model_copy(update={"due_at": fact.due_at})
        case ClockName.SIGN:
            return _assignment(issue, fact.assignment, sign_due_at=fact.due_at)
        case ClockName.HOLDING if fact.round == 1:
            return _assignment(issue, fact.assignment, holding_due_at=fact.due_at)
    return issue


def _breached(issue: Issue, fact: ClockBreached | BreachAnnulled, at: datetime) -> Issue:
    if fact.clock is not ClockName.PROMISE or fact.round != 1:
        return issue
    return issue.model_copy(update={"breached": isinstance(fact, ClockBreached)})


LEARN: dict[type[Event], Callable[[Issue, Any, datetime], Issue]] = {
    PromiseStarted: _promised,
    IssueRejected: _rejected,
    IssueWithdrawn: _withdrawn,
    IssueAssigned: _assigned,
    AssignmentTransferred: _assigned,
    AssignmentSigned: _signed,
    AssignmentReturned: _returned,
    ReplyReleased: _replied,
    ClockStarted: _clock_started,
    ClockBreached: _breached,
    BreachAnnulled: _breached,
}
"""Others' facts by class; every other type is counted as read and changes nothing."""


def _moved(issue: Issue, verb: str, at: datetime) -> Issue:
    """The move, where the table has it; else the issue stays where it is."""
    after = MOVES.get((issue.state, verb))
    if after is None:
        return issue
    ended_at = at if TIMERS[after] == TERMINAL else None
    return issue.model_copy(update={"state": State(after), "ended_at": ended_at})


def _last_round(issue: Issue, **values: object) -> Issue:
    last = issue.rounds[-1].model_copy(update=values)
    return issue.model_copy(update={"rounds": (*issue.rounds[:-1], last)})


def _assignment(issue: Issue, assignment: str, **values: object) -> Issue:
    """The issue with one assignment changed; one that is not known is left alone."""
    changed = tuple(
        known.model_copy(update=values) if known.id == assignment else known for known in issue.assignments
    )
    return issue.model_copy(update={"assignments": changed})
