"""Contender (b): FastStream, one message a call, one find, one insert, one confirmed publish, one commit."""

import asyncio
from typing import Any

from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from motor.motor_asyncio import AsyncIOMotorClient

from bench.pipeline import work
from bench.pipeline.consumer import INTAKE, BuiltinReference
from bench.pipeline.meter import Meter
from bench.pipeline.plan import COLLECTION, Plan
from shared.bus.subscription import to_record
from shared.store import Aggregates


async def run(plan: Plan, meter: Meter) -> dict[str, Any]:
    """Run until the plan's events are committed, each by itself."""
    reference = BuiltinReference().reference
    client: AsyncIOMotorClient[Any] = AsyncIOMotorClient(plan.store_url)
    collection = client[plan.database][COLLECTION]
    await Aggregates(collection, INTAKE.jurisdiction).prepare()
    broker = KafkaBroker(plan.bootstrap, acks="all", logger=None)

    async def _as_it_is(message: Any) -> Any:
        return message.body

    @broker.subscriber(
        f"{plan.source_prefix}{INTAKE.commands_topic}",
        group_id=plan.group,
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.MANUAL,
        decoder=_as_it_is,
    )
    async def _one(_: bytes, message: KafkaMessage) -> None:
        if meter.done.is_set():
            await asyncio.sleep(3600)  # until the broker is stopped
        meter.begin()
        found = work.read(to_record(message.raw_message, plan.source_prefix))
        assert await collection.find_one({"_id": found.envelope.subject}) is None
        document, published = work.settle(reference, found, "token")
        await collection.insert_one(document)
        for one in published:
            await broker.publish(
                one.value,
                topic=plan.output_prefix + one.topic,
                key=one.key,
                headers=one.headers(),
            )
        await message.ack()
        meter.end(1)

    meter.reset()
    await broker.start()
    await meter.done.wait()
    client.close()
    return {}  # the process ends here: a handler that waits would hold broker.stop() up
