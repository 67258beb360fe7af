"""The gauge of held events counts what the worker's own partitions hold, through rebalances and restarts."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.bus.held import HeldEvents

SINCE = "2026-03-02T01:00:00+00:00"
NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)


def document(subject: str, partition: int, held: int) -> dict[str, Any]:
    """As the store keeps it, as far as the gauge looks."""
    waits = {"held_since": SINCE, "held": [[]] * held} if held else {}
    return {"_id": subject, "partition": partition, **waits}


class Kept:
    """What a store holds; reading it all waits at the gate."""

    def __init__(self, *documents: dict[str, Any]) -> None:
        self.documents = {document["_id"]: document for document in documents}
        self.gate, self.reads = asyncio.Event(), 0
        self.gate.set()

    async def waiting(self) -> AsyncIterator[dict[str, Any]]:
        self.reads += 1
        found = [each for each in self.documents.values() if "held" in each]
        await self.gate.wait()
        for each in found:
            yield each


async def until(holds: Callable[[], Any]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0)


@pytest.fixture
async def kept() -> Kept:
    return Kept(document("a", 0, 2), document("b", 1, 3), document("c", 1, 0))


@pytest.fixture
async def gauge(kept: Kept) -> AsyncIterator[HeldEvents]:
    made = HeldEvents(kept.waiting)
    looking = asyncio.create_task(made.run())
    yield made
    looking.cancel()
    await asyncio.wait([looking])


async def test_what_new_partitions_hold_is_found_in_the_store(gauge: HeldEvents) -> None:
    gauge.assigned([1])
    await until(lambda: gauge.count() == 3)
    gauge.assigned([0, 1])
    await until(lambda: gauge.count() == 5)
    assert gauge.oldest(NOW) == datetime.fromisoformat(SINCE)


async def test_what_moved_away_is_not_counted_any_more(gauge: HeldEvents) -> None:
    gauge.assigned([0, 1])
    await until(lambda: gauge.count() == 5)
    gauge.assigned([])
    assert (gauge.count(), gauge.oldest(NOW)) == (0, NOW)
    gauge.assigned([0])
    await until(lambda: gauge.count() == 2)


async def test_a_document_that_was_written_counts_as_it_was_written(gauge: HeldEvents) -> None:
    gauge.assigned([0, 1])
    await until(lambda: gauge.count() == 5)
    gauge.written([document("b", 1, 0), document("c", 1, 4)])
    assert gauge.count() == 6


async def test_what_is_released_while_the_store_is_read_stays_released(gauge: HeldEvents, kept: Kept) -> None:
    kept.gate.clear()
    gauge.assigned([0, 1])
    await until(lambda: kept.reads == 1)
    gauge.written([document("a", 0, 0)])
    kept.gate.set()
    await until(lambda: gauge.count())
    assert gauge.count() == 3


async def test_partitions_that_come_while_the_store_is_read_are_looked_up_again(
    gauge: HeldEvents, kept: Kept
) -> None:
    kept.gate.clear()
    gauge.assigned([0])
    await until(lambda: kept.reads == 1)
    kept.documents["b"] = document("b", 1, 7)
    gauge.assigned([0, 1])
    kept.gate.set()
    await until(lambda: gauge.count() == 9)


async def test_who_waits_longest_is_named_first(gauge: HeldEvents) -> None:
    gauge.assigned([0, 1])
    await until(lambda: gauge.count() == 5)
    gauge.written([{**document("c", 1, 1), "held_since": "2026-03-02T00:00:00+00:00"}])
    assert gauge.subjects(10) == ["c", "a", "b"] and gauge.subjects(1) == ["c"]
