"""Who handles an issue: assign, sign for, return, rule. One lead at a time; the promise is never touched."""

from datetime import datetime
from typing import NamedTuple

from services.dispatch.domain.asking import OFFICE, asked, by_holder, by_office
from services.dispatch.domain.life import MOVES, Issue, State
from shared.calendar import Calendar
from shared.clocks import Limit, Policy, due_at
from shared.commands import AssignIssue, ReturnAssignment, RuleOnReturn, SignAssignment
from shared.events import (
    AssignmentReturned,
    AssignmentRuled,
    AssignmentSigned,
    AssignmentTransferred,
    IssueAssigned,
    Ordered,
    OrderRuled,
)
from shared.moves import Change, Context, Reason, Refusal

RETURN_LIMIT = Limit("1wd")
"""A return comes within one working day (loop.md, dispatch)."""


class Rules(NamedTuple):
    """What a decision needs beside state and request."""

    policy: Policy
    calendar: Calendar

    def return_until(self, now: datetime) -> datetime:
        """Until when an assignment made now may be returned."""
        return due_at(now, RETURN_LIMIT, self.policy, self.calendar).at


class Lead(NamedTuple):
    """The department chosen: its code, its head's post, and why it in words."""

    department: str
    head: str
    reason: str


def assign(
    issue: Issue | None, command: AssignIssue, context: Context, lead: Lead | None, rules: Rules
) -> Change[Issue] | Refusal:
    """Make a department the lead; ``lead`` is None when the one named is not in the directory."""
    known = by_office(issue, command, context)
    if isinstance(known, Refusal):
        return known
    if lead is None:
        return _no_such(command.department)
    assigned, order = _give(known, lead, context, rules)
    told = IssueAssigned(
        assignment=assigned.assignment, department=lead.department, head=lead.head, reason=lead.reason,
        by=context.principal,
    )  # fmt: skip
    return Change(assigned, (told,), (order,), outcome=_outcome(assigned, lead))


def sign(issue: Issue | None, command: SignAssignment, context: Context) -> Change[Issue] | Refusal:
    """The department signs for its assignment."""
    known = by_holder(issue, command, context)
    if isinstance(known, Refusal):
        return known
    signed = known.model_copy(update={"state": State(MOVES[(known.state, command.verb)])})
    told = AssignmentSigned(assignment=known.assignment, department=known.department, by=context.principal)
    return Change(signed, (told,), outcome={"state": signed.state.value})


def give_back(issue: Issue | None, command: ReturnAssignment, context: Context) -> Change[Issue] | Refusal:
    """The department says in time, with a reason and once, that it is not its matter."""
    known = by_holder(issue, command, context)
    if isinstance(known, Refusal):
        return known
    reason = command.reason.strip()
    if not reason:
        return Refusal(Reason.REASON_MISSING, "reason: say why it is not your matter")
    if known.kept:
        return Refusal(
            Reason.ILLEGAL_MOVE, "the office has ruled that it stays; its ruling is final", ("sign",)
        )
    if known.return_until is not None and context.now > known.return_until:
        until = known.return_until.isoformat()
        return Refusal(Reason.RETURN_TOO_LATE, f"it could be returned until {until}", ("sign",))
    returned = known.model_copy(update={"state": State(MOVES[(known.state, command.verb)])})
    told = AssignmentReturned(
        assignment=known.assignment, department=known.department, reason=reason, by=context.principal
    )
    return Change(returned, (told,), outcome={"state": returned.state.value})


def rule(
    issue: Issue | None, command: RuleOnReturn, context: Context, lead: Lead | None, rules: Rules
) -> Change[Issue] | Refusal:
    """The office rules, once: upheld, then ``lead`` is next; or it stays where it is."""
    known = by_office(issue, command, context)
    if isinstance(known, Refusal):
        return known
    reason = command.reason.strip()
    ruled = AssignmentRuled(
        assignment=known.assignment, department=known.department, upheld=command.upheld, reason=reason,
        by=context.principal,
    )  # fmt: skip
    heard = (known.department, OrderRuled(assignment=known.assignment, upheld=command.upheld, reason=reason))
    if not command.upheld:
        kept = known.model_copy(update={"state": State(MOVES[(known.state, command.verb)]), "kept": True})
        outcome = {"state": kept.state.value, "assignment": kept.assignment, "department": kept.department}
        return Change(kept, (ruled,), (heard,), outcome=outcome)
    if lead is None:
        return _no_such(command.department)
    if lead.department == known.department:
        return Refusal(Reason.MALFORMED, "department: an upheld return goes to another department")
    passed_on = known.model_copy(update={"passed_on": (*known.passed_on, known.department)})
    assigned, order = _give(passed_on, lead, context, rules)
    transferred = AssignmentTransferred(
        assignment=assigned.assignment, department=lead.department, head=lead.head,
        previous_assignment=known.assignment, previous_department=known.department,
        transfers=len(assigned.passed_on), by=context.principal,
    )  # fmt: skip
    return Change(assigned, (ruled, transferred), (heard, order), outcome=_outcome(assigned, lead))


def needs_routing(issue: Issue | None, command: AssignIssue | RuleOnReturn, context: Context) -> bool:
    """Whether the routing rules have to choose: only for a request that may be made and names nobody."""
    if (
        command.department
        or context.role != OFFICE
        or (isinstance(command, RuleOnReturn) and not command.upheld)
    ):
        return False
    return isinstance(asked(issue, command.verb, getattr(command, "assignment", None)), Issue)


def _give(issue: Issue, lead: Lead, context: Context, rules: Rules) -> tuple[Issue, tuple[str, Ordered]]:
    """The issue with its next assignment, and the order, enough by itself to act on."""
    number = issue.assignments + 1
    given = issue.model_copy(
        update={
            "state": State.ASSIGNED, "assignment": f"{context.subject}.{number}", "department": lead.department,
            "assignments": number, "kept": False, "return_until": rules.return_until(context.now),
        }
    )  # fmt: skip
    order = Ordered(
        assignment=given.assignment, round=given.round, number=given.number, kind=given.kind, title=given.title,
        text=given.text, head=lead.head, due_at=given.due_at,
    )  # fmt: skip
    return given, (lead.department, order)


def _outcome(issue: Issue, lead: Lead) -> dict[str, str]:
    return {
        "state": issue.state.value, "assignment": issue.assignment, "department": lead.department,
        "reason": lead.reason,
    }  # fmt: skip


def _no_such(code: str) -> Refusal:
    return Refusal(Reason.UNKNOWN_DEPARTMENT, f"department: {code!r} is not in the directory")
