"""The life of an issue in feedback as one table, and what is remembered of it: moves, timers, state."""

from datetime import datetime
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict

from shared.events import Kind, Outcome, Satisfaction, Solved, Source

TERMINAL = "terminal"


class State(StrEnum):
    """Where an issue stands. ``rated`` and ``lapsed`` are passed through within one decision."""

    KNOWN = "known"
    INVITED = "invited"
    RATED = "rated"
    LAPSED = "lapsed"
    REWORK_ASKED = "rework_asked"
    REWORK = "rework"
    TRACKED = "tracked"
    CLOSED = "closed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


MOVES: dict[tuple[str, str], str] = {
    (State.KNOWN, "invite"): State.INVITED,
    (State.KNOWN, "reject"): State.REJECTED,
    (State.KNOWN, "withdraw"): State.WITHDRAWN,
    (State.INVITED, "rate"): State.RATED,
    (State.INVITED, "lapse"): State.LAPSED,
    (State.INVITED, "withdraw"): State.WITHDRAWN,
    (State.RATED, "ask_rework"): State.REWORK_ASKED,
    (State.RATED, "track"): State.TRACKED,
    (State.RATED, "close"): State.CLOSED,
    (State.LAPSED, "track"): State.TRACKED,
    (State.LAPSED, "close"): State.CLOSED,
    (State.REWORK_ASKED, "decide_rework"): State.REWORK,
    (State.REWORK_ASKED, "refuse_rework"): State.RATED,
    (State.REWORK_ASKED, "withdraw"): State.WITHDRAWN,
    (State.REWORK, "invite"): State.INVITED,
    (State.REWORK, "withdraw"): State.WITHDRAWN,
    (State.TRACKED, "finish_tracking"): State.CLOSED,
    (State.TRACKED, "withdraw"): State.WITHDRAWN,
}

VERBS = ("rate", "decide_rework", "finish_tracking")
"""What may be asked; all other verbs are facts, or follow in the same decision."""

ASKED: dict[tuple[str, str], str] = {key: after for key, after in MOVES.items() if key[1] in VERBS}

PASSING = (State.RATED, State.LAPSED)
"""Never stored: the same decision goes on to closed, tracked or rework_asked."""

TIMERS: dict[str, str] = {
    State.KNOWN: "supervision: promise clock",
    State.INVITED: "the rating lapses",
    State.RATED: "passed through at once",
    State.LAPSED: "passed through at once",
    State.REWORK_ASKED: "supervision: rework_decision clock",
    State.REWORK: "supervision: promise clock of the new round",
    State.TRACKED: "supervision: tracking clock",
    State.CLOSED: TERMINAL,
    State.REJECTED: TERMINAL,
    State.WITHDRAWN: TERMINAL,
}


class Round(BaseModel):
    """One released reply, and what the one who raised the issue said of it."""

    model_config = ConfigDict(frozen=True)

    round: int
    assignment: str
    department: str
    replied_at: AwareDatetime
    outcome: Outcome
    promised_on: str = ""
    open_until: AwareDatetime | None = None
    satisfaction: Satisfaction | None = None
    solved: Solved | None = None
    lapsed: bool = False


class Assignment(BaseModel):
    """One department's part, as far as figures need it; ``passed_on`` once it was transferred away."""

    model_config = ConfigDict(frozen=True)

    id: str
    department: str
    assigned_at: AwareDatetime
    sign_due_at: AwareDatetime | None = None
    holding_due_at: AwareDatetime | None = None
    signed_at: AwareDatetime | None = None
    returned: bool = False
    passed_on: bool = False


class Issue(BaseModel):
    """What feedback knows of one issue; ``month`` is the Asia/Shanghai month of its registration, indexed."""

    model_config = ConfigDict(frozen=True)

    state: State
    registered_at: AwareDatetime
    month: str
    source: Source = Source.ONLINE
    kind: Kind = Kind.PROBLEM
    raiser: str = ""
    """Who may rate: the pseudonym the event of registration carries."""
    original_due_at: AwareDatetime | None = None
    due_at: AwareDatetime | None = None
    provisional: bool = False
    assign_due_at: AwareDatetime | None = None
    breached: bool = False
    """The first round's promise clock was breached and the breach was not annulled."""
    assignments: tuple[Assignment, ...] = ()
    rounds: tuple[Round, ...] = ()
    ended_at: AwareDatetime | None = None
    """When it was closed, rejected or withdrawn."""

    @property
    def round(self) -> int:
        """The latest reply round; 0 before the first reply."""
        return self.rounds[-1].round if self.rounds else 0

    @property
    def open_until(self) -> datetime | None:
        """Until when the latest round may be rated."""
        return self.rounds[-1].open_until if self.rounds else None

    @property
    def department(self) -> str:
        """Who answered last, else who holds it; "" before it is assigned."""
        if self.rounds:
            return self.rounds[-1].department
        return self.assignments[-1].department if self.assignments else ""

    @property
    def first_replied_at(self) -> datetime | None:
        """When the first reply went out."""
        return self.rounds[0].replied_at if self.rounds else None
