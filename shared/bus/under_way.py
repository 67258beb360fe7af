"""The batches that one consumer handles at the same time; where one fails, all that comes behind it is read again."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any

# A TopicPartition is a named tuple of these two; only the consumer module names the client itself.
TopicPartition = Any

AT_ONCE = 3
"""One is decided while one is written and one is published."""
STOP_SECONDS = 5.0


class UnderWay:
    """Batches that were begun, in the order in which they were fetched, each with its partitions."""

    def __init__(self) -> None:
        self._begun: dict[asyncio.Future[None], frozenset[TopicPartition]] = {}
        self.broken = False
        """One failed: until all have ended, and its partitions are read again, no other one may begin."""
        self.closed = False
        """None may begin any more."""

    @property
    def must_not_begin(self) -> bool:
        """Whether what is fetched now must be read again."""
        return self.broken or self.closed

    def partitions(self) -> set[TopicPartition]:
        """Those of which some records are under way."""
        self._forget()
        return {tp for partitions in self._begun.values() for tp in partitions}

    async def room(self) -> None:
        """Return when one more may begin, or none may."""
        self._forget()
        while len(self._begun) >= AT_ONCE and not self.must_not_begin:
            await asyncio.wait([next(iter(self._begun))])
            self._forget()

    def begin(self, handling: Coroutine[Any, Any, None], partitions: Iterable[TopicPartition]) -> None:
        """Handle one more, beside the others. What it raises is lost: it must rewind by itself."""
        self._begun[asyncio.ensure_future(handling)] = frozenset(partitions)

    async def mend(self) -> None:
        """Where one failed, wait until all have ended and gone back; then others may begin."""
        if self.broken:
            await self.ended()
            self.broken = False

    async def ended(self, seconds: float | None = None) -> None:
        """Wait until each of them has ended, or so long."""
        if self._begun:
            await asyncio.wait(list(self._begun), timeout=seconds)
        self._forget()

    def _forget(self) -> None:
        self._begun = {task: partitions for task, partitions in self._begun.items() if not task.done()}
