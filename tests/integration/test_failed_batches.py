"""Batches that fail on real parts, in the store or on the bus: read again whole, applied once, passed by no commit."""

import asyncio
from collections import Counter
from typing import Any

import pytest
import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from shared.bus.topics import ensure_topics
from shared.store import Aggregates
from tests.faults.given import line
from tests.integration.broker import PARTITIONS, put, reader
from tests.integration.worker import Unreliable, worker

pytestmark = pytest.mark.integration


async def test_a_batch_of_many_partitions_is_read_again_whole_after_a_failure_and_applied_once(
    kafka_bootstrap: str, namespace: str, store: Aggregates
) -> None:
    shaky = Unreliable(store)
    names = [f"s{number}" for number in range(30)]
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
            assert await one.committed() == one.by_place({tp: end for tp, end in ends.items() if end})
    assert len([entry for entry in logs if entry["event"] == "batch rewound"]) == 2
    async with reader(kafka_bootstrap, namespace, "intake.events") as read:
        for name in names:
            await read.event(name, "issue.withdrawn.v1", 2)
        assert all([event.seq for event in read.events(name)] == [1, 2] for name in names)


async def test_a_failed_batch_is_never_passed_by_the_commit_of_a_later_good_one(
    kafka_bootstrap: str, namespace: str, store: Aggregates
) -> None:
    """Small batches, some of which fail: whenever something is committed, all before it is stored."""
    shaky = Unreliable(store)
    names = [f"s{number}" for number in range(40)]
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
        assert one.rewinds() == 2


async def test_a_store_that_is_away_is_asked_again_with_a_growing_pause(
    kafka_bootstrap: str, namespace: str, store: Aggregates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.bus.consumer.FIRST_BACKOFF", 0.01)
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
        publish, failures = one.processor._publish, [1, 1]

        async def lame(outgoing: Any) -> None:
            await publish(outgoing)
            if failures:
                failures.pop()
                raise KafkaError("the acknowledgement got lost")

        one.processor._publish = lame
        await put(kafka_bootstrap, namespace, [line("a", "one")])
        await one.until(lambda: one.answers())
        await put(kafka_bootstrap, namespace, [line("a", "two")])
        await one.until(lambda: len(one.answers()) == 2)
        assert (await one.lines("a"))["a"] == ("one", "two")
        async with reader(kafka_bootstrap, namespace, "intake.events") as read:
            await read.event("a", "issue.withdrawn.v1", 2)
        copies = Counter(raw.value for raw in read.records)
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
        await one.until(lambda: one.answers() and not any(one.positions.lag(one.prefix).values()))
        poll = asyncio.create_task(one.consumer.getmany(timeout_ms=60_000))
        await asyncio.sleep(0)
        poll.cancel()
        await asyncio.wait([poll])
        await one.stop_reading()
        first = one.positions.idle_seconds()
        async with asyncio.timeout(10):
            while one.positions.idle_seconds() < first + 0.2:
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
        first = one.positions.idle_seconds()
        async with asyncio.timeout(10):
            while one.positions.idle_seconds() < first + 0.2:
                await asyncio.sleep(0.05)  # time itself is what is measured
        stuck.gate.set()
        await one.until(lambda: one.answers())
        async with asyncio.timeout(10):
            while one.positions.idle_seconds() >= first + 0.2:
                await asyncio.sleep(0.01)  # it polls again, and the age falls
