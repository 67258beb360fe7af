"""A pause of an issue: on which grounds, who decides, when it ends, and that the days in between do not count."""

from datetime import datetime
from typing import Any

import pytest

from services.dispatch.consumer import ISSUE as KIND
from services.dispatch.issue.life import State
from shared.contract.command import FireDeadline
from shared.contract.commands.dispatch import AskPause, DraftReply, EndPause, GrantPause, RecallAssignment
from shared.contract.events.dispatch import PauseAsked, PauseEnded, PauseGranted
from shared.contract.words import Ended, PauseGround
from tests.unit.dispatch.given import (
    DRAFT,
    DUE,
    EXTEND,
    FIRST,
    HANDLER,
    OFFICE,
    PAUSE,
    WITHDRAWN,
    Dispatch,
)
from tests.unit.one_aggregate import MOMENT, after

GRANT, END = GrantPause(assignment=FIRST, request=1), EndPause(assignment=FIRST, request=1)
GRANTED_AT = after(days=1)
"""Tuesday, 2026-03-03, at 09:00."""
RUNS_OUT = datetime.fromisoformat("2026-03-10T17:30:00+08:00")
FIVE_LATER = datetime.fromisoformat("2026-03-23T17:30:00+08:00")
STATUTORY = AskPause(
    assignment=FIRST, ground=PauseGround.STATUTORY, basis="《行政许可法》第四十五条", reason="须专家评审"
)


async def paused(command: AskPause = PAUSE) -> Dispatch:
    dispatch = await Dispatch().bring(State.IN_PROGRESS)
    assert (await dispatch.ask(command, after(hours=2), HANDLER))["status"] == "done"
    assert (await dispatch.ask(GRANT, GRANTED_AT, OFFICE))["state"] == "suspended"
    return dispatch


def of(dispatch: Dispatch, *kinds: type) -> list[Any]:
    return [event for event in dispatch.events if isinstance(event, kinds)]


async def test_waiting_for_the_entrepreneur_ends_by_itself_after_five_working_days() -> None:
    dispatch = await paused()
    (granted,) = of(dispatch, PauseGranted)
    assert (granted.ground, granted.ends_at) == (PauseGround.WAITING, RUNS_OUT)
    deadline = KIND.next_deadline(dispatch.state)
    assert deadline is not None and (deadline.at, deadline.fire_at) == (RUNS_OUT, RUNS_OUT)
    fire = FireDeadline(name=deadline.name, due_at=deadline.at)
    for _ in range(2):
        await dispatch.ask(fire, RUNS_OUT, "system:timer", key=f"timer/{deadline.name}")
    (ended,) = of(dispatch, PauseEnded)
    assert (ended.because, ended.due_at) == (Ended.TIME_OVER, FIVE_LATER)
    assert (dispatch.state.state, dispatch.state.due_at) == (State.IN_PROGRESS, FIVE_LATER)
    assert dispatch.told_to("housing")[-2:] == ["order.pause_ended.v1", "order.due_changed.v1"]


async def test_a_command_that_comes_after_its_end_finds_it_ended_however_late_the_timer_is() -> None:
    dispatch = await paused()
    drafted = await dispatch.ask(DRAFT, RUNS_OUT + MOMENT, HANDLER)
    assert drafted["status"] == "done"
    assert of(dispatch, PauseEnded)[0].because == Ended.TIME_OVER


@pytest.mark.parametrize(
    "command", [STATUTORY, AskPause(assignment=FIRST, ground=PauseGround.FORCE_MAJEURE, reason="台风停工")]
)
async def test_the_other_grounds_last_until_somebody_ends_them(command: AskPause) -> None:
    dispatch = await paused(command)
    assert KIND.next_deadline(dispatch.state) is None
    assert of(dispatch, PauseGranted)[0].basis == command.basis
    outcome = await dispatch.ask(END, after(days=1, hours=1), HANDLER)
    assert (outcome["status"], outcome["state"]) == ("done", "in_progress")
    assert of(dispatch, PauseEnded)[0].due_at == DUE  # the day on which it ended counts


async def test_the_office_ends_it_too() -> None:
    dispatch = await paused()
    assert (await dispatch.ask(END, after(days=2), OFFICE))["status"] == "done"


async def test_a_statutory_procedure_names_its_legal_basis() -> None:
    dispatch = await Dispatch().bring(State.IN_PROGRESS)
    nameless = STATUTORY.model_copy(update={"basis": " "})
    outcome = await dispatch.ask(nameless, after(hours=2), HANDLER)
    assert (outcome["status"], outcome["reason"]) == ("refused", "basis_missing")


async def test_while_it_is_paused_nobody_drafts_returns_or_asks_for_more() -> None:
    dispatch = await paused()
    for verb in ("draft", "return", "ask_pause", "ask_extension"):
        assert (await dispatch.want(verb))["reason"] == "illegal_move"
    assert (await dispatch.want("name_handler"))["state"] == "suspended"


async def test_who_asks_does_not_grant_it() -> None:
    dispatch = await Dispatch().bring(State.IN_PROGRESS)
    await dispatch.ask(PAUSE, after(hours=2), "handler:housing/chen")
    assert (await dispatch.ask(GRANT, GRANTED_AT, OFFICE))["reason"] == "same_person"


async def test_a_request_that_was_not_decided_is_asked_once() -> None:
    dispatch = await Dispatch().bring(State.IN_PROGRESS)
    await dispatch.ask(PAUSE, after(hours=2), HANDLER)
    assert (await dispatch.ask(PAUSE, after(hours=3), HANDLER))["reason"] == "illegal_move"
    await dispatch.want("refuse_pause")
    assert (await dispatch.ask(PAUSE, after(hours=4), HANDLER))["request"] == 2
    assert (await dispatch.ask(GRANT, GRANTED_AT, OFFICE))["reason"] == "stale_request"


async def test_only_the_pause_that_was_read_is_ended() -> None:
    dispatch = await paused()
    other = END.model_copy(update={"request": 2})
    assert (await dispatch.ask(other, after(days=2), HANDLER))["reason"] == "stale_request"


async def test_a_recall_ends_it_and_the_promise_runs_on_from_there() -> None:
    dispatch = await paused()
    await dispatch.ask(RecallAssignment(assignment=FIRST, reason="误交办"), after(days=3), OFFICE)
    (ended,) = of(dispatch, PauseEnded)
    assert (ended.because, ended.granted) == (Ended.ASSIGNMENT_OVER, True)
    assert ended.due_at == dispatch.state.due_at == datetime.fromisoformat("2026-03-18T17:30:00+08:00")
    assert KIND.next_deadline(dispatch.state) is None


async def test_a_withdrawal_ends_it_and_nobody_waits_for_the_promise_any_more() -> None:
    dispatch = await paused()
    await dispatch.take(WITHDRAWN, at=after(days=3))
    (ended,) = of(dispatch, PauseEnded)
    assert (ended.because, ended.due_at, dispatch.state.pause) == (Ended.ASSIGNMENT_OVER, None, None)


async def test_a_request_that_nobody_decided_on_ends_with_its_assignment_and_paused_nothing() -> None:
    dispatch = await Dispatch().bring(State.IN_PROGRESS)
    await dispatch.ask(PAUSE, after(hours=2), HANDLER)
    await dispatch.walk(("draft", "sign_off", "check", "release"))
    (ended,) = of(dispatch, PauseEnded)
    assert (ended.granted, dispatch.state.due_at, dispatch.state.pause) == (False, DUE, None)


async def test_an_extension_that_waits_does_not_lapse_while_it_is_paused_and_then_at_the_later_date() -> None:
    dispatch = await Dispatch().bring(State.IN_PROGRESS)
    await dispatch.ask(EXTEND, after(hours=1), HANDLER)
    await dispatch.ask(STATUTORY, after(hours=2), HANDLER)
    await dispatch.ask(GRANT, GRANTED_AT, OFFICE)
    assert KIND.next_deadline(dispatch.state) is None
    await dispatch.ask(END, after(days=40), HANDLER)
    deadline = KIND.next_deadline(dispatch.state)
    assert deadline is not None and deadline.at == dispatch.state.due_at > DUE
    assert deadline.name == "extension@1/1/lapse/3"


async def test_whatever_is_delivered_twice_happens_once() -> None:
    dispatch = await Dispatch().bring(State.IN_PROGRESS)
    records = [
        dispatch.command(PAUSE, after(hours=2), HANDLER),
        dispatch.command(GRANT, GRANTED_AT, OFFICE),
        dispatch.command(END, after(days=3), HANDLER),
    ]
    for record in (*records, *records):
        await dispatch.deliver(record)
    assert len(dispatch.events) == len({id(event) for event in dispatch.events})
    assert [len(of(dispatch, kind)) for kind in (PauseAsked, PauseGranted, PauseEnded)] == [1, 1, 1]


async def test_a_draft_of_a_department_that_is_paused_says_what_is_legal() -> None:
    dispatch = await paused()
    outcome = await dispatch.ask(DraftReply(**DRAFT.model_dump()), after(days=2), HANDLER)
    assert "end_pause" in outcome["legal"]
