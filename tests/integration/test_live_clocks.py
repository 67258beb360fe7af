"""Live clocks on real parts: what should have happened weeks ago fires by itself, in order, and only once."""

from datetime import UTC, datetime, timedelta

import pytest

from services.cli.embedded import Parts
from services.dispatch.issue.life import draft_hash
from shared.bus.gateway import Request, sealed
from shared.contract.command import Command
from shared.contract.commands.dispatch import (
    AssignIssue,
    CheckReply,
    DraftReply,
    ReleaseReply,
    SignAssignment,
    SignOffReply,
)
from shared.contract.commands.intake import AcceptIssue
from shared.contract.words import Outcome
from tests.integration.broker import own_namespace, put, reader
from tests.integration.city import City
from tests.said import issue_of, raiser, registration
from tests.unit.reference import JURISDICTION

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

LONG_AGO = datetime.now(UTC) - timedelta(days=60)
ENTREPRENEUR, OFFICE, HANDLER, LEADER = (
    raiser("li"),
    "office:chen",
    "handler:housing/wang",
    "department_leader:housing/head",
)


@pytest.fixture(scope="module")
def namespace() -> str:
    return own_namespace("clocks")


async def ask(embedded: Parts, namespace: str, id: str, actor: str, command: Command) -> None:
    """A command whose record came 60 days ago: the record's timestamp is its official time (clocks.md 7)."""
    record = sealed(
        Request(id, command, "http", actor, f"{id}/{command.verb}"), f"/{JURISDICTION}/{command.service}"
    )
    at = int(LONG_AGO.timestamp() * 1000)
    await put(embedded.kafka_bootstrap, namespace, [record], timestamp_ms=at)


async def test_after_a_stand_still_warnings_and_the_breach_fire_in_order_with_their_due_times(
    four: City, embedded: Parts, namespace: str
) -> None:
    id = issue_of(JURISDICTION, "li", "late")
    await ask(embedded, namespace, id, ENTREPRENEUR, registration(id, "路灯", "坏了"))
    async with reader(embedded.kafka_bootstrap, namespace, "supervision.events") as read:
        await read.until(
            lambda _: [e for e in read.events(id, "clock.breached.v1") if e.data["clock"] == "promise"]
        )
        clocks = [event for event in read.events(id) if event.type.startswith("clock.")]
        told = [event for event in clocks if event.data["clock"] == "promise"]
        kinds = [event.type for event in sorted(told, key=lambda event: event.seq)]
        assert kinds == ["clock.started.v1", "clock.warned.v1", "clock.warned.v1", "clock.breached.v1"]
        breach = next(event for event in told if event.type == "clock.breached.v1")
        due = datetime.fromisoformat(breach.data["due_at"])
        assert due == datetime.fromisoformat(told[0].data["due_at"])
        late = timedelta(seconds=breach.data["late_seconds"])
        assert timedelta(days=30) < late < datetime.now(UTC) - due
        assert [event.data["threshold"] for event in told if event.type == "clock.warned.v1"] == [
            "70%",
            "1wd",
        ]
        await read.until(lambda _: [e for e in read.events(id, "ladder.raised.v1") if e.data["step"] == 6])
        raised = sorted(read.events(id, "ladder.raised.v1"), key=lambda event: event.seq)
        assert [event.data["step"] for event in raised] == [1, 2, 3, 4, 5, 6]
        instants = [datetime.fromisoformat(event.data["due_at"]) for event in raised]
        assert instants == sorted(instants) and instants[0] == due
        assert all(event.data["late_seconds"] > 0 for event in raised)


async def test_an_invitation_that_ran_out_lapses_and_the_issue_closes_everywhere(
    four: City, embedded: Parts, namespace: str
) -> None:
    id = issue_of(JURISDICTION, "li", "lapse")
    held = {"assignment": f"{id}.1"}
    read = {**held, "draft": 1, "sha256": draft_hash(Outcome.SOLVED, "已办", None)}
    steps: tuple[tuple[str, Command, tuple[str, str]], ...] = (
        (ENTREPRENEUR, registration(id, "物业", "小区的物业不管事"), ("dispatch", "registered")),
        (OFFICE, AcceptIssue(title="物业", text="小区的物业不管事"), ("dispatch", "waiting")),
        (OFFICE, AssignIssue(department="housing"), ("dispatch", "assigned")),
        (HANDLER, SignAssignment(**held), ("dispatch", "in_progress")),
        (HANDLER, DraftReply(**held, outcome=Outcome.SOLVED, text="已办"), ("dispatch", "drafted")),
        (LEADER, SignOffReply(**read), ("dispatch", "signed_off")),
        (OFFICE, CheckReply(**read), ("dispatch", "checked")),
        (OFFICE, ReleaseReply(**read), ("intake", "closed")),
    )
    for actor, command, (service, state) in steps:
        await ask(embedded, namespace, id, actor, command)
        await four.reaches(service, id, state)
    async with reader(embedded.kafka_bootstrap, namespace, "feedback.events") as read:
        closed = await read.event(id, "issue.closed.v1")
        assert closed.data["reason"] == "lapsed"
        lapsed = await read.event(id, "rating.lapsed.v1")
        invited = await read.event(id, "rating.invited.v1")
        # The lapse happened when the invitation ran out, however late we came to it: as in a replay.
        assert lapsed.time == datetime.fromisoformat(invited.data["open_until"])
