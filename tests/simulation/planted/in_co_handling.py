"""Faults planted into co-handlers: who is asked, who is heard, what waits for them, and their clocks."""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from services.dispatch.issue import co_handling, replying
from services.supervision.issue import reactions
from shared.contract.events.dispatch import CoHandlerHeard
from shared.contract.words import ClockName
from shared.domain import steps
from tests.simulation.checker import Clause
from tests.simulation.planted.planting import Patches, around, fault, told, with_data


@fault(Clause.CO_HANDLER_SIGNED, alone=False)
def nobody_waits_for_co_handlers() -> Patches:
    return [patch.object(replying, "may_not_sign_off", lambda issue, answer, context: None)]


@fault(Clause.OBJECTION_ANSWERED)
def an_objection_needs_no_answer() -> Patches:
    def wrap(may_not: Callable[..., Any]) -> Callable[..., Any]:
        return lambda issue, answer, context: may_not(issue, answer or "无", context)

    return [around(replying, "may_not_sign_off", wrap)]


@fault(Clause.CO_HANDLER_ONCE, alone=False)
def a_co_handler_is_heard_however_often_it_speaks() -> Patches:
    return [patch.object(co_handling, "waited_for", lambda issue: issue.co_handlers)]


@fault(Clause.CO_HANDLER_CLOCK, alone=False)
def an_opinion_stops_no_clock() -> Patches:
    def wrap(stops: Callable[..., Any]) -> Callable[..., Any]:
        return lambda event, clock, issue: (
            not isinstance(event, CoHandlerHeard) and stops(event, clock, issue)
        )

    return [around(reactions, "_stops", wrap)]


@fault(Clause.LADDER_FOUNDED, alone=False)
def a_late_co_handler_takes_the_lead_up_the_ladder() -> Patches:
    return [patch.dict(steps.CLIMBS, {ClockName.CO_HANDLER: 1})]  # type: ignore[arg-type]


@fault(Clause.CO_HANDLER_OWN, alone=False)
def every_co_handler_has_the_same_assignment() -> Patches:
    return told(
        "assignment.co_handler_added",
        lambda values: with_data(values, assignment=values["data"]["assignment"].rpartition(".")[0] + ".1"),
    )


@fault(Clause.CO_HANDLER_HEARD, alone=False)
def somebody_else_gives_the_opinion() -> Patches:
    return told("assignment.co_handler_heard", lambda values: with_data(values, by="nobody/li"))


@fault(Clause.CO_HANDLER_TOLD, alone=False)
def a_co_handler_is_not_told_what_it_is_asked() -> Patches:
    def wrap(added: Callable[..., Any]) -> Callable[..., Any]:
        def silent(*given: Any) -> Any:
            after, messages = added(*given)
            return after, messages[:1]

        return silent

    return [around(co_handling, "_added", wrap)]
