"""What supervision reads and owns: the clocks, ladder and documents of issues, registers, policies and calendars."""

from services.supervision.calendar.decisions import publish as publish_calendar
from services.supervision.calendar.life import PublishedCalendars
from services.supervision.issue import instructing, signing, tracking
from services.supervision.issue.clocks import MOVES_CLOCKS
from services.supervision.issue.decisions import explain, lift, refused
from services.supervision.issue.ladder import CLIMBS_AT_ONCE
from services.supervision.issue.life import CLOCKS, VERBS, Issue, belongs, finished
from services.supervision.issue.reactions import expire, next_deadline, observe, register
from services.supervision.issue.renewing import recalculate
from services.supervision.policy.decisions import publish as publish_policy
from services.supervision.policy.life import PublishedPolicies
from services.supervision.register.decisions import enter
from services.supervision.register.life import Register
from shared.contract.commands.supervision import (
    AnswerOrder,
    EnterDocument,
    ExplainBreach,
    GiveInstruction,
    IssueDocument,
    LiftDocument,
    LiftLadder,
    PublishCalendar,
    PublishPolicy,
    RecalculateClocks,
    RecordLookBack,
    RecordNumber,
    ReportInstruction,
    SignDocument,
    TakeBackInstruction,
)
from shared.contract.event import DISPATCH, FEEDBACK, INTAKE, Event
from shared.contract.events.dispatch import ReplyCorrected
from shared.contract.events.intake import IssueRegistered
from shared.contract.events.papers import MeetingDecided
from shared.contract.subjects import BESIDE_ISSUES
from shared.domain.aggregates import AggregateType, Consumer, Deadlines

SOURCES = (INTAKE, DISPATCH, FEEDBACK)

_TOUCHING: frozenset[type[Event]] = frozenset(VERBS).union(
    MOVES_CLOCKS,
    CLIMBS_AT_ONCE,
    (ReplyCorrected,),
    *(rule.starts for rule in CLOCKS.values()),
    *(rule.stops for rule in CLOCKS.values()),
)
OBSERVED = frozenset(event for event in _TOUCHING if event.topic in SOURCES)
"""Every event of another owner that moves an issue or touches a clock, as the tables of issue/ say."""

ISSUE = AggregateType(
    "issue",
    Issue,
    commands={
        ExplainBreach: explain,
        LiftLadder: lift,
        RecalculateClocks: recalculate,
        IssueDocument: signing.issue_by_hand,
        SignDocument: signing.sign,
        AnswerOrder: signing.answer,
        LiftDocument: signing.lift_document,
        RecordNumber: signing.record_number,
        RecordLookBack: tracking.record_look_back,
        GiveInstruction: instructing.give,
        ReportInstruction: instructing.report,
        TakeBackInstruction: instructing.take_back,
    },
    events={
        **dict.fromkeys(OBSERVED, observe),
        IssueRegistered: register,
        MeetingDecided: instructing.decided,
    },
    deadlines=Deadlines(next=next_deadline, expire=expire, wait_for=SOURCES),
    finished=finished,
    refused=refused,
    belongs=belongs,
)
POLICY = AggregateType("policy", PublishedPolicies, commands={PublishPolicy: publish_policy})
REGISTER = AggregateType("register", Register, commands={EnterDocument: enter}, remembers=20)
CALENDAR = AggregateType("calendar", PublishedCalendars, commands={PublishCalendar: publish_calendar})


def consumer(jurisdiction: str, *, history: bool = False, epoch: int = 0) -> Consumer:
    """Supervision's consumer: its deadlines wait until what the other owners told before them was read."""
    return Consumer(
        service="supervision",
        jurisdiction=jurisdiction,
        reads=SOURCES,
        aggregates=(ISSUE, REGISTER, POLICY, CALENDAR),
        ignores=(*BESIDE_ISSUES, "rating_round", "paper"),
        history=history,
        epoch=epoch,
    )
