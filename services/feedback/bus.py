"""Which commands and facts reach which handler of feedback."""

from functools import partial

from services.feedback import domain, handlers
from services.feedback.domain import Issue, Rules
from shared.bus.room import Room
from shared.calendar import Calendar
from shared.clocks import Policy
from shared.commands import DecideRework, FinishTracking, RateReply
from shared.events import DISPATCH, INTAKE, SUPERVISION, IssueRegistered, IssueWithdrawn, ReplyReleased


def room(*, jurisdiction: str, history: bool, policy: Policy, calendar: Calendar) -> Room:
    """Everything the loop must know of feedback."""
    rules = Rules(policy, calendar)
    return Room(
        service="feedback",
        jurisdiction=jurisdiction,
        state=Issue,
        reads=(INTAKE, DISPATCH, SUPERVISION),
        commands={
            RateReply: handlers.rate,
            DecideRework: handlers.decide_rework,
            FinishTracking: handlers.finish_tracking,
        },
        facts=dict.fromkeys(domain.LEARN, handlers.learn)
        | {
            IssueRegistered: handlers.learn,
            IssueWithdrawn: handlers.withdraw,
            ReplyReleased: partial(handlers.ask_for_a_rating, rules),
        },
        next_deadline=domain.next_deadline,
        fire=handlers.lapse,
        own_deadlines_first=True,
        history=history,
    )
