"""What is believed and kept: the last commit, the copies of a topic, the replay, its namespaces, the held gauge."""

import asyncio
import contextlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from aiokafka import TopicPartition
from pydantic import ValidationError

from services.cli.replaying.drive import Driver
from services.cli.replaying.lives import Life, ReplayFailed
from services.cli.replaying.messages import Message
from services.dispatch.consumer import consumer as dispatch_consumer
from shared.bus.processor import Batch
from shared.bus.reader import GroupLag
from shared.bus.subscription import Subscribed
from shared.bus.topics import ensure_topics
from shared.contract.commands.dispatch import AssignIssue
from shared.contract.events.intake import IssueAccepted, IssueRegistered
from shared.settings import Settings
from tests.faults.client import Client, raw, seam
from tests.faults.given import Played, asks, closing, foreign_event, given, line, notebook
from tests.faults.services import built
from tests.said import REFERENCES
from tests.unit.reference import JURISDICTION

MINE = [TopicPartition("intake.commands", number) for number in range(4)]


# -------------------------------------------------------------- commits and topics


async def test_a_last_commit_that_failed_is_tried_again_though_no_other_record_comes() -> None:
    client = Client({MINE[0]: 1})
    batches, _ = seam(Played(notebook()).processor, client)
    await batches.on_partitions_assigned(MINE[:1])
    client.fail_commit = 1
    await batches.handle([raw(line("a", "one"))])
    given(client.fail_commit == 0)
    for _ in range(20):
        await client.getmany(timeout_ms=10)
        await asyncio.sleep(0.02)  # whatever tries again may want a pause
    assert client.kept == {MINE[0]: 1}


class Admin:
    """Kafka's administration, which keeps what it is asked to create."""

    def __init__(self) -> None:
        self.created: list[Any] = []

    async def start(self) -> None:
        """There is nothing to connect to."""

    async def close(self) -> None:
        """There is nothing to disconnect from."""

    async def list_topics(self) -> list[str]:
        return [topic.name for topic in self.created]

    async def create_topics(self, topics: Sequence[Any], **how: Any) -> Any:
        self.created += topics
        return SimpleNamespace(topic_errors=[(topic.name, 0, "") for topic in topics])

    async def describe_topics(self, names: Sequence[str]) -> list[dict[str, Any]]:
        counts = {topic.name: topic.num_partitions for topic in self.created}
        return [{"topic": name, "error_code": 0, "partitions": [0] * counts[name]} for name in names]


async def test_a_write_to_a_topic_with_three_copies_is_acknowledged_by_two_at_least(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    admin = Admin()
    monkeypatch.setattr("shared.bus.topics.AIOKafkaAdminClient", lambda **how: admin)
    names = ["intake.commands", "intake.events", "intake.dlq", "dept.housing.orders", "dispatch.reference"]
    with contextlib.suppress(AttributeError):  # what this administration cannot be asked yet
        await ensure_topics("", "", names, partitions=6, replication=3)
    given(len(admin.created) == len(names))
    assert {
        topic.name: (topic.topic_configs or {}).get("min.insync.replicas") for topic in admin.created
    } == (dict.fromkeys(names, "2"))


# -------------------------------------------------------------- the replay


class Server:
    """Four history services that do whatever they are asked; ``largest`` is the longest request there was."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.largest = 0
        transport = httpx.MockTransport(self._answer)
        monkeypatch.setattr(httpx, "AsyncClient", partial(httpx.AsyncClient, transport=transport))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.largest = max(self.largest, len(request.content))
        if not request.url.path.endswith("/history/commands"):
            return httpx.Response(200, json=[])
        done = {"status": "done", "department": "housing", "assignment": "x.1"}
        return httpx.Response(200, json=[done] * len(json.loads(request.content)))


class Lag(GroupLag):
    """What the groups have not read yet: always so many records."""

    def __init__(self, unread: int) -> None:
        self._count = unread

    async def unread(self, *ends: Any) -> int:
        return self._count

    async def by_group(self) -> dict[str, int]:
        return {"dispatch": self._count}

    async def _ends(self) -> dict[TopicPartition, int]:
        return {}


def _driver(count: int, chars: int, lag: Lag) -> Driver:
    at = datetime(2019, 3, 4, 2, tzinfo=UTC)
    messages = [
        Message(number, f"m{number}", "li", "漏水", "字" * chars, at, None, None) for number in range(count)
    ]
    urls = {name: f"http://127.0.0.1/{name}" for name in ("intake", "dispatch", "supervision", "feedback")}
    until = at + timedelta(days=1)
    lives = [Life.of(message, JURISDICTION, REFERENCES) for message in messages]
    return Driver(urls, lag, lives, until=until)


async def test_a_replay_of_250_messages_of_1400_characters_stays_under_the_request_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = Server(monkeypatch)
    await _driver(250, 1_400, Lag(0)).run()
    given(server.largest > 1_400)
    assert server.largest <= Settings().body_bytes


class HastyLoop(asyncio.SelectorEventLoop):
    """A loop whose time jumps to the next thing to do."""

    def __init__(self) -> None:
        super().__init__()
        self._jumped = 0.0
        select = self._selector.select  # type: ignore[attr-defined]

        def hasty(timeout: float | None = None) -> Any:
            self._jumped += timeout or 0.0
            return select(0)

        self._selector.select = hasty  # type: ignore[attr-defined]

    def time(self) -> float:
        return super().time() + self._jumped


def test_a_replay_whose_services_stop_reading_ends_with_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    Server(monkeypatch)

    async def twenty_minutes() -> None:
        await asyncio.wait_for(_driver(1, 10, Lag(1_000_000)).run(), 1200)

    with asyncio.Runner(loop_factory=HastyLoop) as runner, pytest.raises(ReplayFailed):
        runner.run(twenty_minutes())


async def test_a_replay_writes_the_orders_of_all_departments_on_one_topic() -> None:
    service = Played(dispatch_consumer(JURISDICTION, history=True))
    for subject, department in (("a", "housing"), ("b", "transport")):
        registered = IssueRegistered(number="HZ-1", kind="problem")
        accepted = IssueAccepted(title="漏水", text="水管漏水", by="chen")
        await service.deliver(foreign_event(subject, 1, registered), foreign_event(subject, 2, accepted))
        assigned = asks(subject, AssignIssue(department=department), f"assign {subject}")
        given((await service.outcome(assigned._replace(topic="dispatch.commands")))["status"] == "done")
    orders = [out.topic for out in service.published if b'"type":"order.' in out.value]
    given(len(orders) == 2)
    assert len(set(orders)) == 1


# -------------------------------------------------------------- namespaces


def _accepts(**settings: Any) -> bool:
    try:
        Settings(**settings)
    except ValidationError:
        return False
    return True


def test_history_without_a_namespace_of_its_own_is_refused() -> None:
    given(_accepts(history=False, namespace=""))
    assert not _accepts(history=True, namespace="")


def test_no_name_may_be_a_replays_namespace_and_a_countys_as_well() -> None:
    names = ("wuxing", "nanxun", "replay-20260302-090000", "replay", "history", "history-1")
    both = [name for name in names if _accepts(namespace=name) and _accepts(namespace=name, history=True)]
    assert both == []


# -------------------------------------------------------------- the held gauge


async def test_the_held_gauge_does_not_count_what_another_worker_has_after_a_rebalance(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, service = built("intake", monkeypatch)
    client = Client(dict.fromkeys(MINE, 0))
    service.batches.subscription = Subscribed(client)
    await service.batches.on_partitions_assigned(MINE)
    notes = Played(notebook())
    held = await notes.deliver(closing("a", 2))
    service._on_batch(Batch(written=[{**held.written[0], "partition": 3}]))
    await service.measure()
    given(service.metrics.held._value.get() == 1)
    client.ends = dict.fromkeys(MINE[:2], 0)
    await service.batches.on_partitions_revoked(MINE)
    await service.batches.on_partitions_assigned(MINE[:2])
    await service.measure()
    assert service.metrics.held._value.get() == 0
    service.database.close()
