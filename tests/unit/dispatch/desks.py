"""Dispatch's house with its people: issues brought to any state, and who may ask what there."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from services.dispatch.bus import room
from services.dispatch.domain import State
from shared.bus.records import Outgoing, Record
from shared.calendar import base_calendar
from shared.clocks import default_policy
from shared.commands import (
    AssignIssue,
    CheckReply,
    Command,
    DraftReply,
    ReleaseReply,
    ReturnAssignment,
    RuleOnReturn,
    SendBackReply,
    SignAssignment,
    SignOffReply,
)
from shared.envelope import open_envelope, seal
from shared.events import Event, IssueClosed, Kind, Outcome, ReworkDecided
from tests.unit.supervision.street import (
    ISSUE,
    House,
    Neighbours,
    accepted,
    after,
    promised,
    registered,
    rejected,
    withdrawn,
)

FIRST, SECOND = f"{ISSUE}.1", f"{ISSUE}.2"
OFFICE, HANDLER, LEADER = "office:chen", "dept:housing/li", "dept:housing/wang"
DUE = after(days=14, hours=8.5)

ASSIGN = AssignIssue(department="housing")
SIGN, RETURN = SignAssignment(assignment=FIRST), ReturnAssignment(assignment=FIRST, reason="不属本局职责")
UPHOLD = RuleOnReturn(assignment=FIRST, upheld=True, department="transport", reason="确属交通")
KEEP = RuleOnReturn(assignment=FIRST, upheld=False, reason="仍由你局办理")
DRAFT = DraftReply(assignment=FIRST, outcome=Outcome.SOLVED, text="已经修好")
SIGN_OFF, CHECK = SignOffReply(assignment=FIRST), CheckReply(assignment=FIRST)
SEND_BACK, RELEASE = SendBackReply(assignment=FIRST, reason="请写明时限"), ReleaseReply(assignment=FIRST)

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
}
"""Each verb, rightly asked by the right person."""

_REPLY = ("assign", "sign", "draft", "sign_off", "check", "release")
WAYS: dict[State, tuple[str | Event, ...]] = {
    State.REGISTERED: (),
    State.WAITING: (accepted(),),
    State.ASSIGNED: (accepted(), *_REPLY[:1]),
    State.RETURNED: (accepted(), "assign", "return"),
    State.IN_PROGRESS: (accepted(), *_REPLY[:2]),
    State.DRAFTED: (accepted(), *_REPLY[:3]),
    State.SIGNED_OFF: (accepted(), *_REPLY[:4]),
    State.CHECKED: (accepted(), *_REPLY[:5]),
    State.REPLIED: (accepted(), *_REPLY),
    State.REJECTED: (rejected(),),
    State.WITHDRAWN: (accepted(), "assign", withdrawn()),
    State.CLOSED: (accepted(), *_REPLY, IssueClosed(round=1, reason="rated")),
}
"""How an issue gets into each state, from its registration on."""


def granted() -> ReworkDecided:
    return ReworkDecided(round=2, reason="未解决", by="chen")


def closed() -> IssueClosed:
    return IssueClosed(round=1, reason="rated")


class Desks(House):
    """Dispatch with the facts of its neighbours; ``orders`` is what each department was told, in order."""

    def __init__(self, subject: str = ISSUE) -> None:
        rules = {"policy": default_policy(), "calendar": base_calendar()}
        super().__init__(room(jurisdiction="huzhou", history=False, **rules), subject)  # type: ignore[arg-type]
        self.facts = Neighbours(subject)
        self.orders: list[tuple[str, str, dict[str, Any]]] = []
        self.sent: list[Outgoing] = []
        self._ids: set[str] = set()

    async def _publish(self, outgoing: Iterable[Any]) -> None:
        out = list(outgoing)
        commands = [record for record in out if record.topic == self.room.commands_topic]
        for record in out:
            envelope = open_envelope(record.value)
            if record.topic.startswith("dept.") and envelope.id not in self._ids:
                self.orders.append((record.topic.split(".")[1], envelope.type, envelope.data))
            self._ids.add(envelope.id)
        self.sent += commands
        await super()._publish(record for record in out if record not in commands)

    async def register(self, kind: Kind = Kind.PROBLEM) -> None:
        words = {"title": "小区电梯坏了", "text": "物业三个月不修电梯"}
        await self.hear(registered(kind=kind, **words), promised(after(), DUE))

    async def hear(self, *facts: Event, at: datetime | None = None) -> list[Event]:
        return await self.take(*(self.facts(fact, at or after()) for fact in facts))

    async def bring(self, state: State, kind: Kind = Kind.PROBLEM) -> "Desks":
        await self.register(kind)
        await self.walk(WAYS[state])
        assert self.state.state is state
        return self

    async def walk(self, way: Sequence[str | Event]) -> None:
        for step in way:
            if isinstance(step, Event):
                await self.hear(step)
            else:
                assert (await self.want(step))["status"] == "done", step

    async def want(self, verb: str, *, at: datetime | None = None, key: str = "") -> dict[str, Any]:
        command, actor = ASKS[verb]
        return await self.ask(command, at or after(hours=1), actor, key)

    def told_to(self, department: str) -> list[str]:
        return [kind for code, kind, _ in self.orders if code == department]

    def message(self, department: str, key: str, command: Command, subject: str = "") -> Record:
        """A command as the departments' door posts it."""
        self._offset += 1
        subject = subject or self.subject
        raw = seal(
            id=f"dept/{department}/{key}", type=command.type, source="/door", subject=subject, time=after(),
            data=command.model_dump(mode="json"), actor=f"dept:{department}",
        )  # fmt: skip
        at_ms = int(after().timestamp() * 1000)
        return Record(self.room.commands_topic, 0, self._offset, at_ms, subject.encode(), raw)
