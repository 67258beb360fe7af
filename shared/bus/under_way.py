"""The batches that one consumer handles at the same time; where one fails, all that comes behind it is read again."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, NamedTuple

# A TopicPartition is a named tuple of these two; only the consumer module names the client itself.
TopicPartition = Any
First = Mapping[TopicPartition, int]


class Begun(NamedTuple):
    """One batch under way: the first offset of each of its partitions, and since when, as time.monotonic() tells."""

    first: First
    since: float


AT_ONCE = 3
"""One is decided while one is written and one is published."""
STOP_SECONDS = 5.0


class UnderWay:
    """Batches that were begun, in the order in which they were fetched, each with its partitions' first offsets."""

    def __init__(
        self,
        handle: Callable[[Sequence[Any]], Coroutine[Any, Any, None]],
        first_of: Callable[[Sequence[Any]], First],
        go_back: Callable[[First], None],
    ) -> None:
        """``handle``: one batch to its end; it takes its partitions back by itself where it fails. ``go_back``: read
        these partitions again from there."""
        self._handle, self._first_of, self._go_back = handle, first_of, go_back
        self._begun: dict[asyncio.Future[None], Begun] = {}
        self.at_hand: First = {}
        """Of what was fetched and did not come here yet."""
        self.broken = False
        """One failed: until all have ended, and its partitions are read again, no other one may begin."""
        self.closed = False
        """None may begin any more."""

    async def take(self, raws: Sequence[Any]) -> None:
        """Begin with a batch as soon as there is room for it: meanwhile the next one may be fetched."""
        while len(self._still()) >= AT_ONCE and not (self.broken or self.closed):
            await asyncio.wait([next(iter(self._begun))])
        first = self._first_of(raws)
        if self.broken or self.closed:  # fetched before one failed that must be read again first
            self._go_back(first)
        else:
            self._begun[asyncio.ensure_future(self._handle(raws))] = Begun(first, time.monotonic())
        self.at_hand = {}

    def partitions(self) -> set[TopicPartition]:
        """Those of which some records are under way."""
        return {tp for begun in self._still().values() for tp in begun.first}

    def since(self) -> float:
        """Since when the oldest of them is under way; now, where there is none."""
        return min((begun.since for begun in self._still().values()), default=time.monotonic())

    async def mend(self) -> None:
        """Where one failed, wait until all have ended and gone back; then others may begin."""
        if self.broken:
            await self._ended(None)
            self.broken = False

    async def stop(self) -> None:
        """Let what is under way end, and begin with nothing more: what comes now is read again by the next owner."""
        self.closed = True
        await self._ended(STOP_SECONDS)

    async def _ended(self, seconds: float | None) -> None:
        if still := self._still():
            await asyncio.wait(list(still), timeout=seconds)

    def _still(self) -> dict[asyncio.Future[None], Begun]:
        self._begun = {task: begun for task, begun in self._begun.items() if not task.done()}
        return self._begun
