"""What a real broker refuses is isolated: the others go, also those of other publishers, and those that come later."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from aiokafka.errors import KafkaError

import shared.bus.producer
from bench.parts import free_base_port
from services.cli.embedded import Embedded
from shared.bus.producer import Producers
from shared.bus.publisher import Publisher
from shared.bus.records import Outgoing
from shared.metrics import Metrics
from tests.faults.broker import make_topics, publishing
from tests.integration.broker import PARTITIONS, PATIENCE_SECONDS, Reader, header, reader

pytestmark = pytest.mark.integration

LARGEST = 4000
GUILTY = Outgoing("intake.events", "guilty", b"g" * 10_000)


async def _topics(bootstrap: str, namespace: str) -> None:
    topics, most = ["intake.events"], str(LARGEST)
    await make_topics(bootstrap, f"{namespace}.", topics, PARTITIONS, max_message_bytes=most)
    await make_topics(bootstrap, f"{namespace}.", ["intake.dlq"])


def _small(count: int, of: str = "n") -> list[Outgoing]:
    return [Outgoing("intake.events", f"{of}{number % 7}", b"%d" % number) for number in range(count)]


def _values(raws: Sequence[Any]) -> dict[str, list[int]]:
    """The numbers of each key in the order of their first arrival."""
    found: dict[str, list[int]] = {}
    for raw in raws:
        known = found.setdefault(raw.key.decode(), [])
        if (number := int(raw.value)) not in known:
            known.append(number)
    return found


async def _read(read: Reader, topic: str, count: int) -> list[Any]:
    """The records of a topic once it has so many different ones."""

    def those(raws: Sequence[Any]) -> list[Any]:
        found = [raw for raw in raws if raw.topic.endswith(topic)]
        return found if len({(raw.key, raw.value) for raw in found}) >= count else []

    return list(await read.until(those))


async def test_the_guilty_record_of_a_batch_is_a_dead_letter_and_the_innocent_ones_go_in_order(
    kafka_bootstrap: str, namespace: str
) -> None:
    await _topics(kafka_bootstrap, namespace)
    small = _small(300)
    async with publishing(kafka_bootstrap, f"{namespace}.") as publish:
        (lost,) = await publish([*small[:100], GUILTY, *small[100:]])
        assert await publish(_small(7, "after")) == []
    async with reader(kafka_bootstrap, namespace, "intake.events", "intake.dlq") as read:
        arrived = _values(await _read(read, "intake.events", 307))
        dead = await read.dead_letter("MessageSizeTooLarge", "guilty")
    for number in range(7):
        assert arrived[f"n{number}"] == list(range(number, 300, 7))
    assert (dead.key.decode(), dead.value) == (lost.key, GUILTY.value)
    assert (header(dead, "unpublished"), header(dead, "topic")) == ("true", "intake.events")


async def test_small_records_that_are_too_large_together_go_one_by_one(
    kafka_bootstrap: str, namespace: str
) -> None:
    await _topics(kafka_bootstrap, namespace)
    crowd = [Outgoing("intake.events", "one", b"%0*d" % (LARGEST // 3, number)) for number in range(8)]
    async with publishing(kafka_bootstrap, f"{namespace}.") as publish:
        assert await publish(crowd) == []
    async with reader(kafka_bootstrap, namespace, "intake.events") as read:
        assert _values(await _read(read, "intake.events", 8)) == {"one": list(range(8))}


async def test_who_publishes_while_another_ones_record_is_refused_loses_nothing(
    kafka_bootstrap: str, namespace: str
) -> None:
    await _topics(kafka_bootstrap, namespace)
    metrics = Metrics()
    lost: list[Outgoing] = []
    async with publishing(kafka_bootstrap, f"{namespace}.", metrics) as publish:

        async def one(name: str, guilty: bool) -> None:
            for _ in range(5):
                lost.extend(await publish([*_small(20, name), *[GUILTY] * guilty]))

        await asyncio.gather(*[one(f"p{number}-", number % 4 == 0) for number in range(12)])
    assert metrics.producers_dropped._value.get() >= 1
    assert Counter(out.key for out in lost) == {lost[0].key: 15}
    async with reader(kafka_bootstrap, namespace, "intake.events") as read:
        arrived = _values(await _read(read, "intake.events", 12 * 20))
    assert {number for numbers in arrived.values() for number in numbers} == set(range(20))
    assert sum(map(len, arrived.values())) == 12 * 20


async def test_of_records_that_several_send_alone_at_once_only_the_guilty_one_is_refused(
    kafka_bootstrap: str, namespace: str
) -> None:
    """All to one partition: in one batch they would have one answer."""
    await _topics(kafka_bootstrap, namespace)
    producers = Producers(kafka_bootstrap, f"{namespace}.", "alone", Metrics())
    innocent = [Outgoing("intake.events", GUILTY.key, b"%d" % number) for number in range(20)]
    try:
        sent = [producers.send_alone(record, None) for record in (*innocent[:10], GUILTY, *innocent[10:])]
        answers = await asyncio.gather(*sent, return_exceptions=True)
    finally:
        await producers.stop()
    assert [type(answer).__name__ for answer in answers if answer is not None] == ["MessageSizeTooLargeError"]
    async with reader(kafka_bootstrap, namespace, "intake.events") as read:
        assert _values(await _read(read, "intake.events", 20)) == {GUILTY.key: list(range(20))}


async def test_a_dead_letter_too_large_for_its_topic_goes_without_its_value(
    kafka_bootstrap: str, namespace: str
) -> None:
    prefix = f"{namespace}."
    await make_topics(
        kafka_bootstrap, prefix, ["intake.events", "intake.dlq"], max_message_bytes=str(LARGEST)
    )
    async with publishing(kafka_bootstrap, prefix) as publish:
        await publish([GUILTY])
        assert await publish(_small(7)) == []
    async with reader(kafka_bootstrap, namespace, "intake.dlq") as read:
        dead = await read.dead_letter("MessageSizeTooLarge")
    assert (dead.value, header(dead, "missing_bytes")) == (b"", "10000")


async def test_an_order_to_a_department_without_a_topic_holds_no_other_and_goes_once_there_is_one(
    kafka_bootstrap: str, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared.bus.producer, "TOPIC_SECONDS", 0.5)
    await _topics(kafka_bootstrap, namespace)
    order = Outgoing("dept.housing.orders", "a", b"1")
    async with publishing(kafka_bootstrap, f"{namespace}.") as publish:
        for _ in range(2):
            (lost,) = await publish([order, *_small(7)])
            assert "there is no topic" in (lost.headers or {})["reason"]
        await make_topics(kafka_bootstrap, f"{namespace}.", [order.topic])
        assert await _sent(publish, order)
    async with reader(kafka_bootstrap, namespace, order.topic) as read:
        assert _values(await _read(read, order.topic, 1)) == {"a": [1]}


async def _sent(publish: Publisher, order: Outgoing) -> bool:
    return await publish([order]) == []


@pytest.mark.prove
async def test_after_a_broker_that_stood_still_for_long_everything_goes_again(
    tmp_path: Path, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What hung in the old producer is given up with it, and raised: whoever published sends it again."""
    for name, seconds in (("PUBLISH_SECONDS", 1.0), ("START_SECONDS", 1.0), ("STOP_SECONDS", 0.5)):
        monkeypatch.setattr(shared.bus.producer, name, seconds)
    metrics = Metrics()
    async with Embedded(tmp_path, free_base_port(), services=(), stores=()) as system:
        (broker,) = [child for child in system.children if child.program.kind == "kafka"]
        assert broker.pid
        await _topics(system.parts.kafka_bootstrap, namespace)
        async with publishing(system.parts.kafka_bootstrap, f"{namespace}.", metrics) as publish:
            assert await publish(_small(7)) == []
            os.kill(broker.pid, signal.SIGSTOP)
            try:
                for _ in range(3):
                    with pytest.raises((TimeoutError, KafkaError)):
                        await publish(_small(7, "hangs"))
            finally:
                os.kill(broker.pid, signal.SIGCONT)
            assert await _until_sent(publish, _small(7, "after")) == []
            assert await publish(_small(7, "and-on")) == []
    assert metrics.producers_dropped._value.get() >= 1


async def _until_sent(publish: Publisher, records: Sequence[Outgoing]) -> list[Outgoing]:
    """As a consumer does with a batch: what was raised is tried again."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                return await publish(records)
            except (TimeoutError, KafkaError):
                await asyncio.sleep(0.1)  # the broker has no event for being back
