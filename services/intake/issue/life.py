"""The life of an issue in intake as tables, and what is remembered of it."""

from collections.abc import Mapping
from enum import StrEnum

from pydantic import AwareDatetime

from shared.contract.event import Event
from shared.contract.events.feedback import IssueClosed, RatingInvited
from shared.contract.events.intake import Occasion
from shared.contract.words import Kind, Phase, Provisional, RejectionGround, Source
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

TAKEN_ON = (State.ACCEPTED, State.ANSWERED, State.CLOSED)
"""In these states the words of an issue stand on the topics, masked."""

TIMERS: dict[str, str] = {
    State.REGISTERED: "supervision: assign clock",
    State.ACCEPTED: "supervision: promise clock",
    State.ANSWERED: "feedback: the rating lapses",
    State.REJECTED: TERMINAL,
    State.WITHDRAWN: TERMINAL,
    State.CLOSED: TERMINAL,
}


class Sealed(AggregateState):
    """What was said, encrypted; without the keys in the vault it is nothing (services/intake/sealing.py)."""

    words: str
    original: str = ""
    called_from: str = ""
    private: str = ""


class Issue(AggregateState):
    """An issue as intake knows it: the words frozen at registration, sealed, and the promise."""

    state: State
    kind: Kind
    origin: Source
    words: Sealed
    occasion: Occasion | None = None
    phase: Phase | None = None
    urgent: bool = False
    enterprise: str = ""
    """Of an anonymous issue it is sealed with its words."""
    anonymous: bool = False
    person: str
    """Who raised it, by the reference on its events: only this person takes it back."""
    recorded_by: str = ""
    """The official who wrote it down for them."""
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
        person=issue.person,
        recorded_by=issue.recorded_by,
        anonymous=issue.anonymous,
        sealed=issue.state not in TAKEN_ON,
    )
