"""A version that reaches what exists already walks over the index of deadlines, slice by slice.

Each aggregate that it moves is sent one command; the next slice goes out when the last one was answered, so a person
waits behind one slice of about 50 ms (bus.md, People first). A walk that was interrupted begins anew: who was reached
is moved no more. What begins meanwhile, behind the walker, asks for itself. That a partition was walked to its end is
noted, so that no restart walks again.
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
"""So many are read in one turn for a slice that is not full yet."""
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


class Walker:
    """Walks over the partitions that this worker owns, one slice in flight.

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
        self._in_flight: dict[str, Request] = {}
        self._posted_at, self._together, self._size = now(), 0, float(FIRST)
        self._wake = asyncio.Event()

    # ------------------------------------------------------------- what the service says

    def assigned(self, partitions: Iterable[int]) -> None:
        """These are ours now; whatever was under way begins anew, for others may have been at it meanwhile."""
        self._owned = {number: _Partition(number) for number in partitions}
        self._in_flight = {}
        self._wake.set()

    def handled(self, answered: Iterable[str]) -> None:
        """These commands were answered."""
        if not self._in_flight:
            return
        for id in answered:
            self._in_flight.pop(id, None)
        if not self._in_flight:
            seconds = (self._now() - self._posted_at).total_seconds()
            self._size = sized(self._size, self._together, seconds)
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
        if self._in_flight:
            return self._now() >= self._posted_at + PATIENCE
        return any(self._due(partition) for partition in self._owned.values())

    async def turn(self) -> float:
        """One step of one walk: a piece is read, a slice posted, or an end noted; the seconds until the next turn."""
        if self._in_flight:
            if not self.has_work():
                return (self._posted_at + PATIENCE - self._now()).total_seconds()
            await self._send(list(self._in_flight.values()))
            return PATIENCE.total_seconds()
        for partition in self._owned.values():
            if (walk := self._due(partition)) is not None:
                await self._go_on(partition, walk)
                return 0.0
        coming = [(walk.at + MILLISECOND - self._now()).total_seconds() for walk in self._walks()]
        return min([LONGEST_WAIT, *(seconds for seconds in coming if seconds > 0)])

    def _due(self, partition: _Partition) -> Walk | None:
        """The first walk that is in force and has not come to its end here."""
        by = self._now() - MILLISECOND
        return next((w for w in self._walks() if w.at <= by and w.name not in partition.done), None)

    async def _go_on(self, partition: _Partition, walk: Walk) -> None:
        name = f"{walk.name}/{partition.number}"
        if partition.walk != walk.name:
            if await self._ended.get(name) is not None:
                partition.done.add(walk.name)
                return
            log.info("walk begins", walk=walk.name, partition=partition.number)
            partition.begin(walk.name)
        for _ in range(MOST_PIECES):
            if len(partition.found) >= self._size or not (partition.pieces or partition.low < END):
                break
            await self._read(partition, walk)
        if self._owned.get(partition.number) is not partition:
            return  # it moved on while the store was read
        if partition.found:
            size = min(int(self._size), len(partition.found))
            slice = [partition.found[place] for place in range(size)]
            await self._send([_request(walk, entry) for entry in slice])
            for _ in slice:
                partition.found.popleft()
        elif not partition.pieces and partition.low >= END:
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
        self._in_flight = {request.id: request for request in requests}
        self._posted_at, self._together = self._now(), len(requests)
        try:
            await self._post(requests)
        except BaseException:
            self._in_flight = {}
            raise


def _request(walk: Walk, entry: DueDeadline) -> Request:
    """The command for one aggregate as it was read: another version of it is asked again."""
    key = f"{walk.name}/{entry.subject}/{entry.version}"
    return Request(entry.subject, walk.command, GATEWAY, ACTOR, key)
