"""Faults that the simulator found in applying and in the timers, each by itself in the smallest case that shows it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict

from shared.bus.deadletters import DeadLetter, discard_request, replay_request, with_status
from shared.bus.gateway import Request, sealed
from shared.bus.processor import Batch, Processor
from shared.bus.records import Record
from shared.contract.command import Command, FireDeadline, Redeliver
from shared.contract.commands.dispatch import AssignIssue, CheckReply, ReleaseReply
from shared.contract.commands.intake import AcceptIssue, WithdrawIssue
from shared.contract.envelope import open_envelope, seal
from shared.contract.event import INTAKE
from shared.contract.events.dispatch import AssignmentSigned
from shared.contract.events.intake import IssueAccepted, IssueRegistered, IssueWithdrawn
from shared.deadlines import DueDeadline, deadline_string
from shared.domain.aggregates import AggregateType, Consumer, Deadlines, Decide
from shared.domain.decisions import Change, Context, Deadline, event
from shared.domain.reference import Reference
from shared.timers import Timers
from tests.simulation.beginning import Memory
from tests.simulation.reference import Whole

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
BROKEN: set[str] = set()


class Count(BaseModel):
    """How many events came; when it fires by itself."""

    model_config = ConfigDict(frozen=True)
    events: int = 0
    fires_at: AwareDatetime | None = None


def count(state: Count | None, happened: Any, context: Context) -> Change[Count]:
    """Count an event; raise for a type that is broken now."""
    if happened.type in BROKEN:
        raise RuntimeError("broken")
    return Change(Count(events=(state.events if state else 0) + 1))


def act(state: Count | None, command: Any, context: Context) -> Change[Count]:
    """Fail always."""
    raise RuntimeError("broken")


def done(state: Any, command: Any, context: Context) -> Change[Count]:
    """Do nothing."""
    return Change(Count())


def fire(state: Count, deadline: Deadline, context: Context) -> Change[Count]:
    """Tell that it fired."""
    if deadline.name in BROKEN:
        raise RuntimeError("broken")
    signed = AssignmentSigned(assignment="A", department="D", by="timer")
    return Change(state.model_copy(update={"fires_at": None}), (event(signed),))


def deadline_of(state: Count) -> Deadline | None:
    """One deadline at most."""
    return Deadline("x/1/due/1", state.fires_at, state.fires_at) if state.fires_at else None


def counting(commands: dict[type[Command], Decide]) -> Consumer:
    """A dispatch that counts intake's events."""
    kind = AggregateType(
        "issue",
        Count,
        commands=commands,
        events=dict.fromkeys((IssueRegistered, IssueAccepted, IssueWithdrawn), count),
        deadlines=Deadlines(deadline_of, fire),
    )
    return Consumer("dispatch", "wuxing", reads=(INTAKE,), aggregates=(kind,))


class Bench:
    """The processor on a store that answers, with what it published; ``lose`` the next publication."""

    def __init__(self, commands: dict[type[Command], Decide] | None = None) -> None:
        self.memory, self.published, self.lose = Memory({}), [], False
        consumer = counting({AssignIssue: act} if commands is None else commands)
        self.processor = Processor(consumer, self.memory, self._publish, Whole(Reference()))

    async def _publish(self, outgoing: Any) -> None:
        if self.lose:
            self.lose = False
            raise ConnectionError
        self.published += outgoing

    def falls_due(self, subject: str) -> None:
        """Its document has a deadline now."""
        document = self.memory.documents[subject]
        document["state"]["fires_at"] = NOW.isoformat()
        document["due"] = {"name": "x/1/due/1", "at": NOW.isoformat()}
        document["deadline"] = deadline_string(0, NOW, subject)

    def run(self, *records: Record) -> Batch | None:
        """One batch; None when publishing failed."""
        try:
            return asyncio.run(self.processor.run(records))
        except ConnectionError:
            return None

    @property
    def dead_letters(self) -> list[DeadLetter]:
        """The dead letters so far."""
        raws = [
            (out.key.encode(), out.value, out.headers or {})
            for out in self.published
            if out.topic == "dispatch.dlq"
        ]
        return with_status("dispatch", raws)


def told(seq: int, happened: Any, offset: int) -> Record:
    """Intake's event ``seq`` of issue X."""
    raw = seal(
        id=f"intake.events:X:{seq}",
        type=happened.type,
        source="/wuxing/intake",
        subject="X",
        time=NOW,
        data=happened.model_dump(mode="json"),
        seq=seq,
    )
    return Record(INTAKE, 0, offset, int(NOW.timestamp() * 1000), b"X", raw)


def asked(request: Request, offset: int, at: datetime = NOW) -> Record:
    """One command on dispatch's topic."""
    out = sealed(request, "/wuxing/dispatch")
    return Record("dispatch.commands", 0, offset, int(at.timestamp() * 1000), out.key.encode(), out.value)


FIRST, SECOND, THIRD = (
    IssueRegistered(number="1"),
    IssueAccepted(title="t", text="t", by="o"),
    IssueWithdrawn(),
)


def test_a_command_without_a_handler_is_a_dead_letter_and_stops_no_partition():
    bench = Bench()
    assert bench.run(asked(Request("X", WithdrawIssue(), "http", "a:b", "1"), 0)) is not None
    assert bench.run(asked(Request("X", AcceptIssue(title="t", text="t"), "http", "a:b", "2"), 1)) is not None
    assert [dead_letter.place for dead_letter in bench.dead_letters] == [
        ("dispatch.commands", 0, 0),
        ("dispatch.commands", 0, 1),
    ]


def test_a_command_that_its_service_does_not_handle_yet_is_a_dead_letter():
    bench = Bench(commands={})
    assert bench.run(asked(Request("X", AssignIssue(), "http", "a:b", "1"), 0)) is not None
    assert len(bench.dead_letters) == 1


def test_a_held_event_that_fails_when_released_is_set_aside_as_itself():
    bench = Bench()
    BROKEN.add(SECOND.type)
    try:
        bench.run(told(2, SECOND, 5), told(3, THIRD, 6), told(1, FIRST, 7))
    finally:
        BROKEN.clear()
    (dead_letter,) = bench.dead_letters
    assert (dead_letter.origin, dead_letter.topic, dead_letter.seq) == (f"{INTAKE}/0/5", INTAKE, 2)
    assert open_envelope(dead_letter.value).seq == 2
    bench.run(asked(replay_request(dead_letter, "operator:sun"), 1))
    assert bench.memory.documents["X"]["state"]["events"] == 3


def test_a_held_event_that_fails_when_released_is_set_aside_even_if_the_first_try_to_publish_is_lost():
    bench = Bench()
    BROKEN.add(SECOND.type)
    try:
        bench.run(told(2, SECOND, 5))
        bench.lose = True
        assert bench.run(told(1, FIRST, 7)) is None
        bench.run(told(1, FIRST, 7))
    finally:
        BROKEN.clear()
    assert [dead_letter.seq for dead_letter in bench.dead_letters] == [2]


def test_a_dead_letter_handed_in_again_in_vain_can_still_be_discarded():
    bench = Bench()
    BROKEN.add(FIRST.type)
    try:
        bench.run(told(1, FIRST, 0), told(2, SECOND, 1))
        bench.run(asked(replay_request(bench.dead_letters[0], "operator:sun"), 0))
    finally:
        BROKEN.clear()
    again = bench.dead_letters[1]
    request = discard_request(again, "operator:sun", "never mind")
    assert request is not None
    bench.run(asked(request, 1))
    assert "held" not in bench.memory.documents["X"]


def test_what_was_due_before_a_command_that_fails_is_told_though_the_first_try_to_publish_is_lost():
    bench = Bench()
    bench.run(told(1, FIRST, 0))
    bench.falls_due("X")
    failing = asked(Request("X", AssignIssue(), "http", "a:b", "1"), 0, NOW + timedelta(hours=1))
    bench.lose = True
    assert bench.run(failing) is None
    bench.run(failing)
    due = Request("X", FireDeadline(name="x/1/due/1", due_at=NOW), "timer", "timer:due", "X/x/1/due/1")
    bench.run(asked(due, 1, NOW + timedelta(hours=2)))
    types = [open_envelope(out.value).type for out in bench.published if not out.topic.endswith(".dlq")]
    assert types == ["assignment.signed.v1"]


READ: dict[str, Any] = {"assignment": "A", "draft": 1, "sha256": "0" * 64}


def test_the_same_id_with_the_same_fields_but_another_verb_is_another_body():
    bench = Bench(commands={CheckReply: done, ReleaseReply: done})
    batch = bench.run(
        asked(Request("X", CheckReply(**READ), "http", "office:b", "1"), 0),
        asked(Request("X", ReleaseReply(**READ), "http", "office:b", "1"), 1),
    )
    assert batch is not None
    assert [answer.outcome.get("reason") for answer in batch.answers] == [None, "id_reused"]


class OneDue:
    """A store with one deadline that is an hour late."""

    async def read_due(self, low: str, high: str) -> list[DueDeadline]:
        due = DueDeadline("X", "x/1/due/1", NOW, deadline_string(0, NOW, "X"), 1)
        return [due] if low <= due.deadline < high else []


async def test_the_auditor_does_not_send_what_still_waits_for_events_to_be_read():
    posted: list[DueDeadline] = []

    async def post(due: Any) -> None:
        posted.extend(due)

    async def read_up_to(now: datetime) -> datetime:
        return NOW - timedelta(minutes=1)

    timers = Timers(OneDue(), post, may_fire=read_up_to, now=lambda: NOW + timedelta(hours=1))
    timers.assigned([0])
    await timers.audit()
    assert posted == []


async def test_a_partition_that_moves_on_while_its_deadlines_are_posted_is_not_kept():
    async def post(due: Any) -> None:
        timers.assigned([])

    timers = Timers(OneDue(), post, now=lambda: NOW + timedelta(hours=1))
    timers.assigned([0])
    await timers.round()


def test_a_dead_letter_about_an_event_of_an_unknown_type_takes_its_place_when_it_is_handed_in_again():
    bench = Bench()
    bench.run(told(2, SECOND, 6))
    raw = told(1, FIRST, 5).value or b""
    unknown = raw.replace(FIRST.type.encode(), b"issue.dreamt.v1").decode()
    again = Redeliver(topic=INTAKE, partition=0, offset=5, value=unknown, seq=1)
    bench.run(asked(Request("X", again, "deadletter", "operator:sun", "replay/a"), 0))
    assert bench.memory.documents["X"]["state"]["events"] == 1
    assert "held" not in bench.memory.documents["X"]


def test_a_deadline_that_failed_fires_when_it_is_handed_in_again_though_its_dead_letter_may_still_be_sent_again():
    bench = Bench()
    bench.run(told(1, FIRST, 0))
    bench.falls_due("X")
    due = Request("X", FireDeadline(name="x/1/due/1", due_at=NOW), "timer", "timer:due", "X/x/1/due/1")
    BROKEN.add("x/1/due/1")
    try:
        bench.run(asked(due, 0, NOW + timedelta(hours=1)))
    finally:
        BROKEN.clear()
    (dead_letter,) = bench.dead_letters
    bench.run(asked(replay_request(dead_letter, "operator:sun"), 1, NOW + timedelta(hours=2)))
    types = [open_envelope(out.value).type for out in bench.published if not out.topic.endswith(".dlq")]
    assert types == ["assignment.signed.v1"]
