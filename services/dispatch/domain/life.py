"""The life of an issue in dispatch as tables, and what is remembered of it."""

from collections.abc import Mapping
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict

from shared.events import (
    Event,
    IssueAccepted,
    IssueClosed,
    IssueRejected,
    IssueWithdrawn,
    Kind,
    Outcome,
    ReworkDecided,
)

TERMINAL = "terminal"


class State(StrEnum):
    """Where an issue stands in dispatch; ``desk`` is no issue but a department's desk (``dept:<code>``)."""

    REGISTERED = "registered"
    WAITING = "waiting"
    ASSIGNED = "assigned"
    RETURNED = "returned"
    IN_PROGRESS = "in_progress"
    DRAFTED = "drafted"
    SIGNED_OFF = "signed_off"
    CHECKED = "checked"
    REPLIED = "replied"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"
    DESK = "desk"


MOVES: dict[tuple[str, str], str] = {
    (State.WAITING, "assign"): State.ASSIGNED,
    (State.ASSIGNED, "sign"): State.IN_PROGRESS,
    (State.ASSIGNED, "return"): State.RETURNED,
    # Upheld or not, somebody has it to sign for: the next department, or the same one again.
    (State.RETURNED, "rule"): State.ASSIGNED,
    (State.IN_PROGRESS, "draft"): State.DRAFTED,
    (State.DRAFTED, "sign_off"): State.SIGNED_OFF,
    (State.DRAFTED, "send_back"): State.IN_PROGRESS,
    (State.SIGNED_OFF, "check"): State.CHECKED,
    (State.SIGNED_OFF, "send_back"): State.IN_PROGRESS,
    (State.CHECKED, "release"): State.REPLIED,
    (State.CHECKED, "send_back"): State.IN_PROGRESS,
}
"""What may be asked."""

_OPEN = (
    State.REGISTERED, State.WAITING, State.ASSIGNED, State.RETURNED, State.IN_PROGRESS, State.DRAFTED,
    State.SIGNED_OFF, State.CHECKED, State.REPLIED,
)  # fmt: skip

LEARNED: Mapping[tuple[str, type[Event]], str] = {
    (State.REGISTERED, IssueAccepted): State.WAITING,
    (State.REGISTERED, IssueRejected): State.REJECTED,
    **{(state, IssueWithdrawn): State.WITHDRAWN for state in _OPEN},
    (State.REPLIED, ReworkDecided): State.IN_PROGRESS,
    (State.REPLIED, IssueClosed): State.CLOSED,
    # Closing wins over a withdrawal that crossed it (docs/loop.md, crossings).
    (State.WITHDRAWN, IssueClosed): State.CLOSED,
}
"""Other owners' facts that move an issue; in any other state they change nothing."""

TIMERS: dict[str, str] = {
    State.REGISTERED: "supervision: assign clock",
    State.WAITING: "supervision: assign clock",
    State.ASSIGNED: "supervision: sign clock",
    State.RETURNED: "supervision: holding clock",
    State.IN_PROGRESS: "supervision: holding clock",
    State.DRAFTED: "supervision: holding clock",
    State.SIGNED_OFF: "supervision: holding clock",
    State.CHECKED: "supervision: holding clock",
    State.REPLIED: "feedback: the rating lapses",
    State.REJECTED: TERMINAL,
    State.WITHDRAWN: TERMINAL,
    State.CLOSED: TERMINAL,
    State.DESK: TERMINAL,
}

OUTCOME_CLASS: dict[Outcome, str] = {
    Outcome.SOLVED: "A",
    Outcome.PARTLY_SOLVED: "B",
    Outcome.EXPLAINED: "C",
    Outcome.PLANNED: "B",
    Outcome.NOT_POSSIBLE_NOW: "C",
    Outcome.ADOPTED: "A",
    Outcome.PARTLY_ADOPTED: "B",
    Outcome.KEPT_FOR_REFERENCE: "C",
    Outcome.NOT_ADOPTED: "C",
}
"""The usual class: A solved or adopted, B under way or planned, C explained or kept for reference."""


class Draft(BaseModel):
    """A reply on its way; its words stay in this document until released (docs/local-state.md)."""

    model_config = ConfigDict(frozen=True)

    outcome: Outcome
    text: str
    promised_on: str = ""
    drafted_by: str
    signed_off_by: str = ""


class Issue(BaseModel):
    """An issue as dispatch knows it: the raiser's words for the orders, who holds it, the draft."""

    model_config = ConfigDict(frozen=True)

    state: State = State.REGISTERED
    number: str = ""
    kind: Kind = Kind.PROBLEM
    title: str = ""
    text: str = ""
    due_at: AwareDatetime | None = None
    assignment: str = ""
    department: str = ""
    assignments: int = 0
    """How many there were; the last one is ``<issue>.<this>``."""
    return_until: AwareDatetime | None = None
    """The last moment at which this assignment may be returned, fixed when it was made (clocks.md 8)."""
    kept: bool = False
    """The office ruled that it stays: that is final."""
    passed_on: tuple[str, ...] = ()
    """Departments whose returns were upheld, in order."""
    round: int = 1
    draft: Draft | None = None
    tracked: bool = False
    refusals: int = 0
    """Of a desk only: how many messages without a valid issue were refused."""
