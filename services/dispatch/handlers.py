"""What dispatch does with each command and each fact, and what a department hears of its refused messages."""

from services.dispatch import domain, routing
from services.dispatch.domain import Issue, Lead, Rules, State
from shared.commands import AssignIssue, Command, RefuseDepartment, RuleOnReturn
from shared.events import Event, IssueRegistered, IssueTracked, OrderRefused, PromiseStarted
from shared.moves import Change, Context, Reason, Refusal

DEPARTMENT_DOOR = "dept/"
"""How the ids of commands begin that a department's own system sent."""


def assign(
    rules: Rules, issue: Issue | None, command: AssignIssue, context: Context
) -> Change[Issue] | Refusal:
    """The office makes a department the lead, or leaves the choice to the routing rules."""
    return domain.assign(issue, command, context, _lead(issue, command, context), rules)


def rule_on_return(
    rules: Rules, issue: Issue | None, command: RuleOnReturn, context: Context
) -> Change[Issue] | Refusal:
    """The office rules on a return; upheld without a name, the rules choose among those not asked yet."""
    return domain.rule(issue, command, context, _lead(issue, command, context), rules)


def refuse_department(
    issue: Issue | None, command: RefuseDepartment, context: Context
) -> Change[Issue] | Refusal:
    """A department is told of a refused message that belongs to no valid issue; the subject is its desk."""
    if context.subject != f"dept:{command.department}":
        return Refusal(Reason.MALFORMED, f"subject: dept:{command.department} is expected")
    if command.department not in routing.directory():
        return Refusal(
            Reason.UNKNOWN_DEPARTMENT, f"department: {command.department!r} is not in the directory"
        )
    desk = issue or Issue(state=State.DESK)
    order = OrderRefused(
        message=command.message, reason=command.reason, detail=command.detail, legal=command.legal
    )
    told = desk.model_copy(update={"refusals": desk.refusals + 1})
    return Change(told, orders=((command.department, order),))


def tell_refused(issue: Issue | None, command: Command, context: Context, refusal: Refusal) -> Change | None:
    """What else goes out when a message from a department's own system was refused; None for all others."""
    code = domain.department_of(context.actor)
    ours = code in routing.directory() and context.cause.startswith(DEPARTMENT_DOOR)
    if not ours or isinstance(command, RefuseDepartment):
        return None
    message = _message(context)
    if issue is None:
        desk = RefuseDepartment(
            department=code,
            message=message,
            reason=refusal.reason,
            detail=refusal.detail,
            legal=refusal.legal,
        )
        return Change(None, sends=((f"dept:{code}", desk),))
    order = OrderRefused(message=message, reason=refusal.reason, detail=refusal.detail, legal=refusal.legal)
    return Change(issue, orders=((code, order),))


def register(issue: Issue | None, fact: IssueRegistered, context: Context) -> Change[Issue] | None:
    """An issue exists."""
    return domain.register(issue, fact)


def promised(issue: Issue | None, fact: PromiseStarted, context: Context) -> Change[Issue] | None:
    """Its promised date is known."""
    return domain.promised(issue, fact)


def tracked(issue: Issue | None, fact: IssueTracked, context: Context) -> Change[Issue] | None:
    """Its reply promised something for later."""
    return domain.tracked(issue, fact)


def learn(issue: Issue | None, fact: Event, context: Context) -> Change[Issue] | None:
    """Accepted, rejected, withdrawn, a new round granted, closed."""
    return domain.learn(issue, fact)


def _lead(issue: Issue | None, command: AssignIssue | RuleOnReturn, context: Context) -> Lead | None:
    """The department named, or the one the rules choose; None when there is none or nothing is asked."""
    directory = routing.directory()
    if issue is not None and domain.needs_routing(issue, command, context):
        passed_on = (*issue.passed_on, issue.department) if isinstance(command, RuleOnReturn) else ()
        code, reason = routing.route(issue.title, issue.text, without=passed_on)
        return Lead(code, directory[code].head, reason)
    named = directory.get(command.department)
    return None if named is None else Lead(named.code, named.head, "")


def _message(context: Context) -> str:
    """The id the department gave its message: the cause without door, sender and the door's own suffix."""
    return context.cause.removeprefix(f"{DEPARTMENT_DOOR}{context.principal}/").removesuffix("#sign_off")
