"""How far a worker has read, as offsets and as an instant: lag, and up to when deadlines may fire."""

import time
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from shared.deadlines import BEGIN

# A TopicPartition is a named tuple of these two; only the consumer module names the client itself.
TopicPartition = Any


class Source(Protocol):
    """The consumer whose positions these are."""

    last_poll: float

    @property
    def client(self) -> Any:
        """The Kafka client's consumer, or None before the start."""


class Positions:
    """Read positions of the partitions this worker owns: all before them is applied, or is no record."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._read: dict[TopicPartition, int] = {}
        self._committed: dict[TopicPartition, int] = {}
        self._ends: tuple[datetime, dict[TopicPartition, int]] | None = None
        self._ends_before: dict[TopicPartition, int] | None = None
        """Of one topic, where what others wrote before us ends."""
        self._watermark: datetime | None = None
        self._last_watermark = datetime.now(UTC)

    def start(self, committed: Mapping[TopicPartition, int]) -> None:
        """These partitions are ours, read up to here; what was noted spoke of others, and is forgotten."""
        self._read, self._committed = dict(committed), dict(committed)
        self._ends = self._ends_before = self._watermark = None

    def move(self, offsets: Mapping[TopicPartition, int]) -> None:
        """All before these was applied; of a partition that moved on meanwhile nothing is noted."""
        for tp, offset in offsets.items():
            if tp in self._read:
                self._read[tp] = max(offset, self._read[tp])

    def committed(self, offsets: Mapping[TopicPartition, int]) -> None:
        """The group has committed these."""
        self._committed.update({tp: offset for tp, offset in offsets.items() if tp in self._committed})

    def uncommitted(self) -> dict[TopicPartition, int]:
        """What was read and is not committed yet."""
        return {tp: offset for tp, offset in self._read.items() if offset > self._committed[tp]}

    def idle_seconds(self) -> float:
        """How long nobody has polled: grows when the consumer's task is dead or stuck in a batch."""
        return time.monotonic() - self._source.last_poll

    def lag(self, prefix: str) -> dict[str, int]:
        """Records not yet applied, by topic without prefix, as far as the last fetch told."""
        consumer = self._source.client
        lags: dict[str, int] = {}
        partitions: Iterable[TopicPartition] = () if consumer is None else consumer.assignment()
        for tp in partitions:
            high = consumer.highwater(tp) or 0
            topic = tp.topic.removeprefix(prefix)
            lags[topic] = lags.get(topic, 0) + max(0, high - self._read.get(tp, 0))
        return lags

    async def read_up_to(self, now: datetime) -> datetime:
        """The latest instant whose ends of all sources have been applied here (clocks.md 7).

        Taken in two steps, so that a steady stream does not push it away for ever: note the ends now, and
        answer with the instant of the last noted ends that have been reached.
        """
        consumer = self._source.client
        if consumer is None or not self._read:
            return self._watermark or BEGIN
        if self._ends is None:
            ends = await consumer.end_offsets(list(self._read))
            if ends.keys() != self._read.keys():
                return self._watermark or BEGIN  # partitions moved on while we asked: these ends are not ours
            self._ends = (now, ends)
        at, ends = self._ends
        if all(self._read.get(tp, 0) >= end for tp, end in ends.items()):
            self._watermark, self._last_watermark, self._ends = at, at, None
        return self._watermark or BEGIN

    async def heard(self, topic: str) -> Collection[int]:
        """The partitions of this topic that were read up to where they ended when they had become ours."""
        consumer, read = self._source.client, self._read
        mine = [tp for tp in read if tp.topic == topic]
        if consumer is None or not mine:
            return ()
        if self._ends_before is None:
            ends = await consumer.end_offsets(mine)
            if read is not self._read:
                return ()  # partitions moved on while we asked: others may have written since
            self._ends_before = ends
        return [tp.partition for tp, end in self._ends_before.items() if read[tp] >= end]

    def watermark_age(self, now: datetime) -> float:
        """Seconds that ``read_up_to`` lies behind now, whoever owned what meanwhile; 0 for who owns nothing."""
        consumer = self._source.client
        if consumer is None or not consumer.assignment():
            return 0.0
        return max(0.0, (now - self._last_watermark).total_seconds())
