"""Faults that show on whole running services: odd records on every topic, a gateway nobody watches, a broker away."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bench.parts import free_base_port
from services.cli.embedded import Embedded, Parts
from shared.bus.records import Outgoing
from shared.bus.topics import department_topics, service_topics
from shared.contract.envelope import seal
from tests.faults.broker import (
    NESTED,
    PATIENCE_SECONDS,
    own_prefix,
    put,
    put_tombstone,
    put_with_a_header_key_that_is_no_text,
)
from tests.faults.given import given
from tests.faults.services import Running, running
from tests.keys import bearer

pytestmark = pytest.mark.integration

ALL = ("intake", "dispatch", "supervision", "feedback")
TOPICS = [topic for name in ALL for topic in service_topics(name)] + department_topics("housing")
WAY_SECONDS, BEFORE_KILLED_SECONDS = 30.0, 30.0
OTHER = "7K3M9QXT2B4N6"
MB = 1_000_000


@asynccontextmanager
async def _services(
    parts: Parts, prefix: str, monkeypatch: pytest.MonkeyPatch, *names: str, **more: object
) -> AsyncIterator[Running]:
    store = parts.store_urls["intake"]
    where = {"kafka_bootstrap": parts.kafka_bootstrap, "store_url": store, "namespace": prefix[:-1]}
    async with running(names, monkeypatch, **where, **more) as made:
        yield made


# -------------------------------------------------------------- odd records on every topic


async def _odd_values(bootstrap: str, prefix: str) -> None:
    """No value, an empty one, JSON that is no envelope or too deep, and 9 MB under a key of 2 MB."""
    values = (
        b"",
        b"{",
        b"7",
        b"[]",
        b"null",
        b"\xff\xfe",
        NESTED,
        b'{"type":7,"time":7,"data":[],"subject":{}}',
    )
    for topic in TOPICS:
        await put_tombstone(bootstrap, prefix, topic, OTHER.encode())
    await put(bootstrap, prefix, [Outgoing(topic, OTHER, value, {}) for topic in TOPICS for value in values])
    large = [Outgoing(topic, "k" * 2 * MB, b"x" * 9 * MB, {}) for topic in TOPICS]
    await put(bootstrap, prefix, large)


async def _markers(bootstrap: str, prefix: str) -> None:
    """The marker of a transaction behind the last record of every topic."""
    raw = seal(id="x", type="x", source="/x", subject=OTHER, time=datetime.now(UTC), data={}, seq=1)
    records = [Outgoing(topic, OTHER, raw) for topic in TOPICS if not topic.endswith(".reference")]
    await put(bootstrap, prefix, records, transactional_id=prefix)


async def _no_text(bootstrap: str, prefix: str) -> None:
    """A header's key that is not UTF-8, on every topic."""
    for topic in TOPICS:
        await put_with_a_header_key_that_is_no_text(bootstrap, prefix, Outgoing(topic, OTHER, b"{}"))


@pytest.mark.prove
@pytest.mark.parametrize("prepare", [_odd_values, _markers, _no_text])
async def test_an_issue_goes_its_way_after_odd_records_on_every_topic(
    embedded: Parts, prepare: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefix = own_prefix()
    async with _services(embedded, prefix, monkeypatch, *ALL) as services:
        began = _consumers_tasks(services)
        await prepare(embedded.kafka_bootstrap, prefix)
        way: list[str] = []
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WAY_SECONDS):
                await _the_whole_way(services, way)
        assert way == ["registered", "waiting", "replied", "invited", "clocks"]
        assert [entry for name in ALL for entry in await services.missing(name)] == []
        assert [service.metrics.rewinds._value.get() for service in services.services.values()] == [0] * 4
        assert _consumers_tasks(services) == began  # one that dies is started anew, at once and for ever
        operator = bearer("operator:sun")
        dead_letters = [
            await services.clients[name].get("/dead-letters?status=all", headers=operator) for name in ALL
        ]
        assert [answer.status_code for answer in dead_letters] == [200] * 4


def _consumers_tasks(services: Running) -> list[asyncio.Task[Any]]:
    """The tasks that read topics, of all services; the same ones as long as nothing restarts."""
    subscribers = [one for service in services.services.values() for one in service.broker.subscribers]
    return [task for subscriber in subscribers for task in subscriber.tasks]  # type: ignore[attr-defined]


async def _the_whole_way(services: Running, way: list[str]) -> None:
    """An issue from its registration to its reply; then supervision's timers have read all of it."""
    raised = await services.done("intake", "/issues", "entrepreneur:li", title="漏水", text="水管漏水")
    issue = raised["id"]
    await services.done("intake", f"/issues/{issue}/accept", "office:chen")
    way.append("registered")
    await _until(services, "dispatch", issue, "waiting")
    way.append("waiting")
    await services.done("dispatch", f"/issues/{issue}/assign", "office:chen", department="housing")
    held = {"assignment": f"{issue}.1"}
    await services.done("dispatch", f"/issues/{issue}/sign", "handler:housing/li", **held)
    draft = await services.done(
        "dispatch", f"/issues/{issue}/draft", "handler:housing/li", outcome="solved", text="已经修好", **held
    )
    for verb, actor in (
        ("sign_off", "department_leader:housing/wang"),
        ("check", "office:chen"),
        ("release", "office:chen"),
    ):
        path, names = f"/issues/{issue}/{verb.replace('_', '-')}", _names_of(services, verb, draft)
        await services.done("dispatch", path, actor, **held, **names)
    way.append("replied")
    await _until(services, "feedback", issue, "invited")
    way.append("invited")
    began, positions = datetime.now(UTC), services.services["supervision"].batches.positions
    while await positions.read_up_to(datetime.now(UTC)) < began:
        await asyncio.sleep(0.05)  # as the timers do: ask again
    way.append("clocks")


def _names_of(services: Running, verb: str, draft: dict[str, Any]) -> dict[str, Any]:
    """What a click says of the draft that was read, as far as its command has fields for it."""
    kind = services.services["dispatch"].consumer.kind(OTHER)
    given(kind)
    shapes = {shape.verb: shape for shape in kind.commands}  # type: ignore[union-attr]
    return {name: draft[name] for name in ("draft", "sha256") if name in shapes[verb].model_fields}


async def _until(services: Running, service: str, issue: str, state: str) -> None:
    while await services.state(service, issue) != state:
        await asyncio.sleep(0.05)  # as a client does: ask again


# -------------------------------------------------------------- the departments' gateway


async def test_what_departments_sent_and_the_gateway_has_not_read_shows_as_lag(
    embedded: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefix = own_prefix()
    async with _services(embedded, prefix, monkeypatch, "dispatch", "supervision") as services:
        await put(embedded.kafka_bootstrap, prefix, [Outgoing("dept.housing.replies", OTHER, b"{}")])
        text = (await services.clients["dispatch"].get("/metrics")).text
        lags = [line for line in text.splitlines() if line.startswith("qinqing_consumer_lag_records{")]
        given(any("dispatch.commands" in line for line in lags))
        assert any(".replies" in line for line in lags)


async def test_a_gateway_whose_task_is_dead_is_not_ready(
    embedded: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefix = own_prefix()
    async with _services(embedded, prefix, monkeypatch, "dispatch", "supervision") as services:
        service = services.services["dispatch"]
        monkeypatch.setattr("shared.service.POLL_SILENCE_SECONDS", 1.0)
        for subscriber in service.broker.subscribers:
            if "gateway" in str(subscriber.group_id):  # type: ignore[attr-defined]
                for task in subscriber.tasks:  # type: ignore[attr-defined]
                    task.cancel()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while "poll of the departments' topics" not in await services.missing("dispatch"):
                await asyncio.sleep(0.1)  # health is asked, it tells nobody


# -------------------------------------------------------------- a broker that is away


@pytest.mark.prove
async def test_a_request_while_the_real_broker_stands_still_is_answered_503_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Embedded(tmp_path, free_base_port(), services=(), stores=("intake",)) as system:
        (broker,) = [child for child in system.children if child.program.kind == "kafka"]
        given(broker.pid)
        names = ("intake", "dispatch", "supervision")
        parts = Parts(system.parts.kafka_bootstrap, system.parts.store_urls, tmp_path)
        async with _services(parts, own_prefix(), monkeypatch, *names, outcome_seconds=1) as services:
            os.kill(broker.pid or 0, signal.SIGSTOP)
            try:
                asked = asyncio.ensure_future(
                    services.clients["intake"].post("/issues", json={"title": "漏水", "text": "水管漏水"})
                )
                done, _ = await asyncio.wait([asked], timeout=10)
                asked.cancel()
                assert [request.result().status_code for request in done] == [503]
                assert await services.missing("intake") == ["broker"]
            finally:
                os.kill(broker.pid or 0, signal.SIGCONT)


@pytest.mark.prove
async def test_a_service_that_is_stopped_while_the_broker_stands_still_ends_before_it_would_be_killed(
    tmp_path: Path,
) -> None:
    async with Embedded(tmp_path, free_base_port()) as system:
        children = {child.name: child for child in system.children}
        broker, service = children["kafka"].pid, children["intake"].pid
        given(broker and service)
        os.kill(broker or 0, signal.SIGSTOP)
        try:
            os.kill(service or 0, signal.SIGTERM)
            async with asyncio.timeout(BEFORE_KILLED_SECONDS):
                while children["intake"].pid == service:
                    await asyncio.sleep(0.1)  # the process is asked, it tells nobody
        finally:
            os.kill(broker or 0, signal.SIGCONT)
