"""The session's Kafka as somebody outside sees it: publish anything, read whole topics, a namespace for each test."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from shared.bus.records import Outgoing
from shared.bus.topics import LARGEST_RECORD, ensure_topics
from shared.contract.envelope import Envelope, seal
from shared.contract.event import reference_topic
from tests.unit.reference import JURISDICTION, builtin_events

PARTITIONS = 3
PATIENCE_SECONDS = 30.0


def own_namespace(word: str) -> str:
    """A namespace that no other test has."""
    return f"{word}-{uuid4().hex[:6]}"


@asynccontextmanager
async def administrator(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """Kafka's own administration."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def make_topics(bootstrap: str, names: Sequence[str], partitions: int) -> None:
    """Bare topics, and the broker tells of them."""
    async with administrator(bootstrap) as admin:
        await admin.create_topics([NewTopic(name, partitions, 1) for name in names])
        async with asyncio.timeout(PATIENCE_SECONDS):
            while any(topic["error_code"] for topic in await admin.describe_topics(list(names))):
                await asyncio.sleep(0.05)  # the broker spreads the news; it has no event for it


async def put(bootstrap: str, namespace: str, records: Iterable[Outgoing], **how: Any) -> list[Any]:
    """Publish as somebody else's producer would; the broker's answers."""
    async with AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", max_request_size=LARGEST_RECORD + 1024 * 1024
    ) as producer:
        sent = []
        for record in records:
            headers = [
                (name, value if value is None or isinstance(value, bytes) else value.encode())
                for name, value in record.wire_headers().items()
            ]
            topic, key = f"{namespace}.{record.topic}", record.key.encode()
            sent.append(await producer.send(topic, record.value, key=key, headers=headers, **how))
        return list(await asyncio.gather(*sent))


async def publish_reference(bootstrap: str, namespace: str, owners: Iterable[str]) -> None:
    """Publish what these owners' first start publishes, for the services that run without them."""
    topics = [reference_topic(owner) for owner in owners]
    if not topics:
        return
    await ensure_topics(bootstrap, f"{namespace}.", topics, partitions=PARTITIONS)
    records = []
    for subject, event in builtin_events():
        owner = event.topic.partition(".")[0]
        if reference_topic(owner) not in topics:
            continue
        raw = seal(
            id=f"{event.topic}:{subject}:1",
            type=event.type,
            source=f"/{JURISDICTION}/{owner}",
            subject=subject,
            time=datetime.now(UTC),
            data=event.model_dump(mode="json"),
            seq=1,
        )
        key = f"{subject}@{event.version}"  # type: ignore[attr-defined]
        records.append(Outgoing(reference_topic(owner), key, raw, seq=1))
    await put(bootstrap, namespace, records)


def said(type: str, subject: str, message: str, data: Mapping[str, Any], department: str) -> Outgoing:
    """One message of a department's own system."""
    raw = seal(
        id=message,
        type=type,
        source=f"/{JURISDICTION}/dept/{department}",
        subject=subject,
        time=datetime.now(UTC),
        data=data,
    )
    return Outgoing(f"dept.{department}.replies", subject, raw)


class Reader:
    """Reads some topics of a namespace from their beginning, outside any group."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer
        self.records: list[Any] = []

    async def until(self, true: Callable[[list[Any]], Any]) -> Any:
        """Read on until this is true of all that was read; what it returned."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not (found := true(self.records)):
                for raws in (await self._consumer.getmany(timeout_ms=1000)).values():
                    self.records += raws
            return found

    async def dead_letter(self, reason: str = "", subject: str = "") -> Any:
        """The first dead letter whose reason holds these words."""

        def find(records: list[Any]) -> list[Any]:
            return [
                raw
                for raw in records
                if header(raw, "type") == "deadletter"
                and reason in header(raw, "reason")
                and subject in (header(raw, "subject"), "")
            ]

        return (await self.until(find))[0]

    async def event(self, subject: str, type: str, count: int = 1) -> Envelope:
        """The ``count``-th different event of this type about this subject."""

        def find(_: list[Any]) -> list[Envelope]:
            known = self.events(subject, type)
            return known if len(known) >= count else []

        return (await self.until(find))[count - 1]

    def events(self, subject: str, type: str = "") -> list[Envelope]:
        """What was read about this subject so far, each event once."""
        once: dict[tuple[str, str], Envelope] = {}
        for raw in self.records:
            with contextlib.suppress(ValueError):
                envelope = Envelope.model_validate_json(raw.value or b"")
                if envelope.subject == subject and type in ("", envelope.type):
                    once.setdefault((envelope.source, envelope.id), envelope)
        return list(once.values())


def header(raw: Any, name: str) -> str:
    """One header of a record as text."""
    return (dict(raw.headers).get(name) or b"").decode()


@asynccontextmanager
async def reader(bootstrap: str, namespace: str, *topics: str) -> AsyncIterator[Reader]:
    """Read these topics; they must exist."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_partition_fetch_bytes=16 << 20,
        fetch_max_wait_ms=50,
    )
    async with consumer:
        partitions = []
        for topic in topics:
            await consumer._client._wait_on_metadata(f"{namespace}.{topic}")
            numbers = consumer.partitions_for_topic(f"{namespace}.{topic}") or ()
            partitions += [TopicPartition(f"{namespace}.{topic}", number) for number in numbers]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        yield Reader(consumer)
