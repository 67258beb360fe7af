"""`qinqing deadletters` against real parts: seen, handed in again after a repair, or given up so that others go on."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli import deadletters
from services.cli.embedded import SERVICES, Parts
from services.cli.system import RunningSystem
from services.dispatch import consumer
from shared.bus.records import Outgoing
from shared.bus.topics import ensure_topics
from shared.contract.envelope import seal
from shared.contract.events.intake import IssueRegistered
from tests.integration.broker import PATIENCE_SECONDS, own_namespace, put, reader
from tests.integration.city import City, city

pytestmark = pytest.mark.integration

ISSUE = "7K3M9QXT2B4N6"
REGISTERED = {
    "number": "7K3M-9QXT-2B4N-6C",
    "kind": "problem",
    "title": "漏水",
    "text": "水管漏水",
    "anonymous": False,
    "enterprise": "",
}


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
    """Somebody at the command line of a running dispatch."""

    def __init__(self, parts: Parts, namespace: str, services: City) -> None:
        self.parts, self.namespace, self.services = parts, namespace, services

    async def types(self, *arguments: str, code: int = 0) -> Any:
        """What a `deadletters` command answers as JSON; fails on another exit code."""
        arguments = (*arguments, "--namespace", self.namespace, "--json")
        done = await asyncio.to_thread(CliRunner().invoke, deadletters.app, arguments)
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

    async def metric(self, name: str) -> float:
        return await self.services.metric("dispatch", f"qinqing_{name}")

    async def until_metric(self, name: str, value: float) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await self.metric(name) != value:
                await asyncio.sleep(0.03)  # as an operator would: look again


@pytest.fixture
async def operator(embedded: Parts, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Operator]:
    namespace = own_namespace("deadletters")
    kafka, store = embedded.kafka_bootstrap, embedded.store_urls["intake"]
    running = RunningSystem(1, "ready", embedded.data_dir, 1, kafka, embedded.store_urls, {}, "")
    monkeypatch.setattr("services.cli.deadletters.need_system", lambda *_: running)
    await ensure_topics(kafka, f"{namespace}.", [f"{name}.dlq" for name in SERVICES], partitions=1)
    async with city(kafka, store, namespace, "dispatch") as services:
        yield Operator(embedded, namespace, services)


async def test_without_dead_letters_the_list_is_empty_and_an_unknown_one_is_not_found(
    operator: Operator,
) -> None:
    assert await operator.types("list") == []
    assert "no dead letter from x/0/1" in (await operator.types("show", "x/0/1", code=2))["error"]


async def test_giving_up_an_event_releases_those_that_waited_for_it(operator: Operator) -> None:
    (place, *_) = await operator.tell(
        told(1, "issue.registered.v1", {"number": 7}),
        told(2, "issue.registered.v1", REGISTERED),
        told(3, "issue.accepted.v1", {"by": "chen"}),
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
            told(1, "issue.registered.v1", REGISTERED), told(2, "issue.accepted.v1", {"by": "chen"})
        )
        letter = await operator.dead_letter("ZeroDivisionError: a bug in the handler")
        await operator.until_metric("held_events", 1)
    await operator.services.stop("dispatch")
    await operator.services.start("dispatch")
    assert await operator.metric("held_events") == 1  # found again at the start
    assert (await operator.types("replay", letter["origin"]))["status"] == "replayed"
    found = await operator.services.reaches("dispatch", ISSUE, "waiting")
    assert found["text"] == REGISTERED["text"]
    await operator.until_metric("held_events", 0)
    assert await operator.types("list") == []
    assert [entry["status"] for entry in await operator.types("list", "--all")] == ["replayed"]


async def test_what_is_handed_in_again_unrepaired_is_a_new_dead_letter_that_can_be_given_up(
    operator: Operator,
) -> None:
    await operator.tell(
        told(1, "issue.registered.v1", {}),
        told(2, "issue.registered.v1", REGISTERED),
        told(3, "issue.accepted.v1", {"by": "chen"}),
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
        told(2, "issue.accepted.v1", {"by": "chen"}),
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
