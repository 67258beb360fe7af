"""A raw record becomes an item to apply, or a dead letter with the reason; one bad record hurts no other."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from shared.contract.command import HistoryEnded
from shared.contract.envelope import (
    CONTENT_TYPE,
    CONTENT_TYPE_HEADER,
    EPOCH_HEADER,
    SEQ_HEADER,
    SHA256_HEADER,
    Envelope,
    Malformed,
    explain,
    open_envelope,
    read_seen,
    sha256_of,
)
from shared.contract.event import source_in
from shared.contract.registry import COMMANDS, CONTROL, EVENTS
from shared.domain.aggregates import Consumer

DEAD_LETTER_TYPE = "deadletter"
UNPUBLISHED_HEADER = "unpublished"
"""Of a dead letter about a record that its own service could never publish: it stood nowhere."""
MISSING_BYTES_HEADER = "missing_bytes"
"""Of a dead letter that was too large even for its own topic: how many bytes the value had that is not there."""
OWN_ROLES = ("timer", "system")
"""Roles of what services ask of themselves: nobody waits for it."""
MOST_REASON_BYTES, MOST_HEADER_BYTES = 4000, 1000
"""What a dead letter says of a record's key and headers: they may be megabytes, and it has to fit its own topic."""


class Record(NamedTuple):
    """One record as the bus delivered it; ``topic`` without the namespace, ``timestamp`` in ms since 1970."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    sha256: str | None = None
    seq: int = 0
    """From the header: known even when the value cannot be read, so that a dead letter can be discarded."""
    epoch: int = 0
    """Likewise."""


class Outgoing(NamedTuple):
    """One record to publish; ``topic`` without the namespace."""

    topic: str
    key: str
    value: bytes
    headers: dict[str, str] | None = None
    """Instead of the usual ones, for what is no CloudEvent (a dead letter)."""
    seq: int = 0
    sha256: str = ""
    """Of the value, where it was counted already."""
    epoch: int = 0
    """In which its source numbered it so."""

    def wire_headers(self) -> dict[str, str]:
        """What stands beside the value: content type, SHA-256 and, of an event, its place in the sequence and, after a
        restore, the epoch that it has that place in."""
        if self.headers is not None:
            return self.headers
        headers = {CONTENT_TYPE_HEADER: CONTENT_TYPE, SHA256_HEADER: self.sha256 or sha256_of(self.value)}
        headers |= {SEQ_HEADER: str(self.seq)} if self.seq else {}
        return headers | ({EPOCH_HEADER: str(self.epoch)} if self.epoch else {})


@dataclass(frozen=True, slots=True)
class Bad:
    """A record that can never work as it is: where it stood and why."""

    record: Record
    reason: str
    subject: str = ""
    source: str = ""
    seq: int = 0
    type: str = ""
    topic: str = ""
    """Whose sequence its ``seq`` belongs to, where that is not the topic it stood on: handed in again."""
    command: str = ""
    """The id of a command: it is discarded by that name."""

    @property
    def origin(self) -> str:
        """Where it stood: ``topic/partition/offset``, the dead letter's key and name."""
        return f"{self.record.topic}/{self.record.partition}/{self.record.offset}"

    def dead_letter(self, group: str) -> Outgoing:
        """The raw value goes on unchanged; all we know of it stands in the headers, cut to what always fits."""
        key = (self.record.key or b"")[: MOST_HEADER_BYTES + 1].decode("utf-8", "replace")
        headers = {
            "type": DEAD_LETTER_TYPE,
            "origin": self.origin,
            "topic": self.topic or self.record.topic,
            "key": key,
            "subject": self.subject or key,
            "source": self.source,
            "seq": str(self.seq or self.record.seq),
            "event": self.type,
            "command": self.command,
            "timestamp": str(self.record.timestamp),
            "sha256_seen": self.record.sha256 or "",
        }
        headers = {name: cut(text, MOST_HEADER_BYTES) for name, text in headers.items()}
        headers["reason"] = cut(self.reason, MOST_REASON_BYTES)
        return Outgoing(f"{group}.dlq", self.origin, self.record.value or b"", headers)


def cut(text: str, most_bytes: int) -> str:
    """What can be written of a text within so many bytes; "…" at its end where that is not all."""
    raw = text.encode("utf-8", "replace")
    return raw.decode() if len(raw) <= most_bytes else raw[: most_bytes - 3].decode("utf-8", "ignore") + "…"


@dataclass(frozen=True, slots=True)
class Item:
    """One record, understood. ``seq`` is 0 for commands; ``data`` is None for an unknown type or a skip.

    Of a command that cannot be read, but says who it is, ``failure`` is the reason: it is answered as failed.
    """

    record: Record
    subject: str
    id: str
    type: str
    now: datetime
    data: BaseModel | None
    seq: int = 0
    topic: str = ""
    source: str = ""
    seen: tuple[tuple[str, int], ...] = ()
    follows: tuple[tuple[str, int], ...] = ()
    """Of the first event of an epoch, where the one before it ended on this topic."""
    actor: str = ""
    digest: str = ""
    unknown: str = ""
    must_understand: bool = False
    failure: str = ""
    raw: bytes = b""
    home: Record | None = None
    """Where a held event itself stood, when ``record`` is the one that released it."""

    @property
    def is_event(self) -> bool:
        """True for another owner's event (or the skip of one), False for a command."""
        return self.seq > 0

    @property
    def awaited(self) -> bool:
        """Whether a person asked for it, or a department's own system: no service of ours for itself."""
        return _waits(self.actor)

    @property
    def place(self) -> tuple[str, int, int]:
        """Topic, partition and offset of the record that brings it about."""
        return self.record.topic, self.record.partition, self.record.offset


def instant(ms: int) -> datetime:
    """Milliseconds since 1970 as an aware UTC instant."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def body_hash(data: dict[str, Any]) -> str:
    """What tells two bodies under one idempotency key apart."""
    return hashlib.sha256(repr(sorted(data.items())).encode()).hexdigest()[:16]


def decode(record: Record, consumer: Consumer) -> Item | Bad | None:
    """Read one record alone; None for an event of a kind this consumer keeps nothing of, and for a mark in the log.

    Never raises: what cannot be read comes back as Bad with its reason; a command of which aggregate and id can be
    read as an item with its ``failure``, so that it has an outcome.
    """
    try:
        envelope = open_envelope(record.value, record.sha256)
    except Malformed as error:
        return Bad(record, str(error), source=_source_of(record, consumer))
    key = (record.key or b"").decode("utf-8", "replace")
    if key != envelope.subject:
        return _bad(
            record, envelope, f"the record's key {key[:60]!r} is not its subject {envelope.subject!r}"
        )
    try:
        if record.topic != consumer.commands_topic:
            return _event(record, envelope) if consumer.keeps(envelope.subject, record.topic) else None
        if envelope.type == HistoryEnded.type:
            return None
        if consumer.kind(envelope.subject) is not None:
            return _command(record, envelope, consumer)
        reason = f"{envelope.subject[:60]!r} is no aggregate of {consumer.service}"
    except ValidationError as error:
        reason = explain(error)
    except (ValueError, OverflowError) as error:  # Malformed, or an instant at the edge of the calendar
        reason = str(error)
    return _bad(record, envelope, f"{envelope.type}: {reason}")


def is_awaited(raw: Any, topic: str) -> bool:
    """The same of a record as the client hands it over, looked at and not checked; ``topic``: that of our commands."""
    if raw.topic != topic:
        return False
    try:
        return _waits(from_json(raw.value or b"")["actor"])
    except (ValueError, LookupError, TypeError, AttributeError):
        return False


def _waits(actor: str) -> bool:
    """Whether whoever acts so waits for an answer."""
    return bool(actor) and actor.partition(":")[0] not in OWN_ROLES


def _source_of(record: Record, consumer: Consumer) -> str:
    """Whose event it is, where it does not say so itself: it must be possible to discard it."""
    if record.topic == consumer.commands_topic:
        return ""
    return source_in(f"/{consumer.jurisdiction}/{record.topic.partition('.')[0]}", record.epoch)


def _bad(record: Record, envelope: Envelope, reason: str) -> Bad:
    return Bad(record, reason, envelope.subject, envelope.source, envelope.seq, envelope.type)


def _command(record: Record, envelope: Envelope, consumer: Consumer) -> Item:
    data, failure = None, ""
    try:
        data = _shape_of(envelope, consumer).model_validate(envelope.data, extra="ignore")
    except ValidationError as error:
        failure = f"{envelope.type}: {explain(error)}"
    except Malformed as error:
        failure = f"{envelope.type}: {error}"
    return Item(
        record,
        envelope.subject,
        envelope.id,
        envelope.type,
        instant(record.timestamp),
        data,
        actor=envelope.actor,
        digest=body_hash({**envelope.data, "": envelope.type}),
        failure=failure,
        raw=record.value or b"",
    )


def _shape_of(envelope: Envelope, consumer: Consumer) -> type[BaseModel]:
    """The class of a command that its aggregate takes; raises Malformed for another one."""
    control = CONTROL.get(envelope.type)
    if control is not None:
        return control
    kind, shape = consumer.kind(envelope.subject), COMMANDS.get(envelope.type)
    assert kind is not None, "decode asks for it first"
    if shape is None or shape not in kind.commands:
        raise Malformed(f"{consumer.service} takes no such command for a {kind.name}")
    return shape


def _event(record: Record, envelope: Envelope) -> Item:
    if envelope.seq < 1:
        raise Malformed("an event needs seq, 1 or more")
    if envelope.time is None:
        raise Malformed("an event needs time")
    return event_item(record, envelope)


def event_item(record: Record, envelope: Envelope) -> Item:
    """An event's envelope as an item; used again when a held one is released."""
    shape = EVENTS.get(envelope.type)
    data = None if shape is None else shape.read(envelope.data)
    assert envelope.time is not None
    return Item(
        record,
        envelope.subject,
        envelope.id,
        envelope.type,
        envelope.time.astimezone(UTC),
        data,
        seq=envelope.seq,
        topic=record.topic,
        source=envelope.source,
        seen=tuple(read_seen(envelope.seen).items()),
        follows=tuple(read_seen(envelope.follows).items()) if envelope.follows else (),
        unknown="" if shape else envelope.type,
        must_understand=envelope.mustunderstand,
        raw=record.value or b"",
    )
