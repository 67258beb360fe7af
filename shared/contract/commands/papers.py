"""What may be asked of papers: publish one, record the meeting that heard it; and what they ask of their issues."""

from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.contract.command import Command
from shared.contract.event import (
    MAX_REASON_CHARS,
    MAX_TEXT_CHARS,
    MAX_TITLE_CHARS,
    NOT_BLANK,
    PRINCIPAL,
    FreeText,
    Number,
    Round,
)
from shared.contract.words import FigureName, FigureUnit, Honoured, HonourList, Meeting

MOST_FIGURES, MOST_CASES, MOST_HONOURED, MOST_DECISIONS = 2_000, 20, 50, 50
MAX_RULE_CHARS = 500
NEWS = r"^[\w.-]+$"
"""By what a paper knows its news to an issue: ``<paper>.<edition>.<number>``, of a case its issue in place of that."""
IssueId = Annotated[str, Field(min_length=1, max_length=90, pattern=r"^[\w-]+$")]
Code = Annotated[str, Field(max_length=40, pattern=r"^[\w-]*$")]
Account = Annotated[str, Field(min_length=1, max_length=90, pattern=PRINCIPAL)]


class ReadOf(BaseModel):
    """How far a topic was read: of each partition the next offset."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    topic: str = Field(min_length=1, max_length=120, pattern=r"^[a-z0-9_.-]+$")
    offsets: tuple[Number, ...] = Field(min_length=1, max_length=1_000)


class PaperFigure(BaseModel):
    """One figure: of the paper's period, or of one of its months; of all departments, or of one."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    figure: FigureName
    unit: FigureUnit = FigureUnit.ISSUE
    period: str = Field(max_length=7, pattern=r"^[0-9]{4}(-h[12]|-[0-9]{2})?$")
    department: Code = ""
    numerator: Number
    denominator: Number


class Case(BaseModel):
    """An issue that is chosen as a typical case, how it is called as whoever publishes reads it, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    issue: IssueId
    title: FreeText = Field(default="", max_length=MAX_TITLE_CHARS)
    words: FreeText = Field(min_length=1, max_length=MAX_REASON_CHARS, pattern=NOT_BLANK)


class Beside(BaseModel):
    """A number beside a name."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    number: str = Field(max_length=40, pattern=r"^[a-z_]+$")
    value: Number


class HonouredOne(BaseModel):
    """Who is chosen for a list: an official's account, a department's code, a credit code, a person's reference."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: Honoured
    who: Account
    department: Code = ""
    called: str = Field(default="", max_length=MAX_TITLE_CHARS)
    """What an enterprise is called then; who else stands there is looked up as of that instant."""
    numbers: tuple[Beside, ...] = Field(default=(), max_length=10)


class ListOfHonours(BaseModel):
    """One list with its rule."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    list: HonourList
    rule_zh: FreeText = Field(min_length=1, max_length=MAX_RULE_CHARS)
    rule_en: FreeText = Field(min_length=1, max_length=MAX_RULE_CHARS)
    honoured: tuple[HonouredOne, ...] = Field(max_length=MOST_HONOURED)


class PublishPaper(Command, type="feedback.paper.publish.v1", service="feedback", kind="paper"):
    """Publish a paper of a period that is over; its id says of which kind and period it is."""

    as_of: AwareDatetime
    positions: tuple[ReadOf, ...] = Field(min_length=1, max_length=200)
    preface: FreeText = Field(default="", max_length=MAX_TEXT_CHARS)
    figures: tuple[PaperFigure, ...] = Field(min_length=1, max_length=MOST_FIGURES)
    cases: tuple[Case, ...] = Field(default=(), max_length=MOST_CASES)
    honours: tuple[ListOfHonours, ...] = Field(default=(), max_length=len(HonourList))
    supersedes: Number = 0
    """The edition that was read and in whose place this one is to stand; 0: it is the first one."""


class MeetingDecision(BaseModel):
    """What was decided on one issue, and by which working day a report on it is due; else as the policy says."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    issue: IssueId
    words: FreeText = Field(min_length=1, max_length=MAX_REASON_CHARS, pattern=NOT_BLANK)
    due_on: date | None = None


class RecordMeeting(Command, type="feedback.paper.record_meeting.v1", service="feedback", kind="paper"):
    """Record that the meeting for which it is made has heard this edition, and what was decided there."""

    edition: Round
    held_on: date
    chaired_by: Account
    words: FreeText = Field(default="", max_length=MAX_TEXT_CHARS)
    decisions: tuple[MeetingDecision, ...] = Field(default=(), max_length=MOST_DECISIONS)


class ConfirmPaper(Command, type="feedback.paper.confirm.v1", service="feedback", kind="paper"):
    """An issue of a paper answers what it was told."""

    news: str = Field(max_length=200, pattern=NEWS)
    refused: str = Field(default="", max_length=40)
    """The reason; empty where it has taken it in."""


class HearPaper(Command, type="feedback.hear_paper.v1", service="feedback"):
    """An issue hears that it is a typical case, or that a meeting decided on it."""

    paper: str = Field(max_length=90, pattern=r"^[\w-]+$")
    edition: Round
    news: str = Field(max_length=200, pattern=NEWS)
    """By which it answers; of a decision its id."""
    words: FreeText = Field(max_length=MAX_REASON_CHARS)
    by: Account
    meeting: Meeting | None = None
    """None: it is a typical case."""
    due_on: date | None = None
    leader: str = Field(default="", max_length=90, pattern=PRINCIPAL)
