"""How the promise is kept, as Prometheus reads it from the portal; every metric is explained in docs/metrics.md.

Labels are closed sets: jurisdictions are those of this deployment, departments those of the directory, everything else
is ``other``. So the number of series is bounded whatever stands on the topics.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from itertools import product
from typing import NamedTuple

from prometheus_client.core import GaugeHistogramMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from services.portal.figures.promised import OBJECTIVES, RECENT, REPLY_DAYS, Counted, Of
from services.portal.queries.board import NOBODY
from shared.contract.words import LadderStep, Outcome, Satisfaction

OTHER = "other"
"""In place of a jurisdiction that is not ours, or of a department that is in no directory."""
WHOSE = ("jurisdiction", "level", "department")
DAY_SECONDS = 86_400
STEPS, OUTCOMES, SATISFACTIONS = tuple(LadderStep), frozenset(Outcome), frozenset(Satisfaction)
RATES_AMONG = frozenset(figure.name for figure in RECENT if figure.is_rate)


class Directory(NamedTuple):
    """What labels may say: the jurisdictions, and the level of each department by code."""

    jurisdictions: Collection[str]
    levels: Mapping[str, str]

    def place(self, jurisdiction: str | None) -> str:
        """One of ours, or ``other``."""
        return jurisdiction if jurisdiction and jurisdiction in self.jurisdictions else OTHER

    def whose(self, of: Of) -> tuple[str, str, str]:
        """Jurisdiction, level and department; what no department has is nobody's."""
        place = self.place(of.jurisdiction)
        if not of.department:
            return place, NOBODY, NOBODY
        level = self.levels.get(of.department)
        return (place, level, of.department) if level is not None else (place, OTHER, OTHER)


class PromiseMetrics(Collector):
    """Gauges of one instant: ``counted`` is what was counted last, None before that; ``windows`` are those of the
    objectives, as Prometheus writes them: 1h, 30d.
    """

    def __init__(self, windows: Collection[str]) -> None:
        self.windows = tuple(windows)
        self.counted: Counted | None = None
        self.directory = Directory((), {})

    def collect(self) -> Iterator[Metric]:
        """All families, also those without a series."""
        yield self._gauge("due_issues", _due, "issues by the clock of each that is due first", *WHOSE, "due")
        yield self._gauge("due_clocks", _clocks, "clocks that run", "jurisdiction", "clock", "due")
        yield self._gauge("lamp_issues", _lamps, "issues on the ladder, by step", *WHOSE, "step")
        yield self._gauge(
            "recent_issues",
            _recent,
            "issues of this month and the month before (assignments for sign_for), by figure",
            *(*WHOSE, "figure", "part"),
        )
        yield self._gauge(
            "recent_replies", _outcomes, "the same, answered, by outcome", "jurisdiction", "outcome"
        )
        yield self._gauge(
            "recent_ratings", _ratings, "the same, rated, by satisfaction", "jurisdiction", "satisfaction"
        )
        yield self._first_replies()
        for side in ("due", "missed"):
            yield self._gauge(
                f"objective_{side}_issues",
                partial(_objectives, self.windows, side),
                _SIDES[side],
                *("objective", "jurisdiction", "level", "window"),
            )

    def _gauge(self, name: str, numbers: "Numbers", what: str, *labels: str) -> GaugeMetricFamily:
        """One family; of what has the same labels the sum."""
        family = GaugeMetricFamily(f"qinqing_{name}", what, labels=labels)
        sums: Counter[tuple[str, ...]] = Counter()
        for values, number in numbers(self.counted, self.directory) if self.counted is not None else ():
            sums[values] += number
        for values, number in sums.items():
            family.add_metric(values, number)
        return family

    def _first_replies(self) -> GaugeHistogramMetricFamily:
        family = GaugeHistogramMetricFamily(
            "qinqing_first_reply_seconds",
            "the same, time from registration to the first reply",
            labels=("jurisdiction",),
        )
        found: dict[str, list[float]] = {}
        for jurisdiction, (within, many, seconds) in (self.counted.replies if self.counted else {}).items():
            place = self.directory.place(jurisdiction)
            before = found.get(place, [0.0] * (len(REPLY_DAYS) + 2))
            found[place] = [one + more for one, more in zip(before, (*within, many, seconds), strict=True)]
        bounds = [*(str(float(days * DAY_SECONDS)) for days in REPLY_DAYS), "+Inf"]
        for place, (*buckets, seconds) in found.items():
            family.add_metric((place,), list(zip(bounds, buckets, strict=True)), seconds)
        return family


Numbers = Callable[[Counted, Directory], Iterator[tuple[tuple[str, ...], int]]]
"""The values of the labels, and the number."""
_SIDES = {
    "due": "of what is promised in time, how many fell due within the window, up to now",
    "missed": "of these, how many were not done in time",
}


def _due(counted: Counted, directory: Directory) -> Iterator[tuple[tuple[str, ...], int]]:
    for of, due in counted.due.items():
        for name, number in due._asdict().items():
            yield (*directory.whose(of), name), number


def _clocks(counted: Counted, directory: Directory) -> Iterator[tuple[tuple[str, ...], int]]:
    for (jurisdiction, clock), numbers in counted.clocks.items():
        for name, number in zip(("overdue", "day"), numbers, strict=True):
            yield (directory.place(jurisdiction), clock, name), number


def _lamps(counted: Counted, directory: Directory) -> Iterator[tuple[tuple[str, ...], int]]:
    for (of, step), number in counted.lamps.items():
        yield (*directory.whose(of), STEPS[step - 1] if step <= len(STEPS) else OTHER), number


def _recent(counted: Counted, directory: Directory) -> Iterator[tuple[tuple[str, ...], int]]:
    for (of, figure), numbers in counted.recent.items():
        parts = ("denominator", "numerator") if figure in RATES_AMONG else ("numerator",)
        for part, number in zip(parts, numbers, strict=False):
            yield (*directory.whose(of), figure, part), number


def _outcomes(counted: Counted, directory: Directory) -> Iterator[tuple[tuple[str, ...], int]]:
    for (jurisdiction, word), number in counted.outcomes.items():
        yield (directory.place(jurisdiction), word if word in OUTCOMES else OTHER), number


def _ratings(counted: Counted, directory: Directory) -> Iterator[tuple[tuple[str, ...], int]]:
    for (jurisdiction, word), number in counted.ratings.items():
        yield (directory.place(jurisdiction), word if word in SATISFACTIONS else OTHER), number


def _objectives(
    windows: Sequence[str], side: str, counted: Counted, directory: Directory
) -> Iterator[tuple[tuple[str, ...], int]]:
    """Every objective, jurisdiction and window has a series, so that nothing due is 0 and no gap."""
    places = {directory.place(one) for one in directory.jurisdictions}
    for objective, place, window in product(OBJECTIVES, sorted(places), windows):
        yield (objective, place, NOBODY, window), 0
    for (objective, of), missed in counted.objectives.items():
        place, level, _ = directory.whose(of)
        for window, number in zip(windows, missed, strict=True):
            yield (objective, place, level, window), getattr(number, side)
