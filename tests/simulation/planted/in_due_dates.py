"""Faults planted into how two owners agree on a date, and into what departments hear of it and of refusals."""

from dataclasses import replace
from unittest.mock import patch

from services.dispatch.issue import extending, reactions, timing
from services.supervision.issue import renewing
from tests.simulation.checker import Clause
from tests.simulation.planted.planting import Patches, fault, in_kind


@fault(Clause.DUE_PASSED_ON, alone=False)
def dispatch_is_not_told_what_a_version_moves() -> Patches:
    return [patch.object(renewing, "_for_dispatch", lambda issue, moves, renewal: ())]


@fault(Clause.DUE_AGREED, alone=False)
def dispatch_forgets_the_version_that_reached_a_promise() -> Patches:
    return [patch.object(reactions, "noted", lambda issue, entry, context: issue)]


@fault(Clause.DUE_AGREED, alone=False)
def dispatch_waits_for_an_opinion_until_the_day_it_named_first() -> Patches:
    return [patch.object(reactions, "due_moved", lambda issue, changed: None)]


@fault(Clause.DUE_TOLD)
def a_department_is_not_told_that_its_date_moved() -> Patches:
    return [
        patch.object(module, "due_changed", lambda before, after, because: ())
        for module in (timing, extending, reactions)
    ]


@fault(Clause.REFUSAL_TOLD)
def a_department_does_not_hear_what_supervision_refused() -> Patches:
    return [in_kind("supervision", "issue", lambda kind: replace(kind, refused=None))]
