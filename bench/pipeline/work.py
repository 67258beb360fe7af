"""The same work without our processor: what the plain ways decode, decide, write and publish for one record.

Nothing of the processor is used here, but the same decision is taken and every byte that is stored or published is
the same; ``check_same_work`` holds one beside the other and fails loudly when they differ.
"""

from typing import Any, NamedTuple

from bench.pipeline.consumer import INTAKE
from services.intake.issue.decisions import register
from shared.bus.apply import apply
from shared.bus.document import Document, write_document
from shared.bus.effects import Scope
from shared.bus.records import Item, Record, body_hash, decode, instant
from shared.contract.commands.intake import RegisterIssue
from shared.contract.envelope import (
    CONTENT_TYPE,
    CONTENT_TYPE_HEADER,
    SEQ_HEADER,
    SHA256_HEADER,
    Envelope,
    open_envelope,
    seal,
    sha256_of,
)
from shared.contract.event import Event
from shared.domain.decisions import Change, Context
from shared.domain.reference import Reference


class Published(NamedTuple):
    """One record to publish, with the headers that carry its hash and its place."""

    topic: str
    key: bytes
    value: bytes
    sha256: str
    seq: int

    def headers(self) -> dict[str, str]:
        """What stands beside the value."""
        return {CONTENT_TYPE_HEADER: CONTENT_TYPE, SHA256_HEADER: self.sha256, SEQ_HEADER: str(self.seq)}


class Read(NamedTuple):
    """One record, decoded."""

    record: Record
    envelope: Envelope
    command: RegisterIssue


def read(record: Record) -> Read:
    """The same two pydantic models and the same hash as the processor's decode."""
    envelope = open_envelope(record.value, record.sha256)
    return Read(record, envelope, RegisterIssue.model_validate(envelope.data, extra="ignore"))


def settle(reference: Reference, found: Read, token: str) -> tuple[dict[str, Any], list[Published]]:
    """Decide a registration of a new issue; the document to insert and the records to publish."""
    record, envelope, command = found
    subject = envelope.subject
    context = Context(subject, instant(record.timestamp), reference, envelope.actor, envelope.id)
    change = register(None, command, context)
    assert isinstance(change, Change)
    published: list[Published] = []
    last: dict[str, tuple[int, str]] = {}
    for message in change.messages:
        assert isinstance(message.body, Event)
        one = _sealed(message.body, context, *last.get(message.body.topic, (0, "")))
        last[one.topic] = (one.seq, one.sha256)
        published.append(one)
    digest = body_hash({**envelope.data, "": envelope.type})
    raws = [[one.topic, subject, one.value.decode(), None, one.seq] for one in published]
    document = {
        "_id": subject,
        "kind": "issue",
        "v": 1,
        "token": token,
        "partition": record.partition,
        "state": change.state.model_dump(mode="json", exclude_defaults=True),
        "inbox": [[envelope.id, digest, {"status": "done", **change.outcome}]],
        "published": [[topic, seq, sha256] for topic, (seq, sha256) in last.items()],
        "outbox": [[envelope.id, [record.topic, record.partition, record.offset], raws]],
        "jurisdiction": INTAKE.jurisdiction,
    }
    return document, published


def _sealed(event: Event, context: Context, last: int, previous: str) -> Published:
    """One event behind the last one of its topic."""
    raw = seal(
        id=f"{event.topic}:{context.subject}:{last + 1}",
        type=event.type,
        source=INTAKE.source,
        subject=context.subject,
        time=context.now,
        data=event.model_dump(mode="json"),
        cause=context.cause,
        seq=last + 1,
        previous=previous,
    )
    return Published(event.topic, context.subject.encode(), raw, sha256_of(raw), last + 1)


def check_same_work(reference: Reference, record: Record) -> tuple[int, int, list[int]]:
    """Fail unless our processor and the plain work store and publish the same bytes for this record.

    Returns the sizes in bytes of the record, of the document as text (about) and of each published record.
    """
    item = decode(record, INTAKE)
    assert isinstance(item, Item), item
    kind = INTAKE.kind(item.subject)
    assert kind is not None
    applied = apply(Scope(INTAKE, reference), Document(item.subject, kind, record.partition), item)
    ours = {**write_document(applied.document, "token"), "jurisdiction": INTAKE.jurisdiction}
    plain, published = settle(reference, read(record), "token")
    assert ours == plain, f"the documents differ:\n{ours}\n{plain}"
    assert list(ours) == list(plain), "the documents' fields stand in another order"
    sent = [(out.topic, out.key.encode(), out.value, out.wire_headers()) for out in applied.outgoing]
    assert sent == [(one.topic, one.key, one.value, one.headers()) for one in published], (
        "the published records differ"
    )
    return len(record.value or b""), len(repr(plain).encode()), [len(one.value) for one in published]
