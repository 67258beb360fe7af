"""The heart of dispatch (provisional)."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from shared.commands import Command
from shared.events import (
    IssueAssigned, AssignmentSigned, Kind, Ordered, OrderClosed, Outcome, ReplyDrafted, ReplySignedOff, ReplyChecked, ReplyReleased,
)
from shared.moves import Change, Context, Reason, Refusal


class State(StrEnum):
    REGISTERED = "registered"
    WAITING = "waiting"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in_progress"
    DRAFTED = "drafted"
    SIGNED_OFF = "signed_off"
    CHECKED = "checked"
    REPLIED = "replied"
    CLOSED = "closed"


class Issue(BaseModel):
    model_config = ConfigDict(frozen=True)
    state: State = State.REGISTERED
    number: str = ""
    title: str = ""
    text: str = ""
    kind: Kind = Kind.PROBLEM
    department: str = ""
    assignment: str = ""
    draft: str = ""
    outcome: Outcome | None = None
    refusals: int = 0


MOVES = {(State.WAITING, "assign"): State.ASSIGNED, (State.ASSIGNED, "sign"): State.IN_PROGRESS, (State.IN_PROGRESS, "draft"): State.DRAFTED,
 (State.DRAFTED, "sign_off"): State.SIGNED_OFF, (State.SIGNED_OFF, "check"): State.CHECKED, (State.CHECKED, "release"): State.REPLIED}


def act(issue: Issue | None, command: Command, context: Context) -> Change | Refusal:
    from services.dispatch.routing import route
    if issue is None:
        return Refusal(Reason.UNKNOWN_ISSUE)
    to = MOVES.get((issue.state, command.verb))
    if to is None:
        return Refusal(Reason.ILLEGAL_MOVE, f"{command.verb} in {issue.state}")
    values = {"state": to}
    by = context.principal
    d = {"assignment": issue.assignment, "department": issue.department}
    if command.verb == "assign":
        code, reason = route(issue.title, issue.text)
        a = f"{context.subject}.1"
        values |= {"department": code, "assignment": a}
        return Change(issue.model_copy(update=values), (IssueAssigned(assignment=a, department=code, head="局长", reason=reason, by=by),),
            ((code, Ordered(assignment=a, round=1, number=issue.number, kind=issue.kind, title=issue.title, text=issue.text, head="局长")),),
            outcome={"assignment": a, "department": code})
    if command.verb == "sign":
        events = (AssignmentSigned(**d, by=by),)
    elif command.verb == "draft":
        values |= {"draft": command.text, "outcome": command.outcome}
        events = (ReplyDrafted(**d, round=1, outcome=command.outcome, by=by),)
    elif command.verb == "sign_off":
        events = (ReplySignedOff(**d, round=1, by=by),)
    elif command.verb == "check":
        events = (ReplyChecked(**d, round=1, by=by),)
    else:
        events = (ReplyReleased(**d, round=1, outcome=issue.outcome, outcome_class="A", text=issue.draft, by=by),)
    return Change(issue.model_copy(update=values), events)


def registered(issue, fact, context):
    return Change(Issue(number=fact.number, title=fact.title, text=fact.text, kind=fact.kind))


def accepted(issue, fact, context):
    return issue and Change(issue.model_copy(update={"state": State.WAITING}))


def closed(issue, fact, context):
    return issue and Change(issue.model_copy(update={"state": State.CLOSED}), orders=((issue.department, OrderClosed(assignment=issue.assignment)),) if issue.department else ())
