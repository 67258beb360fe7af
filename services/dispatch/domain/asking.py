"""Whether a request may be made at all: the issue, the move, the assignment, the role, the person."""

from typing import Any

from services.dispatch.domain.life import MOVES, Issue, State
from shared.moves import Context, Reason, Refusal, illegal

OFFICE, DEPARTMENT = "office", "dept"


def department_of(actor: str) -> str:
    """The department an actor speaks for: ``dept:housing/li`` and ``dept:housing`` -> ``housing``; else ""."""
    role, _, principal = actor.partition(":")
    return principal.partition("/")[0] if role == DEPARTMENT else ""


def person_of(actor: str) -> str:
    """The person behind an actor: ``dept:housing/li`` and ``office:li`` -> ``li``; ``dept:housing`` -> ""."""
    role, _, principal = actor.partition(":")
    return principal.partition("/")[2] if role == DEPARTMENT else principal


def asked(issue: Issue | None, verb: str, assignment: str | None = None) -> Issue | Refusal:
    """The issue, if this verb is legal now and names the current assignment; else why not."""
    if issue is None or issue.state is State.DESK:
        return Refusal(Reason.UNKNOWN_ISSUE, "no such issue is known here")
    if assignment is not None and issue.assignment and assignment != issue.assignment:
        return Refusal(Reason.STALE_ASSIGNMENT, f"the current assignment is {issue.assignment}")
    return issue if (issue.state, verb) in MOVES else illegal(MOVES, issue.state, verb)


def by_office(issue: Issue | None, command: Any, context: Context) -> Issue | Refusal:
    """As ``asked``, by the office."""
    known = asked(issue, command.verb, getattr(command, "assignment", None))
    if isinstance(known, Issue) and context.role != OFFICE:
        return Refusal(Reason.WRONG_ROLE, f"only the {OFFICE} may {command.verb.replace('_', ' ')}")
    return known


def by_holder(issue: Issue | None, command: Any, context: Context) -> Issue | Refusal:
    """As ``asked``, by the department that holds the issue and nobody else."""
    known = asked(issue, command.verb, command.assignment)
    if isinstance(known, Issue) and department_of(context.actor) != known.department:
        return Refusal(Reason.NOT_THE_HOLDER, f"{known.assignment} is held by {known.department}")
    return known


def handled_it(issue: Issue, context: Context) -> bool:
    """Whether this person drafted or signed off the reply: who handles may not release (loop.md)."""
    person, draft = person_of(context.actor), issue.draft
    return (
        draft is not None
        and bool(person)
        and person in map(person_of, (draft.drafted_by, draft.signed_off_by))
    )
