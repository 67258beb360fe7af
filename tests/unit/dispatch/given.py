"""Dispatch as its tests find it: aggregates brought to any state, who may ask what there, and what was told to whom."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from services.dispatch.builtin import first_commands
from services.dispatch.consumer import consumer
from services.dispatch.issue.life import MOVES, State, draft_hash
from services.supervision.builtin import builtin_calendar, builtin_policy
from shared.bus.processor import Batch, Processor
from shared.bus.records import Outgoing, Record
from shared.contract.attachments import OpenAttachment
from shared.contract.command import Command
from shared.contract.commands.dispatch import (
    AddCoHandler,
    AnswerOnTheSpot,
    AskEnterprise,
    AskExtension,
    AskPause,
    AssignIssue,
    CheckReply,
    ClaimIssue,
    CorrectReply,
    DraftReply,
    EndPause,
    GiveOpinion,
    GrantExtension,
    GrantPause,
    NameHandler,
    RecallAssignment,
    RefuseExtension,
    RefusePause,
    ReleaseCoHandler,
    ReleaseReply,
    ReturnAssignment,
    RuleOnReturn,
    SendBackReply,
    SignAssignment,
    SignOffReply,
)
from shared.contract.envelope import Envelope, open_envelope, seal, sha256_of
from shared.contract.event import Event
from shared.contract.events.feedback import IssueClosed, ReworkDecided
from shared.contract.events.intake import (
    AppealUpheld,
    IssueAccepted,
    IssueReferred,
    IssueRegistered,
    IssueRejected,
    IssueWithdrawn,
    PromiseStarted,
    WordsCorrected,
)
from shared.contract.registry import EVENTS
from shared.contract.subjects import id_of, subject_of
from shared.contract.words import Body, CloseReason, Kind, Outcome, PauseGround, RejectionGround
from shared.domain.reference import Reference
from tests.unit.one_aggregate import after
from tests.unit.reference import JURISDICTION, builtin_reference, make_reference

ISSUE = "issue-1"
FIRST, SECOND = f"{ISSUE}.1", f"{ISSUE}.2"
CO_HANDLER = f"{ISSUE}.c1"
PLANNER = "handler:planning/xu"
"""Of a department that is a co-handler."""
OFFICE, HANDLER, LEADER = "office:chen", "handler:housing/li", "department_leader:housing/wang"
DUE = after(days=14, hours=8.5)
PHOTO = OpenAttachment(hash="a" * 64, media_type="image/a-later-kind", bytes=1_830_412)
"""As a newer intake tells of it: of a kind that this dispatch does not know."""

ASSIGN = AssignIssue(department="housing")
SIGN, RETURN = SignAssignment(assignment=FIRST), ReturnAssignment(assignment=FIRST, reason="不属本局职责")
UPHOLD = RuleOnReturn(assignment=FIRST, upheld=True, department="transport", reason="确属交通")
KEEP = RuleOnReturn(assignment=FIRST, upheld=False, reason="仍由你局办理")
DRAFT = DraftReply(assignment=FIRST, outcome=Outcome.SOLVED, text="已经修好")
HASH = draft_hash(DRAFT.outcome, DRAFT.text, None)
SIGN_OFF = SignOffReply(assignment=FIRST, draft=1, sha256=HASH)
CHECK = CheckReply(assignment=FIRST, draft=1, sha256=HASH)
SEND_BACK = SendBackReply(assignment=FIRST, draft=1, sha256=HASH, reason="请写明时限")
RELEASE = ReleaseReply(assignment=FIRST, draft=1, sha256=HASH)
RECALL = RecallAssignment(assignment=FIRST, reason="误交办")
NAME = NameHandler(assignment=FIRST, handler="li", substitute="zhao")
CORRECT = CorrectReply(
    assignment=FIRST, round=1, version=1, sha256=HASH, text="已于三月修好", reason="写漏了日期"
)
EXTEND = AskExtension(assignment=FIRST, until=date(2026, 3, 20), reason="配件须从外地调运")
PAUSE = AskPause(assignment=FIRST, ground=PauseGround.WAITING, reason="请企业补充图纸")
CO_HANDLE = AddCoHandler(assignment=FIRST, department="planning", wanted="此处规划是否允许加装电梯")
AGREE = GiveOpinion(assignment=CO_HANDLER, agrees=True, words="符合规划")
OBJECT = GiveOpinion(assignment=CO_HANDLER, agrees=False, words="占用消防通道，不宜加装")

QUESTION = AskEnterprise(assignment=FIRST, words="请补充电梯检验报告")

ASKS: dict[str, tuple[Command, str]] = {
    "assign": (ASSIGN, OFFICE),
    "sign": (SIGN, HANDLER),
    "return": (RETURN, HANDLER),
    "rule": (UPHOLD, OFFICE),
    "draft": (DRAFT, HANDLER),
    "sign_off": (SIGN_OFF, LEADER),
    "check": (CHECK, OFFICE),
    "send_back": (SEND_BACK, OFFICE),
    "release": (RELEASE, OFFICE),
    "recall": (RECALL, OFFICE),
    "name_handler": (NAME, LEADER),
    "correct": (CORRECT, OFFICE),
    "ask_extension": (EXTEND, HANDLER),
    "grant_extension": (GrantExtension(assignment=FIRST, request=1), OFFICE),
    "refuse_extension": (RefuseExtension(assignment=FIRST, request=1, reason="时间足够"), OFFICE),
    "ask_pause": (PAUSE, HANDLER),
    "ask_enterprise": (QUESTION, HANDLER),
    "grant_pause": (GrantPause(assignment=FIRST, request=1), OFFICE),
    "refuse_pause": (RefusePause(assignment=FIRST, request=1, reason="材料已齐"), OFFICE),
    "end_pause": (EndPause(assignment=FIRST, request=1), HANDLER),
    "add_co_handler": (CO_HANDLE, OFFICE),
    "give_opinion": (AGREE, PLANNER),
    "release_co_handler": (ReleaseCoHandler(assignment=CO_HANDLER, reason="已另行征求意见"), OFFICE),
    "claim": (ClaimIssue(), HANDLER),
    "answer_on_the_spot": (AnswerOnTheSpot(outcome=Outcome.SOLVED, text="已经修好"), LEADER),
}
"""Each verb, rightly asked by the right person."""

DECIDES = {f"{verb}_{what}": f"ask_{what}" for verb in ("grant", "refuse") for what in ("extension", "pause")}
"""What decides on a request, and the verb that makes it."""
ENDS = {"end_pause": "ask_enterprise"}
"""What ends something, and the verb by which there is something to end; a pause in force is there by its state."""

ACCEPTED = IssueAccepted(title="小区电梯坏了", text="物业三个月不修电梯", by="chen")
WITHDRAWN = IssueWithdrawn(reason="已解决")
REJECTED = IssueRejected(ground=RejectionGround.PETITION, explanation="已在信访程序中", by="chen")
CORRECTED = WordsCorrected(version=2, title="小区电梯坏了", text="两部电梯都坏了")
UPHELD = AppealUpheld(reason="确已撤诉", by="wang")
REFERRED = IssueReferred(body=Body.PETITIONS, addressee="市信访局", reason="属信访事项", by="chen")
GRANTED = ReworkDecided(round=2, reason="未解决", by="chen")
CLOSED = IssueClosed(round=1, reason=CloseReason.RATED)

AT_THE_TALK = ("claim", "answer_on_the_spot")
"""What departments do at the talk of an issue."""
HEARD = ("give_opinion", "release_co_handler")
"""What becomes of a co-handler that was added before, in a state in which none can be added any more too."""

_REPLY = ("assign", "sign", "draft", "sign_off", "check", "release")
WAYS: dict[State, tuple[str | Event, ...]] = {
    State.REGISTERED: (),
    State.WAITING: (ACCEPTED,),
    State.ASSIGNED: (ACCEPTED, *_REPLY[:1]),
    State.RETURNED: (ACCEPTED, "assign", "return"),
    State.IN_PROGRESS: (ACCEPTED, *_REPLY[:2]),
    State.SUSPENDED: (ACCEPTED, *_REPLY[:2], "ask_pause", "grant_pause"),
    State.DRAFTED: (ACCEPTED, *_REPLY[:3]),
    State.SIGNED_OFF: (ACCEPTED, *_REPLY[:4]),
    State.CHECKED: (ACCEPTED, *_REPLY[:5]),
    State.REPLIED: (ACCEPTED, *_REPLY),
    State.REJECTED: (REJECTED,),
    State.REFERRED: (ACCEPTED, "assign", REFERRED),
    State.WITHDRAWN: (ACCEPTED, "assign", WITHDRAWN),
    State.CLOSED: (ACCEPTED, *_REPLY, CLOSED),
}
"""How an issue gets into each state, from its registration on."""


class Memory:
    """The store: documents by subject, with the version as fence."""

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, Any]] = {}

    async def load(self, subjects: Sequence[str]) -> dict[str, dict[str, Any]]:
        return {subject: self.documents[subject] for subject in subjects if subject in self.documents}

    async def get(self, subject: str) -> dict[str, Any] | None:
        return self.documents.get(subject)

    async def write(self, documents: Iterable[dict[str, Any]]) -> set[str]:
        for document in documents:
            assert self.documents.get(document["_id"], {}).get("v", 0) == document["v"] - 1
            self.documents[document["_id"]] = document
        return set()

    async def find_ids(self, query: Mapping[str, Any]) -> AsyncIterator[str]:
        for subject, document in self.documents.items():
            if all(_fits(document, field, wanted) for field, wanted in query.items()):
                yield subject


def _fits(document: Any, field: str, wanted: Any) -> bool:
    for name in field.split("."):
        many = document if isinstance(document, list) else [document or {}]
        found = [one.get(name) for one in many]
        document = found if isinstance(document, list) else found[0]
    found = document if isinstance(document, list) else [document]
    return any(one in wanted["$in"] if isinstance(wanted, dict) else one == wanted for one in found)


class Dispatch:
    """Dispatch with the real processor, a store in memory, and the events of its neighbours.

    ``subject`` is the aggregate that is asked where a test names none. ``events`` is what was published about all of
    them, ``orders`` what each department was told, ``commands`` what aggregates asked of each other and was not
    delivered yet (``settle`` does). ``own_directory``: it learns what is published; else the directory is shared.
    """

    def __init__(self, subject: str = ISSUE, *, own_directory: bool = False) -> None:
        self.consumer, self.subject = consumer(JURISDICTION), subject
        self.reference: Reference = make_reference() if own_directory else builtin_reference()
        self._own_directory = own_directory
        self.store = Memory()
        self.events: list[Event] = []
        self.orders: list[tuple[str, str, dict[str, Any]]] = []
        self.envelopes: dict[str, Envelope] = {}
        self.commands: list[Outgoing] = []
        self._offset = 0
        self._sequences: dict[tuple[str, str], int] = {}
        self.processor = Processor(self.consumer, self.store, self._publish, self)

    async def catch_up(self) -> None:
        """Reference data is learned as soon as it is published."""

    async def _publish(self, outgoing: Iterable[Outgoing]) -> None:
        for out in outgoing:
            assert not out.topic.endswith(".dlq"), out.headers
            envelope = open_envelope(out.value)
            if out.topic == self.consumer.commands_topic:
                self.commands.append(out)
                continue
            known = self.envelopes.setdefault(envelope.id, envelope)
            assert known == envelope, "published again, it is the same record"
            if known is not envelope:
                continue
            if out.topic.startswith("dept."):
                self.orders.append((out.topic.split(".")[1], envelope.type, envelope.data))
                continue
            event = EVENTS[envelope.type].read(envelope.data)
            self.events.append(event)
            if self._own_directory:
                self.reference.learn(envelope.subject, event)

    # -------------------------------------------------------------- what comes

    def event(self, event: Event, at: datetime, subject: str = "") -> Record:
        """The record of another owner's event, the next one in its sequence."""
        subject = subject or self.subject
        seq = self._sequences[event.topic, subject] = self._sequences.get((event.topic, subject), 0) + 1
        raw = seal(
            id=f"{event.topic}:{subject}:{seq}",
            type=event.type,
            source=f"/{JURISDICTION}/{event.topic.partition('.')[0]}",
            subject=subject,
            time=at,
            data=event.model_dump(mode="json"),
            seq=seq,
        )
        return Record(event.topic, 0, seq, 0, subject.encode(), raw, sha256_of(raw))

    def command(self, command: Command, at: datetime, actor: str, key: str = "", subject: str = "") -> Record:
        """The record of one command; ``key`` is its id, another one each time where it is left out."""
        subject = subject or self.subject
        raw = seal(
            id=key or f"command-{self._offset + 1}",
            type=command.type,
            source=f"/{JURISDICTION}/dispatch",
            subject=subject,
            time=at,
            data=command.model_dump(mode="json"),
            actor=actor,
        )
        return self.posted(Outgoing(self.consumer.commands_topic, subject, raw), at)

    def posted(self, out: Outgoing, at: datetime) -> Record:
        """A command on our own topic, appended at an instant."""
        self._offset += 1
        return Record(out.topic, 0, self._offset, int(at.timestamp() * 1000), out.key.encode(), out.value)

    def message(self, department: str, id: str, command: Command, subject: str = "") -> Record:
        """A command as the departments' gateway posts it."""
        actor = f"dept:{department}"
        return self.command(command, after(), actor, f"dept/{actor}/{id}", subject)

    async def deliver(self, *records: Record) -> Batch:
        """Run one batch."""
        return await self.processor.run(records)

    async def settle(self, at: datetime) -> int:
        """Deliver what aggregates ask of each other, until nobody asks any more; how many commands it were."""
        delivered = 0
        while self.commands:
            commands, self.commands = self.commands, []
            delivered += len(commands)
            await self.deliver(*(self.posted(out, at) for out in commands))
        return delivered

    async def ask(
        self, command: Command, at: datetime, actor: str, key: str = "", subject: str = ""
    ) -> dict[str, Any]:
        """Deliver a command; returns its outcome."""
        batch = await self.deliver(self.command(command, at, actor, key, subject))
        return dict(batch.answers[0].outcome)

    async def take(self, *events: Event, at: datetime | None = None) -> None:
        """Deliver other owners' events about the issue."""
        await self.deliver(*(self.event(event, at or after()) for event in events))

    # ------------------------------------------------------------ issues

    async def register(self, kind: Kind = Kind.PROBLEM, subject: str = "") -> None:
        """Intake has registered an issue and promised a date."""
        registered = IssueRegistered(number="HZ-1", kind=kind, attachments=(PHOTO,))
        versions = {"policy": builtin_policy().version, "calendar": builtin_calendar().version}
        promise = PromiseStarted(started_at=after(), due_at=DUE, limit="10wd", **versions)
        await self.deliver(*(self.event(event, after(), subject) for event in (registered, promise)))

    async def bring(self, state: State, kind: Kind = Kind.PROBLEM) -> "Dispatch":
        """The issue, registered and brought into a state."""
        await self.register(kind)
        await self.walk(WAYS[state])
        assert self.state.state is state
        return self

    async def walk(self, way: Sequence[str | Event]) -> None:
        """Do one step after another; each has to succeed."""
        for step in way:
            if isinstance(step, Event):
                await self.take(step)
            else:
                assert (await self.want(step))["status"] == "done", step

    async def want(self, verb: str, *, key: str = "") -> dict[str, Any]:
        """Ask rightly for a verb, about the current draft where there is one; returns the outcome."""
        await self.prepare(verb)
        command, actor = ASKS[verb]
        current = self.state and self.state.current_draft
        if current is not None and "draft" in type(command).model_fields:
            command = command.model_copy(update={"draft": current.number, "sha256": current.sha256})
        return await self.ask(command, after(hours=1), actor, key)

    async def prepare(self, verb: str) -> None:
        """What has to be asked for before it is decided on, where it may be asked for."""
        if verb in AT_THE_TALK and self.state:
            presence = {"talk": "huzhou-weekly-20260302-1", "departments": ["housing", "transport"]}
            self.store.documents[self.subject]["state"].setdefault("presence", presence)
        if verb in HEARD and self.state:
            self._co_handled(is_heard=(self.state.state, verb) not in MOVES)
        asks = {**DECIDES, **ENDS}.get(verb, "")
        if asks and self.state and (self.state.state, asks) in MOVES:
            waiting = self.state.extension if asks == "ask_extension" else self.state.pause
            assert waiting is not None or (await self.want(asks))["status"] == "done"

    def _co_handled(self, *, is_heard: bool) -> None:
        """Planning was asked for its opinion while that was possible, and is waited for, or has given it."""
        state = self.store.documents[self.subject]["state"]
        asked = {"assignment": CO_HANDLER, "department": "planning", "round": 1, "wanted": CO_HANDLE.wanted}
        heard = {"agrees": True} if is_heard else {}
        state.setdefault("co_handlers", [{**asked, "due_at": after(days=3).isoformat(), **heard}])

    async def open_issues(self, department: str, *ids: str) -> None:
        """Issues that are registered, accepted and assigned to a department."""
        for id in ids:
            await self.register(subject=id)
            await self.deliver(self.event(ACCEPTED, after(), id))
            outcome = await self.ask(AssignIssue(department=department), after(), OFFICE, subject=id)
            assert outcome["status"] == "done"

    # ------------------------------------------------------------ what is known

    @property
    def state(self) -> Any:
        """The state of the aggregate in question; None before there is one."""
        return self.state_of(self.subject)

    def state_of(self, subject: str) -> Any:
        """The state of any aggregate."""
        state = self.store.documents.get(subject, {}).get("state")
        kind = self.consumer.kind(subject)
        assert kind is not None
        return None if state is None else kind.state.model_validate(state)

    def told_to(self, department: str) -> list[str]:
        """The types of the orders one department got."""
        return [kind for code, kind, _ in self.orders if code == department]


async def published(*codes: str) -> Dispatch:
    """Dispatch after these built-in departments were published by their own aggregates."""
    dispatch = Dispatch(own_directory=True)
    for subject, command in first_commands(JURISDICTION):
        if subject.startswith("dept:") and (not codes or id_of(subject) in codes):
            outcome = await dispatch.ask(command, after(), "system:first-start", subject=subject)
            assert outcome["version"] == "1"
    return dispatch


def department(code: str) -> str:
    """The subject of a department."""
    return subject_of("department", code)
