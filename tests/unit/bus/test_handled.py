"""What is said of each record that was handled: what became of it, by its ids and nothing that anybody wrote."""

import pytest
from pymongo.errors import DocumentTooLarge

from shared.bus.handled import Became
from shared.bus.processor import Batch
from shared.bus.records import Outgoing
from tests.faults.given import Played, closing, line, notebook

BUG = "bug"


def became(batch: Batch) -> list[Became]:
    return [one.became for one in batch.handled]


async def test_a_command_is_applied_once_and_known_from_then_on() -> None:
    service = Played(notebook())
    assert became(await service.deliver(line("a", "one"), line("b", "one"))) == [Became.APPLIED] * 2
    assert became(await service.deliver(line("a", "one"), line("a", "two"))) == [
        Became.KNOWN,
        Became.APPLIED,
    ]


async def test_a_refusal_is_said_with_the_name_of_its_reason() -> None:
    (one,) = (await Played(notebook()).deliver(line("a", "no"))).handled
    assert (one.became, one.reason) == (Became.REFUSED, "illegal_move")


async def test_an_event_is_held_until_its_predecessor_is_applied_and_known_afterwards() -> None:
    service = Played(notebook())
    assert became(await service.deliver(closing("a", 2))) == [Became.HELD]
    assert became(await service.deliver(closing("a", 1))) == [Became.APPLIED]
    assert became(await service.deliver(closing("a", 2), closing("a", 1))) == [Became.KNOWN] * 2


async def test_an_event_of_an_unknown_type_is_passed() -> None:
    newer = closing("a", 1)
    newer = newer._replace(value=newer.value.replace(b"issue.closed.v1", b"issue.closed.v9"))
    assert became(await Played(notebook()).deliver(newer)) == [Became.PASSED]


async def test_what_cannot_be_read_or_fails_is_a_dead_letter_and_its_neighbours_are_applied() -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError(BUG)

    service = Played(notebook(write=fail))
    odd = Outgoing("intake.commands", "c", b"{")
    batch = await service.deliver(odd, line("a", "one"), closing("b", 1))
    by_subject = {one.subject: one.became for one in batch.handled}
    assert by_subject == {"": Became.DEAD_LETTER, "a": Became.DEAD_LETTER, "b": Became.APPLIED}


async def test_what_the_store_refuses_is_one_dead_letter_and_is_said_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = Played(notebook())
    write = service.store.write

    async def narrow(documents: list[dict[str, object]]) -> set[str]:
        if any(document["_id"] == "a" for document in documents):
            raise DocumentTooLarge("too large")
        return await write(documents)

    monkeypatch.setattr(service.store, "write", narrow)
    batch = await service.deliver(line("a", "one"), line("b", "one"))
    assert sorted((one.subject, one.became) for one in batch.handled) == [
        ("a", Became.DEAD_LETTER),
        ("b", Became.APPLIED),
    ]


async def test_each_record_of_a_batch_is_said_once_also_where_another_worker_changed_its_document() -> None:
    service = Played(notebook())
    await service.deliver(line("a", "one"))
    service.store.fenced = True
    stale = await service.store.get("a")
    assert stale is not None
    await service.store.write([{**stale, "v": stale["v"] + 1}])
    batch = await service.deliver(line("a", "two"), line("a", "three"))
    assert batch.conflicts == 1
    assert became(batch) == [Became.APPLIED] * 2
