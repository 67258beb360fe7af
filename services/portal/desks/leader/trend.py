"""The trend as a small picture: which rate stood where in which month, in the picture's own units."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

WIDTH, HEIGHT = 480, 190
LEFT, RIGHT, TOP, BOTTOM = 60, 40, 14, 30
"""Around the lines: the scale and the months."""
STEPS = (0, 50, 80, 90)
"""Where the scale may begin, in percent: as high as all rates allow, so that small changes show."""


class Point(NamedTuple):
    """One rate in one month."""

    x: float
    y: float
    said: str


class Line(NamedTuple):
    """One rate over the months: its pieces, for a month below five has no rate."""

    name: str
    title: str
    pieces: list[list[Point]]


class Mark(NamedTuple):
    """A line of the scale, or a month."""

    at: float
    said: str


class Trend(NamedTuple):
    """All of it; ``months`` with their figures are for the table beside the picture."""

    width: int
    height: int
    lines: list[Line]
    scale: list[Mark]
    below: list[Mark]
    months: list[tuple[str, Mapping[str, Any]]]

    @property
    def has_lines(self) -> bool:
        """Whether any month has enough issues for a rate, so that there is something to draw."""
        return any(line.pieces for line in self.lines)


def trend(months: Sequence[tuple[str, Mapping[str, Any]]], titles: Mapping[str, str]) -> Trend:
    """Months with their figures, the oldest first; ``titles``: the rates to draw and what they are called."""
    rates = [numbers["rates"][name]["rate"] for _, numbers in months for name in titles]
    lowest = min((100 * rate for rate in rates if rate is not None), default=0)
    lowest_shown = max(step for step in STEPS if step <= lowest)
    xs = [_x(place, len(months)) for place in range(len(months))]
    lines = [
        Line(
            name, title, _pieces([numbers["rates"][name]["rate"] for _, numbers in months], xs, lowest_shown)
        )
        for name, title in titles.items()
    ]
    scale = [
        Mark(_y(value, lowest_shown), f"{value:g} %")
        for value in (lowest_shown, (lowest_shown + 100) / 2, 100)
    ]
    below = [Mark(x, month) for x, (month, _) in zip(xs, months, strict=True)]
    return Trend(WIDTH, HEIGHT, lines, scale, below, list(months))


def _pieces(rates: Sequence[float | None], xs: Sequence[float], lowest_shown: int) -> list[list[Point]]:
    """The points, in a new piece behind each month without a rate."""
    found: list[list[Point]] = [[]]
    for rate, x in zip(rates, xs, strict=True):
        if rate is None:
            found.append([])
        else:
            found[-1].append(Point(x, _y(100 * rate, lowest_shown), f"{100 * rate:.1f} %"))
    return [piece for piece in found if piece]


def _x(place: int, of: int) -> float:
    step = (WIDTH - LEFT - RIGHT) / max(of - 1, 1)
    return round(LEFT + place * step, 1)


def _y(percent: float, lowest_shown: int) -> float:
    return round(TOP + (HEIGHT - TOP - BOTTOM) * (100 - percent) / (100 - lowest_shown), 1)
