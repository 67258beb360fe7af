"""A small door from other people's topics to our own commands: read, translate, publish, then commit.

What it publishes carries the id the sender gave, so that a batch read twice is one command at the loop.
"""

from collections.abc import Callable, Sequence
from typing import Any

from aiokafka import TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from shared.bus.kafka import CONSUMER, Publisher, raw_records, rewind, to_record, whole_batch
from shared.bus.records import Outgoing, Record

Translate = Callable[[Record], Sequence[Outgoing]]


class Forwarder:
    """Republishes what ``translate`` makes of each record. ``translate`` never raises on bad input."""

    def __init__(self, topics: Sequence[str], group: str, prefix: str, translate: Translate) -> None:
        self._topics, self._group, self._prefix, self._translate = topics, group, prefix, translate
        self._failures = 0
        self._subscriber: Any = None

    def subscribe(self, broker: KafkaBroker, publish: Publisher, *, records: int, timeout_ms: int) -> None:
        """Register the subscriber; it starts with the broker."""
        self._publish = publish
        self._subscriber = broker.subscriber(
            *[self._prefix + topic for topic in self._topics], batch=True, group_id=self._prefix + self._group,
            ack_policy=AckPolicy.MANUAL, max_records=records, batch_timeout_ms=timeout_ms,
            parser=whole_batch, decoder=raw_records, **CONSUMER,
        )  # type: ignore[call-overload]  # fmt: skip
        self._subscriber(self.carry)

    async def carry(self, raws: Sequence[Any]) -> None:
        """Translate one batch; on failure read every partition of it again after a pause."""
        offsets = {TopicPartition(raw.topic, raw.partition): raw.offset + 1 for raw in raws}
        first: dict[TopicPartition, int] = {}
        for raw in raws:
            first.setdefault(TopicPartition(raw.topic, raw.partition), raw.offset)
        consumer = self._subscriber.consumer
        try:
            told = [(out, raw) for raw in raws for out in self._translate(to_record(raw, self._prefix))]
            # The broker's append time is the official one (clocks.md 7).
            await self._publish([out for out, _ in told], [raw.timestamp for _, raw in told])
            await consumer.commit(offsets)
            self._failures = 0
        except Exception as error:
            self._failures += 1
            await rewind(consumer, first, self._failures, error)
