"""The life of an issue in intake as tables, and what is remembered of it."""

from collections.abc import Mapping
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict

from shared.events import Event, IssueClosed, Kind, RejectionGround, Source

TERMINAL = "terminal"
NOTHING = "nothing"
"""The state of what was never registered."""


class State(StrEnum):
    """Where an issue stands in intake."""

    REGISTERED = "registered"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"


MOVES: dict[tuple[str, str], str] = {
    (NOTHING, "register"): State.REGISTERED,
    (State.REGISTERED, "accept"): State.ACCEPTED,
    (State.REGISTERED, "reject"): State.REJECTED,
    (State.REGISTERED, "withdraw"): State.WITHDRAWN,
    (State.ACCEPTED, "withdraw"): State.WITHDRAWN,
}
"""What may be asked."""

LEARNED: Mapping[tuple[str, type[Event]], str] = {
    (State.ACCEPTED, IssueClosed): State.CLOSED,
    # Closing wins over a withdrawal that crossed it (docs/loop.md, crossings).
    (State.WITHDRAWN, IssueClosed): State.CLOSED,
}
"""Other owners' facts that move an issue; in any other state they change nothing."""

TIMERS: dict[str, str] = {
    State.REGISTERED: "supervision: assign clock",
    State.ACCEPTED: "supervision: promise clock",
    State.REJECTED: TERMINAL,
    State.WITHDRAWN: TERMINAL,
    State.CLOSED: TERMINAL,
}


class Issue(BaseModel):
    """An issue as intake knows it: the words frozen at registration, and the promise."""

    model_config = ConfigDict(frozen=True)

    state: State = State.REGISTERED
    kind: Kind = Kind.PROBLEM
    origin: Source = Source.ONLINE
    title: str = ""
    text: str = ""
    enterprise: str = ""
    anonymous: bool = False
    raised_by: str = ""
    """The actor who registered it; it stays in this document (docs/local-state.md)."""
    registered_at: AwareDatetime | None = None
    due_at: AwareDatetime | None = None
    provisional: bool = False
    ground: RejectionGround | None = None
    explanation: str = ""
