"""Faults planted into questions to the raiser and their answers."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from services.dispatch.issue import questioning
from services.supervision.issue import reactions
from shared.contract.events.dispatch import EnterpriseAsked
from shared.contract.events.intake import MaterialSupplied
from tests.simulation.checker import Clause
from tests.simulation.planted.planting import Patches, around, fault, in_kind, told, with_data


@fault(Clause.QUESTION_ALONE, alone=False)
def a_department_asks_while_something_is_waited_for() -> Patches:
    return [patch.object(questioning, "cannot_wait", lambda issue: None)]


@fault(Clause.ANSWER_MATCHED, alone=False)
def an_answer_names_the_question_after_it() -> Patches:
    return told(
        "issue.material_supplied", lambda values: with_data(values, request=values["data"]["request"] + 1)
    )


@fault(Clause.ANSWER_PASSED_ON, alone=False)
def dispatch_reads_no_answer() -> Patches:
    def deaf(kind: Any) -> Any:
        return replace(kind, events={**kind.events, MaterialSupplied: lambda state, event, context: None})

    return [in_kind("dispatch", "issue", deaf)]


@fault(Clause.HOLDING_DUE, alone=False)
def the_days_of_a_question_count_against_the_holder() -> Patches:
    def wrap(moved_by: Callable[..., Any]) -> Callable[..., Any]:
        return lambda event, clock: not isinstance(event, EnterpriseAsked) and moved_by(event, clock)

    return [around(reactions, "moved_by", wrap)]
