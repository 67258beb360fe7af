"""An application served over real HTTP in this process, for programs and threads that ask it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from services.cli.embedded import free_ports

START_SECONDS = 30.0


@asynccontextmanager
async def served(app: Any, **config: Any) -> AsyncIterator[str]:
    """Its address; ``config`` as uvicorn takes it."""
    port = free_ports(1)[0]
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
