"""The same work without our loop: what the plain ways decode, decide, write and publish for one record.

Nothing of the fold is used here, but the same room decides and every byte that is stored or published is the
same; ``check_same_work`` holds one beside the other and fails loudly when they differ.
"""

import hashlib
from typing import Any, NamedTuple

from shared.bus.fold import Aggregate
from shared.bus.records import Item, Record, body_hash, decode, instant
from shared.bus.room import Room
from shared.commands import RegisterIssue
from shared.envelope import SEQ_HEADER, SHA256_HEADER, Envelope, open_envelope, seal, time_text
from shared.moves import Change, Context
from shared.timers import deadline_string


class Published(NamedTuple):
    """One record to publish, with the headers that carry its hash and its place."""

    topic: str
    key: bytes
    value: bytes
    sha256: str
    seq: int

    def headers(self) -> dict[str, str]:
        """What stands beside the value."""
        return {SHA256_HEADER: self.sha256, SEQ_HEADER: str(self.seq)}


class Read(NamedTuple):
    """One record, decoded."""

    record: Record
    envelope: Envelope
    command: RegisterIssue


def read(record: Record) -> Read:
    """The same two pydantic models and the same hash as the loop's decode."""
    envelope = open_envelope(record.value, record.sha256)
    return Read(record, envelope, RegisterIssue.model_validate(envelope.data, extra="ignore"))


def settle(room: Room, found: Read, token: str) -> tuple[dict[str, Any], list[Published]]:
    """Decide a registration of a new issue; the document to insert and the records to publish."""
    record, envelope, command = found
    context = Context(envelope.subject, instant(record.timestamp), envelope.actor, envelope.id)
    change = room.commands[RegisterIssue](None, command, context)
    assert isinstance(change, Change)
    published: list[Published] = []
    last: dict[str, tuple[int, str]] = {}
    for event in change.events:
        seq, previous = last.get(event.topic, (0, ""))
        raw = seal(
            id=f"{event.topic}:{envelope.subject}:{seq + 1}", type=event.type, source=room.source,
            subject=envelope.subject, time=context.now, data=event.model_dump(mode="json"), cause=envelope.id,
            seq=seq + 1, previous=previous,
        )  # fmt: skip
        sha256 = hashlib.sha256(raw).hexdigest()
        last[event.topic] = (seq + 1, sha256)
        published.append(Published(event.topic, envelope.subject.encode(), raw, sha256, seq + 1))
    document = {
        "_id": envelope.subject,
        "v": 1,
        "token": token,
        "partition": record.partition,
        "state": change.state.model_dump(mode="json", exclude_defaults=True),
        "causes": [
            [
                envelope.id,
                body_hash({**envelope.data, "": envelope.type}),
                {"status": "done", **change.outcome},
            ]
        ],
        "seen": [],
        "out": [[topic, seq, sha256] for topic, (seq, sha256) in last.items()],
        "produced": [
            {
                "cause": envelope.id,
                "at": [record.topic, record.partition, record.offset],
                "raw": [
                    [out.topic, envelope.subject, out.value.decode(), None, out.seq] for out in published
                ],
            }
        ],
    }
    if (deadline := room.next_deadline(change.state)) is not None:
        document["deadline"] = deadline_string(record.partition, deadline.fire_at, envelope.subject)
        document["due"] = {"name": deadline.name, "at": time_text(deadline.at)}
    document["jurisdiction"] = room.jurisdiction
    return document, published


def check_same_work(room: Room, record: Record) -> tuple[int, int, list[int]]:
    """Fail unless the loop's fold and the plain work store and publish the same bytes for this record.

    Returns the sizes in bytes of the record, of the document as JSON and of each published record.
    """
    item = decode(record, room)
    assert isinstance(item, Item), item
    aggregate = Aggregate(room, item.subject, None, record.partition, room.service)
    aggregate.apply(item)
    ours = {**aggregate.document("token"), "jurisdiction": room.jurisdiction}
    plain, published = settle(room, read(record), "token")
    assert ours == plain, f"the documents differ:\n{ours}\n{plain}"
    sent = [(out.topic, out.key.encode(), out.value) for out in aggregate.outgoing]
    assert sent == [(out.topic, out.key, out.value) for out in published], "the published records differ"
    return len(record.value or b""), len(repr(plain).encode()), [len(out.value) for out in published]
