"""How a program stops: it is not ready first, each answer ends its connection, and what was asked is answered."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from services.cli.embedded import free_ports
from shared.serving import Server
from tests.served import served

PATIENCE_SECONDS = 30.0


class Asked:
    """A request that is answered when a test says so."""

    def __init__(self) -> None:
        self.came, self.goes_on = asyncio.Event(), asyncio.Event()

    async def __call__(self) -> str:
        self.came.set()
        await self.goes_on.wait()
        return "answered"


class Told:
    """A stream of events that has no end of its own."""

    def __init__(self) -> None:
        self.next, self.ended = asyncio.Queue[str](), asyncio.Event()

    async def __call__(self) -> StreamingResponse:
        return StreamingResponse(self._messages(), media_type="text/event-stream")

    async def _messages(self) -> AsyncIterator[str]:
        try:
            while True:
                yield f"data: {await self.next.get()}\n\n"
        finally:
            self.ended.set()


@asynccontextmanager
async def serving(
    slow: Callable[[], Awaitable[object]], drain: float, answers: float
) -> AsyncIterator[tuple[Server, str]]:
    """A server of two routes and its address."""
    app = FastAPI()
    app.add_api_route("/slow", slow, response_model=None)
    app.add_api_route("/health/ready", lambda: {"missing": []})
    (port,) = free_ports(1)
    server = Server(app, "intake", drain=drain, answers=answers, port=port, loop="auto")
    async with served(server, PATIENCE_SECONDS) as url:
        yield server, url


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


async def test_a_stream_of_events_goes_on_while_it_drains_and_then_ends_whole_and_holds_up_no_stop() -> None:
    told = Told()
    async with (
        serving(told, drain=1.0, answers=PATIENCE_SECONDS * 2) as (server, url),
        httpx.AsyncClient(base_url=url, headers={"Accept": "text/event-stream"}) as reader,
        httpx.AsyncClient(base_url=url) as others,
        reader.stream("GET", "/slow") as stream,
    ):
        lines = (line async for line in stream.aiter_lines() if line)
        told.next.put_nowait("before")
        assert await anext(lines) == "data: before"
        server.should_exit = True
        while (await others.get("/health/ready")).status_code == 200:
            await asyncio.sleep(0.02)  # the server looks every tenth of a second
        told.next.put_nowait("while it drains")
        assert await anext(lines) == "data: while it drains"
        assert [line async for line in lines] == [], "and no error: nothing was cut off"
        await told.ended.wait()
    # The stop was awaited here, for less than an answer may take.


@pytest.mark.parametrize("accept", ["text/event-stream", "*/*"])
async def test_an_answer_that_is_no_stream_is_ended_whatever_its_reader_takes(accept: str) -> None:
    asked = Asked()
    async with (
        serving(asked, drain=0.0, answers=20.0) as (server, url),
        httpx.AsyncClient(base_url=url, headers={"Accept": accept}) as client,
    ):
        answer = asyncio.create_task(client.get("/slow"))
        await asked.came.wait()
        server.should_exit = True
        while server.servers and server.servers[0].is_serving():
            await asyncio.sleep(0.02)  # the server has no event for that it takes no more
        asked.goes_on.set()
        assert (await answer).text == '"answered"'
