"""One worker process of one service: the real conveyor, loop, timers and door over a pretended Kafka and store."""

from collections.abc import Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError

from shared.bus.door import Door
from shared.bus.kafka import Conveyor, Infrastructure
from shared.bus.loop import Batch, Loop
from shared.bus.records import Outgoing
from shared.bus.room import Room
from shared.service import Service
from shared.store import Aggregates
from shared.timers import Timers
from tests.simulation.world import Ask, Clock, Collection, Group, Log, Raw

AUDIT_MS = 60_000


class Anything:
    """Takes every call and keeps nothing: metrics."""

    def __getattr__(self, name: str) -> "Anything":
        return self

    def __call__(self, *args: object, **kwargs: object) -> "Anything":
        return self


class Consumer:
    """The part of AIOKafkaConsumer that the conveyor uses; positions move when the scheduler fetches."""

    def __init__(self, group: Group, log: Log) -> None:
        self._group, self._log = group, log
        self.positions: dict[TopicPartition, int] = {}
        self.dry = -1
        """The size of the log at which there was nothing to fetch; -1: to be looked at."""

    def assignment(self) -> set[TopicPartition]:
        return set(self.positions)

    def seek(self, tp: TopicPartition, offset: int) -> None:
        self.positions[tp], self.dry = offset, -1

    async def getmany(self) -> Sequence[Raw]:
        """What FastStream hands over of one poll; which records, the scheduler says."""
        return await Ask("poll")

    async def committed(self, tp: TopicPartition) -> int | None:
        return self._group.committed.get(tp)

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        self.must_own(offsets)
        await Ask("commit", (self, dict(offsets)))

    async def end_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return await Ask("ends", list(partitions))

    def must_own(self, partitions: Iterable[TopicPartition]) -> None:
        """The fence: a commit of a partition that moved on is refused whole."""
        if any(tp not in self.positions for tp in partitions):
            raise IllegalStateError("a partition is not assigned")


class Worker:
    """Wired as shared/service.py wires it. ``frozen_until`` is SIGSTOP; ``kicked``: its group goes on without it."""

    def __init__(
        self, number: int, room: Room, group: Group, collection: Collection, log: Log, clock: Clock
    ) -> None:
        self.number, self.room, self.group, self.clock, self.log = number, room, group, clock, log
        self.name = f"{room.service}#{number}"
        self.alive, self.kicked, self.frozen_until, self.idle_until = True, False, 0, 0
        self.batch: Sequence[Raw] = ()
        self.generation = -1
        """Of the group, as this worker last heard; an older one fences its commits."""
        self.consumer = Consumer(group, log)
        store = Aggregates(collection, room.jurisdiction)
        self._tokens = 0
        loop = Loop(room, store, self._publish, group=room.service, token=self._token, clock=lambda: 0.0)
        self.conveyor = Conveyor(loop, "", Anything())  # type: ignore[arg-type]
        self.conveyor.consumer = lambda: self.consumer  # type: ignore[assignment, return-value]
        self.door = Door(room.source, self._publish, store)
        self.timers = Timers(
            store, self._post, now=clock.now,
            may_fire=self.conveyor.read_up_to if room.service == "supervision" else None,
        )  # fmt: skip
        self._noting = SimpleNamespace(timers=self.timers, _held={}, door=self.door)
        self.conveyor.on_batch.append(self._note)
        self.conveyor.on_assigned.append(self.timers.assigned)
        self.answers: list[Any] = []
        self._audited = clock.ms

    async def consume(self) -> None:
        """The subscriber: fetch a batch, carry it, again."""
        while True:
            self.batch = await self.consumer.getmany()
            await self.conveyor.carry(self.batch)

    async def tick(self) -> None:
        """The timers' own loop, with the waiting done by the scheduler."""
        while True:
            await Ask("tick", self)
            self.timers._wake.clear()
            try:
                wait = await self.timers.round()
                if self.clock.ms - self._audited > AUDIT_MS:
                    self._audited = self.clock.ms
                    await self.timers.audit()
            except Infrastructure:
                wait = 1.0
            self.idle_until = self.clock.ms + int(wait * 1000)

    def wants_tick(self) -> bool:
        """True when the timers would wake up now."""
        return self.clock.ms >= self.idle_until or self.timers._wake.is_set()

    async def revoked(self) -> None:
        """The group takes everything away, as before each rebalance."""
        await self.conveyor.on_partitions_revoked(self.consumer.assignment())
        self.consumer.positions = {}

    async def assigned(self, partitions: set[TopicPartition]) -> None:
        """The group hands out partitions; reading goes on from what is committed."""
        self.generation, self.consumer.dry = self.group.generation, -1
        self.consumer.positions = {tp: self.group.committed.get(tp, 0) for tp in sorted(partitions)}
        await self.conveyor.on_partitions_assigned(sorted(partitions))

    def _note(self, batch: Batch) -> None:
        Service._note(self._noting, batch)  # type: ignore[arg-type]
        self.answers.extend(batch.answers)

    async def _post(self, due: Sequence[Any]) -> None:
        await Service._post(self._noting, due)  # type: ignore[arg-type]

    async def _publish(self, outgoing: Sequence[Outgoing]) -> None:
        await Ask("publish", (list(outgoing), self.clock.ms))

    def _token(self) -> str:
        self._tokens += 1
        return f"{self.name}/{self._tokens}"
