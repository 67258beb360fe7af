"""The namespaces of replays on real parts: what each keeps is shown, and one that is removed is gone whole."""

import asyncio
import json
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from aiokafka import AIOKafkaConsumer
from typer.testing import CliRunner, Result

from services.cli.embedded import SERVICES, Parts
from services.cli.main import app
from shared.bus.records import Outgoing
from shared.bus.topics import ensure_topics, service_topics
from shared.settings import database_name
from shared.store import connect
from tests.integration.broker import administrator, own_namespace, put

pytestmark = pytest.mark.integration
TOPICS = [*service_topics("intake"), *service_topics("dispatch"), "dispatch.orders"]
WHOLE = len(TOPICS) + 3
"""What it keeps: these, one group, and a database of each of two services."""


@pytest.fixture
def kept(embedded: Parts, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A replay's namespace with topics, a group that has no member now, and databases."""
    system = SimpleNamespace(kafka_bootstrap=embedded.kafka_bootstrap, store_urls=embedded.store_urls)
    monkeypatch.setattr("services.cli.namespaces.need_system", lambda *which: system)
    name = own_namespace("replay")
    asyncio.run(_make(embedded, name))
    yield name
    asyncio.run(_drop(embedded, name))


async def _make(parts: Parts, name: str) -> None:
    await ensure_topics(parts.kafka_bootstrap, f"{name}.", TOPICS, partitions=2)
    await put(parts.kafka_bootstrap, name, [Outgoing("intake.events", "a", b"{}")] * 3)
    async with AIOKafkaConsumer(
        f"{name}.intake.events",
        bootstrap_servers=parts.kafka_bootstrap,
        group_id=f"{name}.dispatch",
        auto_offset_reset="earliest",
    ) as consumer:
        await consumer.getone()
        await consumer.commit()
    for service in ("intake", "dispatch"):
        async with connect(parts.store_urls[service], database_name(service, name)) as database:
            await database.aggregates("aggregates", "huzhou").prepare()


async def _drop(parts: Parts, name: str) -> None:
    for service in SERVICES:
        async with connect(parts.store_urls[service], database_name(service, name)) as database:
            await database.drop()


async def _left(parts: Parts, name: str) -> list[str]:
    """Topics, groups and databases of a namespace."""
    async with administrator(parts.kafka_bootstrap) as admin:
        found = [*await admin.list_topics(), *[group for group, *_ in await admin.list_consumer_groups()]]
    async with connect(parts.store_urls["intake"], "intake") as database:
        found += await database.server_names()
    return sorted(one for one in found if one.startswith(name))


def typed(*words: str) -> Result:
    return CliRunner().invoke(app, ["namespaces", *words])


def listed(name: str) -> dict[str, object]:
    rows = json.loads(typed("list", "--json").stdout)
    return next((row for row in rows if row["name"] == name), {})


@pytest.mark.prove  # behind a whole run there are hundreds of them to count
def test_a_replays_namespace_is_listed_with_all_that_it_keeps(kept: str) -> None:
    assert listed(kept) == {
        "name": kept,
        "kind": "history",
        "topics": len(TOPICS),
        "records": 3,
        "databases": [f"{kept}_dispatch", f"{kept}_intake"],
        "running": [],
    }
    shown = CliRunner().invoke(app, ["namespaces", "list"], env={"COLUMNS": "80"})
    assert kept in shown.stdout


def test_a_namespace_that_is_removed_is_gone_with_topics_groups_and_databases(
    embedded: Parts, kept: str
) -> None:
    assert len(asyncio.run(_left(embedded, kept))) == WHOLE
    asked = typed("remove", kept)
    assert (asked.exit_code, "say --yes" in asked.stderr) == (2, True)
    assert len(asyncio.run(_left(embedded, kept))) == WHOLE
    assert typed("remove", kept, "--yes", "--json").exit_code == 0
    assert asyncio.run(_left(embedded, kept)) == []
    assert typed("remove", kept, "--yes").exit_code == 2


def test_a_namespace_in_which_a_consumer_is_at_work_stays(embedded: Parts, kept: str) -> None:
    async def remove_while_read() -> Result:
        topic = f"{kept}.intake.commands"
        where = {"bootstrap_servers": embedded.kafka_bootstrap, "group_id": f"{kept}.intake"}
        async with AIOKafkaConsumer(topic, **where) as consumer:
            await consumer.getmany(timeout_ms=0)
            return await asyncio.to_thread(typed, "remove", kept, "--yes")

    refused = asyncio.run(remove_while_read())
    assert (refused.exit_code, "is in use by intake" in refused.stderr) == (2, True)
    assert len(asyncio.run(_left(embedded, kept))) == WHOLE + 1


@pytest.mark.parametrize("name", ["", "intake", "wuxing", "replay-1.intake"])
def test_what_is_live_is_never_removed(kept: str, name: str) -> None:
    refused = typed("remove", name, "--yes")
    assert (refused.exit_code, "is no replay's namespace" in refused.stderr) == (2, True)
