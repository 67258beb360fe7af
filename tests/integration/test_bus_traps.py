"""Each trap of the bus page on a real Kafka: how FastStream falls into it, and that our seam does not."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError
from aiokafka.partitioner import DefaultPartitioner
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage, KafkaPublishMessage
from faststream.kafka.exceptions import BatchBufferOverflowException
from pydantic import BaseModel

from shared.bus.kafka import CONSUMER, Publisher, make_broker
from shared.bus.records import Outgoing
from shared.bus.topics import WrongPartitions, ensure_topics, topic_settings
from shared.envelope import SHA256_HEADER, seal
from shared.metrics import Metrics
from shared.store import Aggregates
from tests.integration.system import (
    PARTITIONS,
    Unreliable,
    Worker,
    administrator,
    cellar,
    ear,
    fact,
    header,
    line,
    make_topics,
    own_namespace,
    put,
    small_room,
    worker,
)

pytestmark = pytest.mark.integration


@pytest.fixture
def namespace() -> str:
    return own_namespace("traps")


@pytest.fixture
async def store(store_url: str, namespace: str) -> AsyncIterator[Aggregates]:
    async with cellar(store_url, namespace) as aggregates:
        yield aggregates


# ---------------------------------------------------- FastStream by itself: the traps


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
        f"{namespace}.asks", group_id=f"{namespace}.g", batch=True, auto_offset_reset="earliest",
        ack_policy=AckPolicy.MANUAL,
    )  # fmt: skip
    async def handle(bodies: list[bytes]) -> None:
        return None

    await broker.start()
    asked = Outgoing("asks", "a", b"hello", {"reply_to": f"{namespace}.events"})
    await put(kafka_bootstrap, namespace, [asked])
    async with ear(kafka_bootstrap, namespace, "events") as heard:
        await heard.until(lambda raws: raws)
    await broker.stop()


async def test_publish_batch_ignores_keys_and_overflows_where_our_publisher_does_not(
    kafka_bootstrap: str, namespace: str
) -> None:
    await make_topics(kafka_bootstrap, [f"{namespace}.batch", f"{namespace}.ours"], PARTITIONS)
    keys = [f"k{number}" for number in range(200)]
    bare, ours = bare_broker(kafka_bootstrap), make_broker(kafka_bootstrap, "keys")
    async with bare, ours:
        await bare.start()
        await ours.start()
        messages = [KafkaPublishMessage(b"body", key=key.encode()) for key in keys[:20]]
        await bare.publish_batch(*messages, topic=f"{namespace}.batch")
        with pytest.raises(BatchBufferOverflowException):
            await bare.publish_batch(*[b"x" * 1100] * 20, topic=f"{namespace}.batch")
        publish = Publisher(ours, f"{namespace}.", Metrics("intake"))
        await publish([Outgoing("ours", key, b"x" * 1100) for key in keys])
    async with ear(kafka_bootstrap, namespace, "batch", "ours") as heard:
        await heard.until(lambda raws: len(raws) == 220)
    placed = {raw.key.decode(): raw.partition for raw in heard.heard if raw.topic.endswith("ours")}
    assert len({raw.partition for raw in heard.heard if raw.topic.endswith("batch")}) == 1
    everywhere = list(range(PARTITIONS))
    choose = DefaultPartitioner()
    assert placed == {key: choose(key.encode(), everywhere, everywhere) for key in keys}
    assert set(placed.values()) == set(everywhere)


async def test_faststreams_producer_waits_for_one_copy_and_ours_for_all_and_sends_once(
    kafka_bootstrap: str,
) -> None:
    bare, ours = bare_broker(kafka_bootstrap), make_broker(kafka_bootstrap, "acks")
    async with bare, ours:
        await bare.start()
        await ours.start()
        loose, strict = (broker.config.producer._producer.producer for broker in (bare, ours))
        assert (loose._sender._acks, loose._txn_manager) == (1, None)
        assert strict._sender._acks == -1
        assert strict._txn_manager is not None
        assert strict._txn_manager.transactional_id is None


def test_our_consumers_begin_at_the_beginning_and_share_by_ranges() -> None:
    assert CONSUMER["auto_offset_reset"] == "earliest"
    assert CONSUMER["partition_assignment_strategy"] == [RangePartitionAssignor]


# ------------------------------------------------------------------- our own seam


def subjects(count: int, word: str = "s") -> list[str]:
    return [f"{word}{number}" for number in range(count)]


async def test_a_bad_record_stops_nobody_and_goes_to_the_dead_letters_with_origin_and_reason(
    kafka_bootstrap: str, namespace: str, store: Aggregates
) -> None:
    good = line("a", "one")
    far = seal(
        id="far", type="issue.closed.v1", source="/test/feedback", subject="a", seq=1,
        time=datetime(9999, 12, 31, 23, tzinfo=UTC), data={"round": 1, "reason": "rated"},
    ).replace(b"23:00:00.000Z", b"23:00:00.000-12:00")  # fmt: skip
    bad = {
        "Invalid JSON": Outgoing("intake.commands", "a", b"{"),
        "the record is empty": Outgoing("intake.commands", "a", b""),
        "specversion": Outgoing("intake.commands", "a", b"{}"),
        "SHA-256": Outgoing("intake.commands", "a", good.value, {SHA256_HEADER: "0" * 64}),
        "is not its subject": Outgoing("intake.commands", "b", good.value),
        "no such command": Outgoing(
            "intake.commands", "a", seal(id="x", type="intake.dance.v1", source="/", subject="a", time=None, data={})
        ),
        "handler failed": line("a", "bug"),
        "an event needs seq": Outgoing("feedback.events", "a", seal(
            id="y", type="issue.closed.v1", source="/", subject="a", time=datetime.now(UTC), data={})),
        "date value out of range": Outgoing("feedback.events", "a", far),
        "seq: Input should be less than": Outgoing(
            "feedback.events", "a", fact("a", 1).value.replace(b'"seq":1', b'"seq":123456789012345678901234567890')),
        "reason: Input should be a valid string": Outgoing("intake.commands", "a", seal(
            id="z", type="intake.withdraw.v1", source="/", subject="a", time=None, data={"reason": 7})),
    }  # fmt: skip
    async with worker(kafka_bootstrap, namespace, store, records=5) as one:
        sent = await put(kafka_bootstrap, namespace, [good, *bad.values(), line("a", "two"), fact("a", 1)])
        await one.until(lambda: sum(batch.records for batch in one.batches) >= len(sent))
        assert sorted((await one.lines("a"))["a"]) == ["closed 1", "one", "two"]
        async with ear(kafka_bootstrap, namespace, "intake.dlq") as heard:
            letters = await heard.until(lambda raws: len(raws) >= len(bad) and raws)
        told = {header(raw, "origin"): raw for raw in letters}
        for place, (reason, record) in zip(sent[1:], bad.items(), strict=False):
            letter = told[f"{record.topic}/{place.partition}/{place.offset}"]
            assert reason in header(letter, "reason"), (reason, header(letter, "reason"))
            assert letter.value == record.value
            assert letter.key.decode() == header(letter, "origin")
        assert len(letters) == len(bad)
        assert one.metrics.rewinds._value.get() == 0


@pytest.mark.parametrize("value", [b"\xff\xfe", None])
async def test_a_hash_header_that_is_no_text_is_a_dead_letter_and_loses_no_other_record(
    kafka_bootstrap: str, namespace: str, store: Aggregates, value: bytes | None
) -> None:
    """Read before anything was guarded, it would fail the whole batch, which the next commit then passes."""
    async with worker(kafka_bootstrap, namespace, store) as one:
        one.store = store
        odd = line("a", "odd")._replace(headers={SHA256_HEADER: value})
        await put(kafka_bootstrap, namespace, [line("a", "one"), odd, line("a", "two")])
        await one.until(lambda: sum(batch.records for batch in one.batches) >= 3)
        assert (await one.lines("a"))["a"] == ("one", "two")
        async with ear(kafka_bootstrap, namespace, "intake.dlq") as heard:
            await heard.letter("SHA-256", "a")


async def test_a_reply_to_header_makes_nobody_publish_anything(
    kafka_bootstrap: str, namespace: str, store: Aggregates
) -> None:
    """FastStream would answer there, in our name."""
    async with worker(kafka_bootstrap, namespace, store) as one:
        asked = line("a", "one")._replace(headers={"reply_to": f"{namespace}.feedback.events"})
        await put(kafka_bootstrap, namespace, [asked, line("a", "two")])
        await one.until(lambda: len(one.answers()) == 2)
        ends = await one.consumer.end_offsets(list(one.consumer.assignment()))
        assert sum(end for tp, end in ends.items() if tp.topic.endswith("feedback.events")) == 0


async def test_a_batch_of_many_partitions_is_read_again_whole_after_a_failure_and_applied_once(
    kafka_bootstrap: str, namespace: str, store: Aggregates
) -> None:
    shaky = Unreliable(store)
    names = subjects(30)
    await ensure_topics(
        kafka_bootstrap, f"{namespace}.", ["intake.commands", "feedback.events"], partitions=PARTITIONS
    )
    await put(kafka_bootstrap, namespace, [line(name, text) for text in ("one", "two") for name in names])
    shaky.fail_before_write, shaky.fail_after_write = 1, 1
    with structlog.testing.capture_logs() as logs:
        async with worker(kafka_bootstrap, namespace, shaky) as one:
            await one.until(lambda: len(one.answers()) == 60)
            assert await one.lines(*names) == dict.fromkeys(names, ("one", "two"))
            assert {answer["status"] for answer in one.answers().values()} == {"done"}
            ends = await one.consumer.end_offsets(list(one.consumer.assignment()))
            expected = {
                f"{tp.topic.removeprefix(one.prefix)}/{tp.partition}": end for tp, end in ends.items() if end
            }
            assert await one.committed() == expected
    assert len([entry for entry in logs if entry["event"] == "batch rewound"]) == 2
    async with ear(kafka_bootstrap, namespace, "intake.events") as heard:
        for name in names:
            await heard.event(name, "issue.withdrawn.v1", 2)
        assert all([event.seq for event in heard.events(name)] == [1, 2] for name in names)


async def test_a_failed_batch_is_never_passed_by_the_commit_of_a_later_good_one(
    kafka_bootstrap: str, namespace: str, store: Aggregates
) -> None:
    """Small batches, some of which fail: whenever something is committed, all before it is stored."""
    shaky = Unreliable(store)
    names = subjects(40)
    applied: set[str] = set()
    behind: list[str] = []
    async with worker(kafka_bootstrap, namespace, shaky, records=7) as one:
        places: dict[tuple[str, int, int], str] = {}
        commit = one.consumer.commit

        async def watched(offsets: dict[TopicPartition, int]) -> None:
            stored = set(await one.lines(*names))
            for tp, offset in offsets.items():
                for (topic, partition, at), name in places.items():
                    if topic == tp.topic and partition == tp.partition and at < offset and name not in stored:
                        behind.append(name)
            applied.update(stored)
            await commit(offsets)

        one.consumer.commit = watched
        shaky.gate.clear()
        sent = await put(kafka_bootstrap, namespace, [line(name, "one") for name in names])
        for name, place in zip(names, sent, strict=True):
            places[place.topic, place.partition, place.offset] = name
        shaky.fail_before_write = 1
        shaky.gate.set()
        await one.until(lambda: len(one.batches) >= 2)
        shaky.fail_after_write = 1
        await one.until(lambda: len(one.answers()) == len(names))
        assert await one.lines(*names) == dict.fromkeys(names, ("one",))
        assert behind == []
        assert one.metrics.rewinds._value.get() == 2


async def test_a_store_that_is_away_is_asked_again_with_a_growing_pause(
    kafka_bootstrap: str, namespace: str, store: Aggregates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.bus.kafka.FIRST_BACKOFF", 0.01)
    shaky = Unreliable(store)
    shaky.fail_load = 4
    with structlog.testing.capture_logs() as logs:
        async with worker(kafka_bootstrap, namespace, shaky) as one:
            await put(kafka_bootstrap, namespace, [line("a", "one")])
            await one.until(lambda: one.answers())
            await put(kafka_bootstrap, namespace, [line("a", "two")])
            await one.until(lambda: len(one.answers()) == 2)
            assert (await one.lines("a"))["a"] == ("one", "two")
    pauses = [entry["pause_seconds"] for entry in logs if entry["event"] == "batch rewound"]
    assert pauses == [0.02, 0.04, 0.08, 0.16]


async def test_a_publish_that_fails_is_made_again_and_the_event_keeps_its_id_and_place(
    kafka_bootstrap: str, namespace: str, store: Aggregates
) -> None:
    async with worker(kafka_bootstrap, namespace, store) as one:
        publish, failures = one.loop._publish, [1, 1]

        async def lame(outgoing: Any) -> None:
            await publish(outgoing)
            if failures:
                failures.pop()
                raise KafkaError("the acknowledgement got lost")

        one.loop._publish = lame
        await put(kafka_bootstrap, namespace, [line("a", "one")])
        await one.until(lambda: one.answers())
        await put(kafka_bootstrap, namespace, [line("a", "two")])
        await one.until(lambda: len(one.answers()) == 2)
        assert (await one.lines("a"))["a"] == ("one", "two")
        async with ear(kafka_bootstrap, namespace, "intake.events") as heard:
            await heard.event("a", "issue.withdrawn.v1", 2)
        copies = Counter(raw.value for raw in heard.heard)
        assert list(copies.values()) == [3, 1]  # twice unacknowledged, each time the very same bytes


async def test_what_was_published_before_a_worker_began_is_read_and_new_topics_are_looked_for_often(
    kafka_bootstrap: str, namespace: str, store: Aggregates
) -> None:
    await ensure_topics(kafka_bootstrap, f"{namespace}.", ["intake.commands"], partitions=PARTITIONS)
    await put(kafka_bootstrap, namespace, [line("a", "early")])
    async with worker(kafka_bootstrap, namespace, store) as one:
        await one.until(lambda: one.answers())
        assert (await one.lines("a"))["a"] == ("early",)
        assert one.consumer._client._metadata_max_age_ms <= 10_000


async def test_a_dead_consumer_shows_as_a_poll_that_grows_old(
    kafka_bootstrap: str, namespace: str, store: Aggregates
) -> None:
    async with worker(kafka_bootstrap, namespace, store) as one:
        await put(kafka_bootstrap, namespace, [line("a", "one")])
        await one.until(lambda: one.answers())
        poll = asyncio.create_task(one.consumer.getmany(timeout_ms=60_000))
        await asyncio.sleep(0)
        poll.cancel()
        await asyncio.wait([poll])
        await one.stop_reading()
        first = one.conveyor.idle_seconds()
        async with asyncio.timeout(10):
            while one.conveyor.idle_seconds() < first + 0.2:
                await asyncio.sleep(0.05)  # time itself is what is measured
        assert one.consumer._subscription.fetcher_idle_time == 0  # aiokafka's own measure is lost for ever


async def test_a_worker_stuck_in_its_store_shows_as_a_poll_that_grows_old(
    kafka_bootstrap: str, namespace: str, store: Aggregates
) -> None:
    stuck = Unreliable(store)
    async with worker(kafka_bootstrap, namespace, stuck) as one:
        stuck.gate.clear()
        stuck.arrived.clear()
        await put(kafka_bootstrap, namespace, [line("a", "one")])
        await stuck.arrived.wait()
        first = one.conveyor.idle_seconds()
        async with asyncio.timeout(10):
            while one.conveyor.idle_seconds() < first + 0.2:
                await asyncio.sleep(0.05)  # time itself is what is measured
        stuck.gate.set()
        await one.until(lambda: one.answers())
        async with asyncio.timeout(10):
            while one.conveyor.idle_seconds() >= first + 0.2:
                await asyncio.sleep(0.01)  # it polls again, and the age falls


# ---------------------------------------------------------------------- two workers


async def test_a_second_worker_that_comes_and_a_first_that_goes_lose_nothing_and_do_nothing_twice(
    kafka_bootstrap: str, namespace: str, store: Aggregates
) -> None:
    names = subjects(12)
    texts = [f"line {number}" for number in range(9)]

    async def say(part: list[str]) -> None:
        await put(kafka_bootstrap, namespace, [line(name, text) for text in part for name in names])

    async with worker(kafka_bootstrap, namespace, store, records=20) as first:
        await say(texts[:3])
        saying = asyncio.create_task(say(texts[3:6]))
        async with worker(kafka_bootstrap, namespace, store, records=20) as second:
            await saying
            await first.until(lambda: len(first.conveyor.partitions) in (1, 2))
            assert sorted(first.conveyor.partitions + second.conveyor.partitions) == [0, 1, 2]
            saying = asyncio.create_task(say(texts[6:]))
            async with asyncio.timeout(30):
                while len({**first.answers(), **second.answers()}) < 80:
                    await asyncio.sleep(0.02)  # two workers: no single event
            await first.broker.stop()
            await saying
            expected = len(names) * len(texts)
            await second.until(lambda: len({**first.answers(), **second.answers()}) == expected)
            written = await second.lines(*names)
    assert written == dict.fromkeys(names, tuple(texts))
    async with ear(kafka_bootstrap, namespace, "intake.events") as heard:
        for name in names:
            await heard.event(name, "issue.withdrawn.v1", len(texts))
        told = {name: [(event.seq, event.data["reason"]) for event in heard.events(name)] for name in names}
    assert told == {name: list(enumerate(texts, 1)) for name in names}


async def test_a_worker_whose_partitions_moved_on_while_it_worked_cannot_commit_or_write_over_the_next_one(
    kafka_bootstrap: str, namespace: str, store: Aggregates
) -> None:
    frozen = Unreliable(store)
    names = subjects(12)
    with structlog.testing.capture_logs() as logs:
        async with worker(kafka_bootstrap, namespace, frozen) as zombie:
            frozen.gate.clear()
            zombie.consumer.pause(*zombie.consumer.assignment())
            await put(kafka_bootstrap, namespace, [line(name, "one") for name in names])
            zombie.consumer.resume(*zombie.consumer.assignment())  # so that one batch holds every partition
            await frozen.arrived.wait()
            async with worker(kafka_bootstrap, namespace, store) as heir:
                await heir.until(lambda: len(heir.batches) >= 1)
                await put(kafka_bootstrap, namespace, [line(name, "two") for name in names])
                taken = {name for name, text in (await heir.lines(*names)).items() if text}
                frozen.gate.set()
                expected = {f"test/test/{name}/{text}" for name in names for text in ("one", "two")}
                async with asyncio.timeout(30):
                    while not expected <= set({**zombie.answers(), **heir.answers()}):
                        await asyncio.sleep(0.02)  # two workers: no single event
                assert await heir.lines(*names) == dict.fromkeys(names, ("one", "two"))
                await zombie.until(
                    lambda: not zombie.conveyor.lag() or set(zombie.conveyor.lag().values()) == {0}
                )
    assert taken
    assert "commit refused" in {entry["event"] for entry in logs}
    async with ear(kafka_bootstrap, namespace, "intake.events") as heard:
        for name in names:
            await heard.event(name, "issue.withdrawn.v1", 2)
        assert all([event.seq for event in heard.events(name)] == [1, 2] for name in names)


async def test_how_far_sources_were_read_is_not_claimed_for_partitions_that_came_later(
    kafka_bootstrap: str, namespace: str, store: Aggregates
) -> None:
    frozen = Unreliable(store)
    async with worker(kafka_bootstrap, namespace, frozen) as one:
        now = datetime.now(UTC)
        await one.conveyor.read_up_to(now)
        assert await one.conveyor.read_up_to(now) == now
        async with worker(kafka_bootstrap, namespace, frozen) as other:
            await one.until(lambda: len(one.conveyor.partitions) < PARTITIONS)
            frozen.gate.clear()
            await put(kafka_bootstrap, namespace, [line(name, "one") for name in subjects(12)])
            await frozen.arrived.wait()
            await other.die()
            await one.until(lambda: len(one.conveyor.partitions) == PARTITIONS)
            later = now + timedelta(minutes=1)
            assert await one.conveyor.read_up_to(later) < now
            frozen.gate.set()
            await one.until(lambda: len(one.answers()) == 12)
            async with asyncio.timeout(10):
                while await one.conveyor.read_up_to(later) < later:
                    await asyncio.sleep(0.01)  # after its last batch the worker still has to commit it


async def test_before_anything_was_read_nothing_may_fire_not_even_on_the_29th_of_february(
    kafka_bootstrap: str, namespace: str
) -> None:
    one = Worker(kafka_bootstrap, namespace, None)
    leap_day = datetime(2028, 2, 29, 12, tzinfo=UTC)
    assert await one.conveyor.read_up_to(leap_day) < leap_day - timedelta(days=365)


# ------------------------------------------------------------------ topics and times


async def test_a_topic_with_another_number_of_partitions_is_refused_and_says_what_to_set(
    kafka_bootstrap: str, namespace: str
) -> None:
    await ensure_topics(kafka_bootstrap, f"{namespace}.", ["intake.commands", "intake.dlq"], partitions=2)
    await ensure_topics(kafka_bootstrap, f"{namespace}.", ["intake.commands", "intake.dlq"], partitions=2)
    with pytest.raises(WrongPartitions) as refused:
        await ensure_topics(kafka_bootstrap, f"{namespace}.", ["intake.commands", "intake.dlq"], partitions=3)
    assert f"{namespace}.intake.commands has 2 partitions, this deployment was told 3" in str(refused.value)
    assert "QINQING_PARTITIONS_COUNT=2" in str(refused.value)


async def test_topics_are_kept_as_told(kafka_bootstrap: str, namespace: str) -> None:
    topics = ["intake.commands", "intake.events", "intake.dlq", "dept.housing.orders", "dept.housing.replies"]
    await ensure_topics(kafka_bootstrap, f"{namespace}.", topics, partitions=2)
    async with administrator(kafka_bootstrap) as admin:
        answers = await admin.describe_configs(
            [ConfigResource(ConfigResourceType.TOPIC, f"{namespace}.{topic}") for topic in topics]
        )
    kept = {
        resource[3].removeprefix(f"{namespace}."): {entry[0]: entry[1] for entry in resource[4]}
        for answer in answers
        for resource in answer.resources
    }
    assert set(kept) == set(topics)
    for topic in topics:
        assert kept[topic].items() >= topic_settings(topic).items(), topic
    for topic in topics[:3]:
        assert kept[topic]["retention.ms"] == "-1"
        assert kept[topic]["message.timestamp.type"] == "CreateTime"
    assert kept["dept.housing.orders"]["retention.ms"] == str(90 * 24 * 3600 * 1000)
    assert kept["dept.housing.replies"]["message.timestamp.type"] == "LogAppendTime"


async def test_a_record_is_stamped_when_it_is_published_and_a_departments_when_it_is_appended(
    kafka_bootstrap: str, namespace: str
) -> None:
    """Kafka keeps and drops by the record's own time, so an event of 2011 must not look 15 years old."""
    await ensure_topics(
        kafka_bootstrap, f"{namespace}.", ["intake.events", "dept.housing.replies"], partitions=1
    )
    long_ago = datetime(2011, 3, 1, tzinfo=UTC)
    raw = seal(id="e", type="issue.withdrawn.v1", source="/", subject="a", time=long_ago, seq=1, data={})
    before = datetime.now(UTC).timestamp() * 1000
    broker = make_broker(kafka_bootstrap, namespace)
    await broker.start()
    await Publisher(broker, f"{namespace}.", Metrics("intake"))([Outgoing("intake.events", "a", raw)])
    await broker.stop()
    reply = Outgoing("dept.housing.replies", "a", raw)
    await put(kafka_bootstrap, namespace, [reply], timestamp_ms=int(long_ago.timestamp() * 1000))
    after = datetime.now(UTC).timestamp() * 1000
    async with ear(kafka_bootstrap, namespace, "intake.events", "dept.housing.replies") as heard:
        await heard.until(lambda raws: len(raws) == 2)
    for record in heard.heard:
        assert before - 1 <= record.timestamp <= after + 1, record.topic


# ---------------------------------------------------------------- large and unknown


async def test_a_text_of_ten_megabytes_is_a_dead_letter_with_the_reason_and_the_next_record_works(
    kafka_bootstrap: str, namespace: str, store: Aggregates
) -> None:
    async with worker(kafka_bootstrap, namespace, store) as one:
        huge = seal(
            id="huge", type="intake.withdraw.v1", source="/test/intake", subject="a", time=None,
            data={"reason": "字" * 3_400_000},
        )  # fmt: skip
        assert len(huge) > 10_000_000
        await put(kafka_bootstrap, namespace, [Outgoing("intake.commands", "a", huge), line("a", "next")])
        await one.until(lambda: one.answers())
        assert (await one.lines("a"))["a"] == ("next",)
        async with ear(kafka_bootstrap, namespace, "intake.dlq") as heard:
            letter = await heard.letter("reason: String should have at most", "a")
        assert letter.value == huge
        assert one.metrics.rewinds._value.get() == 0
        async with ear(kafka_bootstrap, namespace, "intake.events") as told:
            await told.event("a", "issue.withdrawn.v1")
            assert [event.data["reason"] for event in told.events("a")] == ["next"]


async def test_an_event_of_an_unknown_type_is_counted_and_its_place_is_taken(
    kafka_bootstrap: str, namespace: str, store: Aggregates
) -> None:
    async with worker(kafka_bootstrap, namespace, store) as one:
        unknown = fact("a", 1, "issue.blessed.v9")
        await put(kafka_bootstrap, namespace, [fact("a", 2, data={"colour": "red"}), unknown])
        await one.until(lambda: sum(batch.records for batch in one.batches) == 2)
        assert (await one.lines("a"))["a"] == ("closed 2",)
        await one.until(lambda: one.metrics.records.labels("feedback.events")._value.get() == 2)
        assert one.metrics.unknown_types._value.get() == 1
        document = await store.get("a")
        assert document is not None
        assert (document["seen"], document.get("held")) == ([["feedback.events", 2]], None)


async def test_unknown_fields_on_our_own_topics_are_ignored(
    kafka_bootstrap: str, namespace: str, store: Aggregates
) -> None:
    async with worker(kafka_bootstrap, namespace, store) as one:
        known = line("a", "one")
        newer = known.value.replace(b'"data":{', b'"weather":"fair","data":{"mood":"good",')
        await put(kafka_bootstrap, namespace, [known._replace(value=newer)])
        await one.until(lambda: one.answers())
        assert (await one.lines("a"))["a"] == ("one",)


async def test_the_same_command_twice_is_done_once_and_with_another_body_refused(
    kafka_bootstrap: str, namespace: str, store: Aggregates
) -> None:
    async with worker(kafka_bootstrap, namespace, store, room=small_room()) as one:
        again = [line("a", "one", key="k"), line("a", "one", key="k"), line("a", "two", key="k")]
        await put(kafka_bootstrap, namespace, again)
        await one.until(lambda: sum(len(batch.answers) for batch in one.batches) == 3)
        outcomes = [answer.outcome for batch in one.batches for answer in batch.answers]
        assert [outcome["status"] for outcome in outcomes] == ["done", "done", "refused"]
        assert outcomes[2]["reason"] == "id_reused"
        assert (await one.lines("a"))["a"] == ("one",)
