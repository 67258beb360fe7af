"""One worker of the notebook service (tests/faults/given.py) with everything between broker and store real."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pymongo
from aiokafka import AIOKafkaConsumer

from shared.bus.consumer import BatchConsumer
from shared.bus.processor import Batch, Processor
from shared.bus.producer import Producers, make_broker
from shared.bus.publisher import Publisher
from shared.bus.topics import ensure_topics
from shared.contract.commands.intake import WithdrawIssue
from shared.domain.aggregates import Consumer
from shared.domain.decisions import Change, Context, Refusal
from shared.domain.reference import Reference
from shared.metrics import Metrics
from shared.store import Aggregates
from tests.faults.database import own_database
from tests.faults.given import Notes, notebook, write_line
from tests.integration.broker import PARTITIONS, PATIENCE_SECONDS
from tests.unit.reference import builtin_reference


def write_or_fail(notes: Notes | None, asked: WithdrawIssue, context: Context) -> Change[Notes] | Refusal:
    """One line and one event; the word ``no`` is refused and ``bug`` is one."""
    if asked.reason == "bug":
        raise ZeroDivisionError("a bug")
    return write_line(notes, asked, context)


def notebooks() -> Consumer:
    """The consumer of notebooks whose handler may fail."""
    return notebook(write=write_or_fail)


class Known:
    """Reference data that is complete already."""

    reference: Reference = builtin_reference()

    async def catch_up(self) -> None:
        """There is nothing more to read."""


class Worker:
    """What one worker did: its batches and answers, and the partitions that it owns now."""

    def __init__(self, bootstrap: str, namespace: str, store: Any) -> None:
        self.prefix, self.store = f"{namespace}.", store
        self.metrics = Metrics()
        self.broker = make_broker(bootstrap, f"{namespace}-{uuid4().hex[:4]}")
        self.producers = Producers(bootstrap, self.prefix, namespace, self.metrics)
        publish = Publisher(self.producers, "intake", self.metrics)
        self.processor = Processor(notebooks(), store, publish, Known())
        self.reading = BatchConsumer(
            self.processor, self.prefix, self.metrics, on_batch=self._on_batch, on_assigned=self._on_assigned
        )
        self.positions = self.reading.positions
        self.batches: list[Batch] = []
        self.partitions: list[int] = []
        self._changed = asyncio.Event()
        self._measure, self.metrics.measure = self.metrics.measure, self._measured  # type: ignore[method-assign]

    def _on_batch(self, batch: Batch) -> None:
        self.batches.append(batch)
        self._changed.set()

    def _measured(self, *batch: Any) -> None:
        """A batch is wholly behind it: committed and measured too."""
        self._measure(*batch)
        self._changed.set()

    def _on_assigned(self, partitions: Sequence[int]) -> None:
        self.partitions = list(partitions)
        self._changed.set()

    @property
    def consumer(self) -> AIOKafkaConsumer:
        """The Kafka client's consumer under it."""
        consumer = self.reading.client
        assert consumer is not None
        return consumer

    def answers(self) -> dict[str, Mapping[str, Any]]:
        """Outcome by command id."""
        return {answer.command: answer.outcome for batch in self.batches for answer in batch.answers}

    def records(self) -> int:
        """How many records its batches had."""
        return sum(batch.records for batch in self.batches)

    def rewinds(self) -> float:
        """How many batches it began again."""
        return float(self.metrics.rewinds._value.get())

    async def until(self, true: Callable[[], Any]) -> None:
        """Return when it is true after some batch, commit or assignment."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not true():
                self._changed.clear()
                await self._changed.wait()

    async def stop_reading(self) -> None:
        """End the task that reads and carries batches, wherever it is; the consumer stays in its group."""
        (subscriber,) = self.broker.subscribers
        for task in subscriber.tasks:  # type: ignore[attr-defined]
            task.cancel()
            await asyncio.wait([task])

    async def die(self) -> None:
        """Leave the group without finishing the batch at hand."""
        await self.stop_reading()
        await self.broker.stop()

    async def lines(self, *subjects: str) -> dict[str, tuple[str, ...]]:
        """What is written of each subject."""
        found = await self.store.load(subjects)
        return {
            id: tuple(document["state"]["lines"]) for id, document in found.items() if document.get("state")
        }

    async def committed(self) -> dict[str, int]:
        """What the group has committed, "topic/partition" -> offset."""
        found = {tp: await self.consumer.committed(tp) for tp in self.consumer.assignment()}
        return self.by_place({tp: offset for tp, offset in found.items() if offset})

    def by_place(self, offsets: Mapping[Any, int]) -> dict[str, int]:
        """Offsets by "topic/partition", without the namespace."""
        return {f"{tp.topic.removeprefix(self.prefix)}/{tp.partition}": at for tp, at in offsets.items()}


@asynccontextmanager
async def worker(bootstrap: str, namespace: str, store: Any, *, records: int = 500) -> AsyncIterator[Worker]:
    """A running worker that owns partitions already; its topics exist."""
    topics = ["intake.commands", "intake.events", "intake.dlq", "feedback.events"]
    await ensure_topics(bootstrap, f"{namespace}.", topics, partitions=PARTITIONS)
    one = Worker(bootstrap, namespace, store)
    await one.broker.start()
    try:
        await one.reading.start(one.broker, records=records, timeout_ms=10)
        await one.until(lambda: one.partitions)
        yield one
    finally:
        await one.broker.stop()
        await one.producers.stop()


@asynccontextmanager
async def own_store(url: str, namespace: str) -> AsyncIterator[Aggregates]:
    """The real store behind a worker, dropped afterwards."""
    async with own_database(url, f"{namespace}_intake") as database:
        store = database.aggregates("aggregates", "test")
        await store.prepare()
        yield store


class Unreliable:
    """The real store, which fails when told to: before it reads, before it writes, or after it wrote."""

    def __init__(self, store: Aggregates) -> None:
        self._store = store
        self.fail_before_write = self.fail_after_write = self.fail_load = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.arrived = asyncio.Event()

    async def load(self, subjects: Sequence[str]) -> dict[str, Any]:
        """As the store; waits at the gate."""
        self.arrived.set()
        await self.gate.wait()
        if self.fail_load:
            self.fail_load -= 1
            raise pymongo.errors.ServerSelectionTimeoutError("the store is away")
        return await self._store.load(subjects)

    async def write(self, documents: Sequence[Any]) -> set[str]:
        """As the store."""
        if self.fail_before_write:
            self.fail_before_write -= 1
            raise pymongo.errors.AutoReconnect("the wire was cut")
        lost = await self._store.write(documents)
        if self.fail_after_write:
            self.fail_after_write -= 1
            raise pymongo.errors.AutoReconnect("the wire was cut")
        return lost
