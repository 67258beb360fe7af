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
from typing import NamedTuple

from services.portal.projection.decoding import (
    UNREADABLE,
    Place,
    decode,
    decode_again,
    decode_version,
)
from services.portal.projection.rows.changes import Happened, Rows, as_json, put_many
from services.portal.projection.rows.table import KNOWN, REFERENCE, writes
from services.portal.projection.terms import row_of, terms
from shared.bus.records import Record

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
            return self._apply(records, steps)
        except sqlite3.OperationalError:
            raise  # no space, or a broken file: no record's fault
        except (sqlite3.Error, *UNREADABLE):
            if len(records) == 1:
                return self._pass_over(records[0])
        changed = [self.apply([record]) for record in records]
        subjects = frozenset().union(*(one.subjects for one in changed))
        return Changed(subjects, self.positions(), sum(one.unreadable for one in changed))

    def _apply(self, records: Sequence[Record], steps: Callable[[str], None]) -> Changed:
        batch = _Batch(Rows(self._database))
        with transaction(self._database):
            self._load(batch, records)
            for record in records:
                key = record.topic, record.partition
                batch.positions[key] = max(batch.positions.get(key, 0), record.offset + 1)
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
        place = decode(record, self._jurisdiction)
        if place is None:
            _count(batch, record.topic)
            return
        sequence = place.subject, place.topic, place.source
        last = batch.sequences.get(sequence, 0)
        if place.seq <= last:
            return
        if place.seq > last + 1:
            batch.held.setdefault(sequence, {})[place.seq] = record.value or b""
            return
        self._apply_one(batch, place)
        if sequence in batch.held:
            self._release(batch, sequence, batch.held[sequence])

    def _release(self, batch: _Batch, sequence: Series, held: dict[int, bytes]) -> None:
        """What was held and is next now."""
        while (seq := batch.sequences[sequence] + 1) in held:
            subject, topic, source = sequence
            batch.released.append((*sequence, seq))
            self._apply_one(batch, decode_again(topic, subject, source, seq, held.pop(seq)))

    def _apply_one(self, batch: _Batch, place: Place) -> None:
        """An event whose turn it is. What cannot be read of it is counted, and marks what it is about."""
        where = place.subject, place.topic, place.source, place.seq
        batch.sequences[where[:3]] = place.seq
        batch.subjects.add(place.subject)
        event = place.event
        if event is None or not self._write_rows(batch.rows, event):
            _count(batch, place.topic)
            batch.not_understood.append((*where, "" if event is None else event.type))
        elif place.must_understand and event.type not in KNOWN:
            batch.not_understood.append((*where, event.type))
        if event is not None:
            who = event.data.get("by")
            by = who if type(who) is str else ""
            batch.timeline.append((*where, event.at, event.type, by, as_json(event.data)))

    def _write_rows(self, rows: Rows, event: Happened) -> bool:
        """Whether the event's data could be read; one that nothing makes rows of can.

        Only a topic's own source makes rows, so that each column has one: what others say of an issue is told.
        """
        owner = _owner(event.topic)
        county = event.topic.rpartition(f"{owner}.events")[0].rstrip(".") or self._jurisdiction
        write = writes(owner, event) if event.source == f"/{county}/{owner}" else None
        if write is not None:
            try:
                write(rows, event)
            except UNREADABLE:
                rows.drop()
                return False
            rows.keep()
        return True

    def _take_version(self, batch: _Batch, record: Record) -> None:
        """Reference data: compacted, so its sequences have gaps, and each version is a row of its own."""
        try:
            event = decode_version(record)
            write = REFERENCE.get(_owner(event.topic), {}).get(event.type)
            if write is not None:
                write(batch.rows, event)
        except UNREADABLE:
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
        place = decode(record, self._jurisdiction)
        with transaction(self._database):
            self._load(batch, [record])
            if place is not None and place.seq == batch.sequences.get(sequence := place[:3], 0) + 1:
                batch.sequences[sequence] = place.seq
                batch.not_understood.append((*place[:4], ""))
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


def _owner(topic: str) -> str:
    """Whose topic it is: ``dispatch.events`` and ``deqing.dispatch.events`` are dispatch's."""
    return topic.rpartition(".")[0].rpartition(".")[2]


def _count(batch: _Batch, topic: str) -> None:
    batch.unreadable[topic] = batch.unreadable.get(topic, 0) + 1


def _write_words(batch: _Batch) -> None:
    """The full text of the issues of which words are new, made anew of all their words."""
    database, found = batch.rows.database, []
    for issue in sorted(batch.rows.spoken):
        words = database.execute(
            "SELECT title, text, corrected_title, corrected_text FROM issue WHERE id=?", (issue,)
        ).fetchone()
        replies = database.execute("SELECT text FROM reply WHERE issue=? ORDER BY round, version", (issue,))
        texts = (*(words or ()), *(text for (text,) in replies))
        found.append((row_of(issue), issue, " ".join(terms("\n".join(filter(None, texts))))))
    database.executemany("INSERT OR REPLACE INTO words(rowid, issue, terms) VALUES(?,?,?)", found)
