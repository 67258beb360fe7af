"""An application served over real HTTP in this process, for programs and threads that ask it."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import uvicorn

from services.cli.embedded import free_ports

START_SECONDS = 30.0


@asynccontextmanager
async def served(app: Any, *, port: int = 0, **config: Any) -> AsyncIterator[str]:
    """Its address, at a free port where none is said; ``config`` as uvicorn takes it."""
    port = port or free_ports(1)[0]
    server = uvicorn.Server(uvicorn.Config(app, port=port, **config))
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(START_SECONDS):
        while not server.started:
            await asyncio.sleep(0.01)  # the server has no event for it
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await serving
        for connection in list(server.server_state.connections):  # as where a process ends
            connection.transport.abort()


@contextmanager
def served_aside(app: Any, **config: Any) -> Iterator[str]:
    """The same for a test that waits by itself: the application runs in a thread of its own."""
    loop, began, end = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    urls: list[str] = []

    async def run() -> None:
        try:
            async with served(app, log_level="critical", **config) as url:
                urls.append(url)
                began.set()
                await end.wait()
        finally:
            began.set()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()), name="served-aside")
    thread.start()
    began.wait()
    try:
        yield urls[0]
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join()
        loop.close()
