"""How long a worker waits before it reads a batch again that failed."""

from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka import TopicPartition

from shared.bus.processor import Batch
from shared.contract.event import INTAKE
from tests.simulation.test_faults_found_at_the_seam import Bare, batches, raw

MINE = TopicPartition(INTAKE, 0)


async def test_the_pause_grows_until_the_batch_is_applied_also_where_a_poll_between_brings_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The records that are read again may be fetched a poll later: that nothing came says nothing of what failed."""
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    outcomes: list[Exception | None] = [ConnectionError()] * 3 + [None, ConnectionError()]

    async def apply(records: Sequence[Any]) -> Batch:
        if (failure := outcomes.pop(0)) is not None:
            raise failure
        return Batch()

    async def nothing(*partitions: TopicPartition, **how: Any) -> dict[TopicPartition, list[Any]]:
        return {}

    client = Bare({MINE: 0})
    client.seek = lambda tp, offset: None  # type: ignore[attr-defined]
    made = batches(client)
    made._processor.run = apply  # type: ignore[method-assign, assignment]
    monkeypatch.setattr("shared.bus.consumer.asyncio.sleep", sleep)
    for _ in range(5):
        await made.handle([raw(MINE, 0)])
        await made._poll(client, nothing)  # type: ignore[arg-type]
    assert pauses == [0.2, 0.4, 0.8, 0.2]
