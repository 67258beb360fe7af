"""The services of one namespace in this process, as the applications they are, each behind its own HTTP client."""

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI

from services.dispatch.app import build as build_dispatch
from services.feedback.app import build as build_feedback
from services.intake.app import build as build_intake
from services.supervision.app import build as build_supervision
from shared.bus.reference import OWNERS
from shared.service import Service
from shared.settings import Settings
from tests.integration.broker import PARTITIONS, PATIENCE_SECONDS, publish_reference
from tests.keys import bearer
from tests.leaks import OUTPUT
from tests.serving import served

BUILDS: dict[str, Callable[[Settings], FastAPI]] = {
    "intake": build_intake,
    "dispatch": build_dispatch,
    "supervision": build_supervision,
    "feedback": build_feedback,
}
ENTREPRENEUR, OFFICE = "entrepreneur:li", "office:chen"
LEAK = {"title": "小区漏水", "text": "三号楼的水管漏水，请修理。", "enterprise": "91330100799655058B"}
NAMES = {"key": "Idempotency-Key", "language": "Accept-Language", "after": "Qinqing-After"}
"""How arguments of ``ask`` are called as headers."""


class City:
    """Services that a test starts, asks and stops."""

    def __init__(self, bootstrap: str, store_url: str, namespace: str, **settings: Any) -> None:
        values = {"kafka_bootstrap": bootstrap, "store_url": store_url, "namespace": namespace}
        self._values = {**values, "partitions_count": PARTITIONS, **settings}
        self.clients: dict[str, httpx.AsyncClient] = {}
        self._apps: dict[str, FastAPI] = {}
        self._settings: dict[str, Settings] = {}
        self._running: dict[str, contextlib.AsyncExitStack] = {}

    async def start(self, *names: str) -> None:
        """Start these services; returns when they are ready."""
        await asyncio.gather(*[self.begin(name) for name in names])
        await asyncio.gather(*[self.ready(name) for name in names])

    async def begin(self, name: str) -> None:
        """Start a service without waiting until it is ready."""
        stack = contextlib.AsyncExitStack()
        self._settings[name] = Settings(**self._values)
        app = self._apps[name] = BUILDS[name](self._settings[name])
        await stack.enter_async_context(app.router.lifespan_context(app))
        transport = httpx.ASGITransport(app)
        client = httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1", timeout=PATIENCE_SECONDS, headers=bearer(OFFICE)
        )
        self.clients[name] = await stack.enter_async_context(client)
        self._running[name] = stack

    async def ready(self, name: str) -> None:
        """Return when a service is ready."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (await self.clients[name].get("/health/ready")).status_code != 200:
                await asyncio.sleep(0.05)  # a client outside sees only this route

    async def stop(self, *names: str) -> None:
        """Stop these services; all that still run, without names. Their metrics are kept for who looks for leaks."""
        for name in names or list(self._running):
            OUTPUT.append((f"/metrics of {name}", (await self.clients[name].get("/metrics")).content))
            await self._running.pop(name).aclose()

    @asynccontextmanager
    async def served(self, name: str) -> AsyncIterator[str]:
        """The address under which a service that runs here is served to other threads and programs, also restarted."""

        async def current(scope: Any, receive: Any, send: Any) -> None:
            await self._apps[name](scope, receive, send)

        async with served(current, lifespan="off", log_config=None) as url:
            yield url

    async def end_readers(self, name: str) -> None:
        """End the tasks that read the topics, as a bug in a library would; the rest of the service lives on."""
        services = [one for one in gc.get_objects() if type(one) is Service]
        (service,) = [one for one in services if one.settings is self._settings[name]]
        for subscriber in service.broker.subscribers:
            for task in subscriber.tasks:  # type: ignore[attr-defined]
                task.cancel()
                await asyncio.wait([task])

    async def ask(
        self, service: str, place: str, body: Any = None, actor: str = OFFICE, **headers: str
    ) -> httpx.Response:
        """One command over HTTP by whoever ``actor`` names; ``key`` and ``language`` are headers."""
        return await self.clients[service].post(
            place,
            json={} if body is None else body,
            headers={NAMES[name]: text for name, text in headers.items()} | bearer(actor),
        )

    async def done(self, service: str, place: str, body: Any = None, **headers: str) -> dict[str, Any]:
        """As ``ask``; fails unless it was done, and says why."""
        response = await self.ask(service, place, body, **headers)
        assert response.status_code in (200, 201), response.text
        return dict(response.json())

    async def registered(self, key: str, **words: Any) -> dict[str, Any]:
        """An issue about a leak, raised with this key: its id, its number and its promise."""
        return await self.done("intake", "/issues", {**LEAK, **words}, key=key, actor=ENTREPRENEUR)

    async def assigned(self, key: str, **words: Any) -> tuple[str, str]:
        """A new issue with the housing department: (issue, assignment)."""
        id = (await self.registered(key, **words))["id"]
        await self.done("intake", f"/issues/{id}/accept", actor=OFFICE)
        await self.reaches("dispatch", id, "waiting")
        given = await self.done("dispatch", f"/issues/{id}/assign", {"department": "housing"}, actor=OFFICE)
        return id, given["assignment"]

    async def issue(self, service: str, id: str) -> dict[str, Any] | None:
        """What a service knows of an issue."""
        response = await self.clients[service].get(f"/issues/{id}")
        return dict(response.json()) if response.status_code == 200 else None

    async def shown(self, id: str) -> dict[str, Any]:
        """What a click names, as dispatch shows it: the assignment, and number and hash of the last draft."""
        found = await self.issue("dispatch", id)
        assert found is not None
        draft = found["drafts"][-1]
        return {"assignment": found["assignment"], "draft": draft["number"], "sha256": draft["sha256"]}

    async def reaches(self, service: str, id: str, state: str) -> dict[str, Any]:
        """Wait until an issue is in this state here, by the only way a client has: to ask."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                found = await self.issue(service, id)
                if found is not None and found.get("state", "registered") == state:
                    return found
                await asyncio.sleep(0.03)

    async def metric(self, service: str, name: str) -> float:
        """The sum of one metric over its labels."""
        text = (await self.clients[service].get("/metrics")).text
        lines = [entry for entry in text.splitlines() if entry.startswith((f"{name} ", f"{name}{{"))]
        return sum(float(entry.rpartition(" ")[2]) for entry in lines)


@asynccontextmanager
async def city(
    bootstrap: str, store_url: str, namespace: str, *names: str, **settings: Any
) -> AsyncIterator[City]:
    """These services, or all four, running and ready; what owners that are not among them publish is there."""
    one = City(bootstrap, store_url, namespace, **settings)
    absent = [owner for owner in OWNERS if names and owner not in names]
    await publish_reference(bootstrap, namespace, absent)
    try:
        await one.start(*(names or BUILDS))
        yield one
    finally:
        await one.stop()
