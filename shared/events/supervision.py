"""What supervision tells: clocks, lamps and steps, orders and signed papers, tracking."""

from datetime import date

from pydantic import AwareDatetime

from shared.events.base import SUPERVISION, Event
from shared.events.words import (
    Across,
    ClockName,
    DocumentKind,
    Joint,
    Level,
    Light,
    LookBackFinding,
    Outcome,
    RecalculationCause,
    StepCause,
    Tone,
    TrackingFinding,
)


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


class ClockRecalculated(Event, type="clock.recalculated.v1", topic=SUPERVISION):
    """Happens when the due instant of a running clock moves: old, new, why and by whom."""

    clock: ClockName
    round: int = 1
    assignment: str = ""
    department: str = ""
    previous_due_at: AwareDatetime
    due_at: AwareDatetime
    original_due_at: AwareDatetime
    why: RecalculationCause
    provisional: bool = False
    policy: str
    calendar: str
    by: str = ""


class PolicyPublished(Event, type="policy.published.v1", topic=SUPERVISION):
    """Happens when a version of the policy comes into force; running clocks keep the one they began with."""

    version: str
    in_force_at: AwareDatetime
    document: str
    by: str


class CalendarPublished(Event, type="calendar.published.v1", topic=SUPERVISION):
    """Happens when a jurisdiction's table of work and rest days gets a new version."""

    version: str
    years: tuple[int, ...]
    notice: str
    work_on: tuple[date, ...] = ()
    rest_on: tuple[date, ...] = ()
    by: str


class LightLit(Event, type="light.lit.v1", topic=SUPERVISION):
    """Happens when the system lights a yellow or red lamp; nobody signs for a lamp."""

    light: Light
    step: int


class LadderRaised(Event, type="ladder.raised.v1", topic=SUPERVISION):
    """Happens when an issue comes to a higher step of the ladder (预警、催办、督办 ...)."""

    step: int
    previous_step: int
    why: StepCause
    document: DocumentKind | None = None
    number: str = ""
    department: str = ""
    late_seconds: float = 0.0


class LadderLifted(Event, type="ladder.lifted.v1", topic=SUPERVISION):
    """Happens when the ladder is lifted with a reason: a close, an annulled breach, or a person."""

    step: int
    previous_step: int
    reason: str
    by: str = ""


class ExplanationGiven(Event, type="explanation.given.v1", topic=SUPERVISION):
    """Happens when a department explains a breach (情况说明): once, it buys two working days."""

    department: str
    text: str
    by: str


class SupervisionOrderIssued(Event, type="supervision_order.issued.v1", topic=SUPERVISION):
    """Happens when a supervision order goes out (督办单), by the ladder or by hand."""

    order: str
    number: str
    department: str
    level: Level
    text: str
    answer_due_at: AwareDatetime
    joint: tuple[Joint, ...] = ()
    across: tuple[Across, ...] = ()
    by: str = ""


class SupervisionOrderAnswered(Event, type="supervision_order.answered.v1", topic=SUPERVISION):
    """Happens when the department answers the order, or a released reply does."""

    order: str
    department: str
    text: str = ""
    by_release: bool = False
    by: str = ""


class CardSigned(Event, type="card.signed.v1", topic=SUPERVISION):
    """Happens when a named person signs a yellow or red card for a department."""

    card: str
    number: str
    light: Light
    level: Level
    department: str
    head: str
    text: str
    by: str


class CardLifted(Event, type="card.lifted.v1", topic=SUPERVISION):
    """Happens when the issuer's level or a higher one lifts a card, never the department that holds it."""

    card: str
    number: str
    department: str
    level: Level
    reason: str
    by: str


class InterviewSigned(Event, type="interview.signed.v1", topic=SUPERVISION):
    """Happens when the record of a called-in interview (约谈) is signed."""

    number: str
    department: str
    head: str
    held_at: AwareDatetime
    text: str
    by: str


class CircularSigned(Event, type="circular.signed.v1", topic=SUPERVISION):
    """Happens when a circular (通报) is signed, of criticism or of praise; its text is frozen."""

    number: str
    tone: Tone
    departments: tuple[str, ...]
    text: str
    by: str


class DocumentVoided(Event, type="document.voided.v1", topic=SUPERVISION):
    """Happens when events overtook a numbered document: it is issued as void, the register has no gap."""

    document: DocumentKind
    number: str
    reason: str


class TrackingOpened(Event, type="tracking.opened.v1", topic=SUPERVISION):
    """Happens when a tracked issue (挂账) comes onto supervision's list."""

    round: int
    outcome: Outcome
    promised_on: date | None = None
    review_on: date


class TrackingReviewed(Event, type="tracking.reviewed.v1", topic=SUPERVISION):
    """Happens when a tracked issue had its quarterly review."""

    round: int
    finding: TrackingFinding
    text: str = ""
    next_review_on: date | None = None
    by: str


class LookBackDone(Event, type="look_back.done.v1", topic=SUPERVISION):
    """Happens when a closed issue or a promised date was looked at again; a broken promise opens a round."""

    round: int
    finding: LookBackFinding
    text: str = ""
    by: str
