"""Which facts reach which handler of supervision; it has no commands of its own but its deadlines."""

from datetime import timedelta
from functools import partial

from services.supervision import domain, handlers
from services.supervision.domain import CLOCKS, VERBS, Issue, Rules
from shared.bus.room import Room
from shared.calendar import Calendar
from shared.clocks import Policy
from shared.events import DISPATCH, FEEDBACK, INTAKE, Event, IssueRegistered

WATCHED: frozenset[type[Event]] = frozenset(VERBS).union(
    *(rule.starts for rule in CLOCKS.values()), *(rule.stops for rule in CLOCKS.values())
)


def room(*, jurisdiction: str, history: bool, policy: Policy, calendar: Calendar) -> Room:
    """Everything the loop must know of supervision."""
    grace = timedelta(0) if history else timedelta(seconds=policy.grace_seconds)
    rules = Rules(policy, calendar, grace)
    observe = partial(handlers.observe, rules)
    return Room(
        service="supervision",
        jurisdiction=jurisdiction,
        state=Issue,
        reads=(INTAKE, DISPATCH, FEEDBACK),
        commands={},
        facts=dict.fromkeys(WATCHED, observe) | {IssueRegistered: partial(handlers.register, rules)},
        next_deadline=lambda issue: domain.next_deadline(issue, rules),
        fire=partial(handlers.fire, rules),
        own_deadlines_first=False,
        history=history,
    )
