"""A department hears on its own topic that a message of its own system was refused, and why."""

from shared.bus.records import Record
from shared.commands import DraftReply, RefuseDepartment, SignAssignment
from shared.events import Outcome
from tests.unit.dispatch.desks import FIRST, SIGN, Desks, State
from tests.unit.supervision.street import after

DRAFT = DraftReply(assignment=FIRST, outcome=Outcome.SOLVED, text="已经修好")


async def test_a_refused_message_about_an_issue_comes_back_on_the_departments_topic() -> None:
    desks = await Desks().bring(State.ASSIGNED)
    record = desks.message("housing", "m-1", DRAFT)
    batch = await desks.loop.run([record])
    outcome = batch.answers[0].outcome
    assert (outcome["status"], outcome["reason"], outcome["legal"]) == (
        "refused",
        "illegal_move",
        ["sign", "return"],
    )
    department, kind, order = desks.orders[-1]
    assert (department, kind, order["message"]) == ("housing", "order.refused.v1", "m-1")
    assert (order["reason"], list(order["legal"])) == ("illegal_move", ["sign", "return"])
    assert desks.state.state is State.ASSIGNED


async def test_the_refused_order_of_a_message_delivered_twice_is_one_order() -> None:
    desks = await Desks().bring(State.ASSIGNED)
    record = desks.message("housing", "m-1", DRAFT)
    first, second = await desks.loop.run([record]), await desks.loop.run([record])
    assert first.answers[0].outcome == second.answers[0].outcome
    assert desks.told_to("housing").count("order.refused.v1") == 1


async def test_another_department_is_told_of_its_own_mistake_only() -> None:
    desks = await Desks().bring(State.ASSIGNED)
    await desks.loop.run([desks.message("transport", "m-9", SIGN)])
    assert desks.orders[-1][:2] == ("transport", "order.refused.v1")
    assert "order.refused.v1" not in desks.told_to("housing")


async def test_a_signing_off_that_came_with_a_draft_is_refused_under_the_drafts_own_message() -> None:
    desks = await Desks().bring(State.ASSIGNED)
    await desks.loop.run(
        [desks.message("housing", "m-1#sign_off", SIGN.model_copy(update={"assignment": "x"}))]
    )
    assert desks.orders[-1][2]["message"] == "m-1"


async def test_a_message_about_no_issue_is_told_through_the_departments_desk() -> None:
    desks = Desks()
    batch = await desks.loop.run([desks.message("housing", "m-2", SignAssignment(assignment="none.1"))])
    assert batch.answers[0].outcome["reason"] == "unknown_issue"
    assert desks.orders == []
    [sent] = desks.sent
    assert sent.key == "dept:housing"
    for offset in (900, 901):  # delivered twice
        await desks.loop.run([_posted(desks, sent.value, offset)])
    assert desks.told_to("housing") == ["order.refused.v1"]
    assert (desks.orders[0][2]["message"], desks.orders[0][2]["reason"]) == ("m-2", "unknown_issue")
    desk = desks.store.documents["dept:housing"]["state"]
    assert desk == {"state": "desk", "refusals": 1}


async def test_a_later_registration_finds_nothing_of_the_message_that_came_too_early() -> None:
    desks = Desks()
    await desks.loop.run([desks.message("housing", "m-2", SIGN)])
    await desks.bring(State.ASSIGNED)
    assert (await desks.want("sign"))["status"] == "done"


async def test_a_desk_is_no_issue() -> None:
    desks = Desks("dept:housing")
    told = RefuseDepartment(department="housing", message="m", reason="malformed")
    assert (await desks.ask(told, after(), "dept:housing"))["status"] == "done"
    assert (await desks.want("assign"))["reason"] == "unknown_issue"


async def test_a_desk_has_to_be_the_subject_and_in_the_directory() -> None:
    told = RefuseDepartment(department="nobody", message="m", reason="malformed")
    assert (await Desks("dept:nobody").ask(told, after(), "dept:nobody"))["reason"] == "unknown_department"
    assert (await Desks("dept:housing").ask(told, after(), "dept:housing"))["reason"] == "malformed"


async def test_a_person_who_is_refused_on_a_page_is_told_there_and_nowhere_else() -> None:
    desks = await Desks().bring(State.ASSIGNED)
    await desks.want("draft")
    assert desks.told_to("housing") == ["order.assigned.v1"]


def _posted(desks: Desks, value: bytes, offset: int) -> Record:
    return Record(desks.room.commands_topic, 0, offset, 1_772_413_200_000, b"dept:housing", value)
