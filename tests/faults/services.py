"""The four services made from settings: as applications and objects that never start, or running on real parts."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.dispatch import app as dispatch
from services.feedback import app as feedback
from services.intake import app as intake
from services.supervision import app as supervision
from shared.service import Service
from shared.settings import Settings
from tests.keys import bearer

START_SECONDS = 60.0

MODULES = {"intake": intake, "dispatch": dispatch, "supervision": supervision, "feedback": feedback}
BUILDS: Mapping[str, Callable[[Settings], FastAPI]] = {name: module.build for name, module in MODULES.items()}


def built(name: str, monkeypatch: pytest.MonkeyPatch, **settings: object) -> tuple[FastAPI, Service]:
    """One service's application, and the service object behind it."""
    module, kept = MODULES[name], list[Service]()
    application = module.application

    def keep(service: Service, *routers: object, **more: object) -> FastAPI:
        kept.append(service)
        return application(service, *routers, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "application", keep)
    app = module.build(Settings(**settings))
    (service,) = kept
    return app, service


class Running:
    """Some services of one namespace in this process, each behind its own HTTP client."""

    def __init__(self) -> None:
        self.clients: dict[str, httpx.AsyncClient] = {}
        self.services: dict[str, Service] = {}

    async def done(self, service: str, path: str, actor: str, **body: object) -> dict[str, Any]:
        """Ask for one command, which is done and answered as such."""
        answer = await self.clients[service].post(path, json=body, headers=bearer(actor))
        assert answer.status_code in (200, 201), answer.text
        return dict(answer.json())

    async def state(self, service: str, issue: str) -> str:
        """In which state a service has an issue; "" before it knows it."""
        answer = await self.clients[service].get(f"/issues/{issue}")
        return str(answer.json().get("state", "registered")) if answer.status_code == 200 else ""

    async def missing(self, service: str) -> list[str]:
        """What a service misses before it is ready."""
        return list((await self.clients[service].get("/health/ready")).json()["missing"])


@asynccontextmanager
async def running(
    names: Iterable[str], monkeypatch: pytest.MonkeyPatch, **settings: object
) -> AsyncIterator[Running]:
    """These services on real parts, all ready."""
    made, apps = Running(), list[FastAPI]()
    async with AsyncExitStack() as stack:
        for name in names:
            app, made.services[name] = built(name, monkeypatch, partitions_count=2, **settings)
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            client = httpx.AsyncClient(
                transport=transport, base_url="http://127.0.0.1", timeout=30, headers=bearer("office:chen")
            )
            made.clients[name] = await stack.enter_async_context(client)
            apps.append(app)
        # Side by side: each waits for the reference data that another one publishes.
        await asyncio.gather(*[stack.enter_async_context(app.router.lifespan_context(app)) for app in apps])
        async with asyncio.timeout(START_SECONDS):
            while any([await made.missing(name) for name in names]):
                await asyncio.sleep(0.1)  # as a prober would: ask again
        yield made
