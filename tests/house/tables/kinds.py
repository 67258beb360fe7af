"""The kinds of aggregates that exist, found from the services' consumers: none has to be entered anywhere."""

import importlib
from collections.abc import Iterator
from functools import cache
from types import ModuleType

from shared.domain.aggregates import AggregateType, Consumer

SERVICES = ("intake", "dispatch", "supervision", "feedback")


@cache
def consumer(service: str) -> Consumer:
    """The consumer of one service, as ``app`` would make it."""
    made = importlib.import_module(f"services.{service}.consumer").consumer("huzhou")
    assert isinstance(made, Consumer)
    return made


def kinds() -> Iterator[tuple[str, AggregateType]]:
    """(service, kind) of every kind of aggregate."""
    for service in SERVICES:
        for kind in consumer(service).aggregates:
            yield service, kind


def life(service: str, kind: str) -> ModuleType:
    """The module with the tables of one kind: where its state is, of a notice that of two services alike."""
    (state,) = (one.state for one in consumer(service).aggregates if one.name == kind)
    return importlib.import_module(state.__module__)
