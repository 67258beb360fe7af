"""A partition's due deadlines become commands: whoever owns the partition owns its timers.

They are posted in slices that take about 50 ms to work off, and a partition's next slice is posted when its last one
was answered: the owner of a partition consumes it too, so it knows, and nothing has to be sent twice (clocks.md,
Timers; docs/decisions/0019). There are as many as keep service and store at work side by side; people go ahead of
them (docs/decisions/0064). What another owner of a partition posted stands in it, and is read first: workers that die
again and again would else post the same for ever (docs/decisions/0066).
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from shared.deadlines import BEGIN, Deadlines, DueDeadline, behind, come_by, due_of, fire_at_of, instant_of
from shared.owned_timers import Horizon, OwnedTimers

log = structlog.get_logger(__name__)

GATEWAY, ACTOR = "timer", "timer:due"
"""Of the commands that are posted: their ids are ``timer/timer:due/<subject>/<name>``."""
LEAST, MOST, FIRST = 60, 400, 60
"""Documents in flight together: at least, at most, and before anything was measured."""
WORK_SECONDS = 0.05
LOOK_AHEAD = timedelta(seconds=5)
CALM_SECONDS = 0.5
"""How often the timers ask how far other topics were read, and look again while those are behind."""
SHORTEST_WAIT, RETRY_SECONDS = 0.02, 1.0
MILLISECOND = timedelta(milliseconds=1)
"""Waited for beyond the soonest deadline: an event loop may wake up a little early."""
AUDIT_SECONDS = 60.0


def sized(size: float, documents: int, seconds: float) -> float:
    """How many documents go out together next, when so many took so long: about 50 ms of work, or LEAST."""
    wanted = WORK_SECONDS * documents / max(1e-6, seconds)
    return min(MOST, max(LEAST, (size + min(wanted, 2 * size)) / 2))


class Timers:
    """Posts a command for each deadline that is due in the partitions this worker owns.

    ``post`` publishes commands and returns when they are acknowledged. ``may_fire`` (supervision) says up to
    which instant deadlines may fire, given what has been read of other owners' events. Both may raise: the
    turn is then taken again. ``heard`` says in which partitions all commands were read that stood there when they
    became ours: until then nothing of them is posted. ``on_heard`` is told of all these when there is another one.
    A command that comes twice is void at the aggregate, so sending twice is safe.
    """

    def __init__(
        self,
        store: Deadlines,
        post: Callable[[Sequence[DueDeadline]], Awaitable[None]],
        *,
        may_fire: Callable[[datetime], Awaitable[datetime]] | None = None,
        heard: Callable[[], Awaitable[Collection[int]]] | None = None,
        on_heard: Callable[[Sequence[int]], None] = lambda partitions: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        late: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        self._store, self._post, self._may_fire, self._now, self._late = store, post, may_fire, now, late
        self._heard, self._on_heard = heard, on_heard
        self._owned: dict[int, OwnedTimers] = {}
        self._unheard: set[int] = set()
        """Ours, but others may have posted what is due in them."""
        self._size = float(FIRST)
        self._watermark, self._asked_at = BEGIN, BEGIN
        self._next = ""
        self._wake = asyncio.Event()
        self._stopped = False
        self._audited_at = now()
        self.heartbeat = now()
        """When the last turn was completed."""
        self.overdue = self.overdue_held = self.overdue_waiting = 0
        """Deadlines five minutes late, as ``Late`` tells them apart."""

    # ------------------------------------------------------------- what the service says

    def assigned(self, partitions: Sequence[int]) -> None:
        """These partitions are ours now; a new one starts from its oldest deadline, with nothing in flight."""
        now = self._now()
        waits = self._may_fire is not None
        self._owned = {
            number: self._owned.get(number) or OwnedTimers(number, now, without_held=waits)
            for number in partitions
        }
        self._unheard = set() if self._heard is None else set(partitions)
        self._watermark = self._asked_at = BEGIN
        self._wake.set()

    def handled(self, written: Iterable[Mapping[str, Any]], answered: Iterable[str]) -> None:
        """A batch was applied: the documents it wrote, and the ids of the commands it answered."""
        prefix = f"{GATEWAY}/{ACTOR}/"
        for command in answered:
            if command.startswith(prefix):
                self._answered(command.removeprefix(prefix))
        for document in written:
            owned = self._owned.get(document.get("partition", -1))
            if owned is None:
                continue
            if "deadline" not in document:
                owned.forget(document["_id"])
            elif owned.written(entry := due_of(document)) and entry.place < self._next:
                self._wake.set()

    def stop(self) -> None:
        """Nothing is posted after this."""
        self._stopped = True
        self._wake.set()

    # ------------------------------------------------------------- turns

    @property
    def woken(self) -> bool:
        """Whether the next turn should come before the wait is over."""
        return self._wake.is_set()

    async def run(self) -> None:
        """Turn after turn until stop(); whatever a turn raises only makes the next one late."""
        while not self._stopped:
            try:
                wait = await self.turn()
            except Exception as error:
                log.warning("timers tried again", error=f"{type(error).__name__}: {error}"[:300])
                await asyncio.sleep(RETRY_SECONDS)  # no event says that a part works again
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), wait)

    async def turn(self) -> float:
        """A round, and the auditor when it is time; the seconds until the next turn, at most 5."""
        self._wake.clear()
        try:
            wait = await self.round()
        except Exception:  # and nothing else: who is cancelled asks the store nothing more
            await self._audit_in_time()
            raise
        await self._audit_in_time()
        self.heartbeat = self._now()
        return 0.0 if self.woken else wait

    async def _audit_in_time(self) -> None:
        if (self._now() - self._audited_at).total_seconds() >= AUDIT_SECONDS:
            await self.audit()

    async def round(self) -> float:
        """Post what is due in partitions that have nothing in flight; the seconds until there is more to do."""
        now = self._now()
        ready = await self._ready(now)
        if self.listens:
            await self._listen()
        horizon = Horizon(*[come_by(ready)] * 3)
        if ready == now:
            horizon = Horizon(come_by(now), behind(now + LOOK_AHEAD / 2), behind(now + LOOK_AHEAD))
        await self._read_ahead([owned for owned in self._owned.values() if not owned.in_flight], horizon)
        posted = self._choose(now, horizon.to)
        await self._send(posted, now)
        await self._prefetch([owned for owned, _ in posted], horizon)
        return self._wait(now, ready)

    @property
    def listens(self) -> bool:
        """Whether something stands unread in a partition that others may have written."""
        return bool(self._unheard)

    async def _listen(self) -> None:
        assert self._heard is not None, "without it nothing is unheard"
        heard = self._unheard.intersection(await self._heard())
        if heard:
            self._unheard -= heard
            self._on_heard(sorted(self._owned.keys() - self._unheard))

    async def _ready(self, now: datetime) -> datetime:
        """Up to when deadlines may fire."""
        if self._may_fire is None:
            return now
        if not 0 <= (now - self._asked_at).total_seconds() < CALM_SECONDS:
            self._watermark, self._asked_at = await self._may_fire(now), now
        return min(now, self._watermark)

    async def _read_ahead(self, which: Sequence[OwnedTimers], horizon: Horizon) -> None:
        """Read pieces of the index until each of these has its share of what is due, or its soonest is known."""
        share = self._share(len(self._owned))
        for owned in which:
            while self._owned.get(owned.number) is owned and not owned.knows(share, horizon.to):
                if not await owned.read(self._store, horizon):
                    break

    async def _prefetch(self, which: Sequence[OwnedTimers], horizon: Horizon) -> None:
        """One piece while these are worked off, for whom it is the most urgent: several would hold up a batch."""
        share = self._share(len(self._owned))
        scarce = [owned for owned in which if not owned.knows(2 * share, horizon.to)]
        if scarce:
            await min(scarce, key=lambda owned: owned.due(horizon.to)).read(self._store, horizon)

    def _choose(self, now: datetime, to: str) -> list[tuple[OwnedTimers, list[DueDeadline]]]:
        """The next slice of each free partition, at most for half of them: while one half is worked off the other
        is on its way. And what was not answered in time, once more. All of it is in flight from here on."""
        if self._stopped:
            return []
        everywhere = [owned for number, owned in self._owned.items() if number not in self._unheard]
        chosen = [(owned, due) for owned in everywhere if (due := owned.take_again(now))]
        busy = [owned for owned in everywhere if owned.in_flight or owned.due(to)]
        free = sorted((owned for owned in busy if not owned.in_flight), key=lambda owned: owned.posted_at)
        share = self._share(len(busy))
        return chosen + [(owned, owned.take(share, to, now)) for owned in free[: (len(busy) + 1) // 2]]

    def _share(self, partitions: int) -> int:
        """Documents of one partition's slice, where so many partitions have some."""
        return max(1, int(self._size) // max(1, partitions))

    async def _send(self, posted: Sequence[tuple[OwnedTimers, list[DueDeadline]]], now: datetime) -> None:
        if not posted:
            return
        together = sum(len(owned.in_flight) for owned in self._owned.values())
        for owned, _ in posted:
            owned.together = together
        try:
            await self._post([entry for _, due in posted for entry in due])
        except BaseException:
            for owned, _ in posted:
                owned.take_back()
            raise
        for _, due in posted:
            for entry in due:
                self._late((now - fire_at_of(entry.deadline)).total_seconds())

    def _answered(self, key: str) -> None:
        """One deadline was dealt with; with its slice the partition is free for the next, and the size is measured."""
        owned = next((owned for owned in self._owned.values() if key in owned.in_flight), None)
        if owned is None:
            return
        del owned.in_flight[key]
        if owned.in_flight:
            return
        if not owned.tries and owned.together * 2 >= self._size:
            seconds = (self._now() - owned.posted_at).total_seconds()
            self._size = sized(self._size, owned.together, seconds)
        owned.tries = 0
        self._wake.set()

    def _wait(self, now: datetime, ready: datetime) -> float:
        waits = [LOOK_AHEAD.total_seconds()]
        to = come_by(ready)
        for owned in self._owned.values():
            if owned.in_flight:
                waits.append((owned.patient_until() - now).total_seconds())
            elif owned.number in self._unheard:
                waits.append(CALM_SECONDS)
            elif owned.due(to):
                return 0.0
            elif not owned.cut_to:
                waits.append(SHORTEST_WAIT)  # it came while this turn was reading
            elif ready == now:
                soonest = min([owned.cut_to, *(entry.place for entry in owned.in_order()[:1])])
                waits.append((instant_of(soonest) + MILLISECOND - now).total_seconds())
        if ready < now:
            waits.append(CALM_SECONDS)
        wait = max(SHORTEST_WAIT, min(waits))
        self._next = behind(now + timedelta(seconds=wait))
        return wait

    # ------------------------------------------------------------- the auditor

    async def audit(self) -> None:
        """Count what is late, whatever was read of other topics; what was lost is sent again with the next slices."""
        now = self._now()
        to = come_by(now if self._may_fire is None else min(now, self._watermark))
        late = [await owned.audit(self._store, now, to) for owned in list(self._owned.values())]
        self.overdue = sum(each.overdue for each in late)
        self.overdue_held = sum(each.held for each in late)
        self.overdue_waiting = sum(each.waiting for each in late)
        if any(owned.again for owned in self._owned.values()):
            self._wake.set()
        self._audited_at = now
