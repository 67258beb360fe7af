"""The input of all contenders: the same registrations, put on one topic once, and the topics each run publishes to."""

import asyncio

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from bench.pipeline.plan import PARTITIONS
from bench.pipeline.room import text_of
from shared.bus.door import Request, sealed
from shared.bus.kafka import CONSUMER, to_record
from shared.bus.records import Record
from shared.bus.room import Room
from shared.bus.topics import ensure_topics
from shared.commands import RegisterIssue
from shared.envelope import SHA256_HEADER, sha256_of

TEXT_BYTES = 820
"""Makes a record of about 1.1 kB."""


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
                out = sealed(_request(number), room.source)
                headers = [(SHA256_HEADER, sha256_of(out.value).encode())]
                futures.append(await producer.send(topic, out.value, key=out.key.encode(), headers=headers))
            await asyncio.gather(*futures)
    finally:
        await producer.stop()
    return await _first(bootstrap, prefix, topic)


def _request(number: int) -> Request:
    command = RegisterIssue(title=f"第{number}号：用地审批", text=text_of(number, TEXT_BYTES), kind="problem")
    subject = f"issue-{number:026d}"
    return Request(subject, command, "http", f"entrepreneur:e{number % 1000}", f"register/{number:020d}")


async def _first(bootstrap: str, prefix: str, topic: str) -> Record:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, **{**CONSUMER, "group_id": None})
    await consumer.start()
    try:
        return to_record(await consumer.getone(), prefix)
    finally:
        await consumer.stop()
