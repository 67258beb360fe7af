"""All figures of some issues, in all and by department, month and source: each issue is looked at once for all of them.

What is summed up of each department, month and source together is added up for each of these alone, and for all.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from statistics import mean, median
from typing import Any

from services.portal.figures.counting import FEWEST, Scope, Table, milliseconds, rate, source
from services.portal.figures.definitions import COUNTS, DIMENSIONS, RATES, SPANS, Figure, Span

OF_ISSUES = [figure for figure in (*COUNTS, *RATES) if figure.unit == "issue"]
OF_ASSIGNMENTS = [figure for figure in RATES if figure.unit == "assignment"]
_COLUMNS = ", ".join(DIMENSIONS.values())
_GROUPED = f"GROUP BY {', '.join(str(place + 1) for place in range(len(DIMENSIONS)))}"
Group = tuple[str, ...]
"""One value of each dimension."""
Sums = dict[str, list[int]]
"""Of each figure: how many count, how many of these hit, and how many withdrawn issues do not count."""


def report(reads: sqlite3.Connection, as_of: datetime, scope: Scope = Scope()) -> dict[str, Any]:  # noqa: B008
    """All figures as of one instant: in all, and by department, month and source. One consistent reading."""
    began = not reads.in_transaction
    if began:
        reads.execute("BEGIN")
    try:
        where, values = scope.where()
        values["as_of"] = milliseconds(as_of)
        sums = _sums(reads, where, values)
        hours = {span.name: _took(reads, span, where, values) for span in SPANS}
    finally:
        if began:
            reads.execute("ROLLBACK")
    groups = {name: _table(sums, hours, place, scope.period) for place, name in enumerate(DIMENSIONS)}
    for month, numbers in groups["months"].items():
        for figure in (*numbers["rates"].values(), *(numbers[span.name] for span in SPANS)):
            figure["period"] = month
    return {
        "as_of": as_of.isoformat().replace("+00:00", "Z"),
        "period": scope.period,
        "total": _numbers(sums.values(), [hours[span.name].values() for span in SPANS], scope.period),
        **groups,
    }


def _table(
    sums: Mapping[Group, Sums], hours: Mapping[str, Mapping[Group, list[float]]], place: int, period: str
) -> Table:
    """The figures by one dimension."""
    groups: dict[str, list[Group]] = defaultdict(list)
    for group in sums:
        groups[group[place]].append(group)
    return {
        name: _numbers(
            [sums[group] for group in groups[name]],
            [[hours[span.name].get(group, []) for group in groups[name]] for span in SPANS],
            period,
        )
        for name in sorted(groups)
    }


def _numbers(sums: Iterable[Sums], hours: Iterable[Iterable[list[float]]], period: str) -> dict[str, Any]:
    """The figures of some groups together; of none those of no issue at all."""
    numbers: dict[str, Any] = {figure.name: 0 for figure in COUNTS}
    added: Sums = {figure.name: [0, 0, 0] for figure in (*COUNTS, *RATES)}
    for one in sums:
        for name, counted in one.items():
            added[name] = [before + more for before, more in zip(added[name], counted, strict=True)]
    numbers |= {figure.name: added[figure.name][0] for figure in COUNTS}
    numbers["rates"] = {}
    for figure in RATES:
        bottom, top, withdrawn = added[figure.name]
        numbers["rates"][figure.name] = rate(figure, top, bottom, period, withdrawn)
    for span, of_groups in zip(SPANS, hours, strict=True):
        numbers[span.name] = _hours([took for group in of_groups for took in group], period)
    return numbers


def _sums(reads: sqlite3.Connection, where: str, values: Mapping[str, object]) -> dict[Group, Sums]:
    """One pass over issues, one over assignments, and one over what was withdrawn."""
    found: dict[Group, Sums] = defaultdict(lambda: {figure.name: [0, 0, 0] for figure in (*COUNTS, *RATES)})
    for figures in (OF_ISSUES, OF_ASSIGNMENTS):
        query = f"SELECT {_COLUMNS}, {_pairs(figures)} FROM {source(figures[0])} WHERE {where} {_GROUPED}"
        for group, sums in _by_group(reads, query, values):
            for figure, bottom, top in zip(figures, sums[::2], sums[1::2], strict=True):
                found[group][figure.name][:2] = bottom, top
    figures = [*OF_ISSUES, *OF_ASSIGNMENTS]
    parts = ", ".join(f"sum(NOT {_counts_for(figure)})" for figure in figures)
    query = f"SELECT {_COLUMNS}, {parts} FROM issue i WHERE {where} AND i.state = 'withdrawn' {_GROUPED}"
    for group, sums in _by_group(reads, query, values):
        for figure, withdrawn in zip(figures, sums, strict=True):
            found[group][figure.name][2] = withdrawn
    return found


def _by_group(
    reads: sqlite3.Connection, query: str, values: Mapping[str, object]
) -> Iterable[tuple[Group, Sequence[Any]]]:
    many = len(DIMENSIONS)
    return ((row[:many], row[many:]) for row in reads.execute(query, values))


def _pairs(figures: Sequence[Figure]) -> str:
    """For each figure how many count and, of a rate, how many of them hit."""
    return ", ".join(
        f"sum(coalesce({figure.counts}, 0)), "
        + (f"sum(coalesce({figure.counts}, 0) AND coalesce({figure.hits}, 0))" if figure.hits else "0")
        for figure in figures
    )


def _counts_for(figure: Figure) -> str:
    """Whether an issue counts for a figure; for one of assignments, whether one of its assignments does."""
    if figure.unit == "issue":
        return f"coalesce({figure.counts}, 0)"
    mine = "a.issue = i.id AND a.department IS NOT NULL"
    return f"EXISTS (SELECT 1 FROM assignment a WHERE {mine} AND ({figure.counts}))"


def _took(
    reads: sqlite3.Connection, span: Span, where: str, values: Mapping[str, object]
) -> dict[Group, list[float]]:
    """The hours of one span, by group."""
    query = f"SELECT {_COLUMNS}, {span.ends} - {span.begins} FROM issue i WHERE {where} AND {span.counts}"
    found: dict[Group, list[float]] = defaultdict(list)
    for group, (ms,) in _by_group(reads, query, values):
        found[group].append(ms / 1000 / 3600)
    return found


def _hours(took: list[float], period: str) -> dict[str, Any]:
    took.sort()
    enough = len(took) >= FEWEST
    return {
        "n": len(took),
        "unit": "issue",
        "period": period,
        "median": round(median(took), 2) if enough else None,
        "mean": round(mean(took), 2) if enough else None,
    }
