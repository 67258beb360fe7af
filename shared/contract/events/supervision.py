"""What supervision tells: clocks, the ladder, and its reference data (policies and calendars)."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator

from shared.contract.event import (
    SUPERVISION,
    SUPERVISION_LOOK_BACKS,
    SUPERVISION_ORDERS,
    Event,
    Number,
    Round,
    Seconds,
)
from shared.contract.words import (
    OpenAcross,
    OpenAddressee,
    OpenClockName,
    OpenDocumentEnd,
    OpenDocumentKind,
    OpenFinding,
    OpenJoint,
    OpenJointOffice,
    OpenLadderCause,
    OpenLadderStep,
    OpenLevel,
    OpenLiftCause,
    OpenListed,
    OpenProvisional,
    OpenRecalculation,
    OpenSaying,
)
from shared.domain.calendar import Day
from shared.domain.clocks import Policy


def _known_columns(rows: Iterable[Sequence[object]]) -> list[Sequence[object]]:
    """A row is a list, to which a newer version may have added columns: they are left away."""
    return [row[: len(Day._fields)] for row in rows]


class ClockStarted(Event, type="clock.started.v1", topic=SUPERVISION):
    """Happens when supervision starts a clock, or lets one run on; policy and calendar version are frozen in it."""

    clock: OpenClockName
    round: Round = 1
    assignment: str = ""
    department: str = ""
    started_at: AwareDatetime
    resumed_at: AwareDatetime | None = None
    """Since when it runs on after a rejection that was appealed against: the time in between does not count."""
    due_at: AwareDatetime
    limit: str
    provisional_because: OpenProvisional | None = None
    policy: str
    calendar: str


class ClockWarned(Event, type="clock.warned.v1", topic=SUPERVISION):
    """Happens when a warning threshold of a running clock is reached."""

    clock: OpenClockName
    round: Round = 1
    assignment: str = ""
    department: str = ""
    threshold: str
    due_at: AwareDatetime
    late_seconds: Seconds = 0.0


class ClockBreached(Event, type="clock.breached.v1", topic=SUPERVISION):
    """Happens when a clock's due instant has passed and what should have stopped it did not come."""

    clock: OpenClockName
    round: Round = 1
    assignment: str = ""
    department: str = ""
    due_at: AwareDatetime
    late_seconds: Seconds = 0.0


class ClockRecalculated(Event, type="clock.recalculated.v1", topic=SUPERVISION):
    """Happens when the due instant of a running clock moves: old, new, why and by whom."""

    clock: OpenClockName
    round: Round = 1
    assignment: str = ""
    department: str = ""
    old_due_at: AwareDatetime
    due_at: AwareDatetime
    """The same as before where the date only became certain, or provisional."""
    provisional_because: OpenProvisional | None = None
    because: OpenRecalculation
    by: str = ""
    policy: str
    """The versions by which it runs from here on."""
    calendar: str


class BreachAnnulled(Event, type="clock.breach_annulled.v1", topic=SUPERVISION):
    """Happens when an event from before the due instant arrives after the breach was recorded."""

    clock: OpenClockName
    round: Round = 1
    assignment: str = ""
    due_at: AwareDatetime
    stopped_at: AwareDatetime
    """When it was stopped, or moved in time by an extension or a pause."""


class ClockStopped(Event, type="clock.stopped.v1", topic=SUPERVISION):
    """Happens when what a clock waited for has come, or its issue has ended."""

    clock: OpenClockName
    round: Round = 1
    assignment: str = ""
    stopped_at: AwareDatetime
    breached: bool


class LadderRaised(Event, type="ladder.raised.v1", topic=SUPERVISION):
    """Happens when an issue comes to a higher step of the ladder; the step is the lamp."""

    step: Number
    called: OpenLadderStep
    because: OpenLadderCause
    clock: OpenClockName = ""
    """Whose breach it climbs for; empty where another dissatisfied round is the reason."""
    round: Round = 1
    assignment: str = ""
    department: str = ""
    due_at: AwareDatetime
    """The instant of this step; the next one counts from it."""
    late_seconds: Seconds = 0.0
    policy: str
    calendar: str


class ExplanationGiven(Event, type="explanation.given.v1", topic=SUPERVISION):
    """Happens when a department explains why a promise was broken: once, it puts the supervision order off."""

    round: Round
    department: str
    words: str
    due_at: AwareDatetime
    """The instant of the order, as it is now."""
    by: str


class LadderEnded(Event, type="ladder.ended.v1", topic=SUPERVISION):
    """Happens when an issue climbs no further, because a reply is out or no new round was granted; its step stays."""

    step: Number
    ended_at: AwareDatetime


class LadderLifted(Event, type="ladder.lifted.v1", topic=SUPERVISION):
    """Happens when an issue comes down: it ended, a step was annulled, or a person lifted it with a reason."""

    step: Number
    """Where it stood."""
    to: Number = 0
    because: OpenLiftCause
    reason: str = ""
    by: str = ""


class DocumentDrafted(Event, type="document.drafted.v1", topic=SUPERVISION):
    """Happens when a document that a person has to sign is drafted, and has its number."""

    document: str
    kind: OpenDocumentKind
    year: Number
    number: Number
    step: Number
    clock: OpenClockName = ""
    round: Round
    department: str = ""
    head: str = ""
    due_at: AwareDatetime
    """The instant of the step that brought it."""


class DocumentIssued(Event, type="document.issued.v1", topic=SUPERVISION):
    """Happens when a document goes out: a reminder or an order by itself, another once a person has signed it."""

    document: str
    kind: OpenDocumentKind
    year: Number
    number: Number
    step: Number = 0
    """The step of the ladder that brought it; 0 for one by hand."""
    clock: OpenClockName = ""
    """Whose breach brought it; empty for one by hand, and where a dissatisfied round or an extension did."""
    round: Round
    department: str
    head: str = ""
    """Who answers for the department (一把手), as the directory names them."""
    words: str = ""
    answer_due_at: AwareDatetime | None = None
    praise: bool = False
    joint: OpenJoint = ""
    offices: tuple[OpenJointOffice, ...] = ()
    across: tuple[OpenAcross, ...] = ()
    by: str = ""
    """Who signed it; empty for what goes out by itself."""
    level: OpenLevel = ""
    """Of who signed it: nobody of a lower one lifts it."""


class DocumentAnswered(Event, type="document.answered.v1", topic=SUPERVISION):
    """Happens when the department answers a supervision order, or a released reply does."""

    document: str
    because: OpenDocumentEnd
    words: str = ""
    by: str = ""


class DocumentVoided(Event, type="document.voided.v1", topic=SUPERVISION):
    """Happens when a numbered document was overtaken before it went out; its number stays taken."""

    document: str
    kind: OpenDocumentKind
    year: Number
    number: Number
    because: OpenDocumentEnd
    reason: str = ""
    by: str = ""


class DocumentLiftDrafted(Event, type="document.lift_drafted.v1", topic=SUPERVISION):
    """Happens when the breach behind a signed document is annulled: a person has to lift it."""

    document: str


class DocumentLifted(Event, type="document.lifted.v1", topic=SUPERVISION):
    """Happens when a document that is out counts no longer: its issue ended, it was annulled, or a person lifted it."""

    document: str
    because: OpenDocumentEnd
    reason: str = ""
    by: str = ""


class DocumentRegistered(Event, type="document.registered.v1", topic=SUPERVISION):
    """Happens when a register gives a document its number, the next one of its kind and year."""

    number: Number
    issue: str
    document: str


class InstructionGiven(Event, type="instruction.given.v1", topic=SUPERVISION):
    """Happens when a leader instructs the department that holds an issue (批示), or a meeting decided on it."""

    instruction: Round
    """Counted from 1 over the whole life of the issue; its clock has this number in place of a round."""
    department: str
    assignment: str
    words: str
    limit: str
    due_at: AwareDatetime
    by: str
    decision: str = ""
    """What a meeting decided and it comes from, ``<paper>.<edition>.<number>``; empty of one that a leader wrote."""


class InstructionReported(Event, type="instruction.reported.v1", topic=SUPERVISION, must_understand=True):
    """Happens when the department that holds the issue reports what it did about an instruction."""

    instruction: Round
    department: str
    words: str
    by: str


class InstructionTakenBack(Event, type="instruction.taken_back.v1", topic=SUPERVISION, must_understand=True):
    """Happens when the leader who gave an instruction takes it back, with a reason: nobody owes a report any more."""

    instruction: Round
    reason: str
    by: str


class DepartmentAddressed(Event, type="department.addressed.v1", topic=SUPERVISION_ORDERS):
    """Happens when supervision has something for the department that answers for an issue; dispatch passes it on."""

    saying: OpenSaying
    to: tuple[OpenAddressee, ...] = ()
    """Whom the step of the ladder names, as its policy says; "drafted" is for them alone."""
    round: Round
    department: str
    """Empty for the assigning office, which rules on returns and has what nobody holds."""
    assignment: str = ""
    clock: OpenClockName = ""
    """Whose warning it is, or whose breach brought the document; empty for one by hand."""
    document: str = ""
    kind: OpenDocumentKind = ""
    year: Number = 0
    number: Number = 0
    instruction: Number = 0
    """Which instruction it is about; 0 where it is about none."""
    words: str = ""
    due_at: AwareDatetime | None = None
    """When the promise is due, the answer to an order, or the report on an instruction."""
    praise: bool = False
    by: str = ""
    """Who signed the document: they are told nothing of it."""


class TrackingOpened(Event, type="tracking.opened.v1", topic=SUPERVISION):
    """Happens when an issue comes onto the list of what is looked at again: tracked (挂账), or closed and chosen."""

    round: Round
    because: OpenListed
    department: str = ""
    """Who answered it."""
    promised_on: date | None = None


class TrackingReviewed(Event, type="tracking.reviewed.v1", topic=SUPERVISION):
    """Happens when a supervisor has looked at what is on the list, and it is too early to say what came of it."""

    round: Round
    because: OpenListed
    """Why it stands on the list."""
    department: str = ""
    words: str
    next_on: date
    by: str


class LookBackDone(Event, type="look_back.done.v1", topic=SUPERVISION):
    """Happens when a look-back finds that a promise was kept, or broken (回头看)."""

    round: Round
    finding: OpenFinding
    because: OpenListed | None = None
    """Why it was looked at; None: it was on no list."""
    department: str = ""
    words: str
    by: str


class PromiseKept(Event, type="promise.kept.v1", topic=SUPERVISION_LOOK_BACKS):
    """Happens when what was promised for later is found done: feedback asks for a rating of it, as of a reply."""

    round: Round
    """Of the reply that promised it."""
    words: str
    by: str


class PromiseBroken(Event, type="promise.broken.v1", topic=SUPERVISION_LOOK_BACKS):
    """Happens when a look-back finds a promise broken, also of a closed issue: feedback begins a new round."""

    round: Round
    words: str
    by: str


class DueRecalculated(Event, type="due.recalculated.v1", topic=SUPERVISION_ORDERS):
    """Happens when a calendar or policy moves a promise, or only the time of its holder, or that of a co-handler."""

    clock: OpenClockName
    round: Round = 1
    assignment: str = ""
    """Empty for a promise."""
    old_due_at: AwareDatetime
    due_at: AwareDatetime
    because: OpenRecalculation
    version: str
    """Of that calendar or policy."""
    in_force_from: AwareDatetime


class MessageRefused(Event, type="message.refused.v1", topic=SUPERVISION_ORDERS):
    """Happens when supervision refused what a department's own system asked; dispatch tells the department."""

    department: str
    message: str
    reason: str
    detail: str = ""
    legal: tuple[str, ...] = ()


class PolicyPublished(Event, type="policy.published.v1", topic=SUPERVISION, reference=True):
    """Happens when a version of the policy is published; running clocks keep theirs unless it says otherwise."""

    version: str
    in_force_from: AwareDatetime
    policy: Policy
    applies_to_running: bool = False
    """Whether clocks that run by then are recalculated by it (clocks.md 8)."""
    by: str


class CalendarPublished(Event, type="calendar.published.v1", topic=SUPERVISION, reference=True):
    """Happens when a table of work and rest days gets a new version, told whole; running clocks are recalculated."""

    version: str
    in_force_from: AwareDatetime
    published_through: Number
    """The last year whose notice is in the table; due dates in later years are provisional."""
    days: Annotated[tuple[Day, ...], BeforeValidator(_known_columns)]
    by: str
