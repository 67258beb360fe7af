"""Reading a growing set of topics from given positions, outside any group: for who keeps its own place in the log."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.bus.client import known_positions
from shared.bus.reader import open_reader, partitions_of
from shared.bus.records import Record
from shared.bus.subscription import to_record

POLL_MS = 200
MOST_RECORDS = 5_000
"""In one poll: what a projection writes in one transaction while it catches up."""
NEW_TOPICS_SECONDS, MISSING_TOPICS_SECONDS = 5.0, 0.3
"""How often topics are looked for: as a rule, and as long as some are still being made."""

Positions = Mapping[tuple[str, int], int]
"""(topic without the prefix, partition) -> the next offset."""
Chooses = Callable[[Iterable[str]], Sequence[str]]
"""Of all topics of the broker those to read, without the prefix."""


class Poll(NamedTuple):
    """What one poll brought, and how many records are still to come by what the broker last said."""

    records: list[Record]
    behind: int
    caught_up: bool
    """Whether all there was when the reading began has been handed out."""


async def read_on(
    bootstrap: str, chooses: Chooses, positions: Positions, prefix: str = "", expected: Sequence[str] = ()
) -> AsyncIterator[Poll]:
    """Every record from these positions on, for ever, of topics too that come later.

    ``expected``: topics without which nothing counts as caught up. Raises what the Kafka client raises.
    """
    async with _open(bootstrap, prefix) as reader:
        await reader.look_for_topics(chooses, positions)
        ends: dict[TopicPartition, int] | None = None
        caught_up, looked_at = False, monotonic()
        while True:
            missing = set(expected) - reader.topics
            if monotonic() - looked_at > (MISSING_TOPICS_SECONDS if missing else NEW_TOPICS_SECONDS):
                looked_at = monotonic()
                if await reader.look_for_topics(chooses, positions) and not caught_up:
                    ends = None
            if ends is None and not missing:
                ends = await reader.ends()
            records = await reader.poll()
            caught_up = caught_up or (ends is not None and reader.is_at(ends))
            yield Poll(records, reader.behind(), caught_up)


async def read_until(
    bootstrap: str, positions: Positions, until: Positions, prefix: str = ""
) -> AsyncIterator[list[Record]]:
    """The records from ``positions`` (or the beginning) up to before ``until``, of the partitions named there."""
    left = {key: end for key, end in until.items() if positions.get(key, 0) < end}
    if not left:
        return
    topics = sorted({topic for topic, _ in left})
    async with open_reader(bootstrap, topics, prefix) as consumer:
        ends = {TopicPartition(prefix + topic, number): end for (topic, number), end in left.items()}
        consumer.assign(list(ends))
        for tp in ends:
            _seek(consumer, tp, positions.get((tp.topic.removeprefix(prefix), tp.partition)))
        while waiting := [tp for tp, end in ends.items() if known_positions(consumer).get(tp, 0) < end]:
            polled = await consumer.getmany(*waiting, timeout_ms=POLL_MS, max_records=MOST_RECORDS)
            records = [
                to_record(raw, prefix) for tp, raws in polled.items() for raw in raws if raw.offset < ends[tp]
            ]
            if records:
                yield records


async def ends_of(bootstrap: str, chooses: Chooses, prefix: str = "") -> dict[tuple[str, int], int]:
    """Where the chosen topics end now."""
    async with _open(bootstrap, prefix) as reader:
        await reader.look_for_topics(chooses, {})
        ends = await reader.ends()
    return {(tp.topic.removeprefix(prefix), tp.partition): end for tp, end in ends.items() if end}


class _Reader:
    """A consumer without a group, the topics it reads, and the way to add to them."""

    def __init__(self, consumer: AIOKafkaConsumer, prefix: str) -> None:
        self._consumer, self._prefix = consumer, prefix
        self._begins: dict[TopicPartition, int] = {}
        """Where each partition is read from; -1: from its beginning."""
        self.topics: set[str] = set()

    async def look_for_topics(self, chooses: Chooses, positions: Positions) -> bool:
        """Read what there is now too; whether there was something new."""
        found = set(chooses(await self._consumer.topics())) - self.topics
        if not found:
            return False
        for topic in sorted(found):
            numbers = await partitions_of(self._consumer, self._prefix + topic)
            self.topics.add(topic)
            self._begins |= {
                TopicPartition(self._prefix + topic, number): positions.get((topic, number), -1)
                for number in numbers
            }
        # Of a partition that is new itself the client may not know a position yet: it is read all the same.
        places = self._begins | known_positions(self._consumer)
        self._consumer.assign(sorted(places))
        for tp, position in places.items():
            _seek(self._consumer, tp, position)
        return True

    async def ends(self) -> dict[TopicPartition, int]:
        """Where all of them end now."""
        assigned = list(self._consumer.assignment())
        ends: dict[TopicPartition, int] = await self._consumer.end_offsets(assigned) if assigned else {}
        return ends

    async def poll(self) -> list[Record]:
        """What has come; waits a moment where nothing has."""
        if not self._consumer.assignment():
            await asyncio.sleep(
                MISSING_TOPICS_SECONDS
            )  # others are about to make the topics; the broker has no event
            return []
        polled = await self._consumer.getmany(timeout_ms=POLL_MS, max_records=MOST_RECORDS)
        return [to_record(raw, self._prefix) for raws in polled.values() for raw in raws]

    def is_at(self, ends: Mapping[TopicPartition, int]) -> bool:
        """Whether everything before these ends was handed out."""
        positions = known_positions(self._consumer)
        return all(positions.get(tp, 0) >= end for tp, end in ends.items())

    def behind(self) -> int:
        """How many offsets the broker has beyond those handed out, by its last answers."""
        positions: dict[Any, int] = known_positions(self._consumer)
        return sum(
            max(0, (self._consumer.highwater(tp) or 0) - position) for tp, position in positions.items()
        )


@asynccontextmanager
async def _open(bootstrap: str, prefix: str) -> AsyncIterator[_Reader]:
    async with open_reader(bootstrap, ()) as consumer:
        yield _Reader(consumer, prefix)


def _seek(consumer: AIOKafkaConsumer, tp: TopicPartition, position: int | None) -> None:
    """To a position; where there is none, a consumer without a group begins at the beginning."""
    if position is not None and position >= 0:
        consumer.seek(tp, position)
