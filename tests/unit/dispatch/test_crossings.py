"""Where two owners' doings cross, both orders end alike: the rows of docs/loop.md, as dispatch sees them."""

import pytest

from services.dispatch.domain import State
from shared.events import Event
from tests.unit.dispatch.desks import DRAFT, FIRST, HANDLER, OFFICE, UPHOLD, Desks, closed, granted
from tests.unit.supervision.street import accepted, after, rejected, withdrawn

HELD = (State.ASSIGNED, State.RETURNED, State.IN_PROGRESS, State.DRAFTED, State.SIGNED_OFF, State.CHECKED)


async def both_orders(start: State, first: Event, second: Event) -> tuple[Desks, Desks]:
    ways = []
    for facts in ((first, second), (second, first)):
        desks = await Desks().bring(start)
        for fact in facts:
            await desks.hear(fact)
        ways.append(desks)
    return ways[0], ways[1]


async def test_a_withdrawal_wins_over_an_assignment_in_both_orders() -> None:
    late = await Desks().bring(State.WAITING)
    await late.hear(withdrawn())
    assert (await late.want("assign"))["reason"] == "illegal_move"
    assert (late.state.state, late.orders) == (State.WITHDRAWN, [])
    early = await Desks().bring(State.WAITING)
    await early.want("assign")
    await early.hear(withdrawn())
    assert early.state.state is State.WITHDRAWN
    assert early.told_to("housing") == ["order.assigned.v1", "order.withdrawn.v1"]


@pytest.mark.parametrize("state", HELD)
async def test_whoever_holds_a_withdrawn_issue_is_told_to_stop(state: State) -> None:
    desks = await Desks().bring(state)
    await desks.hear(withdrawn())
    assert desks.state.state is State.WITHDRAWN
    assert desks.orders[-1] == ("housing", "order.withdrawn.v1", {"assignment": FIRST})


async def test_a_withdrawal_wins_over_a_reply_and_the_released_reply_stays_on_record() -> None:
    late = await Desks().bring(State.CHECKED)
    await late.hear(withdrawn())
    assert (await late.want("release"))["reason"] == "illegal_move"
    early = await Desks().bring(State.REPLIED)
    await early.hear(withdrawn())
    assert late.state.state is early.state.state is State.WITHDRAWN
    assert early.told_to("housing")[-1] == "order.withdrawn.v1"
    assert early.told[-2].type == "reply.released.v1"


async def test_a_withdrawal_wins_over_a_granted_rework_in_both_orders() -> None:
    granted_first, withdrawn_first = await both_orders(State.REPLIED, granted(), withdrawn())
    assert granted_first.state.state is withdrawn_first.state.state is State.WITHDRAWN
    assert granted_first.told_to("housing")[-2:] == ["order.rework.v1", "order.withdrawn.v1"]
    assert "order.rework.v1" not in withdrawn_first.told_to("housing")


async def test_closing_wins_over_a_withdrawal_in_both_orders() -> None:
    closed_first, withdrawn_first = await both_orders(State.REPLIED, closed(), withdrawn())
    assert closed_first.state.state is withdrawn_first.state.state is State.CLOSED
    assert closed_first.told_to("housing")[-1] == withdrawn_first.told_to("housing")[-1] == "order.closed.v1"
    assert "order.withdrawn.v1" not in closed_first.told_to("housing")


async def test_a_rejection_and_an_assignment_cannot_both_happen() -> None:
    desks = await Desks().bring(State.REGISTERED)
    assert (await desks.want("assign"))["reason"] == "illegal_move"
    await desks.hear(rejected())
    assert (await desks.want("assign", key="again"))["reason"] == "illegal_move"
    assert (desks.state.state, desks.orders) == (State.REJECTED, [])


async def test_a_new_round_after_the_close_is_not_begun() -> None:
    desks = await Desks().bring(State.REPLIED)
    await desks.hear(closed(), granted())
    assert (desks.state.state, desks.state.round) == (State.CLOSED, 1)
    assert "order.rework.v1" not in desks.told_to("housing")


async def test_a_transfer_wins_over_the_draft_of_the_department_that_gave_it_back() -> None:
    desks = await Desks().bring(State.RETURNED)
    assert (await desks.ask(DRAFT, after(hours=2), HANDLER))["reason"] == "illegal_move"
    await desks.ask(UPHOLD, after(hours=3), OFFICE)
    assert (await desks.ask(DRAFT, after(hours=4), HANDLER, "late"))["reason"] == "stale_assignment"
    assert desks.state.department == "transport"


async def test_a_repeated_acceptance_changes_nothing_once_work_has_begun() -> None:
    desks = await Desks().bring(State.IN_PROGRESS)
    await desks.hear(accepted())
    assert desks.state.state is State.IN_PROGRESS
