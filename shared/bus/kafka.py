"""The seam to Kafka: FastStream feeds batches to the loop, which publishes and commits explicit offsets.

Traps this file is built around (docs/decisions/0003): MANUAL acknowledgement with explicit commits, because a
bare commit covers partitions whose records failed; a decoder that leaves bytes alone, because one bad record
would fail its whole batch; every failed partition is rewound by hand, with a pause that ``nack`` has not.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.kafka.message import FAKE_CONSUMER

from shared.bus.loop import Batch, Loop
from shared.bus.records import Outgoing, Record
from shared.bus.topics import LARGEST_LETTER
from shared.envelope import SEQ_HEADER, SHA256_HEADER
from shared.metrics import Metrics
from shared.store import Unavailable
from shared.timers import BEGIN

log = structlog.get_logger(__name__)

Infrastructure = (Unavailable, KafkaError, ConnectionError, TimeoutError, OSError)
"""What is tried again; anything else is a bug and is tried again too, but logged with its trace."""

CONSUMER = {
    "auto_offset_reset": "earliest",
    "partition_assignment_strategy": [RangePartitionAssignor],
    "session_timeout_ms": 6_000,
    "heartbeat_interval_ms": 1_500,
    "max_partition_fetch_bytes": 2 * 1024 * 1024,
}
FIRST_BACKOFF, MOST_BACKOFF = 0.1, 5.0


def make_broker(bootstrap: str, client_id: str) -> KafkaBroker:
    """A FastStream broker whose producer waits for all replicas and sends each record once per session."""
    return KafkaBroker(
        bootstrap,
        client_id=client_id,
        acks="all",
        enable_idempotence=True,
        max_batch_size=512 * 1024,
        max_request_size=LARGEST_LETTER + 1024 * 1024,
        linger_ms=0,
        id_generator=str,  # no correlation id: the envelope names its cause, and a random UUID a record costs
        metadata_max_age_ms=10_000,
        allow_auto_create_topics=False,
        logger=None,
        apply_types=False,
    )


def to_record(raw: Any, prefix: str) -> Record:
    """One consumer record as the loop reads it."""
    headers = {name: (value or b"").decode("utf-8", "replace") for name, value in raw.headers}
    seq = headers.get(SEQ_HEADER, "")
    return Record(
        raw.topic.removeprefix(prefix), raw.partition, raw.offset, raw.timestamp, raw.key, raw.value,
        headers.get(SHA256_HEADER), int(seq) if seq.isdecimal() and len(seq) < 10 else 0,
    )  # fmt: skip


class Publisher:
    """Publishes records as futures keyed by aggregate and awaits them all: one round trip for many."""

    def __init__(self, broker: KafkaBroker, prefix: str, metrics: Metrics) -> None:
        self._broker, self._prefix, self._metrics = broker, prefix, metrics

    async def __call__(self, outgoing: Sequence[Outgoing], timestamps: Sequence[int] | None = None) -> None:
        """Return when every record is acknowledged by all replicas; raise the first failure."""
        futures = []
        for number, record in enumerate(outgoing):
            futures.append(
                await self._broker.publish(
                    record.value,
                    topic=self._prefix + record.topic,
                    key=record.key.encode(),
                    headers=record.wire_headers(),
                    timestamp_ms=timestamps[number] if timestamps else None,
                    no_confirm=True,
                )
            )
        results = await asyncio.gather(*futures, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        for topic, count in Counter(record.topic for record in outgoing).items():
            self._metrics.events.labels(_family(topic)).inc(count)
            if topic.endswith(".dlq"):  # the loop's, and the departments' door's
                self._metrics.dead_letters.inc(count)


def _family(topic: str) -> str:
    """The topic as a closed label: one value for all departments' orders."""
    return "dept.<code>." + topic.rpartition(".")[2] if topic.startswith("dept.") else topic


async def whole_batch(raws: tuple[Any, ...]) -> KafkaMessage:
    """A parser that looks into nothing: FastStream's own decodes every header, so that one which is no UTF-8
    loses its whole batch, and publishes an answer to whatever topic a ``reply_to`` header names."""
    return KafkaMessage(body=b"", raw_message=raws, consumer=FAKE_CONSUMER)


async def raw_records(message: Any) -> Any:
    """A decoder that hands the consumer's records on as they are: the loop reads each by itself."""
    return message.raw_message


async def rewind(
    consumer: AIOKafkaConsumer | None,
    first: dict[TopicPartition, int],
    failures: int,
    error: Exception,
) -> None:
    """Read every partition of a failed batch again from its first record, after a pause that grows."""
    pause = min(MOST_BACKOFF, FIRST_BACKOFF * 2 ** min(failures, 10))
    words = f"{type(error).__name__}: {error}"[:500]
    log.warning(
        "batch rewound", error=words, pause_seconds=pause, exc_info=not isinstance(error, Infrastructure)
    )
    if consumer is not None:
        for tp, offset in first.items():
            if tp in consumer.assignment():
                consumer.seek(tp, offset)
    await asyncio.sleep(pause)  # backoff: the part that failed has no event to await


class Conveyor(ConsumerRebalanceListener):
    """Carries batches from Kafka to one loop: run, answer, commit; rewind on failure."""

    def __init__(self, loop: Loop, prefix: str, metrics: Metrics) -> None:
        self._loop, self._prefix, self._metrics = loop, prefix, metrics
        self.done: dict[TopicPartition, int] = {}
        self.partitions: list[int] = []
        self.last_poll = time.monotonic()
        self.consumer: Callable[[], AIOKafkaConsumer | None] = lambda: None
        self.on_batch: list[Callable[[Batch], None]] = []
        self.on_assigned: list[Callable[[Sequence[int]], None]] = []
        self._snapshot: tuple[Any, dict[TopicPartition, int]] | None = None
        self._watermark: Any = None
        self._failures = 0

    def subscribe(self, broker: KafkaBroker, *, records: int, timeout_ms: int) -> None:
        """Register the batch subscriber for the room's topics; it starts with the broker."""
        topics = [self._prefix + topic for topic in self._loop.room.topics]
        subscriber = broker.subscriber(
            *topics, batch=True, group_id=self._prefix + self._loop.group, ack_policy=AckPolicy.MANUAL, listener=self,
            max_records=records, batch_timeout_ms=timeout_ms, parser=whole_batch, decoder=raw_records, **CONSUMER,
        )  # type: ignore[call-overload]  # fmt: skip
        subscriber(self.carry)
        self.consumer = lambda: subscriber.consumer

    def _watch(self, consumer: AIOKafkaConsumer) -> None:
        """Note each poll ourselves: after one that failed, aiokafka's own idle time says 0 for ever."""
        getmany = consumer.getmany

        async def polled(*partitions: TopicPartition, **how: Any) -> Any:
            self.last_poll = time.monotonic()
            return await getmany(*partitions, **how)

        if "getmany" not in vars(consumer):
            consumer.getmany = polled

    # ------------------------------------------------------------ ownership

    async def on_partitions_revoked(self, revoked: Any) -> None:
        """Another worker may have them in a moment: stop their timers, forget how far they were read."""
        self.partitions = []
        self.done.clear()
        self._snapshot = self._watermark = None  # they spoke of these partitions, not of the next ones
        self._loop.revoked([(tp.topic.removeprefix(self._prefix), tp.partition) for tp in revoked])
        for tell in self.on_assigned:
            tell([])

    async def on_partitions_assigned(self, assigned: Any) -> None:
        """These are ours: their timers start from the oldest deadline."""
        consumer = self.consumer()
        assert consumer is not None
        self._watch(consumer)
        for tp in assigned:
            self.done[tp] = await consumer.committed(tp) or 0
        own = self._prefix + self._loop.room.commands_topic
        self.partitions = sorted(tp.partition for tp in assigned if tp.topic == own)
        for tell in self.on_assigned:
            tell(self.partitions)

    # --------------------------------------------------------------- batches

    async def carry(self, raws: Sequence[Any]) -> None:
        """One batch, whole: on any failure every partition of it is read again after a pause."""
        started = time.perf_counter()
        records = [to_record(raw, self._prefix) for raw in raws]
        offsets: dict[TopicPartition, int] = {}
        first: dict[TopicPartition, int] = {}
        for raw in raws:
            tp = TopicPartition(raw.topic, raw.partition)
            offsets[tp] = raw.offset + 1
            first.setdefault(tp, raw.offset)
        try:
            batch = await self._loop.run(records)
        except Exception as error:
            self._failures += 1
            self._metrics.rewinds.inc()
            await rewind(self.consumer(), first, self._failures, error)
            return
        for tell in self.on_batch:
            tell(batch)
        await self._commit(offsets)
        self._failures = 0
        for tp, offset in offsets.items():
            if tp in self.done:  # else it moved on while we worked
                self.done[tp] = max(offset, self.done[tp])
        self._measure(batch, records, time.perf_counter() - started)

    async def _commit(self, offsets: dict[TopicPartition, int]) -> None:
        consumer = self.consumer()
        assert consumer is not None
        try:
            await consumer.commit(offsets)
        except (CommitFailedError, IllegalStateError) as error:
            # The partitions moved on while we worked. All is stored and published: the next owner sees known
            # causes and sends again at most.
            log.warning("commit refused", error=str(error))
            return
        except KafkaError as error:
            log.warning("commit failed; a later one will cover it", error=str(error))
            return
        self._loop.committed(
            {(tp.topic.removeprefix(self._prefix), tp.partition): offset for tp, offset in offsets.items()}
        )

    def _measure(self, batch: Batch, records: Sequence[Record], seconds: float) -> None:
        metrics = self._metrics
        metrics.batch_records.observe(batch.records)
        metrics.batch_seconds.observe(seconds)
        metrics.round_trips.inc(batch.round_trips + 1)
        metrics.conflicts.inc(batch.conflicts)
        metrics.unknown_types.inc(len(batch.unknown_types))
        for topic, count in Counter(record.topic for record in records).items():
            metrics.records.labels(topic).inc(count)
        now = time.time()
        for answer in batch.answers:
            status = answer.outcome["status"]
            metrics.outcomes.labels(status).inc()
            if answer.outcome.get("provisional"):
                metrics.provisional.inc()
            if status == "refused":
                metrics.refusals.labels(answer.outcome["reason"]).inc()
            metrics.outcome_seconds.observe(max(0.0, now - answer.record.timestamp / 1000))

    # ------------------------------------------------------------- how far

    def idle_seconds(self) -> float:
        """How long nobody has polled: grows when the consumer's task is dead or stuck in a batch."""
        return time.monotonic() - self.last_poll

    def lag(self) -> dict[str, int]:
        """Records not yet applied, by topic, as far as the last fetch told."""
        consumer = self.consumer()
        lags: dict[str, int] = {}
        if consumer is None:
            return lags
        for tp in consumer.assignment():
            high = consumer.highwater(tp) or 0
            topic = tp.topic.removeprefix(self._prefix)
            lags[topic] = lags.get(topic, 0) + max(0, high - self.done.get(tp, 0))
        return lags

    async def read_up_to(self, now: Any) -> Any:
        """The latest instant whose ends of all sources have been applied here (clocks.md 7).

        Taken in two steps, so that a steady stream does not push it away for ever: note the ends now, and
        answer with the instant of the last noted ends that have been reached.
        """
        consumer = self.consumer()
        if consumer is None or not self.done:
            return self._watermark or BEGIN
        if self._snapshot is None:
            ends = await consumer.end_offsets(list(self.done))
            if ends.keys() != self.done.keys():
                return self._watermark or BEGIN  # partitions moved on while we asked: these ends are not ours
            self._snapshot = (now, ends)
        at, ends = self._snapshot
        if all(self.done.get(tp, 0) >= end for tp, end in ends.items()):
            self._watermark, self._snapshot = at, None
        return self._watermark or BEGIN
