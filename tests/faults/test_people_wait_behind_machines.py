"""People wait behind machines: a broker that is away, timers that post everything at once, and again each minute."""

import asyncio
from bisect import bisect_left
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from aiokafka import TopicPartition
from fastapi import Depends, FastAPI

from services.intake.api import routes
from services.intake.consumer import consumer
from shared.bus.gateway import Gateway
from shared.bus.records import Outgoing
from shared.contract.commands.intake import AcceptIssue, RegisterIssue
from shared.deadlines import DueDeadline, deadline_string
from shared.problems import install_problems
from shared.timers import Timers
from shared.web import command_routes
from tests.faults.client import Client, seam
from tests.faults.given import NOW, SOURCE, Played, Store, given, notebook
from tests.keys import bearer, signed_in
from tests.said import registering
from tests.unit.intake.over_http import NO_FILES
from tests.unit.reference import JURISDICTION

MOST_SLICE = 400
MANY = 100_000
ISSUE = {"title": "漏水", "text": "水管漏水"}


# -------------------------------------------------------------- a broker that is away


@asynccontextmanager
async def _intake(
    publish: Callable[[Sequence[Outgoing]], Awaitable[None]], wait_seconds: float
) -> AsyncIterator[httpx.AsyncClient]:
    """Intake over HTTP, with the bus behind it as a test wants it."""
    owned = consumer(JURISDICTION)
    store = Store()
    gateway = Gateway(SOURCE, publish, store, wait_seconds=wait_seconds)  # type: ignore[arg-type]
    app = FastAPI(dependencies=[Depends(signed_in())])
    install_problems(app, 1_000_000)
    app.include_router(routes(gateway, store, registering(JURISDICTION), NO_FILES, everybody_is_known))  # type: ignore[arg-type]
    app.include_router(command_routes(gateway, owned, (RegisterIssue, AcceptIssue)))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1", headers=bearer("entrepreneur:li")
    ) as client:
        yield client


async def everybody_is_known(person: str) -> bool:
    """Nobody is written down for here."""
    return True


async def _never(outgoing: Sequence[Outgoing]) -> None:
    """As an idempotent producer whose broker is away: it never gives a batch up."""
    await asyncio.Event().wait()


@pytest.mark.parametrize("path", ["/issues", "/issues/7K3M9QXT2B4N6/withdraw"])
async def test_a_request_is_answered_503_in_time_while_the_broker_is_away(path: str) -> None:
    async with _intake(_never, wait_seconds=0.2) as client:
        asked = asyncio.ensure_future(client.post(path, json=ISSUE if path == "/issues" else {}))
        done, waiting = await asyncio.wait([asked], timeout=3)
        for request in waiting:
            request.cancel()
        assert [request.result().status_code for request in done] == [503]


async def test_a_clients_retry_without_a_key_does_not_become_a_second_issue() -> None:
    published: list[Outgoing] = []

    async def publish(outgoing: Sequence[Outgoing]) -> None:
        published.extend(outgoing)

    async with _intake(publish, wait_seconds=0.05) as client:
        given((await client.post("/issues", json=ISSUE, headers={"Idempotency-Key": "k"})).status_code == 202)
        published.clear()
        for _ in range(2):
            await client.post("/issues", json=ISSUE)
    assert len({out.key for out in published}) <= 1


# -------------------------------------------------------------- timers


class ManyDue:
    """A store with many deadlines at one instant; ``walked`` counts the index entries that were looked at."""

    def __init__(self, count: int, *, held: bool = False) -> None:
        self._due = sorted(
            (
                DueDeadline(f"s{number}", "x/1/due/1", NOW, deadline_string(0, NOW, f"s{number}"), 1, held)
                for number in range(count)
            ),
            key=lambda entry: entry.deadline,
        )
        self._keys = [entry.deadline for entry in self._due]
        self.walked = 0

    async def read_due(self, low: str, high: str) -> list[DueDeadline]:
        found = self._due[bisect_left(self._keys, low) : bisect_left(self._keys, high)]
        self.walked += len(found)
        return found


class Posted:
    """Timers over a store, and how often each deadline was posted; nobody consumes anything."""

    def __init__(self, store: ManyDue, **more: Any) -> None:
        self.now = NOW + timedelta(minutes=10)
        self.due: list[DueDeadline] = []
        self.timers = Timers(store, self._post, now=lambda: self.now, **more)
        self.timers.assigned([0])

    async def _post(self, due: Sequence[DueDeadline]) -> None:
        self.due += due

    async def an_hour(self) -> None:
        """The timers and their auditor, each once a minute."""
        for _ in range(60):
            await self.timers.round()
            await self.timers.audit()
            self.now += timedelta(minutes=1)


async def test_a_person_waits_behind_one_slice_of_a_hundred_thousand_due_deadlines() -> None:
    posted = Posted(ManyDue(MANY))
    await posted.timers.round()
    assert 1 <= len(posted.due) <= MOST_SLICE


async def test_the_auditor_does_not_post_everything_late_again_each_minute() -> None:
    posted = Posted(ManyDue(2000))
    await posted.an_hour()
    assert 1 <= len(posted.due) <= 2000


async def test_the_auditor_does_not_post_a_held_deadline_60_times_an_hour() -> None:
    posted = Posted(ManyDue(1, held=True))
    await posted.an_hour()
    assert len(posted.due) <= 2


async def _read_up_to(now: datetime) -> datetime:
    """Events of the last minute before the deadlines are still unread."""
    return NOW - timedelta(minutes=1)


async def test_a_hundred_thousand_deadlines_in_one_millisecond_are_not_walked_while_events_are_unread() -> (
    None
):
    store = ManyDue(MANY)
    posted = Posted(store, may_fire=_read_up_to)
    await posted.timers.round()
    assert posted.due == []
    assert store.walked == 0


async def test_timers_that_wait_for_unread_events_do_not_ask_again_after_20_milliseconds() -> None:
    posted = Posted(ManyDue(1), may_fire=_read_up_to)
    assert await posted.timers.round() > 0.02


# -------------------------------------------------------------- a rebalance


async def test_a_rebalance_does_not_ask_for_committed_offsets_one_partition_at_a_time() -> None:
    partitions = [TopicPartition("intake.commands", number) for number in range(24)]
    client = Client(dict.fromkeys(partitions, 0))
    batches, owned = seam(Played(notebook()).processor, client)
    await batches.on_partitions_assigned(partitions)
    given(owned == [list(range(24))])
    assert client.round_trips <= 2
