"""A department acts from its own topic; what it sends wrong comes back to it with the reason, and to the operators."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import pytest_asyncio

from services.cli.embedded import Parts
from shared.bus.records import Outgoing
from shared.contract.envelope import SHA256_HEADER, open_envelope
from tests.integration.broker import Reader, header, own_namespace, put, reader, said
from tests.integration.city import LEAK, City, city

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]


class Department:
    """The departments' side: one namespace, what they send and what they read."""

    def __init__(
        self, parts: Parts, services: City, namespace: str, orders: Reader, dead_letters: Reader
    ) -> None:
        self.parts, self.services, self.namespace = parts, services, namespace
        self.orders, self.dead_letters = orders, dead_letters

    async def say(self, *messages: Outgoing) -> list[Any]:
        return await put(self.parts.kafka_bootstrap, self.namespace, messages)

    async def says(
        self, type: str, id: str, message: str, data: Mapping[str, Any], code: str = "housing"
    ) -> list[Any]:
        return await self.say(said(f"department.{type}.v1", id, message, data, code))

    async def refused(self, message: str, code: str = "housing") -> dict[str, Any]:
        """The refusal of one message, on the department's own topic."""
        topic = f"{self.namespace}.dept.{code}.orders"

        def find(raws: list[Any]) -> Any:
            for raw in raws:
                if raw.topic == topic and message.encode() in raw.value and b"order.refused.v1" in raw.value:
                    return raw
            return None

        raw = await self.orders.until(find)
        envelope = open_envelope(raw.value)
        assert envelope.data["message"] == message
        return dict(envelope.data)

    async def assigned(self, key: str) -> tuple[str, dict[str, Any]]:
        """A new issue that housing has to sign for: (issue, what a reply names)."""
        id, assignment = await self.services.assigned(key)
        return id, {"assignment": assignment, "round": 1}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def housing(embedded: Parts) -> AsyncIterator[Department]:
    namespace = own_namespace("dept")
    kafka, store = embedded.kafka_bootstrap, embedded.store_urls["intake"]
    async with (
        city(kafka, store, namespace, "intake", "dispatch", "supervision") as services,
        reader(kafka, namespace, "dept.housing.orders", "dept.police.orders") as orders,
        reader(kafka, namespace, "dispatch.dlq") as dead_letters,
    ):
        yield Department(embedded, services, namespace, orders, dead_letters)


async def state_of(housing: Department, id: str) -> str:
    found = await housing.services.issue("dispatch", id)
    assert found is not None
    return str(found["state"])


async def test_a_department_signs_drafts_and_signs_off_from_its_own_topic(housing: Department) -> None:
    id, where = await housing.assigned("works")
    order = await housing.orders.event(id, "order.assigned.v1")
    assert (order.data["text"], order.data["assignment"]) == (LEAK["text"], where["assignment"])
    assert order.data["head"]
    await housing.says("sign", id, "works-1", where)
    await housing.services.reaches("dispatch", id, "in_progress")
    await housing.says("draft", id, "works-2", {**where, "outcome": "solved", "text": "已修好。"})
    await housing.services.reaches("dispatch", id, "drafted")
    other, place = await housing.assigned("signed off at once")
    signed = {**place, "outcome": "solved", "text": "已修好。", "signed_off_by": "head"}
    await housing.say(
        said("department.sign.v1", other, "works-3", place, "housing"),
        said("department.draft.v1", other, "works-4", signed, "housing"),
    )
    found = await housing.services.reaches("dispatch", other, "signed_off")
    assert found["drafts"][-1]["signed_off_by"] == "department_leader:housing/head"


async def test_a_department_returns_what_is_not_its_matter_and_hears_the_ruling(housing: Department) -> None:
    id, where = await housing.assigned("returned")
    await housing.says("return", id, "returned-1", {**where, "reason": "属于公安"})
    await housing.services.reaches("dispatch", id, "returned")
    ruling = {"assignment": where["assignment"], "upheld": True, "department": "police", "reason": "对"}
    await housing.services.done("dispatch", f"/issues/{id}/rule", ruling, actor="office:chen")
    ruled = await housing.orders.event(id, "order.ruled.v1")
    assert ruled.data["upheld"] is True
    await housing.orders.until(
        lambda _: [
            raw
            for raw in housing.orders.records
            if raw.topic.endswith("dept.police.orders")
            and raw.key == id.encode()
            and b"order.assigned.v1" in raw.value
        ]
    )


async def test_a_message_sent_twice_acts_once(housing: Department) -> None:
    id, where = await housing.assigned("twice")
    message = said("department.sign.v1", id, "twice-1", where, "housing")
    await housing.say(message, message)
    await housing.services.reaches("dispatch", id, "in_progress")
    await housing.say(message)
    late = said("department.sign.v1", id, "twice-2", where, "housing")
    await housing.say(late)
    await housing.refused("twice-2")  # read after all the others
    refusals = [event for event in housing.orders.events(id) if event.type == "order.refused.v1"]
    assert [event.data["message"] for event in refusals] == ["twice-2"]
    async with reader(housing.parts.kafka_bootstrap, housing.namespace, "dispatch.events") as read:
        await read.event(id, "assignment.signed.v1")
        assert len(read.events(id, "assignment.signed.v1")) == 1


async def test_what_supervision_refuses_of_an_answer_comes_back_on_the_departments_topic(
    housing: Department,
) -> None:
    id, where = await housing.assigned("answered in vain")
    answer = {**where, "document": "d9", "words": "已增派人员"}
    await housing.says("answer_order", id, "answer-1", answer)
    refused = await housing.refused("answer-1")
    assert (refused["reason"], refused["detail"]) == ("unknown_document", "document: it has no 'd9'")
    told = [event for event in housing.orders.events(id) if event.type == "order.refused.v1"]
    assert [event.subject for event in told] == [id]


MALFORMED: dict[str, tuple[bytes, str]] = {
    "no json": (b"{", "Invalid JSON"),
    "nothing": (b"", "the record is empty"),
    "no envelope": (b'{"hello":1}', "specversion: Field required"),
}


@pytest.mark.parametrize("name", MALFORMED)
async def test_what_cannot_be_read_is_a_dead_letter_and_a_refusal_that_names_its_place(
    housing: Department, name: str
) -> None:
    value, reason = MALFORMED[name]
    (place,) = await housing.say(Outgoing("dept.housing.replies", "x", value, {"n": name}))
    refusal = await housing.refused(f"{place.partition}/{place.offset}")
    assert refusal["reason"] == "malformed"
    assert reason in refusal["detail"]
    letter = await housing.dead_letters.until(
        lambda raws: [
            raw
            for raw in raws
            if header(raw, "origin") == f"dept.housing.replies/{place.partition}/{place.offset}"
        ]
    )
    assert reason in header(letter[0], "reason")
    assert letter[0].value == value


WRONG: dict[str, tuple[str, dict[str, Any], str]] = {
    "an unknown field": ("sign", {"colour": "red"}, "colour: Extra inputs are not permitted"),
    "an unknown message": ("dance", {}, "no such message; known are department.answer_order.v1"),
    "no round": ("sign", {"round": None}, "round: Input should be a valid integer"),
    "a text too long": (
        "draft",
        {"outcome": "solved", "text": "字" * 20_001},
        "text: String should have at most",
    ),
    "an unknown outcome": ("draft", {"outcome": "done", "text": "好"}, "outcome: Input should be"),
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_message_that_does_not_fit_its_form_is_refused_with_field_and_rule(
    housing: Department, name: str
) -> None:
    type, more, reason = WRONG[name]
    message = f"wrong {name}"
    data = {"assignment": "0000000000000.1", "round": 1, **more}
    (place,) = await housing.says(type, "0000000000000", message, data)
    refusal = await housing.refused(message)
    assert refusal["reason"] == "malformed"
    assert reason in refusal["detail"]
    origin = f"dept.housing.replies/{place.partition}/{place.offset}"
    (letter,) = await housing.dead_letters.until(
        lambda raws: [raw for raw in raws if header(raw, "origin") == origin]
    )
    assert reason in header(letter, "reason")


async def test_a_message_whose_id_is_too_long_is_refused_by_its_place(housing: Department) -> None:
    """A command's id is made of it; a longer one than an envelope takes would be dropped without a word."""
    (place,) = await housing.says("sign", "0000000000000", "i" * 300, {"assignment": "x", "round": 1})
    refusal = await housing.refused(f"{place.partition}/{place.offset}")
    assert (refusal["reason"], refusal["detail"]) == ("malformed", "id: at most 200 characters")


async def test_the_longest_id_and_name_a_department_may_send_still_act(housing: Department) -> None:
    id, where = await housing.assigned("long names")
    draft = {**where, "outcome": "solved", "text": "好", "signed_off_by": "人" * 100}
    await housing.say(
        said("department.sign.v1", id, "s" * 200, where, "housing"),
        said("department.draft.v1", id, "d" * 200, draft, "housing"),
    )
    await housing.services.reaches("dispatch", id, "signed_off")


async def test_a_header_that_is_no_text_loses_no_other_message(housing: Department) -> None:
    id, where = await housing.assigned("odd header")
    odd = said("department.sign.v1", id, "odd-1", where, "housing")
    await housing.say(
        odd._replace(headers={SHA256_HEADER: b"\xff"}),  # type: ignore[dict-item]
        said("department.sign.v1", id, "odd-2", where, "housing"),
    )
    await housing.services.reaches("dispatch", id, "in_progress")


async def test_a_move_that_is_illegal_now_is_refused_with_what_is_legal(housing: Department) -> None:
    id, where = await housing.assigned("illegal")
    await housing.says("draft", id, "illegal-1", {**where, "outcome": "solved", "text": "好"})
    refusal = await housing.refused("illegal-1")
    assert refusal["reason"] == "illegal_move"
    assert set(refusal["legal"]) == {
        "sign",
        "return",
        "recall",
        "name_handler",
        "add_co_handler",
        "release_co_handler",
        "give_opinion",
    }
    assert await state_of(housing, id) == "assigned"


async def test_an_assignment_that_is_not_the_current_one_is_refused(housing: Department) -> None:
    id, where = await housing.assigned("stale")
    await housing.says("sign", id, "stale-1", {**where, "assignment": f"{id}.9"})
    assert (await housing.refused("stale-1"))["reason"] == "stale_assignment"


async def test_an_issue_that_is_not_known_is_refused_on_the_departments_own_topic(
    housing: Department,
) -> None:
    unknown = "0000000000000"
    where = {"assignment": f"{unknown}.1", "round": 1}
    await housing.says("sign", unknown, "unknown-1", where)
    assert (await housing.refused("unknown-1"))["reason"] == "unknown_issue"
    await housing.says("sign", "not-an-issue", "unknown-2", where)
    assert "is not an issue's id" in (await housing.refused("unknown-2"))["detail"]


async def test_another_department_may_not_act_on_it_and_hears_so_on_its_own_topic(
    housing: Department,
) -> None:
    id, where = await housing.assigned("not yours")
    await housing.says("sign", id, "theirs-1", where, "police")
    assert (await housing.refused("theirs-1", "police"))["reason"] == "not_the_holder"
    assert await state_of(housing, id) == "assigned"


async def test_after_all_that_was_wrong_the_gateway_still_works(housing: Department) -> None:
    id, where = await housing.assigned("still")
    await housing.says("sign", id, "still-1", where)
    await housing.services.reaches("dispatch", id, "in_progress")
    assert await housing.services.metric("dispatch", "qinqing_rewinds_total") == 0
