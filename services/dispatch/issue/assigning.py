"""Decisions on who handles an issue: assign, sign for, return, rule, hand over. The promise is never touched."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any, NamedTuple

from services.dispatch.issue.asking import asked, department_of
from services.dispatch.issue.co_handling import add_all, handed_over, led, opinions, waited_for
from services.dispatch.issue.life import FOLLOWING, MOVES, Draft, Issue, State, without_old_texts
from services.dispatch.issue.timing import let_go
from services.dispatch.routing import route
from shared.contract.commands.dispatch import (
    AssignInBatch,
    AssignIssue,
    ConfirmAssigned,
    ConfirmHandOver,
    HandOver,
    ReturnAssignment,
    RuleOnReturn,
    SignAssignment,
)
from shared.contract.events.dispatch import (
    AssignmentReturned,
    AssignmentRuled,
    AssignmentSigned,
    AssignmentTransferred,
    IssueAssigned,
)
from shared.contract.orders import Ordered, OrderHandedOver, OrderRuled
from shared.contract.subjects import subject_of
from shared.contract.words import Chooser, TransferCause
from shared.domain.clocks import Limit, due_at
from shared.domain.decisions import (
    Change,
    Context,
    Message,
    Reason,
    Refusal,
    event,
    legal_verbs,
    order,
)
from shared.domain.decisions import command as ask
from shared.domain.reference import NotPublished

RETURN_LIMIT = Limit("1wd")
"""A return comes within one working day (loop.md, dispatch)."""


class Lead(NamedTuple):
    """The department chosen: its code, its head's post, and how it was chosen."""

    department: str
    head: str
    chosen_by: Chooser = Chooser.PERSON
    rules: str = ""
    terms: tuple[str, ...] = ()


def assign(issue: Issue | None, command: AssignIssue, context: Context) -> Change[Issue] | Refusal:
    """The office makes a department the lead, or leaves the choice to the routing rules; and names co-handlers."""
    known = asked(issue, command)
    if isinstance(known, Refusal):
        return known
    lead = _lead(known, command.department, context)
    if isinstance(lead, Refusal):
        return lead
    assigned, orders = given_to(known, MOVES[(known.state, command.verb)], lead, context)
    happened = IssueAssigned(
        assignment=assigned.assignment,
        round=assigned.round,
        department=lead.department,
        head=lead.head,
        chosen_by=lead.chosen_by,
        rules=lead.rules,
        terms=lead.terms,
        by=context.principal,
    )
    with_others = add_all(assigned, command, context)
    if isinstance(with_others, Refusal):
        return with_others
    after, asked_too = with_others
    named = {one.department: one.assignment for one in waited_for(after)}
    co_handlers = {"co_handlers": [named[code] for code in command.co_handlers]} if asked_too else {}
    outcome = {**_outcome(after, lead), **co_handlers}
    return Change(after, (event(happened), *orders, *asked_too), outcome)


def assign_in_batch(issue: Issue | None, command: AssignInBatch, context: Context) -> Change[Issue] | Refusal:
    """One of many is assigned as if the office had asked for it alone; the batch hears (asking.py of a refusal)."""
    asks = AssignIssue(department=command.department)
    decided = assign(issue, asks, context._replace(actor=command.by))
    if isinstance(decided, Refusal):
        return decided
    answer = ConfirmAssigned(issue=context.subject, department=decided.state.department)
    answers = ask(subject_of("batch", command.batch), answer)
    return replace(decided, messages=(*decided.messages, answers))


def sign(issue: Issue | None, command: SignAssignment, context: Context) -> Change[Issue] | Refusal:
    """The department signs for its assignment."""
    known = asked(issue, command)
    if isinstance(known, Refusal):
        return known
    signed = known.model_copy(update={"state": State(MOVES[(known.state, command.verb)])})
    happened = AssignmentSigned(
        assignment=known.assignment, department=known.department, by=context.principal
    )
    return Change(signed, (event(happened),), {"state": signed.state.value})


def give_back(issue: Issue | None, command: ReturnAssignment, context: Context) -> Change[Issue] | Refusal:
    """The department says in time, with a reason and once, that it is not its matter: signed for or not.

    Who has drafted has taken it on, and returns it no more.
    """
    known = asked(issue, command)
    if isinstance(known, Refusal):
        return known
    reason = command.reason.strip()
    if not reason:
        return Refusal(Reason.REASON_MISSING, "reason: say why it is not your matter")
    others = tuple(verb for verb in legal_verbs(MOVES, known.state) if verb != command.verb)
    if known.kept:
        return Refusal(Reason.ILLEGAL_MOVE, "the office has ruled that it stays; its ruling is final", others)
    if any(draft.assignment == known.assignment for draft in known.drafts):
        return Refusal(Reason.ILLEGAL_MOVE, "a reply was drafted in this assignment already", others)
    if known.return_until is not None and context.now > known.return_until:
        until = known.return_until.isoformat()
        return Refusal(Reason.RETURN_TOO_LATE, f"it could be returned until {until}", others)
    returned = known.model_copy(update={"state": State(MOVES[(known.state, command.verb)])})
    happened = AssignmentReturned(
        assignment=known.assignment, department=known.department, reason=reason, by=context.principal
    )
    return Change(returned, (event(happened),), {"state": returned.state.value})


def rule(issue: Issue | None, command: RuleOnReturn, context: Context) -> Change[Issue] | Refusal:
    """The office rules, once: upheld, then the next department leads; or it stays where it is."""
    known = asked(issue, command)
    if isinstance(known, Refusal):
        return known
    reason = command.reason.strip()
    ruled = AssignmentRuled(
        assignment=known.assignment,
        department=known.department,
        upheld=command.upheld,
        reason=reason,
        by=context.principal,
    )
    answer = OrderRuled(assignment=known.assignment, upheld=command.upheld, reason=reason)
    answered = order(known.department, answer)
    if not command.upheld:
        kept = known.model_copy(update={"state": State(MOVES[(known.state, command.verb)]), "kept": True})
        outcome = {"state": kept.state.value, "assignment": kept.assignment, "department": kept.department}
        return Change(kept, (event(ruled), answered), outcome)
    lead = _lead(known, command.department, context, without=(*known.passed_on, known.department))
    if isinstance(lead, Refusal):
        return lead
    if lead.department == known.department:
        return Refusal(Reason.MALFORMED, "department: an upheld return goes to another department")
    free, ended = let_go(known, context)
    passed_on = free.model_copy(update={"passed_on": (*known.passed_on, known.department)})
    assigned, orders = given_to(passed_on, MOVES[(known.state, command.verb)], lead, context)
    transferred = _transferred(known, assigned, lead, TransferCause.RETURN, context.principal)
    messages = (event(ruled), event(transferred), *ended, answered, *orders)
    return Change(assigned, messages, _outcome(assigned, lead))


def hand_over(issue: Issue | None, command: HandOver, context: Context) -> Change[Any]:
    """The holder was merged: its successor leads from now on, outside the count of the three transfers. A co-handler
    was: its successor is asked for the opinion.

    Where there is nothing to hand over nothing changes (an unknown issue stays unknown); the merger's list hears
    an answer in every case.
    """
    answered = ask(subject_of("department", command.department), ConfirmHandOver(issue=context.subject))
    to = context.directory.successor(command.to)
    # Two mergers may have crossed, of which this one does not count then (shared/domain/reference.py).
    if issue is None or to == command.department:
        return Change(issue, (answered,))
    after = FOLLOWING.get((issue.state, command.verb))
    if after is None or issue.department != command.department:
        handed, orders = handed_over(issue, command.department, to, command.by, context)
        return Change(handed, (*orders, answered))
    entry = context.directory.department(to)
    if entry is None:
        raise NotPublished(f"department {to!r} is not known here yet")
    lead = Lead(to, entry.head)
    free, ended = let_go(issue, context)
    assigned, orders = given_to(free, after, lead, context)
    transferred = _transferred(issue, assigned, lead, TransferCause.MERGER, command.by)
    stopped = order(issue.department, OrderHandedOver(assignment=issue.assignment, department=to))
    messages = (event(transferred), *ended, stopped, *orders, answered)
    return Change(assigned, messages, _outcome(assigned, lead))


def _lead(issue: Issue, named: str, context: Context, without: Collection[str] = ()) -> Lead | Refusal:
    """The department named, or the one that the rules choose; a merged one's work goes to its successor."""
    directory = context.directory
    if named:
        entry = directory.department(named)
        if entry is None:
            return Refusal(Reason.UNKNOWN_DEPARTMENT, f"department: {named!r} is not in the directory")
        if entry.merged_into:
            successor = directory.successor(named)
            return Refusal(Reason.UNKNOWN_DEPARTMENT, f"department: {named!r} was merged; name {successor!r}")
        return Lead(named, entry.head)
    rules = directory.rules()
    excluded = without and {code for code in directory.departments() if directory.successor(code) in without}
    code, terms = route(issue.title, issue.text, rules, without=excluded)
    if not code:
        return Refusal(Reason.UNKNOWN_DEPARTMENT, "department: the rules know no one else; name one")
    code = directory.successor(code)
    entry = directory.department(code)
    if entry is None:
        raise NotPublished(f"department {code!r} is not known here yet")
    return Lead(code, entry.head, Chooser.RULE, rules.version, terms)


def given_to(issue: Issue, after: str, lead: Lead, context: Context) -> tuple[Issue, tuple[Message, ...]]:
    """The issue with its next assignment, in the state after it; and the order, enough by itself to act on.

    Who leads from now on co-handles it no more.
    """
    number = issue.assignments + 1
    drafts, others_drafts = _read_by(lead.department, issue, context)
    given = issue.model_copy(
        update={
            "state": State(after),
            "assignment": f"{context.subject}.{number}",
            "department": lead.department,
            "assignments": number,
            "handler": "",
            "substitute": "",
            "kept": False,
            "drafts": drafts,
            "others_drafts": others_drafts,
            "return_until": due_at(context.now, RETURN_LIMIT, context.policy, context.calendar).at,
        }
    )
    ordered = Ordered(
        assignment=given.assignment,
        round=given.round,
        number=given.number,
        kind=given.kind,
        title=given.title,
        text=given.text,
        corrected=given.corrected,
        answers=given.answers,
        head=lead.head,
        due_at=given.due_at,
        attachments=given.attachments,
        opinions=opinions(given),
    )
    given, ended = led(given)
    return given, (order(lead.department, ordered), *ended)


def _read_by(department: str, issue: Issue, context: Context) -> tuple[tuple[Draft, ...], tuple[Draft, ...]]:
    """The drafts that this department reads, its own and what was released, and those of others.

    Of a department that was merged into it they are its own.
    """
    every = sorted((*issue.drafts, *issue.others_drafts), key=lambda draft: draft.number)
    readable = {*issue.released} | {
        draft.number
        for draft in every
        if context.directory.successor(department_of(draft.drafted_by)) == department
    }
    reads = tuple(draft for draft in every if draft.number in readable)
    others = tuple(draft for draft in every if draft.number not in readable)
    return reads, without_old_texts(others)


def _transferred(
    before: Issue, after: Issue, lead: Lead, why: TransferCause, by: str
) -> AssignmentTransferred:
    return AssignmentTransferred(
        assignment=after.assignment,
        round=after.round,
        department=lead.department,
        head=lead.head,
        previous_assignment=before.assignment,
        previous_department=before.department,
        why=why,
        transfers=len(after.passed_on),
        by=by,
    )


def _outcome(issue: Issue, lead: Lead) -> dict[str, object]:
    chosen = {"chosen_by": lead.chosen_by.value, "rules": lead.rules, "terms": list(lead.terms)}
    return {
        "state": issue.state.value,
        "assignment": issue.assignment,
        "department": lead.department,
        **(chosen if lead.rules else {"chosen_by": lead.chosen_by.value}),
    }
