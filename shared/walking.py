"""A version that reaches what exists already walks over the index of deadlines, slice by slice.

Each aggregate that it moves is sent one command. Two slices are on their way, together about 50 ms of work: the next
goes out when one was answered, and is read meanwhile, for people go ahead of it (docs/decisions/0064), and nobody
waits for the walker. A walk that was interrupted begins anew: who was reached is moved no more. What begins meanwhile,
behind the walker, asks for itself. That a partition was walked to its end is noted, so that no restart walks again.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol

import structlog

from shared.bus.gateway import Request
from shared.contract.command import Command
from shared.deadlines import (
    Deadlines,
    DueDeadline,
    Piece,
    States,
    cut,
    instant_of,
    is_sweep,
    place_of,
    read_states,
)
from shared.owned_timers import PATIENCE
from shared.timers import FIRST, MILLISECOND, RETRY_SECONDS, sized

log = structlog.get_logger(__name__)

GATEWAY, ACTOR = "walker", "system:renewing"
"""Of the commands that are posted."""
END = "~"
"""The place behind every deadline."""
WINDOW, AHEAD = timedelta(days=1), timedelta(days=120)
"""So much of the index is cut at once, up to so far ahead; what lies behind is little, and cut as one."""
MOST_PIECES = 8
"""So many are read in one turn for a slice that is not full yet; while others are worked off, one."""
SLICES = 2
"""So many are in flight: while one is worked off the other is on its way."""
LONGEST_WAIT = 60.0


class Walk(NamedTuple):
    """One version on its way: its name, from when on it holds, what it asks of an aggregate, and of which.

    ``moves``: whether the version moves anything in a stored state.
    """

    name: str
    at: datetime
    command: Command
    moves: Callable[[Mapping[str, Any]], bool]


class Index(Deadlines, States, Protocol):
    """What this needs of a store."""


class Ended(Protocol):
    """Where it is noted what was walked to its end (shared/store.py, Entries)."""

    async def add(self, id: str, entry: dict[str, Any]) -> bool:
        """Note it."""

    async def get(self, id: str) -> Mapping[str, Any] | None:
        """Whether it was noted: None where not."""


class _Slice:
    """What was posted together and is not answered yet; ``together``: how much was in flight then, all in all."""

    def __init__(self, requests: Sequence[Request], at: datetime, together: int) -> None:
        self.requests = {request.id: request for request in requests}
        self.posted_at, self.together = at, together


class _Partition:
    """How far one partition was walked."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.done: set[str] = set()
        """Names of the walks that came to their end here, as far as anybody asked."""
        self.begin("")

    def begin(self, walk: str) -> None:
        """From the first deadline on."""
        self.walk, self.low = walk, ""
        self.pieces: deque[Piece] = deque()
        self.found: deque[DueDeadline] = deque()
        """What is moved and was not asked yet."""

    @property
    def unread(self) -> bool:
        """Whether there is more to read."""
        return bool(self.pieces) or self.low < END


class Walker:
    """Walks over the partitions that this worker owns, one after the other.

    ``walks``: the versions that reach what exists, the earlier in force first. ``post`` publishes commands and returns
    when they are acknowledged.
    """

    def __init__(
        self,
        store: Index,
        ended: Ended,
        post: Callable[[Sequence[Request]], Awaitable[None]],
        walks: Callable[[], Sequence[Walk]],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store, self._ended, self._post, self._walks, self._now = store, ended, post, walks, now
        self._owned: dict[int, _Partition] = {}
        self._slices: list[_Slice] = []
        self._size = float(FIRST)
        self._wake = asyncio.Event()

    # ------------------------------------------------------------- what the service says

    def assigned(self, partitions: Iterable[int]) -> None:
        """These are ours now; whatever was under way begins anew, for others may have been at it meanwhile."""
        self._owned = {number: _Partition(number) for number in partitions}
        self._slices = []
        self._wake.set()

    def handled(self, answered: Iterable[str]) -> None:
        """These commands were answered."""
        if not self._slices:
            return
        ids = list(answered)
        for slice in list(self._slices):
            for id in ids:
                slice.requests.pop(id, None)
            if not slice.requests:
                seconds = (self._now() - slice.posted_at).total_seconds()
                self._size = sized(self._size, slice.together, seconds)
                self._slices.remove(slice)
                self._wake.set()

    def published(self) -> None:
        """There is another version."""
        self._wake.set()

    # ------------------------------------------------------------- turns

    async def run(self) -> None:
        """For ever; what a turn raises only makes the next one late."""
        while True:
            self._wake.clear()
            try:
                wait = await self.turn()
            except Exception as error:
                log.warning("walker tried again", error=f"{type(error).__name__}: {error}"[:300])
                await asyncio.sleep(RETRY_SECONDS)  # no event says that a part works again
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), wait)

    def has_work(self) -> bool:
        """Whether a turn would do something now."""
        if any(self._is_late(slice) for slice in self._slices):
            return True
        partition, walk = self._at()
        if walk is None or partition is None:
            return False
        if not self._slices or partition.walk != walk.name:
            return True
        if partition.unread and len(partition.found) < self._share():
            return True
        return bool(partition.found) and len(self._slices) < SLICES

    async def turn(self) -> float:
        """One step of one walk: a piece is read, a slice posted, or an end noted; the seconds until the next turn."""
        if not self.has_work():
            return self._wait()
        if late := [slice for slice in self._slices if self._is_late(slice)]:
            for slice in late:
                self._slices.remove(slice)
                await self._send(list(slice.requests.values()))
            return 0.0
        partition, walk = self._at()
        assert partition is not None
        assert walk is not None
        await self._go_on(partition, walk)
        return 0.0

    def _is_late(self, slice: _Slice) -> bool:
        return self._now() >= slice.posted_at + PATIENCE

    def _share(self) -> int:
        """Documents of one slice."""
        return max(1, int(self._size) // SLICES)

    def _wait(self) -> float:
        if self._slices:
            first = min(slice.posted_at for slice in self._slices)
            return (first + PATIENCE - self._now()).total_seconds()
        coming = [(walk.at + MILLISECOND - self._now()).total_seconds() for walk in self._walks()]
        return min([LONGEST_WAIT, *(seconds for seconds in coming if seconds > 0)])

    def _at(self) -> tuple[_Partition | None, Walk | None]:
        """The first partition that was not walked to its end, and the first walk in force that did not end there."""
        by = self._now() - MILLISECOND
        if in_force := [walk for walk in self._walks() if walk.at <= by]:
            for partition in self._owned.values():
                for walk in in_force:
                    if walk.name not in partition.done:
                        return partition, walk
        return None, None

    async def _go_on(self, partition: _Partition, walk: Walk) -> None:
        name = f"{walk.name}/{partition.number}"
        if partition.walk != walk.name:
            if await self._ended.get(name) is not None:
                partition.done.add(walk.name)
                return
            log.info("walk begins", walk=walk.name, partition=partition.number)
            partition.begin(walk.name)
        for _ in range(1 if self._slices else MOST_PIECES):
            if len(partition.found) >= self._share() or not partition.unread:
                break
            await self._read(partition, walk)
        if self._owned.get(partition.number) is not partition:
            return  # it moved on while the store was read
        if partition.found and len(self._slices) < SLICES:
            size = min(self._share(), len(partition.found))
            await self._send([_request(walk, partition.found[place]) for place in range(size)])
            for _ in range(size):
                partition.found.popleft()
        elif not (self._slices or partition.found or partition.unread):
            await self._ended.add(name, {})
            partition.done.add(walk.name)
            log.info("walk ended", walk=walk.name, partition=partition.number)

    async def _read(self, partition: _Partition, walk: Walk) -> None:
        """One more piece of the index, and what the version moves in it."""
        if not partition.pieces:
            high = self._end_of_window(partition.low)
            partition.pieces.extend(await cut(self._store, partition.number, partition.low, high))
            partition.low = high
        piece = partition.pieces[0]
        for entry, state in await read_states(self._store, partition.number, piece):
            if not is_sweep(entry.name) and walk.moves(state):
                partition.found.append(entry)
        partition.pieces.popleft()

    def _end_of_window(self, low: str) -> str:
        if not low:
            return place_of(self._now())
        at = instant_of(low) + WINDOW
        return place_of(at) if at < self._now() + AHEAD else END

    async def _send(self, requests: list[Request]) -> None:
        """Post a slice; it is in flight from before it was acknowledged, for it may be answered by then."""
        together = len(requests) + sum(len(slice.requests) for slice in self._slices)
        slice = _Slice(requests, self._now(), together)
        self._slices.append(slice)
        try:
            await self._post(requests)
        except BaseException:
            if slice in self._slices:
                self._slices.remove(slice)
            raise


def _request(walk: Walk, entry: DueDeadline) -> Request:
    """The command for one aggregate as it was read: another version of it is asked again."""
    key = f"{walk.name}/{entry.subject}/{entry.version}"
    return Request(entry.subject, walk.command, GATEWAY, ACTOR, key)
