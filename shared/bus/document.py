"""The document of one aggregate: everything that one atomic write must make true together (docs/decisions/0002).

As the store holds it:

    _id, kind, v, token, partition   whose it is; the version ``v`` is the fence between two workers; ``token`` says
                                     which of them wrote it, and which write that was
    state                            the aggregate's state as JSON values; none for a stub that only remembers refusals
    deadline, due                    index string ``<partition>|<fire-at>|<hash>``; {name, at} of the next deadline
    inbox                            [id, body hash, outcome] of the newest commands, refusals and failures included
    older                            how many commands' outcomes stand in documents of their own by now
    read                             [topic, source, last sequence applied] of the other owners' events
    passed                           [topic, source, seq, type, partition, offset, on] of events of types unknown so far
    published                        [topic, last sequence, SHA-256] of the events of this aggregate, and behind these
                                     the epoch, where they were published after a restore
    outbox                           what recent records produced, to be sent again on redelivery
    held, held_since                 events that came before their predecessor; they never expire
    finished_at                      since when nothing is expected of it any more; a day later the outbox is swept

An old outcome is a document of its own, ``_id`` ``<subject>|<command's id>``, kind ``outcome``: written once, before
the version of the aggregate that leaves it out, and holding only what a stored version held (docs/decisions/0016).
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from pydantic import BaseModel

from shared.bus.own_offsets import OwnOffsets
from shared.bus.records import Outgoing
from shared.contract.envelope import time_text
from shared.contract.event import events_topic, source_in
from shared.deadlines import SWEEP, deadline_string, fire_at_of, is_sweep
from shared.domain.aggregates import AggregateType
from shared.domain.decisions import Deadline, Reason

OUTCOME = "outcome"
"""The kind of the documents that hold old outcomes."""
MOST_REMEMBERED, MOVED_AT_ONCE = 500, 100
"""How many outcomes stay in the document itself, and how many more there must be before the oldest move out."""
GIVEN_UP_UNREAD = ""
"""In place of the body's hash, of a command that was given up before its aggregate knew of it."""
SWEEP_AFTER = timedelta(days=1)

FIELDS = frozenset(
    (
        *(
            "_id",
            "kind",
            "v",
            "token",
            "jurisdiction",
            "partition",
            "state",
            "deadline",
            "due",
            "inbox",
            "older",
            "read",
        ),
        *(
            "passed",
            "published",
            "outbox",
            "held",
            "held_since",
            "finished_at",
            "sweeps",
        ),
    )
)
"""Every field of the layout above."""
Outcome = Mapping[str, Any]
Place = tuple[str, int, int]
Stored = dict[str, Any]


class Remembered(NamedTuple):
    """One command that was answered: the hash of its body, and what became of it."""

    digest: str
    outcome: Outcome

    def is_of(self, digest: str) -> bool:
        """Whether this is the outcome of that body, and not of another one under the same id."""
        return self.digest in (digest, GIVEN_UP_UNREAD)

    @property
    def unsettled(self) -> bool:
        """Whether an operator has still to hand it in again or to give it up."""
        return self.outcome.get("reason") == Reason.FAILED


class Passed(NamedTuple):
    """One event of a type that this version did not know, and the record it stood in: an upgrade reads it again."""

    topic: str
    source: str
    seq: int
    type: str
    partition: int
    offset: int
    on: str = ""
    """The topic of that record, where it is another one: an event that was handed in stands within a command."""


class Published(NamedTuple):
    """The last event of one aggregate on one topic: its number, its SHA-256, and in which epoch it has that number."""

    seq: int = 0
    sha256: str = ""
    epoch: int = 0

    def of(self, owner: str) -> dict[str, int]:
        """The same as whoever has read so far says it: how the owner signed it then -> its number."""
        return {source_in(owner, self.epoch): self.seq}


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
    on: str = ""
    """The topic of the record it stood in, where that is another one."""


class Document(NamedTuple):
    """One aggregate as this worker knows it; every change makes a new value."""

    subject: str
    kind: AggregateType
    partition: int
    version: int = 0
    state: BaseModel | None = None
    due: Deadline | None = None
    """The next deadline of its state; counted when the state changes, so that a rule that fails fails there."""
    inbox: Mapping[str, Remembered] = {}
    older: int = 0
    moved: Mapping[str, Remembered] = {}
    """Outcomes that are known to this batch and stand outside of the document."""
    read: Mapping[tuple[str, str], int] = {}
    passed: tuple[Passed, ...] = ()
    published: Mapping[str, Published] = {}
    outbox: tuple[Sent, ...] = ()
    held: tuple[Held, ...] = ()
    finished_at: datetime | None = None
    sweeps: int = 0
    rest: Mapping[str, Any] = {}
    """What a newer version keeps here; this one carries it on (docs/upgrade.md)."""

    def next_deadline(self) -> Deadline | None:
        """The earliest instant at which this aggregate must move: its kind's, or the sweep."""
        if self.due is not None:
            return self.due
        return self.sweep() if self.outbox else None

    def sweep(self) -> Deadline | None:
        """When what it kept for sending again is forgotten: a day after it finished, and each day after that."""
        if self.finished_at is None:
            return None
        at = self.finished_at + SWEEP_AFTER * (self.sweeps + 1)
        return Deadline(f"{SWEEP}/{self.sweeps + 1}/due/1", at, at)

    def known(self, command: str) -> Remembered | None:
        """What became of a command; None for one that was never decided on, as far as this batch has asked."""
        return self.inbox.get(command) or self.moved.get(command)


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
        state=None if state is None else kind.state.model_validate(state, extra="allow"),
        due=_due(found),
        inbox={id: Remembered(digest, outcome) for id, digest, outcome in found.get("inbox", ())},
        older=found.get("older", 0),
        passed=tuple(Passed(*entry) for entry in found.get("passed", ())),
        read={(topic, source): seq for topic, source, seq in found.get("read", ())},
        published={topic: Published(*last) for topic, *last in found.get("published", ())},
        outbox=tuple(_sent(entry) for entry in found.get("outbox", ())),
        held=tuple(_held(entry) for entry in found.get("held", ())),
        finished_at=_instant(found.get("finished_at")),
        sweeps=found.get("sweeps", 0),
        rest={name: found[name] for name in found.keys() - FIELDS},
    )


def write_document(document: Document, token: str) -> Stored:
    """The next version, ready to be written over the one that was read; empty parts are left out."""
    state = document.state
    stored: Stored = {
        **document.rest,
        "_id": document.subject,
        "kind": document.kind.name,
        "v": document.version + 1,
        "token": token,
        "partition": document.partition,
        "state": None if state is None else state.model_dump(mode="json", exclude_defaults=True),
        "inbox": [[id, known.digest, known.outcome] for id, known in document.inbox.items()],
        "older": document.older,
        "passed": [list(passed) for passed in document.passed],
        "read": [[topic, source, seq] for (topic, source), seq in document.read.items()],
        "published": [
            [topic, *(last if last.epoch else last[:-1])] for topic, last in document.published.items()
        ],
        "outbox": [_stored(sent) for sent in document.outbox],
        "held": [[*held[:4], held.raw.decode(), *held[5:]] for held in document.held],
        "held_since": min((held.since for held in document.held), default=None),
        "finished_at": _text(document.finished_at),
        "sweeps": document.sweeps,
    }
    if (deadline := document.next_deadline()) is not None:
        stored["deadline"] = deadline_string(document.partition, deadline.fire_at, document.subject)
        stored["due"] = {"name": deadline.name, "at": time_text(deadline.at)}
    return {name: value for name, value in stored.items() if value or name in ("state", "partition")}


def forget_published(
    document: Document, committed: Mapping[tuple[str, int], int], but: tuple[Sent, ...] = ()
) -> Document:
    """Without outbox entries whose record lies below the committed offset of its partition: they were published."""
    if not document.outbox:
        return document
    kept = tuple(
        sent
        for sent in document.outbox
        if sent.place[2] >= committed.get((sent.place[0], sent.place[1]), -1) or sent in but
    )
    return document if len(kept) == len(document.outbox) else document._replace(outbox=kept)


def unpublished(document: Document, found: Stored | None, token: str, own: OwnOffsets) -> tuple[Sent, ...]:
    """What may never have been published: what one worker wrote for a record that another one committed.

    ``token`` is of this worker, and ``own`` are the records that it commits itself.
    """
    if not document.outbox or found is None:
        return ()
    is_ours = _writer(found["token"]) == _writer(token)
    return tuple(sent for sent in document.outbox if (sent.place in own) is not is_ours)


def take_over(document: Document, found: tuple[Sent, ...], place: Place) -> Document:
    """With these entries of its outbox as if the record at this place had brought them about."""
    if not found:
        return document
    return document._replace(
        outbox=tuple(sent._replace(place=place) if sent in found else sent for sent in document.outbox)
    )


def _writer(token: str) -> str:
    """Of ``<writer>/<number>``."""
    return token.rpartition("/")[0]


def _sent(entry: list[Any]) -> Sent:
    cause, place, raws = entry
    records = tuple(
        Outgoing(topic, key, raw.encode(), headers, seq, epoch=sum(epoch))
        for topic, key, raw, headers, seq, *epoch in raws
    )
    return Sent(cause, (place[0], place[1], place[2]), records)


def _held(entry: list[Any]) -> Held:
    topic, source, seq, since, raw, *stood = entry
    return Held(topic, source, seq, since, raw.encode(), *stood)


def _stored(sent: Sent) -> list[Any]:
    raws = [
        [one.topic, one.key, one.value.decode(), one.headers, one.seq, *((one.epoch,) if one.epoch else ())]
        for one in sent.records
    ]
    return [sent.cause, list(sent.place), raws]


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _text(at: datetime | None) -> str | None:
    return None if at is None else time_text(at)


def move_old(document: Document) -> tuple[Document, tuple[Stored, ...]]:
    """The document as it was read without its oldest outcomes, and these as documents of their own.

    Written before the next version of the document. What still waits for an operator moves last.
    """
    most = min(MOST_REMEMBERED, document.kind.remembers or MOST_REMEMBERED)
    if len(document.inbox) < most + MOVED_AT_ONCE:
        return document, ()
    settled_first = sorted(document.inbox, key=lambda id: document.inbox[id].unsettled)
    moving = {id: document.inbox[id] for id in settled_first[: len(document.inbox) - most]}
    stored = tuple(
        {
            "_id": outcome_id(document.subject, id),
            "kind": OUTCOME,
            "v": 1,
            "partition": document.partition,
            "digest": known.digest,
            "outcome": known.outcome,
        }
        for id, known in moving.items()
    )
    staying = {id: known for id, known in document.inbox.items() if id not in moving}
    older = document.older + len(moving)
    return document._replace(inbox=staying, older=older, moved={**document.moved, **moving}), stored


def newest_event(found: Mapping[str, Any] | None, owner: str) -> dict[str, int]:
    """The number of the newest event that this aggregate, as stored, has published of its own, by its source."""
    published = () if found is None else found.get("published", ())
    own = (Published(*last) for topic, *last in published if topic == events_topic(owner))
    return next((last.of(owner) for last in own), {})


def outcome_id(subject: str, command: str) -> str:
    """The ``_id`` of the document that holds the old outcome of one command."""
    return f"{subject}|{command}"


def with_old(document: Document, commands: Iterable[str], stored: Mapping[str, Stored]) -> Document:
    """The document together with the old outcomes of these commands, as far as the store has them."""
    if not document.older:
        return document
    found = ((command, stored.get(outcome_id(document.subject, command))) for command in commands)
    moved = {command: Remembered(old["digest"], old["outcome"]) for command, old in found if old is not None}
    return document._replace(moved=moved)


def _due(found: Stored) -> Deadline | None:
    """The kind's own next deadline as it was stored; a sweep follows from the document itself."""
    due = found.get("due")
    if due is None or is_sweep(due["name"]):
        return None
    at = datetime.fromisoformat(due["at"]).astimezone(UTC)
    return Deadline(due["name"], at, fire_at_of(found["deadline"]))
