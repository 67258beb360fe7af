"""What every test of supervision begins with: an issue and its promise, and the events of the other owners."""

from datetime import date, datetime, timedelta
from typing import Any

from services.supervision.builtin import builtin_calendar, builtin_policy
from services.supervision.consumer import consumer
from shared.contract.event import Event
from shared.contract.events.dispatch import (
    AssignmentRecalled,
    AssignmentReturned,
    AssignmentRuled,
    AssignmentSigned,
    AssignmentTransferred,
    EnterpriseAsked,
    ExtensionAsked,
    ExtensionGranted,
    IssueAssigned,
    PauseEnded,
    PauseGranted,
    ReplyCorrected,
    ReplyReleased,
)
from shared.contract.events.intake import (
    AppealDismissed,
    AppealUpheld,
    IssueAccepted,
    IssueAppealed,
    IssueReferred,
    IssueRegistered,
    IssueRejected,
    IssueWithdrawn,
    PromiseStarted,
)
from shared.contract.words import Body, Ended, Outcome, PauseGround, RejectionGround, TransferCause
from shared.domain.clocks import Paused, Resumed, Started, due_at, read_clock
from shared.domain.decisions import Context
from shared.domain.reference import Reference
from tests.unit.one_aggregate import MOMENT, MONDAY, OneAggregate, after
from tests.unit.reference import JURISDICTION, builtin_reference, make_reference

__all__ = ["MOMENT", "MONDAY", "after"]

ISSUE = "issue-1"
POLICY, CALENDAR = builtin_policy(), builtin_calendar()
DUE = due_at(MONDAY, POLICY.limits["promise"], POLICY, CALENDAR).at
GRACE = timedelta(seconds=POLICY.grace_seconds)
LONG_AFTER = after(days=200)


def context(now: datetime, reference: Reference | None = None) -> Context:
    """What a reaction knows at an instant."""
    return Context(ISSUE, now, reference or builtin_reference())


def history_reference() -> Reference:
    """The reference data of a history namespace: the same policy, without grace (clocks.md 11)."""
    return make_reference(POLICY.model_copy(update={"grace_seconds": 0}))


def new_issue(reference: Reference | None = None) -> OneAggregate:
    """Supervision, before it has heard of the issue."""
    return OneAggregate(consumer(JURISDICTION), ISSUE, reference)


def known(reference: Reference | None = None) -> OneAggregate:
    """An issue that is registered and accepted, with the promise that was given."""
    issue = new_issue(reference)
    for event in (registered(), promised(), accepted()):
        issue.take(event, MONDAY)
    return issue


def fire_until(issue: OneAggregate, at: datetime, late_seconds: float = 0) -> list[Event]:
    """Fire everything that is due up to ``at``, each at its own time; late by so many seconds."""
    published: list[Event] = []
    while (deadline := issue.deadline) is not None and deadline.fire_at <= at:
        before = issue.state
        published += issue.fire(deadline.fire_at + timedelta(seconds=late_seconds))
        if issue.state == before:
            break  # void for now: it holds events, and waits for their predecessor
    return published


def of_clocks(published: list[Event]) -> list[Event]:
    """What was told of clocks, without the ladder."""
    return [event for event in published if event.type.startswith("clock.")]


def registered(**values: Any) -> IssueRegistered:
    return IssueRegistered(**({"number": "HZ-1"} | values))


def promised(
    started_at: datetime = MONDAY, due_at: datetime = DUE, limit: str = "10wd", **values: Any
) -> PromiseStarted:
    versions = {"policy": POLICY.version, "calendar": CALENDAR.version} | values
    return PromiseStarted(started_at=started_at, due_at=due_at, limit=limit, **versions)


def accepted() -> IssueAccepted:
    return IssueAccepted(title="停车难", text="厂门口没有车位", by="chen")


def rejected() -> IssueRejected:
    return IssueRejected(ground=RejectionGround.PETITION, explanation="已在信访程序中", by="chen")


def appealed(rejected_at: datetime, at: datetime, started_at: datetime = MONDAY) -> IssueAppealed:
    """The appeal with the date that intake promises: the time since the rejection does not count."""
    facts = (Started(started_at, POLICY.limits["promise"]), Paused(rejected_at, "rejected"), Resumed(at))
    return IssueAppealed(person="li", due_at=read_clock(facts, POLICY, CALENDAR).due_at)


def upheld() -> AppealUpheld:
    return AppealUpheld(reason="确已撤诉", by="wang")


def dismissed() -> AppealDismissed:
    return AppealDismissed(reason="仍在诉讼", by="wang")


def referred() -> IssueReferred:
    return IssueReferred(body=Body.PETITIONS, addressee="市信访局", reason="属信访事项", by="chen")


def withdrawn() -> IssueWithdrawn:
    return IssueWithdrawn(person="li", reason="已解决")


def assigned(assignment: str = "a1", department: str = "traffic") -> IssueAssigned:
    return IssueAssigned(assignment=assignment, department=department, head="王局", by="chen")


def signed(assignment: str = "a1", department: str = "traffic") -> AssignmentSigned:
    return AssignmentSigned(assignment=assignment, department=department, by="zhou")


def returned(assignment: str = "a1", department: str = "traffic") -> AssignmentReturned:
    return AssignmentReturned(assignment=assignment, department=department, reason="非本局职责", by="zhou")


def recalled(assignment: str = "a1", department: str = "traffic") -> AssignmentRecalled:
    return AssignmentRecalled(assignment=assignment, department=department, reason="误交办", by="chen")


def ruled(upheld: bool, assignment: str = "a1", department: str = "traffic") -> AssignmentRuled:
    return AssignmentRuled(assignment=assignment, department=department, upheld=upheld, by="chen")


def transferred(
    to: str = "a2",
    department: str = "police",
    previous: str = "a1",
    left: str = "traffic",
    why: TransferCause = TransferCause.RETURN,
) -> AssignmentTransferred:
    return AssignmentTransferred(
        assignment=to,
        department=department,
        head="李局",
        previous_assignment=previous,
        previous_department=left,
        why=why,
        transfers=1,
        by="chen",
    )


def replied(
    round: int = 1, outcome: Outcome = Outcome.SOLVED, assignment: str = "a1", department: str = "traffic"
) -> ReplyReleased:
    return ReplyReleased(
        assignment=assignment,
        department=department,
        round=round,
        draft=1,
        sha256="0" * 64,
        outcome=outcome,
        outcome_class="A",
        text="已划线",
        by="chen",
    )


def corrected(version: int = 2) -> ReplyCorrected:
    return ReplyCorrected(
        assignment="a1",
        department="traffic",
        round=1,
        version=version,
        sha256="1" * 64,
        outcome=Outcome.SOLVED,
        text="已于三月划线",
        reason="写漏了日期",
        by="chen",
    )


WHOSE = {"assignment": "a1", "department": "traffic"}
FOUR_LATER = datetime.fromisoformat("2026-03-20T17:30:00+08:00")
"""Four working days after the promise is due."""


def asked_for_more(request: int = 1, round: int = 1) -> ExtensionAsked:
    more = {"reason": "配件", "due_at": DUE, "until": date(2026, 3, 20), "days": 4}
    return ExtensionAsked(**WHOSE, round=round, request=request, **more, by="zhou")


def extended(days: int = 4, round: int = 1) -> ExtensionGranted:
    dates = {"original_due_at": DUE, "old_due_at": DUE, "due_at": FOUR_LATER}
    return ExtensionGranted(**WHOSE, round=round, request=1, days=days, **dates, by="chen")


BY_ITSELF = after(days=7, hours=8.5)
"""When a pause of Monday ends that waits for the raiser: at the end of the fifth working day."""


def paused(ground: PauseGround = PauseGround.WAITING, ends_at: datetime | None = None) -> PauseGranted:
    return PauseGranted(**WHOSE, round=1, request=1, ground=ground, ends_at=ends_at, by="chen")


def goes_on(granted: bool = True) -> PauseEnded:
    return PauseEnded(**WHOSE, round=1, request=1, because=Ended.PERSON, granted=granted, by="zhou")


def over(granted: bool = True) -> PauseEnded:
    """A pause or question has ended by itself."""
    return PauseEnded(**WHOSE, round=1, request=1, because=Ended.TIME_OVER, granted=granted)


def raiser_asked(request: int = 1) -> EnterpriseAsked:
    """The holder asks the raiser; the office may grant the pause of the same number."""
    said = {"words": "请补充图纸", "ends_at": BY_ITSELF, "by": "zhou"}
    return EnterpriseAsked(**WHOSE, round=1, request=request, **said)


def answered(granted: bool = False) -> PauseEnded:
    """The raiser answers, with or without a grant in between."""
    return PauseEnded(**WHOSE, round=1, request=1, because=Ended.ANSWERED, granted=granted)
