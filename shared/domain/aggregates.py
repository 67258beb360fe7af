"""A kind of aggregate is one value: its state, and what decides, reacts and expires. A consumer owns several."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticUndefined

from shared.contract.command import Command, commands_topic
from shared.contract.event import Event
from shared.contract.subjects import KINDS, id_of, kind_of
from shared.domain.decisions import Change, Context, Deadline, Message, Reason, Refusal
from shared.domain.rights import NOBODYS, Asker, Belongs, Scope, granted, scope_of

S = TypeVar("S", bound=BaseModel)


class AggregateState(BaseModel):
    """What an aggregate keeps, and each model in it. Fields that only a newer version knows are carried on, so that
    two versions may work side by side; the default of a field is empty, or there is none (docs/upgrade.md).
    """

    model_config = ConfigDict(frozen=True, extra="allow")


# The states, commands and events of one entry belong together, which a table over all of them cannot say: hence Any.
Decide = Callable[[Any, Any, Context], "Change[Any] | Refusal"]
React = Callable[[Any, Any, Context], "Change[Any] | None"]
Expire = Callable[[Any, Deadline, Context], "Change[Any]"]
TellRefused = Callable[[Any, Any, Context, Refusal], "tuple[Message, ...]"]


@dataclass(frozen=True)
class Deadlines:
    """The rule for one kind's deadlines, in one place.

    ``next``: (state) -> the earliest, or None. ``expire``: (state, deadline, context) -> Change, once it is due.
    ``wait_for``: the topics that must have been read up to the deadline before it fires (clocks.md 7). Where there
    are none, a deadline depends on this service's own commands alone: it then fires before any later command.
    """

    next: Callable[[Any], Deadline | None]
    expire: Expire
    wait_for: tuple[str, ...] = ()


@dataclass(frozen=True)
class AggregateType:
    """One kind of aggregate of one service.

    ``commands``: (state or None, command, context) -> Change | Refusal. ``events``: (state or None, event, context)
    -> Change | None (None: noted, nothing changes); another owner's event is never refused, it happened.
    ``finished``: whether nothing is expected of this state any more; a day later what it kept for sending again is
    swept. ``refused``: what else goes out when a command was refused (a department is told). ``belongs``: to whom a
    state belongs, for the rights that reach no further than that (shared/domain/rights.py). ``remembers``: how many
    outcomes stay in the document itself, where that is fewer than elsewhere: what is asked thousands of times a day
    would be written with hundreds of them each time. ``hears``: the topics of other owners of which it keeps
    anything, where its consumer reads more than these: an event on another one costs it no write.
    """

    name: str
    state: type[BaseModel]
    commands: Mapping[type[Command], Decide] = field(default_factory=dict)
    events: Mapping[type[Event], React] = field(default_factory=dict)
    deadlines: Deadlines | None = None
    finished: Callable[[Any], bool] = lambda state: False
    refused: TellRefused | None = None
    belongs: Callable[[Any], Belongs] = lambda state: NOBODYS
    remembers: int | None = None
    hears: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.name not in KINDS:
            raise ValueError(f"{self.name} is no kind of shared/contract/subjects.py")
        if full := sorted(set(_defaults_that_say_something(self.state))):
            raise ValueError(f"{', '.join(full)}: the default of a state's field is empty, or there is none")

    def next_deadline(self, state: BaseModel | None) -> Deadline | None:
        """The earliest deadline of a state; None where there is none."""
        return None if state is None or self.deadlines is None else self.deadlines.next(state)

    def may_not(
        self, state: BaseModel | None, command: Command, actor: str, successor: Callable[[str], str] = str
    ) -> Refusal | None:
        """Why this actor may not ask for this; None where the table of rights lets it.

        Of what does not exist yet, or is held by no department, nobody can say whose it is: the decision answers that.
        ``successor``: the department that has the work of another one by now.
        """
        asker, verb = Asker.of(actor), command.verb
        scope = scope_of(asker, self.name, verb)
        if scope is None:
            roles = ", ".join(granted(self.name, verb)) or "the system itself"
            return Refusal(Reason.WRONG_ROLE, f"only {roles} may {verb.replace('_', ' ')}")
        if state is None or asker.is_within(scope, belongs := self.belongs(state)):
            return None
        if scope in (Scope.DEPARTMENT, Scope.TAKING_PART):
            if asker.is_within(scope, belongs.followed(successor)):
                return None
            holders = ", ".join(belongs.departments)
            return Refusal(Reason.NOT_THE_HOLDER, f"it is held by {holders}") if holders else None
        return Refusal(Reason.WRONG_ROLE, f"only for whom it is their own may {verb.replace('_', ' ')}")

    @property
    def deadlines_first(self) -> bool:
        """Whether a deadline that is over fires before a later command is applied."""
        return self.deadlines is not None and not self.deadlines.wait_for


def _defaults_that_say_something(model: type[BaseModel]) -> Iterator[str]:
    """Fields, also of models within, whose default is not empty.

    A document leaves defaults out. Were one to change, it would rewrite every state that was stored under the old one;
    an empty one cannot (docs/upgrade.md).
    """
    for name, info in model.model_fields.items():
        if info.default is not PydanticUndefined and info.default:
            yield f"{model.__name__}.{name}"
        for inner in models_in(info.annotation):
            yield from _defaults_that_say_something(inner)


def models_in(annotation: object) -> Iterator[type[BaseModel]]:
    """The models that a field's annotation names, however deep: ``tuple[Draft, ...]`` -> Draft."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


@dataclass(frozen=True)
class Consumer:
    """All that a service's consumer does: which topics it reads, and the kinds of aggregates it owns.

    ``ignores``: kinds whose events stand on the topics it reads and of which it keeps nothing. ``history``: in a
    namespace of history, where one topic has the orders of all departments. ``epoch``: in which it signs its events.
    """

    service: str
    jurisdiction: str
    reads: tuple[str, ...]
    aggregates: tuple[AggregateType, ...]
    ignores: tuple[str, ...] = ()
    history: bool = False
    epoch: int = 0

    @cached_property
    def commands_topic(self) -> str:
        """The topic of its own commands."""
        return commands_topic(self.service)

    @cached_property
    def topics(self) -> tuple[str, ...]:
        """Everything it reads, its own commands first."""
        return (self.commands_topic, *self.reads)

    @cached_property
    def dead_letters_topic(self) -> str:
        """The topic of what it cannot use."""
        return f"{self.service}.dlq"

    @cached_property
    def source(self) -> str:
        """Whose its commands and events are: ``/<jurisdiction>/<service>``; events bear the epoch behind it."""
        return f"/{self.jurisdiction}/{self.service}"

    @cached_property
    def _kinds(self) -> dict[str, AggregateType]:
        return {kind.name: kind for kind in self.aggregates}

    def kind(self, subject: str) -> AggregateType | None:
        """The kind of one aggregate by its subject; None when it is no kind of this service."""
        kind = self._kinds.get(kind_of(subject))
        if kind is not None and KINDS[kind.name].one_each and id_of(subject) != self.jurisdiction:
            return None
        return kind

    def keeps(self, subject: str, topic: str) -> bool:
        """Whether another owner's event on this topic is kept by the aggregate that it is about."""
        kind = self.kind(subject)
        return kind is not None and (not kind.hears or topic in kind.hears)

    @cached_property
    def waits_for_topics(self) -> bool:
        """Whether some deadlines fire only after other topics were read up to them."""
        return any(kind.deadlines is not None and kind.deadlines.wait_for for kind in self.aggregates)
