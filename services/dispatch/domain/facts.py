"""What other owners' facts make of an issue here, and what its department is told. Never a refusal."""

from collections.abc import Callable, Mapping
from typing import Any

from services.dispatch.domain.life import LEARNED, Issue, State
from shared.events import (
    Event,
    IssueClosed,
    IssueRegistered,
    IssueTracked,
    IssueWithdrawn,
    OrderClosed,
    OrderRework,
    OrderWithdrawn,
    PromiseStarted,
    ReworkDecided,
)
from shared.moves import Change


def register(issue: Issue | None, fact: IssueRegistered) -> Change[Issue] | None:
    """An issue exists; its words are kept because every order carries them in full."""
    if issue is not None:
        return None
    return Change(Issue(number=fact.number, kind=fact.kind, title=fact.title, text=fact.text))


def learn(issue: Issue | None, fact: Event) -> Change[Issue] | None:
    """The move the table knows, with its order to the department that has the issue; else nothing changes."""
    after = None if issue is None else LEARNED.get((issue.state, type(fact)))
    if issue is None or after is None:
        return None
    values: dict[str, object] = {"state": State(after)}
    if isinstance(fact, ReworkDecided):
        values |= {"round": issue.round + 1, "draft": None, "tracked": False}
    moved = issue.model_copy(update=values)
    order = ORDERS.get(type(fact))
    orders = ((moved.department, order(moved, fact)),) if order and moved.department else ()
    return Change(moved, orders=orders)


def promised(issue: Issue | None, fact: PromiseStarted) -> Change[Issue] | None:
    """The date the raiser was told; orders show it."""
    return None if issue is None else Change(issue.model_copy(update={"due_at": fact.due_at}))


def tracked(issue: Issue | None, fact: IssueTracked) -> Change[Issue] | None:
    """What was promised for later is on supervision's list; noted while the reply stands."""
    if issue is None or issue.state is not State.REPLIED:
        return None
    return Change(issue.model_copy(update={"tracked": True}))


ORDERS: Mapping[type[Event], Callable[[Issue, Any], Event]] = {
    IssueWithdrawn: lambda issue, fact: OrderWithdrawn(assignment=issue.assignment),
    ReworkDecided: lambda issue, fact: OrderRework(
        assignment=issue.assignment, round=issue.round, reason=fact.reason
    ),
    IssueClosed: lambda issue, fact: OrderClosed(assignment=issue.assignment),
}
