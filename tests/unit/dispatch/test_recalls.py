"""The office takes an assignment back: who hears of it, what is refused from then on, and what it crosses."""

import pytest

from services.dispatch.issue.life import State
from shared.contract.commands.dispatch import AssignIssue, HandOver
from shared.contract.events.dispatch import AssignmentRecalled
from shared.domain.decisions import FAN_OUT
from tests.unit.dispatch.given import (
    ASSIGN,
    DRAFT,
    DUE,
    FIRST,
    GRANTED,
    HANDLER,
    HEARD,
    LEADER,
    NAME,
    OFFICE,
    RECALL,
    RETURN,
    SECOND,
    SIGN,
    SIGN_OFF,
    UPHOLD,
    WITHDRAWN,
    Dispatch,
)
from tests.unit.one_aggregate import after

BEFORE_SIGNATURE = (State.ASSIGNED, State.IN_PROGRESS, State.DRAFTED)
LATE = [
    (SIGN, HANDLER),
    (RETURN, HANDLER),
    (DRAFT, HANDLER),
    (SIGN_OFF, LEADER),
    (NAME, LEADER),
    (RECALL, OFFICE),
]


async def recalled(state: State = State.IN_PROGRESS) -> Dispatch:
    """An issue whose assignment was recalled from a state."""
    dispatch = await Dispatch().bring(state)
    await dispatch.walk(("recall",))
    return dispatch


@pytest.mark.parametrize("state", BEFORE_SIGNATURE)
async def test_a_recalled_issue_waits_again_its_department_is_told_to_stop_and_the_promise_stays(
    state: State,
) -> None:
    dispatch = await recalled(state)
    happened = AssignmentRecalled(assignment=FIRST, department="housing", reason="误交办", by="chen")
    assert dispatch.events[-1] == happened
    assert dispatch.orders[-1] == (
        "housing",
        "order.recalled.v1",
        {"assignment": FIRST, "reason": "误交办"},
    )
    known = dispatch.state
    assert (known.state, known.assignment, known.department) == (State.WAITING, "", "")
    assert (known.due_at, known.return_until) == (DUE, None)


async def test_the_drafts_of_a_recalled_assignment_stay_and_the_next_one_counts_on() -> None:
    dispatch = await recalled(State.DRAFTED)
    assert [draft.text for draft in dispatch.state.drafts] == [DRAFT.text]
    await dispatch.ask(ASSIGN, after(hours=2), OFFICE)
    again = {"assignment": SECOND}
    await dispatch.ask(SIGN.model_copy(update=again), after(hours=3), HANDLER)
    outcome = await dispatch.ask(DRAFT.model_copy(update=again), after(hours=4), HANDLER)
    assert (outcome["state"], outcome["draft"]) == ("drafted", 2)


@pytest.mark.parametrize("state", [State.DRAFTED, State.REPLIED])
async def test_the_next_department_reads_no_draft_of_the_one_before_but_what_was_released(
    state: State,
) -> None:
    dispatch = await Dispatch().bring(state)
    if state is State.REPLIED:
        await dispatch.take(GRANTED)
        await dispatch.ask(DRAFT.model_copy(update={"text": "第二轮的拟稿"}), after(hours=2), HANDLER)
    await dispatch.walk(("recall",))
    every = dispatch.state.drafts
    await dispatch.ask(AssignIssue(department="transport"), after(hours=3), OFFICE)
    known = dispatch.state
    assert (known.drafts, known.others_drafts) == (every[:-1], every[-1:])
    assert [draft.number for draft in known.drafts] == list(known.released)
    again = {"assignment": known.assignment}
    await dispatch.ask(SIGN.model_copy(update=again), after(hours=4), "handler:transport/ma")
    outcome = await dispatch.ask(DRAFT.model_copy(update=again), after(hours=5), "handler:transport/ma")
    assert outcome["draft"] == len(every) + 1
    await dispatch.ask(RECALL.model_copy(update=again), after(hours=6), OFFICE)
    await dispatch.ask(ASSIGN, after(hours=7), OFFICE)
    assert dispatch.state.drafts == every
    assert [draft.number for draft in dispatch.state.others_drafts] == [len(every) + 1]


@pytest.mark.parametrize("reassigned", [False, True])
@pytest.mark.parametrize(("command", "actor"), LATE)
async def test_whatever_comes_late_of_a_recalled_assignment_is_refused(
    command: object, actor: str, reassigned: bool
) -> None:
    dispatch = await recalled()
    if reassigned:
        await dispatch.ask(ASSIGN, after(hours=2), OFFICE)
    before, events, orders = dispatch.state, len(dispatch.events), len(dispatch.orders)
    outcome = await dispatch.ask(command, after(hours=3), actor)  # type: ignore[arg-type]
    assert (outcome["status"], outcome["reason"]) == ("refused", "stale_assignment")
    assert (dispatch.state, len(dispatch.events), len(dispatch.orders)) == (before, events, orders)


async def test_a_departments_own_system_hears_that_its_late_draft_is_refused() -> None:
    dispatch = await recalled()
    await dispatch.deliver(dispatch.message("housing", "m-1", DRAFT))
    code, kind, order = dispatch.orders[-1]
    assert (code, kind, order["reason"]) == ("housing", "order.refused.v1", "stale_assignment")


@pytest.mark.parametrize("department", ["housing", "transport"])
async def test_a_recalled_issue_is_assigned_again_to_the_same_department_or_another(department: str) -> None:
    dispatch = await recalled()
    outcome = await dispatch.ask(AssignIssue(department=department), after(days=3), OFFICE)
    assert (outcome["assignment"], outcome["department"]) == (SECOND, department)
    returns = RETURN.model_copy(update={"assignment": SECOND})
    actor = f"handler:{department}/li"
    assert (await dispatch.ask(returns, after(days=3, hours=1), actor))["state"] == "returned"


async def test_a_new_round_that_is_recalled_goes_to_another_department_with_its_round() -> None:
    dispatch = await Dispatch().bring(State.REPLIED)
    await dispatch.take(GRANTED)
    await dispatch.walk(("recall",))
    await dispatch.ask(AssignIssue(department="transport"), after(hours=3), OFFICE)
    code, kind, order = dispatch.orders[-1]
    assert (code, kind, order["round"]) == ("transport", "order.assigned.v1", 2)
    assert dispatch.events[-1].round == 2


@pytest.mark.parametrize(
    ("state", "legal"),
    [
        (State.RETURNED, ["rule", *HEARD]),
        (State.SIGNED_OFF, ["check", "send_back", "name_handler", *HEARD]),
        (State.CHECKED, ["release", "send_back", "name_handler", *HEARD]),
        (State.REPLIED, ["correct"]),
    ],
)
async def test_what_is_returned_or_signed_off_is_not_recalled_and_says_what_is_possible(
    state: State, legal: list[str]
) -> None:
    dispatch = await Dispatch().bring(state)
    outcome = await dispatch.ask(RECALL, after(hours=2), OFFICE)
    assert (outcome["reason"], outcome["legal"]) == ("illegal_move", legal)


async def test_a_recall_needs_a_reason_and_the_office() -> None:
    dispatch = await Dispatch().bring(State.ASSIGNED)
    blank = RECALL.model_copy(update={"reason": " "})
    assert (await dispatch.ask(blank, after(hours=2), OFFICE))["reason"] == "reason_missing"
    assert (await dispatch.ask(RECALL, after(hours=2), LEADER))["reason"] == "wrong_role"


# ------------------------------------------------------------------ crossings


async def test_a_recall_wins_over_a_draft_in_both_orders_and_the_draft_is_kept() -> None:
    late = await recalled(State.IN_PROGRESS)
    assert (await late.ask(DRAFT, after(hours=2), HANDLER))["reason"] == "stale_assignment"
    early = await recalled(State.DRAFTED)
    assert late.state.state is early.state.state is State.WAITING
    assert (len(late.state.drafts), len(early.state.drafts)) == (0, 1)


async def test_between_a_recall_and_a_signature_the_one_that_is_decided_first_wins() -> None:
    signed = await Dispatch().bring(State.DRAFTED)
    await signed.walk(("sign_off",))
    assert (await signed.ask(RECALL, after(hours=2), OFFICE))["reason"] == "illegal_move"
    back = await recalled(State.DRAFTED)
    assert (await back.ask(SIGN_OFF, after(hours=2), LEADER))["reason"] == "stale_assignment"
    assert (signed.state.state, back.state.state) == (State.SIGNED_OFF, State.WAITING)
    await signed.walk(("send_back", "recall"))
    assert signed.state.state is State.WAITING


async def test_between_a_recall_and_a_return_the_one_that_is_decided_first_wins() -> None:
    returned = await Dispatch().bring(State.IN_PROGRESS)
    await returned.walk(("return",))
    assert (await returned.ask(RECALL, after(hours=2), OFFICE))["reason"] == "illegal_move"
    assert (await returned.ask(UPHOLD, after(hours=3), OFFICE))["department"] == "transport"
    back = await recalled()
    assert (await back.ask(RETURN, after(hours=2), HANDLER))["reason"] == "stale_assignment"


async def test_a_withdrawal_wins_over_a_recall_in_both_orders() -> None:
    early = await Dispatch().bring(State.IN_PROGRESS)
    await early.take(WITHDRAWN)
    assert (await early.ask(RECALL, after(hours=2), OFFICE))["reason"] == "illegal_move"
    late = await recalled()
    await late.take(WITHDRAWN)
    assert early.state.state is late.state.state is State.WITHDRAWN
    assert early.told_to("housing")[-1] == "order.withdrawn.v1"
    assert late.told_to("housing")[-1] == "order.recalled.v1"


async def test_a_merger_finds_nothing_to_hand_over_of_what_was_recalled() -> None:
    dispatch = await recalled()
    before, events, orders = dispatch.state, len(dispatch.events), len(dispatch.orders)
    moves = HandOver(department="housing", to="planning", by="chen")
    assert (await dispatch.ask(moves, after(hours=2), FAN_OUT))["status"] == "done"
    assert (dispatch.state, len(dispatch.events), len(dispatch.orders)) == (before, events, orders)
