"""Faults that the simulator found in the fold and the timers, each by itself in the smallest case that shows it."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import AwareDatetime, BaseModel

from shared.bus.deadletters import Letter, discard_request, fold_letters, replay_request
from shared.bus.door import Request, sealed
from shared.bus.loop import Batch, Loop
from shared.bus.records import Record
from shared.bus.room import Room
from shared.commands import AcceptIssue, AssignIssue, CheckReply, FireDeadline, ReleaseReply, WithdrawIssue
from shared.envelope import open_envelope, seal
from shared.events import INTAKE, AssignmentSigned, IssueAccepted, IssueRegistered, IssueWithdrawn
from shared.moves import Change, Context, Deadline
from shared.timers import Due, Timers, deadline_string
from tests.simulation.judging import Memory

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
BROKEN: set[str] = set()


class Count(BaseModel):
    """How many facts came; when it fires by itself."""

    facts: int = 0
    fires_at: AwareDatetime | None = None


def note(state: Count | None, fact: Any, context: Context) -> Change[Count]:
    """Count a fact; raise for a type that is broken now."""
    if fact.type in BROKEN:
        raise RuntimeError("broken")
    return Change(Count(facts=(state.facts if state else 0) + 1))


def act(state: Count | None, command: Any, context: Context) -> Change[Count]:
    """Fail always."""
    raise RuntimeError("broken")


def fire(state: Count, deadline: Deadline, context: Context) -> Change[Count]:
    """Tell that it fired."""
    event = AssignmentSigned(assignment="A", department="D", by="timer")
    return Change(state.model_copy(update={"fires_at": None}), (event,))


def deadline_of(state: Count) -> Deadline | None:
    """One deadline at most."""
    return Deadline("x/1/due/1", state.fires_at, state.fires_at) if state.fires_at else None


ROOM = Room(
    service="dispatch", jurisdiction="wuxing", state=Count, reads=(INTAKE,), commands={AssignIssue: act},
    facts=dict.fromkeys((IssueRegistered, IssueAccepted, IssueWithdrawn), note), next_deadline=deadline_of, fire=fire,
)  # fmt: skip


class Bench:
    """The loop on a store that answers, with what it published; ``lose`` the next publication."""

    def __init__(self) -> None:
        self.memory, self.published, self.lose = Memory({}), [], False
        self.loop = Loop(ROOM, self.memory, self._publish, group="dispatch")

    async def _publish(self, outgoing: Any) -> None:
        if self.lose:
            self.lose = False
            raise ConnectionError
        self.published += outgoing

    def run(self, *records: Record) -> Batch | None:
        """One batch; None when publishing failed."""
        try:
            return asyncio.run(self.loop.run(records))
        except ConnectionError:
            return None

    @property
    def letters(self) -> list[Letter]:
        """The dead letters so far."""
        raws = [
            (o.key.encode(), o.value, o.headers or {}) for o in self.published if o.topic == "dispatch.dlq"
        ]
        return fold_letters("dispatch", raws)


def fact(seq: int, event: Any, offset: int) -> Record:
    """Intake's event ``seq`` of issue X."""
    raw = seal(
        id=f"intake.events:X:{seq}", type=event.type, source="/wuxing/intake", subject="X", time=NOW,
        data=event.model_dump(mode="json"), seq=seq,
    )  # fmt: skip
    return Record(INTAKE, 0, offset, int(NOW.timestamp() * 1000), b"X", raw)


def command(request: Request, offset: int, at: datetime = NOW) -> Record:
    """One command on dispatch's topic."""
    out = sealed(request, "/wuxing/dispatch")
    return Record(out.topic, 0, offset, int(at.timestamp() * 1000), out.key.encode(), out.value)


FIRST, SECOND, THIRD = (
    IssueRegistered(number="1", title="t", text="t"),
    IssueAccepted(by="o"),
    IssueWithdrawn(),
)


def test_a_command_without_a_handler_is_a_dead_letter_and_stops_no_partition():
    bench = Bench()
    batch = bench.run(command(Request("X", WithdrawIssue(), "http", "a:b", "1"), 0))
    assert batch is not None and batch.dead == 1
    wrong = Bench()
    assert wrong.run(command(Request("X", AcceptIssue(), "http", "a:b", "1"), 0)) is not None


def test_a_command_that_its_service_does_not_handle_yet_is_a_dead_letter():
    room = replace(ROOM, commands={})
    bench = Bench()
    bench.loop = Loop(room, bench.memory, bench._publish, group="dispatch")
    batch = bench.run(command(Request("X", AssignIssue(), "http", "a:b", "1"), 0))
    assert batch is not None and batch.dead == 1


def test_a_held_event_that_fails_when_released_is_set_aside_as_itself():
    bench = Bench()
    BROKEN.add(SECOND.type)
    try:
        bench.run(fact(2, SECOND, 5), fact(3, THIRD, 6), fact(1, FIRST, 7))
    finally:
        BROKEN.clear()
    (letter,) = bench.letters
    assert (letter.origin, letter.topic, letter.seq) == (f"{INTAKE}/0/5", INTAKE, 2)
    assert open_envelope(letter.value).seq == 2
    bench.run(command(replay_request(letter, "operator:sun"), 1))
    assert bench.memory.documents["X"]["state"]["facts"] == 3


def test_a_held_event_that_fails_when_released_is_set_aside_even_if_the_first_try_to_publish_is_lost():
    bench = Bench()
    BROKEN.add(SECOND.type)
    try:
        bench.run(fact(2, SECOND, 5))
        bench.lose = True
        assert bench.run(fact(1, FIRST, 7)) is None
        bench.run(fact(1, FIRST, 7))
    finally:
        BROKEN.clear()
    assert [letter.seq for letter in bench.letters] == [2]


def test_a_letter_handed_in_again_in_vain_can_still_be_discarded():
    bench = Bench()
    BROKEN.add(FIRST.type)
    try:
        bench.run(fact(1, FIRST, 0), fact(2, SECOND, 1))
        bench.run(command(replay_request(bench.letters[0], "operator:sun"), 0))
    finally:
        BROKEN.clear()
    again = bench.letters[1]
    request = discard_request(again, "operator:sun", "never mind")
    assert request is not None
    bench.run(command(request, 1))
    assert "held" not in bench.memory.documents["X"]


def test_what_was_due_before_a_command_that_fails_is_told_though_the_first_try_to_publish_is_lost():
    bench = Bench()
    bench.run(fact(1, FIRST, 0))
    bench.memory.documents["X"]["state"]["fires_at"] = NOW.isoformat()
    failing = command(Request("X", AssignIssue(), "http", "a:b", "1"), 0, NOW + timedelta(hours=1))
    bench.lose = True
    assert bench.run(failing) is None
    bench.run(failing)
    due = Request("X", FireDeadline(name="x/1/due/1", due_at=NOW), "timer", "timer:due", "X/x/1/due/1")
    bench.run(command(due, 1, NOW + timedelta(hours=2)))
    told = [open_envelope(out.value).type for out in bench.published if not out.topic.endswith(".dlq")]
    assert told == ["assignment.signed.v1"]


def test_the_same_id_with_the_same_fields_but_another_verb_is_another_body():
    bench = Bench()

    def done(state: Any, command: Any, context: Context) -> Change[Count]:
        return Change(Count())

    room = replace(ROOM, commands={CheckReply: done, ReleaseReply: done})
    bench.loop = Loop(room, bench.memory, bench._publish, group="dispatch")
    batch = bench.run(
        command(Request("X", CheckReply(assignment="A"), "http", "a:b", "1"), 0),
        command(Request("X", ReleaseReply(assignment="A"), "http", "a:b", "1"), 1),
    )
    assert batch is not None
    assert [answer.outcome.get("reason") for answer in batch.answers] == [None, "id_reused"]


class OneDue:
    """A store with one deadline that is an hour late."""

    async def count_due(self, low: str, high: str) -> int:
        return int(low <= deadline_string(0, NOW, "X") < high)

    async def read_due(self, low: str, high: str) -> list[Due]:
        return (
            [Due("X", "x/1/due/1", NOW, deadline_string(0, NOW, "X"), 1)]
            if await self.count_due(low, high)
            else []
        )


async def test_the_auditor_does_not_send_what_still_waits_for_facts_to_be_read():
    posted: list[Due] = []

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
