"""How a fault is planted: patches under a name in words, taken out again afterwards."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from shared.contract.command import Command
from shared.domain.aggregates import AggregateType
from tests.simulation import beginning

Patches = Sequence[Any]
FAULTS: dict[str, Callable[[], Patches]] = {}
"""The sentence that names a fault -> the patches that plant it."""


def fault(plant: Callable[[], Patches]) -> Callable[[], Patches]:
    """Register one fault under its name in words."""
    FAULTS[plant.__name__.replace("_", " ")] = plant
    return plant


@contextmanager
def planted(name: str) -> Iterator[None]:
    """The code with one fault in it."""
    patches = FAULTS[name]()
    for each in patches:
        each.start()
    try:
        yield
    finally:
        for each in patches:
            each.stop()


def around(owner: Any, name: str, wrap: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Any:
    """Replace a method or function by what ``wrap`` makes of it."""
    return patch.object(owner, name, wrap(getattr(owner, name)))


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
