"""A department hears on its own topic that a message of its own system was refused, and why."""

from services.dispatch.issue.life import State
from shared.bus.records import Item, decode
from shared.contract.commands.dispatch import RefuseMessage, SignAssignment
from shared.contract.events.supervision import MessageRefused
from tests.unit.dispatch.given import ASSIGN, DRAFT, SIGN, Dispatch
from tests.unit.one_aggregate import after

SYSTEM = "system:departments-gateway"
REFUSE = RefuseMessage(message="m", reason="malformed")
REFUSED_THERE = MessageRefused(
    department="housing", message="m-4", reason="unknown_document", detail="document: no d9"
)

LEGAL = [
    *("sign", "return", "recall", "name_handler"),
    *("add_co_handler", "give_opinion", "release_co_handler"),
]


async def test_a_refused_message_about_an_issue_comes_back_on_the_departments_topic() -> None:
    dispatch = await Dispatch().bring(State.ASSIGNED)
    record = dispatch.message("housing", "m-1", DRAFT)
    batch = await dispatch.deliver(record)
    outcome = batch.answers[0].outcome
    assert (outcome["status"], outcome["reason"], outcome["legal"]) == (
        "refused",
        "illegal_move",
        LEGAL,
    )
    department, kind, order = dispatch.orders[-1]
    assert (department, kind, order["message"]) == ("housing", "order.refused.v1", "m-1")
    assert (order["reason"], list(order["legal"])) == ("illegal_move", LEGAL)
    assert dispatch.state.state is State.ASSIGNED


async def test_the_refused_order_of_a_message_delivered_twice_is_one_order() -> None:
    dispatch = await Dispatch().bring(State.ASSIGNED)
    record = dispatch.message("housing", "m-1", DRAFT)
    first, second = await dispatch.deliver(record), await dispatch.deliver(record)
    assert first.answers[0].outcome == second.answers[0].outcome
    assert dispatch.told_to("housing").count("order.refused.v1") == 1


async def test_another_department_is_told_of_its_own_mistake_only() -> None:
    dispatch = await Dispatch().bring(State.ASSIGNED)
    await dispatch.deliver(dispatch.message("transport", "m-9", SIGN))
    assert dispatch.orders[-1][:2] == ("transport", "order.refused.v1")
    assert "order.refused.v1" not in dispatch.told_to("housing")


async def test_a_message_about_no_issue_is_told_through_the_departments_own_aggregate() -> None:
    dispatch = Dispatch()
    batch = await dispatch.deliver(dispatch.message("housing", "m-2", SignAssignment(assignment="none.1")))
    assert batch.answers[0].outcome["reason"] == "unknown_issue"
    assert dispatch.orders == []
    [sent] = dispatch.commands
    assert sent.key == "dept:housing"
    for _ in range(2):  # delivered twice
        await dispatch.deliver(dispatch.posted(sent, after()))
    assert dispatch.told_to("housing") == ["order.refused.v1"]
    assert (dispatch.orders[0][2]["message"], dispatch.orders[0][2]["reason"]) == ("m-2", "unknown_issue")
    assert dispatch.store.documents["dept:housing"]["state"]["refusals"] == 1


async def test_a_later_registration_finds_nothing_of_the_message_that_came_too_early() -> None:
    dispatch = Dispatch()
    await dispatch.deliver(dispatch.message("housing", "m-2", SIGN))
    await dispatch.bring(State.ASSIGNED)
    assert (await dispatch.want("sign"))["status"] == "done"


async def test_a_department_is_no_issue() -> None:
    dispatch = Dispatch("dept:housing")
    assert (await dispatch.ask(REFUSE, after(), SYSTEM))["status"] == "done"
    item = decode(dispatch.command(ASSIGN, after(), "office:chen"), dispatch.consumer)
    assert isinstance(item, Item)
    assert "takes no such command for a department" in item.failure


async def test_only_a_department_of_the_directory_is_told() -> None:
    dispatch = Dispatch("dept:nobody")
    assert (await dispatch.ask(REFUSE, after(), SYSTEM))["reason"] == "unknown_department"
    issue = await Dispatch().bring(State.ASSIGNED)
    await issue.deliver(issue.message("nobody", "m-3", SIGN))
    assert (issue.commands, issue.told_to("nobody")) == ([], [])


async def test_a_message_of_a_person_within_the_department_is_named_as_the_department_named_it() -> None:
    dispatch = await Dispatch().bring(State.ASSIGNED)
    actor = "handler:housing/li"
    await dispatch.deliver(dispatch.command(DRAFT, after(), actor, f"dept/{actor}/2026/m-1"))
    assert dispatch.orders[-1][2]["message"] == "2026/m-1"


async def test_a_person_who_is_refused_on_a_page_is_told_there_and_nowhere_else() -> None:
    dispatch = await Dispatch().bring(State.ASSIGNED)
    await dispatch.want("draft")
    assert dispatch.told_to("housing") == ["order.assigned.v1"]


async def test_what_supervision_refused_comes_back_on_the_departments_topic_and_once() -> None:
    dispatch = await Dispatch().bring(State.ASSIGNED)
    record = dispatch.event(REFUSED_THERE, after(hours=1))
    before = dispatch.state
    for _ in range(2):
        await dispatch.deliver(record)
    assert dispatch.told_to("housing") == ["order.assigned.v1", "order.refused.v1"]
    order = dispatch.orders[-1][2]
    assert (order["message"], order["reason"], order["detail"]) == (
        "m-4",
        "unknown_document",
        "document: no d9",
    )
    assert dispatch.state == before


async def test_what_supervision_refused_of_no_issue_is_told_through_the_departments_own_aggregate() -> None:
    dispatch = Dispatch()
    record = dispatch.event(REFUSED_THERE, after(hours=1))
    for _ in range(2):
        await dispatch.deliver(record)
    assert {sent.key for sent in dispatch.commands} == {"dept:housing"}
    await dispatch.settle(after(hours=1))
    assert dispatch.told_to("housing") == ["order.refused.v1"]
    dispatch = Dispatch()
    nobodys = REFUSED_THERE.model_copy(update={"department": "nobody"})
    await dispatch.take(nobodys)
    assert (dispatch.commands, dispatch.orders) == ([], [])
