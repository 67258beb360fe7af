"""What a decision sends out: events in their sequence, orders, commands, dead letters; and what is kept of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from shared.bus.document import Document, Published, Sent
from shared.bus.records import Bad, Item, Outgoing, Record
from shared.contract.command import Command
from shared.contract.envelope import seal, sha256_of, write_seen
from shared.contract.event import Event, events_topic, orders_topic, reference_topic, source_in
from shared.domain.aggregates import Consumer
from shared.domain.decisions import FAN_OUT, Change, Context, Message
from shared.domain.reference import Reference


class Answer(NamedTuple):
    """What became of one command."""

    command: str
    subject: str
    outcome: Mapping[str, Any]
    record: Record
    digest: str = ""
    """Of the body that is answered: another body under the same id is answered otherwise."""
    published: Mapping[str, int] = {}
    """The number of the aggregate's newest event by then, by its source; empty where there is none."""


class Applied(NamedTuple):
    """The document after one record, what is to be published, and the answers to whoever asked."""

    document: Document
    outgoing: tuple[Outgoing, ...] = ()
    answers: tuple[Answer, ...] = ()


class Scope(NamedTuple):
    """What applying needs besides document and record: whose consumer this is, and the reference data."""

    consumer: Consumer
    reference: Reference
    patient: bool = True
    """Whether a version that is not known here stops the work (the caller catches up), or is a failure."""


def context_of(scope: Scope, document: Document, now: datetime, item: Item) -> Context:
    """What a decision may know: only a command has an actor."""
    actor = item.actor if not item.is_event else ""
    return Context(document.subject, now, scope.reference, actor, item.id, scope.consumer.jurisdiction)


def take(
    scope: Scope, document: Document, change: Change[Any], context: Context, outgoing: tuple[Outgoing, ...]
) -> tuple[Document, tuple[Outgoing, ...]]:
    """The document with the new state, and everything that goes out behind ``outgoing``, numbered per cause."""
    finished = change.state is not None and document.kind.finished(change.state)
    taken = document._replace(
        state=change.state,
        due=document.due if change.state is document.state else document.kind.next_deadline(change.state),
        finished_at=(document.finished_at or context.now) if finished else None,
    )
    if not change.messages:
        return taken, outgoing  # most reactions send nothing
    published, sending = dict(document.published), list(outgoing)
    seen = write_seen(
        {
            source: seq
            for (topic, source), seq in document.read.items()
            if topic == events_topic(source) and topic in scope.consumer.reads
        }
    )
    for message in change.messages:
        if isinstance(message.body, Command):
            sending.append(_command_for(scope, message, message.body, context, len(sending)))
        else:
            sending += _sealed_event(scope, published, message, message.body, context, seen)
    return taken._replace(published=published), tuple(sending)


def _command_for(scope: Scope, message: Message, body: Command, context: Context, number: int) -> Outgoing:
    raw = seal(
        id=f"{context.cause}>{number}",
        type=body.type,
        source=scope.consumer.source,
        subject=message.to,
        time=context.now,
        data=body,
        cause=context.cause,
        actor=FAN_OUT,
    )
    return Outgoing(scope.consumer.commands_topic, message.to, raw)


def _sealed_event(
    scope: Scope,
    published: dict[str, Published],
    message: Message,
    body: Event,
    context: Context,
    seen: str,
) -> list[Outgoing]:
    """One event at the next place of its topic, which ``published`` then knows; reference data on both topics."""
    topic = orders_topic(message.to, history=scope.consumer.history) if message.to else body.topic
    owner, epoch = scope.consumer.source, scope.consumer.epoch
    last = published.get(topic, Published(epoch=epoch))
    follows = "" if last.epoch == epoch else write_seen(last.of(owner))
    seq, previous = (1, "") if follows else (last.seq + 1, last.sha256)
    raw = seal(
        id=f"{topic}:{context.subject}:{source_in('', epoch)}{seq}",
        type=body.type,
        source=source_in(owner, epoch),
        subject=context.subject,
        time=context.now,
        data=body,
        cause=context.cause,
        seq=seq,
        previous=previous,
        seen=seen,
        follows=follows,
        mustunderstand=body.must_understand,
        department=message.to,
    )
    sha256 = sha256_of(raw)
    published[topic] = Published(seq, sha256, epoch)
    sealed = [Outgoing(topic, context.subject, raw, seq=seq, sha256=sha256, epoch=epoch)]
    if body.reference:
        key = f"{context.subject}@{body.version}"  # type: ignore[attr-defined]
        owners = reference_topic(scope.consumer.service)
        sealed.append(Outgoing(owners, key, raw, seq=seq, sha256=sha256, epoch=epoch))
    return sealed


def keep(document: Document, item: Item, outgoing: tuple[Outgoing, ...]) -> Document:
    """Keep what was produced until its cause can no longer come again."""
    if not outgoing:
        return document
    return document._replace(outbox=(*document.outbox, Sent(item.id, item.place, outgoing)))


def sent_for(document: Document, item: Item) -> tuple[Outgoing, ...]:
    """What this record brought about before, itself or by releasing held events; published once more."""
    return tuple(
        record
        for sent in document.outbox
        if sent.cause == item.id or sent.place == item.place
        for record in sent.records
    )


def dead_letter(item: Item, reason: str, group: str) -> Outgoing:
    """The dead letter of an item that was understood and could not be applied."""
    record = item.home or item.record._replace(value=item.raw)
    command = "" if item.is_event else item.id
    bad = Bad(record, reason, item.subject, item.source, item.seq, item.type, item.topic, command)
    return bad.dead_letter(group)
