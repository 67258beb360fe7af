"""A question of the holder to who raised the issue: what it pauses, how it ends, and whom its answer reaches."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.dispatch.consumer import ISSUE as KIND
from services.dispatch.issue.life import HELD, State
from services.dispatch.issue.pausing import MOST_ASKED
from services.dispatch.issue.questioning import MOST_ANSWERS
from shared.contract.attachments import OpenAttachment
from shared.contract.command import FireDeadline
from shared.contract.commands.dispatch import AskEnterprise, EndPause, GrantPause, RefusePause
from shared.contract.events.dispatch import (
    EnterpriseAsked,
    PauseEnded,
    PauseGranted,
    QuestionClosed,
    QuestionPut,
)
from shared.contract.events.intake import MaterialReceived, MaterialSupplied, Supplied
from shared.contract.words import Ended, PauseGround
from tests.unit.dispatch.given import (
    ACCEPTED,
    ASSIGN,
    DUE,
    EXTEND,
    FIRST,
    HANDLER,
    OFFICE,
    PAUSE,
    QUESTION,
    REFERRED,
    WITHDRAWN,
    Dispatch,
)
from tests.unit.one_aggregate import MOMENT, after

GRANT, END = GrantPause(assignment=FIRST, request=1), EndPause(assignment=FIRST, request=1)
REFUSE = RefusePause(assignment=FIRST, request=1, reason="可先行办理")
ASKED_AT, GRANTED_AT, ANSWERED_AT = after(hours=2), after(days=1), after(days=3)
RUNS_OUT = datetime.fromisoformat("2026-03-09T17:30:00+08:00")
"""Five working days after Monday, 2026-03-02."""
PLAN = OpenAttachment(hash="b" * 64, media_type="application/pdf", bytes=2048)
ANSWER = MaterialSupplied(
    request=1, department="housing", question=QUESTION.words, text="检验报告见附件", attachments=(PLAN,)
)


async def asked(command: AskEnterprise = QUESTION) -> Dispatch:
    dispatch = await Dispatch().bring(State.IN_PROGRESS)
    assert (await dispatch.ask(command, ASKED_AT, HANDLER))["request"] == 1
    return dispatch


def of(dispatch: Dispatch, *kinds: type) -> list[Any]:
    return [event for event in dispatch.events if isinstance(event, kinds)]


async def test_a_question_is_a_pause_that_is_asked_for_and_intake_alone_is_told_to_collect_its_answer() -> (
    None
):
    dispatch = await asked()
    (happened,), (put,) = of(dispatch, EnterpriseAsked), of(dispatch, QuestionPut)
    assert (happened.request, happened.words, happened.ends_at) == (1, QUESTION.words, RUNS_OUT)
    assert (put.request, put.words, put.ends_at) == (1, QUESTION.words, RUNS_OUT)
    assert dispatch.state.state is State.IN_PROGRESS
    assert dispatch.state.pause.ground == PauseGround.WAITING


async def test_the_answer_ends_it_and_reaches_the_department_in_full() -> None:
    dispatch = await asked()
    await dispatch.take(ANSWER, at=ANSWERED_AT)
    (ended,) = of(dispatch, PauseEnded)
    assert (ended.request, ended.because, ended.granted) == (1, Ended.ANSWERED, False)
    department, kind, told = dispatch.orders[-1]
    assert (department, kind) == ("housing", "order.material_supplied.v1")
    assert (told["question"], told["text"], told["late"]) == (QUESTION.words, "检验报告见附件", False)
    assert [file["hash"] for file in told["attachments"]] == [PLAN.hash]
    assert (dispatch.state.state, dispatch.state.pause, dispatch.state.due_at) == (
        State.IN_PROGRESS,
        None,
        DUE,
    )
    assert not of(dispatch, QuestionClosed), "intake knows that it was answered"


async def test_the_promise_pauses_from_the_grant_to_the_answer() -> None:
    dispatch = await asked()
    assert (await dispatch.ask(GRANT, GRANTED_AT, OFFICE))["state"] == "suspended"
    (granted,) = of(dispatch, PauseGranted)
    assert granted.ends_at == RUNS_OUT, "the raiser was told until when"
    await dispatch.take(ANSWER, at=ANSWERED_AT)
    (ended,) = of(dispatch, PauseEnded)
    later = datetime.fromisoformat("2026-03-18T17:30:00+08:00")
    assert (ended.because, ended.granted, ended.due_at) == (Ended.ANSWERED, True, later)
    assert dispatch.state.state is State.IN_PROGRESS


async def test_what_the_office_refuses_stays_a_question() -> None:
    dispatch = await asked()
    await dispatch.ask(REFUSE, GRANTED_AT, OFFICE)
    assert dispatch.state.pause.refused
    assert (await dispatch.ask(GRANT, GRANTED_AT, OFFICE))["reason"] == "illegal_move"
    assert (await dispatch.ask(REFUSE, GRANTED_AT, OFFICE))["reason"] == "illegal_move"
    await dispatch.take(ANSWER, at=ANSWERED_AT)
    assert of(dispatch, PauseEnded)[0].because == Ended.ANSWERED


@pytest.mark.parametrize("granted", [True, False])
async def test_without_an_answer_it_ends_by_itself_after_five_working_days(granted: bool) -> None:
    dispatch = await asked()
    if granted:
        await dispatch.ask(GRANT, GRANTED_AT, OFFICE)
    deadline = KIND.next_deadline(dispatch.state)
    assert deadline is not None and deadline.at == RUNS_OUT
    fire = FireDeadline(name=deadline.name, due_at=deadline.at)
    for _ in range(2):
        await dispatch.ask(fire, RUNS_OUT, "system:timer", key=f"timer/{deadline.name}")
    (ended,), (closed,) = of(dispatch, PauseEnded), of(dispatch, QuestionClosed)
    assert (ended.because, ended.granted, closed.because) == (Ended.TIME_OVER, granted, Ended.TIME_OVER)
    orders = ["order.pause_ended.v1", *["order.due_changed.v1"] * granted]
    assert dispatch.told_to("housing")[-len(orders) :] == orders
    assert dispatch.state.state is State.IN_PROGRESS


async def test_an_answer_that_crosses_the_lapse_still_reaches_the_department_as_late() -> None:
    dispatch = await asked()
    deadline = KIND.next_deadline(dispatch.state)
    assert deadline is not None
    await dispatch.ask(FireDeadline(name=deadline.name, due_at=deadline.at), RUNS_OUT, "system:timer")
    await dispatch.take(ANSWER, at=RUNS_OUT - MOMENT)
    assert dispatch.orders[-1][1:][0] == "order.material_supplied.v1"
    assert dispatch.orders[-1][2]["late"] is True
    assert len(of(dispatch, PauseEnded)) == 1


async def test_an_answer_that_is_read_before_a_late_timer_fires_finds_it_lapsed() -> None:
    dispatch = await asked()
    await dispatch.take(ANSWER, at=RUNS_OUT + MOMENT)
    assert of(dispatch, PauseEnded)[0].because == Ended.TIME_OVER
    assert dispatch.told_to("housing")[-2:] == ["order.pause_ended.v1", "order.material_supplied.v1"]
    assert dispatch.orders[-1][2]["late"] is True


async def test_one_thing_is_waited_for_at_a_time() -> None:
    dispatch = await asked()
    assert (await dispatch.ask(QUESTION, after(hours=3), HANDLER))["reason"] == "illegal_move"
    assert (await dispatch.ask(PAUSE, after(hours=3), HANDLER))["reason"] == "illegal_move"
    await dispatch.ask(END, after(hours=4), HANDLER)
    assert (await dispatch.ask(PAUSE, after(hours=5), HANDLER))["request"] == 2
    assert (await dispatch.ask(QUESTION, after(hours=6), HANDLER))["reason"] == "illegal_move"


async def test_the_department_takes_its_question_back_where_the_answer_came_in_another_way() -> None:
    dispatch = await asked()
    assert (await dispatch.ask(END, after(hours=3), HANDLER))["state"] == "in_progress"
    (ended,), (closed,) = of(dispatch, PauseEnded), of(dispatch, QuestionClosed)
    assert (ended.because, closed.because) == (Ended.PERSON, Ended.PERSON)


async def test_without_a_question_there_is_nothing_to_end() -> None:
    dispatch = await Dispatch().bring(State.IN_PROGRESS)
    assert (await dispatch.ask(END, ASKED_AT, HANDLER))["reason"] == "illegal_move"
    await dispatch.ask(PAUSE, ASKED_AT, HANDLER)
    assert (await dispatch.ask(END, after(hours=3), HANDLER))["reason"] == "illegal_move"


async def test_work_goes_on_while_it_is_open_and_the_reply_ends_it() -> None:
    dispatch = await asked()
    await dispatch.walk(("draft", "sign_off", "check"))
    assert dispatch.state.pause is not None
    await dispatch.walk(("release",))
    (ended,), (closed,) = of(dispatch, PauseEnded), of(dispatch, QuestionClosed)
    assert (ended.because, closed.because) == (Ended.ASSIGNMENT_OVER, Ended.ASSIGNMENT_OVER)


@pytest.mark.parametrize(
    "steps", [("draft",), ("draft", "sign_off"), ("draft", "sign_off", "check"), ("return",)]
)
async def test_an_answer_changes_nothing_of_what_was_done_meanwhile(steps: tuple[str, ...]) -> None:
    dispatch = await asked()
    await dispatch.walk(steps)
    before = dispatch.state.state
    await dispatch.take(ANSWER, at=ANSWERED_AT)
    assert dispatch.state.state is before and dispatch.state.state in HELD
    assert of(dispatch, PauseEnded)[0].because == Ended.ANSWERED


@pytest.mark.parametrize("step", ["recall", WITHDRAWN, REFERRED])
async def test_a_question_ends_with_its_assignment(step: Any) -> None:
    dispatch = await asked()
    await dispatch.walk((step,))
    assert of(dispatch, PauseEnded)[0].because == Ended.ASSIGNMENT_OVER
    assert of(dispatch, QuestionClosed)[0].because == Ended.ASSIGNMENT_OVER
    assert KIND.next_deadline(dispatch.state) is None


async def test_whoever_holds_it_next_reads_what_was_answered_before() -> None:
    dispatch = await asked()
    await dispatch.walk(("recall",))
    await dispatch.take(ANSWER, at=ANSWERED_AT)
    assert dispatch.told_to("housing")[-1] == "order.recalled.v1", "nobody holds it now"
    await dispatch.walk(("assign",))
    _, kind, told = dispatch.orders[-1]
    assert kind == "order.assigned.v1"
    assert [(one["request"], one["text"]) for one in told["answers"]] == [(1, "检验报告见附件")]
    assert PLAN.hash in [file["hash"] for file in told["attachments"]]


async def test_an_answer_to_an_issue_that_has_ended_is_needed_by_nobody() -> None:
    dispatch = await asked()
    await dispatch.take(WITHDRAWN)
    orders = len(dispatch.orders)
    await dispatch.take(ANSWER, at=ANSWERED_AT)
    assert (len(dispatch.orders), dispatch.state.answers) == (orders, ())


async def test_an_extension_and_a_question_wait_side_by_side_each_for_its_own_date() -> None:
    dispatch = await asked()
    await dispatch.ask(EXTEND, after(hours=3), HANDLER)
    deadline = KIND.next_deadline(dispatch.state)
    assert deadline is not None and deadline.name.startswith("pause@1/")
    await dispatch.ask(FireDeadline(name=deadline.name, due_at=RUNS_OUT), RUNS_OUT, "system:timer")
    deadline = KIND.next_deadline(dispatch.state)
    assert deadline is not None and (deadline.name, deadline.at) == ("extension@1/1/lapse/1", DUE)


async def test_what_is_asked_and_waited_for_has_a_bound_and_the_newest_answers_go_on() -> None:
    dispatch = await Dispatch().bring(State.IN_PROGRESS)
    for request in range(1, MOST_ASKED + 1):
        at = ASKED_AT + timedelta(minutes=request)
        assert (await dispatch.ask(QUESTION, at, HANDLER, f"ask/{request}"))["request"] == request
        file = PLAN.model_copy(update={"hash": f"{request:064x}"})
        answer = {"request": request, "text": f"第{request}次", "attachments": (file,)}
        await dispatch.take(ANSWER.model_copy(update=answer), at=at)
    for command in (QUESTION, PAUSE):
        refused = await dispatch.ask(command, after(hours=4), HANDLER)
        assert (refused["reason"], str(MOST_ASKED) in refused["detail"]) == ("too_many", True)
    issue = dispatch.state
    assert [one.request for one in issue.answers] == [*range(MOST_ASKED - MOST_ANSWERS + 1, MOST_ASKED + 1)]
    assert len({file.hash for file in issue.attachments}) == len(issue.attachments) >= MOST_ASKED


async def test_what_the_office_was_supplied_before_goes_with_the_first_order() -> None:
    dispatch = await Dispatch().bring(State.REGISTERED)
    received = dispatch.event(MaterialReceived(request=1, attachments=(PLAN,)), after())
    await dispatch.deliver(received)
    await dispatch.deliver(received)
    supplied = (Supplied(request=1, question="请补充合同", text="合同见附件"),)
    await dispatch.take(ACCEPTED.model_copy(update={"supplied": supplied}))
    await dispatch.ask(ASSIGN, after(hours=1), OFFICE)
    code, _, order = next(one for one in dispatch.orders if one[1] == "order.assigned.v1")
    assert (code, [(one["question"], one["text"]) for one in order["answers"]]) == (
        "housing",
        [("请补充合同", "合同见附件")],
    )
    assert [file["hash"] for file in order["attachments"]].count(PLAN.hash) == 1


async def test_a_blank_question_is_none() -> None:
    dispatch = await Dispatch().bring(State.IN_PROGRESS)
    blank = QUESTION.model_copy(update={"words": "  "})
    assert (await dispatch.ask(blank, ASKED_AT, HANDLER))["reason"] == "malformed"


async def test_whatever_is_delivered_twice_happens_once() -> None:
    dispatch = await Dispatch().bring(State.IN_PROGRESS)
    records = [
        dispatch.command(QUESTION, ASKED_AT, HANDLER),
        dispatch.command(GRANT, GRANTED_AT, OFFICE),
        dispatch.event(ANSWER, ANSWERED_AT),
    ]
    for record in (*records, *records):
        await dispatch.deliver(record)
    kinds = (EnterpriseAsked, QuestionPut, PauseGranted, PauseEnded)
    assert [len(of(dispatch, kind)) for kind in kinds] == [1, 1, 1, 1]
    assert dispatch.told_to("housing").count("order.material_supplied.v1") == 1
