"""Which level of government stands as high as which: an official acts on departments of their own level or a lower one.

Source: clocks.md, The ladder; loop.md, Levels.
"""

from collections.abc import Iterable, Mapping

from shared.contract.words import Level

_HEIGHTS: Mapping[str, int] = {Level.TOWNSHIP: 1, Level.COUNTY: 2, Level.FUNCTIONAL_AREA: 2, Level.CITY: 3}


def is_as_high(level: str, other: str) -> bool:
    """Whether ``level`` is the same as the other one or a higher one; one that is unknown is the lowest."""
    return _HEIGHTS.get(level, 0) >= _HEIGHTS.get(other, 0)


def highest(levels: Iterable[str]) -> str:
    """The highest of several; "" of none."""
    return max(levels, key=lambda level: _HEIGHTS.get(level, 0), default="")
