"""The batches that one consumer handles at the same time; where one fails, all that comes behind it is read again.

While there is no place for another one, what is fetched is gathered into the next: large batches cost less. Only where
somebody waits for a record in it that one begins at once, beside those that nobody waits for (bus.md, People first).
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, NamedTuple

# A TopicPartition is a named tuple of these two; only the consumer module names the client itself.
TopicPartition = Any
First = Mapping[TopicPartition, int]


class Begun(NamedTuple):
    """One batch under way: the first offset of each of its partitions, since when, as time.monotonic() tells, and
    whether somebody waits for something in it."""

    first: First
    since: float
    awaited: bool


AT_ONCE = 3
"""One is decided while one is written and one is published. So many more may begin if somebody waits for them, and for
fewer than this of all."""
ENOUGH = 250
"""Records gathered for the next batch; with so many no more are fetched before it begins."""
STOP_SECONDS = 5.0


class Gathered:
    """What was fetched for the next batch, in order."""

    def __init__(self, is_awaited: Callable[[Any], bool]) -> None:
        self._is_awaited = is_awaited
        self.clear()

    def clear(self) -> None:
        """There is nothing: it was begun with, or is read again. Never else: what comes behind would go ahead of it."""
        self.raws: list[Any] = []
        self.awaited = False
        """Whether somebody waits for something in it."""

    def add(self, raws: Sequence[Any]) -> None:
        """More of it."""
        self.raws += raws
        self.awaited = self.awaited or any(map(self._is_awaited, raws))


class UnderWay:
    """Batches that were begun, in the order in which they were fetched, and what is gathered for the next one."""

    def __init__(
        self,
        handle: Callable[[Sequence[Any]], Coroutine[Any, Any, None]],
        first_of: Callable[[Sequence[Any]], First],
        go_back: Callable[[First], None],
        awaited: Callable[[Any], bool],
    ) -> None:
        """``handle``: one batch to its end; it takes its partitions back by itself where it fails. ``go_back``: read
        these partitions again from there. ``awaited``: whether somebody waits for what becomes of this record."""
        self._handle, self._first_of, self._go_back = handle, first_of, go_back
        self._begun: dict[asyncio.Future[None], Begun] = {}
        self.gathered = Gathered(awaited)
        self.at_hand: First = {}
        """Of what was fetched and did not come here yet."""
        self.broken = False
        """One failed: until all have ended, and its partitions are read again, no other one may begin."""
        self.closed = False
        """None may begin any more."""

    async def take(self, raws: Sequence[Any]) -> None:
        """Begin with a batch as soon as there may be another; meanwhile more may be fetched, until it is enough."""
        first = self._first_of(raws)
        if self.broken or self.closed:
            # Fetched before one failed that must be read again first, or just behind it.
            self._go_back(first)
        else:
            if _goes_back(self._first_of(self.gathered.raws), first):
                self._begin(crowded=True)
            self.gathered.add(raws)
        self._begin()
        while len(self.gathered.raws) >= ENOUGH and not (self.broken or self.closed):
            await asyncio.wait([next(iter(self._still()))])
            self._begin()
        if self.broken or self.closed:
            self._give_back()
        self.at_hand = {}

    def _begin(self, _ended: object = None, *, crowded: bool = False) -> None:
        """Begin with what was gathered, where there is something; ``crowded``: also beside full ones."""
        raws, awaited = self.gathered.raws, self.gathered.awaited
        still = self._still().values()
        may = crowded or len(still) < AT_ONCE or (awaited and sum(begun.awaited for begun in still) < AT_ONCE)
        if raws and may and not (self.broken or self.closed):
            self.gathered.clear()
            begun = asyncio.ensure_future(self._handle(raws))
            self._begun[begun] = Begun(self._first_of(raws), time.monotonic(), awaited)
            begun.add_done_callback(self._begin)

    def _give_back(self) -> None:
        """Read again later what was gathered."""
        if self.gathered.raws:
            self._go_back(self._first_of(self.gathered.raws))
            self.gathered.clear()

    def partitions(self) -> set[TopicPartition]:
        """Those of which some records are under way or gathered."""
        begun = {tp for begun in self._still().values() for tp in begun.first}
        return begun.union(self._first_of(self.gathered.raws))

    def since(self) -> float:
        """Since when the oldest of them is under way; now, where there is none."""
        return min((begun.since for begun in self._still().values()), default=time.monotonic())

    async def mend(self) -> None:
        """Where one failed, wait until all have ended and gone back; then others may begin."""
        if self.broken:
            self._give_back()
            await self._ended(None)
            self.broken = False

    async def stop(self) -> None:
        """Let what is under way end, and begin with nothing more: what comes now is read again by the next owner."""
        self.closed = True
        self.gathered.clear()
        await self._ended(STOP_SECONDS)

    async def _ended(self, seconds: float | None) -> None:
        if still := self._still():
            await asyncio.wait(list(still), timeout=seconds)

    def _still(self) -> dict[asyncio.Future[None], Begun]:
        self._begun = {task: begun for task, begun in self._begun.items() if not task.done()}
        return self._begun


def _goes_back(gathered: First, first: First) -> bool:
    """Whether what came now is from before what was gathered, as after a rebalance: no batch may hold both."""
    return any(first[tp] <= offset for tp, offset in gathered.items() if tp in first)
