"""Which notices of the partitions a worker owns wait to be sent: told by each write, looked up for new partitions."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.contract.subjects import kind_of
from shared.deadlines import BEGIN, Deadlines, due_in
from shared.domain.notices import KEPT, UNSENT, is_to_be_sent

AHEAD = timedelta(days=1)
"""How far a deadline may lie behind the last one that is looked for: another machine's clock made it."""


class WaitingNotices:
    """The notices that are to be sent, the one that waits longest first."""

    def __init__(self, store: Deadlines, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store, self._now = store, now
        self._owned: frozenset[int] = frozenset()
        self._new: frozenset[int] = frozenset()
        """Those of them that were not looked through yet."""
        self._waiting: dict[str, int] = {}
        """By subject: its partition, in the order in which they came."""
        self._written: set[str] | None = None
        """What was written while the store is read."""
        self._wake = asyncio.Event()

    def assigned(self, partitions: Sequence[int]) -> None:
        """These are ours now: what waits elsewhere is somebody else's, what waits in new ones is looked up."""
        self._new = frozenset(partitions) - (self._owned - self._new)
        self._owned = frozenset(partitions)
        self._waiting = {subject: at for subject, at in self._waiting.items() if at in self._owned}
        self._wake.set()

    def written(self, documents: Iterable[Mapping[str, Any]]) -> None:
        """These documents were written just now."""
        for document in documents:
            subject = document["_id"]
            if kind_of(subject) != "notice":
                continue
            if self._written is not None:
                self._written.add(subject)
            if is_to_be_sent(document.get("state") or {}):
                self._waiting.setdefault(subject, document["partition"])
                self._wake.set()
            else:
                self._waiting.pop(subject, None)

    async def next(self) -> str:
        """The subject of one that waits, once there is one; raises what the store raises."""
        while True:
            self._wake.clear()
            while self._new:
                await self._look_up(min(self._new))
            if self._waiting:
                return next(iter(self._waiting))
            await self._wake.wait()

    def drop(self, subject: str) -> None:
        """It was begun, by whomever: the write that prepares it again brings it back."""
        self._waiting.pop(subject, None)

    def count(self) -> int:
        """How many wait."""
        return len(self._waiting)

    async def _look_up(self, number: int) -> None:
        """What waits in a new partition has the deadline of what is prepared: by that the index finds it."""
        owned, self._written = self._owned, set()
        try:
            found = await due_in(self._store, number, BEGIN, self._now() + KEPT + AHEAD)
            if owned is not self._owned:  # some came or went while the store was read
                return
            for due in found:
                # What was written meanwhile is known better than the store said.
                if due.name == UNSENT and due.subject not in self._written:
                    self._waiting.setdefault(due.subject, number)
            self._new -= {number}
        finally:
            self._written = None
