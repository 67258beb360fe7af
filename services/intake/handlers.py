"""What intake does with each command, and with what it hears from feedback."""

from services.intake import domain
from services.intake.domain import Issue, Rules
from shared.commands import AcceptIssue, RegisterIssue, RejectIssue, WithdrawIssue
from shared.events import Event
from shared.moves import Change, Context, Refusal


def register(
    rules: Rules, issue: Issue | None, command: RegisterIssue, context: Context
) -> Change[Issue] | Refusal:
    """Somebody raises an issue."""
    return domain.register(issue, command, context, rules)


def accept(issue: Issue | None, command: AcceptIssue, context: Context) -> Change[Issue] | Refusal:
    """The office takes it on."""
    return domain.accept(issue, command, context)


def reject(issue: Issue | None, command: RejectIssue, context: Context) -> Change[Issue] | Refusal:
    """The office does not take it on."""
    return domain.reject(issue, command, context)


def withdraw(issue: Issue | None, command: WithdrawIssue, context: Context) -> Change[Issue] | Refusal:
    """Who raised it takes it back."""
    return domain.withdraw(issue, command, context)


def learn(issue: Issue | None, fact: Event, context: Context) -> Change[Issue] | None:
    """Feedback closed it: a later withdrawal is refused."""
    known = domain.learn(issue, fact)
    return None if known is None or known == issue else Change(known)
