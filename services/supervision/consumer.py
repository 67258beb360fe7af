"""What supervision reads and owns: the clocks and the ladder of issues, and the policies and calendars it publishes."""

from services.supervision.calendar.decisions import publish as publish_calendar
from services.supervision.calendar.life import PublishedCalendars
from services.supervision.issue.decisions import explain, lift
from services.supervision.issue.life import CLOCKS, VERBS, Issue, belongs, finished
from services.supervision.issue.reactions import expire, next_deadline, observe, register
from services.supervision.issue.renewing import recalculate
from services.supervision.policy.decisions import publish as publish_policy
from services.supervision.policy.life import PublishedPolicies
from shared.contract.commands.supervision import (
    ExplainBreach,
    LiftLadder,
    PublishCalendar,
    PublishPolicy,
    RecalculateClocks,
)
from shared.contract.event import DISPATCH, FEEDBACK, INTAKE, Event
from shared.contract.events.intake import IssueRegistered
from shared.domain.aggregates import AggregateType, Consumer, Deadlines

SOURCES = (INTAKE, DISPATCH, FEEDBACK)

OBSERVED: frozenset[type[Event]] = frozenset(VERBS).union(
    *(rule.starts for rule in CLOCKS.values()), *(rule.stops for rule in CLOCKS.values())
)
"""Every event that moves an issue or touches a clock, as the tables of issue/life.py say."""

ISSUE = AggregateType(
    "issue",
    Issue,
    commands={ExplainBreach: explain, LiftLadder: lift, RecalculateClocks: recalculate},
    events={**dict.fromkeys(OBSERVED, observe), IssueRegistered: register},
    deadlines=Deadlines(next=next_deadline, expire=expire, wait_for=SOURCES),
    finished=finished,
    belongs=belongs,
)
POLICY = AggregateType("policy", PublishedPolicies, commands={PublishPolicy: publish_policy})
CALENDAR = AggregateType("calendar", PublishedCalendars, commands={PublishCalendar: publish_calendar})


def consumer(jurisdiction: str, *, history: bool = False) -> Consumer:
    """Supervision's consumer: its deadlines wait until what the other owners told before them was read."""
    return Consumer(
        service="supervision",
        jurisdiction=jurisdiction,
        reads=SOURCES,
        aggregates=(ISSUE, POLICY, CALENDAR),
        ignores=("person", "enterprise", "department", "staff", "rules", "notice"),
        history=history,
    )
