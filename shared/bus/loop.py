"""The one loop: a batch of records becomes one read, decisions in memory, one write per aggregate, one publish.

It names neither Kafka nor the database: ``store`` and ``publish`` are passed in, so that the simulator
(tests/simulation) runs this very code. See docs/decisions/0002 for what is kept in a document and why.
"""

import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from shared.bus.fold import Aggregate, Outgoing
from shared.bus.records import Bad, Item, Record, decode
from shared.bus.room import Room

MAX_ATTEMPTS = 20

Document = dict[str, Any]
Coordinates = tuple[str, int]


class Store(Protocol):
    """What the loop needs of a store (shared/store.py; the simulator brings its own)."""

    async def load(self, subjects: Sequence[str]) -> dict[str, Document]:
        """The documents that exist, by subject, in one read."""

    async def write(self, documents: Sequence[Document]) -> set[str]:
        """Write each document over the version before it; return the subjects that were not written by us."""


class Answer(NamedTuple):
    """What became of one command."""

    command: str
    subject: str
    outcome: Mapping[str, Any]
    record: Record


@dataclass(slots=True)
class Batch:
    """What one run of the loop did, for metrics, waiting doors and timers."""

    records: int = 0
    round_trips: int = 0
    written: list[Document] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    outgoing: list[Outgoing] = field(default_factory=list)
    unknown_types: list[str] = field(default_factory=list)
    dead: int = 0
    conflicts: int = 0
    seconds: dict[str, float] = field(default_factory=dict)


class Contention(RuntimeError):
    """The same documents kept changing under this worker; the batch is rewound and tried again."""


class Loop:
    """Runs batches for one service. Raises whatever store or publish raise: then the caller rewinds."""

    def __init__(
        self,
        room: Room,
        store: Store,
        publish: Callable[[Sequence[Outgoing]], Awaitable[None]],
        *,
        group: str,
        clock: Callable[[], float] = time.perf_counter,
        token: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        self.room = room
        self.group = group
        self._store = store
        self._publish = publish
        self._clock = clock
        self._token = token
        self._floor: dict[Coordinates, int] = {}

    def revoked(self, partitions: Iterable[Coordinates]) -> None:
        """Forget how far partitions were read: another worker has them now."""
        for partition in partitions:
            self._floor.pop(partition, None)

    async def run(self, records: Sequence[Record]) -> Batch:
        """Apply one batch: everything in it is stored and published when this returns, nothing is committed."""
        batch = Batch(records=len(records))
        for record in records:
            self._floor.setdefault((record.topic, record.partition), record.offset)
        started = self._clock()
        groups: dict[str, list[Item]] = {}
        for record in records:
            decoded = decode(record, self.room)
            if isinstance(decoded, Bad):
                batch.outgoing.append(decoded.dead_letter(self.group))
                batch.dead += 1
                continue
            if decoded.unknown:
                batch.unknown_types.append(decoded.unknown)
            groups.setdefault(decoded.subject, []).append(decoded)
        batch.seconds["decode"] = self._clock() - started
        await self._settle(groups, batch)
        started = self._clock()
        if batch.outgoing:
            await self._publish(batch.outgoing)
            batch.round_trips += 1
        batch.seconds["publish"] = self._clock() - started
        return batch

    def committed(self, offsets: Mapping[Coordinates, int]) -> None:
        """Note that everything before these offsets is stored, published and committed."""
        self._floor.update(offsets)

    async def _settle(self, groups: dict[str, list[Item]], batch: Batch) -> None:
        """Decide and write until every aggregate of the batch is ours; results are added to ``batch``."""
        pending = groups
        for _ in range(MAX_ATTEMPTS):
            if not pending:
                return
            started = self._clock()
            documents = await self._store.load(list(pending))
            batch.round_trips += 1
            loaded = self._clock()
            batch.seconds["load"] = batch.seconds.get("load", 0.0) + loaded - started
            token = self._token()
            folded: list[Aggregate] = []
            changed: list[Document] = []
            for subject, items in pending.items():
                aggregate, document = self._fold(subject, documents.get(subject), items, token)
                folded.append(aggregate)
                if document is not None:
                    changed.append(document)
            decided = self._clock()
            batch.seconds["decide"] = batch.seconds.get("decide", 0.0) + decided - loaded
            lost: set[str] = set()
            if changed:
                lost = await self._store.write(changed)
                batch.round_trips += 1
            batch.seconds["write"] = batch.seconds.get("write", 0.0) + self._clock() - decided
            batch.written.extend(document for document in changed if document["_id"] not in lost)
            for aggregate in folded:
                if aggregate.subject not in lost:
                    batch.outgoing.extend(aggregate.outgoing)
                    batch.answers.extend(Answer(*answer) for answer in aggregate.answers)
                    batch.dead += aggregate.dead
            batch.conflicts += len(lost)
            pending = {subject: pending[subject] for subject in pending if subject in lost}
        raise Contention(f"{len(pending)} aggregates changed under this worker {MAX_ATTEMPTS} times")

    def _fold(
        self, subject: str, document: Document | None, items: list[Item], token: str
    ) -> tuple[Aggregate, Document | None]:
        """The aggregate after its records, and its next version if it changed.

        A document that this version cannot read or write sets its records aside; the rest of the batch goes on.
        """
        partition = items[0].record.partition
        try:
            aggregate = Aggregate(self.room, subject, document, partition, self.group)
            aggregate.forget(self._floor)
            for item in items:
                aggregate.apply(item)
            return aggregate, aggregate.document(token) if aggregate.dirty else None
        except Exception as error:
            aside = Aggregate(self.room, subject, None, partition, self.group)
            for item in items:
                aside.set_aside(item, f"document failed: {type(error).__name__}: {error}")
            return aside, None
