"""Which commands and facts reach which handler of intake."""

from functools import partial

from services.intake import handlers
from services.intake.domain import LEARNED, Issue, Rules
from shared.bus.room import Room
from shared.calendar import Calendar
from shared.clocks import Policy
from shared.commands import AcceptIssue, RegisterIssue, RejectIssue, WithdrawIssue
from shared.events import FEEDBACK


def room(*, jurisdiction: str, history: bool, policy: Policy, calendar: Calendar) -> Room:
    """Everything the loop must know of intake."""
    return Room(
        service="intake",
        jurisdiction=jurisdiction,
        state=Issue,
        reads=(FEEDBACK,),
        commands={
            RegisterIssue: partial(handlers.register, Rules(policy, calendar)),
            AcceptIssue: handlers.accept,
            RejectIssue: handlers.reject,
            WithdrawIssue: handlers.withdraw,
        },
        facts=dict.fromkeys({fact for _, fact in LEARNED}, handlers.learn),
        history=history,
    )
