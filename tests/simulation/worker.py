"""One worker process of one service: the real parts over a pretended Kafka and store."""

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import Any

from aiokafka import TopicPartition

from services.supervision.walking import walks
from shared.bus.consumer import BatchConsumer, Infrastructure
from shared.bus.gateway import Gateway, Request
from shared.bus.processor import Processor
from shared.bus.publisher import Publisher
from shared.bus.records import Record
from shared.bus.subscription import Subscribed
from shared.bus.upgrades import Upgrades
from shared.contract.command import Command
from shared.domain.aggregates import Consumer
from shared.notifying import Notifier
from shared.service import BUILTIN, SYSTEM, Service
from shared.store import Aggregates
from shared.timers import RETRY_SECONDS, Timers
from shared.waiting_notices import WaitingNotices
from shared.walking import Walk, Walker
from tests.simulation.client import Client
from tests.simulation.mail import ASKS, WAYS, Alone, MailServer, notifier
from tests.simulation.producing import Producers
from tests.simulation.reference import View
from tests.simulation.store import Collection
from tests.simulation.world import Ask, Clock, Group, Log, Origin, Raw

SOON_MS = 20_000
FirstCommands = Sequence[tuple[str, Command]]
Lacks = Iterable[str]
"""Types that a version does not know."""


class Wanted:
    """An event that tasks wait for step by step."""

    def __init__(self) -> None:
        self.set_, self.times = False, 0
        self.wake: list[Callable[[], None]] = []
        """Called once it is set: by then somebody waits for it."""

    def set(self) -> None:
        self.set_ = True
        self.times += 1
        while self.wake:
            self.wake.pop(0)()

    def clear(self) -> None:
        self.set_ = False

    def is_set(self) -> bool:
        return self.set_

    async def wait(self) -> None:
        await Ask("wanted", Waiting(self))


class Waiting:
    """One task that waits for an event: once that was set it goes on, whoever clears it meanwhile."""

    def __init__(self, event: Wanted) -> None:
        self._event, self._times, self.wake = event, event.times, event.wake

    @property
    def set_(self) -> bool:
        return self._event.set_ or self._event.times > self._times


class Anything:
    """Takes every call and keeps nothing: metrics."""

    def __getattr__(self, name: str) -> "Anything":
        return self

    def __call__(self, *args: object, **kwargs: object) -> "Anything":
        return self


class Process:
    """What the scheduler knows of a process. ``frozen_until`` is SIGSTOP; ``kicked``: its group goes on without it."""

    def __init__(
        self, number: int, service: str, group: Group, log: Log, clock: Clock, skew_ms: int, lacks: Lacks = ()
    ) -> None:
        """``skew_ms``: how far this machine's clock is ahead. ``lacks``: types that this version does not know."""
        self.number, self.service, self.group, self.log = number, service, group, log
        self.name = f"{service}#{number}"
        self.clock, self._skew_ms, self.lacks = clock, skew_ms, frozenset(lacks)
        self.alive, self.kicked, self.frozen_until, self.idle_until = True, False, 0, 0
        self.batch: Sequence[Raw] = ()
        self.generation = -1
        """Of the group, as this process last heard; an older one fences its commits."""
        self.client, self.view = Client(group, log), View(log)
        self.producers = Producers(clock, self.now_ms)
        self._publish = Publisher(
            self.producers,
            service,
            Anything(),  # type: ignore[arg-type]
            clock=lambda: self.now_ms() / 1000,
        )

    def now_ms(self) -> int:
        """The time on this machine, in ms."""
        return self.clock.ms + self._skew_ms

    def now(self) -> datetime:
        """The time on this machine."""
        return datetime.fromtimestamp(self.now_ms() / 1000, UTC)

    def tasks(self) -> dict[str, Coroutine[Any, Any, None]]:
        """What it does side by side."""
        return {"follow": self.view.follow()}

    def wants_tick(self) -> bool:
        """True when its timers would wake up now."""
        return False

    def wants_walk(self) -> bool:
        """True when it would walk on now."""
        return False

    def hears(self) -> bool:
        """True when it looks soon whether all was read."""
        return False

    def origin(self) -> Origin:
        """What a write of this moment comes of."""
        known = self.view.reference
        subjects = {(raw.key or b"").decode("utf-8", "replace") for raw in self.batch}
        return Origin(
            self.batch,
            {subject: known.used.get(subject, known.places) for subject in subjects},
            {subject: frozenset(known.raised[subject]) for subject in subjects if subject in known.raised},
            self.lacks,
        )

    async def revoked(self) -> None:
        """The group takes everything away, as before each rebalance."""
        self.client.positions, self.client.committed = {}, {}
        self.client.paused.clear()

    async def assigned(self, partitions: set[TopicPartition]) -> None:
        """The group hands out partitions; reading goes on from what is committed, also while the callback waits."""
        self.generation = self.group.generation
        self.client.look_again()
        self.client.positions = {tp: self.group.committed.get(tp, 0) for tp in sorted(partitions)}


class Worker(Process):
    """One worker of a service, wired as shared/service.py wires it."""

    def __init__(
        self,
        consumer: Consumer,
        collection: Collection,
        first_commands: FirstCommands,
        *process: Any,
    ) -> None:
        """``process``: as above, from ``group`` on behind its number and service."""
        number, *others = process
        super().__init__(number, consumer.service, *others)
        self._collection, self._commands_topic = collection, consumer.commands_topic
        store = Aggregates(collection, consumer.jurisdiction)
        self._tokens = 0
        self.answers: list[Any] = []
        processor = Processor(
            consumer,
            store,
            self._publish,
            self.view,
            answer=lambda answers: self.answers.extend(answers),
            token=self._token,
            clock=lambda: 0.0,
        )
        self.gateway = Gateway(consumer.source, self._publish, store)
        waiting = WaitingNotices(store, now=self.now)
        waiting._wake = Wanted()  # type: ignore[assignment]
        waiting._looking = Alone(Wanted())  # type: ignore[assignment]
        self.walker = Walker(store, collection, self.gateway.post, self._walks, now=self.now)
        self.walker._wake = Wanted()  # type: ignore[assignment]
        self._service = SimpleNamespace(
            _traces=None, held=Anything(), gateway=self.gateway, waiting_notices=waiting, walker=self.walker
        )
        self.metrics, self._store, self._waiting = Anything(), store, waiting
        self.mail: MailServer | None = None
        """The town's, where people are told by mail."""
        self.batches = BatchConsumer(
            processor,
            "",
            Anything(),  # type: ignore[arg-type]
            on_batch=lambda batch: Service._on_batch(self._service, batch),  # type: ignore[arg-type]
            on_assigned=lambda partitions: Service._on_assigned(self._service, partitions),  # type: ignore[arg-type]
        )
        self.batches.subscription = Subscribed(self.client)
        self.batches.under_way._handle = self._handle
        self.timers = self._service.timers = Timers(
            store,
            self._post,
            now=self.now,
            may_fire=self.batches.positions.read_up_to if consumer.waits_for_topics else None,
            heard=partial(self.batches.positions.heard, consumer.commands_topic),
            on_heard=waiting.assigned,
        )
        self.timers._wake = self._woken = Wanted()  # type: ignore[assignment]
        self.upgrades = self._service.upgrades = Upgrades(store.waiting, self._read, self.gateway.post)
        self.upgrades._wanted = Wanted()  # type: ignore[assignment]
        self._first_commands = first_commands

    def tasks(self) -> dict[str, Coroutine[Any, Any, None]]:
        """What it does side by side."""
        own = {"consume": self.consume(), "tick": self.tick(), "upgrade": self.upgrades.run()}
        if self.service == "supervision":
            own["walk"] = self.walk()
        if self.mail is not None and self.service in ASKS:
            for way in WAYS:
                hands_in = notifier(self, self.mail, self._waiting, self._store, way)
                own[f"notify {way}"] = self.notify(hands_in, way)
        return {**own, **super().tasks()}

    async def notify(self, notifier: Notifier, way: str) -> None:
        """Send what waits, as ``Notifier.run`` does, with the waiting done by the scheduler."""
        while True:
            try:
                subject = await self._waiting.next(way)
                if await notifier.connected():
                    await notifier.attempt(subject)
                    continue
            except Exception:
                self._waiting._wake.set()  # the next look reads the store again
            await Ask("sleep", self.clock.ms + int(notifier._pause() * 1000))

    async def consume(self) -> None:
        """Read the reference data whole, publish what is missing of one's own; then fetch batch after batch."""
        await self._persist(self.view.catch_up)
        if not self._first_commands:
            await self.view.complete()
        elif self.view.reference.missing():
            await self._persist(self._publish_first)
        self.view.began = True
        while True:
            found = await self.client.getmany()
            self.batch = self.client.fetched if found else ()
            if found:
                await self.batches.under_way.take(self.batch)

    def _handle(self, raws: Sequence[Raw]) -> Coroutine[Any, Any, None]:
        """A batch beside the others, of one fetch or several: what it works on from its first step."""
        self.batch = tuple(raws)
        return self._handled(raws)

    async def _handled(self, raws: Sequence[Raw]) -> None:
        """The polls behind it commit what is left over, as a real worker's always do."""
        await self.batches.handle(raws)
        self.client.look_again()

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
        """The timers' own turns, as ``Timers.run`` takes them, with the waiting done by the scheduler."""
        while True:
            await Ask("tick", self)
            try:
                wait = await self.timers.turn()
            except Exception:
                wait = RETRY_SECONDS
            self.idle_until = self.clock.ms + int(wait * 1000)

    async def walk(self) -> None:
        """The walker's own turns, as ``Walker.run`` takes them, with the waiting done by the scheduler."""
        while True:
            await Ask("walk", self)
            try:
                await self.walker.turn()
            except Exception:
                await Ask("sleep", self.clock.ms + int(RETRY_SECONDS * 1000))

    def wants_walk(self) -> bool:
        """True when a version has not reached all yet."""
        if self.service != "supervision" or not self.view.reference.renewals:
            return False
        return self.view.began and self.walker.has_work()

    def _walks(self) -> Sequence[Walk]:
        return walks(self.view.reference) if self.service == "supervision" else ()

    def wants_tick(self) -> bool:
        """True when the timers would wake up now, and would find something."""
        now = self.clock.ms
        if self._woken.set_ or (self.hears() and now >= self.idle_until):
            return True
        soonest = self._collection.soonest if now >= self.idle_until else None
        return soonest is not None and soonest <= now + SOON_MS

    def hears(self) -> bool:
        """True when its timers find soon that nothing is unread any more for which its notices wait."""
        if self.mail is None or not self.timers.listens:
            return False
        topic, read = self._commands_topic, self.client.positions
        return all(read[tp] >= self.log.ends(topic)[tp.partition].end for tp in read if tp.topic == topic)

    async def revoked(self) -> None:
        """As above, and the batch consumer is told before."""
        await self.batches.on_partitions_revoked(self.client.assignment())
        await super().revoked()

    async def assigned(self, partitions: set[TopicPartition]) -> None:
        """As above, and the batch consumer is told behind."""
        await super().assigned(partitions)
        await self.batches.on_partitions_assigned(sorted(partitions))
        self.client.look_again()  # where that failed, the next poll tries again: a real one comes by itself

    async def _read(self, places: Iterable[Any]) -> AsyncIterator[Record]:
        for record in await Ask("read", list(places)):
            yield record

    async def _post(self, due: Sequence[Any]) -> None:
        await Service._post(self._service, due)  # type: ignore[arg-type]

    def _token(self) -> str:
        self._tokens += 1
        return f"{self.name}/{self._tokens}"
