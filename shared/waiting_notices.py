"""Which notices of the partitions a worker owns wait to be sent: told by each write, looked up for new partitions."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.contract.subjects import kind_of
from shared.contract.words import MAIL
from shared.deadlines import BEGIN, Deadlines, due_in
from shared.domain.notices import to_be_sent_by, unsent_by

AHEAD = timedelta(days=60)
"""How far ahead the end of what is prepared may lie: three working days, and the longest holidays between them."""


class WaitingNotices:
    """The notices that are to be sent in each way, the one that waits longest first."""

    def __init__(self, store: Deadlines, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store, self._now = store, now
        self._owned: frozenset[int] = frozenset()
        self._new: frozenset[int] = frozenset()
        """Those of them that were not looked through yet."""
        self._waiting: defaultdict[str, dict[str, int]] = defaultdict(dict)
        """By way and subject: its partition, in the order in which they came."""
        self._written: set[str] | None = None
        """What was written while the store is read."""
        self._wake = asyncio.Event()
        self._looking = asyncio.Lock()
        """The senders of all ways look; one of them reads the store."""

    def assigned(self, partitions: Sequence[int]) -> None:
        """These are ours now, and read as far as others had begun something there: what waits in new ones is looked up,
        and what waits elsewhere is somebody else's."""
        self._new = frozenset(partitions) - (self._owned - self._new)
        self._owned = frozenset(partitions)
        for way, waiting in self._waiting.items():
            self._waiting[way] = {subject: at for subject, at in waiting.items() if at in self._owned}
        self._wake.set()

    def written(self, documents: Iterable[Mapping[str, Any]]) -> None:
        """These documents were written just now."""
        for document in documents:
            subject = document["_id"]
            if kind_of(subject) != "notice":
                continue
            if self._written is not None:
                self._written.add(subject)
            if way := to_be_sent_by(document.get("state") or {}):
                self._waiting[way].setdefault(subject, document["partition"])
                self._wake.set()
            else:
                self.drop(subject)

    async def next(self, way: str = MAIL) -> str:
        """The subject of one that waits to go this way, once there is one; raises what the store raises."""
        while True:
            self._wake.clear()
            async with self._looking:
                while self._new:
                    await self._look_up(min(self._new))
            if waiting := self._waiting[way]:
                return next(iter(waiting))
            await self._wake.wait()

    def drop(self, subject: str) -> None:
        """It was begun, by whomever: the write that prepares it again brings it back."""
        for waiting in self._waiting.values():
            waiting.pop(subject, None)

    def count(self, way: str | None = None) -> int:
        """How many wait, to go one way, or any."""
        return sum(len(waiting) for by, waiting in self._waiting.items() if way in (None, by))

    async def _look_up(self, number: int) -> None:
        """What waits in a new partition has the deadline of what is prepared: by that the index finds it."""
        owned, self._written = self._owned, set()
        try:
            found = await due_in(self._store, number, BEGIN, self._now() + AHEAD)
            if owned is not self._owned:  # some came or went while the store was read
                return
            for due in found:
                # What was written meanwhile is known better than the store said.
                if (way := unsent_by(due.name)) and due.subject not in self._written:
                    self._waiting[way].setdefault(due.subject, number)
            self._new -= {number}
        finally:
            self._written = None
