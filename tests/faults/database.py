"""A database that one test has for itself on the real store."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient

from shared.store import Database, connect


@asynccontextmanager
async def own_database(url: str, name: str) -> AsyncIterator[Database]:
    """The database of this name; it is dropped at the end, over a connection that no test listens to."""
    async with connect(url, name) as database:
        yield database
    client: AsyncIOMotorClient[Any] = AsyncIOMotorClient(url)
    await client.drop_database(name)
    client.close()
