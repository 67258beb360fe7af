"""Batches side by side: a service whose writes and publications wait at gates, until a test lets each through."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from aiokafka import TopicPartition

import shared.bus.consumer
from shared.bus.consumer import BatchConsumer
from shared.bus.document import Stored
from shared.bus.records import Outgoing
from tests.faults.client import Client, raw, seam
from tests.faults.given import Played, notebook

COMMANDS = TopicPartition("intake.commands", 0)


class Gate:
    """What waits here until it is let through, each by its name; or fails there."""

    def __init__(self) -> None:
        self.waiting: dict[str, asyncio.Future[None]] = {}

    async def wait(self, names: Iterable[str]) -> None:
        name = " ".join(sorted(set(names)))
        self.waiting[name] = going = asyncio.get_running_loop().create_future()
        await going

    async def pass_on(self, name: str, error: Exception | None = None) -> None:
        """Let one through that waits, and everything else go on as far as it can."""
        going = self.waiting.pop(name)
        going.set_exception(error) if error else going.set_result(None)
        await settled()


async def settled() -> None:
    """Let everything go on as far as it can."""
    for _ in range(20):
        await asyncio.sleep(0)


async def consuming(played: "SideBySide", client: Client, patch: pytest.MonkeyPatch) -> BatchConsumer:
    """A consumer over it that has a partition, and never pauses before it reads again."""
    patch.setattr(shared.bus.consumer, "FIRST_BACKOFF", 0.0)
    made, _ = seam(played.processor, client)
    await made.on_partitions_assigned([COMMANDS])
    return made


class SideBySide(Played):
    """A service whose writes and publications wait at a gate."""

    def __init__(self) -> None:
        self.writing, self.publishing = Gate(), Gate()
        super().__init__(notebook())
        write = self.store.write

        async def gated(documents: Sequence[Stored]) -> set[str]:
            await self.writing.wait(document["_id"] for document in documents)
            return await write(documents)

        self.store.write = gated  # type: ignore[method-assign]

    async def _publish(self, outgoing: Iterable[Outgoing]) -> None:
        await self.publishing.wait(out.key for out in outgoing)
        await super()._publish(outgoing)

    def begin(self, *sent: Outgoing) -> asyncio.Task[Any]:
        """Begin with a batch of these."""
        return asyncio.create_task(self.processor.run([self.append(out) for out in sent]))


async def fetch(batches: BatchConsumer, client: Client, *sent: Outgoing) -> None:
    """One poll that hands over the next records, and what becomes of them."""
    first = client.positions[COMMANDS]
    found = [raw(out, first + place) for place, out in enumerate(sent)]
    client.ready = {COMMANDS: found} if found else {}
    polled = await client.getmany(timeout_ms=10)
    client.positions[COMMANDS] += len(found)
    if polled:
        await batches.under_way.take(polled[COMMANDS])
    await settled()
