"""The runbook on dead letters and held events (docs/operations.md), step by step at the command line, on real parts."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from typer.testing import CliRunner

from services.cli import deadletters
from services.cli.embedded import Parts
from services.cli.system import RunningSystem
from services.dispatch import consumer
from shared.bus.reader import read_all
from shared.bus.records import Outgoing
from shared.contract.commands.dispatch import AssignIssue
from shared.contract.envelope import seal
from shared.contract.events.intake import IssueRegistered
from tests.integration.broker import PATIENCE_SECONDS, own_namespace, put, reader
from tests.integration.city import City, city
from tests.keys import DATA

pytestmark = pytest.mark.integration

ISSUE = "7K3M9QXT2B4N6"
REGISTERED = {
    "number": "7K3M-9QXT-2B4N-6C",
    "kind": "problem",
    "anonymous": False,
    "enterprise": "",
}

ACCEPTED = {"title": "漏水", "text": "水管漏水", "by": "chen"}


def told(seq: int, type: str, data: dict[str, Any], subject: str = ISSUE) -> Outgoing:
    raw = seal(
        id=f"intake.events:{subject}:{seq}",
        type=type,
        source="/huzhou/intake",
        subject=subject,
        time=datetime.now(UTC),
        seq=seq,
        data=data,
    )
    return Outgoing("intake.events", subject, raw)


class Operator:
    """Somebody at the command line of running services."""

    def __init__(self, parts: Parts, namespace: str, services: City) -> None:
        self.parts, self.namespace, self.services = parts, namespace, services

    async def types(self, *arguments: str, code: int = 0) -> Any:
        """What a `deadletters` command answers as JSON; fails on another exit code."""
        done = await asyncio.to_thread(CliRunner().invoke, deadletters.app, [*arguments, "--json"])
        assert done.exit_code == code, done.output
        return json.loads(done.stdout.splitlines()[0])

    async def dead_letter(self, reason: str) -> dict[str, Any]:
        """The open dead letter whose reason holds these words; it was seen on the topic first."""
        async with reader(self.parts.kafka_bootstrap, self.namespace, "dispatch.dlq") as read:
            await read.dead_letter(reason)
        (found,) = [entry for entry in await self.types("list") if reason in entry["reason"]]
        return dict(found)

    async def tell(self, *events: Outgoing) -> list[Any]:
        return await put(self.parts.kafka_bootstrap, self.namespace, events)

    async def published(self, topic: str) -> set[bytes]:
        """Every record of a topic, however often it was published."""
        found = [raw async for raw in read_all(self.parts.kafka_bootstrap, [topic], f"{self.namespace}.")]
        return {raw.value or b"" for raw in found}

    async def metric(self, name: str) -> float:
        return await self.services.metric("dispatch", f"qinqing_{name}")

    async def until_metric(self, name: str, value: float) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await self.metric(name) != value:
                await asyncio.sleep(0.03)  # as an operator would: look again

    async def set_offsets(self, topics: Iterable[str], to: str) -> None:
        """Let dispatch, which does not run, begin at the ``beginning`` or at the ``end`` of these topics."""
        async with AIOKafkaConsumer(
            bootstrap_servers=self.parts.kafka_bootstrap,
            group_id=f"{self.namespace}.dispatch",
            enable_auto_commit=False,
        ) as consumer:
            for topic in topics:
                await consumer._client._wait_on_metadata(f"{self.namespace}.{topic}")
                numbers = consumer.partitions_for_topic(f"{self.namespace}.{topic}") or ()
                partitions = [TopicPartition(f"{self.namespace}.{topic}", number) for number in numbers]
                consumer.assign(partitions)
                ask = consumer.beginning_offsets if to == "beginning" else consumer.end_offsets
                await consumer.commit(await ask(partitions))


@asynccontextmanager
async def operated(parts: Parts, monkeypatch: pytest.MonkeyPatch, *names: str) -> AsyncIterator[Operator]:
    """These services, and somebody at their command line."""
    namespace = own_namespace("deadletters")
    kafka, store = parts.kafka_bootstrap, parts.store_urls["intake"]
    async with AsyncExitStack() as stack:
        services = await stack.enter_async_context(city(kafka, store, namespace, *names))
        urls = {name: await stack.enter_async_context(services.served(name)) for name in names}
        running = RunningSystem(1, "ready", DATA, 1, kafka, parts.store_urls, urls, "")
        monkeypatch.setattr("services.cli.operating.need_system", lambda *_: running)
        yield Operator(parts, namespace, services)


@pytest.fixture
async def operator(embedded: Parts, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Operator]:
    async with operated(embedded, monkeypatch, "dispatch") as one:
        yield one


async def test_without_dead_letters_the_list_is_empty_and_an_unknown_one_is_not_found(
    operator: Operator,
) -> None:
    assert await operator.types("list") == []
    assert "no dead letter from x/0/1" in (await operator.types("show", "x/0/1", code=2))["error"]


async def test_giving_up_an_event_releases_those_that_waited_for_it(operator: Operator) -> None:
    (place, *_) = await operator.tell(
        told(1, "issue.registered.v1", {"number": 7}),
        told(2, "issue.registered.v1", REGISTERED),
        told(3, "issue.accepted.v1", ACCEPTED),
    )
    letter = await operator.dead_letter("number: Input should be a valid string")
    origin = f"intake.events/{place.partition}/{place.offset}"
    assert letter == letter | {
        "group": "dispatch",
        "origin": origin,
        "source": "/huzhou/intake",
        "topic": "intake.events",
        "subject": ISSUE,
        "seq": 1,
        "event": "issue.registered.v1",
        "status": "open",
    }
    await operator.until_metric("held_events", 2)
    assert await operator.metric("held_age_seconds") > 0
    assert await operator.metric("dead_letters_total") == 1
    assert await operator.services.issue("dispatch", ISSUE) is None

    shown = await operator.types("show", origin)
    assert json.loads(shown["value"])["data"] == {"number": 7}
    given_up = await operator.types("discard", origin, "--reason", "sent by hand")
    assert given_up["status"] == "discarded"
    await operator.services.reaches("dispatch", ISSUE, "waiting")
    await operator.until_metric("held_events", 0)
    assert await operator.metric("held_age_seconds") == 0

    assert await operator.types("list") == []
    (closed,) = await operator.types("list", "--all")
    assert (closed["origin"], closed["status"]) == (origin, "discarded")
    assert "sent by hand" in closed["resolved_by"]
    for again in (("discard", origin, "--reason", "twice"), ("replay", origin)):
        assert "discarded already" in (await operator.types(*again, code=2))["error"]


async def test_an_event_handed_in_again_after_the_repair_is_applied_with_those_that_waited(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("a bug in the handler")

    with monkeypatch.context() as before_the_repair:
        before_the_repair.setitem(consumer.ISSUE.events, IssueRegistered, broken)
        await operator.services.stop("dispatch")
        await operator.services.start("dispatch")
        await operator.tell(
            told(1, "issue.registered.v1", REGISTERED), told(2, "issue.accepted.v1", ACCEPTED)
        )
        letter = await operator.dead_letter("ZeroDivisionError: a bug in the handler")
        await operator.until_metric("held_events", 1)
    await operator.services.stop("dispatch")
    await operator.services.start("dispatch")
    assert await operator.metric("held_events") == 1  # found again at the start
    assert (await operator.types("replay", letter["origin"]))["status"] == "replayed"
    found = await operator.services.reaches("dispatch", ISSUE, "waiting")
    assert found["text"] == ACCEPTED["text"]
    await operator.until_metric("held_events", 0)
    assert await operator.types("list") == []
    assert [entry["status"] for entry in await operator.types("list", "--all")] == ["replayed"]


async def test_what_is_handed_in_again_unrepaired_is_a_new_dead_letter_that_can_be_given_up(
    operator: Operator,
) -> None:
    await operator.tell(
        told(1, "issue.registered.v1", {}),
        told(2, "issue.registered.v1", REGISTERED),
        told(3, "issue.accepted.v1", ACCEPTED),
    )
    first = await operator.dead_letter("number: Field required")
    await operator.types("replay", first["origin"])
    second = await operator.dead_letter("handed in again")
    assert second["origin"] != first["origin"]
    assert (second["subject"], second["seq"], second["topic"]) == (ISSUE, 1, "intake.events")
    shown = await operator.types("show", second["origin"])
    assert json.loads(shown["value"])["type"] == "issue.registered.v1"
    await operator.types("discard", second["origin"], "--reason", "it stays wrong")
    await operator.services.reaches("dispatch", ISSUE, "waiting")
    assert await operator.types("list") == []


async def test_a_command_that_could_not_be_read_blocks_nothing_and_is_given_up(operator: Operator) -> None:
    raw = seal(
        id="c", type="dispatch.assign.v1", source="/", subject=ISSUE, time=None, data={"department": 7}
    )
    await operator.tell(
        Outgoing("dispatch.commands", ISSUE, raw),
        told(1, "issue.registered.v1", REGISTERED),
        told(2, "issue.accepted.v1", ACCEPTED),
    )
    letter = await operator.dead_letter("department: Input should be a valid string")
    await operator.services.reaches("dispatch", ISSUE, "waiting")
    await operator.types("discard", letter["origin"], "--reason", "nobody asked")
    assert await operator.types("list") == []


async def test_a_departments_message_is_not_handed_in_again_in_its_name(operator: Operator) -> None:
    await operator.tell(Outgoing("dept.housing.replies", "x", b"{"))
    letter = await operator.dead_letter("Invalid JSON")
    assert letter["origin"].startswith("dept.housing.replies/")
    assert "ask the department" in (await operator.types("replay", letter["origin"], code=2))["error"]
    await operator.types("discard", letter["origin"], "--reason", "told them")
    assert await operator.types("list") == []


async def test_a_value_that_is_not_even_json_is_shown_and_given_up(operator: Operator) -> None:
    await operator.tell(Outgoing("intake.events", ISSUE, b"\xff\xfe{"))
    letter = await operator.dead_letter("Invalid JSON")
    shown = await operator.types("show", letter["origin"], "--group", "dispatch")
    assert (shown["bytes"], shown["subject"]) == (3, ISSUE)
    await operator.types("discard", letter["origin"], "--reason", "noise")
    assert await operator.types("list") == []


async def test_a_failed_command_that_was_given_up_is_never_executed_by_a_full_replay(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("a bug in the decision")

    services = operator.services
    await operator.tell(told(1, "issue.registered.v1", REGISTERED), told(2, "issue.accepted.v1", ACCEPTED))
    await services.reaches("dispatch", ISSUE, "waiting")
    assign = {"department": "housing"}
    with monkeypatch.context() as before_the_repair:
        before_the_repair.setitem(consumer.ISSUE.commands, AssignIssue, broken)
        await services.stop("dispatch")
        await services.start("dispatch")
        failed = await services.ask(
            "dispatch", f"/issues/{ISSUE}/assign", assign, actor="office:chen", key="k"
        )
        assert (failed.status_code, failed.json()["reason"]) == (500, "failed")
        letter = await operator.dead_letter("ZeroDivisionError: a bug in the decision")
    assert letter["command"].startswith("http/office:chen/")
    given_up = await operator.types("discard", letter["origin"], "--reason", "asked by mistake")
    assert (given_up["status"], given_up["outcome"]["status"]) == ("discarded", "done")
    before = await services.issue("dispatch", ISSUE)
    published = await operator.published("dispatch.events")

    await services.stop("dispatch")
    await operator.set_offsets(("dispatch.commands", "intake.events"), "beginning")
    await services.start("dispatch")
    again = await services.ask("dispatch", f"/issues/{ISSUE}/assign", assign, actor="office:chen", key="k")
    assert (again.status_code, again.json()["reason"]) == (409, "discarded")
    await operator.until_metric("consumer_lag_records", 0)
    assert await services.issue("dispatch", ISSUE) == before
    assert await operator.published("dispatch.events") == published
    assert await operator.types("list") == []


async def test_a_place_that_never_comes_is_skipped_without_a_dead_letter(operator: Operator) -> None:
    await operator.tell(told(2, "issue.registered.v1", REGISTERED), told(3, "issue.accepted.v1", ACCEPTED))
    await operator.until_metric("held_events", 2)
    assert await operator.types("list") == []
    held = (await operator.types("held"))["dispatch"]
    (missing,) = held["missing"]
    assert held["events"] == 2 and missing.pop("since")
    place = {"topic": "intake.events", "source": "/huzhou/intake", "seq": 1}
    assert missing == {"subject": ISSUE, **place, "waiting": 2}
    skip = ("skip", ISSUE, "--service", "dispatch", "--reason", "lost on the way", "--topic")
    refused = await operator.types(*skip, "intake.events", "--seq", "2", code=2)
    assert "the next event of intake.events here is number 1" in refused["error"]
    assert "not read here" in (await operator.types(*skip, "x.events", "--seq", "1", code=2))["error"]
    assert (await operator.types(*skip, "intake.events", "--seq", "1"))["status"] == "done"
    await operator.services.reaches("dispatch", ISSUE, "waiting")
    await operator.until_metric("held_events", 0)
    assert await operator.types("held") == {"dispatch": {"events": 0, "missing": []}}


async def test_an_owner_publishes_again_what_a_reader_lost_and_everything_goes_on(
    embedded: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with operated(embedded, monkeypatch, "intake", "dispatch") as operator:
        services = operator.services
        id = (await services.registered("lost"))["id"]
        await services.reaches("dispatch", id, "registered")
        await services.stop("dispatch")
        other = (await services.registered("lost too"))["id"]
        await operator.set_offsets(("intake.events",), "end")  # what an operator's mistake looks like
        await services.done("intake", f"/issues/{other}/accept", actor="office:chen")
        await services.start("dispatch")
        await operator.until_metric("held_events", 1)
        assert await services.issue("dispatch", other) is None

        again = await operator.types("publish-again", other, "--service", "intake")
        assert again == {"status": "done", "events": 3}
        await services.reaches("dispatch", other, "waiting")
        await operator.until_metric("held_events", 0)
        whole = await operator.published("intake.events")
        assert (await operator.types("publish-again", other, "--service", "intake"))["events"] == 3
        assert await operator.published("intake.events") == whole  # the very same bytes


async def test_who_is_no_operator_is_refused(operator: Operator) -> None:
    for place in ("dead-letters/intake.events/0/0/replay", f"issues/{ISSUE}/publish-again"):
        answer = await operator.services.ask("dispatch", f"/{place}", actor="office:chen")
        assert (answer.status_code, answer.json()["reason"]) == (403, "wrong_role")
