"""One poll becomes rows: everything it changes and how far was read, in one transaction.

1  BEGIN
2  each record is decoded alone; what cannot be read is counted
3  known in its sequence: dropped; early: held; next: applied, and what was held behind it
4  the rows are written, the full text of issues of which words are new, sequences, held events, positions
5  COMMIT; killed before it, nothing happened
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from services.portal.projection.decoding import (
    UNREADABLE,
    decode,
    decode_again,
    decode_version,
)
from services.portal.projection.rows.changes import Happened, Rows, as_json, put_many
from services.portal.projection.rows.table import REFERENCE, writes
from services.portal.projection.terms import row_of, terms
from shared.bus.records import Record
from shared.contract.envelope import read_seen
from shared.contract.event import epoch_of, owner_of
from shared.contract.registry import EVENTS

Positions = Mapping[tuple[str, int], int]
"""(topic, partition) -> the next offset to read."""
Series = tuple[str, str, str]
"""Whose sequence: subject, topic, source."""
LOADED_AT_ONCE = 500


class Changed(NamedTuple):
    """What one transaction changed: of whom, how far was read, and how many records could not be."""

    subjects: frozenset[str]
    positions: Positions
    unreadable: int = 0


class _NotAtOnce(Exception):
    """An event could not be read to its end: the transaction begins again, and takes back what such a one set."""


@dataclass
class _Batch:
    """What one transaction has gathered so far."""

    rows: Rows
    positions: dict[tuple[str, int], int] = field(default_factory=dict)
    sequences: dict[Series, int] = field(default_factory=dict)
    stored: dict[Series, int] = field(default_factory=dict)
    held: dict[Series, dict[int, bytes]] = field(default_factory=dict)
    released: list[tuple[str, str, str, int]] = field(default_factory=list)
    timeline: list[tuple[object, ...]] = field(default_factory=list)
    not_understood: list[tuple[object, ...]] = field(default_factory=list)
    unreadable: dict[str, int] = field(default_factory=dict)
    subjects: set[str] = field(default_factory=set)


class Applier:
    """Applies records to one database; the only writer of it."""

    def __init__(self, database: sqlite3.Connection, jurisdiction: str) -> None:
        """``jurisdiction``: whose events stand on topics that name no county."""
        self._database, self._jurisdiction = database, jurisdiction

    def positions(self) -> dict[tuple[str, int], int]:
        """How far each partition was read."""
        return positions_of(self._database)

    def apply(self, records: Sequence[Record], steps: Callable[[str], None] = lambda step: None) -> Changed:
        """One transaction for all these records. Where the database refuses one of them, each is applied alone and
        that one counted as unreadable. ``steps`` is told before each step, for tests that break off there.
        """
        try:
            try:
                return self._apply(records, steps, careful=False)
            except _NotAtOnce:
                return self._apply(records, steps, careful=True)
        except sqlite3.OperationalError:
            raise  # no space, or a broken file: no record's fault
        except (sqlite3.Error, *UNREADABLE):
            if len(records) == 1:
                return self._pass_over(records[0])
        changed = [self.apply([record]) for record in records]
        subjects = frozenset().union(*(one.subjects for one in changed))
        return Changed(subjects, self.positions(), sum(one.unreadable for one in changed))

    def _apply(self, records: Sequence[Record], steps: Callable[[str], None], *, careful: bool) -> Changed:
        batch = _Batch(Rows(self._database, careful=careful))
        with transaction(self._database):
            self._load(batch, records)
            for record in records:
                key = record.topic, record.partition
                if batch.positions.get(key, 0) <= record.offset:
                    batch.positions[key] = record.offset + 1
                self._take(batch, record)
            steps("rows")
            batch.rows.write()
            self._write_timeline(batch)
            steps("words")
            _write_words(batch)
            steps("positions")
            self._write_positions(batch)
            steps("commit")
        steps("done")
        return Changed(frozenset(batch.subjects), batch.positions, sum(batch.unreadable.values()))

    def _take(self, batch: _Batch, record: Record) -> None:
        if record.topic.endswith(".reference"):
            self._take_version(batch, record)
            return
        event = decode(record, self._jurisdiction)
        if event is None:
            _count(batch, record.topic)
            return
        sequence = event.sequence
        last = batch.sequences.get(sequence, 0)
        if event.seq <= last:
            return
        if event.seq > last + 1 or _is_early(batch, event):
            batch.held.setdefault(sequence, {})[event.seq] = record.value or b""
            return
        self._apply_one(batch, sequence, event)
        if sequence in batch.held:
            self._release(batch, sequence, batch.held[sequence])
        if batch.held:
            self._release_epochs(batch, sequence)

    def _release_epochs(self, batch: _Batch, sequence: Series) -> None:
        """Of the same owner a later epoch, which waited for the end of this one."""
        subject, topic, source = sequence
        owner = owner_of(source)
        later = [one for one in batch.held if (*one[:2], owner_of(one[2])) == (subject, topic, owner)]
        for one in sorted(later, key=lambda one: epoch_of(one[2])):
            self._release(batch, one, batch.held[one])

    def _release(self, batch: _Batch, sequence: Series, held: dict[int, bytes]) -> None:
        """What was held and is next now."""
        while (seq := batch.sequences.get(sequence, 0) + 1) in held:
            subject, topic, source = sequence
            event = decode_again(topic, subject, source, seq, held[seq])
            if _is_early(batch, event):
                return
            del held[seq]
            batch.released.append((*sequence, seq))
            self._apply_one(batch, sequence, event)

    def _apply_one(self, batch: _Batch, sequence: Series, event: Happened) -> None:
        """An event whose turn it is. What cannot be read of it is counted, and marks what it is about."""
        batch.sequences[sequence] = event.seq
        batch.subjects.add(event.subject)
        if not event.is_readable or not self._write_rows(batch.rows, event):
            _count(batch, event.topic)
            batch.not_understood.append((*sequence, event.seq, event.type))
        elif event.must_understand and event.type not in EVENTS:
            batch.not_understood.append((*sequence, event.seq, event.type))
        if event.is_readable:
            if event.type.startswith("notice."):  # a mail stands in the history of the issue it is about
                batch.subjects.add(str(event.data.get("issue", "")))
            who = event.data.get("by")
            by = who if type(who) is str else ""
            batch.timeline.append((*sequence, event.seq, event.at, event.type, by, as_json(event.data)))

    def _write_rows(self, rows: Rows, event: Happened) -> bool:
        """Whether the event's data could be read; one that nothing makes rows of can.

        Only a topic's own source makes rows, so that each column has one: what others say of an issue is told.
        """
        owner, source = _own_source(event.topic, self._jurisdiction)
        write = writes(owner, event) if owner_of(event.source) == source else None
        if write is not None:
            try:
                write(rows, event)
            except UNREADABLE:
                if not rows.careful:
                    raise _NotAtOnce from None
                rows.drop()
                return False
            if rows.careful:
                rows.keep()
        return True

    def _take_version(self, batch: _Batch, record: Record) -> None:
        """Reference data: compacted, so its sequences have gaps, and each version is a row of its own."""
        try:
            event = decode_version(record)
            write = REFERENCE.get(_own_source(event.topic, self._jurisdiction)[0], {}).get(event.type)
            if write is not None:
                write(batch.rows, event)
        except UNREADABLE:
            if not batch.rows.careful:
                raise _NotAtOnce from None
            batch.rows.drop()
            _count(batch, record.topic)
            return
        batch.rows.keep()
        batch.subjects.add(event.subject)

    def _load(self, batch: _Batch, records: Sequence[Record]) -> None:
        """How far the sequences of these records are applied, and what of them is held: few reads for all."""
        keys = {record.key for record in records if record.key is not None}
        subjects = sorted(key.decode("utf-8", "replace") for key in keys)
        for start in range(0, len(subjects), LOADED_AT_ONCE):
            some = subjects[start : start + LOADED_AT_ONCE]
            chosen = f"WHERE subject IN ({','.join('?' * len(some))})"
            for subject, topic, source, seq in self._database.execute(
                f"SELECT subject, topic, source, seq FROM sequence {chosen}", some
            ):
                batch.sequences[subject, topic, source] = batch.stored[subject, topic, source] = seq
                batch.rows.begun.add(subject)
            for subject, topic, source, seq, raw in self._database.execute(
                f"SELECT subject, topic, source, seq, raw FROM held {chosen}", some
            ):
                batch.held.setdefault((subject, topic, source), {})[seq] = raw

    def _write_timeline(self, batch: _Batch) -> None:
        put_many(self._database, "timeline", batch.timeline)
        put_many(self._database, "not_understood", batch.not_understood)

    def _write_positions(self, batch: _Batch) -> None:
        gone = "DELETE FROM held WHERE subject=? AND topic=? AND source=? AND seq=?"
        self._database.executemany(gone, batch.released)
        waiting = ((*key, seq, raw) for key, held in batch.held.items() for seq, raw in held.items())
        put_many(self._database, "held", waiting)
        moved = ((*key, seq) for key, seq in batch.sequences.items() if seq != batch.stored.get(key))
        put_many(self._database, "sequence", moved)
        self._database.executemany(
            "INSERT INTO position VALUES(?,?,?) "
            "ON CONFLICT(topic, partition) DO UPDATE SET next=max(next, excluded.next)",
            ((*key, following) for key, following in batch.positions.items()),
        )
        self._database.executemany(
            "INSERT INTO unreadable VALUES(?,?) "
            "ON CONFLICT(topic) DO UPDATE SET records=records+excluded.records",
            batch.unreadable.items(),
        )

    def _pass_over(self, record: Record) -> Changed:
        """A record that the database itself refuses: counted, and its place taken up."""
        batch = _Batch(Rows(self._database), {(record.topic, record.partition): record.offset + 1})
        event = decode(record, self._jurisdiction)
        with transaction(self._database):
            self._load(batch, [record])
            if event is not None and event.seq == batch.sequences.get(event.sequence, 0) + 1:
                batch.sequences[event.sequence] = event.seq
                batch.not_understood.append((*event.sequence, event.seq, ""))
            _count(batch, record.topic)
            self._write_timeline(batch)
            self._write_positions(batch)
        return Changed(frozenset(), batch.positions, 1)


def positions_of(database: sqlite3.Connection) -> dict[tuple[str, int], int]:
    """How far each partition was read into this database."""
    return {
        (topic, partition): following
        for topic, partition, following in database.execute("SELECT topic, partition, next FROM position")
    }


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """All or nothing, also where the process ends in between."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


@lru_cache(maxsize=256)
def _own_source(topic: str, jurisdiction: str) -> tuple[str, str]:
    """Whose topic it is, and what writes there: ``deqing.dispatch.events`` is of dispatch, by ``/deqing/dispatch``."""
    county, _, owner = topic.rpartition(".")[0].rpartition(".")
    return owner, f"/{county or jurisdiction}/{owner}"


def _is_early(batch: _Batch, event: Happened) -> bool:
    """Whether the epoch before the one that begins with this event was not read to its end yet."""
    return bool(event.follows) and any(
        batch.sequences.get((event.subject, event.topic, source), 0) < seq
        for source, seq in read_seen(event.follows).items()
    )


def _count(batch: _Batch, topic: str) -> None:
    batch.unreadable[topic] = batch.unreadable.get(topic, 0) + 1


def _write_words(batch: _Batch) -> None:
    """The full text of the issues of which words are new, made anew of all their words; its place in the order of
    hits is known from the registration on."""
    database, found = batch.rows.database, []
    for issue in sorted(batch.rows.spoken):
        row = database.execute(
            "SELECT registered_at, title, text, corrected_title, corrected_text FROM issue WHERE id=?",
            (issue,),
        ).fetchone()
        replies = database.execute("SELECT text FROM reply WHERE issue=? ORDER BY round, version", (issue,))
        registered_at, *words = row or (None,)
        texts = [text for text in (*words, *(text for (text,) in replies)) if text]
        if registered_at is not None and texts:
            found.append((row_of(issue, registered_at), issue, " ".join(terms("\n".join(texts)))))
    database.executemany("INSERT OR REPLACE INTO words(rowid, issue, terms) VALUES(?,?,?)", found)
