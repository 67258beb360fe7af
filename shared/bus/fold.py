"""Folding: all of one aggregate's records of a batch, in order, into one new version of its document.

A document holds everything that one atomic write must make true together (docs/decisions/0002):

    _id, v, token, partition      whose it is; the version is the fence between two workers
    state                         the room's state as JSON values; None for a stub that only remembers
    deadline, due                 index string ``<partition>|<fire-at>|<hash>``; {name, at} of the next deadline
    causes                        [id, body hash, outcome] of every command, refusals included, for life
    seen                          [topic, last sequence applied] of the other owners' events
    out                           [topic, last sequence, SHA-256] of what this aggregate published
    produced                      what recent causes produced, to be sent again on redelivery
    held, held_since              events that came before their predecessor; they never expire
    forget_at                     when a stub that only remembers refusals is forgotten
    gone                          nothing is left to remember: the store deletes it
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ValidationError

from shared.bus.records import Bad, Item, Outgoing, Record, decode, fact
from shared.bus.room import Room
from shared.commands import FireDeadline, Redeliver, Skip
from shared.envelope import Envelope, Malformed, open_envelope, seal, sha256_of, time_text, write_seen
from shared.events import Event, orders_topic
from shared.moves import Change, Context, Deadline, Reason, Refusal
from shared.timers import deadline_string

FAILED = {
    "status": "refused",
    "reason": Reason.FAILED.value,
    "detail": "this command failed and was set aside; an operator can hand it in again",
}
_MUTABLE = (
    "state", "_causes", "_known", "_seen", "_out", "_produced", "_held", "_held_since", "_forget_at", "outgoing",
    "answers", "dead", "dirty",
)  # fmt: skip
MOST_CAUSES = 1000
"""For life means this many: no issue comes near; a department's desk would else grow without end."""
MOST_HELD_BYTES = 6 * 1024 * 1024
"""A document has 16 MB at most; what comes early beyond this is set aside instead of stopping the partition."""
STUB_DAYS = 7
STUB_DEADLINE = "stub/1/forget/0"


class Aggregate:
    """One aggregate while a batch is applied to it. ``document()`` is its new version when ``dirty``."""

    def __init__(
        self, room: Room, subject: str, document: dict[str, Any] | None, partition: int, group: str
    ) -> None:
        self.room, self.subject, self.partition, self.group = room, subject, partition, group
        found = document or {}
        self._version: int = found.get("v", 0)
        state = found.get("state")
        self.state: BaseModel | None = None if state is None else room.state.model_validate(state)
        self._causes: list[list[Any]] = list(found.get("causes", ()))
        self._known = {cause[0]: cause for cause in self._causes}
        self._seen: dict[str, int] = dict(found.get("seen", ()))
        self._out: dict[str, tuple[int, str]] = {
            topic: (seq, sha) for topic, seq, sha in found.get("out", ())
        }
        self._produced: list[dict[str, Any]] = list(found.get("produced", ()))
        self._held: list[dict[str, Any]] = list(found.get("held", ()))
        self._held_since: str | None = found.get("held_since")
        self._forget_at: str | None = found.get("forget_at")
        self.outgoing: list[Outgoing] = []
        self.answers: list[tuple[str, str, dict[str, Any], Record]] = []
        self.dead = 0
        self.dirty = False

    # ------------------------------------------------------------------ in

    def forget(self, floor: dict[tuple[str, int], int]) -> None:
        """Drop what was produced by records before the place this worker reads from: that is published."""
        self._produced = [entry for entry in self._produced if not _below(entry["at"], floor)]

    def apply(self, item: Item) -> None:
        """Apply one record, whole or not at all: a bug becomes a dead letter, never a stopped partition."""
        if not self._guarded(item, self._apply) and not item.is_fact:
            self._answer(item, FAILED)

    def _apply(self, item: Item) -> None:
        if isinstance(item.data, Redeliver):
            self._redeliver(item, item.data)
        elif isinstance(item.data, Skip):
            self._fact(_moved(_skip_item(item, item.data), item.record))
        elif item.is_fact:
            self._fact(item)
        elif isinstance(item.data, FireDeadline):
            self._fire_requested(item, item.data)
        else:
            self._command(item)

    def _guarded(self, item: Item, act: Callable[[Item], None]) -> bool:
        """Run one step; whatever it raises, nothing of it stays and the record is set aside with the reason."""
        held = ((name, getattr(self, name)) for name in _MUTABLE)
        before = {name: value.copy() if isinstance(value, list | dict) else value for name, value in held}
        try:
            act(item)
            return True
        except Exception as error:
            for name, value in before.items():
                setattr(self, name, value)
            self._dead_letter(item, f"handler failed: {type(error).__name__}: {error}")
            return False

    # ------------------------------------------------------------- commands

    def _command(self, item: Item) -> None:
        known = self._known.get(item.id)
        if known is not None:
            same = known[1] == item.digest
            self._answer(
                item, known[2] if same else _refused(Refusal(Reason.ID_REUSED, "same id, other body"))
            )
            self._send_again(item)
            return
        produced: list[Outgoing] = []
        if self.room.own_deadlines_first:
            self._fire_before(item, produced)
        context = Context(self.subject, item.now, item.actor, item.id)
        decision = self.room.commands[type(item.data)](self.state, item.data, context)  # type: ignore[index]
        if isinstance(decision, Refusal):
            outcome = _refused(decision)
            tell = self.room.refused
            if tell is not None and (extra := tell(self.state, item.data, context, decision)) is not None:
                self._take(extra, context, produced)
        else:
            self._take(decision, context, produced)
            outcome = {"status": "done", **decision.outcome}
        self._remember(item, outcome)
        self._keep(item, produced)
        self._answer(item, outcome)

    def _fire_before(self, item: Item, produced: list[Outgoing]) -> None:
        while (deadline := self._next_deadline()) is not None and deadline.at < item.now:
            context = Context(self.subject, deadline.at, "timer:own", item.id)
            self._take(self.room.fire(self.state, deadline, context), context, produced)  # type: ignore[misc]

    def _fire_requested(self, item: Item, request: FireDeadline) -> None:
        """Fire the named deadline if it is still the next one and due; else the request is void."""
        fired = self._send_again(item) or self._forget_stub(item, request) or self._fire_next(item, request)
        self._answer(item, {"status": "done" if fired else "void"})

    def _fire_next(self, item: Item, request: FireDeadline) -> bool:
        deadline = self._next_deadline()
        if deadline is None or deadline.name != request.name or item.now < deadline.fire_at:
            return False  # stopped, moved, or sent twice
        if self._held and not self.room.own_deadlines_first:
            return False  # what is held may be the very fact that stops it; the auditor asks again
        produced: list[Outgoing] = []
        # A deadline that rests on our own commands alone happened when it was due, however late we come to it.
        now = deadline.at if self.room.own_deadlines_first else item.now
        context = Context(self.subject, now, "timer:due", item.id)
        self._take(self.room.fire(self.state, deadline, context), context, produced)  # type: ignore[misc]
        self._keep(item, produced)
        return True

    def _forget_stub(self, item: Item, request: FireDeadline) -> bool:
        if request.name != STUB_DEADLINE or self.state is not None or self._forget_at is None:
            return False
        if self._held or item.now < datetime.fromisoformat(self._forget_at):
            return False
        self._causes, self._known, self._forget_at, self.dirty = [], {}, None, True
        return True

    def _remember(self, item: Item, outcome: dict[str, Any]) -> None:
        cause = [item.id, item.digest, outcome]
        self._causes.append(cause)
        self._known[item.id] = cause
        if len(self._causes) > MOST_CAUSES:
            del self._known[self._causes.pop(0)[0]]
        if self.state is None:
            self._forget_at = time_text(item.now + timedelta(days=STUB_DAYS))
        self.dirty = True

    # ---------------------------------------------------------------- facts

    def _fact(self, item: Item) -> None:
        last = self._seen.get(item.topic, 0)
        if item.seq <= last:
            self._send_again(item)
        elif self._early(item, last):
            self._hold(item)
        else:
            self._note(item)
            self._release(item.record)

    def _early(self, item: Item, last: int) -> bool:
        if item.seq > last + 1:
            return True
        return any(topic in self.room.reads and self._seen.get(topic, 0) < seq for topic, seq in item.seen)

    def _note(self, item: Item) -> None:
        """Apply a fact whose turn it is; of an unknown type only its place in the sequence is taken."""
        produced: list[Outgoing] = []
        note = self.room.facts.get(type(item.data))
        self._seen[item.topic] = item.seq
        if note is not None:
            context = Context(self.subject, item.now, "", item.id)
            if (change := note(self.state, item.data, context)) is not None:
                self._take(change, context, produced)
        self._keep(item, produced)
        self.dirty = True

    def _hold(self, item: Item) -> None:
        if any(held["topic"] == item.topic and held["seq"] == item.seq for held in self._held):
            return
        if sum(len(held["raw"]) for held in self._held) + len(item.raw) > MOST_HELD_BYTES:
            self._dead_letter(
                item, f"this issue holds {len(self._held)} events already; hand it in again later"
            )
            return
        entry = {
            "topic": item.topic, "seq": item.seq, "since": time_text(item.now), "raw": item.raw.decode(),
            "at": [item.record.partition, item.record.offset],
        }  # fmt: skip
        self._held.append(entry)
        self._held_since = min(held["since"] for held in self._held)
        self.dirty = True

    def _release(self, record: Record) -> None:
        """Apply held events whose turn has come; what they produce carries the releasing record's place."""
        moved = True
        while moved:
            moved = False
            for entry in sorted(self._held, key=lambda held: held["seq"]):
                last = self._seen.get(entry["topic"], 0)
                if entry["seq"] <= last:
                    self._held.remove(entry)
                    continue
                item = _held_item(entry, record)
                if not self._early(item, last):
                    self._held.remove(entry)
                    moved = self._guarded(item, self._note) or moved
        self._held_since = min((held["since"] for held in self._held), default=None)

    # ------------------------------------------------------------ operators

    def _redeliver(self, item: Item, letter: Redeliver) -> None:
        """A dead letter handed in again is read as if it came now, from the topic it first stood on."""
        record = item.record._replace(
            topic=letter.topic,
            key=self.subject.encode(),
            value=letter.value.encode(),
            sha256=letter.sha256 or None,
        )
        again = decode(record, self.room)
        if isinstance(again, Bad):
            place = item.record._replace(value=record.value)  # the letter itself, not the request around it
            reason = f"handed in again: {again.reason}"
            again = Bad(place, reason, again.subject, again.seq, again.type, topic=letter.topic)
            self.outgoing.append(again.dead_letter(self.group))
            self.dead += 1
        else:
            self.apply(_moved(again, item.record))

    def set_aside(self, item: Item, reason: str) -> None:
        """Make a dead letter of a record that was not applied, and tell who asked."""
        self._dead_letter(item, reason)
        if not item.is_fact:
            self._answer(item, FAILED)

    def _dead_letter(self, item: Item, reason: str) -> None:
        record = item.home or (item.record._replace(value=item.raw) if item.is_fact else item.record)
        bad = Bad(record, reason, self.subject, item.seq, item.type, item.topic)
        self.dead += 1
        if item.home is None:  # its own record brings it about again, when it comes again
            self.outgoing.append(bad.dead_letter(self.group))
        else:
            self._keep(item, [bad.dead_letter(self.group)])

    # ----------------------------------------------------------------- out

    def _take(self, change: Change, context: Context, produced: list[Outgoing]) -> None:
        self.state = change.state
        if self.state is not None:
            self._forget_at = None
        produced.extend(self._event(event.topic, event, context) for event in change.events)
        produced.extend(self._event(orders_topic(code), order, context) for code, order in change.orders)
        for number, (subject, command) in enumerate(change.sends):
            raw = seal(
                id=f"{context.cause}>{number}", type=command.type, source=self.room.source, subject=subject,
                time=context.now, data=command.model_dump(mode="json"), cause=context.cause, actor="loop:fan-out",
            )  # fmt: skip
            produced.append(Outgoing(self.room.commands_topic, subject, raw))
        self.dirty = True

    def _event(self, topic: str, event: Event, context: Context) -> Outgoing:
        seq, previous = self._out.get(topic, (0, ""))
        seq += 1
        raw = seal(
            id=f"{topic}:{self.subject}:{seq}", type=event.type, source=self.room.source, subject=self.subject,
            time=context.now, data=event.model_dump(mode="json"), cause=context.cause, seq=seq,
            previous=previous, seen=write_seen(self._seen),
        )  # fmt: skip
        sha256 = sha256_of(raw)
        self._out[topic] = (seq, sha256)
        return Outgoing(topic, self.subject, raw, seq=seq, sha256=sha256)

    def _keep(self, item: Item, produced: list[Outgoing]) -> None:
        """Publish what was produced, and keep it until its cause can no longer come again."""
        if not produced:
            return
        record = item.record
        self._produced.append(
            {
                "cause": item.id,
                "at": [record.topic, record.partition, record.offset],
                "raw": [[out.topic, out.key, out.value.decode(), out.headers, out.seq] for out in produced],
            }
        )
        self.outgoing.extend(produced)
        self.dirty = True

    def _send_again(self, item: Item) -> bool:
        """Publish once more what this record brought about, itself or by releasing held events."""
        place = [item.record.topic, item.record.partition, item.record.offset]
        again = [entry for entry in self._produced if entry["cause"] == item.id or entry["at"] == place]
        for entry in again:
            for topic, key, raw, headers, seq in entry["raw"]:
                self.outgoing.append(Outgoing(topic, key, raw.encode(), headers, seq))
        return bool(again)

    def _answer(self, item: Item, outcome: dict[str, Any]) -> None:
        self.answers.append((item.id, self.subject, outcome, item.record))

    def _next_deadline(self) -> Deadline | None:
        return None if self.state is None else self.room.next_deadline(self.state)

    def document(self, token: str) -> dict[str, Any]:
        """The next version, ready to be written over the one that was read."""
        deadline = self._next_deadline()
        if deadline is None and self.state is None and self._forget_at and not self._held:
            at = datetime.fromisoformat(self._forget_at)
            deadline = Deadline(STUB_DEADLINE, at, at)
        document: dict[str, Any] = {
            "_id": self.subject,
            "v": self._version + 1,
            "token": token,
            "partition": self.partition,
            "state": None
            if self.state is None
            else self.state.model_dump(mode="json", exclude_defaults=True),
            "causes": self._causes,
            "seen": [[topic, seq] for topic, seq in self._seen.items()],
            "out": [[topic, seq, sha] for topic, (seq, sha) in self._out.items()],
            "produced": self._produced,
        }
        if deadline is not None:
            document["deadline"] = deadline_string(self.partition, deadline.fire_at, self.subject)
            document["due"] = {"name": deadline.name, "at": time_text(deadline.at)}
        if self._held:
            document["held"] = self._held
            document["held_since"] = self._held_since
        if self._forget_at:
            document["forget_at"] = self._forget_at
        if self.state is None and not (self._causes or self._seen or self._out or self._held):
            document["gone"] = True
        return document


def _below(at: list[Any], floor: dict[tuple[str, int], int]) -> bool:
    return at[2] < floor.get((at[0], at[1]), -1)


def _refused(refusal: Refusal) -> dict[str, Any]:
    outcome: dict[str, Any] = {"status": "refused", "reason": refusal.reason.value, "detail": refusal.detail}
    if refusal.legal:
        outcome["legal"] = list(refusal.legal)
    return outcome


def _skip_item(item: Item, skip: Skip) -> Item:
    """The recorded discard of one event: it takes its place in the sequence and does nothing else."""
    envelope = Envelope(
        specversion="1.0", id=item.id, type="record.skipped", source="/", subject=item.subject, time=item.now,
        seq=skip.seq, data={},
    )  # fmt: skip
    raw = envelope.model_dump_json(exclude_defaults=True).encode()
    return fact(item.record._replace(topic=skip.topic, value=raw), envelope)


def _held_item(entry: dict[str, Any], record: Record) -> Item:
    raw = entry["raw"].encode()
    partition, offset = entry["at"]
    place = record._replace(topic=entry["topic"], partition=partition, offset=offset, value=raw, sha256=None)
    try:
        item = fact(place, open_envelope(raw))
    except (ValidationError, Malformed) as error:  # it was read once already, before it was held
        raise RuntimeError(f"a held event can no longer be read: {error}") from error
    return replace(item, record=record, home=place)


def _moved(item: Item, record: Record) -> Item:
    """The same item with the coordinates of the record that brings it about."""
    return replace(item, record=record)
