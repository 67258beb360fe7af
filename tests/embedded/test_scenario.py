"""A small town as the beginning of a live namespace: played, ended, gone on with live, and read again from nothing."""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from bench.parts import free_base_port
from services.cli.embedded import SERVICES, Embedded
from services.cli.embedded.services import Parts
from services.cli.identity import Deployment
from services.cli.replaying.reads import READS
from services.cli.scenario.beginning import Beginning
from services.cli.scenario.playing import NotEmpty, begin, wanted
from services.cli.scenario.starting import FirstHistory, Scenario, first_history
from shared.bus.client import delete_group
from shared.bus.ending import is_mark
from shared.bus.namespaces import _administrator
from shared.bus.reader import group_lag, read_all, read_dead_letters, topic_names
from shared.bus.records import Record, instant
from shared.contract.command import commands_topic
from shared.contract.envelope import open_envelope
from shared.service import COLLECTION
from shared.store import connect
from tests.simulation.checker import History, Violation, check

pytestmark = [pytest.mark.integration, pytest.mark.prove]

ISSUES, PARTITIONS = 12, 6
LOADING = (14, 15, 16)
"""What a broker says that does not know its groups yet."""
WAITING = {"registered", "waiting", "assigned", "returned", "signed_off", "checked", "drafted", "in_progress"}


async def documents(parts: Parts, jurisdiction: str = "huzhou") -> dict[str, dict[str, Any]]:
    found = {}
    for service in SERVICES:
        async with connect(parts.store_urls[service], service) as database:
            every = database.aggregates(COLLECTION, jurisdiction).scan()
            found[service] = {document["_id"]: document async for document in every}
    return found


async def records(parts: Parts) -> list[Record]:
    topics = [name for name in await topic_names(parts.kafka_bootstrap) if not name.endswith(".dlq")]
    return [record async for record in read_all(parts.kafka_bootstrap, topics)]


def values(found: list[Record]) -> set[tuple[str, bytes | None]]:
    return {(record.topic, record.value) for record in found}


async def settled(parts: Parts) -> None:
    """Every group has read all there is."""
    async with group_lag(parts.kafka_bootstrap, "", READS) as lag:
        async with asyncio.timeout(60):
            await lag.wait_for_none()


async def complaints(parts: Parts, found: list[Record], jurisdiction: str = "huzhou") -> list[Violation]:
    """What the history checker has against the log, the dead letters and the documents."""
    dead_letters = await read_dead_letters(parts.kafka_bootstrap, SERVICES)
    by_service = {service: [one for one in dead_letters if one.group == service] for service in SERVICES}
    return [*check(History(found, READS, by_service, await documents(parts, jurisdiction)))]


async def raise_one(system: Embedded) -> Mapping[str, Any]:
    """One more issue, live; the office takes it on."""
    deployment = Deployment(system.parts.keys_dir, "huzhou", False)
    said = {"title": "厂门口道路积水", "text": "下雨就淹，货车进不来。"}
    url = system.service_urls["intake"]
    wu = deployment.signed(deployment.entrepreneur("wu"))
    async with httpx.AsyncClient(base_url=url, auth=wu, trust_env=False) as client:
        raised = (await client.post("/issues", json=said)).raise_for_status().json()
    office = deployment.signed(deployment.official("chen", ["office"]))
    async with httpx.AsyncClient(base_url=url, auth=office, trust_env=False) as client:
        (await client.post(f"/issues/{raised['id']}/accept", json={})).raise_for_status()
    return dict(raised)


async def test_a_town_is_the_beginning_of_a_live_namespace_that_goes_on_and_reads_itself_again(
    tmp_path: Path,
) -> None:
    began = datetime.now(UTC)
    town = FirstHistory(size=ISSUES)
    async with Embedded(tmp_path, free_base_port(), before_services=town) as system:
        assert town.said == ""
        parts = system.parts
        raised = await raise_one(system)
        await settled(parts)
        found, kept = await records(parts), await documents(parts)
        _played_up_to_now(found, kept, began)
        _ended_on_every_partition(found)
        _live_since(found, raised["id"], began)
        assert await complaints(parts, found) == []
    assert first_history(tmp_path, Scenario.TOWN) is None, "another start plays nothing"
    async with Embedded(tmp_path, free_base_port(), services=()) as system:
        assert await begin(system.parts, wanted(Scenario.TOWN)) is None
        await _forget_what_was_read(system.parts)
        begun = Beginning.read(tmp_path)
        (tmp_path / "scenario.json").unlink()
        with pytest.raises(NotEmpty, match="there are issues already"):
            await begin(system.parts, wanted(Scenario.TOWN))
        assert begun is not None
        begun.write(tmp_path)
    async with Embedded(tmp_path, free_base_port()) as system:
        await settled(system.parts)
        again = await records(system.parts)
        assert values(again) == values(found), "read again from the first record, it publishes nothing new"
        assert _states(await documents(system.parts)) == _states(kept)
        assert await complaints(system.parts, again) == []


def _played_up_to_now(found: list[Record], kept: dict[str, dict[str, Any]], began: datetime) -> None:
    issues = {
        service: [one for one in every.values() if one["kind"] == "issue"] for service, every in kept.items()
    }
    assert {service: len(every) for service, every in issues.items()} == dict.fromkeys(SERVICES, ISSUES + 1)
    assert {issue["state"]["state"] for issue in issues["dispatch"]} >= WAITING
    kinds = Counter(document["kind"] for every in kept.values() for document in every.values())
    assert (kinds["person"], kinds["enterprise"], kinds["department"]) == (12, 12, 30)
    registered = [
        datetime.fromisoformat(event["time"])
        for event in _events(found, "intake.events")
        if event["type"] == "issue.registered.v1"
    ]
    assert min(registered) < began - timedelta(days=10)
    assert any(event["type"] == "clock.breached.v1" for event in _events(found, "supervision.events"))
    assert any(record.topic == "dept.housing.orders" for record in found), "orders are the departments' own"
    contact = next(one["state"]["contact"] for one in kept["intake"].values() if one["kind"] == "person")
    assert "吴" not in json.dumps(contact, ensure_ascii=False)


def _ended_on_every_partition(found: list[Record]) -> None:
    """Before the mark each command of history bears the time it brought; behind it none brings one."""
    for service in SERVICES:
        topic = commands_topic(service)
        marked = {
            record.partition: record for record in found if record.topic == topic and is_mark(record.value)
        }
        assert {*marked} == {*range(PARTITIONS)}
        for record in found:
            if record.topic == topic and not is_mark(record.value):
                envelope, mark = open_envelope(record.value), marked[record.partition]
                if record.offset > mark.offset:
                    assert not envelope.id.startswith("history/")
                elif envelope.time is not None:
                    assert envelope.time == instant(record.timestamp)


def _live_since(found: list[Record], issue: str, began: datetime) -> None:
    asked = [record for record in found if record.topic == "intake.commands" and record.key == issue.encode()]
    assert len(asked) == 2
    assert all(instant(record.timestamp) >= began for record in asked)
    [told] = [
        event
        for event in _events(found, "intake.events")
        if event["subject"] == issue and event["type"] == "issue.registered.v1"
    ]
    assert datetime.fromisoformat(told["time"]) >= began


async def _forget_what_was_read(parts: Parts) -> None:
    async with _administrator(parts.kafka_bootstrap) as admin:
        for service in SERVICES:
            while code := await delete_group(admin, service):
                assert code in LOADING
                await asyncio.sleep(0.2)  # a broker that has just started; it has no event for that


def _events(found: list[Record], topic: str) -> list[dict[str, Any]]:
    return [json.loads(record.value or b"") for record in found if record.topic == topic]


def _states(kept: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        service: {id: (one["kind"], one.get("state"), one.get("due")) for id, one in every.items()}
        for service, every in kept.items()
    }
