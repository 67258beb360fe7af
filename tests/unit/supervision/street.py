"""A street of one house: the real loop on a store in memory, and the facts of the owners next door."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.bus.loop import Loop
from shared.bus.records import Record
from shared.bus.room import Room
from shared.commands import Command
from shared.envelope import Envelope, open_envelope, seal, sha256_of
from shared.events import (
    EVENTS,
    AssignmentReturned,
    AssignmentRuled,
    AssignmentSigned,
    AssignmentTransferred,
    Event,
    IssueAccepted,
    IssueAssigned,
    IssueRegistered,
    IssueRejected,
    IssueWithdrawn,
    Outcome,
    PromiseStarted,
    RejectionGround,
    ReplyReleased,
)

ISSUE = "issue-1"
MONDAY = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai, a working day


def after(days: float = 0, hours: float = 0, seconds: float = 0) -> datetime:
    return MONDAY + timedelta(days=days, hours=hours, seconds=seconds)


class MemoryStore:
    """Documents by subject, with the version as fence."""

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, Any]] = {}

    async def load(self, subjects: Iterable[str]) -> dict[str, dict[str, Any]]:
        return {subject: self.documents[subject] for subject in subjects if subject in self.documents}

    async def write(self, documents: Iterable[dict[str, Any]]) -> set[str]:
        for document in documents:
            assert self.documents.get(document["_id"], {}).get("v", 0) == document["v"] - 1
            self.documents[document["_id"]] = document
        return set()


class Neighbours:
    """Seals the facts of the other owners, in gapless sequences per topic."""

    def __init__(self, subject: str = ISSUE) -> None:
        self.subject = subject
        self._seq: dict[str, int] = {}

    def __call__(self, event: Event, at: datetime, seen: str = "") -> Record:
        seq = self._seq[event.topic] = self._seq.get(event.topic, 0) + 1
        service = event.topic.partition(".")[0]
        raw = seal(
            id=f"{event.topic}:{self.subject}:{seq}", type=event.type, source=f"/huzhou/{service}",
            subject=self.subject, time=at, data=event.model_dump(mode="json"), seq=seq, seen=seen,
        )  # fmt: skip
        return Record(event.topic, 0, seq, 0, self.subject.encode(), raw, sha256_of(raw))


class House:
    """One service: hand records in, see what it tells and what is stored."""

    def __init__(self, room: Room, subject: str = ISSUE) -> None:
        self.room, self.subject = room, subject
        self.store = MemoryStore()
        self.told: list[Event] = []
        self.envelopes: dict[str, Envelope] = {}
        self._offset = 0
        self.loop = Loop(room, self.store, self._publish, group=room.service)

    async def _publish(self, outgoing: Iterable[Any]) -> None:
        for out in outgoing:
            assert not out.topic.endswith(".dlq"), out.headers
            envelope = open_envelope(out.value)
            if envelope.id not in self.envelopes:
                self.told.append(EVENTS[envelope.type].read(envelope.data))
                self.envelopes[envelope.id] = envelope
            assert self.envelopes[envelope.id] == envelope, "sent again, it is the same record"

    async def take(self, *records: Record) -> list[Event]:
        """Deliver records in one batch; returns what was told for the first time."""
        known = len(self.told)
        await self.loop.run(records)
        return self.told[known:]

    async def ask(
        self, command: Command, at: datetime, actor: str = "entrepreneur:li", key: str = ""
    ) -> dict[str, Any]:
        """Post a command; returns its outcome."""
        batch = await self.loop.run([self.command(command, at, actor, key)])
        return dict(batch.answers[0].outcome)

    def command(
        self, command: Command, at: datetime, actor: str = "entrepreneur:li", key: str = ""
    ) -> Record:
        self._offset += 1
        data = command.model_dump(mode="json")
        raw = seal(
            id=key or f"door:{self._offset}", type=command.type, source="/door", subject=self.subject, time=at,
            data=data, actor=actor,
        )  # fmt: skip
        timestamp = int(at.timestamp() * 1000)
        return Record(self.room.commands_topic, 0, self._offset, timestamp, self.subject.encode(), raw)

    async def fire(self, at: datetime, name: str | None = None) -> list[Event]:
        """The timer's command for the next deadline (or for ``name``), arriving at ``at``."""
        due = self.document.get("due", {"name": "none/1/due/1", "at": "2026-01-01T00:00:00Z"})
        name = name or due["name"]
        self._offset += 1
        raw = seal(
            id=f"timer:{self.subject}:{name}:{self._offset}", type="deadline.fire.v1", source="/timer",
            subject=self.subject, time=at, data={"name": name, "due_at": due["at"]},
        )  # fmt: skip
        timestamp = int(at.timestamp() * 1000)
        return await self.take(
            Record(self.room.commands_topic, 0, self._offset, timestamp, self.subject.encode(), raw)
        )

    async def fire_until(self, at: datetime, late_seconds: float = 0) -> list[Event]:
        """Fire everything that is due up to ``at``, each at its own time; late by so many seconds."""
        told: list[Event] = []
        while "deadline" in self.document and (when := self.fire_at) <= at:
            before = self.document["v"]
            told += await self.fire(when + timedelta(seconds=late_seconds))
            if self.document["v"] == before:
                break  # void for now: it holds events, and waits for their predecessor
        return told

    @property
    def document(self) -> dict[str, Any]:
        return self.store.documents.get(self.subject, {})

    @property
    def fire_at(self) -> datetime:
        return datetime.fromisoformat(self.document["deadline"].split("|")[1])

    @property
    def state(self) -> Any:
        state = self.document.get("state")
        return None if state is None else self.room.state.model_validate(state)


def registered(**values: Any) -> IssueRegistered:
    return IssueRegistered(**({"number": "HZ-1", "title": "停车难", "text": "厂门口没有车位"} | values))


def promised(started_at: datetime, due_at: datetime, limit: str = "10wd", **values: Any) -> PromiseStarted:
    versions = {"policy": "default-1", "calendar": "any"} | values
    return PromiseStarted(started_at=started_at, due_at=due_at, limit=limit, **versions)


def accepted() -> IssueAccepted:
    return IssueAccepted(by="chen")


def rejected() -> IssueRejected:
    return IssueRejected(ground=RejectionGround.PETITION, explanation="已在信访程序中", by="chen")


def withdrawn() -> IssueWithdrawn:
    return IssueWithdrawn(reason="已解决")


def assigned(assignment: str = "a1", department: str = "traffic") -> IssueAssigned:
    return IssueAssigned(assignment=assignment, department=department, head="王局", by="chen")


def signed(assignment: str = "a1", department: str = "traffic") -> AssignmentSigned:
    return AssignmentSigned(assignment=assignment, department=department, by="zhou")


def returned(assignment: str = "a1", department: str = "traffic") -> AssignmentReturned:
    return AssignmentReturned(assignment=assignment, department=department, reason="非本局职责", by="zhou")


def ruled(upheld: bool, assignment: str = "a1", department: str = "traffic") -> AssignmentRuled:
    return AssignmentRuled(assignment=assignment, department=department, upheld=upheld, by="chen")


def transferred(
    to: str = "a2", department: str = "police", previous: str = "a1", left: str = "traffic"
) -> AssignmentTransferred:
    return AssignmentTransferred(
        assignment=to, department=department, head="李局", previous_assignment=previous,
        previous_department=left, transfers=1, by="chen",
    )  # fmt: skip


def replied(
    round: int = 1, outcome: Outcome = Outcome.SOLVED, assignment: str = "a1", department: str = "traffic"
) -> ReplyReleased:
    return ReplyReleased(
        assignment=assignment, department=department, round=round, outcome=outcome, outcome_class="A",
        text="已划线", by="chen",
    )  # fmt: skip
