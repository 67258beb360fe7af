"""The date that a department works to moves: its own topic says so, and dispatch judges by the date in force."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from services.dispatch.consumer import ISSUE as KIND
from services.dispatch.issue.life import State
from shared.contract.command import FireDeadline
from shared.contract.commands.dispatch import EndPause, GrantExtension, GrantPause
from shared.contract.events.dispatch import ExtensionAsked, ExtensionEnded, ExtensionGranted
from shared.contract.events.intake import AppealUpheld, IssueAppealed
from shared.contract.events.supervision import DueRecalculated
from shared.contract.words import ClockName, Ended, Recalculation
from shared.domain.reference import Renewal
from tests.unit.dispatch.given import (
    AGREE,
    CO_HANDLE,
    CO_HANDLER,
    DUE,
    EXTEND,
    FIRST,
    GRANTED,
    HANDLER,
    LEADER,
    OFFICE,
    PLANNER,
    REJECTED,
    SIGN_OFF,
    Dispatch,
)
from tests.unit.one_aggregate import MOMENT, after
from tests.unit.supervision.renewed import publish, publish_policy, rest

OFF = (date(2026, 3, 11), date(2026, 3, 12))
"""Two days of rest before the promise is due."""
TWO_LATER = datetime.fromisoformat("2026-03-18T17:30:00+08:00")


def told(renewal: Renewal, **values: Any) -> DueRecalculated:
    """As supervision tells it; by its date dispatch does not go."""
    about = {"clock": ClockName.PROMISE, "round": 1, "old_due_at": DUE, "due_at": TWO_LATER} | values
    return DueRecalculated(
        **about, because=renewal.because, version=renewal.version, in_force_from=renewal.at
    )


async def moved(state: State = State.IN_PROGRESS) -> Dispatch:
    """An issue whose promise a new calendar has reached."""
    dispatch = Dispatch(own_directory=True)
    await dispatch.bring(state)
    renewal = publish(dispatch.reference, rest(*OFF), after(days=1))
    await dispatch.take(told(renewal), at=after(days=1, hours=1))
    return dispatch


def changed(dispatch: Dispatch) -> list[tuple[str, dict[str, Any]]]:
    return [(code, data) for code, kind, data in dispatch.orders if kind == "order.due_changed.v1"]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def test_a_calendar_that_reaches_the_promise_is_told_to_who_holds_it_and_once() -> None:
    dispatch = Dispatch(own_directory=True)
    await dispatch.bring(State.IN_PROGRESS)
    renewal = publish(dispatch.reference, rest(*OFF), after(days=1))
    record = dispatch.event(told(renewal), after(days=1, hours=1))
    for _ in range(2):  # delivered twice
        await dispatch.deliver(record)
    assert dispatch.state.due_at == TWO_LATER
    [(code, order)] = changed(dispatch)
    assert (code, order["assignment"], order["round"], order["clock"]) == ("housing", FIRST, 1, "promise")
    assert (at(order["old_due_at"]), at(order["due_at"])) == (DUE, TWO_LATER)
    assert order["because"] == "calendar"


@pytest.mark.parametrize("state", [State.REGISTERED, State.WAITING, State.REPLIED, State.WITHDRAWN])
async def test_where_nobody_holds_it_no_department_is_told_and_the_next_one_reads_the_new_date(
    state: State,
) -> None:
    dispatch = await moved(state)
    assert changed(dispatch) == []
    assert dispatch.state.due_at == TWO_LATER
    if state is State.WAITING:
        await dispatch.want("assign")
        assert at(dispatch.orders[-1][2]["due_at"]) == TWO_LATER


async def test_the_last_moment_to_ask_for_more_time_and_its_days_follow_the_date_in_force() -> None:
    dispatch = await moved()
    late = EXTEND.model_copy(update={"until": date(2026, 3, 20)})
    tuesday = at("2026-03-17T17:30:00+08:00")
    assert (await dispatch.ask(late, tuesday + MOMENT, HANDLER))["reason"] == "extension_too_late"
    assert (await dispatch.ask(late, tuesday, HANDLER))["days"] == 2
    [asked] = [event for event in dispatch.events if isinstance(event, ExtensionAsked)]
    assert asked.due_at == TWO_LATER
    deadline = KIND.next_deadline(dispatch.state)
    assert deadline is not None and deadline.at == TWO_LATER


async def test_the_lapse_of_a_request_moves_with_the_date_and_the_older_deadline_is_void() -> None:
    dispatch = Dispatch(own_directory=True)
    await dispatch.bring(State.IN_PROGRESS)
    await dispatch.want("ask_extension")
    older = KIND.next_deadline(dispatch.state)
    renewal = publish(dispatch.reference, rest(*OFF), after(days=1))
    await dispatch.take(told(renewal), at=after(days=1, hours=1))
    assert older is not None and older.at == DUE
    fire = FireDeadline(name=older.name, due_at=older.at)
    assert (await dispatch.ask(fire, DUE, "system:timer"))["status"] == "void"
    newer = KIND.next_deadline(dispatch.state)
    assert newer is not None and newer.at == TWO_LATER
    await dispatch.ask(FireDeadline(name=newer.name, due_at=newer.at), TWO_LATER, "system:timer")
    [ended] = [event for event in dispatch.events if isinstance(event, ExtensionEnded)]
    assert ended.because == Ended.BREACHED


async def test_a_grant_names_the_moved_date_as_the_old_one_and_keeps_the_first() -> None:
    dispatch = await moved()
    await dispatch.ask(EXTEND.model_copy(update={"until": date(2026, 3, 20)}), after(days=2), HANDLER)
    await dispatch.ask(GrantExtension(assignment=FIRST, request=1), after(days=3), OFFICE)
    [granted] = [event for event in dispatch.events if isinstance(event, ExtensionGranted)]
    assert (granted.original_due_at, granted.old_due_at, granted.days) == (DUE, TWO_LATER, 2)
    assert granted.due_at == at("2026-03-20T17:30:00+08:00")
    assert [order["because"] for _, order in changed(dispatch)] == ["calendar", "extension"]


async def test_a_version_that_comes_behind_a_grant_counts_from_when_it_was_in_force() -> None:
    dispatch = Dispatch(own_directory=True)
    await dispatch.bring(State.IN_PROGRESS)
    renewal = publish(dispatch.reference, rest(*OFF), after(days=1))
    await dispatch.ask(EXTEND, after(days=2), HANDLER)
    await dispatch.ask(GrantExtension(assignment=FIRST, request=1), after(days=3), OFFICE)
    await dispatch.take(told(renewal), at=after(days=4))
    assert dispatch.state.due_at == at("2026-03-24T17:30:00+08:00")


async def test_what_a_version_makes_due_before_it_was_granted_is_granted_no_more() -> None:
    dispatch = Dispatch(own_directory=True)
    await dispatch.bring(State.IN_PROGRESS)
    publish_policy(dispatch.reference, after(days=1), promise="3wd")
    await dispatch.ask(EXTEND, after(days=4), HANDLER)
    await dispatch.ask(GrantExtension(assignment=FIRST, request=1), after(days=5), OFFICE)
    await dispatch.take(told(dispatch.reference.renewals[-1]), at=after(days=6))
    assert dispatch.state.due_at == at("2026-03-05T17:30:00+08:00")
    assert changed(dispatch)[-1][1]["because"] == "policy"


async def test_a_pause_that_ends_by_another_calendar_moves_the_date_by_both() -> None:
    dispatch = await moved()
    await dispatch.want("ask_pause")
    await dispatch.ask(GrantPause(assignment=FIRST, request=1), after(days=2), OFFICE)
    await dispatch.ask(EndPause(assignment=FIRST, request=1, reason="已到"), after(days=3, hours=1), HANDLER)
    code, order = changed(dispatch)[-1]
    assert (code, order["because"]) == ("housing", Recalculation.PAUSE)
    assert at(order["due_at"]) == dispatch.state.due_at == TWO_LATER + timedelta(days=1)
    assert dispatch.told_to("housing")[-2:] == ["order.pause_ended.v1", "order.due_changed.v1"]


async def test_a_round_has_its_own_promise_and_what_came_late_moves_the_former_one() -> None:
    dispatch = Dispatch(own_directory=True)
    await dispatch.bring(State.REPLIED)
    renewal = publish(dispatch.reference, rest(*OFF), after(days=1))
    await dispatch.take(GRANTED, at=after(days=3))
    before = dispatch.state
    await dispatch.take(told(renewal), at=after(days=4))
    assert dispatch.state == before
    await dispatch.take(told(renewal, round=2), at=after(days=4))
    assert len(dispatch.state.promise.history) == 2


async def test_the_departments_own_time_is_passed_on_while_it_is_theirs() -> None:
    dispatch = Dispatch(own_directory=True)
    await dispatch.bring(State.IN_PROGRESS)
    publish_policy(dispatch.reference, after(days=1), holding="12wd")
    own = {"clock": ClockName.HOLDING, "old_due_at": DUE, "due_at": TWO_LATER}
    renewal = dispatch.reference.renewals[-1]
    await dispatch.take(told(renewal, **own, assignment=f"{FIRST}9"), at=after(days=2))
    assert changed(dispatch) == []
    await dispatch.take(told(renewal, **own, assignment=FIRST), at=after(days=2))
    [(code, order)] = changed(dispatch)
    assert (code, order["clock"], at(order["due_at"])) == ("housing", "holding", TWO_LATER)
    assert dispatch.state.due_at == DUE


async def test_an_opinion_is_waited_for_until_the_day_to_which_a_version_moves_it() -> None:
    dispatch = Dispatch(own_directory=True)
    await dispatch.bring(State.DRAFTED)
    await dispatch.ask(CO_HANDLE, after(hours=1), OFFICE)
    renewal = publish(dispatch.reference, rest(date(2026, 3, 4)), after(hours=2))
    own = {"clock": ClockName.CO_HANDLER, "assignment": CO_HANDLER}
    first, later = after(days=3, hours=8.5), after(days=4, hours=8.5)
    record = dispatch.event(told(renewal, **own, old_due_at=first, due_at=later), after(hours=3))
    for _ in range(2):  # delivered twice
        await dispatch.deliver(record)
    [(code, order)] = changed(dispatch)
    assert (code, order["assignment"], order["clock"], at(order["due_at"])) == (
        "planning",
        CO_HANDLER,
        "co_handler",
        later,
    )
    assert (await dispatch.ask(SIGN_OFF, first + MOMENT, LEADER))["reason"] == "co_handler_not_heard"
    assert (await dispatch.ask(SIGN_OFF, later + MOMENT, LEADER))["status"] == "done"


async def test_of_an_opinion_that_was_heard_no_date_moves_any_more() -> None:
    dispatch = Dispatch(own_directory=True)
    await dispatch.bring(State.IN_PROGRESS)
    await dispatch.ask(CO_HANDLE, after(hours=1), OFFICE)
    await dispatch.ask(AGREE, after(hours=2), PLANNER)
    renewal = publish(dispatch.reference, rest(date(2026, 3, 4)), after(hours=2))
    before = dispatch.state
    own = {"clock": ClockName.CO_HANDLER, "assignment": CO_HANDLER}
    await dispatch.take(told(renewal, **own), at=after(hours=3))
    assert dispatch.state == before
    assert changed(dispatch) == []


async def test_after_an_appeal_a_promise_that_was_recalculated_counts_for_itself() -> None:
    dispatch = await moved(State.REGISTERED)
    await dispatch.take(REJECTED, at=after(days=2))
    await dispatch.take(IssueAppealed(person="p", due_at=DUE), at=after(days=3, hours=1))
    await dispatch.take(AppealUpheld(reason="确已撤诉", by="wang"), at=after(days=3, hours=2))
    assert dispatch.state.due_at == TWO_LATER + timedelta(days=1)


async def test_a_reason_that_a_newer_supervision_has_changes_nothing_here() -> None:
    dispatch = Dispatch(own_directory=True)
    await dispatch.bring(State.IN_PROGRESS)
    before = dispatch.state
    strange = DueRecalculated(
        clock="promise",
        old_due_at=DUE,
        due_at=TWO_LATER,
        because="typhoon",
        version="1",
        in_force_from=after(),
    )
    await dispatch.take(strange, at=after(days=1))
    assert dispatch.state == before
