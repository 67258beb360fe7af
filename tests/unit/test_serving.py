"""How a service stops: it is not ready first, each answer ends its connection, and what was asked is answered."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from services.cli.embedded import free_ports
from shared.serving import Server

START_SECONDS, PATIENCE_SECONDS = 30.0, 30.0


class Asked:
    """A request that is answered when a test says so."""

    def __init__(self) -> None:
        self.came, self.goes_on = asyncio.Event(), asyncio.Event()

    async def __call__(self) -> str:
        self.came.set()
        await self.goes_on.wait()
        return "answered"


@asynccontextmanager
async def serving(
    slow: Callable[[], Awaitable[str]], drain: float, answers: float
) -> AsyncIterator[tuple[Server, str]]:
    """A server of three routes and its address."""
    app = FastAPI()
    app.add_api_route("/slow", slow)
    app.add_api_route("/health/ready", lambda: {"missing": []})
    (port,) = free_ports(1)
    server = Server(app, "intake", drain=drain, answers=answers, port=port, loop="auto")
    running = asyncio.create_task(server.serve())
    async with asyncio.timeout(START_SECONDS):
        while not server.started:
            await asyncio.sleep(0.01)  # the server has no event for it
    try:
        yield server, f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        async with asyncio.timeout(PATIENCE_SECONDS):
            await running


async def test_while_it_stops_it_is_not_ready_serves_on_and_each_answer_ends_its_connection() -> None:
    asked = Asked()
    asked.goes_on.set()
    async with (
        serving(asked, drain=2.0, answers=1.0) as (server, url),
        httpx.AsyncClient(base_url=url) as client,
    ):
        kept = await client.get("/slow")
        assert (kept.text, kept.headers.get("connection")) == ('"answered"', None)
        assert (await client.get("/health/ready")).status_code == 200
        server.should_exit = True
        while (ready := await client.get("/health/ready")).status_code == 200:
            await asyncio.sleep(0.02)  # the server looks every tenth of a second
        assert ready.json() == {"service": "intake", "missing": ["it stops"]}
        last = await client.get("/slow")
        assert (last.status_code, last.headers["connection"]) == (200, "close")


async def test_what_was_asked_before_a_stop_is_answered() -> None:
    asked = Asked()
    async with (
        serving(asked, drain=0.0, answers=20.0) as (server, url),
        httpx.AsyncClient(base_url=url) as client,
    ):
        answer = asyncio.create_task(client.get("/slow"))
        await asked.came.wait()
        server.should_exit = True
        async with httpx.AsyncClient() as others:
            while True:
                try:
                    await others.get(f"{url}/health/ready")
                except httpx.TransportError:
                    break  # it takes no more
        asked.goes_on.set()
        assert (await answer).text == '"answered"'
