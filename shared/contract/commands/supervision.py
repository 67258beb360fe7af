"""What may be asked of supervision: of breaches, the ladder and its documents; to publish reference data."""

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, Field

from shared.contract.command import Command
from shared.contract.event import (
    MAX_DOCUMENT_CHARS,
    MAX_REASON_CHARS,
    MAX_TEXT_CHARS,
    MOST,
    FreeText,
    Round,
)
from shared.contract.words import Across, DocumentKind, Finding, Joint, JointOffice, Recalculation
from shared.domain.calendar import Day
from shared.domain.clocks import CompletePolicy

MAX_NAME_CHARS = 100


class ExplainBreach(Command, type="supervision.explain.v1", service="supervision"):
    """Explain why the promise of this round was broken (情况说明); it puts the supervision order off, once."""

    round: Round = 1
    words: FreeText = Field(max_length=MAX_REASON_CHARS)
    assignment: str = Field(default="", max_length=100)
    """Whose breach is explained, where who asks names it: it must be the present one."""


class LiftLadder(Command, type="supervision.lift_ladder.v1", service="supervision"):
    """Lift an issue from the step of the ladder that was read (解除), with a reason."""

    step: int = Field(ge=1, le=6)
    reason: FreeText = Field(max_length=MAX_REASON_CHARS)


class RecordLookBack(Command, type="supervision.record_look_back.v1", service="supervision"):
    """Say what a look-back at a tracked or closed issue found (回头看); "not yet" names the day of the next one."""

    round: Round
    finding: Finding
    words: FreeText = Field(max_length=MAX_REASON_CHARS)
    next_on: date | None = None


class IssueDocument(Command, type="supervision.issue_document.v1", service="supervision"):
    """Issue a document by hand: a reminder, an order, an interview's record, a circular of criticism or of praise."""

    kind: Literal[
        DocumentKind.REMINDER,
        DocumentKind.SUPERVISION_ORDER,
        DocumentKind.INTERVIEW,
        DocumentKind.CIRCULAR,
    ]
    words: FreeText = Field(max_length=MAX_TEXT_CHARS)
    praise: bool = False
    """Of a circular: it praises."""
    answer_days: int = Field(default=0, ge=0, le=250)
    """Of an order: in how many working days it is to be answered; 0: as the policy says."""
    joint: Joint | None = None
    offices: tuple[JointOffice, ...] = Field(default=(), max_length=len(JointOffice))
    across: tuple[Across, ...] = Field(default=(), max_length=len(Across))
    signature: str = Field(default="", max_length=MAX_NAME_CHARS)


class GiveInstruction(Command, type="supervision.give_instruction.v1", service="supervision"):
    """Write an instruction on an issue to the department that holds it (批示), with the day its report is due."""

    words: FreeText = Field(max_length=MAX_REASON_CHARS)
    department: str = Field(default="", max_length=100)
    """Whom one has read that holds it; empty: whoever does."""
    due_on: date | None = None
    """The day on which the report is due; left out: as the policy says."""


class ReportInstruction(Command, type="supervision.report_instruction.v1", service="supervision"):
    """Report what the department did about a leader's instruction."""

    instruction: Round
    words: FreeText = Field(max_length=MAX_REASON_CHARS)


class TakeBackInstruction(Command, type="supervision.take_back_instruction.v1", service="supervision"):
    """Take back an instruction that one gave, with a reason."""

    instruction: Round
    reason: FreeText = Field(max_length=MAX_REASON_CHARS)


class SignDocument(Command, type="supervision.sign_document.v1", service="supervision"):
    """Sign a drafted document, which then goes out; with one's name, and its words where it needs some."""

    document: str = Field(max_length=MAX_DOCUMENT_CHARS)
    words: FreeText = Field(default="", max_length=MAX_TEXT_CHARS)
    signature: str = Field(default="", max_length=MAX_NAME_CHARS)


class AnswerOrder(Command, type="supervision.answer_order.v1", service="supervision"):
    """Answer a supervision order in the department's words."""

    document: str = Field(max_length=MAX_DOCUMENT_CHARS)
    words: FreeText = Field(max_length=MAX_REASON_CHARS)
    assignment: str = Field(default="", max_length=100)
    """For whom it is answered, where who asks names it: it must be the present one."""


class LiftDocument(Command, type="supervision.lift_document.v1", service="supervision"):
    """Lift one document that is out, or give a drafted one up, with a reason."""

    document: str = Field(max_length=MAX_DOCUMENT_CHARS)
    reason: FreeText = Field(max_length=MAX_REASON_CHARS)


class RecordNumber(Command, type="supervision.record_number.v1", service="supervision"):
    """The register has given a document of this issue its number."""

    document: str = Field(max_length=MAX_DOCUMENT_CHARS)
    number: int = Field(ge=1, le=MOST)


class EnterDocument(Command, type="supervision.register.enter.v1", service="supervision", kind="register"):
    """Give a document the next number of this register."""

    issue: str = Field(max_length=100)
    document: str = Field(max_length=MAX_DOCUMENT_CHARS)


class RecalculateClocks(Command, type="supervision.recalculate.v1", service="supervision"):
    """Count the running clocks of an issue anew by a version of calendar or policy that was published for them."""

    because: Literal[Recalculation.CALENDAR, Recalculation.POLICY]
    version: str = Field(min_length=1, max_length=100)
    at: AwareDatetime
    """From when on that version is in force."""
    by: str = Field(max_length=100)
    """Who published it."""


class PublishPolicy(Command, type="supervision.policy.publish.v1", service="supervision", kind="policy"):
    """Publish a version of the policy: limits, warnings, office hours."""

    policy: CompletePolicy
    in_force_from: AwareDatetime | None = None
    """Now, where it is left out."""
    applies_to_running: bool = False
    """Whether clocks that run by then are recalculated by it."""


class PublishCalendar(
    Command, type="supervision.calendar.publish.v1", service="supervision", kind="calendar"
):
    """Publish a table of work and rest days, whole."""

    published_through: int = Field(ge=2011, le=2149)
    days: tuple[Day, ...] = Field(max_length=20_000)
    in_force_from: AwareDatetime | None = None
