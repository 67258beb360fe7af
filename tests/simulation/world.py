"""The world a seed makes: virtual time, a partitioned log, and consumer groups; its stores are in store.py.

Nothing here decides anything. Whoever wants something done awaits an ``Ask``; the scheduler (scheduler.py)
picks which ask is answered next and how: done, done with the answer lost, half done, failed, or never.
"""

import json
import zlib
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Generator, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, PolicyViolationError

from shared.bus.records import Outgoing, Record
from shared.bus.subscription import to_record
from shared.bus.topics import LARGEST_RECORD, topic_settings
from shared.contract.event import APART


class Ask:
    """One step outside a worker's memory: awaited there, answered by the scheduler."""

    __slots__ = ("kind", "what")

    def __init__(self, kind: str, what: Any = None) -> None:
        self.kind, self.what = kind, what

    def __await__(self) -> Generator["Ask", Any, Any]:
        return (yield self)


class _Raw(NamedTuple):
    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


class Raw(_Raw):
    """One record as the Kafka client would hand it over."""

    @property
    def timestamp_type(self) -> int:
        """1 where the broker wrote the timestamp."""
        return int(self.topic.endswith(".replies"))

    @cached_property
    def record(self) -> Record:
        """As the consumer reads it: one object, so that who judges the run may note what it found in it."""
        return to_record(self, "")


class Origin(NamedTuple):
    """What a write came of: the batch, and up to where the reference data was known where each subject used it.

    ``raised``: for each subject the types whose handlers had a bug.
    """

    batch: Sequence[Raw] = ()
    places: Mapping[str, tuple[int, ...]] = MappingProxyType({})
    raised: Mapping[str, frozenset[str]] = MappingProxyType({})
    lacks: frozenset[str] = frozenset()
    """The types that the version lacked."""


class Clock:
    """Virtual time: whole milliseconds since 1970, moved by the scheduler alone."""

    def __init__(self, at: datetime) -> None:
        self.ms = int(at.timestamp() * 1000)

    def now(self) -> datetime:
        """The present instant."""
        return datetime.fromtimestamp(self.ms / 1000, UTC)


class Partition(list[Raw]):
    """Every record there ever was, by offset; readers see those from ``start`` on, and ``end`` may be no record's.

    A transaction's marker takes an offset and is handed to nobody; what retention deleted is behind ``start``.
    """

    def __init__(self, records: Iterable[Raw] = ()) -> None:
        super().__init__(records)
        self.start = 0
        self.end = self[-1].offset + 1 if self else 0

    def put(self, raw: Raw) -> None:
        """One record at the end."""
        self.append(raw)
        self.end = raw.offset + 1

    def since(self, offset: int) -> int:
        """The index of the first record that a reader at this offset is given."""
        offset = max(offset, self.start)
        return offset if self.end == len(self) else bisect_left(self, offset, key=lambda raw: raw.offset)


class Log:
    """Topics and partitions, in memory; one partitioner for all, so an issue has one partition number."""

    def __init__(self, partitions: int, clock: Clock) -> None:
        self.partitions, self._clock = partitions, clock
        self.topics: dict[str, list[Partition]] = {}
        self.by_subject: dict[str, list[tuple[str, dict[str, Any]]]] = defaultdict(list)
        self.size = self.news = 0
        """How many records and markers there are, and how many records on the topics of reference data."""
        self.references: list[Any] = []
        """The reference data that this log began with, and some of what was known later (reference.py)."""
        self.away: dict[str, KafkaError] = {}
        """Topics that are not there, or may not be written to, and what the broker says of them."""
        self.against: set[tuple[str, str]] = set()
        """(topic, key) of records that break a policy of the broker's."""
        self._known: set[tuple[str, str]] = set()

    def ends(self, topic: str) -> list[Partition]:
        """The partitions of one topic, made when first named."""
        if topic not in self.topics:
            single = topic.endswith((".dlq", ".reference")) or topic.startswith("dept.")
            self.topics[topic] = [Partition() for _ in range(1 if single else self.partitions)]
        return self.topics[topic]

    def partition_of(self, topic: str, key: bytes) -> int:
        """The same hash for every topic."""
        return zlib.crc32(key) % len(self.ends(topic))

    def refuses(self, out: Outgoing) -> KafkaError | None:
        """What the broker says of a record that it will never take as things are; None for all others."""
        if out.topic in self.away:
            return self.away[out.topic]
        if (out.topic, out.key) in self.against:
            return PolicyViolationError("this record breaks a policy")
        # Everything is far smaller but what strangers wrote: then key and headers count as well.
        if len(out.value) > LARGEST_RECORD // 2:
            size = len(out.value) + len(out.key.encode()) + len(str(out.wire_headers()).encode())
            if size > int(topic_settings(out.topic)["max.message.bytes"]):
                return MessageSizeTooLargeError()
        return None

    def append(self, out: Outgoing, sent_ms: int) -> Raw:
        """One record as the publisher sends it, stamped with the time it was sent."""
        return self.append_raw(out.topic, out.key.encode(), out.value, out.wire_headers(), sent_ms)

    def append_raw(self, topic: str, key: bytes, value: bytes, headers: dict[str, str], sent_ms: int) -> Raw:
        """Any bytes at all, as a stranger might write them."""
        number = self.partition_of(topic, key)
        partition = self.ends(topic)[number]
        if topic.endswith(".replies"):  # stamped by the broker: a department may not backdate
            sent_ms = self._clock.ms
        packed = tuple((name, text.encode()) for name, text in headers.items())
        raw = Raw(topic, number, partition.end, sent_ms, key, value, packed)
        partition.put(raw)
        self.size += 1
        self.news += topic.endswith(".reference")
        if topic.endswith(".events") or topic in APART:
            self._index(topic, raw)
        return raw

    def mark(self, topic: str, number: int) -> None:
        """The marker that ends a transaction, behind the last record of one partition."""
        self.ends(topic)[number].end += 1
        self.size += 1

    def delete(self, topic: str, number: int, offset: int) -> None:
        """Retention: readers find nothing below this offset any more."""
        partition = self.ends(topic)[number]
        partition.start = max(partition.start, offset)
        self.size += 1

    def fill(self, topics: Mapping[str, Sequence[Sequence[Raw]]]) -> None:
        """Begin with these records, which nobody has to read any more."""
        self.topics = {topic: [Partition(part) for part in parts] for topic, parts in topics.items()}
        sizes = {topic: sum(map(len, parts)) for topic, parts in self.topics.items()}
        self.size = sum(sizes.values())
        self.news = sum(size for topic, size in sizes.items() if topic.endswith(".reference"))

    def _index(self, topic: str, raw: Raw) -> None:
        """What happened to each issue, for clients that look at it: every event once."""
        try:
            envelope = json.loads(raw.value or b"")
            place = (envelope["id"], envelope["subject"])
        except (ValueError, KeyError, TypeError):
            return
        if place not in self._known:
            self._known.add(place)
            self.by_subject[envelope["subject"]].append((topic, envelope))


class Group:
    """One consumer group: who owns which partition number, and how far each is committed."""

    def __init__(self, name: str, topics: Sequence[str], log: Log) -> None:
        self.name, self.topics, self._log = name, topics, log
        self.committed: dict[TopicPartition, int] = {}
        self.blocked_until: dict[str, int] = {}
        self.generation = 0
        self.rebalanced_ms: list[int] = []

    def share(self, members: Sequence[Any]) -> dict[Any, set[TopicPartition]]:
        """Range-like: neighbouring partition numbers of all topics go to the same member."""
        shares: dict[Any, set[TopicPartition]] = {member: set() for member in members}
        if not members:
            return shares
        for topic in self.topics:
            count = len(self._log.ends(topic))
            for number in range(count):
                shares[members[number * len(members) // count]].add(TopicPartition(topic, number))
        return shares

    def lag(self) -> int:
        """Records that are not committed yet."""
        return sum(
            len(partition) - partition.since(self.committed.get(TopicPartition(topic, number), 0))
            for topic in self.topics
            for number, partition in enumerate(self._log.ends(topic))
        )
