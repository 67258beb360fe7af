"""What a paper would say were it published now: its figures, who and what is proposed, and how far that was read."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

from services.portal.figures.counting import Scope
from services.portal.figures.definitions import COUNTS, FIGURES, NOBODY, RATES
from services.portal.figures.honours import RULES, cases, proposed
from services.portal.figures.reporting import report
from services.portal.queries.positions import positions
from shared.domain.papers import Period

IN_GROUPS = ("registered", "on_time_reply", "answered", "satisfied", "participation")
"""The figures that a paper shows of each department, and of each month of a longer period."""


class Draft(NamedTuple):
    """Counted at one instant, from one state of the rows; figures and names are plain values, as commands have them."""

    as_of: datetime
    positions: list[dict[str, Any]]
    figures: list[dict[str, Any]]
    cases: list[dict[str, Any]]
    """Of each proposed issue: id, number, title, rounds, co_handlers, hours."""
    honours: dict[str, list[dict[str, Any]]]
    """list -> whom it proposes."""

    @property
    def sha256(self) -> str:
        """Of all that was counted and proposed: who publishes names what was read."""
        counted = [self.figures, [(one["id"], one["title"]) for one in self.cases], self.honours]
        return sha256(json.dumps(counted, sort_keys=True).encode()).hexdigest()


def scope_of(period: Period) -> Scope:
    """The issues that a paper is about: those that were registered in its months."""
    return Scope(month=period.months[0], through=period.months[-1])


def draft(reads: sqlite3.Connection, period: Period, as_of: datetime) -> Draft:
    """One consistent reading of everything."""
    reads.execute("BEGIN")
    try:
        return Draft(
            as_of,
            [{"topic": topic, "offsets": [*read]} for topic, read in sorted(positions(reads).items())],
            list(_figures(report(reads, as_of, scope_of(period)), period)),
            [dict(row) for row in cases(reads, period.months)],
            {rule.list.value: proposed(reads, rule, period.months) for rule in RULES},
        )
    finally:
        reads.execute("ROLLBACK")


def _figures(counted: Mapping[str, Any], period: Period) -> Iterator[dict[str, Any]]:
    names = [figure.name for figure in (*COUNTS, *RATES)]
    for name in names:
        yield _figure(counted["total"], name, period.name)
    for department, numbers in counted["departments"].items():
        for name in IN_GROUPS if department != NOBODY else ():
            yield _figure(numbers, name, period.name, department)
    for month, numbers in counted["months"].items() if len(period.months) > 1 else ():
        for name in IN_GROUPS:
            yield _figure(numbers, name, month)


def _figure(numbers: Mapping[str, Any], name: str, period: str, department: str = "") -> dict[str, Any]:
    """A rate as it was counted; a count as a share of all that were registered."""
    figure = FIGURES[name]
    rate = numbers["rates"][name] if figure.is_rate else None
    top, bottom = (rate["numerator"], rate["denominator"]) if rate else (numbers[name], numbers["registered"])
    about = {"figure": name, "unit": figure.unit, "period": period, "department": department}
    return {**about, "numerator": top, "denominator": bottom}
