"""What a command is, and the register of every command by its type string.

Gateways (HTTP, the command line, departments' replies, timers) post commands on ``<service>.commands``; only the
service's consumer acts. Lists of values are closed here, and unknown fields are refused at HTTP and for
departments (``extra="forbid"``); on our own topics they are ignored.
"""

from typing import Any, ClassVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.contract.event import MAX_REASON_CHARS, MOST, FreeText

COMMANDS: dict[str, type["Command"]] = {}
"""Every command class by its type string."""


class Command(BaseModel):
    """One request to change one aggregate; its envelope names the aggregate (subject) and who asks (actor).

    ``aggregate`` is the kind of aggregate it is for; its HTTP route follows from that kind and the verb, and so does
    who may ask for it (shared/domain/rights.py).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    type: ClassVar[str]
    service: ClassVar[str]
    aggregate: ClassVar[str]
    verb: ClassVar[str]

    def __init_subclass__(cls, *, type: str, service: str, kind: str = "issue", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if type in COMMANDS:
            raise TypeError(f"two commands share the type string {type}")
        cls.type, cls.service, cls.aggregate = type, service, kind
        cls.verb = type.split(".")[-2]
        COMMANDS[type] = cls


class Control(BaseModel):
    """A command that every service's consumer understands, whichever kind the aggregate is of."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    type: ClassVar[str]

    def __init_subclass__(cls, *, type: str, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.type = type
        CONTROL[type] = cls


CONTROL: dict[str, type[Control]] = {}
"""Every control command by its type string."""


class FireDeadline(Control, type="deadline.fire.v1"):
    """A deadline of the aggregate is due. ``name`` says which (clock/round/threshold/generation)."""

    name: str = Field(max_length=200)
    due_at: AwareDatetime


class Redeliver(Control, type="record.redeliver.v1"):
    """An operator hands a dead letter in again: the raw record, with the place it first stood."""

    topic: str
    partition: int = Field(ge=0, le=MOST)
    offset: int = Field(ge=0, le=MOST)
    value: str
    seq: int = Field(default=0, ge=0, le=MOST)
    """Its place in its sequence, where that stood beside the value: even what cannot be read can be discarded."""
    epoch: int = Field(default=0, ge=0, le=MOST)
    """In which epoch it has that place."""


class Skip(Control, type="record.skip.v1"):
    """An operator discards a dead letter: its place in the sequence counts as read, so its followers go on."""

    topic: str
    source: str
    seq: int = Field(ge=1, le=MOST)
    reason: FreeText = Field(min_length=1, max_length=MAX_REASON_CHARS)


class Discard(Control, type="command.discard.v1"):
    """An operator gives a command up that failed: it is answered as discarded, and no replay executes it."""

    command: str = Field(min_length=1, max_length=500)
    reason: FreeText = Field(min_length=1, max_length=MAX_REASON_CHARS)


class HistoryEnded(Control, type="history.ended.v1"):
    """The history that a live namespace began with is over: from here on nobody brings a time of their own.

    One mark stands on each partition of every service's commands. It is about no aggregate, and every consumer passes
    it over (docs/decisions/0035).
    """


def commands_topic(service: str) -> str:
    """The topic with everything that may change one service's state."""
    return f"{service}.commands"
