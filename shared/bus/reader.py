"""Reading topics outside any group: follow live, read whole, ask whether all groups have read all there is."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from shared.bus.consumer import to_record
from shared.bus.deadletters import DeadLetter, with_status
from shared.bus.records import Record

MOST_PAUSE, PAUSE_A_RECORD = 0.25, 0.0001
"""How long to wait before groups are looked at again: at most, and for each record that they have not read."""


@asynccontextmanager
async def open_reader(
    bootstrap: str, topics: Iterable[str], prefix: str = ""
) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer of whole topics, outside any group."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        metadata_max_age_ms=5_000,
        max_partition_fetch_bytes=4 * 1024 * 1024,
    )
    await consumer.start()
    try:
        names = [prefix + topic for topic in topics]
        await consumer._client._wait_on_metadata(names[0]) if names else None
        partitions = [
            TopicPartition(name, number)
            for name in names
            for number in sorted(consumer.partitions_for_topic(name) or await _partitions(consumer, name))
        ]
        consumer.assign(partitions)
        yield consumer
    finally:
        await consumer.stop()


async def _partitions(consumer: AIOKafkaConsumer, name: str) -> set[int]:
    """Ask about a topic that the consumer has not asked for yet."""
    await consumer._client._wait_on_metadata(name)
    return consumer.partitions_for_topic(name) or set()


async def topic_names(bootstrap: str, prefix: str = "") -> list[str]:
    """Every topic of one namespace, without the prefix; Kafka's own left out."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        names = await admin.list_topics()
    finally:
        await admin.close()
    ours = (
        name.removeprefix(prefix) for name in names if name.startswith(prefix) and not name.startswith("__")
    )
    return sorted(ours)


async def read_all(bootstrap: str, topics: Sequence[str], prefix: str = "") -> AsyncIterator[Record]:
    """Every record from the beginning to the ends as they are now, per partition in order."""
    async for raw in _raw_all(bootstrap, topics, prefix):
        yield to_record(raw, prefix)


async def _raw_all(bootstrap: str, topics: Sequence[str], prefix: str) -> AsyncIterator[Any]:
    async with open_reader(bootstrap, topics, prefix) as consumer:
        partitions = list(consumer.assignment())
        if not partitions:
            return
        ends = await consumer.end_offsets(partitions)
        begins = await consumer.beginning_offsets(partitions)
        left = {tp for tp in partitions if ends[tp] > begins[tp]}
        await consumer.seek_to_beginning(*partitions)
        while left:
            for tp, raws in (await consumer.getmany(*left, timeout_ms=1000, max_records=2000)).items():
                for raw in raws:
                    if raw.offset < ends[tp]:
                        yield raw
                if raws and raws[-1].offset + 1 >= ends[tp]:
                    left.discard(tp)


async def follow(bootstrap: str, topics: Sequence[str], prefix: str = "") -> AsyncIterator[Record | None]:
    """Every record from the beginning; then None once, where the ends stood at the start; then those to come."""
    async with open_reader(bootstrap, topics, prefix) as consumer:
        partitions = list(consumer.assignment())
        ends = await consumer.end_offsets(partitions)
        begins = await consumer.beginning_offsets(partitions)
        left = {tp for tp in partitions if ends[tp] > begins[tp]}
        await consumer.seek_to_beginning(*partitions)
        announced = False
        while True:
            if not left and not announced:
                announced = True
                yield None
            for tp, raws in (await consumer.getmany(timeout_ms=500)).items():
                for raw in raws:
                    yield to_record(raw, prefix)
                if raws and raws[-1].offset + 1 >= ends[tp]:
                    left.discard(tp)


async def read_dead_letters(bootstrap: str, groups: Sequence[str], prefix: str = "") -> list[DeadLetter]:
    """Every dead letter of these groups with its status, oldest first."""
    raws: dict[str, list[tuple[bytes | None, bytes | None, dict[str, str]]]] = {group: [] for group in groups}
    async for raw in _raw_all(bootstrap, [f"{group}.dlq" for group in groups], prefix):
        group = raw.topic.removeprefix(prefix).removesuffix(".dlq")
        raws[group].append(
            (raw.key, raw.value, {name: value.decode("utf-8", "replace") for name, value in raw.headers})
        )
    found = [one for group in groups for one in with_status(group, raws[group])]
    return sorted(found, key=lambda one: one.at_ms)


class GroupLag:
    """Tells when every group of a namespace has read all there is on its topics (history's steps)."""

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        admin: AIOKafkaAdminClient,
        prefix: str,
        reads: Mapping[str, Sequence[str]],
    ) -> None:
        """``reads``: group -> topics it reads, both without the prefix; ``consumer`` is assigned all of them."""
        self._consumer, self._admin, self._prefix, self._reads = consumer, admin, prefix, reads

    async def unread(self, ends: Mapping[TopicPartition, int]) -> int:
        """Records before these ends that some group has not committed yet."""
        groups = [self._prefix + group for group in self._reads]
        committed = await asyncio.gather(*map(self._admin.list_consumer_group_offsets, groups))
        left = 0
        for offsets, topics in zip(committed, self._reads.values(), strict=True):
            names = {self._prefix + topic for topic in topics}
            for tp, end in ends.items():
                if tp.topic in names and end > 0:
                    left += max(0, end - (offsets[tp].offset if tp in offsets else 0))
        return left

    async def wait_for_none(self) -> None:
        """Return when every group has read all there is, and that has caused nothing new.

        A group publishes what a record causes before it commits that record. So when all before some ends is
        committed, and the ends are the same afterwards, nothing is on its way.
        """
        ends = await self._ends()
        while True:
            left = await self.unread(ends)
            later = await self._ends()
            if left == 0 and later == ends:
                return
            ends = later
            # Offsets of other processes: the broker has no event for them, and looking often slows them down.
            await asyncio.sleep(min(MOST_PAUSE, left * PAUSE_A_RECORD))

    async def _ends(self) -> dict[TopicPartition, int]:
        ends: dict[TopicPartition, int] = await self._consumer.end_offsets(list(self._consumer.assignment()))
        return ends


@asynccontextmanager
async def group_lag(
    bootstrap: str, prefix: str, reads: Mapping[str, Sequence[str]]
) -> AsyncIterator[GroupLag]:
    """The lag of these groups (group -> topics it reads, both without the prefix), with clients of its own."""
    topics = sorted({topic for topics in reads.values() for topic in topics})
    async with open_reader(bootstrap, topics, prefix) as consumer:
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
        await admin.start()
        try:
            yield GroupLag(consumer, admin, prefix, reads)
        finally:
            await admin.close()
