"""One aggregate of a batch: its stored document and its records become its next version. Pure functions, no I/O."""

from collections.abc import Callable, Mapping
from functools import partial
from itertools import chain
from typing import NamedTuple

from shared.bus.apply import FAILED, answer, apply, commands_of, lost_record, set_aside
from shared.bus.document import (
    Document,
    Sent,
    Stored,
    forget_published,
    move_old,
    read_document,
    take_over,
    unpublished,
    with_old,
    write_document,
)
from shared.bus.effects import Answer, Applied, Scope
from shared.bus.handled import Handled, all_lost, handled
from shared.bus.own_offsets import OwnOffsets
from shared.bus.records import Item, Outgoing
from shared.contract.event import events_topic
from shared.domain.aggregates import AggregateType
from shared.domain.reference import NotPublished

Step = Callable[[Scope, Document, Item], Applied]


class Decided(NamedTuple):
    """One aggregate after its records of this batch; ``stored`` is its next version, None where nothing changed."""

    applied: Applied
    stored: Stored | None
    moved: tuple[Stored, ...] = ()
    """Old outcomes that this version leaves out."""
    handled: tuple[Handled, ...] = ()
    """What became of each record, in order."""


def decide(
    scope: Scope,
    subject: str,
    items: list[Item],
    stored: Mapping[str, Stored],
    committed: Mapping[tuple[str, int], int],
    own: OwnOffsets,
    token: str,
    reason: str = "",
) -> Decided:
    """Apply the records of one aggregate in order; with a ``reason`` set each of them aside.

    A document that this version cannot read or write sets its records aside. Raises NotPublished where the scope is
    patient, and nothing else. ``own``: the records that this worker has committed, or is to commit. What somebody else
    wrote for one of them is sent once more, and kept until that is committed (docs/decisions/0068).
    """
    found = stored.get(subject)
    try:
        read = read_document(_kind(scope, subject), subject, items[0].record.partition, found)
        before, moved = move_old(with_old(read, chain.from_iterable(map(commands_of, items)), stored))
        taken_over = unpublished(before, found, token, own)
        before = forget_published(before, committed, but=taken_over)
    except Exception as error:
        return _lost(scope, subject, items, _failure(error))
    steps = (partial(set_aside, reason=reason),) if reason else (apply, partial(_apply_if_writable, token))
    for step in steps:
        try:
            return _decided(scope, before, items, moved, token, step, taken_over)
        except NotPublished:
            raise
        except Exception as error:
            reason = _failure(error)
    return _lost(scope, subject, items, reason)


def _lost(scope: Scope, subject: str, items: list[Item], reason: str) -> Decided:
    return Decided(unstored(scope, subject, items, reason), None, handled=tuple(all_lost(items)))


def _apply_if_writable(token: str, scope: Scope, document: Document, item: Item) -> Applied:
    """Apply one record; where the document could not be written after it, this one alone is set aside."""
    after = apply(scope, document, item)
    try:
        write_document(after.document, token)
    except Exception as error:
        return set_aside(scope, document, item, _failure(error))
    return after


def unstored(scope: Scope, subject: str, items: list[Item], reason: str) -> Applied:
    """Every record of one aggregate as a dead letter of which nothing can be stored; the batch goes on."""
    empty = Document(subject, _kind(scope, subject), items[0].record.partition)
    lost = tuple(lost_record(scope, empty, item, reason) for item in items)
    return Applied(empty, lost, tuple(answer(item, FAILED) for item in items if not item.is_event))


def _decided(
    scope: Scope,
    before: Document,
    items: list[Item],
    moved: tuple[Stored, ...],
    token: str,
    step: Step,
    taken_over: tuple[Sent, ...],
) -> Decided:
    """The document after each of its records, and its next version if it changed, or something is taken over."""
    document, changed = before, bool(taken_over)
    again = _sent_before(before, items, taken_over)
    outgoing = [*again]
    answers: list[Answer] = []
    done: list[Handled] = []
    own_events = events_topic(scope.consumer.source)
    for item in items:
        after = step(scope, document, item)
        changed = changed or after.document is not document
        done.append(handled(document, item, after, scope.consumer.dead_letters_topic))
        document = after.document
        outgoing += (one for one in after.outgoing if one not in again) if again else after.outgoing
        newest = document.published.get(own_events)
        published = {} if newest is None else newest.of(scope.consumer.source)
        answers += [one._replace(published=published) for one in after.answers]
    applied = Applied(document, tuple(outgoing), tuple(answers))
    if not changed:
        return Decided(applied, None, handled=tuple(done))
    written = write_document(take_over(document, taken_over, items[0].place), token)
    return Decided(applied, written, moved, tuple(done))


def _sent_before(document: Document, items: list[Item], taken_over: tuple[Sent, ...]) -> list[Outgoing]:
    """What goes out once more, whatever becomes of these records: what is taken over, and what stands at their places,
    for there it may have been taken over before."""
    if not document.outbox:
        return []
    places = {item.place for item in items}
    return [
        record
        for sent in document.outbox
        if sent in taken_over or sent.place in places
        for record in sent.records
    ]


def _kind(scope: Scope, subject: str) -> AggregateType:
    kind = scope.consumer.kind(subject)
    assert kind is not None, "decode lets nothing else through"
    return kind


def _failure(error: Exception) -> str:
    return f"document failed: {type(error).__name__}: {error}"
