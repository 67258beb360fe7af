"""Two workers of one group on real parts: partitions move between them, and nothing is lost or done twice."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import structlog

from shared.store import Aggregates
from tests.faults.given import line
from tests.integration.broker import PARTITIONS, put, reader
from tests.integration.worker import Unreliable, Worker, worker

pytestmark = pytest.mark.integration

SUBJECTS = [f"s{number}" for number in range(12)]


async def test_a_second_worker_that_comes_and_a_first_that_goes_lose_nothing_and_do_nothing_twice(
    kafka_bootstrap: str, namespace: str, store: Aggregates
) -> None:
    texts = [f"line {number}" for number in range(9)]

    async def say(part: list[str]) -> None:
        await put(kafka_bootstrap, namespace, [line(name, text) for text in part for name in SUBJECTS])

    async with worker(kafka_bootstrap, namespace, store, records=20) as first:
        await say(texts[:3])
        saying = asyncio.create_task(say(texts[3:6]))
        async with worker(kafka_bootstrap, namespace, store, records=20) as second:
            await saying
            await first.until(lambda: len(first.partitions) in (1, 2))
            assert sorted(first.partitions + second.partitions) == [0, 1, 2]
            saying = asyncio.create_task(say(texts[6:]))
            async with asyncio.timeout(30):
                while len({**first.answers(), **second.answers()}) < 80:
                    await asyncio.sleep(0.02)  # two workers: no single event
            await first.broker.stop()
            await saying
            expected = len(SUBJECTS) * len(texts)
            await second.until(lambda: len({**first.answers(), **second.answers()}) == expected)
            written = await second.lines(*SUBJECTS)
    assert written == dict.fromkeys(SUBJECTS, tuple(texts))
    async with reader(kafka_bootstrap, namespace, "intake.events") as read:
        for name in SUBJECTS:
            await read.event(name, "issue.withdrawn.v1", len(texts))
        told = {name: [(event.seq, event.data["reason"]) for event in read.events(name)] for name in SUBJECTS}
    assert told == {name: list(enumerate(texts, 1)) for name in SUBJECTS}


async def test_a_worker_whose_partitions_moved_on_while_it_worked_cannot_commit_or_write_over_the_next_one(
    kafka_bootstrap: str, namespace: str, store: Aggregates
) -> None:
    frozen = Unreliable(store)
    with structlog.testing.capture_logs() as logs:
        async with worker(kafka_bootstrap, namespace, frozen) as zombie:
            frozen.gate.clear()
            zombie.consumer.pause(*zombie.consumer.assignment())
            await put(kafka_bootstrap, namespace, [line(name, "one") for name in SUBJECTS])
            zombie.consumer.resume(*zombie.consumer.assignment())  # so that one batch holds every partition
            await frozen.arrived.wait()
            async with worker(kafka_bootstrap, namespace, store) as heir:
                await heir.until(lambda: len(heir.batches) >= 1)
                await put(kafka_bootstrap, namespace, [line(name, "two") for name in SUBJECTS])
                taken = {name for name, text in (await heir.lines(*SUBJECTS)).items() if text}
                frozen.gate.set()
                expected = {f"http/office:chen/{name}/{text}" for name in SUBJECTS for text in ("one", "two")}
                async with asyncio.timeout(30):
                    while not expected <= set({**zombie.answers(), **heir.answers()}):
                        await asyncio.sleep(0.02)  # two workers: no single event
                assert await heir.lines(*SUBJECTS) == dict.fromkeys(SUBJECTS, ("one", "two"))
                await zombie.until(lambda: not any(zombie.positions.lag(zombie.prefix).values()))
    assert taken
    assert "commit refused" in {entry["event"] for entry in logs}
    async with reader(kafka_bootstrap, namespace, "intake.events") as read:
        for name in SUBJECTS:
            await read.event(name, "issue.withdrawn.v1", 2)
        assert all([event.seq for event in read.events(name)] == [1, 2] for name in SUBJECTS)


async def test_how_far_sources_were_read_is_not_claimed_for_partitions_that_came_later(
    kafka_bootstrap: str, namespace: str, store: Aggregates
) -> None:
    frozen = Unreliable(store)
    async with worker(kafka_bootstrap, namespace, frozen) as one:
        now = datetime.now(UTC)
        await one.positions.read_up_to(now)
        assert await one.positions.read_up_to(now) == now
        async with worker(kafka_bootstrap, namespace, frozen) as other:
            await one.until(lambda: len(one.partitions) < PARTITIONS)
            frozen.gate.clear()
            await put(kafka_bootstrap, namespace, [line(name, "one") for name in SUBJECTS])
            await frozen.arrived.wait()
            await other.die()
            await one.until(lambda: len(one.partitions) == PARTITIONS)
            later = now + timedelta(minutes=1)
            assert await one.positions.read_up_to(later) < now
            frozen.gate.set()
            await one.until(lambda: len(one.answers()) == 12)
            async with asyncio.timeout(10):
                while await one.positions.read_up_to(later) < later:
                    await asyncio.sleep(0.01)  # after its last batch the worker still has to commit it


async def test_before_anything_was_read_nothing_may_fire_not_even_on_the_29th_of_february(
    kafka_bootstrap: str, namespace: str
) -> None:
    one = Worker(kafka_bootstrap, namespace, None)
    leap_day = datetime(2028, 2, 29, 12, tzinfo=UTC)
    assert await one.positions.read_up_to(leap_day) < leap_day - timedelta(days=365)
