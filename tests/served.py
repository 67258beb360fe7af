"""A server of ours as it is served, until whoever asked for it leaves; then it has stopped in time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.serving import Server

START_SECONDS = 30.0


@asynccontextmanager
async def served(server: Server, patience: float) -> AsyncIterator[str]:
    """Its address on loopback; leaving fails where it takes longer to stop than ``patience``, in seconds."""
    running = asyncio.create_task(server.serve())
    async with asyncio.timeout(START_SECONDS):
        while not server.started:
            await asyncio.sleep(0.01)  # the server has no event for it
    try:
        yield f"http://127.0.0.1:{server.config.port}"
    finally:
        server.should_exit = True
        async with asyncio.timeout(patience):
            await running
