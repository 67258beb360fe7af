"""Which commands and facts reach which handler of intake."""

from functools import partial

from services.intake import domain
from shared.bus.room import Room
from shared.calendar import Calendar
from shared.clocks import Policy
from shared.commands import AcceptIssue, RegisterIssue, RejectIssue, WithdrawIssue
from shared.events import FEEDBACK, IssueClosed
from shared.moves import Change


def room(*, jurisdiction: str, history: bool, policy: Policy, calendar: Calendar) -> Room:
    """Everything the loop must know of intake."""
    return Room(
        service="intake",
        jurisdiction=jurisdiction,
        state=domain.Issue,
        reads=(FEEDBACK,),
        commands={
            RegisterIssue: partial(domain.register, policy=policy, calendar=calendar),
            AcceptIssue: domain.accept,
            RejectIssue: domain.reject,
            WithdrawIssue: domain.withdraw,
        },
        facts={IssueClosed: lambda issue, fact, context: issue and Change(issue.model_copy(update={"state": domain.State.CLOSED}))},
        history=history,
    )
