"""The one processor: a batch of records becomes one read, decisions in memory, one write, one publish.

It names neither Kafka nor the database: ``store``, ``publish`` and ``reference`` are passed in, so that the simulator
(tests/simulation) runs this very code. The steps are those of the batch in docs/architecture.md:

    1  decode each record alone              5  one bulk write, fenced by the version that was read
    2  group by aggregate                    6  publish what came out, and await it
    3  load the documents in one read        7  commit explicit offsets (the consumer does that)
    4  apply in memory

What is stored will be published, after a crash too: so whoever waits for an outcome is answered before step 6.
A batch may begin while others are under way (shared/bus/turns.py): then it is decided while those are written.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from shared.bus.apply import commands_of
from shared.bus.deciding import Decided, decide, unstored
from shared.bus.document import Stored, outcome_id
from shared.bus.effects import Answer, Scope
from shared.bus.handled import Became, Handled, all_lost
from shared.bus.newest import Newest
from shared.bus.own_offsets import OwnOffsets
from shared.bus.records import Bad, Item, Outgoing, Record, decode
from shared.bus.turns import Turn, Turns
from shared.domain.aggregates import Consumer
from shared.domain.reference import NotPublished, Reference
from shared.store import LOAD_CHUNK, REFUSED, waits

MAX_ATTEMPTS = 20
FEW = 8
"""So many aggregates that nobody waits for are no reason for more round trips: they go with the others."""
AT_A_STRETCH = 8
"""Aggregates that are decided on before others have their turn: some milliseconds."""

Partition = tuple[str, int]
Pending = dict[str, list[Item]]


class Store(Protocol):
    """What the processor needs of a store (shared/store.py; the simulator brings its own)."""

    async def load(self, subjects: Sequence[str]) -> dict[str, Stored]:
        """The documents that exist, by subject, in one read."""

    async def write(self, documents: Sequence[Stored]) -> set[str]:
        """Write each document over the version before it; return the subjects that were not written by us.

        Raises one of REFUSED for a document that can never be stored.
        """

    async def remember(self, outcomes: Sequence[Stored]) -> None:
        """Write old outcomes as documents of their own; one that is there already stays as it is."""

    async def released(self, documents: Sequence[Stored]) -> None:
        """These versions, which were written, wait for no event any more as the ones before them did."""


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
    handled: list[Handled] = field(default_factory=list)
    unknown_types: list[str] = field(default_factory=list)
    conflicts: int = 0
    seconds: dict[str, float] = field(default_factory=dict)


class Contention(RuntimeError):
    """The same documents kept changing under this worker; the batch is rewound and tried again."""


class Processor:
    """Runs batches for one service. Raises whatever store or publish raise: then the caller rewinds."""

    def __init__(
        self,
        consumer: Consumer,
        store: Store,
        publish: Callable[[Sequence[Outgoing]], Awaitable[object]],
        reference: ReferenceData,
        *,
        answer: Callable[[Sequence[Answer]], None] = lambda answers: None,
        clock: Callable[[], float] = time.perf_counter,
        token: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        """``answer`` is told of outcomes as soon as no crash can undo them; ``token`` gives this worker a name that no
        other one ever has."""
        self.consumer = consumer
        self._answer = answer
        self._store = store
        self._publish = publish
        self._reference = reference
        self._clock = clock
        self._token, self._writer, self._writes = token, token(), 0
        self._own = OwnOffsets()
        self._committed: dict[Partition, int] = {}
        self._newest = Newest()
        self._turns = Turns()

    def revoked(self) -> None:
        """Forget what was written: another worker may change it now. What was committed once stays published; to forget
        that as well would take a batch that begins while another is under way for the first one."""
        self._newest.forget()
        self._own.revoked(self._committed)

    def committed(self, offsets: Mapping[Partition, int]) -> None:
        """Note that everything before these offsets is stored, published and committed."""
        self._committed.update(offsets)

    async def run(self, records: Sequence[Record]) -> Batch:
        """Steps 1 to 6: everything in the batch is stored and published when this returns, nothing is committed.

        May be called again before that: batches end in the order in which they began, and where one fails, those behind
        it do too. Raises EarlierFailed then.
        """
        batch = Batch(records=len(records))
        for record in records:
            place = record.topic, record.partition
            self._committed.setdefault(place, record.offset)
            self._own.read(place, record.offset)
        started = self._clock()
        pending = _decode(self.consumer, records, batch)  # 1, 2
        batch.seconds["decode"] = self._clock() - started
        with self._turns.take(pending) as turn:
            unstored = await self._store_all(pending, batch, turn)  # 3, 4, 5
            await turn.to_publish()
            started = self._clock()
            if batch.outgoing:
                await self._publish(batch.outgoing)  # 6
                batch.round_trips += 1
        if unstored:
            self._answer(unstored)
            batch.answers += unstored
        batch.seconds["publish"] = self._clock() - started
        return batch

    async def _store_all(self, pending: Pending, batch: Batch, turn: Turn) -> list[Answer]:
        """3, 4, 5 for the whole batch: first what people wait for, last what is still being written, once that is done.

        Who asked is answered as soon as it is stored. Returns the answers to what stands nowhere but in its dead
        letter, which is still to be published.
        """
        waiting, unstored = turn.waiting(pending), list[Answer]()
        for part in filter(None, (*_at_once(pending, waiting), waiting)):
            if part is waiting:
                await turn.to_settle()
            before = len(batch.answers)
            for subject in await self._settle_all({one: pending[one] for one in part}, batch):
                unstored += await self._settle_alone(subject, pending[subject], batch)
            self._answer(batch.answers[before:])
        turn.settled()
        return unstored

    async def _settle_all(self, pending: Pending, batch: Batch, reason: str = "") -> dict[str, str]:
        """3, 4, 5, again for what another worker changed meanwhile; which documents the store refuses, and why.

        With a ``reason`` every record is set aside instead of applied. Raises Contention.
        """
        refused: dict[str, str] = {}
        for _ in range(MAX_ATTEMPTS):
            if not pending:
                return refused
            lost = await self._settle(pending, batch, refused, reason)
            batch.conflicts += len(lost)
            pending = {subject: pending[subject] for subject in pending if subject in lost}
        if pending:
            raise Contention(f"{len(pending)} aggregates changed under this worker {MAX_ATTEMPTS} times")
        return refused

    async def _settle_alone(self, subject: str, items: list[Item], batch: Batch) -> list[Answer]:
        """Record by record, where the store refuses their document: the one it cannot hold is set aside.

        Returns the answers to what stands nowhere but in its dead letter, which is still to be published.
        """
        answers: list[Answer] = []
        for item in items:
            one = {subject: [item]}
            if not (refused := await self._settle_all(one, batch)):
                continue
            reason = f"the store refuses the document: {refused[subject]}"
            if await self._settle_all(one, batch, reason):  # not even its failure can be stored
                scope = Scope(self.consumer, self._reference.reference)
                lost = unstored(scope, subject, [item], reason)
                batch.outgoing.extend(lost.outgoing)
                batch.handled.extend(all_lost([item]))
                answers.extend(lost.answers)
        return answers

    async def _settle(self, pending: Pending, batch: Batch, refused: dict[str, str], reason: str) -> set[str]:
        """3, 4, 5: load, decide, write; the subjects that another worker changed meanwhile are decided again."""
        started = self._clock()
        known = self._newest.take(pending)
        stored = await _load(self._store, pending, known, batch)  # 3
        loaded = self._clock()
        decided = await self._decide(pending, stored, reason)  # 4
        changed = [entry.stored for entry in decided.values() if entry.stored is not None]
        moved = [outcome for entry in decided.values() for outcome in entry.moved]
        applied = self._clock()
        if moved:
            await self._store.remember(moved)
            batch.round_trips += 1
        lost = await self._write(changed, batch, refused)  # 5
        spent = {"load": loaded - started, "decide": applied - loaded, "write": self._clock() - applied}
        for step, seconds in spent.items():
            batch.seconds[step] = batch.seconds.get(step, 0.0) + seconds
        unsettled = lost | refused.keys()
        unchanged = [document for subject, document in known.items() if decided[subject].stored is None]
        written = [document for document in changed if document["_id"] not in unsettled]
        batch.written.extend(written)
        self._newest.put([*unchanged, *written])
        released = [one for one in written if not waits(one) and waits(stored.get(one["_id"], {}))]
        if released:
            await self._store.released(released)
            batch.round_trips += 1
        for subject, entry in decided.items():
            if subject not in unsettled:
                batch.outgoing.extend(entry.applied.outgoing)
                batch.answers.extend(entry.applied.answers)
                batch.handled.extend(entry.handled)
        return lost

    async def _write(self, changed: Sequence[Stored], batch: Batch, refused: dict[str, str]) -> set[str]:
        """5: one bulk write; where the store refuses a document, halves of it, down to that very one."""
        if not changed:
            return set()
        batch.round_trips += 1
        try:
            return await self._store.write(changed)
        except REFUSED as error:
            if len(changed) == 1:
                refused[changed[0]["_id"]] = f"{type(error).__name__}: {error}"[:500]
                return set()
        middle = len(changed) // 2
        lost = await self._write(changed[:middle], batch, refused)
        return lost | await self._write(changed[middle:], batch, refused)

    async def _decide(self, pending: Pending, stored: dict[str, Stored], reason: str) -> dict[str, Decided]:
        """4: every aggregate applied; where a version was not known here yet, once more after catching up."""
        self._writes += 1
        token = f"{self._writer}/{self._writes}"
        decided: dict[str, Decided] = {}

        def apply_to(subject: str, patient: bool) -> None:
            scope = Scope(self.consumer, self._reference.reference, patient)
            items = pending[subject]
            decided[subject] = decide(
                scope, subject, items, stored, self._committed, self._own, token, reason
            )

        late: list[str] = []
        for number, subject in enumerate(pending, 1):
            try:
                apply_to(subject, patient=True)
            except NotPublished:
                late.append(subject)
            if number % AT_A_STRETCH == 0:
                await asyncio.sleep(0)
        if late:
            await self._reference.catch_up()
        for subject in late:
            apply_to(subject, patient=False)
        return decided


def _at_once(pending: Pending, waiting: Sequence[str]) -> tuple[list[str], list[str]]:
    """The aggregates that need not wait: those that somebody waits for, and the others where they are many."""
    later = set(waiting)
    at_once = [subject for subject in pending if subject not in later]
    awaited = {subject for subject in at_once if any(item.awaited for item in pending[subject])}
    if len(at_once) - len(awaited) <= FEW:
        return at_once, []
    first = [subject for subject in at_once if subject in awaited]
    return first, [subject for subject in at_once if subject not in awaited]


def _decode(consumer: Consumer, records: Sequence[Record], batch: Batch) -> Pending:
    """1, 2: the items of each aggregate in order; what cannot be read is a dead letter."""
    groups: Pending = {}
    for record in records:
        decoded = decode(record, consumer)
        if isinstance(decoded, Bad):
            batch.outgoing.append(decoded.dead_letter(consumer.service))
            batch.handled.append(Handled(record, Became.DEAD_LETTER))
        elif decoded is not None:
            if decoded.unknown:
                batch.unknown_types.append(decoded.unknown)
            groups.setdefault(decoded.subject, []).append(decoded)
    return groups


async def _load(store: Store, pending: Pending, known: dict[str, Stored], batch: Batch) -> dict[str, Stored]:
    """3: the documents that are not known, in one read; in another one, where an aggregate has old outcomes, those
    that are asked for.

    Few aggregates ever have old ones: to ask for all of them in the first read would double what every batch costs.
    """
    stored = dict(known)
    if unread := [subject for subject in pending if subject not in known]:
        stored |= await store.load(unread)
        batch.round_trips += -(-len(unread) // LOAD_CHUNK)
    old = [
        outcome_id(subject, command)
        for subject, items in pending.items()
        if stored.get(subject, {}).get("older")
        for item in items
        for command in commands_of(item)
    ]
    if old:
        stored |= await store.load(list(dict.fromkeys(old)))
        batch.round_trips += -(-len(old) // LOAD_CHUNK)
    return stored
