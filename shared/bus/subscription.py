"""A subscription as FastStream makes it, read in whole batches that nobody looks into: all others build on it.

Traps this file is built around (docs/decisions/0003): MANUAL acknowledgement, because every other commits by itself;
a parser and a decoder that leave bytes alone, because one bad record would fail its whole batch.
"""

from dataclasses import dataclass
from typing import Any, Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import ConsumerStoppedError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.kafka.message import FAKE_CONSUMER

from shared.bus.client import read_odd_header_keys
from shared.bus.records import Record
from shared.contract.envelope import EPOCH_HEADER, SEQ_HEADER, SHA256_HEADER

CONSUMER = {
    "auto_offset_reset": "earliest",
    "partition_assignment_strategy": [RangePartitionAssignor],
    "session_timeout_ms": 6_000,
    "heartbeat_interval_ms": 1_500,
    "max_partition_fetch_bytes": 2 * 1024 * 1024,
}
Stopped = ConsumerStoppedError
"""A poll of a consumer that was stopped: FastStream's way to end."""
Polled = dict[TopicPartition, list[Any]]
"""What a poll hands over: the records of each partition, in order."""


def to_record(raw: Any, prefix: str) -> Record:
    """One consumer record as the processor reads it."""
    headers = {name: (value or b"").decode("utf-8", "replace") for name, value in raw.headers}
    seq, epoch = headers.get(SEQ_HEADER, ""), headers.get(EPOCH_HEADER, "")
    return Record(
        raw.topic.removeprefix(prefix),
        raw.partition,
        raw.offset,
        raw.timestamp,
        raw.key,
        raw.value,
        headers.get(SHA256_HEADER),
        int(seq) if seq.isdecimal() and len(seq) < 10 else 0,
        int(epoch) if epoch.isdecimal() and len(epoch) < 16 else 0,
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
    read_odd_header_keys()
    subscriber = broker.subscriber(
        *topics,
        batch=True,
        ack_policy=AckPolicy.MANUAL,
        parser=whole_batch,
        decoder=raw_records,
        **{**CONSUMER, **how},
    )
    subscriber(handle)
    return subscriber


class Subscription(Protocol):
    """Where the Kafka client's consumer is found (FastStream's subscriber): None before its start, after its stop."""

    consumer: AIOKafkaConsumer | None

    async def start(self) -> None:
        """Begin to read."""


@dataclass
class Subscribed:
    """A subscription by hand; ``Subscribed(None)`` is the one of who has not begun."""

    consumer: Any

    async def start(self) -> None:
        """It runs already."""
