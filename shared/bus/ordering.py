"""Another owner's event in its turn: known ones are dropped, early ones held, and released when their turn has come."""

from dataclasses import replace

from shared.bus.document import Document, Held, Sent
from shared.bus.effects import Applied, Scope, context_of, dead_letter, keep, sent_for, take
from shared.bus.records import Bad, Item, Outgoing, Record, event_item
from shared.contract.envelope import open_envelope, time_text
from shared.contract.event import events_topic
from shared.domain.reference import NotPublished

MOST_HELD_BYTES = 6 * 1024 * 1024
"""A document has 16 MB at most; what comes early beyond this is set aside instead of stopping the partition."""


def apply_event(scope: Scope, document: Document, item: Item) -> Applied:
    """Another owner's event: known, next, or early."""
    last = document.read.get((item.topic, item.source), 0)
    if item.seq <= last:
        return Applied(document, sent_for(document, item))
    if _is_early(scope, document, item):
        return _hold(scope, document, item)
    after, outgoing = _react(scope, document, item)
    return _release(scope, Applied(after, outgoing), item.record)


def _is_early(scope: Scope, document: Document, item: Item) -> bool:
    """Whether its predecessor, or something its producer had read, has not come here yet."""
    if item.seq > document.read.get((item.topic, item.source), 0) + 1:
        return True
    return any(
        (topic := events_topic(source)) in scope.consumer.reads
        and document.read.get((topic, source), 0) < seq
        for source, seq in item.seen
    )


def _react(scope: Scope, document: Document, item: Item) -> tuple[Document, tuple[Outgoing, ...]]:
    """React to an event whose turn it is; of an unknown type only its place in the sequence is taken."""
    document = document._replace(read={**document.read, (item.topic, item.source): item.seq})
    react = document.kind.events.get(type(item.data))  # type: ignore[arg-type]
    if react is None:
        return document, ()
    context = context_of(scope, document, item.now, item)
    if (change := react(document.state, item.data, context)) is None:
        return document, ()
    document, outgoing = take(scope, document, change, context, ())
    return keep(document, item, outgoing), outgoing


def _hold(scope: Scope, document: Document, item: Item) -> Applied:
    if any(
        (held.topic, held.source, held.seq) == (item.topic, item.source, item.seq) for held in document.held
    ):
        return Applied(document)
    if sum(len(held.raw) for held in document.held) + len(item.raw) > MOST_HELD_BYTES:
        reason = f"this aggregate holds {len(document.held)} events already; hand it in again later"
        return Applied(document, (dead_letter(item, reason, scope.consumer.service),))
    held = Held(
        item.topic,
        item.source,
        item.seq,
        time_text(item.now),
        item.raw,
        item.record.partition,
        item.record.offset,
    )
    return Applied(document._replace(held=(*document.held, held)))


def _release(scope: Scope, applied: Applied, record: Record) -> Applied:
    """Apply held events whose turn has come; what they produce carries the releasing record's place."""
    moved = True
    while moved and applied.document.held:
        moved = False
        for held in sorted(applied.document.held, key=lambda held: held.seq):
            document = applied.document
            if held.seq > document.read.get((held.topic, held.source), 0) + 1:
                continue
            released = _release_one(scope, document, held, record)
            if released is not None:
                moved = True
                applied = Applied(released.document, applied.outgoing + released.outgoing)
    return applied


def _release_one(scope: Scope, document: Document, held: Held, record: Record) -> Applied | None:
    """One held event applied, dropped as known, or set aside; None when its turn has not come."""
    without = document._replace(held=tuple(other for other in document.held if other is not held))
    place = Record(
        held.topic, held.partition, held.offset, record.timestamp, document.subject.encode(), held.raw
    )
    try:
        item = replace(event_item(place, open_envelope(held.raw)), record=record, home=place)
        if item.seq <= document.read.get((item.topic, item.source), 0):
            return Applied(without)
        if _is_early(scope, document, item):
            return None
        return Applied(*_react(scope, without, item))
    except Exception as error:
        if scope.patient and isinstance(error, NotPublished):
            raise
        # It is not delivered again by itself, so its dead letter goes through the outbox.
        reason = f"handler failed: {type(error).__name__}: {error}"
        bad = Bad(place, reason, document.subject, held.source, held.seq, topic=held.topic)
        lost = bad.dead_letter(scope.consumer.service)
        sent = Sent(bad.origin, (record.topic, record.partition, record.offset), (lost,))
        return Applied(without._replace(outbox=(*without.outbox, sent)), (lost,))
