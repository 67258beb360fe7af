"""Two processes of each service at work: each is stopped politely and started again, and nobody notices."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from bench.parts import free_base_port
from services.cli.embedded import SERVICES, Embedded
from shared.bus.gateway import Request, sealed
from shared.bus.records import Record
from tests.embedded.balancing import Balancer, twice
from tests.embedded.test_scenario import complaints, records, settled
from tests.said import issue_of, raiser, registration
from tests.simulation.checker import Clause

pytestmark = [pytest.mark.integration, pytest.mark.prove]

PATIENCE_SECONDS = 180.0
AT_ONCE, BETWEEN, LATE = 4, 8, 3
"""So many issues are on their way at any time; so many commands are done, and so many late issues come, between two
restarts."""
PAUSE_SECONDS = 0.05
LONG_AGO = datetime.now(UTC) - timedelta(days=60)
RAISER, OFFICE, HANDLER = "entrepreneur:wu", "office:chen", "handler:housing/li"
TOLD = ("issue.registered.v1", "issue.accepted.v1", "issue.assigned.v1", "assignment.signed.v1")


class Office:
    """People who raise, accept, assign and sign, one issue after the other."""

    def __init__(self, balancer: Balancer) -> None:
        self._balancer = balancer
        self.raised: list[str] = []
        self.commands = 0
        self.enough = asyncio.Event()
        self.moved = asyncio.Condition()

    async def work(self) -> None:
        """Until there were enough."""
        while not self.enough.is_set():
            said = {"title": f"第{len(self.raised)}盏路灯不亮", "text": "夜班职工骑车摔过两次。"}
            one = await self._done("intake", "/issues", RAISER, said)
            id = one["id"]
            self.raised.append(id)
            one = await self._done("intake", f"/issues/{id}/accept", OFFICE, {}, one["published"])
            given = {"department": "housing"}
            one = await self._done("dispatch", f"/issues/{id}/assign", OFFICE, given, one["published"])
            held = {"assignment": one["assignment"]}
            await self._done("dispatch", f"/issues/{id}/sign", HANDLER, held)

    async def until_more(self, count: int) -> None:
        """Return when so many more commands were done."""
        most = self.commands + count
        async with asyncio.timeout(PATIENCE_SECONDS), self.moved:
            await self.moved.wait_for(lambda: self.commands >= most)

    async def _done(
        self, service: str, path: str, actor: str, body: dict[str, Any], after: str = ""
    ) -> dict[str, Any]:
        done = await self._balancer.done(service, path, actor, body, after)
        async with self.moved:
            self.commands += 1
            self.moved.notify_all()
        await asyncio.sleep(PAUSE_SECONDS)  # a steady load, and no storm
        return done


@pytest.fixture
async def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Embedded]:
    """All of it, whose services say before they stop that they will, longer than a busy balancer takes to look."""
    monkeypatch.setenv("QINQING_DRAIN_SECONDS", "5")
    async with Embedded(tmp_path, free_base_port()) as running:
        yield running


async def late(system: Embedded, number: int) -> str:
    """An issue that was raised long ago, as after a stand-still: all of its clocks are over at once."""
    id = issue_of("huzhou", "li", f"late-{number}")
    asked = Request(id, registration(id, "路灯", "坏了"), "http", raiser("li"), f"{id}/register")
    record = sealed(asked, "/huzhou/intake")
    headers = [(name, text.encode()) for name, text in record.wire_headers().items()]
    at = int(LONG_AGO.timestamp() * 1000)
    async with AIOKafkaProducer(bootstrap_servers=system.parts.kafka_bootstrap, acks="all") as producer:
        await producer.send_and_wait(
            record.topic, record.value, key=record.key.encode(), headers=headers, timestamp_ms=at
        )
    return id


async def restart(system: Embedded, name: str) -> None:
    """What `qinqing restart` does with one of the system's own."""
    command = [
        sys.executable,
        "-m",
        "services.cli.main",
        "restart",
        name,
        "--data",
        str(system.data_dir),
        "--json",
    ]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    assert list(json.loads(output)["restarted"]) == [name]


async def test_each_process_is_started_again_under_load_and_nothing_is_lost_repeated_or_refused(
    system: Embedded,
) -> None:
    late_ones: list[str] = []
    async with twice(system) as (seconds, balancer):
        office = Office(balancer)
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(office.work())
            for name in SERVICES:
                for again in (restart(system, name), seconds.restart(name)):
                    await office.until_more(BETWEEN)
                    late_ones += [await late(system, len(late_ones) + one) for one in range(LATE)]
                    await again
            await office.until_more(BETWEEN)
            office.enough.set()
        await settled(system.parts)
        found = await records(system.parts)
    print(
        f"{office.commands} commands, the slowest {balancer.slowest:.2f} s; {balancer.refused} connections refused, "
        f"{balancer.put_off} answers that asked to come again"
    )
    _once(found, office.raised, late_ones)
    _applied_once(system)
    assert "killed" not in (system.data_dir / "logs" / "system.log").read_text(), "each stop ended by itself"
    left = [one for one in await complaints(system.parts, found) if one.clause is not Clause.NOTICE_SENT]
    assert left == []


def _once(found: list[Record], raised: list[str], late_ones: list[str]) -> None:
    """Every event of these issues is one: what stands on its topic again, sent by who took a partition over within a
    batch, is the same byte for byte, and its readers drop it.
    """
    told = [one for one in found if one.topic.endswith((".events", ".orders"))]
    events = [json.loads(value) for value in {one.value: one.value or b"" for one in told}.values()]
    places = Counter((one["source"], one["id"]) for one in events)
    assert [place for place, times in places.items() if times > 1] == []
    counted = Counter((one["subject"], one["type"]) for one in events)
    assert {(id, type): counted[id, type] for id in raised for type in TOLD} == {
        (id, type): 1 for id in raised for type in TOLD
    }
    breaches = Counter(
        one["subject"]
        for one in events
        if one["type"] == "clock.breached.v1" and one["data"]["clock"] == "promise"
    )
    assert {id: breaches[id] for id in late_ones} == dict.fromkeys(late_ones, 1)


def _applied_once(system: Embedded) -> None:
    """No record was applied by two processes: who reads it again finds that it is known."""
    applied: Counter[tuple[str, str]] = Counter()
    for name in SERVICES:
        for path in (system.data_dir / "logs").glob(f"{name}*.log"):
            for line in path.read_text().splitlines():
                if line.startswith('{"event":"handled"') and json.loads(line)["became"] == "applied":
                    applied[name, json.loads(line)["record"]] += 1
    assert applied
    assert [one for one, times in applied.items() if times > 1] == []
