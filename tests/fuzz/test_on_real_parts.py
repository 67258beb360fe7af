"""The same fuzzer against services on a real Kafka and a real store: what these refuse is answered too."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from services.cli.embedded import Parts
from tests.fuzz.test_the_four_interfaces import fuzzed
from tests.integration.broker import own_namespace
from tests.integration.city import city

MANY = 12
"""So many requests of each operation are drawn here, beside the same ones that go through every case."""


@pytest.mark.prove
@pytest.mark.integration
@pytest.mark.parametrize("name", ["intake", "dispatch"])
async def test_on_real_parts_whatever_is_asked_is_answered_as_the_document_says(
    name: str, embedded: Parts, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        parts = embedded.kafka_bootstrap, embedded.store_urls["intake"], own_namespace("fuzz")
        services = await stack.enter_async_context(city(*parts, name, attachments_dir=str(tmp_path)))
        code, output = await fuzzed(await stack.enter_async_context(services.served(name)), tmp_path, MANY)
        assert code == 0, output
        (await services.clients[name].get("/health/ready")).raise_for_status()
