"""One aggregate of one consumer, played with the real ``apply``: records in, events and outcomes out, no Kafka."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.bus.apply import apply
from shared.bus.document import Stored, read_document, write_document
from shared.bus.effects import Applied, Scope
from shared.bus.records import Bad, Record, decode
from shared.contract.command import Command, FireDeadline
from shared.contract.envelope import Envelope, open_envelope, seal, sha256_of
from shared.contract.event import Event
from shared.contract.registry import EVENTS
from shared.domain.aggregates import Consumer
from shared.domain.decisions import Deadline
from shared.domain.reference import Reference
from tests.unit.reference import JURISDICTION, builtin_reference

MONDAY = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai, a working day
MOMENT = timedelta(milliseconds=1)


def after(days: float = 0, hours: float = 0) -> datetime:
    """An instant so long after Monday morning."""
    return MONDAY + timedelta(days=days, hours=hours)


class OneAggregate:
    """Its document is written and read again after every record, as the store would do it.

    ``events`` is everything it published, each once; whatever is published again must be the same record.
    """

    def __init__(self, consumer: Consumer, subject: str, reference: Reference | None = None) -> None:
        self.consumer, self.subject = consumer, subject
        kind = consumer.kind(subject)
        assert kind is not None
        self.kind = kind
        self.scope = Scope(consumer, reference or builtin_reference())
        self.stored: Stored | None = None
        self.events: list[Event] = []
        self.envelopes: dict[str, Envelope] = {}
        self.commands: dict[str, Envelope] = {}
        """What it asked of other aggregates of its service, each once."""
        self._sequences: Counter[str] = Counter()
        self._commands = 0

    @property
    def state(self) -> Any:
        """The state of the aggregate; None before there is one."""
        return read_document(self.kind, self.subject, 0, self.stored).state

    @property
    def deadline(self) -> Deadline | None:
        """The next deadline of its kind."""
        return self.kind.next_deadline(self.state)

    def command(self, command: Command | FireDeadline, at: datetime, actor: str, key: str = "") -> Record:
        """The record of one command; ``key`` is its id, another one each time where it is left out."""
        self._commands += 1
        raw = seal(
            id=key or f"command-{self._commands}",
            type=command.type,
            source=f"/{JURISDICTION}/test",
            subject=self.subject,
            time=at,
            data=command.model_dump(mode="json"),
            actor=actor,
        )
        timestamp = int(at.timestamp() * 1000)
        topic = self.consumer.commands_topic
        return Record(topic, 0, self._commands, timestamp, self.subject.encode(), raw)

    def event(self, event: Event, at: datetime, seen: str = "") -> Record:
        """The record of another owner's event, the next one in the sequence of its topic."""
        self._sequences[event.topic] += 1
        seq = self._sequences[event.topic]
        raw = seal(
            id=f"{event.topic}:{self.subject}:{seq}",
            type=event.type,
            source=f"/{JURISDICTION}/{event.topic.partition('.')[0]}",
            subject=self.subject,
            time=at,
            data=event.model_dump(mode="json"),
            seq=seq,
            seen=seen,
        )
        return Record(event.topic, 0, seq, 0, self.subject.encode(), raw, sha256_of(raw))

    def deliver(self, *records: Record) -> list[Event]:
        """Apply records one after another; returns what was published for the first time."""
        known = len(self.events)
        for record in records:
            self._apply(record)
        return self.events[known:]

    def take(self, event: Event, at: datetime, seen: str = "") -> list[Event]:
        """Deliver another owner's event."""
        return self.deliver(self.event(event, at, seen))

    def ask(self, command: Command, at: datetime, actor: str, key: str = "") -> dict[str, Any]:
        """Deliver a command; returns its outcome."""
        return self.answer(self.command(command, at, actor, key))

    def answer(self, record: Record) -> dict[str, Any]:
        """Deliver the record of a command, perhaps again; returns its outcome."""
        (answer,) = self._apply(record).answers
        return dict(answer.outcome)

    def fire(self, at: datetime, name: str | None = None) -> list[Event]:
        """A timer's command for the next deadline (or the named one), arriving at ``at``."""
        deadline = self.deadline or Deadline("none/1/due/1", at, at)
        request = FireDeadline(name=name or deadline.name, due_at=deadline.at)
        return self.deliver(self.command(request, at, "system:timer"))

    def _apply(self, record: Record) -> Applied:
        item = decode(record, self.consumer)
        assert item is not None
        assert not isinstance(item, Bad), item.reason
        applied = apply(self.scope, read_document(self.kind, self.subject, 0, self.stored), item)
        self.stored = write_document(applied.document, "token")
        for out in applied.outgoing:
            assert not out.topic.endswith(".dlq"), out.headers
            envelope = open_envelope(out.value)
            if out.topic == self.consumer.commands_topic:
                assert self.commands.setdefault(envelope.id, envelope) == envelope
                continue
            if envelope.id not in self.envelopes:
                self.events.append(EVENTS[envelope.type].read(envelope.data))
                self.envelopes[envelope.id] = envelope
            assert self.envelopes[envelope.id] == envelope
        return applied
