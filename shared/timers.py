"""A partition's due deadlines become commands: whoever owns the partition owns its timers.

The next deadline of an aggregate lives in its document as one index string (clocks.md, Timers):
``<partition>|<fire-at UTC>|<4 hex of the subject's hash>``. Reading stays bounded at both ends: the embedded
store scans for anything else. The cost follows what is due, never what is open.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import NamedTuple, Protocol

SLICE = 400
LOOK_AHEAD = timedelta(seconds=5)
LATE = timedelta(minutes=5)
AUDIT_SECONDS = 60.0
BUDGET_SECONDS = 0.2
BEGIN = datetime(1970, 1, 1, tzinfo=UTC)


class DueDeadline(NamedTuple):
    """One deadline as the index holds it."""

    subject: str
    name: str
    at: datetime
    deadline: str
    version: int
    held: bool = False
    """Its aggregate holds events whose predecessor is missing: supervision does not judge it before that comes."""


class Deadlines(Protocol):
    """What the timers need of a store."""

    async def count_due(self, low: str, high: str) -> int:
        """How many index strings lie in [low, high)."""

    async def read_due(self, low: str, high: str) -> list[DueDeadline]:
        """The deadlines in [low, high), in order of the index string."""


def deadline_string(partition: int, fire_at: datetime, subject: str) -> str:
    """The index string of one deadline; strings sort as instants do."""
    spread = blake2b(subject.encode(), digest_size=2).hexdigest()
    return f"{_bound(partition, fire_at)}|{spread}"


def fire_at_of(deadline: str) -> datetime:
    """The fire-at instant an index string holds."""
    return datetime.fromisoformat(deadline.split("|")[1])


def _bound(partition: int, at: datetime) -> str:
    return f"{partition:05d}|{at.astimezone(UTC).isoformat(timespec='milliseconds').replace('+00:00', 'Z')}"


def partition_range(partition: int, start: datetime, end: datetime) -> tuple[str, str]:
    """Bounds of all deadlines of one partition with start <= fire_at <= end."""
    return _bound(partition, start), _bound(partition, end) + "|~"


async def due_in(store: Deadlines, partition: int, start: datetime, end: datetime) -> list[DueDeadline]:
    """All deadlines with start <= fire_at <= end, read in slices of a few hundred; [] where there are none."""
    low, high = partition_range(partition, start, end)
    found: list[DueDeadline] = []
    async for part in slices(store, low, high, partition, start, end):
        found.extend(part)
    return found


async def slices(
    store: Deadlines, low: str, high: str, partition: int, start: datetime, end: datetime
) -> AsyncIterator[list[DueDeadline]]:
    """Yield the range in order, each slice bounded at both ends and near SLICE deadlines long.

    A wide range is halved in time; one millisecond with many deadlines is cut by the hash.
    """
    count = await store.count_due(low, high)
    if count == 0:
        return
    if count <= SLICE:
        yield await store.read_due(low, high)
    elif end - start > timedelta(milliseconds=1):
        middle = start + (end - start) / 2
        middle = middle.replace(microsecond=middle.microsecond // 1000 * 1000)
        cut = _bound(partition, middle + timedelta(milliseconds=1))
        async for part in slices(store, low, cut, partition, start, middle):
            yield part
        async for part in slices(store, cut, high, partition, middle + timedelta(milliseconds=1), end):
            yield part
    else:
        # Start and end may lie in the same millisecond, and low behind its first deadlines.
        for bound in dict.fromkeys((_bound(partition, start), _bound(partition, end))):
            cuts = [f"{bound}|{step:04x}" for step in range(0, 0x10000, max(1, 0x10000 * SLICE // count))]
            for left, right in zip(cuts, [*cuts[1:], f"{bound}|~"], strict=True):
                left, right = max(left, low), min(right, high)
                if left < right and (part := await store.read_due(left, right)):
                    yield part


class Timers:
    """Posts a command for each deadline that is due in the partitions this worker owns.

    ``post`` publishes commands and returns when they are acknowledged. ``may_fire`` (supervision) says up to
    which instant deadlines may fire, given what has been read of other owners' events. Both may raise: the
    round is then tried again. A command that comes twice is void at the aggregate, so sending twice is safe.
    """

    def __init__(
        self,
        store: Deadlines,
        post: Callable[[Sequence[DueDeadline]], Awaitable[None]],
        *,
        may_fire: Callable[[datetime], Awaitable[datetime]] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        late: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        self._store, self._post, self._may_fire, self._now, self._late = store, post, may_fire, now, late
        self._cursor: dict[int, str] = {}
        self._next: datetime | None = None
        self._wake = asyncio.Event()
        self._stopped = False
        self.heartbeat = time.time()
        self.overdue = 0
        self.overdue_held = 0
        self._audit_failed = False
        self._audited = time.monotonic()

    def assigned(self, partitions: Sequence[int]) -> None:
        """These partitions are ours now; a new one starts from its oldest deadline."""
        self._cursor = {partition: self._cursor.get(partition, "") for partition in partitions}
        self._wake.set()

    def written(self, deadline: str) -> None:
        """A document was written with this deadline: pull the cursor back and wake up if it is sooner."""
        partition = int(deadline[:5])
        if deadline <= self._cursor.get(partition, ""):
            self._cursor[partition] = deadline[:-1]
        if self._next is None or fire_at_of(deadline) < self._next:
            self._wake.set()

    def stop(self) -> None:
        """Nothing is posted after this."""
        self._stopped = True
        self._wake.set()

    async def run(self) -> None:
        """Post what is due, sleep until the next, at most five seconds; never early, never after stop()."""
        while not self._stopped:
            self._wake.clear()
            if self._audit_failed or time.monotonic() - self._audited > AUDIT_SECONDS:
                await self.audit()
            wait = await self.round()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), wait)

    async def round(self) -> float:
        """One pass over the owned partitions; returns the seconds until the next deadline, at most 5."""
        now = self._now()
        ready = now if self._may_fire is None else min(now, await self._may_fire(now))
        soonest: datetime | None = None
        started = time.monotonic()
        for partition in list(self._cursor):
            start, end = self._window(partition, now + LOOK_AHEAD)
            low, high = partition_range(partition, start, end)
            low = max(low, self._cursor.get(partition, "") + "!")
            async for part in slices(self._store, low, high, partition, start, end):
                due = [entry for entry in part if fire_at_of(entry.deadline) <= ready]
                await self._fire(partition, due)
                if len(due) < len(part):
                    coming = fire_at_of(part[len(due)].deadline)
                    soonest = coming if soonest is None else min(soonest, coming)
                    break
                if self._stopped:
                    return 0.0
                if time.monotonic() - started > BUDGET_SECONDS:
                    await asyncio.sleep(0)
                    started = time.monotonic()
        if not self._audit_failed:
            self.heartbeat = time.time()
        self._next = soonest or now + LOOK_AHEAD
        return min(LOOK_AHEAD.total_seconds(), max(0.02, (self._next - self._now()).total_seconds()))

    async def audit(self) -> None:
        """What is five minutes late was lost on the way: send it again. The heartbeat stays out if that fails."""
        now = self._now()
        end = now - LATE
        if self._may_fire is not None:  # what waits for events that were not read yet is not lost
            end = min(end, await self._may_fire(now))
        self._audit_failed = True
        late = [
            entry
            for partition in list(self._cursor)
            for entry in await due_in(self._store, partition, BEGIN, end)
        ]
        self.overdue_held = sum(entry.held for entry in late)
        self.overdue = len(late) - self.overdue_held
        if late:
            await self._post(late)
        self._audit_failed, self._audited = False, time.monotonic()

    def _window(self, partition: int, end: datetime) -> tuple[datetime, datetime]:
        cursor = self._cursor.get(partition, "")
        return (fire_at_of(cursor) if cursor else BEGIN), end

    async def _fire(self, partition: int, due: list[DueDeadline]) -> None:
        if not due or self._stopped or partition not in self._cursor:
            return
        await self._post(due)
        for entry in due:
            self._late((self._now() - fire_at_of(entry.deadline)).total_seconds())
        if partition in self._cursor:  # else it moved on while we posted
            self._cursor[partition] = max(self._cursor[partition], due[-1].deadline)
