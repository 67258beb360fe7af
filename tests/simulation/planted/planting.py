"""How a fault is planted: patches under a name in words and the clause it breaks, taken out again afterwards."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from inspect import Parameter, isfunction, signature
from typing import Any, NamedTuple
from unittest.mock import patch

from shared.bus import deciding, effects
from shared.bus.document import Document, write_document
from shared.contract.command import Command
from shared.domain.aggregates import AggregateType
from tests.simulation import beginning, judging
from tests.simulation.checker import Clause

Patches = Sequence[Any]
Values = Mapping[str, Any]


class Fault(NamedTuple):
    """What plants a fault, and the clause that must complain of it; ``alone``: no other clause may."""

    plant: Callable[[], Patches]
    clause: Clause
    alone: bool = True


FAULTS: dict[str, Fault] = {}
"""The sentence that names a fault -> the fault."""


def fault(clause: Clause, *, alone: bool = True) -> Callable[[Callable[[], Patches]], Callable[[], Patches]]:
    """Register one fault under its name in words."""

    def register(plant: Callable[[], Patches]) -> Callable[[], Patches]:
        FAULTS[plant.__name__.replace("_", " ")] = Fault(plant, clause, alone)
        return plant

    return register


@contextmanager
def planted(name: str) -> Iterator[None]:
    """The code with one fault in it; what a town begins with was made by the honest code."""
    for partitions in (1, 2, 3, 4):
        beginning.first_start(partitions)
    patches = FAULTS[name].plant()
    for each in patches:
        if hasattr(each, "getter"):  # not of a table
            _check_fits(getattr(each.getter(), each.attribute, None), each.new)
    for each in patches:
        each.start()
    try:
        yield
    finally:
        for each in patches:
            each.stop()


def _check_fits(replaced: Any, by: Any) -> None:
    """Raises TypeError where code has changed since: a replacement that only raises would show nothing of its fault."""
    if not (isfunction(replaced) and isfunction(by)):
        return
    asked = signature(replaced).parameters.values()
    given = [
        one.name for one in asked if one.kind in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    ]
    named = {one.name: None for one in asked if one.kind is Parameter.KEYWORD_ONLY}
    signature(by).bind(*given, **named)


def around(owner: Any, name: str, wrap: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Any:
    """Replace a method or function by what ``wrap`` makes of it."""
    return patch.object(owner, name, wrap(getattr(owner, name)))


def told(type: str, change: Callable[[Values], Values]) -> Patches:
    """Events whose type begins like this go out with what ``change`` makes of their envelope's values."""

    def wrap(seal: Callable[..., bytes]) -> Callable[..., bytes]:
        def wrong(**values: Any) -> bytes:
            if not values["type"].startswith(type):
                return seal(**values)
            values["data"] = values["data"].model_dump(mode="json")
            return seal(**{**values, **change(values)})

        return wrong

    return [around(effects, "seal", wrap)]


def with_data(values: Values, **changed: Any) -> Values:
    """Other values of some fields of an event's data."""
    return {"data": {**values["data"], **changed}}


def stored(change: Callable[[Document, dict[str, Any]], None]) -> Patches:
    """Every document is stored as ``change`` leaves it, also when it is built again from nothing."""

    def wrong(document: Document, token: str) -> dict[str, Any]:
        made = write_document(document, token)
        change(document, made)
        return made

    return [patch.object(module, "write_document", wrong) for module in (deciding, judging)]


def in_kind(service: str, name: str, change: Callable[[AggregateType], AggregateType]) -> Any:
    """Replace one kind of aggregate of one service by what ``change`` makes of it."""

    def wrap(consumer_of: Callable[[str], Any]) -> Callable[[str], Any]:
        def changed(asked: str) -> Any:
            consumer = consumer_of(asked)
            if asked != service:
                return consumer
            kinds = [change(kind) if kind.name == name else kind for kind in consumer.aggregates]
            return replace(consumer, aggregates=tuple(kinds))

        return changed

    return around(beginning, "consumer_of", wrap)


def in_decision(
    service: str, name: str, asked: type[Command], wrap: Callable[[Callable[..., Any]], Callable[..., Any]]
) -> Any:
    """Replace one decision of one kind by what ``wrap`` makes of it."""
    return in_kind(
        service,
        name,
        lambda kind: replace(kind, commands={**kind.commands, asked: wrap(kind.commands[asked])}),
    )


def in_deadlines(service: str, **rule: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Any:
    """Replace ``next`` or ``expire`` of a service's issues by what the wrapper of that name makes of it."""

    def change(kind: AggregateType) -> AggregateType:
        assert kind.deadlines is not None
        changed = {name: wrap(getattr(kind.deadlines, name)) for name, wrap in rule.items()}
        return replace(kind, deadlines=replace(kind.deadlines, **changed))

    return in_kind(service, "issue", change)
