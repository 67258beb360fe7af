"""How a fault is planted: patches under a name in words, taken out again afterwards."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

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
