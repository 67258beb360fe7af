"""The world a seed makes: virtual time, a partitioned log, consumer groups, and a store that may not answer.

Nothing here decides anything. Whoever wants something done awaits an ``Ask``; the scheduler (scheduler.py)
picks which ask is answered next and how: done, done with the answer lost, half done, failed, or never.
"""

import json
import pickle
import zlib
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Generator, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, NamedTuple

import pymongo
from aiokafka import TopicPartition
from pymongo.errors import BulkWriteError

from shared.bus.records import Outgoing


class Ask:
    """One step outside a worker's memory: awaited there, answered by the scheduler."""

    __slots__ = ("kind", "what")

    def __init__(self, kind: str, what: Any = None) -> None:
        self.kind, self.what = kind, what

    def __await__(self) -> Generator["Ask", Any, Any]:
        return (yield self)


class Raw(NamedTuple):
    """One record as the Kafka client would hand it over."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


class Origin(NamedTuple):
    """What a write came of: the batch, and up to where the reference data was known where each subject used it."""

    batch: Sequence[Raw] = ()
    places: Mapping[str, tuple[int, ...]] = MappingProxyType({})


class Clock:
    """Virtual time: whole milliseconds since 1970, moved by the scheduler alone."""

    def __init__(self, at: datetime) -> None:
        self.ms = int(at.timestamp() * 1000)

    def now(self) -> datetime:
        """The present instant."""
        return datetime.fromtimestamp(self.ms / 1000, UTC)


class Log:
    """Topics and partitions, in memory; one partitioner for all, so an issue has one partition number."""

    def __init__(self, partitions: int, clock: Clock) -> None:
        self.partitions, self._clock = partitions, clock
        self.topics: dict[str, list[list[Raw]]] = {}
        self.by_subject: dict[str, list[tuple[str, dict[str, Any]]]] = defaultdict(list)
        self.size = self.news = 0
        """How many records there are, and how many of them on the topics of reference data."""
        self.first_reference: Any = None
        """The reference data that this log began with (reference.py)."""
        self._known: set[tuple[str, str]] = set()

    def ends(self, topic: str) -> list[list[Raw]]:
        """The partitions of one topic, made when first named."""
        if topic not in self.topics:
            single = topic.endswith((".dlq", ".reference")) or topic.startswith("dept.")
            self.topics[topic] = [[] for _ in range(1 if single else self.partitions)]
        return self.topics[topic]

    def partition_of(self, topic: str, key: bytes) -> int:
        """The same hash for every topic."""
        return zlib.crc32(key) % len(self.ends(topic))

    def append(self, out: Outgoing, sent_ms: int) -> Raw:
        """One record as the publisher sends it, stamped with the time it was sent."""
        return self.append_raw(out.topic, out.key.encode(), out.value, out.wire_headers(), sent_ms)

    def append_raw(self, topic: str, key: bytes, value: bytes, headers: dict[str, str], sent_ms: int) -> Raw:
        """Any bytes at all, as a stranger might write them."""
        number = self.partition_of(topic, key)
        partition = self.ends(topic)[number]
        packed = tuple((name, text.encode()) for name, text in headers.items())
        raw = Raw(topic, number, len(partition), sent_ms, key, value, packed)
        partition.append(raw)
        self.size += 1
        self.news += topic.endswith(".reference")
        if topic.endswith(".events"):
            self._index(topic, raw)
        return raw

    def fill(self, topics: Mapping[str, Sequence[Sequence[Raw]]]) -> None:
        """Begin with these records, which nobody has to read any more."""
        self.topics = {topic: [list(part) for part in parts] for topic, parts in topics.items()}
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
            len(partition) - self.committed.get(TopicPartition(topic, number), 0)
            for topic in self.topics
            for number, partition in enumerate(self._log.ends(topic))
        )


class Cursor:
    """What ``find`` returns: asks the scheduler once, then yields what was found."""

    def __init__(self, collection: "Collection", query: dict[str, Any], fields: Any) -> None:
        self._ask: Ask | None = Ask("find", (collection, query, fields))
        self._found: list[dict[str, Any]] = []

    def __aiter__(self) -> "Cursor":
        return self

    async def __anext__(self) -> dict[str, Any]:
        if self._ask is not None:
            ask, self._ask = self._ask, None
            self._found = list(reversed(await ask))
        if not self._found:
            raise StopAsyncIteration
        return self._found.pop()


class Collection:
    """The few calls of the Mongo driver that shared/store.py makes, each document written atomically."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.documents: dict[str, bytes] = {}
        self.deadlines: list[tuple[str, str]] = []
        self.applied: list[tuple[str, Origin]] = []
        """(subject, what it came of) for every write that took place, in order."""
        self.at_first: Mapping[str, dict[str, Any]] = {}
        """The documents that were there before the run."""
        self._deadline_of: dict[str, str] = {}

    def find(self, query: dict[str, Any], fields: Any = None, batch_size: int = 0) -> Cursor:
        return Cursor(self, query, fields)

    async def find_one(self, query: dict[str, Any]) -> Any:
        found = await Ask("find", (self, query, None))
        return found[0] if found else None

    async def count_documents(self, query: dict[str, Any]) -> int:
        return len(self.range(query["deadline"])) if not self.deadlines else await Ask("count", (self, query))

    async def insert_many(self, documents: Sequence[dict[str, Any]], ordered: bool = True) -> Any:
        return await Ask("write", (self, [pymongo.InsertOne(document) for document in documents], True))

    async def bulk_write(self, operations: Sequence[Any], ordered: bool = True) -> Any:
        return await Ask("write", (self, list(operations), False))

    # ------------------------------------------------- what the scheduler calls

    def fill(self, documents: Mapping[str, dict[str, Any]]) -> None:
        """Begin with these documents."""
        for document in documents.values():
            self._put(document)
        self.at_first = documents

    def look(self, subject: str) -> dict[str, Any] | None:
        """One document as it is now."""
        packed = self.documents.get(subject)
        return None if packed is None else pickle.loads(packed)

    def everything(self) -> dict[str, dict[str, Any]]:
        """All documents by subject."""
        return {subject: pickle.loads(packed) for subject, packed in self.documents.items()}

    def select(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        """The documents a query means: by id, by ids, by a range of one string, or by fields (it scans)."""
        wanted = query.get("_id")
        if isinstance(wanted, dict):
            subjects: Iterable[str] = wanted["$in"]
        elif wanted is not None:
            subjects = [wanted]
        elif "deadline" in query:
            subjects = [subject for _, subject in self.range(query["deadline"])]
        elif "kind" in query:
            return [found for found in self.everything().values() if _fits(found, query)]
        else:
            raise NotImplementedError(f"the simulated store cannot answer {query}")
        return [found for subject in subjects if (found := self.look(subject)) is not None]

    def range(self, bounds: dict[str, str]) -> list[tuple[str, str]]:
        """(deadline, subject) with $gte <= deadline < $lt."""
        low, high = (bisect_left(self.deadlines, (bounds[side],)) for side in ("$gte", "$lt"))
        return self.deadlines[low:high]

    def apply(self, operation: Any, origin: Origin) -> int:
        """Do one write; the number of documents matched, inserted or deleted. Raise on a duplicate id."""
        done = self._apply(operation)
        if done:
            subject = getattr(operation, "_filter", None) or operation._doc
            self.applied.append((subject["_id"], origin))
        return done

    def _apply(self, operation: Any) -> int:
        if isinstance(operation, pymongo.InsertOne):
            if operation._doc["_id"] in self.documents:
                raise BulkWriteError({"writeErrors": [{"code": 11000}]})
            self._put(operation._doc)
            return 1
        there = self.look(operation._filter["_id"])
        if there is None or any(there.get(name) != value for name, value in operation._filter.items()):
            return 0
        if isinstance(operation, pymongo.DeleteOne):
            self._index(there["_id"], None)
            del self.documents[there["_id"]]
        else:
            self._put(operation._doc)
        return 1

    def _put(self, document: dict[str, Any]) -> None:
        self.documents[document["_id"]] = pickle.dumps(document)
        self._index(document["_id"], document.get("deadline"))

    def _index(self, subject: str, deadline: str | None) -> None:
        before = self._deadline_of.pop(subject, None)
        if before is not None:
            del self.deadlines[bisect_left(self.deadlines, (before, subject))]
        if deadline is not None:
            self._deadline_of[subject] = deadline
            insort(self.deadlines, (deadline, subject))


def _fits(document: dict[str, Any], query: dict[str, Any]) -> bool:
    """Whether every field of a query has its value, or one of several, in a document."""
    for path, wanted in query.items():
        value: Any = document
        for step in path.split("."):
            value = (value or {}).get(step)
        if value not in (wanted["$in"] if isinstance(wanted, dict) else [wanted]):
            return False
    return True
