"""One issue as the figures need it: when what was due and done, who held it, and how it was rated."""

from datetime import datetime
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict

from shared.contract.words import (
    Kind,
    OpenFinding,
    OpenKind,
    OpenOutcome,
    OpenProvisional,
    OpenSatisfaction,
    OpenSolved,
    OpenSource,
    Source,
)


class State(StrEnum):
    """Where an issue stands after the last event about its rating; ``known`` before the first one."""

    KNOWN = "known"
    INVITED = "invited"
    RATED = "rated"
    LAPSED = "lapsed"
    REWORK_ASKED = "rework_asked"
    REWORK = "rework"
    TRACKED = "tracked"
    CLOSED = "closed"
    REJECTED = "rejected"
    REFERRED = "referred"
    WITHDRAWN = "withdrawn"


class Round(BaseModel):
    """One released reply, and what the one who raised the issue said of it."""

    model_config = ConfigDict(frozen=True)

    round: int
    assignment: str
    department: str
    replied_at: AwareDatetime
    open_until: AwareDatetime | None = None
    satisfaction: OpenSatisfaction | None = None
    solved: OpenSolved | None = None
    lapsed: bool = False


class Assignment(BaseModel):
    """One department's part; ``passed_on`` once it was transferred away, ``recalled`` once the office took it back."""

    model_config = ConfigDict(frozen=True)

    id: str
    department: str
    assigned_at: AwareDatetime
    sign_due_at: AwareDatetime | None = None
    holding_due_at: AwareDatetime | None = None
    signed_at: AwareDatetime | None = None
    returned: bool = False
    passed_on: bool = False
    recalled: bool = False


class Issue(BaseModel):
    """All that figures know of one issue; ``month`` is the Asia/Shanghai month of its registration."""

    model_config = ConfigDict(frozen=True)

    state: State
    registered_at: AwareDatetime
    month: str
    source: OpenSource = Source.ONLINE
    kind: OpenKind = Kind.PROBLEM
    original_due_at: AwareDatetime | None = None
    due_at: AwareDatetime | None = None
    provisional_because: OpenProvisional | None = None
    assign_due_at: AwareDatetime | None = None
    is_paused: bool = False
    """A pause is in force: of what was not answered before, nothing is due."""
    is_asked: bool = False
    """Who raised it is asked something: of who holds it meanwhile nothing is due."""
    breached: bool = False
    """The first round's promise clock was breached and the breach was not annulled."""
    assignments: tuple[Assignment, ...] = ()
    rounds: tuple[Round, ...] = ()
    claims: OpenOutcome | None = None
    """What became of it, as the newest reply has it."""
    look_back: OpenFinding | None = None
    """What the last look-back found that found a promise kept or broken."""
    ended_at: AwareDatetime | None = None
    """When it was closed, rejected, referred or withdrawn; None again while an appeal waits, and once it is upheld."""

    @property
    def department(self) -> str:
        """Who answered last, else who holds it; "" before it is assigned."""
        if self.rounds:
            return self.rounds[-1].department
        held = self.assignments and not self.assignments[-1].recalled
        return self.assignments[-1].department if held else ""

    @property
    def first_replied_at(self) -> datetime | None:
        """When the first reply went out."""
        return self.rounds[0].replied_at if self.rounds else None
