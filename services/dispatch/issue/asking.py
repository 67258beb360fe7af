"""Whether a request may be made at all (issue, move, assignment, role, person), and who hears of a refusal."""

from collections.abc import Iterable

from services.dispatch.issue.life import MOVES, Issue
from shared.contract.command import Command
from shared.contract.commands.dispatch import RefuseMessage
from shared.contract.events.dispatch import DepartmentPublished
from shared.contract.orders import OrderRefused
from shared.contract.subjects import subject_of
from shared.domain.decisions import Context, Message, Reason, Refusal, illegal, order
from shared.domain.decisions import command as ask
from shared.domain.reference import NotPublished

OFFICE, DEPARTMENT = "office", "dept"
DEPARTMENTS_GATEWAY = "dept/"
"""How the ids of commands begin that a department's own system sent."""


def department_of(actor: str) -> str:
    """The department an actor speaks for: ``dept:housing/li`` and ``dept:housing`` -> ``housing``; else ""."""
    role, _, principal = actor.partition(":")
    return principal.partition("/")[0] if role == DEPARTMENT else ""


def person_of(actor: str) -> str:
    """The person behind an actor: ``dept:housing/li`` and ``office:li`` -> ``li``; ``dept:housing`` -> ""."""
    role, _, principal = actor.partition(":")
    return principal.partition("/")[2] if role == DEPARTMENT else principal


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


def by_office(issue: Issue | None, command: Command, context: Context) -> Issue | Refusal:
    """As ``asked``, by the office."""
    known = asked(issue, command)
    if isinstance(known, Issue) and context.role != OFFICE:
        return Refusal(Reason.WRONG_ROLE, f"only the {OFFICE} may {command.verb.replace('_', ' ')}")
    return known


def by_holder(issue: Issue | None, command: Command, context: Context) -> Issue | Refusal:
    """As ``asked``, by the department that holds the issue and nobody else."""
    known = asked(issue, command)
    if isinstance(known, Issue) and department_of(context.actor) != known.department:
        return Refusal(Reason.NOT_THE_HOLDER, f"{known.assignment} is held by {known.department}")
    return known


def handled_it(issue: Issue, context: Context) -> bool:
    """Whether this person drafted or signed off the reply: who handles may not release (loop.md)."""
    person, draft = person_of(context.actor), issue.current_draft
    return (
        draft is not None
        and bool(person)
        and person in map(person_of, (draft.drafted_by, draft.signed_off_by))
    )


def may_not_sign(issue: Issue, context: Context) -> Refusal | None:
    """Why this person of the department may not sign off for it; None for one of its leaders or their substitutes.

    As long as the directory names no leaders, any person of the department may; its own system by itself may not.
    """
    return _only(entry_of(issue, context).leaders, "sign off", issue, context)


def may_not_name(issue: Issue, context: Context) -> Refusal | None:
    """Why this person may not name a handler: who may sign off may; a department's own system answers for itself."""
    if from_own_system(context):
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
    person, code = person_of(context.actor).strip(), issue.department
    if not person:
        return Refusal(Reason.WRONG_ROLE, f"only a person may {doing}: write dept:{code}/<account name>")
    people = {*named} - {""}
    people |= {away.by for away in entry_of(issue, context).substitutes if away.of in people}
    if people and person not in people:
        return Refusal(Reason.WRONG_ROLE, f"for {code} only {', '.join(sorted(people))} may {doing}")
    return None


def entry_of(issue: Issue, context: Context) -> DepartmentPublished:
    """The directory entry of the department that holds it; raises NotPublished before it is known here."""
    entry = context.directory.department(issue.department)
    if entry is None:
        raise NotPublished(f"department {issue.department!r} is not known here yet")
    return entry


def from_own_system(context: Context) -> bool:
    """Whether it is a message of a department's own system, which answers for who signed there."""
    return context.cause.startswith(DEPARTMENTS_GATEWAY)


def refused(issue: Issue | None, command: Command, context: Context, refusal: Refusal) -> tuple[Message, ...]:
    """What a department hears of a refused message of its own system; nothing for anybody else.

    Where there is no issue, the department's own aggregate tells it.
    """
    code = department_of(context.actor)
    if not from_own_system(context) or context.directory.department(code) is None:
        return ()
    # The key of the id is the id that the department gave its message.
    message = context.cause.removeprefix(f"{DEPARTMENTS_GATEWAY}{context.actor}/")
    if issue is not None:
        notice = OrderRefused(
            message=message, reason=refusal.reason, detail=refusal.detail, legal=refusal.legal
        )
        return (order(code, notice),)
    tells = RefuseMessage(message=message, reason=refusal.reason, detail=refusal.detail, legal=refusal.legal)
    return (ask(subject_of("department", code), tells),)
