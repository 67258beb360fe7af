"""Whether a request may be made at all (issue, move, assignment, person), and who hears of a refusal."""

from collections.abc import Iterable
from typing import Any

from services.dispatch.issue.life import HELD, MOVES, Draft, Issue
from shared.contract.command import Command
from shared.contract.commands.dispatch import AssignInBatch, ConfirmAssigned, RefuseMessage
from shared.contract.events.dispatch import DepartmentPublished
from shared.contract.orders import OrderRefused
from shared.contract.subjects import subject_of
from shared.contract.words import Role
from shared.domain.decisions import Context, Message, Reason, Refusal, illegal, order
from shared.domain.decisions import command as ask
from shared.domain.messages import Said, said_in
from shared.domain.reference import NotPublished
from shared.domain.rights import Asker


def department_of(actor: str) -> str:
    """The department an actor speaks for: ``handler:housing/li`` and ``dept:housing`` -> ``housing``; else ""."""
    return Asker.of(actor).department


def person_of(actor: str) -> str:
    """The account behind an actor: ``handler:housing/li`` and ``office:li`` -> ``li``; ``dept:housing`` -> ""."""
    return Asker.of(actor).account


def asked(issue: Issue | None, command: Command) -> Issue | Refusal:
    """The issue, if this verb is legal now and names the current assignment; else why not."""
    if issue is None:
        return Refusal(Reason.UNKNOWN_ISSUE, "no such issue is known here")
    assignment = getattr(command, "assignment", None)
    if assignment is not None and issue.assignments and assignment != issue.assignment:
        current = (
            f"the current assignment is {issue.assignment}" if issue.assignment else "nobody holds it now"
        )
        return Refusal(Reason.STALE_ASSIGNMENT, current)
    return issue if (issue.state, command.verb) in MOVES else illegal(MOVES, issue.state, command.verb)


def before_its_promise(issue: Issue) -> Refusal | None:
    """Why this waits: until its talk is over no promise runs that a reply could keep, or a pause move."""
    if issue.promise is not None:
        return None
    return Refusal(
        Reason.TALK_NOT_OVER, "its talk is not over: its promise begins then, and this may be done"
    )


def handled_it(issue: Issue, context: Context) -> bool:
    """Whether this person drafted or signed off the reply: who handles may not release (loop.md)."""
    draft = issue.current_draft
    return draft is not None and person_of(context.actor) in handlers_of(draft)


def handlers_of(draft: Draft) -> tuple[str, ...]:
    """The accounts of who drafted, signed off and wrote it down; a department's own system has none."""
    people = map(person_of, (draft.drafted_by, draft.signed_off_by, draft.recorded_by))
    return tuple(dict.fromkeys(person for person in people if person))


def may_not_sign(issue: Issue, context: Context) -> Refusal | None:
    """Why this leader may not sign off for the department; None for those whom its directory entry names, and their
    substitutes, and for all as long as it names none.
    """
    return _only(entry_of(issue, context).leaders, "sign off", issue, context)


def may_not_name(issue: Issue, handler: str, context: Context) -> Refusal | None:
    """Why this person may not name this handler; None for who may sign off, and for two others.

    What nobody handles anybody of the department takes on, and who handles it hands it over. A department's own
    system answers for itself.
    """
    person = person_of(context.actor)
    takes_on, hands_over = not issue.handler and person == handler, bool(person) and person == issue.handler
    if from_own_system(context) or takes_on or hands_over:
        return None
    return _only(entry_of(issue, context).leaders, "name a handler", issue, context)


def may_not_draft(issue: Issue, context: Context) -> Refusal | None:
    """Why this person may not draft: while a handler is named, that one, the substitute and the leaders may.

    A department's own system answers for itself.
    """
    if not issue.handler or from_own_system(context):
        return None
    named = (issue.handler, issue.substitute, *entry_of(issue, context).leaders)
    return _only(named, "draft", issue, context)


def _only(named: Iterable[str], doing: str, issue: Issue, context: Context) -> Refusal | None:
    """Why who asks is none of these people, nor stands in for one by the directory; nobody named is everybody."""
    person, code = person_of(context.actor), issue.department
    people = {*named} - {""}
    people |= {away.by for away in entry_of(issue, context).substitutes if away.of in people}
    if people and person not in people:
        return Refusal(Reason.WRONG_ROLE, f"for {code} only {', '.join(sorted(people))} may {doing}")
    return None


def reader_of(department: str, issue: Issue, context: Context) -> str:
    """The department that is told what is for this one: of a merged one whoever has its work by now.

    What it holds still, or is to give its opinion on, its merger hands over: until then it is told itself.
    """
    holds = issue.state in HELD and department == issue.department
    if holds or any(one.department == department and one.agrees is None for one in issue.co_handlers):
        return department
    return context.directory.successor(department)


def entry_of(issue: Issue, context: Context) -> DepartmentPublished:
    """The directory entry of the department that holds it; raises NotPublished before it is known here."""
    entry = context.directory.department(issue.department)
    if entry is None:
        raise NotPublished(f"department {issue.department!r} is not known here yet")
    return entry


def from_own_system(context: Context) -> bool:
    """Whether a department's own system asks, on its topic or over HTTP: it answers for who signed there."""
    return context.role == Role.DEPARTMENT and not person_of(context.actor)


def refused(issue: Issue | None, command: Command, context: Context, refusal: Refusal) -> tuple[Message, ...]:
    """What a department hears on its topic of a refused message that came there, or a batch of one of its issues."""
    if isinstance(command, AssignInBatch):
        answer = ConfirmAssigned(issue=context.subject, refused=refusal.reason.value)
        return (ask(subject_of("batch", command.batch), answer),)
    said = said_in(context)
    if said is None:
        return ()
    return refusal_for(issue, said, refusal.reason, refusal.detail, refusal.legal, context)


def refusal_for(
    issue: Issue | None, said: Said, reason: str, detail: str, legal: tuple[str, ...], context: Context
) -> tuple[Message, ...]:
    """A department of the directory is told; where there is no issue, by its own aggregate."""
    if context.directory.department(said.department) is None:
        return ()
    about: dict[str, Any] = {"message": said.message, "reason": reason, "detail": detail, "legal": legal}
    if issue is not None:
        return (order(said.department, OrderRefused(**about)),)
    return (ask(subject_of("department", said.department), RefuseMessage(**about)),)
