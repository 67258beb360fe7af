"""The seam to Kafka: FastStream feeds batches to the processor, and explicit offsets are committed after each.

Traps this file is built around (docs/decisions/0003): MANUAL acknowledgement with explicit commits, because a
bare commit covers partitions whose records failed; a decoder that leaves bytes alone, because one bad record
would fail its whole batch; every failed partition is rewound by hand, with a pause that ``nack`` has not.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.kafka.message import FAKE_CONSUMER

from shared.bus.positions import Positions
from shared.bus.processor import Batch, Processor
from shared.bus.records import Record
from shared.contract.envelope import SEQ_HEADER, SHA256_HEADER
from shared.metrics import Metrics
from shared.store import Unavailable

log = structlog.get_logger(__name__)

Infrastructure = (Unavailable, KafkaError, ConnectionError, TimeoutError, OSError)
"""Expected failures: tried again, logged without a traceback. Others are bugs: tried again, with one."""

CONSUMER = {
    "auto_offset_reset": "earliest",
    "partition_assignment_strategy": [RangePartitionAssignor],
    "session_timeout_ms": 6_000,
    "heartbeat_interval_ms": 1_500,
    "max_partition_fetch_bytes": 2 * 1024 * 1024,
}
FIRST_BACKOFF, MOST_BACKOFF = 0.1, 5.0


def to_record(raw: Any, prefix: str) -> Record:
    """One consumer record as the processor reads it."""
    headers = {name: (value or b"").decode("utf-8", "replace") for name, value in raw.headers}
    seq = headers.get(SEQ_HEADER, "")
    return Record(
        raw.topic.removeprefix(prefix),
        raw.partition,
        raw.offset,
        raw.timestamp,
        raw.key,
        raw.value,
        headers.get(SHA256_HEADER),
        int(seq) if seq.isdecimal() and len(seq) < 10 else 0,
    )


async def whole_batch(raws: tuple[Any, ...]) -> KafkaMessage:
    """A parser that looks into nothing: FastStream's own decodes every header, so that one which is no UTF-8
    loses its whole batch, and publishes an answer to whatever topic a ``reply_to`` header names."""
    return KafkaMessage(body=b"", raw_message=raws, consumer=FAKE_CONSUMER)


async def raw_records(message: Any) -> Any:
    """A decoder that hands the consumer's records on as they are: the processor reads each by itself."""
    return message.raw_message


def subscribe(broker: KafkaBroker, handle: Any, *topics: str, **how: Any) -> Any:
    """A subscriber of whole batches, acknowledged by nobody but ``handle``; ``await subscriber.start()`` begins."""
    subscriber = broker.subscriber(  # type: ignore[call-overload]
        *topics,
        batch=True,
        ack_policy=AckPolicy.MANUAL,
        parser=whole_batch,
        decoder=raw_records,
        **how,
        **CONSUMER,
    )
    subscriber(handle)
    return subscriber


def places(raws: Sequence[Any]) -> tuple[dict[TopicPartition, int], dict[TopicPartition, int]]:
    """(first offset, offset behind the last) of each partition in a batch."""
    first: dict[TopicPartition, int] = {}
    behind: dict[TopicPartition, int] = {}
    for raw in raws:
        tp = TopicPartition(raw.topic, raw.partition)
        first.setdefault(tp, raw.offset)
        behind[tp] = raw.offset + 1
    return first, behind


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


class BatchConsumer(ConsumerRebalanceListener):
    """Feeds batches from Kafka to one processor: run, answer, commit; rewind on failure."""

    def __init__(
        self,
        processor: Processor,
        prefix: str,
        metrics: Metrics,
        *,
        on_batch: Callable[[Batch], None],
        on_assigned: Callable[[Sequence[int]], None],
    ) -> None:
        """``on_batch``: told of each batch before its commit. ``on_assigned``: told which partitions are ours."""
        self._processor, self._prefix, self._metrics = processor, prefix, metrics
        self._on_batch, self._on_assigned = on_batch, on_assigned
        self.consumer: Callable[[], AIOKafkaConsumer | None] = lambda: None
        self.positions = Positions(self)
        self.last_poll = time.monotonic()
        self._failures = 0
        self._left_over: dict[TopicPartition, int] = {}

    async def start(self, broker: KafkaBroker, *, records: int, timeout_ms: int) -> None:
        """Begin to read the consumer's topics; the broker ends it."""
        owned = self._processor.consumer
        subscriber = subscribe(
            broker,
            self.handle,
            *[self._prefix + topic for topic in owned.topics],
            group_id=self._prefix + owned.service,
            listener=self,
            max_records=records,
            batch_timeout_ms=timeout_ms,
        )
        self.consumer = lambda: subscriber.consumer
        await subscriber.start()

    def _watch(self, consumer: AIOKafkaConsumer) -> None:
        """Note each poll ourselves: after one that failed, aiokafka's own idle time says 0 for ever."""
        getmany = consumer.getmany

        async def polled(*partitions: TopicPartition, **how: Any) -> Any:
            self.last_poll = time.monotonic()
            return await getmany(*partitions, **how)

        if "getmany" not in vars(consumer):
            consumer.getmany = polled

    async def on_partitions_revoked(self, revoked: Any) -> None:
        """Another worker may have them in a moment: stop their timers, forget how far they were read."""
        self.positions.clear()
        self._left_over = {}
        self._processor.revoked([self._place(tp) for tp in revoked])
        self._on_assigned([])

    async def on_partitions_assigned(self, assigned: Any) -> None:
        """These are ours: their timers start from the oldest deadline."""
        consumer = self.consumer()
        assert consumer is not None
        self._watch(consumer)
        committed = {tp: await consumer.committed(tp) or 0 for tp in assigned}
        self.positions.start(committed)
        self._processor.committed({self._place(tp): offset for tp, offset in committed.items()})
        own = self._prefix + self._processor.consumer.commands_topic
        self._on_assigned(sorted(tp.partition for tp in assigned if tp.topic == own))

    async def handle(self, raws: Sequence[Any]) -> None:
        """One batch, whole: on any failure every partition of it is read again after a pause."""
        started = time.perf_counter()
        records = [to_record(raw, self._prefix) for raw in raws]
        first, behind = places(raws)
        try:
            batch = await self._processor.run(records)
        except Exception as error:
            self._failures += 1
            self._metrics.rewinds.inc()
            await rewind(self.consumer(), first, self._failures, error)
            return
        self._on_batch(batch)
        await self._commit(behind)  # 7
        self._failures = 0
        self.positions.move(behind)
        self._metrics.measure(batch, records, time.perf_counter() - started)

    async def _commit(self, offsets: dict[TopicPartition, int]) -> None:
        """Commit these, and with them what a commit before them left over: no record may come to cover it."""
        consumer = self.consumer()
        assert consumer is not None
        owned = consumer.assignment()
        offsets = {tp: offset for tp, offset in self._left_over.items() if tp in owned} | offsets
        self._left_over = {}
        try:
            await consumer.commit(offsets)
        except (CommitFailedError, IllegalStateError) as error:
            # The partitions moved on while we worked. All is stored and published: the next owner sees known
            # causes and sends again at most.
            log.warning("commit refused", error=str(error))
            return
        except KafkaError as error:
            log.warning("commit failed; the next one covers it", error=str(error))
            self._left_over = offsets
            return
        self._processor.committed({self._place(tp): offset for tp, offset in offsets.items()})

    def _place(self, tp: TopicPartition) -> tuple[str, int]:
        return tp.topic.removeprefix(self._prefix), tp.partition
