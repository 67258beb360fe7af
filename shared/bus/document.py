"""The document of one aggregate: everything that one atomic write must make true together (docs/decisions/0002).

As the store holds it:

    _id, kind, v, token, partition   whose it is; the version ``v`` is the fence between two workers
    state                            the aggregate's state as JSON values; none for a stub that only remembers refusals
    deadline, due                    index string ``<partition>|<fire-at>|<hash>``; {name, at} of the next deadline
    inbox                            [id, body hash, outcome] of every command, refusals included
    read                             [topic, source, last sequence applied] of the other owners' events
    published                        [topic, last sequence, SHA-256] of the events of this aggregate
    outbox                           what recent records produced, to be sent again on redelivery
    held, held_since                 events that came before their predecessor; they never expire
    finished_at                      since when nothing is expected of it any more; a day later the outbox is swept
    forget_at                        when a stub that only remembers refusals is forgotten
    gone                             nothing is left to remember: the store deletes it
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from pydantic import BaseModel

from shared.bus.records import Outgoing
from shared.contract.envelope import time_text
from shared.domain.aggregates import AggregateType
from shared.domain.decisions import Deadline
from shared.timers import deadline_string

STUB_DEADLINE = "stub/1/forget/0"
SWEEP = "sweep"
SWEEP_AFTER = timedelta(days=1)

Outcome = Mapping[str, Any]
Place = tuple[str, int, int]
Stored = dict[str, Any]


class Remembered(NamedTuple):
    """One command that was answered: the hash of its body, and what became of it."""

    digest: str
    outcome: Outcome


class Sent(NamedTuple):
    """What one cause produced, and the record that brought it about."""

    cause: str
    place: Place
    records: tuple[Outgoing, ...]


class Held(NamedTuple):
    """One event that came before its predecessor, and where it stood."""

    topic: str
    source: str
    seq: int
    since: str
    raw: bytes
    partition: int
    offset: int


class Document(NamedTuple):
    """One aggregate as this worker knows it; every change makes a new value."""

    subject: str
    kind: AggregateType
    partition: int
    version: int = 0
    state: BaseModel | None = None
    inbox: Mapping[str, Remembered] = {}
    read: Mapping[tuple[str, str], int] = {}
    published: Mapping[str, tuple[int, str]] = {}
    outbox: tuple[Sent, ...] = ()
    held: tuple[Held, ...] = ()
    finished_at: datetime | None = None
    sweeps: int = 0
    forget_at: datetime | None = None

    def next_deadline(self) -> Deadline | None:
        """The earliest instant at which this aggregate must move: its kind's, a stub's end, or the sweep."""
        own = self.kind.next_deadline(self.state)
        if own is not None:
            return own
        if self.forget_at is not None and self.state is None and not self.held:
            return Deadline(STUB_DEADLINE, self.forget_at, self.forget_at)
        return self.sweep() if self.outbox else None

    def sweep(self) -> Deadline | None:
        """When what it kept for sending again is forgotten: a day after it finished, and each day after that."""
        if self.finished_at is None:
            return None
        at = self.finished_at + SWEEP_AFTER * (self.sweeps + 1)
        return Deadline(f"{SWEEP}/{self.sweeps + 1}/due/1", at, at)

    @property
    def empty(self) -> bool:
        """Whether nothing is left that must be remembered."""
        return self.state is None and not (self.inbox or self.read or self.published or self.held)


def read_document(kind: AggregateType, subject: str, partition: int, found: Stored | None) -> Document:
    """The document as the store gave it, or a new one. Raises what pydantic raises for a state it cannot read."""
    if found is None:
        return Document(subject, kind, partition)
    state = found.get("state")
    return Document(
        subject,
        kind,
        partition,
        version=found["v"],
        state=None if state is None else kind.state.model_validate(state),
        inbox={id: Remembered(digest, outcome) for id, digest, outcome in found.get("inbox", ())},
        read={(topic, source): seq for topic, source, seq in found.get("read", ())},
        published={topic: (seq, sha256) for topic, seq, sha256 in found.get("published", ())},
        outbox=tuple(_sent(entry) for entry in found.get("outbox", ())),
        held=tuple(_held(entry) for entry in found.get("held", ())),
        finished_at=_instant(found.get("finished_at")),
        sweeps=found.get("sweeps", 0),
        forget_at=_instant(found.get("forget_at")),
    )


def write_document(document: Document, token: str) -> Stored:
    """The next version, ready to be written over the one that was read; empty parts are left out."""
    state = document.state
    stored: Stored = {
        "_id": document.subject,
        "kind": document.kind.name,
        "v": document.version + 1,
        "token": token,
        "partition": document.partition,
        "state": None if state is None else state.model_dump(mode="json", exclude_defaults=True),
        "inbox": [[id, known.digest, known.outcome] for id, known in document.inbox.items()],
        "read": [[topic, source, seq] for (topic, source), seq in document.read.items()],
        "published": [[topic, seq, sha256] for topic, (seq, sha256) in document.published.items()],
        "outbox": [_stored(sent) for sent in document.outbox],
        "held": [[*held[:4], held.raw.decode(), *held[5:]] for held in document.held],
        "held_since": min((held.since for held in document.held), default=None),
        "finished_at": _text(document.finished_at),
        "sweeps": document.sweeps,
        "forget_at": _text(document.forget_at),
        "gone": document.empty,
    }
    if (deadline := document.next_deadline()) is not None:
        stored["deadline"] = deadline_string(document.partition, deadline.fire_at, document.subject)
        stored["due"] = {"name": deadline.name, "at": time_text(deadline.at)}
    return {name: value for name, value in stored.items() if value or name in ("state", "partition")}


def forget_published(document: Document, committed: Mapping[tuple[str, int], int]) -> Document:
    """Without outbox entries whose record lies below the committed offset of its partition: they were published."""
    if not document.outbox:
        return document
    kept = tuple(
        sent for sent in document.outbox if sent.place[2] >= committed.get((sent.place[0], sent.place[1]), -1)
    )
    return document if len(kept) == len(document.outbox) else document._replace(outbox=kept)


def _sent(entry: list[Any]) -> Sent:
    cause, place, raws = entry
    records = tuple(
        Outgoing(topic, key, raw.encode(), headers, seq) for topic, key, raw, headers, seq in raws
    )
    return Sent(cause, (place[0], place[1], place[2]), records)


def _held(entry: list[Any]) -> Held:
    topic, source, seq, since, raw, partition, offset = entry
    return Held(topic, source, seq, since, raw.encode(), partition, offset)


def _stored(sent: Sent) -> list[Any]:
    raws = [[one.topic, one.key, one.value.decode(), one.headers, one.seq] for one in sent.records]
    return [sent.cause, list(sent.place), raws]


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _text(at: datetime | None) -> str | None:
    return None if at is None else time_text(at)
