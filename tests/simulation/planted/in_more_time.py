"""Faults planted into extensions and pauses."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from services.dispatch.issue import extending
from services.supervision.issue import clocks, reactions
from tests.simulation.checker import Clause
from tests.simulation.planted.in_clocks import later
from tests.simulation.planted.planting import Patches, Values, around, fault, told, with_data


@fault(Clause.TIME_ASKED)
def more_time_is_asked_for_up_to_the_last_moment() -> Patches:
    def wrap(read: Callable[..., Any]) -> Callable[..., Any]:
        def patient(*args: Any) -> Any:
            reading = read(*args)
            late = tuple(threshold._replace(at=reading.due_at) for threshold in reading.deadlines)
            return reading._replace(deadlines=late)

        return patient

    return [around(extending, "read", wrap)]


@fault(Clause.TIME_MOST)
def an_extension_may_be_as_long_as_one_likes() -> Patches:
    def wrap(working_days: Callable[..., Any]) -> Callable[..., Any]:
        return lambda due_on, until, most, calendar: working_days(due_on, until, 100, calendar)

    return [around(extending, "_working_days", wrap)]


@fault(Clause.TIME_TOLD)
def who_raised_an_issue_is_told_the_old_date() -> Patches:
    return told("date.put_off", lambda values: with_data(values, due_at=values["data"]["old_due_at"]))


@fault(Clause.TIME_DECIDED_BY)
def who_asked_for_time_grants_it() -> Patches:
    return [patch.object(extending, "person_of", lambda actor: "")]


@fault(Clause.TIME_DUE, alone=False)
def a_grant_names_another_date() -> Patches:
    def wrong(values: Values) -> Values:
        return with_data(values, due_at=later(values["data"]["due_at"], days=1))

    return told("extension.granted", wrong)


@fault(Clause.HOLDING_DUE, alone=False)
def a_clock_forgets_the_pause() -> Patches:
    def wrap(fact_of: Callable[..., Any]) -> Callable[..., Any]:
        def shorter(by: Any, at: datetime) -> Any:
            kind, at, argument = fact_of(by, at)
            return kind, at - timedelta(days=4) if kind == "resumed" else at, argument

        return shorter

    return [around(clocks, "_fact_of", wrap)]


@fault(Clause.PAUSE_ENDS, alone=False)
def a_pause_that_waits_lasts_a_week_longer() -> Patches:
    def wrong(values: Values) -> Values:
        ends_at = values["data"].get("ends_at")
        return with_data(values, ends_at=later(ends_at, days=7)) if ends_at else {}

    return told("pause.granted", wrong)


@fault(Clause.BREACH_MISSING)
def the_late_end_of_a_pause_shows_no_breach() -> Patches:
    def wrap(move: Callable[..., Any]) -> Callable[..., Any]:
        def blind(clock: Any, *rest: Any) -> Any:
            moved, messages = move(clock, *rest)
            if clock.stopped_at is None or clock.breached or not moved.breached:
                return moved, messages
            told = tuple(message for message in messages if message.body.type != "clock.breached.v1")
            return moved.model_copy(update={"breached": False}), told

        return blind

    return [around(reactions, "move", wrap)]
