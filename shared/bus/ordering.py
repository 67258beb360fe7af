"""Another owner's event in its turn: known ones are dropped, early ones held, and released when their turn has come."""

from dataclasses import replace

from shared.bus.document import Document, Held, Passed, Sent
from shared.bus.effects import Applied, Scope, context_of, dead_letter, keep, sent_for, take
from shared.bus.records import Bad, Item, Outgoing, Record, event_item
from shared.contract.envelope import open_envelope, time_text
from shared.contract.event import events_topic, owner_of
from shared.domain.reference import NotPublished

SKIPPED = "record.skipped"
"""What stands in the place of an event that an operator gave up."""
MOST_HELD_BYTES = 6 * 1024 * 1024
"""A document has 16 MB at most; what comes early beyond this is set aside instead of stopping the partition."""


def apply_event(scope: Scope, document: Document, item: Item) -> Applied:
    """Another owner's event: known, next, or early."""
    last = document.read.get((item.topic, item.source), 0)
    if item.seq <= last and not (item.data is not None and _was_passed(document, item)):
        return Applied(document, sent_for(document, item))
    if _is_early(scope, document, item):
        return _hold(scope, document, item)
    after, outgoing = _react(scope, document, item)
    return _release(scope, Applied(after, outgoing), item.record)


def _is_early(scope: Scope, document: Document, item: Item) -> bool:
    """Whether its predecessor, or something its producer had read, has not come here yet."""
    if item.seq > document.read.get((item.topic, item.source), 0) + 1:
        return True
    if item.unknown and item.must_understand:
        return True  # an upgrade releases it
    if item.follows and any(document.read.get((item.topic, source), 0) < seq for source, seq in item.follows):
        return True
    return any(
        (topic := events_topic(source)) in scope.consumer.reads
        and document.read.get((topic, source), 0) < seq
        for source, seq in item.seen
    )


def _was_passed(document: Document, item: Item) -> bool:
    """Whether this event was passed over, because its type was not known then."""
    return any(
        (passed.topic, passed.source, passed.seq) == (item.topic, item.source, item.seq)
        for passed in document.passed
    )


def _react(scope: Scope, document: Document, item: Item) -> tuple[Document, tuple[Outgoing, ...]]:
    """React to an event whose turn it is; of an unknown type its place in the sequence is taken and remembered."""
    document = document._replace(read=_positions(scope, document, item), passed=_passed(document, item))
    react = document.kind.events.get(type(item.data))  # type: ignore[arg-type]
    if react is None:
        return document, ()
    context = context_of(scope, document, item.now, item)
    if (change := react(document.state, item.data, context)) is None:
        return document, ()
    document, outgoing = take(scope, document, change, context, ())
    return keep(document, item, outgoing), outgoing


def _positions(scope: Scope, document: Document, item: Item) -> dict[tuple[str, str], int]:
    """The read positions behind this event. What its producer had read of topics that are not read here counts too:
    a version that reads one of them begins behind it, and not with what this aggregate is long past."""
    read = dict(document.read)
    own = (item.topic, item.source)
    read[own] = max(item.seq, read.get(own, 0))
    for source, seq in item.seen:
        other = (events_topic(source), source)
        if other[0] not in scope.consumer.reads and owner_of(source) != scope.consumer.source:
            read[other] = max(seq, read.get(other, 0))
    return read


def _passed(document: Document, item: Item) -> tuple[Passed, ...]:
    """What was passed over, with or, once it is known, without this event."""
    place = (item.topic, item.source, item.seq)
    others = tuple(one for one in document.passed if (one.topic, one.source, one.seq) != place)
    if item.unknown in ("", SKIPPED):
        return others
    return (*others, Passed(*place, item.unknown, *_stood(item)))


def _stood(item: Item) -> tuple[int, int, str]:
    """Partition and offset of the record in which this event came, and its topic where that is not the event's own."""
    stood = item.home or item.record
    return stood.partition, stood.offset, "" if stood.topic == item.topic else stood.topic


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
        *_stood(item),
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
    topic = held.on or held.topic
    place = Record(topic, held.partition, held.offset, record.timestamp, document.subject.encode(), held.raw)
    its_type = ""
    try:
        envelope = open_envelope(held.raw)
        its_type = envelope.type
        item = event_item(place, envelope)
        item = replace(item, topic=held.topic, record=record, home=place)
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
        bad = Bad(place, reason, document.subject, held.source, held.seq, its_type, held.topic)
        lost = bad.dead_letter(scope.consumer.service)
        sent = Sent(bad.origin, (record.topic, record.partition, record.offset), (lost,))
        return Applied(without._replace(outbox=(*without.outbox, sent)), (lost,))
