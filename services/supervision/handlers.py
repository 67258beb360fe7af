"""What supervision does with each fact: every one goes to the clocks; the table CLOCKS knows the rest."""

from services.supervision import domain
from services.supervision.domain import Issue, Rules, State
from shared.events import Event, IssueRegistered
from shared.moves import Change, Context, Deadline


def register(
    rules: Rules, issue: Issue | None, fact: IssueRegistered, context: Context
) -> Change[Issue] | None:
    """An issue exists from here on: its assign clock starts."""
    if issue is not None:
        return None
    return domain.observe(Issue(state=State.REGISTERED), fact, context.now, rules)


def observe(rules: Rules, issue: Issue | None, fact: Event, context: Context) -> Change[Issue] | None:
    """Any later fact about the issue; one about an issue that is not known changes nothing."""
    if issue is None:
        return None
    change = domain.observe(issue, fact, context.now, rules)
    return change if change.state != issue else None


def fire(rules: Rules, issue: Issue, deadline: Deadline, context: Context) -> Change[Issue]:
    """The next threshold of a running clock is due."""
    return domain.fire(issue, deadline, context, rules)
