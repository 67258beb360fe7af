"""One worker process of one service: the real parts over a pretended Kafka and store."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError

from shared.bus.consumer import BatchConsumer, Infrastructure
from shared.bus.gateway import Gateway, Request
from shared.bus.processor import Batch, Processor
from shared.bus.records import Outgoing
from shared.contract.command import Command
from shared.domain.aggregates import Consumer
from shared.service import BUILTIN, SYSTEM, Service
from shared.store import Aggregates
from shared.timers import Timers
from tests.simulation.reference import View
from tests.simulation.world import Ask, Clock, Collection, Group, Log, Origin, Raw

AUDIT_MS = 60_000
FirstCommands = Sequence[tuple[str, Command]]


class Anything:
    """Takes every call and keeps nothing: metrics."""

    def __getattr__(self, name: str) -> "Anything":
        return self

    def __call__(self, *args: object, **kwargs: object) -> "Anything":
        return self


class Client:
    """The part of AIOKafkaConsumer that a batch consumer uses; positions move when the scheduler fetches."""

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
        self,
        number: int,
        consumer: Consumer,
        group: Group,
        collection: Collection,
        log: Log,
        clock: Clock,
        first_commands: FirstCommands = (),
    ) -> None:
        self.number, self.service, self.group, self.clock, self.log = (
            number,
            consumer.service,
            group,
            clock,
            log,
        )
        self.name = f"{consumer.service}#{number}"
        self.alive, self.kicked, self.frozen_until, self.idle_until = True, False, 0, 0
        self.batch: Sequence[Raw] = ()
        self.generation = -1
        """Of the group, as this worker last heard; an older one fences its commits."""
        self.client, self.view = Client(group, log), View(log)
        store = Aggregates(collection, consumer.jurisdiction)
        self._tokens = 0
        processor = Processor(consumer, store, self._publish, self.view, token=self._token, clock=lambda: 0.0)
        self.batches = BatchConsumer(
            processor,
            "",
            Anything(),  # type: ignore[arg-type]
            on_batch=self._on_batch,
            on_assigned=lambda partitions: self.timers.assigned(partitions),
        )
        self.batches.consumer = lambda: self.client  # type: ignore[assignment, return-value]
        self.gateway = Gateway(consumer.source, self._publish, store)
        self.timers = Timers(
            store,
            self._post,
            now=clock.now,
            may_fire=self.batches.positions.read_up_to if consumer.waits_for_topics else None,
        )
        self._first_commands = first_commands
        self._service = SimpleNamespace(timers=self.timers, _held={}, gateway=self.gateway)
        self.answers: list[Any] = []
        self._audited = clock.ms

    async def consume(self) -> None:
        """Read the reference data whole, publish what is missing of one's own; then fetch a batch, handle it, again."""
        await self._persist(self.view.catch_up)
        if not self._first_commands:
            await self.view.complete()
        elif self.view.reference.missing():
            await self._persist(self._publish_first)
        self.view.began = True
        while True:
            self.batch = await self.client.getmany()
            await self.batches.handle(self.batch)

    async def _persist(self, do: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await do()
                return
            except Infrastructure:
                await Ask("sleep", self.clock.ms + 1000)

    async def _publish_first(self) -> None:
        await self.gateway.post(
            [
                Request(subject, command, BUILTIN, SYSTEM, f"{subject}/{command.verb}")
                for subject, command in self._first_commands
            ]
        )

    async def tick(self) -> None:
        """The timers' own work, with the waiting done by the scheduler."""
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

    def origin(self) -> Origin:
        """What a write of this moment comes of."""
        used = self.view.reference.used
        subjects = {(raw.key or b"").decode("utf-8", "replace") for raw in self.batch}
        return Origin(self.batch, {subject: used[subject] for subject in subjects if subject in used})

    async def revoked(self) -> None:
        """The group takes everything away, as before each rebalance."""
        await self.batches.on_partitions_revoked(self.client.assignment())
        self.client.positions = {}

    async def assigned(self, partitions: set[TopicPartition]) -> None:
        """The group hands out partitions; reading goes on from what is committed."""
        self.generation, self.client.dry = self.group.generation, -1
        self.client.positions = {tp: self.group.committed.get(tp, 0) for tp in sorted(partitions)}
        await self.batches.on_partitions_assigned(sorted(partitions))

    def _on_batch(self, batch: Batch) -> None:
        Service._on_batch(self._service, batch)  # type: ignore[arg-type]
        self.answers.extend(batch.answers)

    async def _post(self, due: Sequence[Any]) -> None:
        await Service._post(self._service, due)  # type: ignore[arg-type]

    async def _publish(self, outgoing: Sequence[Outgoing]) -> None:
        await Ask("publish", (list(outgoing), self.clock.ms))

    def _token(self) -> str:
        self._tokens += 1
        return f"{self.name}/{self._tokens}"
