"""THE CONTRACT: every event, its type string, its topic, and when it happens.

A class is declared as ``class IssueRegistered(Event, type="issue.registered.v1", topic="intake.events")``.
Type strings are written out, never derived from the class. ``topic`` is without the namespace's prefix;
``dept.<code>.orders`` stands for one topic a department. Readers of our own topics ignore unknown fields
and count unknown types; a changed meaning is a new version beside the old one (docs/events.md).
"""

from enum import StrEnum
from typing import ClassVar, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

EVENTS: dict[str, type["Event"]] = {}
"""Every event class by its type string."""

INTAKE, DISPATCH = "intake.events", "dispatch.events"
SUPERVISION, FEEDBACK = "supervision.events", "feedback.events"
ORDERS, REPLIES = "dept.<code>.orders", "dept.<code>.replies"

MAX_TITLE_CHARS = 200
MAX_TEXT_CHARS = 20_000
MAX_REASON_CHARS = 2_000


class Event(BaseModel):
    """One fact. Its envelope says when, about whom and by whom (shared/envelope.py)."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    type: ClassVar[str]
    topic: ClassVar[str]

    def __init_subclass__(cls, *, type: str, topic: str, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if type in EVENTS:
            raise TypeError(f"two events share the type string {type}")
        cls.type, cls.topic = type, topic
        EVENTS[type] = cls

    @classmethod
    def read(cls, data: dict[str, object]) -> Self:
        """Read the ``data`` of an envelope of this type; raises pydantic.ValidationError."""
        return cls.model_validate(data)


def orders_topic(department: str) -> str:
    """The topic on which one department reads its orders."""
    return f"dept.{department}.orders"


def replies_topic(department: str) -> str:
    """The topic on which one department's own system answers."""
    return f"dept.{department}.replies"


class Kind(StrEnum):
    """What is raised."""

    PROBLEM = "problem"
    SUGGESTION = "suggestion"


class Source(StrEnum):
    """Where an issue came from (来源)."""

    TALK = "talk"
    ONLINE = "online_column"
    HOTLINE = "hotline"
    WRITTEN = "written"
    VISIT = "liaison_visit"
    OBSERVER = "observer"
    MONITORING_POINT = "monitoring_point"
    DELIBERATION = "deliberation"


class RejectionGround(StrEnum):
    """The only grounds for not accepting an issue (loop.md, intake)."""

    LITIGATION = "litigation"
    REVIEW = "review"
    ARBITRATION = "arbitration"
    PETITION = "petition"


class Outcome(StrEnum):
    """What a reply says came of the issue: the first five for problems, the last four for suggestions."""

    SOLVED = "solved"
    PARTLY_SOLVED = "partly_solved"
    EXPLAINED = "explained"
    PLANNED = "planned"
    NOT_POSSIBLE_NOW = "not_possible_now"
    ADOPTED = "adopted"
    PARTLY_ADOPTED = "partly_adopted"
    KEPT_FOR_REFERENCE = "kept_for_reference"
    NOT_ADOPTED = "not_adopted"


OUTCOMES: dict[Kind, tuple[Outcome, ...]] = {
    Kind.PROBLEM: tuple(Outcome)[:5],
    Kind.SUGGESTION: tuple(Outcome)[5:],
}


class Satisfaction(StrEnum):
    """满意 / 基本满意 / 不满意. There is no value for "not rated": nothing is ever defaulted."""

    SATISFIED = "satisfied"
    BASICALLY_SATISFIED = "basically_satisfied"
    DISSATISFIED = "dissatisfied"


class Solved(StrEnum):
    """The raiser's own answer to "is it solved?"."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"


class ClockName(StrEnum):
    """The clocks supervision keeps; their limits are policy (shared/policy.json)."""

    ASSIGN = "assign"
    PROMISE = "promise"
    SIGN = "sign"
    HOLDING = "holding"
    REWORK_DECISION = "rework_decision"
    TRACKING = "tracking"


# ---------------------------------------------------------------- intake.events


class IssueRegistered(Event, type="issue.registered.v1", topic=INTAKE):
    """Happens when an entrepreneur's words are written down; they are frozen from here on."""

    number: str
    kind: Kind = Kind.PROBLEM
    origin: Source = Source.ONLINE
    title: str
    text: str
    enterprise: str = ""
    anonymous: bool = False
    pseudonym: str = ""


class PromiseStarted(Event, type="promise.started.v1", topic=INTAKE):
    """Happens right after registration: the date the entrepreneur was told, and the rules it came from."""

    started_at: AwareDatetime
    due_at: AwareDatetime
    limit: str
    provisional: bool = False
    policy: str
    calendar: str


class IssueAccepted(Event, type="issue.accepted.v1", topic=INTAKE):
    """Happens when the intake office takes the issue on."""

    by: str


class IssueRejected(Event, type="issue.rejected.v1", topic=INTAKE):
    """Happens when an issue is not accepted because it is already in one of the four procedures."""

    ground: RejectionGround
    explanation: str
    by: str


class IssueWithdrawn(Event, type="issue.withdrawn.v1", topic=INTAKE):
    """Happens when the one who raised it takes the issue back."""

    reason: str = ""


# -------------------------------------------------------------- dispatch.events


class IssueAssigned(Event, type="issue.assigned.v1", topic=DISPATCH):
    """Happens when the office makes one department the lead of an accepted issue."""

    assignment: str
    department: str
    head: str
    reason: str = ""
    by: str


class AssignmentSigned(Event, type="assignment.signed.v1", topic=DISPATCH):
    """Happens when the department signs for its assignment."""

    assignment: str
    department: str
    by: str


class AssignmentReturned(Event, type="assignment.returned.v1", topic=DISPATCH):
    """Happens when a department says, within one working day and with a reason, that it is not its matter."""

    assignment: str
    department: str
    reason: str
    by: str


class AssignmentRuled(Event, type="assignment.ruled.v1", topic=DISPATCH):
    """Happens when the office rules on a return; its ruling is final."""

    assignment: str
    department: str
    upheld: bool
    reason: str = ""
    by: str


class AssignmentTransferred(Event, type="assignment.transferred.v1", topic=DISPATCH):
    """Happens when an upheld return ends one assignment and another department becomes the lead."""

    assignment: str
    department: str
    head: str
    previous_assignment: str
    previous_department: str
    transfers: int
    by: str


class ReplyDrafted(Event, type="reply.drafted.v1", topic=DISPATCH):
    """Happens when a handler hands in a draft; its words stay in the department (docs/local-state.md)."""

    assignment: str
    department: str
    round: int
    outcome: Outcome
    by: str


class ReplySignedOff(Event, type="reply.signed_off.v1", topic=DISPATCH):
    """Happens when the department's leader signs the draft off."""

    assignment: str
    department: str
    round: int
    by: str


class ReplyChecked(Event, type="reply.checked.v1", topic=DISPATCH):
    """Happens when the office finds a signed draft fit to go out."""

    assignment: str
    department: str
    round: int
    by: str


class ReplySentBack(Event, type="reply.sent_back.v1", topic=DISPATCH):
    """Happens when leader or office hand a draft back to the handler with a reason."""

    assignment: str
    department: str
    round: int
    reason: str
    by: str


class ReplyReleased(Event, type="reply.released.v1", topic=DISPATCH):
    """Happens when the office releases the reply: from here the issue is handled."""

    assignment: str
    department: str
    round: int
    outcome: Outcome
    outcome_class: str
    text: str
    promised_on: str = ""
    by: str


# ----------------------------------------------------------- supervision.events


class ClockStarted(Event, type="clock.started.v1", topic=SUPERVISION):
    """Happens when supervision starts a clock; policy and calendar version are frozen in it."""

    clock: ClockName
    round: int = 1
    assignment: str = ""
    department: str = ""
    started_at: AwareDatetime
    due_at: AwareDatetime
    limit: str
    provisional: bool = False
    policy: str
    calendar: str


class ClockWarned(Event, type="clock.warned.v1", topic=SUPERVISION):
    """Happens when a warning threshold of a running clock is reached."""

    clock: ClockName
    round: int = 1
    assignment: str = ""
    department: str = ""
    threshold: str
    due_at: AwareDatetime
    late_seconds: float = 0.0


class ClockBreached(Event, type="clock.breached.v1", topic=SUPERVISION):
    """Happens when a clock's due instant has passed and what should have stopped it did not come."""

    clock: ClockName
    round: int = 1
    assignment: str = ""
    department: str = ""
    due_at: AwareDatetime
    late_seconds: float = 0.0


class BreachAnnulled(Event, type="clock.breach_annulled.v1", topic=SUPERVISION):
    """Happens when a fact from before the due instant arrives after the breach was recorded."""

    clock: ClockName
    round: int = 1
    assignment: str = ""
    due_at: AwareDatetime
    stopped_at: AwareDatetime


class ClockStopped(Event, type="clock.stopped.v1", topic=SUPERVISION):
    """Happens when what a clock waited for has come, or its issue has ended."""

    clock: ClockName
    round: int = 1
    assignment: str = ""
    stopped_at: AwareDatetime
    breached: bool


# -------------------------------------------------------------- feedback.events


class RatingInvited(Event, type="rating.invited.v1", topic=FEEDBACK):
    """Happens when a reply is out: the one who raised the issue is asked to rate this round."""

    round: int
    open_until: AwareDatetime


class ReplyRated(Event, type="reply.rated.v1", topic=FEEDBACK):
    """Happens when the one who raised the issue rates a reply round, once."""

    round: int
    satisfaction: Satisfaction
    solved: Solved
    reason: str = ""


class RatingLapsed(Event, type="rating.lapsed.v1", topic=FEEDBACK):
    """Happens when the invitation ran out without a rating: the reply counts as not rated."""

    round: int


class ReworkAsked(Event, type="rework.asked.v1", topic=FEEDBACK):
    """Happens when a rating says dissatisfied or not solved: a person has to decide on a new round."""

    round: int
    reason: str


class ReworkDecided(Event, type="rework.decided.v1", topic=FEEDBACK):
    """Happens when a person grants a new round; its promise clock starts now."""

    round: int
    reason: str = ""
    by: str


class ReworkRefused(Event, type="rework.refused.v1", topic=FEEDBACK):
    """Happens when a person refuses a new round, with the reason that is told to the raiser."""

    round: int
    reason: str
    by: str


class IssueTracked(Event, type="issue.tracked.v1", topic=FEEDBACK):
    """Happens when a reply promised something for later, or nothing is possible now: kept until finished."""

    round: int
    outcome: Outcome
    promised_on: str = ""


class IssueClosed(Event, type="issue.closed.v1", topic=FEEDBACK):
    """Happens when an issue is handled, and rated or lapsed; or ruled finished after tracking."""

    round: int
    reason: str
    by: str = ""


# ----------------------------------------------------------- dept.<code>.orders


class Ordered(Event, type="order.assigned.v1", topic=ORDERS):
    """Happens when a department becomes the lead: enough by itself to act on, the raiser's words in full."""

    assignment: str
    round: int
    number: str
    kind: Kind
    title: str
    text: str
    head: str
    due_at: AwareDatetime | None = None


class OrderRuled(Event, type="order.ruled.v1", topic=ORDERS):
    """Happens when the office has ruled on this department's return."""

    assignment: str
    upheld: bool
    reason: str = ""


class OrderSentBack(Event, type="order.sent_back.v1", topic=ORDERS):
    """Happens when the department's draft comes back with a reason."""

    assignment: str
    round: int
    reason: str


class OrderRework(Event, type="order.rework.v1", topic=ORDERS):
    """Happens when a new round is granted on an issue this department answered."""

    assignment: str
    round: int
    reason: str = ""


class OrderWithdrawn(Event, type="order.withdrawn.v1", topic=ORDERS):
    """Happens when the issue is taken back while this department holds it: stop work."""

    assignment: str


class OrderClosed(Event, type="order.closed.v1", topic=ORDERS):
    """Happens when an issue this department answered is closed."""

    assignment: str


class OrderRefused(Event, type="order.refused.v1", topic=ORDERS):
    """Happens when something this department sent was refused: which message, why, what is legal now."""

    message: str
    reason: str
    detail: str = ""
    legal: tuple[str, ...] = ()


# ---------------------------------------------------------- dept.<code>.replies


class DepartmentReply(BaseModel):
    """What every message of a department's own system names; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    assignment: str = Field(max_length=100)


# One class per thing a department may say; dispatch's door turns each into a command of the same shape.
