"""Which aggregates of the partitions a worker owns hold events that came too early: what two gauges say."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import datetime

from shared.bus.document import Stored
from shared.contract.envelope import Malformed, open_envelope, read_seen

Waited = tuple[str, str, int]
"""Topic, source and number of the event that has to come first."""


def awaited(document: Stored) -> dict[Waited, list[str]]:
    """For what this document's held events wait, and since when each does.

    It is the next one of their own sequence or, of the first event of an epoch, of the epoch before it.
    """
    read = {(topic, source): seq for topic, source, seq in document.get("read", ())}
    found: dict[Waited, list[str]] = {}
    for topic, own, _, since, raw, *_ in document.get("held", ()):
        followed = (one for one, last in _follows(raw).items() if read.get((topic, one), 0) < last)
        source = next(followed, own)
        found.setdefault((topic, source, read.get((topic, source), 0) + 1), []).append(since)
    return found


def _follows(raw: str) -> dict[str, int]:
    try:
        return read_seen(open_envelope(raw.encode()).follows)
    except Malformed:
        return {}


class HeldEvents:
    """Counts what is held: from each document as it is written, and of new partitions from the store."""

    def __init__(self, find: Callable[[], AsyncIterator[Stored]]) -> None:
        """``find``: the documents in the store that may hold events."""
        self._find = find
        self._owned: frozenset[int] = frozenset()
        self._held: dict[str, tuple[int, datetime, int]] = {}
        self._written: set[str] = set()
        self._wanted = asyncio.Event()

    def assigned(self, partitions: Sequence[int]) -> None:
        """These are ours now: what others hold is no longer counted here, what new ones hold is looked up."""
        if set(partitions) - self._owned:
            self._wanted.set()
        self._owned = frozenset(partitions)
        self._held = {subject: entry for subject, entry in self._held.items() if entry[0] in self._owned}

    def written(self, documents: Iterable[Stored]) -> None:
        """These documents were written just now."""
        for document in documents:
            subject = document["_id"]
            if self._wanted.is_set():
                self._written.add(subject)
            if "held_since" in document:
                self._count(document)
            elif self._held:
                self._held.pop(subject, None)

    async def run(self) -> None:
        """Look up what new partitions hold, each time there are some; raises what the store raises."""
        while True:
            await self._wanted.wait()
            self._written.clear()
            owned = self._owned
            async for document in self._find():
                ours = document["partition"] in self._owned and "held_since" in document
                # What was written while the store was read is known better than the store said.
                if ours and document["_id"] not in self._written:
                    self._count(document)
            if owned is self._owned:  # else some came while the store was read
                self._wanted.clear()

    def _count(self, document: Stored) -> None:
        since = datetime.fromisoformat(document["held_since"])
        self._held[document["_id"]] = document["partition"], since, len(document["held"])

    def count(self) -> int:
        """How many events are held."""
        return sum(count for _, _, count in self._held.values())

    def subjects(self, most: int) -> list[str]:
        """The aggregates that hold some, the one that waits longest first."""
        ranked = sorted(self._held, key=lambda subject: (self._held[subject][1], subject))
        return ranked[:most]

    def oldest(self, default: datetime) -> datetime:
        """Since when the oldest of them is held."""
        return min((since for _, since, _ in self._held.values()), default=default)
