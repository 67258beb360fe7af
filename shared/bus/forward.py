"""A small door from other people's topics to our own commands: read, translate, publish, then commit.

What it publishes carries the id the sender gave, so that a batch read twice is one command at the loop.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from aiokafka import TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from shared.bus.kafka import (
    CONSUMER,
    FIRST_BACKOFF,
    MOST_BACKOFF,
    Infrastructure,
    Publisher,
    raw_records,
    to_record,
    whole_batch,
)
from shared.bus.records import Outgoing, Record

log = structlog.get_logger(__name__)

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
        outgoing: list[Outgoing] = []
        timestamps: list[int] = []
        for raw in raws:
            first.setdefault(TopicPartition(raw.topic, raw.partition), raw.offset)
            for out in self._translate(to_record(raw, self._prefix)):
                outgoing.append(out)
                timestamps.append(raw.timestamp)  # the broker's append time is the official one (clocks.md 7)
        consumer = self._subscriber.consumer
        try:
            await self._publish(outgoing, timestamps)
            await consumer.commit(offsets)
            self._failures = 0
        except Infrastructure as error:
            self._failures += 1
            pause = min(MOST_BACKOFF, FIRST_BACKOFF * 2 ** min(self._failures, 10))
            log.warning("department batch rewound", error=str(error)[:300], pause_seconds=pause)
            for tp, offset in first.items():
                if tp in consumer.assignment():
                    consumer.seek(tp, offset)
            await asyncio.sleep(pause)  # backoff: the part that failed has no event to await
