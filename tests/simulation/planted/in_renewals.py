"""Faults planted into how a new calendar or policy reaches the clocks that run."""

from typing import Any
from unittest.mock import patch

from services.supervision.issue import renewing
from services.supervision.issue.life import Clock
from shared.domain.reference import Reference, Renewal
from tests.simulation.checker import Clause
from tests.simulation.planted.in_clocks import later
from tests.simulation.planted.planting import Patches, fault, told, with_data


@fault(Clause.RENEWED_FOUNDED, alone=False)
def a_recalculation_names_a_version_that_nobody_published() -> Patches:
    return told("clock.recalculated", lambda values: with_data(values, calendar="no-such", policy="no-such"))


@fault(Clause.RENEWED_RUNNING, alone=False)
def what_has_stopped_is_recalculated() -> Patches:
    plain = renewing._moved

    def whatever(clock: Clock, renewal: Renewal, reference: Reference) -> Any:
        running = tuple(entry for entry in clock.history if entry[0] != "stopped")
        return plain(clock.model_copy(update={"history": running, "fired": ()}), renewal, reference)

    return [patch.object(renewing, "_moved", whatever)]


@fault(Clause.RENEWED_DUE, alone=False)
def a_clock_is_moved_an_hour_too_far() -> Patches:
    return told(
        "clock.recalculated",
        lambda values: with_data(values, due_at=later(values["data"]["due_at"], hours=1)),
    )


@fault(Clause.RENEWED_ALL)
def nothing_that_runs_is_moved() -> Patches:
    return [patch.object(renewing, "_moved", lambda clock, renewal, reference: None)]
