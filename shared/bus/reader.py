"""Reading topics outside any group: follow live, read whole, ask whether all groups have read all there is."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaConnectionError, KafkaTimeoutError
from aiokafka.partitioner import DefaultPartitioner

from shared.bus.client import known_positions, read_odd_header_keys, stop_consumer
from shared.bus.deadletters import DeadLetter, Ledger
from shared.bus.records import Record
from shared.bus.subscription import to_record

POLL_MS = 200
START_SECONDS = 10.0
POLL_RECORDS = 500
PATIENCE_SECONDS = 60.0
PLACE_MS = 5_000
"""How long one record may take that stood there once."""
MOST_PAUSE, PAUSE_A_RECORD = 0.25, 0.0001
"""How long to wait before groups are looked at again: at most, and for each record that they have not read."""


@asynccontextmanager
async def within_patience(bootstrap: str) -> AsyncIterator[None]:
    """A start that says what is wrong: aiokafka's own waits 40 s for each address, and names address families."""
    try:
        async with asyncio.timeout(START_SECONDS):
            yield
    except (KafkaConnectionError, TimeoutError):
        raise KafkaConnectionError(f"Kafka at {bootstrap} does not answer") from None


@asynccontextmanager
async def open_reader(
    bootstrap: str, topics: Iterable[str], prefix: str = ""
) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer of whole topics, outside any group."""
    read_odd_header_keys()
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        metadata_max_age_ms=5_000,
        max_partition_fetch_bytes=4 * 1024 * 1024,
    )
    try:
        async with within_patience(bootstrap):
            await consumer.start()
        names = [prefix + topic for topic in topics]
        for name in names:  # asked for together: one after the other, each request names all before it again
            consumer._client.add_topic(name)
        partitions = [
            TopicPartition(name, number)
            for name in names
            for number in sorted(await partitions_of(consumer, name))
        ]
        consumer.assign(partitions)
        yield consumer
    finally:
        await stop_consumer(consumer)


async def partitions_of(consumer: AIOKafkaConsumer, name: str) -> set[int]:
    """The numbers of a topic's partitions, also of one that the consumer has not asked for yet."""
    known: set[int] | None = consumer.partitions_for_topic(name)
    if not known:
        await consumer._client._wait_on_metadata(name)
        known = consumer.partitions_for_topic(name)
    return known or set()


async def topic_names(bootstrap: str, prefix: str = "") -> list[str]:
    """Every topic of one namespace, without the prefix; Kafka's own left out."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        async with within_patience(bootstrap):
            await admin.start()
        names = await admin.list_topics()
    finally:
        await admin.close()
    ours = (
        name.removeprefix(prefix) for name in names if name.startswith(prefix) and not name.startswith("__")
    )
    return sorted(ours)


async def read_all(
    bootstrap: str, topics: Sequence[str], prefix: str = "", key: bytes | None = None
) -> AsyncIterator[Record]:
    """Every record from the beginning to the ends as they are now, per partition in order.

    With a ``key`` only the partition of each topic on which our own producer puts it.
    """
    async for raws in _polls(bootstrap, topics, prefix, key):
        for raw in raws:
            yield to_record(raw, prefix)


async def read_places(
    bootstrap: str, places: Iterable[tuple[str, int, int]], prefix: str = ""
) -> AsyncIterator[Record]:
    """The records at these places (topic, partition, offset); what is not there any more is left out."""
    wanted = sorted(set(places))
    async with open_reader(bootstrap, dict.fromkeys(topic for topic, _, _ in wanted), prefix) as consumer:
        for topic, partition, offset in wanted:
            tp = TopicPartition(prefix + topic, partition)
            consumer.seek(tp, offset)
            for raw in (await consumer.getmany(tp, timeout_ms=PLACE_MS, max_records=1)).get(tp, ()):
                if raw.offset == offset:
                    yield to_record(raw, prefix)


async def _polls(
    bootstrap: str, topics: Sequence[str], prefix: str, key: bytes | None = None
) -> AsyncIterator[list[Any]]:
    """What each poll brings, until the ends as they are now."""
    async with open_reader(bootstrap, topics, prefix) as consumer:
        partitions = [
            tp for tp in consumer.assignment() if key is None or tp.partition == _of(consumer, tp, key)
        ]
        ends = await _ends_from_the_beginning(consumer, partitions)
        patience = _Patience(consumer)
        while left := _before(consumer, ends):
            patience.check()
            polled = await consumer.getmany(*left, timeout_ms=POLL_MS, max_records=POLL_RECORDS)
            yield [raw for tp, raws in polled.items() for raw in raws if raw.offset < ends[tp]]
            # A poll of what is fetched already waits for nothing: others have their turn.
            await asyncio.sleep(0)


async def _ends_from_the_beginning(
    consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]
) -> dict[TopicPartition, int]:
    """Read these partitions from their beginnings on; returns their ends as they are now."""
    if not partitions:
        return {}
    ends: dict[TopicPartition, int] = await consumer.end_offsets(partitions)
    await consumer.seek_to_beginning(*partitions)
    return ends


def _before(consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> list[TopicPartition]:
    """The partitions of which something may still come before these ends.

    The last record does not tell: end markers of transactions and deleted records lie behind it (bus.md, Ends).
    """
    positions = known_positions(consumer)
    return [tp for tp, end in ends.items() if positions.get(tp, 0) < end]


class _Patience:
    """How long a broker may hand out nothing of what it has; whatever is read begins it anew."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer
        self._positions: dict[TopicPartition, int] = {}
        self._since = monotonic()

    def check(self) -> None:
        """Raise KafkaTimeoutError where no position has moved for PATIENCE_SECONDS."""
        now, positions = monotonic(), known_positions(self._consumer)
        if positions != self._positions:
            self._positions, self._since = positions, now
        elif now - self._since > PATIENCE_SECONDS:
            raise KafkaTimeoutError(f"nothing of what is there could be read for {PATIENCE_SECONDS:.0f} s")


def _of(consumer: AIOKafkaConsumer, tp: TopicPartition, key: bytes) -> int:
    return partition_of(key, len(consumer.partitions_for_topic(tp.topic) or ()))


def partition_of(key: bytes, partitions: int) -> int:
    """On which of so many partitions our own producer puts this key."""
    numbers = list(range(partitions))
    return int(DefaultPartitioner()(key, numbers, numbers))


async def follow(bootstrap: str, topics: Sequence[str], prefix: str = "") -> AsyncIterator[Record | None]:
    """Every record from the beginning; then None once, where the ends stood at the start; then those to come."""
    async with open_reader(bootstrap, topics, prefix) as consumer:
        ends = await _ends_from_the_beginning(consumer, list(consumer.assignment()))
        announced, patience = False, _Patience(consumer)
        while True:
            if not announced and not _before(consumer, ends):
                announced = True
                yield None
            if not announced:
                patience.check()
            for raws in (await consumer.getmany(timeout_ms=POLL_MS)).values():
                for raw in raws:
                    yield to_record(raw, prefix)


async def read_dead_letters(
    bootstrap: str,
    groups: Sequence[str],
    prefix: str = "",
    only_value_of: str | None = None,
    *,
    patience_seconds: float = PATIENCE_SECONDS,
) -> list[DeadLetter]:
    """Every dead letter of these groups with its status, oldest first; see ``with_status`` for their values.

    Raises TimeoutError where for so long nothing comes, however long the whole takes.
    """
    found: list[DeadLetter] = []
    now = asyncio.get_running_loop().time
    async with asyncio.timeout(patience_seconds) as patience:
        for group in groups:
            ledger = Ledger(group, only_value_of)
            async for raws in _polls(bootstrap, [f"{group}.dlq"], prefix):
                for raw in raws:
                    headers = {name: (value or b"").decode("utf-8", "replace") for name, value in raw.headers}
                    ledger.take_in(raw.key, raw.value, headers)
                if raws:
                    patience.reschedule(now() + patience_seconds)
            found += ledger.found.values()
            patience.reschedule(now() + patience_seconds)
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
        return sum((await self._unread(ends)).values())

    async def by_group(self) -> dict[str, int]:
        """Records that each group has not committed yet, of all there are now."""
        return await self._unread(await self._ends())

    async def _unread(self, ends: Mapping[TopicPartition, int]) -> dict[str, int]:
        groups = [self._prefix + group for group in self._reads]
        committed = await asyncio.gather(*map(self._admin.list_consumer_group_offsets, groups))
        left = dict.fromkeys(self._reads, 0)
        for offsets, (group, topics) in zip(committed, self._reads.items(), strict=True):
            names = {self._prefix + topic for topic in topics}
            for tp, end in ends.items():
                if tp.topic in names and end > 0:
                    left[group] += max(0, end - (offsets[tp].offset if tp in offsets else 0))
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
