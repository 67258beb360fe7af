"""The input of all contenders: the same registrations, put on one topic once, and the topics each run publishes to."""

import asyncio

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from bench.pipeline.consumer import INTAKE, registration
from bench.pipeline.plan import PARTITIONS
from shared.bus.gateway import sealed
from shared.bus.records import Record
from shared.bus.subscription import CONSUMER, to_record
from shared.bus.topics import ensure_topics


async def preload(bootstrap: str, prefix: str, events: int) -> Record:
    """Create intake's topics and put so many registrations on its commands topic; one of them comes back."""
    await ensure_topics(bootstrap, prefix, INTAKE.topics, partitions=PARTITIONS)
    topic = prefix + INTAKE.commands_topic
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", max_batch_size=512 * 1024, linger_ms=5
    )
    await producer.start()
    try:
        for start in range(0, events, 1000):
            futures = []
            for number in range(start, min(start + 1000, events)):
                out = sealed(registration(number), INTAKE.source)
                headers = [(name, value.encode()) for name, value in out.wire_headers().items()]
                futures.append(await producer.send(topic, out.value, key=out.key.encode(), headers=headers))
            await asyncio.gather(*futures)
    finally:
        await producer.stop()
    return await _first(bootstrap, prefix, topic)


async def _first(bootstrap: str, prefix: str, topic: str) -> Record:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, **{**CONSUMER, "group_id": None})
    await consumer.start()
    try:
        return to_record(await consumer.getone(), prefix)
    finally:
        await consumer.stop()
