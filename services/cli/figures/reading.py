"""What each event makes of an issue's history, one owner after the other; nothing is decided and nothing refused."""

from collections.abc import Mapping
from datetime import datetime

from services.cli.figures.history import Assignment, Issue, Round, State
from shared.contract.event import Event
from shared.contract.events.dispatch import (
    AssignmentRecalled,
    AssignmentReturned,
    AssignmentSigned,
    AssignmentTransferred,
    EnterpriseAsked,
    IssueAssigned,
    PauseEnded,
    PauseGranted,
    ReplyReleased,
)
from shared.contract.events.feedback import (
    IssueClosed,
    IssueTracked,
    RatingInvited,
    RatingLapsed,
    ReplyRated,
    ReworkAsked,
    ReworkDecided,
    ReworkRefused,
)
from shared.contract.events.intake import (
    AppealDismissed,
    AppealUpheld,
    IssueAppealed,
    IssueReferred,
    IssueRegistered,
    IssueRejected,
    IssueWithdrawn,
    PromiseStarted,
)
from shared.contract.events.supervision import (
    BreachAnnulled,
    ClockBreached,
    ClockRecalculated,
    ClockStarted,
    LookBackDone,
)
from shared.contract.words import ClockName
from shared.domain.clocks import SHANGHAI

AFTER: Mapping[type[Event], State] = {
    RatingInvited: State.INVITED,
    ReplyRated: State.RATED,
    RatingLapsed: State.LAPSED,
    ReworkAsked: State.REWORK_ASKED,
    ReworkDecided: State.REWORK,
    ReworkRefused: State.RATED,
    IssueTracked: State.TRACKED,
    IssueClosed: State.CLOSED,
}
"""Where an issue stands after each of feedback's events."""
BEFORE_WORK = (State.KNOWN, State.REJECTED)
"""Where a rejection, or the word that it stands, ends an issue."""


def read(issue: Issue | None, event: Event, at: datetime) -> Issue | None:
    """The issue after an event of official time ``at``; of an issue that was never registered nothing is known."""
    if issue is None:
        return _registered(event, at) if isinstance(event, IssueRegistered) else None
    if type(event) in AFTER:
        return _after_feedback(issue, event, at)
    match event:
        case PromiseStarted():
            return _promised(issue, event)
        case IssueRejected() | AppealDismissed():
            return _ended(issue, State.REJECTED, at) if issue.state in BEFORE_WORK else issue
        case IssueAppealed() | AppealUpheld():
            return _open_again(issue, event)
        case IssueReferred() | IssueWithdrawn():
            return _taken_away(issue, event, at)
        case LookBackDone():
            return _with(issue, look_back=event.finding)
        case ClockStarted() | ClockRecalculated() | ClockBreached() | BreachAnnulled():
            return _after_supervision(issue, event)
    return _after_dispatch(issue, event, at)


def _registered(event: IssueRegistered, at: datetime) -> Issue:
    month = f"{at.astimezone(SHANGHAI):%Y-%m}"
    return Issue(state=State.KNOWN, registered_at=at, month=month, source=event.origin, kind=event.kind)


def _promised(issue: Issue, event: PromiseStarted) -> Issue:
    return _with(
        issue,
        original_due_at=event.due_at,
        due_at=event.due_at,
        provisional_because=event.provisional_because,
    )


def _open_again(issue: Issue, event: IssueAppealed | AppealUpheld) -> Issue:
    """A rejected issue that is looked at again, and then perhaps open as it was."""
    if issue.state is not State.REJECTED:
        return issue
    state = State.KNOWN if isinstance(event, AppealUpheld) else issue.state
    return _with(issue, state=state, ended_at=None)


def _taken_away(issue: Issue, event: IssueReferred | IssueWithdrawn, at: datetime) -> Issue:
    """Another body's, or taken back; an invitation that ran out before has lapsed, however late that is recorded."""
    until = issue.rounds[-1].open_until if issue.rounds else None
    if issue.state is State.INVITED and until is not None and until < at:
        return issue
    return _ended(issue, State.REFERRED if isinstance(event, IssueReferred) else State.WITHDRAWN, at)


def _after_dispatch(issue: Issue, event: Event, at: datetime) -> Issue:
    match event:
        case IssueAssigned() | AssignmentTransferred():
            if isinstance(event, AssignmentTransferred):
                issue = _with_assignment(issue, event.previous_assignment, passed_on=True)
            new = Assignment(id=event.assignment, department=event.department, assigned_at=at)
            return _with(issue, assignments=(*issue.assignments, new))
        case AssignmentSigned():
            return _with_assignment(issue, event.assignment, signed_at=at)
        case AssignmentReturned():
            return _with_assignment(issue, event.assignment, returned=True)
        case AssignmentRecalled():
            return _with_assignment(issue, event.assignment, recalled=True)
        case EnterpriseAsked():
            return _with(issue, is_asked=True)
        case PauseGranted():
            return _with(issue, is_paused=True)
        case PauseEnded():
            return _with(issue, is_paused=False, is_asked=False)
        case ReplyReleased():
            reply = Round(
                round=event.round, assignment=event.assignment, department=event.department, replied_at=at
            )
            return _with(issue, rounds=(*issue.rounds, reply), claims=event.outcome)
    return issue


def _after_supervision(
    issue: Issue, event: ClockStarted | ClockRecalculated | ClockBreached | BreachAnnulled
) -> Issue:
    first = event.round == 1
    if isinstance(event, ClockBreached | BreachAnnulled):
        of_promise = event.clock == ClockName.PROMISE and first
        return _with(issue, breached=isinstance(event, ClockBreached)) if of_promise else issue
    match event.clock:
        # The first alone, also when it runs on after an appeal: a recall starts another one.
        case ClockName.ASSIGN if _is_of_the_first(issue, event):
            return _with(issue, assign_due_at=event.due_at)
        case ClockName.PROMISE if first:
            return _with(issue, due_at=event.due_at, provisional_because=event.provisional_because)
        case ClockName.SIGN:
            return _with_assignment(issue, event.assignment, sign_due_at=event.due_at)
        case ClockName.HOLDING if first:
            return _with_assignment(issue, event.assignment, holding_due_at=event.due_at)
    return issue


def _is_of_the_first(issue: Issue, event: ClockStarted | ClockRecalculated) -> bool:
    if isinstance(event, ClockRecalculated):
        return issue.assign_due_at == event.old_due_at
    return issue.assign_due_at is None or event.resumed_at is not None


def _after_feedback(issue: Issue, event: Event, at: datetime) -> Issue:
    if isinstance(event, ReworkDecided) and issue.state is State.CLOSED:
        issue = _with(issue, ended_at=None)  # a look-back found a promise broken
    if issue.ended_at is None:
        after = AFTER[type(event)]
        issue = _ended(issue, after, at) if after is State.CLOSED else _with(issue, state=after)
    match event:
        case RatingInvited():
            return _with_round(_kept(issue, event.round), event.round, open_until=event.open_until)
        case ReplyRated():
            return _with_round(issue, event.round, satisfaction=event.satisfaction, solved=event.solved)
        case RatingLapsed():
            return _with_round(issue, event.round, lapsed=True)
    return issue


def _kept(issue: Issue, number: int) -> Issue:
    """The issue with this round; one that no reply began is that of a kept promise: nobody wrote anew."""
    if not issue.rounds or issue.rounds[-1].round >= number:
        return issue
    last = issue.rounds[-1]
    kept = Round(
        round=number, assignment=last.assignment, department=last.department, replied_at=last.replied_at
    )
    return _with(issue, rounds=(*issue.rounds, kept))


def _ended(issue: Issue, state: State, at: datetime) -> Issue:
    """The issue at its end; one that has ended before stays as it is."""
    return issue if issue.ended_at is not None else _with(issue, state=state, ended_at=at)


def _with(issue: Issue, **values: object) -> Issue:
    return issue.model_copy(update=values)


def _with_assignment(issue: Issue, assignment: str, **values: object) -> Issue:
    """The issue with one assignment changed; one that is not known is left alone."""
    changed = (
        part.model_copy(update=values) if part.id == assignment else part for part in issue.assignments
    )
    return _with(issue, assignments=tuple(changed))


def _with_round(issue: Issue, number: int, **values: object) -> Issue:
    """The issue with one reply round changed; one that is not known is left alone."""
    changed = (part.model_copy(update=values) if part.round == number else part for part in issue.rounds)
    return _with(issue, rounds=tuple(changed))
