"""Publishing: a FastStream broker whose producer waits for all replicas, and many records in one round trip."""

import asyncio
from collections import Counter
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer
from faststream.kafka import KafkaBroker

from shared.bus.records import Outgoing
from shared.bus.topics import LARGEST_DEAD_LETTER
from shared.metrics import Metrics

Broker = KafkaBroker
"""The broker by a name of ours, for those who only hand it on."""


def make_broker(bootstrap: str, client_id: str) -> KafkaBroker:
    """A FastStream broker whose producer waits for all replicas and sends each record once per session."""
    return KafkaBroker(
        bootstrap,
        client_id=client_id,
        acks="all",
        enable_idempotence=True,
        max_batch_size=512 * 1024,
        max_request_size=LARGEST_DEAD_LETTER + 1024 * 1024,
        linger_ms=0,
        id_generator=str,  # no correlation id: the envelope names its cause, and a random UUID a record costs
        metadata_max_age_ms=10_000,
        allow_auto_create_topics=False,
        logger=None,
        apply_types=False,
    )


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
            self._metrics.published.labels(_family(topic)).inc(count)
            if topic.endswith(".dlq"):  # the processor's, and the departments' gateway's
                self._metrics.dead_letters.inc(count)


def _family(topic: str) -> str:
    """The topic as a closed label: one value for all departments' orders."""
    return "dept.<code>." + topic.rpartition(".")[2] if topic.startswith("dept.") else topic


async def publish(bootstrap: str, records: Sequence[Outgoing], prefix: str = "") -> None:
    """Publish a few records from outside a service and wait for the acknowledgements (operators' commands)."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, max_request_size=LARGEST_DEAD_LETTER
    )
    await producer.start()
    try:
        for record in records:
            await producer.send_and_wait(
                prefix + record.topic,
                record.value,
                key=record.key.encode(),
                headers=[(name, value.encode()) for name, value in record.wire_headers().items()],
            )
    finally:
        await producer.stop()
