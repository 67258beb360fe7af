"""Faults planted into what the office asks before it takes an issue on."""

from collections.abc import Callable
from typing import Any

from services.intake.issue import decisions
from tests.simulation.checker import Clause
from tests.simulation.planted.in_clocks import later
from tests.simulation.planted.planting import Patches, Values, around, fault, told, with_data


@fault(Clause.MATERIAL_IN_TIME)
def the_office_says_that_it_waits_two_days_longer_for_material() -> Patches:
    def longer(values: Values) -> Values:
        return with_data(values, ends_at=later(values["data"]["ends_at"], days=2))

    return told("issue.material_asked", longer)


@fault(Clause.MATERIAL_ASKED)
def material_is_asked_for_under_the_next_number() -> Patches:
    def another(values: Values) -> Values:
        return with_data(values, request=values["data"]["request"] + 1)

    return told("issue.material_asked", another)


@fault(Clause.MATERIAL_HANDED_ON)
def what_was_supplied_is_not_handed_on() -> Patches:
    def wrap(supplied_in: Callable[..., Any]) -> Callable[..., Any]:
        return lambda issue, command: ()

    return [around(decisions, "supplied_in", wrap)]
