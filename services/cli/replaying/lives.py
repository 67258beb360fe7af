"""One aggregate on its way through history, and of a replay one message: its next input, or the deadline before it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any, NamedTuple

from services.cli.replaying.messages import Message
from services.dispatch.issue.life import draft_hash
from services.intake.issue.numbers import issue_id
from shared.contract.words import Outcome, Role
from shared.domain.masking import mask
from shared.identity.references import References

Entry = dict[str, Any]
FIRE = "deadline.fire.v1"


class Plan(IntEnum):
    """The inputs of one message in order, each once."""

    REGISTER = 0
    ASSIGN = 1
    SIGN = 2
    ANSWER = 3
    DONE = 4


class ReplayFailed(RuntimeError):
    """History could not go on: says which service, what it was about and why."""


class Step(NamedTuple):
    """What happens to one aggregate at one instant in one service: commands in order.

    ``shared``: it reaches all of its circle, so whatever is earlier there happens before it, and all else after it.
    """

    service: str
    at: datetime
    entries: tuple[Entry, ...]
    shared: bool = False


class Coming(NamedTuple):
    """The next deadline of one aggregate in one service: when it fires, and when it was due."""

    at: datetime
    service: str
    name: str
    due_at: datetime


@dataclass(slots=True, kw_only=True)
class Course(ABC):
    """What one aggregate goes through: how many of its inputs happened, and its deadlines as they were read last."""

    subject: str
    circle: str = ""
    """Which others its shared steps reach, and whose reach it: a talk's id, for that talk and its issues."""
    step: int = 0
    deadlines: list[Coming] = field(default_factory=list)
    void: Coming | None = None

    @abstractmethod
    def inputs(self, until: datetime) -> int:
        """How many inputs there are up to ``until``."""

    @abstractmethod
    def next_input(self) -> Step | None:
        """The input that ``step`` is at; None after the last."""

    @abstractmethod
    def where(self) -> str:
        """How a sentence names it."""

    def next_shared(self) -> datetime | None:
        """When the next of its inputs happens that reaches the others of its circle too."""
        return None

    def happened(self, outcomes: Sequence[Mapping[str, Any]]) -> None:
        """Go on behind the input that ``step`` is at, with what its outcomes say."""
        self.step += 1

    def next(self, until: datetime) -> Step | None:
        """The next step up to ``until``: the earliest deadline in any service if it is before the next input."""
        coming = self.next_input()
        if coming is not None and coming.at > until:
            coming = None
        first = min(self.deadlines, default=None)
        if first is not None and first.at <= until and (coming is None or first.at < coming.at):
            return Step(first.service, first.at, (fire_entry(self.subject, first),))
        return coming

    def done(self, step: Step, outcomes: Sequence[Mapping[str, Any]]) -> None:
        """Go on from what a step answered; raises ReplayFailed for a refusal."""
        for entry, outcome in zip(step.entries, outcomes, strict=True):
            if outcome["status"] == "refused":
                reason = f"{outcome['reason']} {outcome.get('detail', '')}"
                raise ReplayFailed(f"{self.where()}: {entry['type']} was refused: {reason}")
            if entry["type"] == FIRE:
                self._fired(step, entry["data"], outcome["status"])
                return
        self.happened(outcomes)

    def _fired(self, step: Step, data: Mapping[str, str], status: str) -> None:
        """A deadline that is void may have been fired by a request that was cut off; the same one twice never."""
        deadline = Coming(step.at, step.service, data["name"], datetime.fromisoformat(data["due_at"]))
        if status == "void" and self.void == deadline:
            raise ReplayFailed(
                f"{self.where()}: {deadline.service} does not fire {deadline.name}; "
                "it holds events whose predecessor is missing: see qinqing deadletters list"
            )
        self.void = deadline if status == "void" else None


@dataclass(slots=True, kw_only=True)
class Life(Course):
    """One message on its way: what was done, what comes next."""

    message: Message
    raiser: str
    department: str = ""
    assignment: str = ""

    @classmethod
    def of(cls, message: Message, jurisdiction: str, references: References) -> "Life":
        """The life of a message that its author raises: the issue's id is the one that intake would give it."""
        person = references.person(message.author or "unknown")
        id = issue_id(references.digest, jurisdiction, person, message.message_id)
        return cls(message=message, raiser=f"{Role.ENTREPRENEUR}:{person}", subject=id)

    def inputs(self, until: datetime) -> int:
        """How many inputs the plan has up to ``until``."""
        message = self.message
        answered = message.replied_at is not None and message.replied_at <= until
        return (Plan.DONE if answered else Plan.ANSWER) if message.submitted_at <= until else 0

    def happened(self, outcomes: Sequence[Mapping[str, Any]]) -> None:
        """Who has it, once it is assigned."""
        if self.step == Plan.ASSIGN:
            self.department, self.assignment = outcomes[0]["department"], outcomes[0]["assignment"]
        self.step += 1

    def next_input(self) -> Step | None:
        """Registered, accepted, assigned and signed at submission; answered at its real time."""
        message, at = self.message, self.message.submitted_at
        held = {"assignment": self.assignment}
        match self.step:
            case Plan.REGISTER:
                words = {"title": message.title, "text": message.text}
                register = self._entry("intake.register.v1", words, self.raiser, at)
                return Step(
                    "intake", at, (register, self._entry("intake.accept.v1", {}, "office:replay", at))
                )
            case Plan.ASSIGN:
                return Step("dispatch", at, (self._entry("dispatch.assign.v1", {}, "office:replay", at),))
            case Plan.SIGN:
                signs = f"handler:{self.department}/signs"
                return Step("dispatch", at, (self._entry("dispatch.sign.v1", held, signs, at),))
            case Plan.ANSWER if message.replied_at is not None:
                return Step("dispatch", message.replied_at, self._answers(held, message.replied_at))
        return None

    def _answers(self, held: dict[str, str], at: datetime) -> tuple[Entry, ...]:
        """Drafted, signed off, checked and released at one instant, and so in one step: with number and hash.

        A message has one real reply, so its draft is the first; its hash is known before it is handed in, for the
        numbers in it are masked here as the gateway would mask them.
        """
        text, outcome = mask(self.message.reply or "").text, Outcome.EXPLAINED
        draft = {**held, "outcome": outcome.value, "text": text}
        read = {**held, "draft": 1, "sha256": draft_hash(outcome, text, None)}
        return (
            self._entry("dispatch.draft.v1", draft, f"handler:{self.department}/handler", at),
            self._entry("dispatch.sign_off.v1", read, f"department_leader:{self.department}/leader", at),
            self._entry("dispatch.check.v1", read, "office:replay", at),
            self._entry("dispatch.release.v1", read, "office:replay", at),
        )

    def _entry(self, kind: str, data: Mapping[str, Any], actor: str, at: datetime) -> Entry:
        return {
            "subject": self.subject,
            "type": kind,
            "data": data,
            "actor": actor,
            "key": f"{self.message.message_id}/{kind}",
            "at": at.isoformat(),
        }

    def where(self) -> str:
        """By its id in the file, and the line."""
        return f"message {self.message.message_id} (line {self.message.line})"


def fire_entry(subject: str, deadline: Coming) -> Entry:
    """The command that the timers would post for this deadline."""
    return {
        "subject": subject,
        "type": FIRE,
        "data": {"name": deadline.name, "due_at": deadline.due_at.isoformat()},
        "actor": "timer:due",
        "key": f"{subject}/{deadline.name}",
        "at": deadline.at.isoformat(),
    }
