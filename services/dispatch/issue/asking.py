"""Whether a request may be made at all (issue, move, assignment, person), and who hears of a refusal."""

from collections.abc import Iterable

from services.dispatch.issue.life import MOVES, Draft, Issue
from shared.contract.command import Command
from shared.contract.commands.dispatch import RefuseMessage
from shared.contract.events.dispatch import DepartmentPublished
from shared.contract.orders import OrderRefused
from shared.contract.subjects import subject_of
from shared.contract.words import Role
from shared.domain.decisions import Context, Message, Reason, Refusal, illegal, order
from shared.domain.decisions import command as ask
from shared.domain.reference import NotPublished
from shared.domain.rights import Asker

DEPARTMENTS_GATEWAY = "dept/"
"""How the ids of commands begin that a department's own system sent."""


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


def handled_it(issue: Issue, context: Context) -> bool:
    """Whether this person drafted or signed off the reply: who handles may not release (loop.md)."""
    draft = issue.current_draft
    return draft is not None and person_of(context.actor) in handlers_of(draft)


def handlers_of(draft: Draft) -> tuple[str, ...]:
    """The accounts of who drafted and who signed it off; a department's own system has none."""
    people = map(person_of, (draft.drafted_by, draft.signed_off_by))
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
    """What a department hears on its topic of a refused message that came there; nothing for anybody else.

    Where there is no issue, the department's own aggregate tells it.
    """
    code = department_of(context.actor)
    if not context.cause.startswith(DEPARTMENTS_GATEWAY) or context.directory.department(code) is None:
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
