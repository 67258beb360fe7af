"""Applying: a document and one record become the next document and what goes out. Pure functions, no I/O.

Whatever a handler raises, the document stays as it was and the record becomes a dead letter: a bug never stops a
partition. Only NotPublished goes on to the caller, which catches up with the reference data and applies again.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from shared.bus.document import STUB_DEADLINE, SWEEP, Document, Remembered
from shared.bus.effects import Answer, Applied, Scope, context_of, dead_letter, keep, sent_for, take
from shared.bus.ordering import apply_event
from shared.bus.records import Bad, Item, Outgoing, Record, decode, event_item
from shared.contract.command import FireDeadline, Redeliver, Skip
from shared.contract.envelope import Envelope
from shared.domain.decisions import Change, Reason, Refusal
from shared.domain.reference import NotPublished

FAILED = {
    "status": "refused",
    "reason": Reason.FAILED.value,
    "detail": "this command failed and was set aside; an operator can hand it in again",
}
MOST_REMEMBERED = 1000
"""How many commands an aggregate remembers with their outcomes; no issue comes near, a department's would grow."""
STUB_DAYS = 7
KEPT = ("status", "state", "reason", "number", "id", "due_at", "due_on")
"""What a swept outcome still says."""


def apply(scope: Scope, document: Document, item: Item) -> Applied:
    """Apply one record, whole or not at all. Raises NotPublished where the scope is patient, and nothing else."""
    try:
        return _apply(scope, document, item)
    except Exception as error:
        if scope.patient and isinstance(error, NotPublished):
            raise
        return set_aside(scope, document, item, f"handler failed: {type(error).__name__}: {error}")


def set_aside(scope: Scope, document: Document, item: Item, reason: str) -> Applied:
    """Make a dead letter of a record that was not applied, and tell who asked.

    Of a dead letter that was handed in again it is made of what was handed in, so that it does not nest.
    """
    group = scope.consumer.service
    if isinstance(item.data, Redeliver):
        again = _handed_in(scope, document, item, item.data)
        if not isinstance(again, Item):
            bad = Bad(_as_it_was(item, item.data), reason, document.subject, topic=item.data.topic)
            return Applied(document, (bad.dead_letter(group),))
        item = again
    answers = () if item.is_event else (answer(item, FAILED),)
    return Applied(document, (dead_letter(item, reason, group),), answers)


def _apply(scope: Scope, document: Document, item: Item) -> Applied:
    match item.data:
        case Redeliver() as request:
            return _redeliver(scope, document, item, request)
        case Skip() as skip:
            return apply_event(scope, document, _skipped(item, skip))
        case FireDeadline() as request:
            return _fire(scope, document, item, request)
    return apply_event(scope, document, item) if item.is_event else _command(scope, document, item)


def _command(scope: Scope, document: Document, item: Item) -> Applied:
    """Decide on a command, once: the cause is looked up before the move is judged."""
    if (known := document.inbox.get(item.id)) is not None:
        same = known.digest == item.digest
        outcome = known.outcome if same else refused(Refusal(Reason.ID_REUSED, "same id, other body"))
        return Applied(document, sent_for(document, item), (answer(item, outcome),))
    before, outgoing = _expire_before(scope, document, item)
    context = context_of(scope, document, item.now, item)
    decision = document.kind.commands[type(item.data)](before.state, item.data, context)  # type: ignore[index]
    change: Change[Any]
    if isinstance(decision, Refusal):
        tell = document.kind.refused
        messages = () if tell is None else tell(before.state, item.data, context, decision)
        change, outcome = Change(before.state, messages), refused(decision)
    else:
        change, outcome = decision, {"status": "done", **decision.outcome}
    after, outgoing = take(scope, before, change, context, outgoing)
    after = _remember(keep(after, item, outgoing), item, outcome)
    return Applied(after, outgoing, (answer(item, outcome),))


def _expire_before(scope: Scope, document: Document, item: Item) -> tuple[Document, tuple[Outgoing, ...]]:
    """Fire what was over before this command came, where that depends on our own commands alone."""
    outgoing: tuple[Outgoing, ...] = ()
    kind = document.kind
    while kind.deadlines is not None and kind.deadlines_first:
        deadline = kind.next_deadline(document.state)
        if deadline is None or deadline.at >= item.now:
            break
        context = context_of(scope, document, deadline.at, item)
        change = kind.deadlines.expire(document.state, deadline, context)
        if change.state == document.state:
            raise RuntimeError(f"deadline {deadline.name} was fired and is still the next one")
        document, outgoing = take(scope, document, change, context, outgoing)
    return document, outgoing


def _fire(scope: Scope, document: Document, item: Item, request: FireDeadline) -> Applied:
    """Fire the named deadline if it is still the next one and due; else the request is void."""
    if again := sent_for(document, item):
        return Applied(document, again, (answer(item, {"status": "done"}),))
    is_sweep = request.name.startswith(f"{SWEEP}/")
    # What a sweep is for is gone from this document already: it is forgotten as soon as the document is read.
    deadline = document.sweep() if is_sweep else document.next_deadline()
    if deadline is None or deadline.name != request.name or item.now < deadline.fire_at:
        return Applied(document, (), (answer(item, {"status": "void"}),))  # stopped, moved, or sent twice
    outgoing: tuple[Outgoing, ...] = ()
    if request.name == STUB_DEADLINE:
        after = document._replace(inbox={}, forget_at=None)
    elif is_sweep:
        after = document._replace(sweeps=document.sweeps + 1, inbox=_swept(document.inbox))
    else:
        after, outgoing = _expire(scope, document, item)
    status = "void" if after is document else "done"
    return Applied(after, outgoing, (answer(item, {"status": status}),))


def _expire(scope: Scope, document: Document, item: Item) -> tuple[Document, tuple[Outgoing, ...]]:
    kind, deadline = document.kind, document.kind.next_deadline(document.state)
    assert kind.deadlines is not None and deadline is not None
    if document.held and kind.deadlines.wait_for:
        return document, ()  # what is held may be the very event that stops it; the auditor asks again
    # A deadline that rests on our own commands alone happened when it was due, however late we come to it.
    context = context_of(scope, document, deadline.at if kind.deadlines_first else item.now, item)
    change = kind.deadlines.expire(document.state, deadline, context)
    after, outgoing = take(scope, document, change, context, ())
    return keep(after, item, outgoing), outgoing


def _redeliver(scope: Scope, document: Document, item: Item, request: Redeliver) -> Applied:
    """Apply a dead letter that was handed in again."""
    again = _handed_in(scope, document, item, request)
    if isinstance(again, Bad):
        reason = f"handed in again: {again.reason.removeprefix('handed in again: ')}"
        bad = replace(again, record=_as_it_was(item, request), reason=reason, topic=request.topic)
        return Applied(document, (bad.dead_letter(scope.consumer.service),))
    return Applied(document) if again is None else apply(scope, document, again)


def _handed_in(scope: Scope, document: Document, item: Item, request: Redeliver) -> Item | Bad | None:
    """A dead letter read as if it came now, from the topic it first stood on."""
    record = _as_it_was(item, request)._replace(topic=request.topic, key=document.subject.encode())
    again = decode(record._replace(sha256=None), scope.consumer)
    return replace(again, record=item.record) if isinstance(again, Item) else again


def _as_it_was(item: Item, request: Redeliver) -> Record:
    """The raw record, not the request around it, at the place where it was handed in."""
    return item.record._replace(value=request.value.encode(), seq=request.seq)


def refused(refusal: Refusal) -> dict[str, Any]:
    """A refusal as the outcome that is remembered and answered."""
    outcome: dict[str, Any] = {"status": "refused", "reason": refusal.reason.value, "detail": refusal.detail}
    return outcome | ({"legal": list(refusal.legal)} if refusal.legal else {})


def _remember(document: Document, item: Item, outcome: Mapping[str, Any]) -> Document:
    inbox = {**document.inbox, item.id: Remembered(item.digest, outcome)}
    if len(inbox) > MOST_REMEMBERED:
        del inbox[next(iter(inbox))]
    forget_at = item.now + timedelta(days=STUB_DAYS) if document.state is None else document.forget_at
    return document._replace(inbox=inbox, forget_at=forget_at)


def answer(item: Item, outcome: Mapping[str, Any]) -> Answer:
    """What whoever sent this command is told."""
    return Answer(item.id, item.subject, outcome, item.record)


def _swept(inbox: Mapping[str, Remembered]) -> dict[str, Remembered]:
    """The commands of a finished aggregate: known for life, with what became of them, but without its details."""
    return {
        id: known._replace(outcome={name: known.outcome[name] for name in KEPT if name in known.outcome})
        for id, known in inbox.items()
    }


def _skipped(item: Item, skip: Skip) -> Item:
    """The recorded discard of one event: it takes its place in the sequence and does nothing else."""
    envelope = Envelope(
        specversion="1.0",
        id=item.id,
        type="record.skipped",
        source=skip.source,
        subject=item.subject,
        time=item.now,
        seq=skip.seq,
        data={},
    )
    raw = envelope.model_dump_json(exclude_defaults=True).encode()
    skipped = event_item(item.record._replace(topic=skip.topic, value=raw), envelope)
    return replace(skipped, record=item.record)  # what it releases is published by this very record
