"""Reference data on real parts: a first start waits for it, and what is imported while all runs has effect at once."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli import departments
from services.cli.embedded import Parts
from services.cli.system import RunningSystem
from shared.bus.gateway import Request, sealed
from shared.contract.event import orders_topic
from tests.integration.broker import own_namespace, publish_reference, put, reader, said
from tests.integration.city import ENTREPRENEUR, OFFICE, City, city
from tests.keys import DATA
from tests.said import issue_of, raiser, registration
from tests.unit.reference import JURISDICTION

pytestmark = pytest.mark.integration

PIER = {"title": "码头坏了", "text": "三号码头的护栏坏了，请修理。"}
HARBOUR = {"code": "harbour", "name_zh": "市港航局", "name_en": "Harbour Bureau", "head": "港航局局长"}
DIRECTORY = {
    "departments": [HARBOUR],
    "rules": {"fallback": "housing", "keywords": {"harbour": ["码头"], "housing": ["漏水"]}},
}


@pytest.fixture
def first_start(embedded: Parts, namespace: str) -> City:
    """Services of a namespace in which nothing was published yet."""
    return City(embedded.kafka_bootstrap, embedded.store_urls["intake"], namespace, outcome_seconds=20)


async def registered(services: City) -> Any:
    return await services.ask("intake", "/issues", PIER, key="first", actor=ENTREPRENEUR)


async def test_a_command_of_a_first_start_is_answered_once_both_owners_have_published(
    first_start: City, kafka_bootstrap: str, namespace: str
) -> None:
    try:
        await first_start.begin("intake")
        asked = asyncio.create_task(registered(first_start))
        await first_start.begin("dispatch")
        async with reader(kafka_bootstrap, namespace, "dispatch.reference") as read:
            await read.until(lambda raws: [raw for raw in raws if raw.key.startswith(b"rules:")])
        missing = (await first_start.clients["intake"].get("/health/ready")).json()["missing"]
        assert {"reference: policy", "reference: calendar"} <= set(missing)
        assert not asked.done()
        await first_start.begin("supervision")
        response = await asked
        assert response.status_code == 201
        assert response.json()["due_at"]
        for name in ("intake", "dispatch", "supervision"):
            await first_start.ready(name)
    finally:
        await first_start.stop()


async def test_a_command_that_would_wait_too_long_is_503_and_was_not_posted(
    embedded: Parts, namespace: str
) -> None:
    kafka, store = embedded.kafka_bootstrap, embedded.store_urls["intake"]
    alone = City(kafka, store, namespace, outcome_seconds=0.3)
    try:
        await alone.begin("intake")
        response = await registered(alone)
        assert response.status_code == 503
        assert response.headers["content-type"] == "application/problem+json"
        await publish_reference(kafka, namespace, ["dispatch", "supervision"])
        await alone.ready("intake")
        assert (await registered(alone)).status_code == 201
        async with reader(kafka, namespace, "intake.commands") as read:
            assert len(await read.until(lambda raws: raws)) == 1
    finally:
        await alone.stop()


async def test_a_command_that_came_before_the_reference_data_is_decided_with_it(
    first_start: City, kafka_bootstrap: str, namespace: str
) -> None:
    id = issue_of(JURISDICTION, "li", "early")
    command = Request(id, registration(id, **PIER), "http", raiser("li"), f"register/{id}")
    try:
        await first_start.begin("intake")
        await put(kafka_bootstrap, namespace, [sealed(command, f"/{JURISDICTION}/intake")])
        await publish_reference(kafka_bootstrap, namespace, ["dispatch", "supervision"])
        await first_start.reaches("intake", id, "registered")
        assert await first_start.metric("intake", "qinqing_dead_letters_total") == 0
        assert await first_start.metric("intake", "qinqing_rewinds_total") == 0
    finally:
        await first_start.stop()


async def test_a_department_imported_while_all_runs_is_given_an_issue_and_its_own_system_is_heard(
    embedded: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    namespace = own_namespace("import")
    kafka, store = embedded.kafka_bootstrap, embedded.store_urls["intake"]
    file = tmp_path / "directory.json"
    file.write_text(json.dumps(DIRECTORY), encoding="utf-8")
    async with city(kafka, store, namespace, "intake", "dispatch") as services:
        id = (await registered(services)).json()["id"]
        await services.done("intake", f"/issues/{id}/accept", actor=OFFICE)
        await services.reaches("dispatch", id, "waiting")
        async with services.served("dispatch") as url:
            running = RunningSystem(1, "ready", DATA, 1, kafka, {}, {"dispatch": url}, "")
            monkeypatch.setattr("services.cli.reference.owner.need_system", lambda *_: running)
            arguments = ["import", str(file), "--json"]
            done = await asyncio.to_thread(CliRunner().invoke, departments.app, arguments)
            again = await asyncio.to_thread(CliRunner().invoke, departments.app, arguments)
        assert done.exit_code == 0, done.output
        published = json.loads(done.stdout)["published"]
        assert {"subject": "dept:harbour", "version": "1"} in published
        assert json.loads(again.stdout) == {"published": [], "unchanged": 2}

        # No department is named: the rules that were imported choose the one that was imported.
        given = await services.done("dispatch", f"/issues/{id}/assign", actor=OFFICE)
        async with reader(kafka, namespace, orders_topic("harbour")) as orders:
            order = await orders.event(id, "order.assigned.v1")
        assert (order.data["head"], order.data["assignment"]) == (HARBOUR["head"], given["assignment"])
        where = {"assignment": given["assignment"], "round": 1}
        await put(kafka, namespace, [said("department.sign.v1", id, "harbour-1", where, "harbour")])
        found = await services.reaches("dispatch", id, "in_progress")
        assert found["department"] == "harbour"
        assert await services.metric("dispatch", "qinqing_dead_letters_total") == 0
