"""What the tests on real parts share: a namespace of their own (topics, groups, database) and its store."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from services.cli.embedded import Parts
from shared.store import Aggregates
from tests.integration.broker import own_namespace
from tests.integration.city import City, city
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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def four(
    embedded: Parts, namespace: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[City]:
    """The four services of a module that has one namespace for all of its tests."""
    parts = embedded.kafka_bootstrap, embedded.store_urls["intake"], namespace
    async with city(*parts, attachments_dir=str(tmp_path_factory.mktemp("files"))) as services:
        yield services
