"""Where a gateway finds an outcome, and when it gives up: over a store and a bus in memory."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from shared.bus.document import outcome_id
from shared.bus.effects import Answer
from shared.bus.gateway import Gateway, Request, sealed
from shared.bus.records import Item, Outgoing, Record, decode
from shared.contract.commands.intake import RejectIssue
from shared.contract.envelope import open_envelope
from tests.faults.given import ACCEPT, SOURCE, notebook
from tests.unit.reference import directory_with_a_phone

ASKED = Request("a", ACCEPT, "http", "office:chen", "k")
DONE, OLD = {"status": "done", "state": "accepted"}, {"status": "done"}


class Documents:
    """A store that counts how often it is asked."""

    def __init__(self, documents: Mapping[str, Any]) -> None:
        self.documents, self.loads = documents, 0

    async def load(self, ids: Sequence[str]) -> dict[str, Any]:
        self.loads += 1
        return {id: self.documents[id] for id in ids if id in self.documents}


async def _published(outgoing: Sequence[Outgoing]) -> None:
    """The bus takes everything."""


def gateway(documents: Mapping[str, Any], **how: Any) -> tuple[Gateway, Documents]:
    store = Documents(documents)
    return Gateway(SOURCE, _published, store, **how), store  # type: ignore[arg-type]


NEWEST = {"a": {"_id": "a", "inbox": [["other", "d", OLD], [ASKED.id, ASKED.digest, DONE]]}}
ALONE = {"a": {"_id": "a", "inbox": []}, outcome_id("a", ASKED.id): {"digest": ASKED.digest, "outcome": OLD}}


@pytest.mark.parametrize(
    ("documents", "outcome"),
    [(NEWEST, DONE), (ALONE, OLD), ({}, None)],
    ids=["in the document", "in one of its own", "nowhere"],
)
async def test_an_outcome_is_found_with_one_question_wherever_it_stands(
    documents: Mapping[str, Any], outcome: Mapping[str, Any] | None
) -> None:
    asked, store = gateway(documents, wait_seconds=0.15)
    assert await asked.look("a", ASKED.id) == outcome
    assert store.loads == 1
    assert await asked.ask(ASKED) == outcome


async def test_numbers_are_masked_before_a_command_is_posted_and_the_answer_says_how_many() -> None:
    posted: list[Outgoing] = []

    async def publish(outgoing: Sequence[Outgoing]) -> None:
        posted.extend(outgoing)

    words = "不属本局，请打13812345678或0572-2039817、0572-2039818，身份证11010519491231002X"
    asked = ASKED._replace(command=RejectIssue(ground="litigation", explanation=words))
    hidden, count = asked.masked(directory_with_a_phone)
    documents = Documents({"a": {"_id": "a", "inbox": [[asked.id, hidden.digest, DONE]]}})
    gateway = Gateway(SOURCE, publish, documents, wait_seconds=0.15, directory=directory_with_a_phone)  # type: ignore[arg-type]
    for _ in range(2):  # asked again it is the same command, though it comes unmasked
        assert await gateway.ask(asked) == {**DONE, "masked": 3}
    await gateway.post([asked])
    left = "不属本局，请打138****5678或0572-2039817、0572-****818，身份证1101**********002X"
    assert [open_envelope(record.value).data["explanation"] for record in posted] == [left] * 3
    assert count == 3


async def test_who_waits_for_reference_data_that_does_not_come_is_answered_in_time() -> None:
    asked, _ = gateway({}, wait_seconds=0.01, ready=asyncio.Event().wait)
    with pytest.raises(TimeoutError):
        await asked.ask(ASKED)


async def test_another_body_under_the_same_id_is_refused_and_not_told_what_became_of_the_first() -> None:
    asked, _ = gateway(NEWEST, wait_seconds=0.15)
    other = ASKED._replace(command=RejectIssue(ground="litigation", explanation="x"))
    assert other.id == ASKED.id
    outcome = await asked.ask(other)
    assert outcome is not None
    assert outcome["reason"] == "id_reused"


async def test_two_bodies_under_one_id_that_wait_side_by_side_are_answered_each_for_itself() -> None:
    asked, _ = gateway({})
    other = ASKED._replace(command=RejectIssue(ground="litigation", explanation="x"))
    waiting = [asyncio.create_task(asked.ask(one)) for one in (ASKED, other)]
    await asyncio.sleep(0)
    record = Record("intake.commands", 0, 0, 0, b"a", b"")
    await asyncio.sleep(0)
    asked.answer([Answer(ASKED.id, "a", DONE, record, ASKED.digest)])
    asked.answer([Answer(other.id, "a", OLD, record, other.digest)])
    assert await asyncio.gather(*waiting) == [DONE, OLD]


async def test_the_hash_of_a_request_is_the_one_that_the_processor_counts_of_its_record() -> None:
    sent = sealed(ASKED, SOURCE)
    record = Record(sent.topic, 0, 0, 0, sent.key.encode(), sent.value)
    item = decode(record, notebook())
    assert isinstance(item, Item)
    assert item.digest == ASKED.digest


async def test_a_store_that_hangs_makes_nobody_wait_beyond_the_deadline() -> None:
    asked, store = gateway({}, wait_seconds=0.15)

    async def hang(ids: Sequence[str]) -> dict[str, Any]:
        return await asyncio.Event().wait()  # type: ignore[return-value]

    store.load = hang  # type: ignore[method-assign]
    async with asyncio.timeout(5):
        assert await asked.ask(ASKED) is None


PUBLISHED = {"published": [["intake.events", 5, "hash"]]}


async def test_an_outcome_says_how_far_its_aggregate_has_published_wherever_it_is_found() -> None:
    asked, _ = gateway({"a": {**NEWEST["a"], **PUBLISHED}}, wait_seconds=0.15)
    said = {**DONE, "published": f"{SOURCE}=5"}
    assert await asked.look("a", ASKED.id) == said
    assert await asked.ask(ASKED) == said
    here, _ = gateway({})
    waiting = asyncio.create_task(here.ask(ASKED))
    await asyncio.sleep(0)
    record = Record("intake.commands", 0, 0, 0, b"a", b"")
    await asyncio.sleep(0)
    here.answer([Answer(ASKED.id, "a", DONE, record, ASKED.digest, published={SOURCE: 5})])
    assert await waiting == said
