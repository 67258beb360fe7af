"""The life of an issue in intake as tables, and what is remembered of it."""

from collections.abc import Mapping
from enum import StrEnum

from pydantic import AwareDatetime

from shared.contract.event import Event
from shared.contract.events.feedback import IssueClosed, RatingInvited
from shared.contract.words import Kind, Provisional, RejectionGround, Source
from shared.domain.aggregates import AggregateState
from shared.domain.decisions import TERMINAL
from shared.domain.rights import Belongs

NOTHING = "nothing"
"""The state of what was never registered."""


class State(StrEnum):
    """Where an issue stands in intake; ``answered`` (已答复) from its first reply on."""

    REGISTERED = "registered"
    ACCEPTED = "accepted"
    ANSWERED = "answered"
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
"""What may be asked. Nobody withdraws an issue once a reply is out, not even in a new round."""

EVENT_MOVES: Mapping[tuple[str, type[Event]], str] = {
    (State.ACCEPTED, RatingInvited): State.ANSWERED,
    (State.ACCEPTED, IssueClosed): State.CLOSED,
    (State.ANSWERED, IssueClosed): State.CLOSED,
    # Closing wins over a withdrawal that crossed it (docs/loop.md, crossings); an invitation does not.
    (State.WITHDRAWN, IssueClosed): State.CLOSED,
}
"""What others' events change; in any other state they change nothing."""

TIMERS: dict[str, str] = {
    State.REGISTERED: "supervision: assign clock",
    State.ACCEPTED: "supervision: promise clock",
    State.ANSWERED: "feedback: the rating lapses",
    State.REJECTED: TERMINAL,
    State.WITHDRAWN: TERMINAL,
    State.CLOSED: TERMINAL,
}


class Issue(AggregateState):
    """An issue as intake knows it: the words frozen at registration, and the promise."""

    state: State
    kind: Kind
    origin: Source
    title: str
    text: str
    enterprise: str = ""
    anonymous: bool = False
    raised_by: str
    """The actor who registered it; it stays in this document (docs/local-state.md)."""
    person: str
    """The reference by which the events of this issue know that actor."""
    recorded_by: str = ""
    """The official who wrote it down for them; empty when they did it themselves."""
    registered_at: AwareDatetime
    due_at: AwareDatetime
    provisional_because: Provisional | None = None
    ground: RejectionGround | None = None
    explanation: str = ""


def finished(issue: Issue) -> bool:
    """Whether nothing is expected of this issue any more."""
    return TIMERS[issue.state] == TERMINAL


def belongs(issue: Issue) -> Belongs:
    """To whom this issue belongs, for the rights that reach no further."""
    return Belongs(
        person=issue.raised_by.partition(":")[2], recorded_by=issue.recorded_by, anonymous=issue.anonymous
    )
