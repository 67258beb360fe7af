"""Where two owners' doings cross, both orders end alike: the rows of docs/loop.md, as dispatch sees them."""

from datetime import datetime, timedelta

import pytest

from services.dispatch.issue.life import HELD, State
from shared.contract.event import Event
from shared.contract.events.intake import CorrectedWords, IssueAppealed, WordsCorrected
from tests.unit.dispatch.given import (
    ACCEPTED,
    CLOSED,
    CORRECTED,
    DRAFT,
    DUE,
    FIRST,
    GRANTED,
    HANDLER,
    OFFICE,
    REFERRED,
    REJECTED,
    UPHELD,
    UPHOLD,
    WITHDRAWN,
    Dispatch,
)
from tests.unit.one_aggregate import after


async def both_orders(start: State, first: Event, second: Event) -> tuple[Dispatch, Dispatch]:
    ways = []
    for events in ((first, second), (second, first)):
        dispatch = await Dispatch().bring(start)
        for event in events:
            await dispatch.take(event)
        ways.append(dispatch)
    return ways[0], ways[1]


async def test_a_withdrawal_wins_over_an_assignment_in_both_orders() -> None:
    late = await Dispatch().bring(State.WAITING)
    await late.take(WITHDRAWN)
    assert (await late.want("assign"))["reason"] == "illegal_move"
    assert (late.state.state, late.orders) == (State.WITHDRAWN, [])
    early = await Dispatch().bring(State.WAITING)
    await early.want("assign")
    await early.take(WITHDRAWN)
    assert early.state.state is State.WITHDRAWN
    assert early.told_to("housing") == ["order.assigned.v1", "order.withdrawn.v1"]


@pytest.mark.parametrize("state", HELD)
async def test_whoever_holds_a_withdrawn_issue_is_told_to_stop(state: State) -> None:
    dispatch = await Dispatch().bring(state)
    await dispatch.take(WITHDRAWN)
    assert dispatch.state.state is State.WITHDRAWN
    assert dispatch.orders[-1] == ("housing", "order.withdrawn.v1", {"assignment": FIRST})


async def test_a_withdrawal_wins_over_a_reply_and_the_released_reply_stays_on_record() -> None:
    late = await Dispatch().bring(State.CHECKED)
    await late.take(WITHDRAWN)
    assert (await late.want("release"))["reason"] == "illegal_move"
    early = await Dispatch().bring(State.REPLIED)
    await early.take(WITHDRAWN)
    assert late.state.state is early.state.state is State.WITHDRAWN
    assert early.told_to("housing")[-1] == "order.withdrawn.v1"
    assert early.events[-1].type == "reply.released.v1"


async def test_a_referral_wins_over_an_assignment_in_both_orders() -> None:
    late = await Dispatch().bring(State.WAITING)
    await late.take(REFERRED)
    assert (await late.want("assign"))["reason"] == "illegal_move"
    early = await Dispatch().bring(State.WAITING)
    await early.want("assign")
    await early.take(REFERRED)
    assert late.state.state is early.state.state is State.REFERRED
    assert (late.orders, early.told_to("housing")) == ([], ["order.assigned.v1", "order.referred.v1"])


@pytest.mark.parametrize("state", HELD)
async def test_whoever_holds_a_referred_issue_is_told_to_stop_and_not_whose_matter_it_is(
    state: State,
) -> None:
    dispatch = await Dispatch().bring(state)
    await dispatch.take(REFERRED)
    assert dispatch.state.state is State.REFERRED
    assert dispatch.orders[-1] == ("housing", "order.referred.v1", {"assignment": FIRST})


async def test_a_referral_wins_over_a_reply_and_the_released_reply_stays_on_record() -> None:
    late = await Dispatch().bring(State.CHECKED)
    await late.take(REFERRED)
    assert (await late.want("release"))["reason"] == "illegal_move"
    early = await Dispatch().bring(State.REPLIED)
    await early.take(REFERRED)
    assert late.state.state is early.state.state is State.REFERRED
    assert early.told_to("housing")[-1] == "order.referred.v1"
    assert early.events[-1].type == "reply.released.v1"


async def test_a_referral_wins_over_a_granted_rework_in_both_orders() -> None:
    granted_first, referred_first = await both_orders(State.REPLIED, GRANTED, REFERRED)
    assert granted_first.state.state is referred_first.state.state is State.REFERRED
    assert granted_first.told_to("housing")[-2:] == ["order.rework.v1", "order.referred.v1"]
    assert "order.rework.v1" not in referred_first.told_to("housing")


@pytest.mark.parametrize("state", [*HELD, State.REPLIED])
async def test_who_has_the_issue_reads_its_corrected_words_beside_the_first(state: State) -> None:
    dispatch = await Dispatch().bring(state)
    first, record = dispatch.state.text, dispatch.event(CORRECTED, after())
    await dispatch.deliver(record)
    await dispatch.deliver(record)
    assert (dispatch.state.state, dispatch.state.text) == (state, first)
    said = {"version": 2, "title": CORRECTED.title, "text": CORRECTED.text}
    assert dispatch.state.corrected == CorrectedWords(**said)
    orders = [entry for entry in dispatch.orders if entry[1] == "order.words_corrected.v1"]
    assert orders == [("housing", "order.words_corrected.v1", {"assignment": FIRST, **said})]


async def test_words_that_are_corrected_before_the_assignment_stand_on_the_order_in_both_orders() -> None:
    early, late = await Dispatch().bring(State.WAITING), await Dispatch().bring(State.WAITING)
    await early.take(CORRECTED)
    await early.want("assign")
    await late.want("assign")
    await late.take(CORRECTED)
    assert early.told_to("housing") == ["order.assigned.v1"]
    assert early.orders[-1][2]["corrected"]["text"] == late.orders[-1][2]["text"] == CORRECTED.text
    assert early.state.corrected == late.state.corrected


@pytest.mark.parametrize("state", [State.WITHDRAWN, State.REFERRED, State.CLOSED, State.REJECTED])
async def test_of_words_that_are_corrected_after_the_end_nobody_hears(state: State) -> None:
    dispatch = await Dispatch().bring(state)
    before, orders = dispatch.state, list(dispatch.orders)
    await dispatch.take(CORRECTED)
    assert (dispatch.state, dispatch.orders) == (before, orders)


async def test_a_correction_from_before_the_acceptance_comes_with_it() -> None:
    dispatch = await Dispatch().bring(State.REGISTERED)
    await dispatch.take(WordsCorrected(version=2))
    newest = CorrectedWords(version=2, title="电梯", text="两部电梯都坏了")
    await dispatch.take(ACCEPTED.model_copy(update={"corrected": newest}))
    await dispatch.want("assign")
    assert dispatch.orders[-1][2]["corrected"] == newest.model_dump()


async def test_an_issue_whose_appeal_is_upheld_waits_for_its_acceptance_with_the_date_that_the_raiser_was_told() -> (
    None
):
    dispatch = await Dispatch().bring(State.REJECTED)
    later = DUE + timedelta(days=1)
    await dispatch.take(IssueAppealed(due_at=later), at=after(days=2))
    assert dispatch.state.state is State.REJECTED
    await dispatch.take(UPHELD)
    assert (await dispatch.want("assign"))["reason"] == "illegal_move"
    await dispatch.take(ACCEPTED)
    await dispatch.want("assign", key="again")
    assert dispatch.state.due_at == later
    assert datetime.fromisoformat(dispatch.orders[-1][2]["due_at"]) == later


async def test_a_withdrawal_wins_over_a_granted_rework_in_both_orders() -> None:
    granted_first, withdrawn_first = await both_orders(State.REPLIED, GRANTED, WITHDRAWN)
    assert granted_first.state.state is withdrawn_first.state.state is State.WITHDRAWN
    assert granted_first.told_to("housing")[-2:] == ["order.rework.v1", "order.withdrawn.v1"]
    assert "order.rework.v1" not in withdrawn_first.told_to("housing")


@pytest.mark.parametrize("end", [WITHDRAWN, REFERRED], ids=lambda event: event.type)
async def test_closing_wins_over_a_withdrawal_and_a_referral_in_both_orders(end: Event) -> None:
    closed_first, ended_first = await both_orders(State.REPLIED, CLOSED, end)
    assert closed_first.state.state is ended_first.state.state is State.CLOSED
    assert closed_first.told_to("housing")[-1] == ended_first.told_to("housing")[-1] == "order.closed.v1"
    assert closed_first.told_to("housing")[-2] == "order.assigned.v1"


async def test_a_rejection_and_an_assignment_cannot_both_happen() -> None:
    dispatch = await Dispatch().bring(State.REGISTERED)
    assert (await dispatch.want("assign"))["reason"] == "illegal_move"
    await dispatch.take(REJECTED)
    assert (await dispatch.want("assign", key="again"))["reason"] == "illegal_move"
    assert (dispatch.state.state, dispatch.orders) == (State.REJECTED, [])


async def test_of_a_new_round_and_a_close_the_one_that_feedback_told_last_counts() -> None:
    """After a close only a look-back grants one."""
    dispatch = await Dispatch().bring(State.REPLIED)
    await dispatch.take(CLOSED, GRANTED)
    assert (dispatch.state.state, dispatch.state.round) == (State.IN_PROGRESS, 2)
    assert dispatch.told_to("housing")[-2:] == ["order.closed.v1", "order.rework.v1"]


async def test_a_transfer_wins_over_the_draft_of_the_department_that_gave_it_back() -> None:
    dispatch = await Dispatch().bring(State.RETURNED)
    assert (await dispatch.ask(DRAFT, after(hours=2), HANDLER))["reason"] == "illegal_move"
    await dispatch.ask(UPHOLD, after(hours=3), OFFICE)
    assert (await dispatch.ask(DRAFT, after(hours=4), HANDLER, "late"))["reason"] == "not_the_holder"
    assert dispatch.state.department == "transport"


async def test_a_repeated_acceptance_changes_nothing_once_work_has_begun() -> None:
    dispatch = await Dispatch().bring(State.IN_PROGRESS)
    await dispatch.take(ACCEPTED)
    assert dispatch.state.state is State.IN_PROGRESS
