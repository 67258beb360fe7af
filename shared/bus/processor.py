"""The one processor: a batch of records becomes one read, decisions in memory, one write, one publish.

It names neither Kafka nor the database: ``store``, ``publish`` and ``reference`` are passed in, so that the simulator
(tests/simulation) runs this very code. The steps are those of the batch in docs/architecture.md:

    1  decode each record alone              5  one bulk write, fenced by the version that was read
    2  group by aggregate                    6  publish what came out, and await it
    3  load the documents in one read        7  commit explicit offsets (the consumer does that)
    4  apply in memory
"""

import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from shared.bus.apply import apply, set_aside
from shared.bus.document import Document, Stored, forget_published, read_document, write_document
from shared.bus.effects import Answer, Applied, Scope
from shared.bus.records import Bad, Item, Outgoing, Record, decode
from shared.domain.aggregates import Consumer
from shared.domain.reference import NotPublished, Reference
from shared.store import LOAD_CHUNK

MAX_ATTEMPTS = 20

Partition = tuple[str, int]


class Store(Protocol):
    """What the processor needs of a store (shared/store.py; the simulator brings its own)."""

    async def load(self, subjects: Sequence[str]) -> dict[str, Stored]:
        """The documents that exist, by subject, in one read."""

    async def write(self, documents: Sequence[Stored]) -> set[str]:
        """Write each document over the version before it; return the subjects that were not written by us."""


class ReferenceData(Protocol):
    """What the processor needs of the reference data (shared/bus/reference.py)."""

    reference: Reference

    async def catch_up(self) -> None:
        """Return when everything published so far has been taken in."""


@dataclass(slots=True)
class Batch:
    """What one run of the processor did, for metrics, waiting gateways and timers."""

    records: int = 0
    round_trips: int = 0
    written: list[Stored] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    outgoing: list[Outgoing] = field(default_factory=list)
    unknown_types: list[str] = field(default_factory=list)
    conflicts: int = 0
    seconds: dict[str, float] = field(default_factory=dict)


class _Decided(NamedTuple):
    """One aggregate after its records of this batch; ``stored`` is its next version, None where nothing changed."""

    applied: Applied
    stored: Stored | None


class Contention(RuntimeError):
    """The same documents kept changing under this worker; the batch is rewound and tried again."""


class Processor:
    """Runs batches for one service. Raises whatever store or publish raise: then the caller rewinds."""

    def __init__(
        self,
        consumer: Consumer,
        store: Store,
        publish: Callable[[Sequence[Outgoing]], Awaitable[None]],
        reference: ReferenceData,
        *,
        clock: Callable[[], float] = time.perf_counter,
        token: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        self.consumer = consumer
        self._store = store
        self._publish = publish
        self._reference = reference
        self._clock = clock
        self._token = token
        self._committed: dict[Partition, int] = {}

    def revoked(self, partitions: Iterable[Partition]) -> None:
        """Forget how far partitions were read: another worker has them now."""
        for partition in partitions:
            self._committed.pop(partition, None)

    def committed(self, offsets: Mapping[Partition, int]) -> None:
        """Note that everything before these offsets is stored, published and committed."""
        self._committed.update(offsets)

    async def run(self, records: Sequence[Record]) -> Batch:
        """Steps 1 to 6: everything in the batch is stored and published when this returns, nothing is committed."""
        batch = Batch(records=len(records))
        for record in records:
            self._committed.setdefault((record.topic, record.partition), record.offset)
        started = self._clock()
        pending = self._decode(records, batch)  # 1, 2
        batch.seconds["decode"] = self._clock() - started
        for _ in range(MAX_ATTEMPTS):
            if not pending:
                break
            lost = await self._settle(pending, batch)  # 3, 4, 5
            batch.conflicts += len(lost)
            pending = {subject: pending[subject] for subject in pending if subject in lost}
        if pending:
            raise Contention(f"{len(pending)} aggregates changed under this worker {MAX_ATTEMPTS} times")
        started = self._clock()
        if batch.outgoing:
            await self._publish(batch.outgoing)  # 6
            batch.round_trips += 1
        batch.seconds["publish"] = self._clock() - started
        return batch

    def _decode(self, records: Sequence[Record], batch: Batch) -> dict[str, list[Item]]:
        """1, 2: the items of each aggregate in order; what cannot be read is a dead letter."""
        groups: dict[str, list[Item]] = {}
        for record in records:
            decoded = decode(record, self.consumer)
            if isinstance(decoded, Bad):
                batch.outgoing.append(decoded.dead_letter(self.consumer.service))
            elif decoded is not None:
                if decoded.unknown:
                    batch.unknown_types.append(decoded.unknown)
                groups.setdefault(decoded.subject, []).append(decoded)
        return groups

    async def _settle(self, pending: dict[str, list[Item]], batch: Batch) -> set[str]:
        """3, 4, 5: load, decide, write; the subjects that another worker changed meanwhile are decided again."""
        started = self._clock()
        stored = await self._store.load(list(pending))  # 3
        batch.round_trips += -(-len(pending) // LOAD_CHUNK)
        loaded = self._clock()
        decided = await self._decide(pending, stored)  # 4
        changed = [entry.stored for entry in decided.values() if entry.stored is not None]
        applied = self._clock()
        lost: set[str] = set()
        if changed:
            lost = await self._store.write(changed)  # 5
            batch.round_trips += 1
        spent = {"load": loaded - started, "decide": applied - loaded, "write": self._clock() - applied}
        for step, seconds in spent.items():
            batch.seconds[step] = batch.seconds.get(step, 0.0) + seconds
        batch.written.extend(document for document in changed if document["_id"] not in lost)
        for subject, entry in decided.items():
            if subject not in lost:
                batch.outgoing.extend(entry.applied.outgoing)
                batch.answers.extend(entry.applied.answers)
        return lost

    async def _decide(self, pending: dict[str, list[Item]], stored: dict[str, Stored]) -> dict[str, _Decided]:
        """4: every aggregate applied; where a version was not known here yet, once more after catching up."""
        token = self._token()
        decided: dict[str, _Decided] = {}
        late: list[str] = []
        for subject, items in pending.items():
            try:
                decided[subject] = self._apply(subject, items, stored.get(subject), token)
            except NotPublished:
                late.append(subject)
        if late:
            await self._reference.catch_up()
        for subject in late:
            decided[subject] = self._apply(
                subject, pending[subject], stored.get(subject), token, patient=False
            )
        return decided

    def _apply(
        self,
        subject: str,
        items: list[Item],
        stored: Stored | None,
        token: str,
        patient: bool = True,
    ) -> _Decided:
        """One aggregate after its records; a document that this version cannot read or write sets them aside."""
        scope = Scope(self.consumer, self._reference.reference, patient)
        kind = self.consumer.kind(subject)
        assert kind is not None, "decode lets nothing else through"
        try:
            before = read_document(kind, subject, items[0].record.partition, stored)
            document = forget_published(before, self._committed)
            outgoing: list[Outgoing] = []
            answers: list[Answer] = []
            changed = False
            for item in items:
                after = apply(scope, document, item)
                changed = changed or after.document is not document
                document = after.document
                outgoing += after.outgoing
                answers += after.answers
            return _Decided(
                Applied(document, tuple(outgoing), tuple(answers)),
                write_document(document, token) if changed else None,
            )
        except NotPublished:
            raise
        except Exception as error:
            return self._set_aside(subject, items, error)

    def _set_aside(self, subject: str, items: list[Item], error: Exception) -> _Decided:
        """Every record of one aggregate as a dead letter; the rest of the batch goes on."""
        kind = self.consumer.kind(subject)
        assert kind is not None
        empty = Document(subject, kind, items[0].record.partition)
        scope = Scope(self.consumer, self._reference.reference)
        reason = f"document failed: {type(error).__name__}: {error}"
        parts = [set_aside(scope, empty, item, reason) for item in items]
        outgoing = tuple(record for part in parts for record in part.outgoing)
        return _Decided(
            Applied(empty, outgoing, tuple(answer for part in parts for answer in part.answers)), None
        )
