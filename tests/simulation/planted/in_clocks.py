"""Faults planted into what supervision tells of its clocks."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from services.supervision.issue import reactions, tracking
from shared.contract.envelope import time_text
from shared.contract.words import ClockName
from shared.domain.decisions import Context
from tests.simulation.checker import Clause
from tests.simulation.planted.planting import (
    Patches,
    Values,
    around,
    fault,
    in_deadlines,
    told,
    with_data,
)


def later(text: str, **span: float) -> str:
    """An instant of an event's data, moved."""
    return time_text(datetime.fromisoformat(text) + timedelta(**span))


def every_message(change: Callable[[Any], tuple[Any, ...]], name: str = "stop") -> Patches:
    """Each message of starting or stopping a clock becomes what ``change`` makes of it."""

    def wrap(step: Callable[..., Any]) -> Callable[..., Any]:
        def wrong(*args: Any, **named: Any) -> Any:
            clock, messages = step(*args, **named)
            return clock, tuple(changed for message in messages for changed in change(message))

        return wrong

    return [around(reactions, name, wrap)]


def is_about(message: Any, kind: str) -> bool:
    """Whether a message is an event of this kind."""
    return bool(message.body.type == f"{kind}.v1")


@fault(Clause.CLOCK_STARTED_ONCE)
def the_start_of_a_clock_is_told_twice() -> Patches:
    return every_message(lambda told: (told, told) if is_about(told, "clock.started") else (told,), "start")


@fault(Clause.CLOCK_STARTED)
def the_start_of_a_sign_clock_is_not_told() -> Patches:
    def quiet(message: Any) -> tuple[Any, ...]:
        return () if getattr(message.body, "clock", "") == ClockName.SIGN else (message,)

    return every_message(quiet, "start")


@fault(Clause.CLOCK_MISSING)
def no_clock_is_started_for_deciding_on_rework() -> Patches:
    def wrap(start: Callable[..., Any]) -> Callable[..., Any]:
        return lambda name, *rest, **named: (
            ((), ()) if name is ClockName.REWORK_DECISION else start(name, *rest, **named)
        )

    return [around(reactions, "start", wrap)]


@fault(Clause.TIMER_SOMEWHERE, alone=False)
def only_assigning_has_a_clock() -> Patches:
    def wrap(start: Callable[..., Any]) -> Callable[..., Any]:
        return lambda name, *rest, **named: (
            start(name, *rest, **named) if name is ClockName.ASSIGN else ((), ())
        )

    return [around(reactions, "start", wrap)]


@fault(Clause.CLOCK_ENDS)
def the_stop_of_a_clock_is_not_told() -> Patches:
    return every_message(lambda told: () if is_about(told, "clock.stopped") else (told,))


@fault(Clause.STOPPED_ONCE)
def the_stop_of_a_clock_is_told_twice() -> Patches:
    return every_message(lambda told: (told, told) if is_about(told, "clock.stopped") else (told,))


@fault(Clause.ANNULLED_BREACH)
def a_breach_is_annulled_twice() -> Patches:
    return every_message(lambda told: (told, told) if is_about(told, "clock.breach_annulled") else (told,))


@fault(Clause.STOPPED_AS)
def a_stop_says_the_opposite_of_the_breach() -> Patches:
    return told("clock.stopped", lambda values: with_data(values, breached=not values["data"]["breached"]))


@fault(Clause.ANNULLED_LATE)
def a_breach_is_annulled_by_what_came_too_late() -> Patches:
    def late(values: Values) -> Values:
        return with_data(values, stopped_at=later(values["data"]["due_at"], hours=1))

    return told("clock.breach_annulled", late)


@fault(Clause.CLOCK_DUE)
def a_warning_names_another_due_date() -> Patches:
    return told(
        "clock.warned", lambda values: with_data(values, due_at=later(values["data"]["due_at"], hours=1))
    )


@fault(Clause.WARNED_EARLY)
def a_warning_is_dated_long_before_its_clock() -> Patches:
    return told("clock.warned", lambda values: {"time": values["time"] - timedelta(days=900)})


def echoed(kind: str) -> Patches:
    """What a deadline tells of this kind is told twice."""

    def wrap(expire: Callable[..., Any]) -> Callable[..., Any]:
        def echoing(state: Any, deadline: Any, context: Any) -> Any:
            change = expire(state, deadline, context)
            again = tuple(message for message in change.messages if is_about(message, kind))
            return type(change)(change.state, (*change.messages, *again))

        return echoing

    return [in_deadlines("supervision", expire=wrap)]


@fault(Clause.BREACHED_ONCE)
def a_breach_is_told_twice() -> Patches:
    return echoed("clock.breached")


@fault(Clause.TOLD_LATE)
def a_breach_hides_how_late_it_is_told() -> Patches:
    return told("clock.breached", lambda values: with_data(values, late_seconds=0.0))


@fault(Clause.WARNED_ONCE)
def a_warning_is_told_twice() -> Patches:
    return echoed("clock.warned")


@fault(Clause.BREACH_MISSING, alone=False)
def a_breach_is_not_told() -> Patches:
    def wrap(expire: Callable[..., Any]) -> Callable[..., Any]:
        def quiet(state: Any, deadline: Any, context: Any) -> Any:
            change = expire(state, deadline, context)
            kept = tuple(message for message in change.messages if not is_about(message, "clock.breached"))
            return type(change)(change.state, kept)

        return quiet

    return [in_deadlines("supervision", expire=wrap)]


@fault(Clause.TIMER_OF_CLOCK)
def what_is_assigned_has_no_deadline() -> Patches:
    def wrap(next_deadline: Callable[..., Any]) -> Callable[..., Any]:
        return lambda state: None if state.state == "assigned" else next_deadline(state)

    return [in_deadlines("supervision", next=wrap)]


# ------------------------------------------------------------------- the terms


@fault(Clause.TERMS_PUBLISHED)
def a_clock_names_a_policy_that_nobody_published() -> Patches:
    def unknown(values: Values) -> Values:
        return with_data(values, policy="draft") if values["data"]["clock"] == "sign" else {}

    return told("clock.started", unknown)


@fault(Clause.TERMS_IN_FORCE)
def a_policy_counts_before_it_is_in_force() -> Patches:
    def later_on(values: Values) -> Values:
        return with_data(values, in_force_from=later(values["data"]["in_force_from"], days=100))

    newest = property(lambda context: context.reference.policies.all()[-1])
    return [*told("policy.published", later_on), patch.object(Context, "policy", newest)]


@fault(Clause.TERMS_LIMIT)
def a_clock_names_another_limit_than_its_policy() -> Patches:
    def other(values: Values) -> Values:
        return with_data(values, limit="3wd") if values["data"]["clock"] == "assign" else {}

    return told("clock.started", other)


@fault(Clause.TERMS_DUE, alone=False)
def a_day_too_many_is_counted() -> Patches:
    def wrap(start: Callable[..., Any]) -> Callable[..., Any]:
        def generous(*asked: Any, **more: Any) -> Any:
            clocks, messages = start(*asked, **more)
            if len(messages) != 1:
                return clocks, messages
            due = clocks[0].due_at + timedelta(days=1)
            thresholds = (*clocks[0].thresholds[:-1], ("due", reactions_text(due)))
            clock = clocks[0].model_copy(update={"due_at": due, "thresholds": thresholds})
            body = messages[0].body.model_copy(update={"due_at": due})
            return (clock,), (messages[0]._replace(body=body),)

        return generous

    return [around(tracking, "start", wrap)]


def reactions_text(at: datetime) -> str:
    """As a clock keeps its thresholds."""
    return at.isoformat(timespec="milliseconds")
