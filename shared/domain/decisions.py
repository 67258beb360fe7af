"""What a decision is: a Change, or a Refusal that says why and what would be legal; and the table of moves.

Three words everywhere: *decide* (a command), *react* (to another owner's event), *expire* (a deadline of one's own).
Each is a pure function of state, what came, and one Context.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import BaseModel

from shared.contract.command import Command
from shared.contract.event import Event
from shared.domain.calendar import Calendar
from shared.domain.clocks import Policy
from shared.domain.reference import Directory, Reference

S = TypeVar("S", bound=BaseModel)

FAN_OUT = "system:fan-out"
"""The actor of a command that one aggregate of a service sends to another."""


class Context(NamedTuple):
    """What a decision may know besides state and request. ``now`` is the official time (clocks.md 7)."""

    subject: str
    now: datetime
    reference: Reference
    actor: str = ""
    cause: str = ""
    jurisdiction: str = ""

    @property
    def principal(self) -> str:
        """Who asks, without the role: ``office:chen`` -> ``chen``."""
        return self.actor.partition(":")[2] or self.actor

    @property
    def role(self) -> str:
        """In which role: ``office:chen`` -> ``office``."""
        return self.actor.partition(":")[0]

    @property
    def policy(self) -> Policy:
        """The policy in force now; raises NotPublished when there is none."""
        return self.reference.policies.at(self.now)

    @property
    def calendar(self) -> Calendar:
        """The calendar in force now; raises NotPublished when there is none."""
        return self.reference.calendars.at(self.now)

    @property
    def directory(self) -> Directory:
        """Departments, officials and routing rules in force now."""
        return self.reference.directory(self.now)


class Message(NamedTuple):
    """One thing that goes out with a change: an event, an order to a department, or a command to ourselves.

    ``to`` is the department of an order and the subject of a command; an event needs none.
    """

    body: Event | Command
    to: str = ""


def event(happened: Event) -> Message:
    """An event on its owner's topic, about this very aggregate."""
    return Message(happened)


def order(department: str, body: Event) -> Message:
    """A message for one department, on its own topic, about this very aggregate."""
    return Message(body, department)


def command(subject: str, asked: Command) -> Message:
    """A command for another aggregate of this service, on its own commands topic."""
    return Message(asked, subject)


@dataclass(frozen=True, slots=True)
class Change(Generic[S]):
    """A decision that was taken: the new state, what goes out in this order, and what the one who asked reads."""

    state: S
    messages: tuple[Message, ...] = ()
    outcome: Mapping[str, Any] = field(default_factory=dict)
    """What the one who asked is told, such as number and promised date."""


class Reason(StrEnum):
    """Why something was refused; these words are log words, metric labels and HTTP problem types."""

    UNKNOWN_ISSUE = "unknown_issue"
    UNKNOWN_PERSON = "unknown_person"
    ALREADY_REGISTERED = "already_registered"
    ALREADY_PUBLISHED = "already_published"
    ALREADY_ANNOUNCED = "already_announced"
    UNKNOWN_TALK = "unknown_talk"
    LEADER_MISSING = "leader_missing"
    LEADER_BUSY = "leader_busy"
    TALK_FULL = "talk_full"
    BY_INVITATION = "by_invitation"
    ILLEGAL_MOVE = "illegal_move"
    UNKNOWN_DEPARTMENT = "unknown_department"
    UNKNOWN_WAY = "unknown_way"
    NOT_THE_HOLDER = "not_the_holder"
    TALK_NOT_OVER = "talk_not_over"
    NOT_AT_THE_TALK = "not_at_the_talk"
    STALE_ASSIGNMENT = "stale_assignment"
    STALE_ROUND = "stale_round"
    STALE_DRAFT = "stale_draft"
    STALE_WORDS = "stale_words"
    STALE_VERSION = "stale_version"
    STALE_REVISION = "stale_revision"
    STALE_STEP = "stale_step"
    STALE_REQUEST = "stale_request"
    RETURN_TOO_LATE = "return_too_late"
    APPEAL_TOO_LATE = "appeal_too_late"
    EXTENSION_TOO_LATE = "extension_too_late"
    EXTENSION_USED_UP = "extension_used_up"
    DATE_TOO_EARLY = "date_too_early"
    DATE_TOO_FAR = "date_too_far"
    NO_WORKING_DAY = "no_working_day"
    BASIS_MISSING = "basis_missing"
    OUTCOME_NOT_FOR_KIND = "outcome_not_for_kind"
    DATE_MISSING = "date_missing"
    DATE_PAST = "date_past"
    REASON_MISSING = "reason_missing"
    SIGNATURE_MISSING = "signature_missing"
    UNKNOWN_DOCUMENT = "unknown_document"
    RECEIPT_MISSING = "receipt_missing"
    CONFIRMATION_MISSING = "confirmation_missing"
    CO_HANDLER_NOT_HEARD = "co_handler_not_heard"
    ANSWER_MISSING = "answer_missing"
    SAME_PERSON = "same_person"
    TOO_MANY = "too_many"
    UNKNOWN_INSTRUCTION = "unknown_instruction"
    UNKNOWN_LEADER = "unknown_leader"
    PERIOD_NOT_OVER = "period_not_over"
    STALE_EDITION = "stale_edition"
    WRONG_ROLE = "wrong_role"
    NOT_ELIGIBLE = "not_eligible"
    NAMES_SOMEBODY = "names_somebody"
    WRONG_CREDIT_CODE = "wrong_credit_code"
    WORDS_ERASED = "words_erased"
    MALFORMED = "malformed"
    ID_REUSED = "id_reused"
    FAILED = "failed"
    DISCARDED = "discarded"


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


TERMINAL = "terminal"
"""What a table of timers says of a state that nothing leaves by itself."""

Moves = Mapping[tuple[str, str], str]
"""(state, verb) -> next state: what may be asked, in one table."""


def legal_verbs(moves: Moves, state: str) -> tuple[str, ...]:
    """What may be asked in this state, in the table's order."""
    return tuple(verb for (at, verb) in moves if at == state)


def illegal(moves: Moves, state: str, verb: str) -> Refusal:
    """The answer to a verb that this state does not know: names the state and the legal verbs."""
    legal = legal_verbs(moves, state)
    return Refusal(Reason.ILLEGAL_MOVE, f"{verb} is not possible in state {state}", legal)
