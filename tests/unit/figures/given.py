"""What the tests of figures begin with: finished histories of issues, and the events of the four owners as a log."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from services.cli.figures.history import Assignment, Issue, Round, State
from services.supervision.builtin import builtin_calendar, builtin_policy
from shared.bus.records import Record
from shared.contract.envelope import Envelope, open_envelope, seal, sha256_of
from shared.contract.event import INTAKE, Event
from shared.contract.events.dispatch import (
    AssignmentRecalled,
    AssignmentReturned,
    AssignmentRuled,
    AssignmentSigned,
    AssignmentTransferred,
    IssueAssigned,
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
from shared.contract.words import Body, Outcome, RejectionGround, Satisfaction, Solved, TransferCause
from shared.domain.clocks import Paused, Resumed, Started, due_at, read_clock
from tests.unit.reference import JURISDICTION

POLICY, CALENDAR = builtin_policy(), builtin_calendar()
START = datetime(2019, 4, 1, 1, 0, tzinfo=UTC)
DUE = START + timedelta(days=14)
LATER = START + timedelta(days=400)
INTAKE_READ = f"/{JURISDICTION}/intake=3"


def issue(replied_after: float | None = 3, rated: Satisfaction | None = None, **values: Any) -> Issue:
    """One issue of traffic's, answered so many days after its registration, or not at all."""
    rounds: tuple[Round, ...] = ()
    if replied_after is not None:
        reply = Round(
            round=1,
            assignment="a1",
            department="traffic",
            satisfaction=rated,
            replied_at=START + timedelta(days=replied_after),
            open_until=LATER,
            solved=rated and Solved.YES,
        )
        rounds = (reply,)
    part = Assignment(
        id="a1",
        department="traffic",
        assigned_at=START,
        signed_at=START,
        sign_due_at=START + timedelta(hours=4),
        holding_due_at=DUE,
    )
    known = {
        "state": State.CLOSED if rounds else State.KNOWN,
        "registered_at": START,
        "month": "2019-04",
        "original_due_at": DUE,
        "due_at": DUE,
        "assign_due_at": DUE,
        "rounds": rounds,
        "assignments": (part,),
    }
    return Issue(**(known | values))


class Log:
    """The events about one issue, each sealed with the next number of its owner's sequence."""

    def __init__(self, subject: str = "issue-1") -> None:
        self.subject = subject
        self.envelopes: list[Envelope] = []
        self._sequences: Counter[str] = Counter()

    @property
    def intake_read(self) -> str:
        """What an event says whose producer has read all that intake has told so far."""
        return f"/{JURISDICTION}/intake={self._sequences[INTAKE]}"

    def add(self, event: Event, at: datetime, seen: str = "") -> Record:
        """One event of the owner its topic names."""
        self._sequences[event.topic] += 1
        seq = self._sequences[event.topic]
        raw = seal(
            id=f"{event.topic}:{self.subject}:{seq}",
            type=event.type,
            source=f"/{JURISDICTION}/{event.topic.partition('.')[0]}",
            subject=self.subject,
            time=at,
            data=event.model_dump(mode="json"),
            seq=seq,
            seen=seen,
        )
        self.envelopes.append(open_envelope(raw))
        return Record(event.topic, 0, seq, 0, self.subject.encode(), raw, sha256_of(raw))


def registered(**values: Any) -> IssueRegistered:
    return IssueRegistered(**({"number": "HZ-1"} | values))


def promised(started_at: datetime, **values: Any) -> PromiseStarted:
    due = due_at(started_at, POLICY.limits["promise"], POLICY, CALENDAR)
    known = {"due_at": due.at, "limit": "10wd", "policy": POLICY.version, "calendar": CALENDAR.version}
    return PromiseStarted(**({"started_at": started_at} | known | values))


def accepted() -> IssueAccepted:
    return IssueAccepted(title="停车难", text="厂门口没有车位", by="chen")


def withdrawn() -> IssueWithdrawn:
    return IssueWithdrawn(reason="已解决")


def referred() -> IssueReferred:
    return IssueReferred(body=Body.COURT, addressee="法院", reason="已起诉", by="chen")


def rejected() -> IssueRejected:
    return IssueRejected(ground=RejectionGround.LITIGATION, explanation="已在诉讼", by="chen")


def appealed(started_at: datetime, rejected_at: datetime, at: datetime) -> IssueAppealed:
    facts = (Started(started_at, POLICY.limits["promise"]), Paused(rejected_at, "rejected"), Resumed(at))
    return IssueAppealed(due_at=read_clock(facts, POLICY, CALENDAR).due_at)


def appeal_upheld() -> AppealUpheld:
    return AppealUpheld(reason="确已撤诉", by="wang")


def appeal_dismissed() -> AppealDismissed:
    return AppealDismissed(reason="仍在诉讼", by="wang")


def assigned(assignment: str = "a1", department: str = "traffic") -> IssueAssigned:
    return IssueAssigned(assignment=assignment, department=department, head="王局", by="chen")


def signed(assignment: str = "a1", department: str = "traffic") -> AssignmentSigned:
    return AssignmentSigned(assignment=assignment, department=department, by="zhou")


def returned(department: str = "traffic") -> AssignmentReturned:
    return AssignmentReturned(assignment="a1", department=department, reason="非本局职责", by="zhou")


def recalled(department: str = "traffic") -> AssignmentRecalled:
    return AssignmentRecalled(assignment="a1", department=department, reason="误交办", by="chen")


def upheld(department: str = "traffic") -> AssignmentRuled:
    return AssignmentRuled(assignment="a1", department=department, upheld=True, by="chen")


def transferred() -> AssignmentTransferred:
    return AssignmentTransferred(
        assignment="a2",
        department="police",
        head="李局",
        previous_assignment="a1",
        previous_department="traffic",
        why=TransferCause.RETURN,
        transfers=1,
        by="chen",
    )


def replied(
    round: int = 1, assignment: str = "a1", department: str = "traffic", outcome: str = Outcome.SOLVED
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
