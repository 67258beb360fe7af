"""Each trap of the bus on a real Kafka: how FastStream falls into it by itself, and what our seam does instead."""

import asyncio
import logging
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.partitioner import DefaultPartitioner
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage, KafkaPublishMessage
from faststream.kafka.exceptions import BatchBufferOverflowException
from pydantic import BaseModel

from shared.bus.client import committed_offsets, known_positions
from shared.bus.producer import Producers
from shared.bus.records import Outgoing
from shared.bus.subscription import CONSUMER
from shared.metrics import Metrics
from tests.faults.broker import publishing
from tests.integration.broker import PARTITIONS, administrator, make_topics, put, reader

pytestmark = pytest.mark.integration


class Number(BaseModel):
    n: int


def bare_broker(bootstrap: str) -> KafkaBroker:
    return KafkaBroker(bootstrap, logger=None, allow_auto_create_topics=False)


async def committed(bootstrap: str, group: str) -> dict[int, int]:
    async with administrator(bootstrap) as admin:
        found = await admin.list_consumer_group_offsets(group)
    return {tp.partition: meta.offset for tp, meta in found.items()}


async def send(bootstrap: str, topic: str, values: list[bytes], partitions: list[int] | None = None) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        for number, value in enumerate(values):
            await producer.send_and_wait(topic, value, partition=partitions[number] if partitions else None)


@pytest.mark.filterwarnings("ignore:AckPolicy.REJECT_ON_ERROR has the same effect")
async def test_faststream_by_itself_loses_a_failed_record_under_every_policy_that_commits(
    kafka_bootstrap: str, namespace: str
) -> None:
    """An unset AckPolicy is ACK_FIRST; ACK and REJECT_ON_ERROR commit on error; MANUAL is passed by the next ack."""
    topic = f"{namespace}.policies"
    await make_topics(kafka_bootstrap, [topic], 1)
    await send(kafka_bootstrap, topic, [b'{"n":1}', b'{"n":2}'])
    broker = bare_broker(kafka_bootstrap)
    policies: dict[str, dict[str, Any]] = {
        "unset": {},
        "ack": {"ack_policy": AckPolicy.ACK},
        "reject": {"ack_policy": AckPolicy.REJECT_ON_ERROR},
        "manual": {"ack_policy": AckPolicy.MANUAL},
    }
    seen: dict[str, list[int]] = {name: [] for name in policies}
    all_seen = asyncio.Event()

    def listen(name: str, options: dict[str, Any]) -> None:
        async def handle(message: KafkaMessage) -> None:
            seen[name].append(message.raw_message.offset)
            try:
                if message.raw_message.offset == 0:
                    raise ZeroDivisionError("this record was not handled")
                if name == "manual":
                    await message.ack()
            finally:
                if all(len(numbers) >= 2 for numbers in seen.values()):
                    all_seen.set()

        subscriber = broker.subscriber(
            topic,
            group_id=f"{namespace}.{name}",
            auto_offset_reset="earliest",
            auto_commit_interval_ms=100,
            **options,
        )
        subscriber(handle)

    for name, options in policies.items():
        listen(name, options)
    await broker.start()
    async with asyncio.timeout(30):
        await all_seen.wait()
    await broker.stop()
    assert seen == {name: [0, 1] for name in policies}
    for name in policies:
        assert await committed(kafka_bootstrap, f"{namespace}.{name}") == {0: 2}, name


async def test_faststream_by_itself_lets_a_poison_message_stop_its_partition(
    kafka_bootstrap: str, namespace: str
) -> None:
    topic = f"{namespace}.poison"
    await make_topics(kafka_bootstrap, [topic], 1)
    await send(kafka_bootstrap, topic, [b"poison", b"good"])
    broker = bare_broker(kafka_bootstrap)
    seen: list[bytes] = []
    enough = asyncio.Event()

    @broker.subscriber(
        topic, group_id=f"{namespace}.g", auto_offset_reset="earliest", ack_policy=AckPolicy.NACK_ON_ERROR
    )
    async def handle(body: bytes) -> None:
        seen.append(body)
        if len(seen) == 20:
            enough.set()
        if body == b"poison":
            raise ZeroDivisionError

    await broker.start()
    async with asyncio.timeout(30):
        await enough.wait()
    await broker.stop()
    assert set(seen[:20]) == {b"poison"}


async def test_a_nack_of_faststream_0_7_8_rewinds_every_partition_of_the_batch(
    kafka_bootstrap: str, namespace: str
) -> None:
    """Older ones rewound the first record's only; ours does not rest on either."""
    topic = f"{namespace}.nack"
    await make_topics(kafka_bootstrap, [topic], 2)
    await send(kafka_bootstrap, topic, [b"a", b"b", b"c", b"d"], [0, 1, 0, 1])
    broker = bare_broker(kafka_bootstrap)
    batches: list[list[tuple[int, int]]] = []
    mixed, again = asyncio.Event(), asyncio.Event()

    async def handle(message: KafkaMessage) -> None:
        places = [(raw.partition, raw.offset) for raw in message.raw_message]  # type: ignore[union-attr]
        if mixed.is_set():
            batches.append(places)
            if {place for batch in batches for place in batch} == {(0, 0), (0, 1), (1, 0), (1, 1)}:
                again.set()
            return
        if {partition for partition, _ in places} == {0, 1}:
            mixed.set()
        await message.nack()

    broker.subscriber(
        topic,
        group_id=f"{namespace}.g",
        batch=True,
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.MANUAL,
    )(handle)
    await broker.start()
    async with asyncio.timeout(30):
        await again.wait()
    await broker.stop()


async def test_faststream_by_itself_fails_a_whole_batch_for_one_bad_record(
    kafka_bootstrap: str, namespace: str, caplog: pytest.LogCaptureFixture
) -> None:
    topic = f"{namespace}.typed"
    await make_topics(kafka_bootstrap, [topic], 1)
    await send(kafka_bootstrap, topic, [b'{"n":1}', b"not json", b'{"n":3}'])
    logger = logging.getLogger(namespace)
    broker = KafkaBroker(kafka_bootstrap, logger=logger, allow_auto_create_topics=False)
    handled: list[Number] = []

    @broker.subscriber(
        topic, group_id=f"{namespace}.g", batch=True, auto_offset_reset="earliest", ack_policy=AckPolicy.ACK
    )
    async def handle(numbers: list[Number]) -> None:
        handled.extend(numbers)

    failed = asyncio.Event()

    class Watch(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.exc_info:
                failed.set()

    logger.addHandler(Watch())
    await broker.start()
    async with asyncio.timeout(30):
        await failed.wait()
    await broker.stop()
    assert handled == []
    assert await committed(kafka_bootstrap, f"{namespace}.g") == {0: 3}


async def test_faststream_by_itself_answers_wherever_a_header_tells_it_to(
    kafka_bootstrap: str, namespace: str
) -> None:
    await make_topics(kafka_bootstrap, [f"{namespace}.asks", f"{namespace}.events"], 1)
    broker = bare_broker(kafka_bootstrap)

    @broker.subscriber(
        f"{namespace}.asks",
        group_id=f"{namespace}.g",
        batch=True,
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.MANUAL,
    )
    async def handle(bodies: list[bytes]) -> None:
        return None

    await broker.start()
    asked = Outgoing("asks", "a", b"hello", {"reply_to": f"{namespace}.events"})
    await put(kafka_bootstrap, namespace, [asked])
    async with reader(kafka_bootstrap, namespace, "events") as read:
        await read.until(lambda raws: raws)
    await broker.stop()


async def test_publish_batch_ignores_keys_and_overflows_where_our_publisher_does_not(
    kafka_bootstrap: str, namespace: str
) -> None:
    await make_topics(kafka_bootstrap, [f"{namespace}.batch", f"{namespace}.ours"], PARTITIONS)
    keys = [f"k{number}" for number in range(200)]
    async with bare_broker(kafka_bootstrap) as bare, publishing(kafka_bootstrap, f"{namespace}.") as publish:
        await bare.start()
        messages = [KafkaPublishMessage(b"body", key=key.encode()) for key in keys[:20]]
        await bare.publish_batch(*messages, topic=f"{namespace}.batch")
        with pytest.raises(BatchBufferOverflowException):
            await bare.publish_batch(*[b"x" * 1100] * 20, topic=f"{namespace}.batch")
        await publish([Outgoing("ours", key, b"x" * 1100) for key in keys])
    async with reader(kafka_bootstrap, namespace, "batch", "ours") as read:
        await read.until(lambda raws: len(raws) == 220)
    placed = {raw.key.decode(): raw.partition for raw in read.records if raw.topic.endswith("ours")}
    assert len({raw.partition for raw in read.records if raw.topic.endswith("batch")}) == 1
    everywhere = list(range(PARTITIONS))
    choose = DefaultPartitioner()
    assert placed == {key: choose(key.encode(), everywhere, everywhere) for key in keys}
    assert set(placed.values()) == set(everywhere)


async def test_faststreams_producer_waits_for_one_copy_and_ours_for_all_and_sends_once(
    kafka_bootstrap: str,
) -> None:
    ours = Producers(kafka_bootstrap, "", "acks", Metrics())
    async with bare_broker(kafka_bootstrap) as bare:
        await bare.start()
        loose, strict = bare.config.producer._producer.producer, await ours._shared.get()
        assert (loose._sender._acks, loose._txn_manager) == (1, None)
        assert strict._sender._acks == -1
        assert strict._txn_manager is not None
        assert strict._txn_manager.transactional_id is None
    await ours.stop()


def test_our_consumers_begin_at_the_beginning_and_share_by_ranges() -> None:
    assert CONSUMER["auto_offset_reset"] == "earliest"
    assert CONSUMER["partition_assignment_strategy"] == [RangePartitionAssignor]


async def test_what_our_seams_know_of_the_clients_insides_is_what_it_says_in_public(
    kafka_bootstrap: str, namespace: str
) -> None:
    """An update of the client that changes them fails here: see shared/bus/client.py."""
    topic = f"{namespace}.insides"
    await make_topics(kafka_bootstrap, [topic], 3)
    await send(kafka_bootstrap, topic, [b"a", b"b", b"c"], [0, 0, 1])
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=kafka_bootstrap,
        group_id=f"{namespace}.g",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    assert known_positions(consumer) == {}
    async with consumer:
        partitions = [TopicPartition(topic, number) for number in range(3)]
        read = 0
        async with asyncio.timeout(30):
            while read < 3:
                read += sum(map(len, (await consumer.getmany(timeout_ms=100)).values()))
        await consumer.commit({partitions[0]: 1})
        positions = {tp: await consumer.position(tp) for tp in partitions}
        assert known_positions(consumer) == positions == dict(zip(partitions, (2, 1, 0), strict=True))
        committed = {tp: await consumer.committed(tp) or 0 for tp in partitions}
        assert await committed_offsets(consumer, partitions) == committed
        assert list(committed.values()) == [1, 0, 0]


@pytest.mark.parametrize("compression", ["gzip", "snappy", "lz4", "zstd"])
async def test_a_record_is_read_however_its_sender_compressed_it(
    kafka_bootstrap: str, namespace: str, compression: str
) -> None:
    """The client cannot read three of the four without a package that it does not ask for; the partition stops."""
    await make_topics(kafka_bootstrap, [f"{namespace}.compressed"], 1)
    async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap, compression_type=compression) as producer:
        await producer.send_and_wait(f"{namespace}.compressed", b"x" * 10_000)
    async with reader(kafka_bootstrap, namespace, "compressed") as read:
        (raw,) = await read.until(lambda raws: raws)
    assert raw.value == b"x" * 10_000
