"""What feedback tells of papers: what was published and frozen, which meeting heard it, what its issues have of it."""

from datetime import date

from pydantic import AwareDatetime, BaseModel, ConfigDict

from shared.contract.event import FEEDBACK, Event, Number, Round
from shared.contract.words import (
    OpenFigureName,
    OpenFigureUnit,
    OpenHonoured,
    OpenHonourList,
    OpenMeeting,
    OpenPaperKind,
)


class TopicRead(BaseModel):
    """How far a topic had been read when the figures were counted: of each partition the next offset."""

    model_config = ConfigDict(frozen=True, extra="allow")
    topic: str
    offsets: tuple[Number, ...]


class FrozenFigure(BaseModel):
    """One figure as it was counted; a count is a share of all that were registered."""

    model_config = ConfigDict(frozen=True, extra="allow")
    figure: OpenFigureName
    unit: OpenFigureUnit
    period: str
    """The paper's own, or one of its months."""
    department: str = ""
    """Empty for all of them together."""
    numerator: Number
    denominator: Number


class CaseChosen(BaseModel):
    """An issue that a person chose as a typical case, and why."""

    model_config = ConfigDict(frozen=True, extra="allow")
    issue: str
    title: str = ""
    """As it was called then; what was corrected since stands on the issue alone."""
    words: str


class Counted(BaseModel):
    """One of the numbers that stand beside a name."""

    model_config = ConfigDict(frozen=True, extra="allow")
    number: str
    value: Number


class Honour(BaseModel):
    """Who stands on a list, with the numbers by which the rule ranks; an entrepreneur by reference alone."""

    model_config = ConfigDict(frozen=True, extra="allow")
    kind: OpenHonoured
    who: str
    department: str = ""
    """Of an official."""
    called: str = ""
    """Of an enterprise, as it was called then."""
    numbers: tuple[Counted, ...] = ()


class Honours(BaseModel):
    """One list, and the rule by which its names were proposed, as it was then."""

    model_config = ConfigDict(frozen=True, extra="allow")
    list: OpenHonourList
    rule_zh: str
    rule_en: str
    honoured: tuple[Honour, ...]


class Decided(BaseModel):
    """What a meeting decided on one issue: a leader's instruction, with its own clock."""

    model_config = ConfigDict(frozen=True, extra="allow")
    number: Round
    issue: str
    words: str
    due_on: date | None = None


class PaperPublished(Event, type="paper.published.v1", topic=FEEDBACK):
    """Happens when a person publishes a paper: its figures, cases and lists are frozen with it."""

    kind: OpenPaperKind
    period: str
    """2026-10, 2026-h1, 2026."""
    edition: Round
    supersedes: Number = 0
    """The edition in whose place it stands; 0 for none."""
    as_of: AwareDatetime
    positions: tuple[TopicRead, ...]
    preface: str = ""
    figures: tuple[FrozenFigure, ...]
    cases: tuple[CaseChosen, ...] = ()
    honours: tuple[Honours, ...] = ()
    by: str


class PaperHeard(Event, type="paper.heard.v1", topic=FEEDBACK):
    """Happens when it is recorded that the meeting for which a paper is made has heard it, and what was decided."""

    edition: Round
    meeting: OpenMeeting
    held_on: date
    chaired_by: str
    """The leader in whose name the decisions are given."""
    words: str = ""
    decisions: tuple[Decided, ...] = ()
    by: str
    """Who recorded it."""


class DecisionVoided(Event, type="paper.decision_voided.v1", topic=FEEDBACK):
    """Happens when a decision can become no instruction: its issue has ended, or was never registered."""

    edition: Round
    number: Round
    issue: str
    reason: str


class TypicalCaseChosen(Event, type="typical_case.chosen.v1", topic=FEEDBACK):
    """Happens when an issue stands in a published paper as a typical case (典型案例)."""

    paper: str
    edition: Round
    words: str
    by: str


class MeetingDecided(Event, type="meeting.decided.v1", topic=FEEDBACK):
    """Happens for each issue on which a meeting decided: supervision makes a leader's instruction of it."""

    decision: str
    """``<paper>.<edition>.<number>``."""
    meeting: OpenMeeting
    words: str
    due_on: date | None = None
    """The day its report is due; None: as the policy says."""
    leader: str
    by: str
