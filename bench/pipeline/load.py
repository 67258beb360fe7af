"""The input of all contenders: the same registrations, put on one topic once, and the topics each run publishes to."""

import asyncio

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from bench.pipeline.plan import PARTITIONS
from bench.pipeline.room import registration
from shared.bus.door import sealed
from shared.bus.kafka import CONSUMER, to_record
from shared.bus.records import Record
from shared.bus.room import Room
from shared.bus.topics import ensure_topics
from shared.envelope import SHA256_HEADER, sha256_of


async def preload(bootstrap: str, prefix: str, room: Room, events: int) -> Record:
    """Create the room's topics and put so many registrations on its commands topic; one of them comes back."""
    await ensure_topics(bootstrap, prefix, room.topics, partitions=PARTITIONS)
    topic = prefix + room.commands_topic
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", max_batch_size=512 * 1024, linger_ms=5
    )
    await producer.start()
    try:
        for start in range(0, events, 1000):
            futures = []
            for number in range(start, min(start + 1000, events)):
                out = sealed(registration(number), room.source)
                headers = [(SHA256_HEADER, sha256_of(out.value).encode())]
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
