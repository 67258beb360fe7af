"""What the tests on real parts share: a namespace of their own (topics, groups, database) and its store."""

from collections.abc import AsyncIterator

import pytest

from shared.store import Aggregates
from tests.integration.broker import own_namespace
from tests.integration.worker import own_store


@pytest.fixture
def namespace() -> str:
    """A namespace that no other test has."""
    return own_namespace("bus")


@pytest.fixture
async def store(store_url: str, namespace: str) -> AsyncIterator[Aggregates]:
    """The store of this namespace's worker."""
    async with own_store(store_url, namespace) as aggregates:
        yield aggregates
