"""What a decision is: a Change, or a Refusal that says why and what would be legal; and the table of moves.

Heart code only: a domain function takes (state, command or fact, context) and returns one of these.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import BaseModel

from shared.commands import Command
from shared.events import Event

S = TypeVar("S", bound=BaseModel)


class Context(NamedTuple):
    """What a decision may know besides state and request. ``now`` is the official time (clocks.md 7)."""

    subject: str
    now: datetime
    actor: str = ""
    cause: str = ""

    @property
    def principal(self) -> str:
        """Who asks, without the role: ``office:chen`` -> ``chen``."""
        return self.actor.partition(":")[2] or self.actor

    @property
    def pseudonym(self) -> str:
        """Tells whether two requests about one issue come from the same actor, without saying from whom."""
        return sha256(f"{self.subject}\x00{self.actor}".encode()).hexdigest()[:16]

    @property
    def role(self) -> str:
        """In which role: ``office:chen`` -> ``office``."""
        return self.actor.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Change(Generic[S]):
    """A decision that was taken: the new state, what is told to whom, and what the one who asked reads."""

    state: S
    events: tuple[Event, ...] = ()
    orders: tuple[tuple[str, Event], ...] = ()
    """(department code, event) for that department's own topic."""
    sends: tuple[tuple[str, Command], ...] = ()
    """(subject, command) for this service's own commands topic."""
    outcome: Mapping[str, Any] = field(default_factory=dict)
    """Small facts for the one who asked, such as number and promised date."""


class Reason(StrEnum):
    """Why something was refused; these words are log words, metric labels and HTTP problem types."""

    UNKNOWN_ISSUE = "unknown_issue"
    ALREADY_REGISTERED = "already_registered"
    ILLEGAL_MOVE = "illegal_move"
    UNKNOWN_DEPARTMENT = "unknown_department"
    NOT_THE_HOLDER = "not_the_holder"
    STALE_ASSIGNMENT = "stale_assignment"
    STALE_ROUND = "stale_round"
    RETURN_TOO_LATE = "return_too_late"
    OUTCOME_NOT_FOR_KIND = "outcome_not_for_kind"
    DATE_MISSING = "date_missing"
    REASON_MISSING = "reason_missing"
    SAME_PERSON = "same_person"
    WRONG_ROLE = "wrong_role"
    NOT_ELIGIBLE = "not_eligible"
    WRONG_CREDIT_CODE = "wrong_credit_code"
    MALFORMED = "malformed"
    ID_REUSED = "id_reused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A decision not to act; nothing changes, and the one who asked is told this."""

    reason: Reason
    detail: str = ""
    legal: tuple[str, ...] = ()


class Deadline(NamedTuple):
    """The next instant at which an aggregate must move by itself.

    ``name`` is ``<clock>/<round>/<threshold>/<generation>``: another generation makes the older one void.
    ``fire_at`` is ``at`` plus the policy's grace; before it nothing fires (clocks.md 7).
    """

    name: str
    at: datetime
    fire_at: datetime


Moves = Mapping[tuple[str, str], str]
"""(state, verb) -> next state: the life of an aggregate, in one table."""


def legal_verbs(moves: Moves, state: str) -> tuple[str, ...]:
    """What may be asked in this state, in the table's order."""
    return tuple(verb for (at, verb) in moves if at == state)


def illegal(moves: Moves, state: str, verb: str) -> Refusal:
    """The answer to a verb that this state does not know: names the state and the legal verbs."""
    legal = legal_verbs(moves, state)
    return Refusal(Reason.ILLEGAL_MOVE, f"{verb} is not possible in state {state}", legal)
