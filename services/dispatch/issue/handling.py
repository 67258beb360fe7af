"""Decisions on an assignment under way: recalled by the office, its handler named by the department."""

from services.dispatch.issue.asking import asked, before_its_promise, entry_of, may_not_name
from services.dispatch.issue.life import MOVES, Issue, State
from services.dispatch.issue.timing import let_go
from shared.contract.commands.dispatch import NameHandler, RecallAssignment
from shared.contract.events.dispatch import AssignmentRecalled, HandlerNamed
from shared.contract.orders import OrderRecalled
from shared.domain.decisions import Change, Context, Reason, Refusal, event, order


def recall(issue: Issue | None, command: RecallAssignment, context: Context) -> Change[Issue] | Refusal:
    """The office takes an assignment back: nobody holds the issue until it is assigned again. Its drafts stay."""
    known = asked(issue, command)
    if isinstance(known, Refusal):
        return known
    if refusal := before_its_promise(known):
        return refusal
    reason = command.reason.strip()
    if not reason:
        return Refusal(Reason.REASON_MISSING, "reason: the department is told why")
    state = State(MOVES[(known.state, command.verb)])
    free, ended = let_go(known, context)
    nobody = {"assignment": "", "department": "", "handler": "", "substitute": "", "return_until": None}
    waiting = free.model_copy(update={"state": state, "kept": False, **nobody})
    happened = AssignmentRecalled(
        assignment=known.assignment, department=known.department, reason=reason, by=context.principal
    )
    ordered = OrderRecalled(assignment=known.assignment, reason=reason)
    recalled = order(known.department, ordered)
    return Change(waiting, (event(happened), *ended, recalled), {"state": state.value})


def name_handler(issue: Issue | None, command: NameHandler, context: Context) -> Change[Issue] | Refusal:
    """Its leader names who handles it and who stands in, somebody takes it on, or who has it hands it over; what stands
    there already changes nothing."""
    known = asked(issue, command)
    if isinstance(known, Refusal):
        return known
    if refusal := may_not_name(known, command.handler, context):
        return refusal
    if refusal := _unfit(known, command, context):
        return refusal
    outcome = {"state": known.state.value, "handler": command.handler, "substitute": command.substitute}
    if (command.handler, command.substitute) == (known.handler, known.substitute):
        return Change(known, (), outcome)
    reason = command.reason.strip()
    if known.handler and not reason:
        return Refusal(Reason.REASON_MISSING, f"reason: {known.handler} handles it; say why that changes")
    named = known.model_copy(update={"handler": command.handler, "substitute": command.substitute})
    happened = HandlerNamed(
        assignment=known.assignment,
        department=known.department,
        handler=command.handler,
        substitute=command.substitute,
        previous_handler=known.handler,
        previous_substitute=known.substitute,
        reason=reason,
        by=context.principal,
    )
    return Change(named, (event(happened),), outcome)


def _unfit(issue: Issue, command: NameHandler, context: Context) -> Refusal | None:
    """Why these two cannot be named; None when they can. A directory that names no handlers knows nobody better."""
    if command.substitute == command.handler:
        return Refusal(Reason.MALFORMED, "substitute: somebody else than the handler, or nobody")
    entry = entry_of(issue, context)
    people = {*entry.handlers, *entry.leaders, *(away.by for away in entry.substitutes)}
    for field, name in (("handler", command.handler), ("substitute", command.substitute)):
        if entry.handlers and name and name not in people:
            known = ", ".join(sorted(people))
            return Refusal(
                Reason.MALFORMED, f"{field}: {name} is not of {issue.department}; name one of {known}"
            )
    return None
