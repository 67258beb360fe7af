"""Faults that the simulator found in the seam to Kafka, each in the smallest case that shows it."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from aiokafka import TopicPartition

from shared.bus.kafka import Conveyor
from shared.bus.loop import Batch
from shared.events import INTAKE
from tests.simulation.worker import Anything

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)


class Bare:
    """A consumer whose assignment is set by hand."""

    def __init__(self, ends: dict[TopicPartition, int]) -> None:
        self.ends = ends

    def assignment(self) -> set[TopicPartition]:
        return set(self.ends)

    async def end_offsets(self, partitions: Any) -> dict[TopicPartition, int]:
        return {tp: self.ends[tp] for tp in partitions}

    async def committed(self, tp: TopicPartition) -> int:
        return 0

    async def commit(self, offsets: Any) -> None:
        """Nothing to keep."""

    async def getmany(self) -> None:
        """Nothing to fetch."""


def conveyor(consumer: Bare) -> Conveyor:
    """A conveyor whose loop does nothing."""

    async def run(records: Any) -> Batch:
        return Batch()

    loop = SimpleNamespace(
        run=run,
        room=SimpleNamespace(commands_topic="dispatch.commands"),
        revoked=lambda tps: None,
        committed=lambda offsets: None,
    )
    made = Conveyor(loop, "", Anything())  # type: ignore[arg-type]
    made.consumer = lambda: consumer  # type: ignore[assignment, return-value]
    return made


def raw(tp: TopicPartition, offset: int) -> Any:
    """One record as the client hands it over."""
    place = {"topic": tp.topic, "partition": tp.partition, "offset": offset}
    return SimpleNamespace(**place, timestamp=0, key=b"", value=b"", headers=())


async def test_a_batch_that_ends_after_its_partition_moved_on_does_not_hold_the_timers_back():
    mine, gone = TopicPartition(INTAKE, 0), TopicPartition(INTAKE, 1)
    consumer = Bare({mine: 0, gone: 99})
    made = conveyor(consumer)
    await made.on_partitions_assigned([mine, gone])
    await made.on_partitions_revoked([mine, gone])
    consumer.ends = {mine: 0}
    await made.on_partitions_assigned([mine])
    await made.carry([raw(gone, 3)])
    consumer.ends = {mine: 0, gone: 99}
    assert await made.read_up_to(NOW) == NOW


async def test_what_was_read_of_other_partitions_says_nothing_about_new_ones():
    old, new = TopicPartition(INTAKE, 0), TopicPartition(INTAKE, 1)
    consumer = Bare({old: 0})
    made = conveyor(consumer)
    await made.on_partitions_assigned([old])
    assert await made.read_up_to(NOW) == NOW
    await made.on_partitions_revoked([old])
    consumer.ends = {old: 0, new: 7}
    await made.on_partitions_assigned([old, new])
    assert await made.read_up_to(NOW + timedelta(minutes=1)) < NOW


async def test_a_leap_day_stops_no_timer():
    made = conveyor(Bare({}))
    leap = datetime(2028, 2, 29, 8, tzinfo=UTC)
    assert await made.read_up_to(leap) < leap


async def test_ends_that_were_asked_for_before_partitions_moved_on_do_not_hold_the_timers_back():
    old, new = TopicPartition(INTAKE, 0), TopicPartition(INTAKE, 1)
    consumer = Bare({old: 5})
    made = conveyor(consumer)

    async def slow(partitions: Any) -> dict[TopicPartition, int]:
        await made.on_partitions_revoked([old])
        await made.on_partitions_assigned([new])
        return {old: 5}

    await made.on_partitions_assigned([old])
    with patch.object(consumer, "end_offsets", slow):
        await made.read_up_to(NOW)
    consumer.ends = {old: 5, new: 0}
    assert await made.read_up_to(NOW) == NOW
