"""A real broker as the faults need it: odd records, markers without records, and one worker of the notebook service."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.records_to_delete import RecordsToDelete

from shared.bus.consumer import BatchConsumer
from shared.bus.processor import Processor
from shared.bus.producer import Producers, make_broker
from shared.bus.publisher import Publisher
from shared.bus.records import Outgoing
from shared.bus.topics import LARGEST_RECORD
from shared.metrics import Metrics
from tests.faults import another_client
from tests.faults.given import Played, Store, notebook
from tests.house.repository import ROOT

PATIENCE_SECONDS = 20.0
"""How long a test waits for what would come at once: on a quiet machine that is some thousandths of it."""
NESTED = b'{"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}"


def own_prefix() -> str:
    """A namespace that no other test has, with its dot."""
    return f"faults-{uuid4().hex[:6]}."


@asynccontextmanager
async def administrator(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """Kafka's own administration."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def make_topics(
    bootstrap: str, prefix: str, topics: Iterable[str], partitions: int = 1, **settings: str
) -> None:
    """Topics with these settings; dots in their names are written as underscores."""
    configs = {name.replace("_", "."): value for name, value in settings.items()}
    names = [prefix + topic for topic in topics]
    async with administrator(bootstrap) as admin:
        await admin.create_topics([NewTopic(name, partitions, 1, topic_configs=configs) for name in names])
        async with asyncio.timeout(PATIENCE_SECONDS):
            while any(topic["error_code"] for topic in await admin.describe_topics(names)):
                await asyncio.sleep(0.05)  # the broker spreads the news; it has no event for it


async def put(bootstrap: str, prefix: str, records: Iterable[Outgoing], **how: Any) -> None:
    """Publish as somebody else's producer would; with ``transactional_id`` a marker follows."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", max_request_size=LARGEST_RECORD + 1024 * 1024, **how
    )
    async with producer:
        if "transactional_id" in how:
            async with producer.transaction():
                await _send(producer, prefix, records)
        else:
            await _send(producer, prefix, records)


async def _send(producer: AIOKafkaProducer, prefix: str, records: Iterable[Outgoing]) -> None:
    for out in records:
        headers = [(name, text.encode()) for name, text in out.wire_headers().items()]
        await producer.send_and_wait(prefix + out.topic, out.value, key=out.key.encode(), headers=headers)


async def put_tombstone(bootstrap: str, prefix: str, topic: str, key: bytes) -> None:
    """A record without a value."""
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        await producer.send_and_wait(prefix + topic, None, key=key)


async def put_with_a_header_key_that_is_no_text(bootstrap: str, prefix: str, out: Outgoing) -> None:
    """What only another client sends: ours refuses to write it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", another_client.__name__, bootstrap, prefix + out.topic),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
    )
    await process.communicate(out.key.encode() + b"\n" + out.value)
    assert process.returncode == 0


async def delete_all(bootstrap: str, prefix: str, topic: str) -> None:
    """Forget every record of partition 0: its end stays where it was."""
    async with administrator(bootstrap) as admin:
        await admin.delete_records({TopicPartition(prefix + topic, 0): RecordsToDelete(before_offset=-1)})


@asynccontextmanager
async def publishing(bootstrap: str, prefix: str, metrics: Metrics | None = None) -> AsyncIterator[Publisher]:
    """Intake's publisher, with producers of its own."""
    metrics = metrics or Metrics()
    producers = Producers(bootstrap, prefix, prefix, metrics)
    try:
        yield Publisher(producers, "intake", metrics)
    finally:
        await producers.stop()


class Worker:
    """One worker of the notebook service over the real broker, with its store in memory."""

    def __init__(self, bootstrap: str, prefix: str) -> None:
        self.service = Played(notebook())
        self.store: Store = self.service.store
        self.broker = make_broker(bootstrap, prefix)
        self.owned: list[Sequence[int]] = []
        metrics = Metrics()
        self.producers = Producers(bootstrap, prefix, prefix, metrics)
        publish = Publisher(self.producers, "intake", metrics)
        processor = Processor(self.service.consumer, self.store, publish, self.service)
        self.batches = BatchConsumer(
            processor, prefix, metrics, on_batch=lambda batch: None, on_assigned=self.owned.append
        )

    async def until(self, holds: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> bool:
        """Whether it holds within so many seconds; ``holds`` may have to be awaited."""
        end = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < end:
            found = holds()
            if await found if asyncio.iscoroutine(found) else found:
                return True
            await asyncio.sleep(0.02)  # another task reads the broker: there is no event for it here
        return False


@asynccontextmanager
async def worker(bootstrap: str, prefix: str) -> AsyncIterator[Worker]:
    """A worker that owns its partitions already."""
    await make_topics(
        bootstrap, prefix, ("intake.commands", "intake.events", "intake.dlq", "feedback.events")
    )
    one = Worker(bootstrap, prefix)
    await one.broker.start()
    try:
        await one.batches.start(one.broker, records=500, timeout_ms=10)
        if not await one.until(lambda: any(one.owned), seconds=20):
            raise RuntimeError("the worker was given no partition")
        yield one
    finally:
        await one.broker.stop()
        await one.producers.stop()
