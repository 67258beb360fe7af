"""Faults planted into what supervision tells of the ladder."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from services.supervision.issue import decisions, reactions, signing
from services.supervision.issue.life import Issue
from shared.contract.commands.supervision import ExplainBreach, LiftLadder
from shared.contract.words import ClockName
from shared.domain.steps import CLIMBS
from tests.simulation.checker import Clause
from tests.simulation.planted.in_clocks import echoed, later
from tests.simulation.planted.planting import Patches, Values, fault, in_decision, told, with_data


@fault(Clause.LADDER_RISES, alone=False)
def a_step_is_told_twice() -> Patches:
    return echoed("ladder.raised")


@fault(Clause.LADDER_STANDS)
def a_lift_names_another_step() -> Patches:
    def lower(values: Values) -> Values:
        ended = values["data"]["because"] == "ended"
        return with_data(values, step=values["data"]["step"] + 1) if ended else {}

    return told("ladder.lifted", lower)


@fault(Clause.LADDER_EARLY, alone=False)
def a_step_is_dated_long_before_it() -> Patches:
    return told("ladder.raised", lambda values: {"time": values["time"] - timedelta(days=900)})


@fault(Clause.LADDER_DUE, alone=False)
def a_step_names_another_instant() -> Patches:
    return told(
        "ladder.raised", lambda values: with_data(values, due_at=later(values["data"]["due_at"], hours=-1))
    )


@fault(Clause.LADDER_FOUNDED, alone=False)
def a_holding_clock_takes_it_all_the_way_up() -> Patches:
    return [patch.dict(CLIMBS, {ClockName.HOLDING: 6})]


@fault(Clause.LADDER_MISSING)
def nothing_rises_by_time() -> Patches:
    return [patch.object(reactions, "steps_ahead", lambda issue: iter(()))]


@fault(Clause.LADDER_UNFOUNDED)
def what_has_ended_stays_where_it_stood() -> Patches:
    stands = Issue.lamp.fget  # type: ignore[attr-defined]
    return [
        patch.object(
            Issue, "lamp", property(lambda issue: stands(issue.model_copy(update={"ended_at": None})))
        )
    ]


@fault(Clause.LADDER_EXPLAINED, alone=False)
def an_explanation_counts_however_often_it_is_given() -> Patches:
    def wrap(explain: Callable[..., Any]) -> Callable[..., Any]:
        def patient(issue: Any, command: Any, context: Any) -> Any:
            if issue is not None:
                climbs = [climb.model_copy(update={"explained_at": None}) for climb in issue.climbs]
                issue = issue.model_copy(update={"climbs": tuple(climbs)})
            return explain(issue, command, context)

        return patient

    return [in_decision("supervision", "issue", ExplainBreach, wrap)]


@fault(Clause.LADDER_LIFTED_BY)
def a_step_is_lifted_that_nobody_has_read() -> Patches:
    def wrap(lift: Callable[..., Any]) -> Callable[..., Any]:
        def blind(issue: Any, command: Any, context: Any) -> Any:
            if issue is not None and issue.lamp:
                command = command.model_copy(update={"step": issue.lamp})
            return lift(issue, command, context)

        return blind

    return [in_decision("supervision", "issue", LiftLadder, wrap)]


@fault(Clause.LIFTED_LEVEL)
def whoever_lifts_need_not_be_as_high_as_who_signed() -> Patches:
    return [patch.object(module, "may_not_lift", lambda *given: "") for module in (decisions, signing)]
