"""What tests of the projection begin with: files of their own, records as they stand on the topics, and rows."""

import random
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from services.portal.projection.batch import Applier
from services.portal.projection.database import create
from services.portal.projection.dump import Digest, digests
from shared.bus.records import Record
from shared.contract.envelope import Envelope, seal, sha256_of
from shared.contract.event import APART, events_topic
from shared.contract.registry import EVENTS

JURISDICTION = "huzhou"
AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
AT_MS = int(AT.timestamp() * 1000)
ISSUE = "7K3M9QXT2B4N6"


class Topics:
    """Events sealed one after the other, each at the next place of its owner's sequence."""

    def __init__(self, first: int = 0) -> None:
        """``first``: the offset of each topic's first record."""
        self.records: list[Record] = []
        self._sequences: Counter[tuple[str, str, str]] = Counter()
        self._offsets: defaultdict[str, int] = defaultdict(lambda: first)

    def tell(
        self, owner: str, type: str, data: Mapping[str, Any], subject: str = ISSUE, **how: Any
    ) -> Record:
        """One event of an owner; ``source`` and ``topic`` may be another's, ``seq`` another place."""
        source, topic = how.pop("source", f"/{JURISDICTION}/{owner}"), how.pop("topic", f"{owner}.events")
        self._sequences[topic, source, subject] += 1
        seq = how.pop("seq", self._sequences[topic, source, subject])
        at = how.pop("at", AT)
        raw = seal(
            id=f"{topic}:{subject}:{seq}",
            type=type,
            source=source,
            subject=subject,
            time=at,
            data=data,
            seq=seq,
            **how,
        )
        return self.put(topic, subject, raw, seq)

    def version(self, owner: str, type: str, subject: str, data: Mapping[str, Any], seq: int = 1) -> Record:
        """A version of reference data, as it stands on the compacted topic."""
        raw = seal(
            id=f"{owner}.events:{subject}:{seq}",
            type=type,
            source=f"/{JURISDICTION}/{owner}",
            subject=subject,
            time=AT,
            data=data,
            seq=seq,
        )
        return self.put(f"{owner}.reference", f"{subject}@{data['version']}", raw, seq)

    def put(self, topic: str, key: str | None, raw: bytes | None, seq: int = 0, sha256: str = "") -> Record:
        """Any record at the end of a topic."""
        digest = sha256 or (sha256_of(raw) if raw is not None else None)
        record = Record(
            topic, 0, self._offsets[topic], 0, None if key is None else key.encode(), raw, digest, seq
        )
        self._offsets[topic] += 1
        self.records.append(record)
        return record


def as_records(envelopes: Iterable[Envelope]) -> list[Record]:
    """A log of envelopes as the topics have it, each topic in order of the log."""
    offsets: Counter[str] = Counter()
    found = []
    for envelope in envelopes:
        topic = events_topic(envelope.source)
        if EVENTS[envelope.type].topic in APART:
            continue
        raw = envelope.model_dump_json(exclude_defaults=True).encode()
        key = envelope.subject.encode()
        found.append(Record(topic, 0, offsets[topic], 0, key, raw, sha256_of(raw), envelope.seq))
        offsets[topic] += 1
    return found


def projected(records: Iterable[Record]) -> list[Record]:
    """Of all records those that the projection reads."""
    return [record for record in records if record.topic.endswith((".events", ".reference"))]


def build(folder: Path, records: Sequence[Record], size: int = 500) -> sqlite3.Connection:
    """A new file in which these records are applied, so many in one transaction; the connection is the writer's."""
    number = sum(1 for _ in folder.glob("*.db"))
    database = create(folder / f"{number}.db")
    applier = Applier(database, JURISDICTION)
    for start in range(0, len(records), size):
        applier.apply(records[start : start + size])
    return database


def dumped(folder: Path, records: Sequence[Record], size: int = 500) -> dict[str, Digest]:
    """The dump of a new file with these records."""
    database = build(folder, records, size)
    try:
        return digests(database)
    finally:
        database.close()


def interleaved(records: Iterable[Record], chance: random.Random) -> list[Record]:
    """The same records, each topic in its order, the topics mixed in another way."""
    topics: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        topics[record.topic].append(record)
    turns = [topic for topic, found in topics.items() for _ in found]
    chance.shuffle(turns)
    waiting = {topic: iter(found) for topic, found in topics.items()}
    return [next(waiting[topic]) for topic in turns]


def rows(database: sqlite3.Connection, table: str) -> list[dict[str, Any]]:
    """All rows of a table by column name."""
    cursor = database.execute(f"SELECT * FROM {table}")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]
