"""Faults that the simulator found in the seam to Kafka, each in the smallest case that shows it."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError

from shared.bus.consumer import BatchConsumer
from shared.bus.forwarder import Forwarder
from shared.bus.processor import Batch
from shared.bus.subscription import Subscribed
from shared.contract.event import INTAKE
from tests.simulation.worker import Anything

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)


class Bare:
    """A consumer whose assignment is set by hand."""

    def __init__(self, ends: dict[TopicPartition, int]) -> None:
        self.ends, self.away = ends, False
        self.commits: list[dict[TopicPartition, int]] = []
        self.positions: dict[TopicPartition, int] = {}
        self._subscription = self
        self.subscription = SimpleNamespace(assignment=self)
        self._coordinator = SimpleNamespace(fetch_committed_offsets=self._fetch)

    def assignment(self) -> set[TopicPartition]:
        return set(self.ends)

    def all_consumed_offsets(self) -> dict[TopicPartition, Any]:
        return {tp: SimpleNamespace(offset=position) for tp, position in self.positions.items()}

    async def end_offsets(self, partitions: Any) -> dict[TopicPartition, int]:
        return {tp: self.ends[tp] for tp in partitions}

    async def _fetch(self, partitions: Any) -> dict[TopicPartition, Any]:
        return {}

    async def commit(self, offsets: Any) -> None:
        """Keep them, or fail as the coordinator does when it is away."""
        if self.away:
            raise KafkaConnectionError
        self.commits.append(dict(offsets))

    async def getmany(self) -> None:
        """Nothing to fetch."""


def batches(client: Bare) -> BatchConsumer:
    """A batch consumer whose processor does nothing."""

    async def run(records: Any) -> Batch:
        return Batch()

    processor = SimpleNamespace(
        run=run,
        consumer=SimpleNamespace(commands_topic="dispatch.commands"),
        revoked=lambda: None,
        committed=lambda offsets: None,
    )
    made = BatchConsumer(
        processor,  # type: ignore[arg-type]
        "",
        Anything(),  # type: ignore[arg-type]
        on_batch=lambda batch: None,
        on_assigned=lambda partitions: None,
    )
    made.subscription = Subscribed(client)
    return made


def raw(tp: TopicPartition, offset: int) -> Any:
    """One record as the client hands it over."""
    place = {"topic": tp.topic, "partition": tp.partition, "offset": offset}
    return SimpleNamespace(**place, timestamp=0, timestamp_type=1, key=b"", value=b"", headers=())


async def test_a_batch_that_ends_after_its_partition_moved_on_does_not_hold_the_timers_back():
    mine, gone = TopicPartition(INTAKE, 0), TopicPartition(INTAKE, 1)
    client = Bare({mine: 0, gone: 99})
    made = batches(client)
    await made.on_partitions_assigned([mine, gone])
    await made.on_partitions_revoked([mine, gone])
    client.ends = {mine: 0}
    await made.on_partitions_assigned([mine])
    await made.handle([raw(gone, 3)])
    client.ends = {mine: 0, gone: 99}
    assert await made.positions.read_up_to(NOW) == NOW


async def test_what_was_read_of_other_partitions_says_nothing_about_new_ones():
    old, new = TopicPartition(INTAKE, 0), TopicPartition(INTAKE, 1)
    client = Bare({old: 0})
    made = batches(client)
    await made.on_partitions_assigned([old])
    assert await made.positions.read_up_to(NOW) == NOW
    await made.on_partitions_revoked([old])
    client.ends = {old: 0, new: 7}
    await made.on_partitions_assigned([old, new])
    assert await made.positions.read_up_to(NOW + timedelta(minutes=1)) < NOW


async def test_a_leap_day_stops_no_timer():
    made = batches(Bare({}))
    leap = datetime(2028, 2, 29, 8, tzinfo=UTC)
    assert await made.positions.read_up_to(leap) < leap


async def test_ends_that_were_asked_for_before_partitions_moved_on_do_not_hold_the_timers_back():
    old, new = TopicPartition(INTAKE, 0), TopicPartition(INTAKE, 1)
    client = Bare({old: 5})
    made = batches(client)

    async def slow(partitions: Any) -> dict[TopicPartition, int]:
        await made.on_partitions_revoked([old])
        await made.on_partitions_assigned([new])
        return {old: 5}

    await made.on_partitions_assigned([old])
    with patch.object(client, "end_offsets", slow):
        await made.positions.read_up_to(NOW)
    client.ends = {old: 5, new: 0}
    assert await made.positions.read_up_to(NOW) == NOW


async def test_what_stood_in_a_partition_when_it_became_ours_is_read_before_its_timers_post():
    other, mine = TopicPartition(INTAKE, 0), TopicPartition("dispatch.commands", 1)
    client = Bare({other: 9, mine: 3})
    made = batches(client)
    await made.on_partitions_assigned([other, mine])
    assert [*await made.positions.heard(mine.topic)] == []
    client.ends[mine] = 5  # what comes later is not waited for
    await made.handle([raw(mine, 1), raw(mine, 2)])
    assert [*await made.positions.heard(mine.topic)] == [1]
    await made.on_partitions_revoked([other, mine])
    assert [*await made.positions.heard(mine.topic)] == []
    await made.on_partitions_assigned([other, mine])
    assert [*await made.positions.heard(mine.topic)] == []


async def test_ends_from_before_a_rebalance_say_nothing_of_what_was_posted_since():
    mine = TopicPartition("dispatch.commands", 1)
    client = Bare({mine: 0})
    made = batches(client)

    async def slow(partitions: Any) -> dict[TopicPartition, int]:
        await made.on_partitions_revoked([mine])
        client.ends[mine] = 7
        await made.on_partitions_assigned([mine])
        return {mine: 0}

    await made.on_partitions_assigned([mine])
    with patch.object(client, "end_offsets", slow):
        assert [*await made.positions.heard(mine.topic)] == []
    assert [*await made.positions.heard(mine.topic)] == []


async def test_what_a_failed_commit_left_over_goes_with_the_next_one_though_its_partition_stays_silent():
    silent, busy = TopicPartition(INTAKE, 0), TopicPartition("dispatch.commands", 0)
    client = Bare({silent: 0, busy: 0})
    made = batches(client)
    await made.on_partitions_assigned([silent, busy])
    client.away = True
    await made.handle([raw(silent, 3)])
    client.away = False
    await made.handle([raw(busy, 7)])
    assert client.commits == [{silent: 4, busy: 8}]


async def test_what_a_failed_commit_left_over_is_not_committed_for_a_partition_that_moved_on():
    gone, mine = TopicPartition(INTAKE, 1), TopicPartition(INTAKE, 0)
    client = Bare({gone: 0, mine: 0})
    made = batches(client)
    await made.on_partitions_assigned([gone, mine])
    client.away = True
    await made.handle([raw(gone, 3)])
    await made.on_partitions_revoked([gone, mine])
    client.away, client.ends = False, {mine: 0}
    await made.on_partitions_assigned([mine])
    await made.handle([raw(mine, 5)])
    assert client.commits == [{mine: 6}]


async def test_a_commit_of_the_departments_gateway_that_failed_is_tried_again_though_the_department_is_silent():
    silent = TopicPartition("dept.housing.replies", 0)
    client = Bare({silent: 0})

    async def publish(outgoing: Any, timestamps: Any) -> None:
        """Taken."""

    forwarder = Forwarder(publish, "", lambda records: [])
    forwarder.subscription = Subscribed(client)
    client.away = True
    await forwarder.handle([raw(silent, 3)])
    client.away, client.positions = False, {silent: 4}
    await forwarder._poll(client.getmany)  # type: ignore[arg-type]
    assert client.commits == [{silent: 4}]
