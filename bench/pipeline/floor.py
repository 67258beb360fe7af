"""Contender (c), the floor: aiokafka alone: getmany, one find, one bulk insert, futures, one commit a batch."""

import asyncio
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from motor.motor_asyncio import AsyncIOMotorClient

from bench.pipeline import work
from bench.pipeline.consumer import INTAKE, BuiltinReference
from bench.pipeline.meter import Meter
from bench.pipeline.plan import BATCH_RECORDS, BATCH_TIMEOUT_MS, COLLECTION, Plan
from shared.bus.subscription import CONSUMER, to_record
from shared.store import Aggregates


async def run(plan: Plan, meter: Meter) -> dict[str, Any]:
    """Run until the plan's events are committed; nothing here survives a fault, that is the point."""
    client: AsyncIOMotorClient[Any] = AsyncIOMotorClient(plan.store_url)
    collection = client[plan.database][COLLECTION]
    await Aggregates(collection, INTAKE.jurisdiction).prepare()
    producer = AIOKafkaProducer(
        bootstrap_servers=plan.bootstrap, acks="all", enable_idempotence=True, max_batch_size=512 * 1024
    )
    consumer = AIOKafkaConsumer(
        plan.source_prefix + INTAKE.commands_topic,
        bootstrap_servers=plan.bootstrap,
        group_id=plan.group,
        enable_auto_commit=False,
        **CONSUMER,
    )
    await producer.start()
    meter.reset()
    await consumer.start()
    await _consume(plan, meter, consumer, producer, collection)
    await consumer.stop()
    await producer.stop()
    client.close()
    return {}


async def _consume(
    plan: Plan, meter: Meter, consumer: AIOKafkaConsumer, producer: AIOKafkaProducer, collection: Any
) -> None:
    reference = BuiltinReference().reference
    while not meter.done.is_set():
        batches = await consumer.getmany(timeout_ms=BATCH_TIMEOUT_MS, max_records=BATCH_RECORDS)
        if not batches:
            continue
        meter.begin()
        found = [work.read(to_record(raw, plan.source_prefix)) for raws in batches.values() for raw in raws]
        ids = [each.envelope.subject for each in found]
        known = {
            each["_id"] async for each in collection.find({"_id": {"$in": ids}}, batch_size=BATCH_RECORDS)
        }
        assert not known
        documents, published = [], []
        for each in found:
            document, records = work.settle(reference, each, "token")
            documents.append(document)
            published += records
        await collection.insert_many(documents, ordered=False)
        futures = []
        for one in published:
            headers = [(name, value.encode()) for name, value in one.headers().items()]
            topic = plan.output_prefix + one.topic
            futures.append(await producer.send(topic, one.value, key=one.key, headers=headers))
        await asyncio.gather(*futures)
        offsets: dict[TopicPartition, int] = {tp: raws[-1].offset + 1 for tp, raws in batches.items()}
        await consumer.commit(offsets)
        meter.end(len(found))
