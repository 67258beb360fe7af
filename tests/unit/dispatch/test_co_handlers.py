"""Co-handlers (协办、会签): who is asked for an opinion, who hears it, what waits for it, and what becomes of them."""

from typing import Any

import pytest

from services.dispatch.consumer import ISSUE as KIND
from services.dispatch.issue.life import HELD, MOVES, State
from services.dispatch.store import open_issues_of
from shared.contract.commands.dispatch import (
    AssignIssue,
    HandOver,
    ReleaseCoHandler,
    RuleOnReturn,
)
from shared.contract.event import Event
from shared.contract.events.dispatch import (
    AssignmentTransferred,
    CoHandlerAdded,
    CoHandlerHeard,
    CoHandlerReleased,
    ReplyReleased,
)
from shared.contract.events.supervision import DepartmentAddressed
from shared.contract.words import CoHandlingEnd, DocumentKind, Saying
from shared.domain.decisions import FAN_OUT
from shared.domain.rights import Asker, readable
from tests.unit.dispatch.given import (
    AGREE,
    CO_HANDLE,
    CO_HANDLER,
    CORRECTED,
    FIRST,
    GRANTED,
    HANDLER,
    LEADER,
    OBJECT,
    OFFICE,
    PLANNER,
    RECALL,
    REFERRED,
    SECOND,
    SIGN_OFF,
    WITHDRAWN,
    Dispatch,
)
from tests.unit.one_aggregate import after

OPINION_DUE = after(days=3, hours=8.5)
"""The end of the office day of the third working day after a Monday."""
RELEASE_IT = ReleaseCoHandler(assignment=CO_HANDLER, reason="已另行征求意见")
ADDS = (State.ASSIGNED, State.IN_PROGRESS, State.SUSPENDED, State.DRAFTED)


async def co_handled(state: State = State.IN_PROGRESS) -> Dispatch:
    """An issue that housing leads, on which planning was asked for its opinion."""
    dispatch = await Dispatch().bring(state)
    assert (await dispatch.ask(CO_HANDLE, after(hours=1), OFFICE))["status"] == "done"
    return dispatch


def of(dispatch: Dispatch, kind: type[Event]) -> list[Any]:
    return [event for event in dispatch.events if isinstance(event, kind)]


def told(dispatch: Dispatch, department: str, type: str) -> list[dict[str, Any]]:
    return [data for code, kind, data in dispatch.orders if (code, kind) == (department, type)]


def ends(dispatch: Dispatch) -> list[str]:
    """Why opinions were wanted no more, as everybody and as the co-handler was told."""
    said = [event.because for event in of(dispatch, CoHandlerReleased)]
    assert [order["because"] for order in told(dispatch, "planning", "order.co_handler_released.v1")] == said
    return said


# ------------------------------------------------------------------------ asked and heard


async def test_a_co_handler_has_an_assignment_of_its_own_and_all_that_it_needs_and_the_lead_stays() -> None:
    dispatch = await co_handled()
    [added] = of(dispatch, CoHandlerAdded)
    assert (added.assignment, added.department, added.round) == (CO_HANDLER, "planning", 1)
    assert (added.due_at, added.limit, added.wanted) == (OPINION_DUE, "3wd", CO_HANDLE.wanted)
    assert added.head and added.by == "chen"
    [order] = told(dispatch, "planning", "order.co_handle.v1")
    assert (order["title"], order["text"], order["number"]) == ("小区电梯坏了", "物业三个月不修电梯", "HZ-1")
    assert (order["lead"], order["wanted"], order["head"]) == ("housing", CO_HANDLE.wanted, added.head)
    assert order["attachments"] and order["due_at"].startswith(OPINION_DUE.strftime("%Y-%m-%dT%H:%M"))
    known = dispatch.state
    assert (known.department, known.assignment, known.assignments) == ("housing", FIRST, 1)


async def test_its_opinion_goes_to_the_lead_in_full_and_to_everybody_without_its_words() -> None:
    dispatch = await co_handled()
    outcome = await dispatch.ask(OBJECT, after(days=1), PLANNER)
    assert outcome["status"] == "done"
    [heard] = of(dispatch, CoHandlerHeard)
    assert (heard.assignment, heard.department, heard.agrees, heard.by) == (
        CO_HANDLER,
        "planning",
        False,
        "planning/xu",
    )
    assert OBJECT.words not in heard.model_dump_json()
    [order] = told(dispatch, "housing", "order.co_handler_heard.v1")
    opinion = {"co_handler": CO_HANDLER, "department": "planning", "agrees": False, "words": OBJECT.words}
    assert (order["assignment"], order["opinion"]) == (FIRST, opinion)


@pytest.mark.parametrize("actor", [PLANNER, "department_leader:planning/fang", "dept:planning"])
async def test_anybody_of_the_co_handling_department_is_heard_once_and_nobody_else(actor: str) -> None:
    dispatch = await co_handled()
    for other in (HANDLER, LEADER, "handler:police/qian", OFFICE):
        outcome = await dispatch.ask(AGREE, after(hours=2), other)
        assert outcome["reason"] in ("not_the_holder", "wrong_role"), other
    assert (await dispatch.ask(AGREE, after(hours=2), actor))["status"] == "done"
    assert (await dispatch.ask(OBJECT, after(hours=3), actor))["reason"] == "stale_assignment"


async def test_an_objection_says_why_and_an_agreement_may_be_a_signature_alone() -> None:
    dispatch = await co_handled()
    silent = OBJECT.model_copy(update={"words": "  "})
    assert (await dispatch.ask(silent, after(hours=2), PLANNER))["reason"] == "reason_missing"
    bare = AGREE.model_copy(update={"words": ""})
    assert (await dispatch.ask(bare, after(hours=2), PLANNER))["status"] == "done"


@pytest.mark.parametrize("command", [CO_HANDLE, OBJECT, RELEASE_IT])
async def test_what_is_delivered_twice_is_done_once(command: Any) -> None:
    dispatch = await (Dispatch().bring(State.IN_PROGRESS) if command is CO_HANDLE else co_handled())
    record = dispatch.command(command, after(hours=2), PLANNER if command is OBJECT else OFFICE)
    first = (await dispatch.deliver(record)).answers[0].outcome
    known = (dispatch.state, list(dispatch.events), list(dispatch.orders))
    assert (await dispatch.deliver(record)).answers[0].outcome == first and first["status"] == "done"
    assert (dispatch.state, dispatch.events, dispatch.orders) == known


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"department": "nobody"}, "unknown_department"),
        ({"department": "housing"}, "malformed"),
        ({"department": "planning"}, "malformed"),
        ({"department": "police", "wanted": "  "}, "reason_missing"),
        ({"department": "police", "assignment": SECOND}, "stale_assignment"),
    ],
)
async def test_who_cannot_be_asked_is_refused_with_the_reason(changed: dict[str, str], reason: str) -> None:
    dispatch = await co_handled()
    before = dispatch.state
    outcome = await dispatch.ask(CO_HANDLE.model_copy(update=changed), after(hours=2), OFFICE)
    assert (outcome["status"], outcome["reason"], dispatch.state) == ("refused", reason, before)


async def test_an_issue_has_at_most_ten_co_handlers_in_a_round() -> None:
    dispatch = await co_handled()
    for number in range(1, 11):
        heard = AGREE.model_copy(update={"assignment": f"issue-1.c{number}"})
        assert (await dispatch.ask(heard, after(hours=2), PLANNER))["status"] == "done"
        outcome = await dispatch.ask(CO_HANDLE, after(hours=2), OFFICE)
        if number < 10:
            assert outcome["assignment"] == f"issue-1.c{number + 1}"
        else:
            assert (outcome["reason"], "10 co-handlers" in outcome["detail"]) == ("illegal_move", True)


async def test_a_co_handler_reads_the_issue_and_its_part_and_does_nothing_else_with_it() -> None:
    dispatch = await co_handled()
    belongs = KIND.belongs(dispatch.state)
    assert (belongs.departments, belongs.co_handlers) == (("housing",), ("planning",))
    for command, _ in ((SIGN_OFF, LEADER), (RECALL, OFFICE)):
        for actor in (PLANNER, "department_leader:planning/fang", "dept:planning"):
            refusal = KIND.may_not(dispatch.state, command, actor)
            assert refusal is not None and refusal.reason in ("not_the_holder", "wrong_role")


# ------------------------------------------------------------------------ signing off


async def signs(dispatch: Dispatch, at: Any, answer: str = "") -> dict[str, Any]:
    current = dispatch.state.current_draft
    signed = {"draft": current.number, "sha256": current.sha256, "answer": answer}
    return await dispatch.ask(SIGN_OFF.model_copy(update=signed), at, LEADER)


async def test_nobody_signs_off_before_a_co_handler_was_heard_or_released_or_is_overdue() -> None:
    for opens in (AGREE, RELEASE_IT, None):
        dispatch = await co_handled(State.DRAFTED)
        outcome = await signs(dispatch, after(days=1))
        assert (outcome["reason"], "planning" in outcome["detail"]) == ("co_handler_not_heard", True)
        assert (await signs(dispatch, OPINION_DUE))["reason"] == "co_handler_not_heard"
        if opens is not None:
            await dispatch.ask(opens, after(days=2), PLANNER if opens is AGREE else OFFICE)
        at = after(days=2, hours=1) if opens is not None else after(days=3, hours=9)
        assert (await signs(dispatch, at))["state"] == "signed_off"


async def test_an_objection_blocks_nothing_but_is_answered_beside_the_draft_and_to_who_objects() -> None:
    dispatch = await co_handled(State.DRAFTED)
    await dispatch.ask(OBJECT, after(days=1), PLANNER)
    assert (await signs(dispatch, after(days=2), "  "))["reason"] == "answer_missing"
    assert (await signs(dispatch, after(days=2), "已调整位置，不占用消防通道"))["state"] == "signed_off"
    assert dispatch.state.current_draft.answer == "已调整位置，不占用消防通道"
    [order] = told(dispatch, "planning", "order.objection_answered.v1")
    assert (order["assignment"], order["answer"]) == (CO_HANDLER, "已调整位置，不占用消防通道")


async def test_who_objects_reads_the_answer_with_its_opinion_and_of_the_draft_nothing() -> None:
    dispatch = await co_handled(State.DRAFTED)
    police = CO_HANDLE.model_copy(update={"department": "police"})
    assert (await dispatch.ask(police, after(hours=2), OFFICE))["status"] == "done"
    await dispatch.ask(OBJECT, after(days=1), PLANNER)
    agrees = AGREE.model_copy(update={"assignment": "issue-1.c2"})
    assert (await dispatch.ask(agrees, after(days=1), "handler:police/qian"))["status"] == "done"
    assert (await signs(dispatch, after(days=2), " 已调整位置 "))["state"] == "signed_off"
    assert [(one.department, one.answer) for one in dispatch.state.co_handlers] == [
        ("planning", "已调整位置"),
        ("police", ""),
    ]
    fields = ("co_handlers", "drafts", "others_drafts")
    belongs = KIND.belongs(dispatch.state)
    assert [*readable("issue", fields, Asker.of(PLANNER), belongs)] == ["co_handlers"]


async def test_who_objects_reads_the_answer_that_was_given_last() -> None:
    dispatch = await co_handled(State.DRAFTED)
    await dispatch.ask(OBJECT, after(days=1), PLANNER)
    await signs(dispatch, after(days=2), "不采纳")
    for verb in ("send_back", "draft"):
        assert (await dispatch.want(verb))["status"] == "done"
    assert dispatch.state.co_handlers[0].answer == "不采纳", "its department was told so"
    assert (await signs(dispatch, after(days=3), "已调整位置"))["state"] == "signed_off"
    assert dispatch.state.co_handlers[0].answer == "已调整位置"
    assert [one.answer for one in dispatch.state.drafts] == ["不采纳", "已调整位置"]


async def test_where_nobody_objects_an_answer_is_nobodys_and_is_not_kept() -> None:
    dispatch = await co_handled(State.DRAFTED)
    await dispatch.ask(AGREE, after(days=1), PLANNER)
    assert (await signs(dispatch, after(days=2), "谢谢"))["state"] == "signed_off"
    assert dispatch.state.current_draft.answer == ""
    assert not told(dispatch, "planning", "order.objection_answered.v1")


# ------------------------------------------------------------------------ what becomes of them


async def test_a_reply_that_goes_out_without_an_overdue_opinion_ends_it() -> None:
    dispatch = await co_handled(State.DRAFTED)
    late = after(days=4)
    assert (await signs(dispatch, late))["state"] == "signed_off"
    for verb in ("check", "release"):
        assert (await dispatch.want(verb))["status"] == "done"
    assert of(dispatch, ReplyReleased) and ends(dispatch) == [CoHandlingEnd.REPLIED]
    assert dispatch.state.co_handlers == ()
    assert (await dispatch.ask(AGREE, after(days=5), PLANNER))["status"] == "refused"


@pytest.mark.parametrize("happened", [WITHDRAWN, REFERRED])
@pytest.mark.parametrize("state", [*ADDS, State.WAITING])
async def test_the_end_of_an_issue_ends_what_was_asked_for(state: State, happened: Event) -> None:
    dispatch = await co_handled(State.IN_PROGRESS if state is State.WAITING else state)
    if state is State.WAITING:
        assert (await dispatch.want("recall"))["status"] == "done"
    await dispatch.take(happened)
    assert ends(dispatch) == [CoHandlingEnd.ENDED]
    await dispatch.take(happened)
    assert len(ends(dispatch)) == 1


async def test_who_was_heard_stays_with_an_issue_that_ended() -> None:
    dispatch = await co_handled()
    await dispatch.ask(AGREE, after(days=1), PLANNER)
    await dispatch.take(WITHDRAWN)
    assert ends(dispatch) == []
    assert KIND.belongs(dispatch.state).co_handlers == ("planning",)


async def test_after_a_recall_the_opinion_is_still_due_and_the_next_lead_reads_it() -> None:
    dispatch = await co_handled()
    await dispatch.ask(RECALL, after(hours=2), OFFICE)
    assert (await dispatch.ask(OBJECT, after(hours=3), PLANNER))["status"] == "done"
    assert not told(dispatch, "housing", "order.co_handler_heard.v1")
    await dispatch.ask(AssignIssue(department="transport"), after(hours=4), OFFICE)
    [order] = told(dispatch, "transport", "order.assigned.v1")
    assert [(one["department"], one["agrees"], one["words"]) for one in order["opinions"]] == [
        ("planning", False, OBJECT.words)
    ]


async def test_a_return_and_a_transfer_leave_co_handlers_as_they_are() -> None:
    dispatch = await co_handled(State.ASSIGNED)
    await dispatch.want("return")
    upheld = RuleOnReturn(assignment=FIRST, upheld=True, department="transport")
    assert (await dispatch.ask(upheld, after(hours=2), OFFICE))["department"] == "transport"
    assert ends(dispatch) == []
    assert (await dispatch.ask(AGREE, after(hours=3), PLANNER))["status"] == "done"
    [order] = told(dispatch, "transport", "order.co_handler_heard.v1")
    assert order["assignment"] == SECOND


async def test_who_becomes_the_lead_gives_itself_no_opinion() -> None:
    dispatch = await co_handled()
    await dispatch.ask(RECALL, after(hours=2), OFFICE)
    await dispatch.ask(AssignIssue(department="planning"), after(hours=3), OFFICE)
    assert ends(dispatch) == [CoHandlingEnd.LEADS]
    assert dispatch.told_to("planning")[-2:] == ["order.assigned.v1", "order.co_handler_released.v1"]


async def test_the_merger_of_a_co_handler_asks_its_successor_with_all_the_time_for_it() -> None:
    dispatch = await co_handled()
    moves = HandOver(department="planning", to="transport", by="chen")
    for _ in range(2):
        assert (await dispatch.ask(moves, after(days=1), FAN_OUT))["status"] == "done"
    assert ends(dispatch) == [CoHandlingEnd.MERGED]
    [waits] = dispatch.state.co_handlers
    assert (waits.assignment, waits.department, waits.wanted) == ("issue-1.c2", "transport", CO_HANDLE.wanted)
    assert waits.due_at == after(days=4, hours=8.5)
    assert dispatch.told_to("transport") == ["order.co_handle.v1"]
    assert dispatch.state.department == "housing"


@pytest.mark.parametrize("to", ["housing", "transport"])
async def test_a_successor_that_leads_or_is_asked_already_is_not_asked_again(to: str) -> None:
    dispatch = await co_handled()
    other = CO_HANDLE.model_copy(update={"department": "transport"})
    await dispatch.ask(other, after(hours=2), OFFICE)
    await dispatch.ask(HandOver(department="planning", to=to, by="chen"), after(days=1), FAN_OUT)
    assert ends(dispatch) == [CoHandlingEnd.MERGED]
    assert [one.department for one in dispatch.state.co_handlers] == ["transport"]


async def test_the_merger_of_the_lead_into_a_co_handler_makes_that_one_the_lead() -> None:
    dispatch = await co_handled()
    await dispatch.ask(HandOver(department="housing", to="planning", by="chen"), after(days=1), FAN_OUT)
    assert of(dispatch, AssignmentTransferred) and ends(dispatch) == [CoHandlingEnd.LEADS]


async def test_a_merger_finds_what_its_department_co_handles() -> None:
    dispatch = await co_handled()
    assert await open_issues_of(dispatch.store, "planning") == ["issue-1"]  # type: ignore[arg-type]
    assert await open_issues_of(dispatch.store, "housing") == ["issue-1"]  # type: ignore[arg-type]
    assert await open_issues_of(dispatch.store, "police") == []  # type: ignore[arg-type]


async def test_a_new_round_begins_without_co_handlers_and_its_signature_waits_for_no_earlier_objection() -> (
    None
):
    dispatch = await co_handled(State.DRAFTED)
    await dispatch.ask(OBJECT, after(days=1), PLANNER)
    assert (await signs(dispatch, after(days=2), "已调整"))["state"] == "signed_off"
    for verb in ("check", "release"):
        assert (await dispatch.want(verb))["status"] == "done"
    await dispatch.take(GRANTED)
    assert (await dispatch.want("draft"))["status"] == "done"
    assert (await signs(dispatch, after(days=5)))["state"] == "signed_off"
    assert (await dispatch.want("send_back"))["status"] == "done"
    again = CO_HANDLE.model_copy(update={"wanted": "方案已调整，请再提意见"})
    assert (await dispatch.ask(again, after(days=5), OFFICE))["assignment"] == "issue-1.c2"
    assert of(dispatch, CoHandlerAdded)[-1].round == 2


async def test_corrected_words_reach_the_lead_and_who_is_waited_for() -> None:
    dispatch = await co_handled()
    await dispatch.take(CORRECTED)
    for department, assignment in (("housing", FIRST), ("planning", CO_HANDLER)):
        [order] = told(dispatch, department, "order.words_corrected.v1")
        assert (order["assignment"], order["text"]) == (assignment, CORRECTED.text)


async def test_a_reminder_of_supervision_reaches_the_co_handler_and_not_the_lead() -> None:
    dispatch = await co_handled()
    said = DepartmentAddressed(
        saying=Saying.ISSUED,
        kind=DocumentKind.REMINDER,
        round=1,
        department="planning",
        assignment=CO_HANDLER,
        document="d1",
        year=2026,
        number=1,
        words="请抓紧",
    )
    await dispatch.take(said)
    [order] = told(dispatch, "planning", "order.reminded.v1")
    assert (order["assignment"], order["words"]) == (CO_HANDLER, "请抓紧")
    assert not told(dispatch, "housing", "order.reminded.v1")


def test_who_was_asked_is_heard_in_every_state_before_a_reply() -> None:
    heard = {state for state, verb in MOVES if verb == "give_opinion"}
    assert heard == {State.WAITING, *HELD}
    assert {state for state, verb in MOVES if verb == "add_co_handler"} == set(ADDS)


# ------------------------------------------------------------------------ named when it is assigned

WITH_OTHERS = AssignIssue(department="housing", co_handlers=("planning", "police"), wanted="消防与规划")


async def test_the_office_names_co_handlers_when_it_assigns_and_each_is_asked_once_delivered_twice() -> None:
    dispatch = await Dispatch().bring(State.WAITING)
    record = dispatch.command(WITH_OTHERS, after(hours=1), OFFICE)
    first = (await dispatch.deliver(record)).answers[0].outcome
    second = (await dispatch.deliver(record)).answers[0].outcome
    assert first == second
    assert (first["department"], first["co_handlers"]) == (
        "housing",
        [f"{FIRST[:-2]}.c1", f"{FIRST[:-2]}.c2"],
    )
    added = of(dispatch, CoHandlerAdded)
    assert [(event.department, event.wanted, event.due_at) for event in added] == [
        ("planning", "消防与规划", OPINION_DUE),
        ("police", "消防与规划", OPINION_DUE),
    ]
    [order] = told(dispatch, "planning", "order.co_handle.v1")
    assert (order["lead"], order["wanted"]) == ("housing", "消防与规划")
    assert len(told(dispatch, "housing", "order.assigned.v1")) == 1


@pytest.mark.parametrize(
    ("asked", "reason", "said"),
    [
        ({"co_handlers": ("housing",), "wanted": "意见"}, "malformed", "co_handlers: housing leads"),
        ({"co_handlers": ("planning", "planning"), "wanted": "意见"}, "malformed", "asked already"),
        ({"co_handlers": ("nobody",), "wanted": "意见"}, "unknown_department", "co_handlers: 'nobody'"),
        ({"co_handlers": ("planning",)}, "reason_missing", "wanted: say"),
        ({"wanted": "意见"}, "malformed", "wanted: name the departments"),
    ],
)
async def test_where_one_of_them_cannot_be_asked_nothing_is_assigned(
    asked: dict[str, Any], reason: str, said: str
) -> None:
    dispatch = await Dispatch().bring(State.WAITING)
    outcome = await dispatch.ask(AssignIssue(department="housing", **asked), after(hours=1), OFFICE)
    assert (outcome["reason"], said in outcome["detail"]) == (reason, True)
    assert dispatch.state.state is State.WAITING
