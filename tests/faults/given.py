"""A small service in memory: the real processor, a store that refuses what the real one refuses, what was published.

Its one kind of aggregate is a notebook: every command writes a line, and so does every closing that feedback tells.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import bson
from pydantic import AwareDatetime, BaseModel, ConfigDict
from pymongo.errors import DocumentTooLarge

from shared.bus.document import Stored
from shared.bus.gateway import Request, sealed
from shared.bus.processor import Batch, Processor
from shared.bus.records import Outgoing, Record
from shared.contract.command import Command, Control, FireDeadline
from shared.contract.commands.intake import AcceptIssue, WithdrawIssue
from shared.contract.envelope import seal, sha256_of
from shared.contract.event import FEEDBACK, Event
from shared.contract.events.feedback import IssueClosed
from shared.contract.events.intake import IssueWithdrawn
from shared.contract.words import CloseReason
from shared.deadlines import DueDeadline
from shared.domain.aggregates import AggregateType, Consumer, Deadlines, Expire
from shared.domain.decisions import Change, Context, Deadline, Reason, Refusal, command, event
from shared.domain.reference import Reference
from tests.unit.reference import JURISDICTION, builtin_reference

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
SOURCE = f"/{JURISDICTION}/intake"
MOST_DOCUMENT_BYTES = 16 * 1024 * 1024
BATCH = 500
ACCEPT = AcceptIssue(title="漏水", text="水管漏水")


class NotAsGiven(Exception):
    """A test did not come to the point it is about: no expected failure."""


def given(holds: object) -> None:
    """What a test starts from. Not an assertion: an expected failure must be the fault itself."""
    if not holds:
        raise NotAsGiven


# ------------------------------------------------------------------ the notebook


class Notes(BaseModel):
    """What was written, in order, and when the notebook ends by itself."""

    model_config = ConfigDict(frozen=True)
    lines: tuple[str, ...] = ()
    ends_at: AwareDatetime | None = None


def write_line(notes: Notes | None, asked: WithdrawIssue, context: Context) -> Change[Notes] | Refusal:
    """One line and one event; the word ``no`` is refused."""
    if asked.reason == "no":
        return Refusal(Reason.ILLEGAL_MOVE, "no is not written")
    known = notes or Notes()
    written = known.model_copy(update={"lines": (*known.lines, asked.reason)})
    return Change(written, (event(IssueWithdrawn(reason=asked.reason)),), {"lines": len(written.lines)})


def write_to_two(notes: Notes | None, asked: AcceptIssue, context: Context) -> Change[Notes]:
    """Ask two other notebooks for a line each."""
    asks = tuple(command(other, WithdrawIssue(reason=f"from {context.subject}")) for other in ("y", "z"))
    return Change(notes or Notes(), asks)


def write_closing(notes: Notes | None, closed: IssueClosed, context: Context) -> Change[Notes]:
    """The one event it reads is a line too."""
    known = notes or Notes()
    return Change(known.model_copy(update={"lines": (*known.lines, f"closed {closed.round}")}))


def ends(notes: Notes) -> Deadline | None:
    """The end of a notebook is its one deadline."""
    return None if notes.ends_at is None else Deadline("end/1/due/1", notes.ends_at, notes.ends_at)


def end(notes: Notes, deadline: Deadline, context: Context) -> Change[Notes]:
    """At its end a notebook asks another one for a line."""
    ended = notes.model_copy(update={"ends_at": None})
    return Change(ended, (command("y", WithdrawIssue(reason="ended")),))


def notebook(
    *,
    reads: tuple[str, ...] = (FEEDBACK,),
    write: Callable[..., Any] = write_line,
    state: type[BaseModel] = Notes,
    next_deadline: Callable[[Any], Deadline | None] = ends,
    expire: Expire = end,
) -> Consumer:
    """The consumer of notebooks; a test replaces what is to fail."""
    kind = AggregateType(
        "issue",
        state,
        commands={WithdrawIssue: write, AcceptIssue: write_to_two},
        events={IssueClosed: write_closing},
        deadlines=Deadlines(next=next_deadline, expire=expire),
    )
    return Consumer("intake", JURISDICTION, reads, (kind,))


# ------------------------------------------------------------------ what comes in


def asks(subject: str, asked: Command | Control, key: str, actor: str = "office:chen") -> Outgoing:
    """One command as a gateway posts it."""
    return sealed(Request(subject, asked, "http", actor, key), SOURCE)


def line(subject: str, text: str, key: str = "") -> Outgoing:
    """The command that writes one line."""
    return asks(subject, WithdrawIssue(reason=text), key or f"{subject}/{text}")


def closing(subject: str, seq: int, **more: Any) -> Outgoing:
    """One closing that feedback tells of."""
    return foreign_event(subject, seq, IssueClosed(round=seq, reason=CloseReason.RATED), **more)


def foreign_event(subject: str, seq: int, happened: Event, **more: Any) -> Outgoing:
    """One event of another owner with its place in the sequence."""
    raw = seal(
        id=f"{happened.topic}:{subject}:{seq}",
        type=happened.type,
        source=f"/{JURISDICTION}/{happened.topic.partition('.')[0]}",
        subject=subject,
        time=NOW,
        data=happened.model_dump(mode="json"),
        seq=seq,
        **more,
    )
    return Outgoing(happened.topic, subject, raw, seq=seq)


def due_command(entry: DueDeadline) -> Outgoing:
    """What the timers post for one deadline."""
    asked = FireDeadline(name=entry.name, due_at=entry.at)
    return sealed(
        Request(entry.subject, asked, "timer", "timer:due", f"{entry.subject}/{entry.name}"), SOURCE
    )


# ------------------------------------------------------------------ the service


class Store:
    """Documents in memory, encoded as the driver does it: it raises what the driver raises for what it cannot hold."""

    def __init__(self) -> None:
        self.documents: dict[str, bytes] = {}
        self.fenced = False
        """Whether a write counts only over the version before it: not where tests change documents themselves."""

    async def load(self, subjects: Sequence[str]) -> dict[str, Stored]:
        return {id: bson.decode(self.documents[id]) for id in subjects if id in self.documents}

    async def get(self, subject: str) -> Stored | None:
        return (await self.load([subject])).get(subject)

    async def write(self, documents: Sequence[Stored]) -> set[str]:
        encoded = {document["_id"]: bson.encode(document) for document in documents}
        if any(len(raw) > MOST_DOCUMENT_BYTES for raw in encoded.values()):
            raise DocumentTooLarge("the document is larger than 16 MB")
        there = await self.load(list(encoded))
        lost = {
            document["_id"]
            for document in documents
            if self.fenced and there.get(document["_id"], {}).get("v", 0) != document["v"] - 1
        }
        self.documents |= {id: raw for id, raw in encoded.items() if id not in lost}
        return lost

    async def released(self, documents: Sequence[Stored]) -> None:
        """Nothing is marked here."""

    async def remember(self, outcomes: Sequence[Stored]) -> None:
        there = await self.load([one["_id"] for one in outcomes])
        for one in outcomes:
            failed = there.get(one["_id"], {}).get("outcome", {}).get("reason") == "failed"
            if one["_id"] not in there or (failed and one["outcome"].get("reason") != "failed"):
                self.documents[one["_id"]] = bson.encode(one)

    async def read_due(self, low: str, high: str) -> list[DueDeadline]:
        found = (bson.decode(raw) for raw in self.documents.values())
        due = [
            DueDeadline(
                document["_id"],
                document["due"]["name"],
                datetime.fromisoformat(document["due"]["at"]),
                document["deadline"],
                document["v"],
                "held_since" in document,
            )
            for document in found
            if low <= document.get("deadline", "") < high
        ]
        return sorted(due, key=lambda entry: entry.deadline)


class Played:
    """One service: its topics with offsets, its processor, its store, and everything it published."""

    def __init__(self, consumer: Consumer, reference: Reference | None = None) -> None:
        self.consumer, self.store = consumer, Store()
        self.reference = reference or builtin_reference()
        self.log: list[Record] = []
        self.published: list[Outgoing] = []
        self.processor = self.start(consumer)

    def start(self, consumer: Consumer) -> Processor:
        """A worker of this service, perhaps of another version."""
        self.consumer = consumer
        self.processor = Processor(consumer, self.store, self._publish, self)
        return self.processor

    async def change(self, document: Stored) -> None:
        """Behind the worker's back, which reads it again."""
        await self.store.write([document])
        self.processor._newest.forget()

    async def catch_up(self) -> None:
        """There is nothing more to read of the reference data."""

    async def _publish(self, outgoing: Iterable[Outgoing]) -> None:
        self.published += outgoing

    async def deliver(self, *sent: Outgoing, at: datetime = NOW) -> Batch:
        """Append these to their topics and run them as one batch, which is committed."""
        records = [self.append(out, at) for out in sent]
        batch = await self.processor.run(records)
        self.processor.committed({(record.topic, 0): record.offset + 1 for record in records})
        return batch

    async def outcome(self, sent: Outgoing) -> Mapping[str, Any]:
        """Deliver one command; what it was answered."""
        return (await self.deliver(sent)).answers[0].outcome

    async def read_again(self) -> None:
        """Everything from offset 0 by a worker that has just started."""
        self.start(self.consumer)
        for start in range(0, len(self.log), BATCH):
            await self.processor.run(self.log[start : start + BATCH])

    def of(self, topic: str) -> list[Outgoing]:
        """What was published on one topic, each record once."""
        return list({out.value: out for out in self.published if out.topic == topic}.values())

    @property
    def dead_letters(self) -> list[Outgoing]:
        """Every dead letter, also the same one again."""
        return [out for out in self.published if out.topic.endswith(".dlq")]

    async def lines(self, subject: str) -> tuple[str, ...]:
        """What is written in one notebook."""
        document = await self.store.get(subject)
        return tuple(document["state"].get("lines", ())) if document and document["state"] else ()

    def append(self, out: Outgoing, at: datetime = NOW) -> Record:
        """One record at the end of its topic."""
        offset = sum(record.topic == out.topic for record in self.log)
        timestamp = int(at.timestamp() * 1000)
        record = Record(
            out.topic,
            0,
            offset,
            timestamp,
            out.key.encode(),
            out.value,
            sha256_of(out.value),
            out.seq,
            out.epoch,
        )
        self.log.append(record)
        return record
