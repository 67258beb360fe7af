"""Applying: a document and one record become the next document and what goes out. Pure functions, no I/O.

Whatever a handler raises, the state stays as it was and the record becomes a dead letter: a bug never stops a
partition. Only NotPublished goes on to the caller, which catches up with the reference data and applies again.

Every command has its outcome in the document for life, also one that failed or was given up (docs/decisions/0016);
of deadlines only those that failed, for a deadline that fired is void by its name.
"""

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from shared.bus.document import GIVEN_UP_UNREAD, Document, Remembered
from shared.bus.effects import Answer, Applied, Scope, context_of, dead_letter, keep, sent_for, take
from shared.bus.ordering import SKIPPED, apply_event
from shared.bus.records import Bad, Item, Outgoing, Record, decode, event_item
from shared.contract.command import Discard, FireDeadline, Redeliver, Skip
from shared.contract.envelope import Envelope, Malformed, open_envelope
from shared.deadlines import is_sweep
from shared.domain.aggregates import AggregateType
from shared.domain.decisions import Change, Context, Deadline, Reason, Refusal
from shared.domain.reference import NotPublished

FAILED = {
    "status": "refused",
    "reason": Reason.FAILED.value,
    "detail": "this command failed and was set aside; an operator can hand it in again",
}
MOST_KEPT_BYTES = 1024 * 1024
"""A failed command that is longer is not kept with its outcome: coming again it fails again."""
DONE: Mapping[str, Any] = {"status": "done"}
REUSED = {"status": "refused", "reason": Reason.ID_REUSED.value, "detail": "same id, other body"}
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
    """Make a dead letter of a record that was not applied; a command's failure is its outcome."""
    lost = lost_record(scope, document, item, reason)
    if item.is_event:
        return Applied(document, (lost,))  # redelivery repeats this, so nothing has to be kept
    if (known := document.known(item.id)) is not None:  # it has its outcome, whatever stands beside it
        return Applied(document, sent_for(document, item), (answer(item, known.outcome),))
    return _failed(document, item, (lost,))


def lost_record(scope: Scope, document: Document, item: Item, reason: str) -> Outgoing:
    """The dead letter of a record that was not applied; of what was handed in again, not of the request around it."""
    if not isinstance(item.data, Redeliver):
        return dead_letter(item, reason, scope.consumer.service)
    again = _handed_in(scope, document, item, item.data)
    if isinstance(again, Bad):
        return _lost_again(scope, again, item, item.data)
    return dead_letter(again or item, reason, scope.consumer.service)


def _failed(document: Document, item: Item, lost: tuple[Outgoing, ...]) -> Applied:
    """The failure of a command is its outcome, kept with its dead letter unless that is too long."""
    if sum(len(one.value) for one in lost) <= MOST_KEPT_BYTES:
        document = _remember(keep(document, item, lost), item, FAILED)
    return Applied(document, lost, (answer(item, FAILED),))


def _apply(scope: Scope, document: Document, item: Item) -> Applied:
    if item.is_event:
        return apply_event(scope, document, item)
    if (known := document.known(item.id)) is not None:  # looked up before the move is judged
        outcome = known.outcome if known.is_of(item.digest) else REUSED
        return Applied(document, sent_for(document, item), (answer(item, outcome),))
    if item.failure:
        return set_aside(scope, document, item, item.failure)
    match item.data:
        case FireDeadline() as request:
            return _fire(scope, document, item, request)
        case Redeliver() as request:
            return _redeliver(scope, document, item, request)
        case Discard() as request:
            return _discard(document, item, request)
        case Skip() as skip:
            return _settled(apply_event(scope, document, _skipped(item, skip)), item, DONE)
    return _command(scope, document, item)


def _settled(applied: Applied, item: Item, outcome: Mapping[str, Any]) -> Applied:
    """The same, with this outcome remembered for an operator's command, and answered."""
    document = _remember(applied.document, item, outcome)
    return Applied(document, applied.outgoing, (*applied.answers, answer(item, outcome)))


def _command(scope: Scope, document: Document, item: Item) -> Applied:
    """Decide on a command, once."""
    before, outgoing = _expire_before(scope, document, item)
    context = context_of(scope, document, item.now, item)
    decision = _decision(document.kind, before.state, item.data, context)
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


def _decision(kind: AggregateType, state: Any, command: Any, context: Context) -> Change[Any] | Refusal:
    """Whether whoever asks may, and then what the kind decides."""
    refusal = kind.may_not(state, command, context.actor, context.directory.successor)
    return refusal or kind.commands[type(command)](state, command, context)


def _expire_before(scope: Scope, document: Document, item: Item) -> tuple[Document, tuple[Outgoing, ...]]:
    """Fire what was over before this command came, where that depends on our own commands alone."""
    outgoing: tuple[Outgoing, ...] = ()
    kind = document.kind
    while kind.deadlines_first and (deadline := document.due) is not None and deadline.at < item.now:
        context = context_of(scope, document, deadline.at, item)
        document, outgoing = _expire(scope, document, deadline, context, outgoing)
    return document, outgoing


def _expire(
    scope: Scope, document: Document, deadline: Deadline, context: Context, outgoing: tuple[Outgoing, ...]
) -> tuple[Document, tuple[Outgoing, ...]]:
    """The document behind one deadline that fired. Raises RuntimeError where it would fire for ever."""
    assert document.kind.deadlines is not None
    change = document.kind.deadlines.expire(document.state, deadline, context)
    after, outgoing = take(scope, document, change, context, outgoing)
    if after.due == deadline:
        raise RuntimeError(f"deadline {deadline.name} was fired and is still the next one")
    return after, outgoing


def _fire(scope: Scope, document: Document, item: Item, request: FireDeadline) -> Applied:
    """Fire the named deadline if it is still the next one and due; else the request is void."""
    if any(sent.cause == item.id for sent in document.outbox):
        return Applied(document, sent_for(document, item), (answer(item, {"status": "done"}),))
    sweeping = is_sweep(request.name)
    # What a sweep is for is gone from this document already: it is forgotten as soon as the document is read.
    deadline = document.sweep() if sweeping else document.next_deadline()
    if deadline is None or deadline.name != request.name or item.now < deadline.fire_at:
        return Applied(document, (), (answer(item, {"status": "void"}),))  # stopped, moved, or sent twice
    if sweeping:
        return _fired(document._replace(sweeps=document.sweeps + 1, inbox=_swept(document.inbox)), item)
    kind = document.kind
    assert kind.deadlines is not None
    if document.held and kind.deadlines.wait_for:
        # What is held may be the very event that stops it; the auditor asks again.
        return Applied(document, (), (answer(item, {"status": "void"}),))
    # A deadline that rests on our own commands alone happened when it was due, however late we come to it.
    context = context_of(scope, document, deadline.at if kind.deadlines_first else item.now, item)
    after, outgoing = _expire(scope, document, deadline, context, ())
    return _fired(keep(after, item, outgoing), item, outgoing)


def _fired(document: Document, item: Item, outgoing: tuple[Outgoing, ...] = ()) -> Applied:
    return Applied(document, outgoing, (answer(item, DONE),))


def _redeliver(scope: Scope, document: Document, item: Item, request: Redeliver) -> Applied:
    """Apply a dead letter that was handed in again; its outcome is this command's as well."""
    again = _handed_in(scope, document, item, request)
    if isinstance(again, Bad):
        return _failed(document, item, (_lost_again(scope, again, item, request),))
    if again is None:
        return _settled(Applied(document), item, DONE)
    if again.unknown:  # not remembered: a version that knows the type may hand it in again by the same name
        applied = apply(scope, document, again)  # its place is taken, or it is held
        return applied._replace(answers=(answer(item, {"status": "void"}),))
    known = document.known(again.id)
    if known is not None and known.unsettled and known.digest == again.digest:
        document = _forgotten(document, again.id)
    applied = apply(scope, document, again)
    if again.is_event and applied.document is document and applied.outgoing:
        lost = tuple(
            record for record in applied.outgoing if record.topic == scope.consumer.dead_letters_topic
        )
        return _failed(document, item, lost) if lost else _settled(applied, item, DONE)
    return _settled(applied, item, applied.answers[0].outcome if applied.answers else DONE)


def _discard(document: Document, item: Item, request: Discard) -> Applied:
    """Give a command up that failed: whoever asks for it is told, and it is never executed."""
    known = document.known(request.command)
    if known is not None and not known.unsettled:
        outcome = refused(Refusal(Reason.ILLEGAL_MOVE, "this command has its outcome already"))
        return _settled(Applied(document), item, outcome)
    discarded = refused(Refusal(Reason.DISCARDED, request.reason))
    digest = GIVEN_UP_UNREAD if known is None else known.digest
    inbox = {**document.inbox, request.command: Remembered(digest, discarded)}
    return _settled(Applied(document._replace(inbox=inbox)), item, DONE)


def commands_of(item: Item) -> tuple[str, ...]:
    """The ids whose outcomes applying this item asks for: its own, and of a command that is handed in or given up."""
    if item.is_event:
        return ()
    match item.data:
        case Discard() as request:
            return item.id, request.command
        case Redeliver() as request:
            with contextlib.suppress(Malformed):
                return item.id, open_envelope(request.value.encode()).id
    return (item.id,)


def _handed_in(scope: Scope, document: Document, item: Item, request: Redeliver) -> Item | Bad | None:
    """A dead letter read as if it came now, from the topic it first stood on."""
    record = _as_it_was(item, request)._replace(topic=request.topic, key=document.subject.encode())
    again = decode(record._replace(sha256=None), scope.consumer)
    return replace(again, record=item.record) if isinstance(again, Item) else again


def _lost_again(scope: Scope, bad: Bad, item: Item, request: Redeliver) -> Outgoing:
    """The dead letter of what was handed in and cannot be read even now; it says so once, however often."""
    reason = f"handed in again: {bad.reason.removeprefix('handed in again: ')}"
    again = replace(bad, record=_as_it_was(item, request), reason=reason, topic=request.topic)
    return again.dead_letter(scope.consumer.service)


def _as_it_was(item: Item, request: Redeliver) -> Record:
    """The raw record, not the request around it, at the place where it was handed in."""
    return item.record._replace(value=request.value.encode(), seq=request.seq, epoch=request.epoch)


def refused(refusal: Refusal) -> dict[str, Any]:
    """A refusal as the outcome that is remembered and answered."""
    outcome: dict[str, Any] = {"status": "refused", "reason": refusal.reason.value, "detail": refusal.detail}
    return outcome | ({"legal": list(refusal.legal)} if refusal.legal else {})


def _remember(document: Document, item: Item, outcome: Mapping[str, Any]) -> Document:
    return document._replace(inbox={**document.inbox, item.id: Remembered(item.digest, outcome)})


def _forgotten(document: Document, command: str) -> Document:
    """Without what is known of one command: it is decided anew."""
    inbox, moved = (
        {id: known for id, known in all.items() if id != command} for all in (document.inbox, document.moved)
    )
    outbox = tuple(
        sent for sent in document.outbox if sent.cause != command
    )  # else it counts as done already
    return document._replace(inbox=inbox, moved=moved, outbox=outbox)


def answer(item: Item, outcome: Mapping[str, Any]) -> Answer:
    """What whoever sent this command is told."""
    return Answer(item.id, item.subject, outcome, item.record, item.digest)


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
        type=SKIPPED,
        source=skip.source,
        subject=item.subject,
        time=item.now,
        seq=skip.seq,
        data={},
    )
    raw = envelope.model_dump_json(exclude_defaults=True).encode()
    skipped = event_item(item.record._replace(topic=skip.topic, value=raw), envelope)
    return replace(skipped, record=item.record)  # what it releases is published by this very record
