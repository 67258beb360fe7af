"""One coroutine under way, and what makes everything that waits do so in virtual time."""

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import shared.bus.consumer
import shared.bus.forwarder
import shared.bus.processor
import shared.bus.publisher
import shared.bus.turns
import shared.bus.under_way
import shared.bus.upgrades
import shared.notifying
import shared.store
import shared.walking
from tests.simulation.reference import quiet
from tests.simulation.side_by_side import SideBySide
from tests.simulation.versions import as_version
from tests.simulation.worker import Anything, Process, Wanted
from tests.simulation.world import Ask, Raw

if TYPE_CHECKING:
    from tests.simulation.scheduler import Scheduler


class Task:
    """One coroutine and what it waits for."""

    __slots__ = ("ask", "batch", "coroutine", "name", "over", "owner")

    def __init__(self, name: str, coroutine: Coroutine[Any, Any, None], owner: Process | None) -> None:
        self.name, self.coroutine, self.owner, self.over = name, coroutine, owner, False
        self.batch: Sequence[Raw] | None = None
        """What it works on, where its process works on several batches."""
        self.ask = Ask("begin")

    def step(self, value: Any = None, error: Exception | None = None) -> bool:
        """Run to the next ask; False when the coroutine is over."""
        if self.owner is None or not self.owner.lacks:
            return self._step(value, error)
        with as_version(self.owner.lacks):
            return self._step(value, error)

    def _step(self, value: Any, error: Exception | None) -> bool:
        try:
            ask = self.coroutine.throw(error) if error else self.coroutine.send(value)
            while ask is None:  # asyncio.sleep(0)
                ask = self.coroutine.send(None)
        except StopIteration:
            self.over = True
            return False
        self.ask = ask
        return True


@contextmanager
def virtual_time(scheduler: "Scheduler") -> Iterator[None]:
    """What waits or does things side by side does so in virtual time, and nothing is logged."""

    async def sleep(seconds: float) -> None:
        await Ask("sleep", scheduler.clock.ms + int(seconds * 1000))

    async def gather(*reads: Coroutine[Any, Any, Any]) -> list[Any]:
        try:
            return [await read for read in reads]
        finally:
            for read in reads:
                read.close()

    consumer, forwarder, upgrades = shared.bus.consumer, shared.bus.forwarder, shared.bus.upgrades
    processor = shared.bus.processor
    pretended = SimpleNamespace(sleep=sleep, CancelledError=asyncio.CancelledError)
    side_by_side = SideBySide(lambda: scheduler.clock.ms, scheduler.spawn_beside, scheduler.after)
    with (
        patch.object(consumer, "to_record", lambda raw, prefix: raw.record),
        patch.object(processor, "decode", scheduler.reading.decode),
        patch.object(consumer, "asyncio", pretended),
        patch.object(forwarder, "asyncio", side_by_side),
        patch.object(shared.bus.under_way, "asyncio", side_by_side),
        patch.object(shared.bus.turns, "asyncio", SimpleNamespace(Event=Wanted)),
        patch.object(shared.store, "asyncio", SimpleNamespace(gather=gather)),
        patch.object(consumer, "log", Anything()),
        patch.object(forwarder, "log", Anything()),
        patch.object(shared.bus.publisher, "log", Anything()),
        patch.object(upgrades, "asyncio", SimpleNamespace(sleep=sleep, Event=Wanted)),
        patch.object(upgrades, "log", Anything()),
        patch.object(shared.notifying, "asyncio", SimpleNamespace(sleep=sleep)),
        patch.object(shared.notifying, "log", Anything()),
        patch.object(shared.walking, "log", Anything()),
        quiet(),
    ):
        yield
