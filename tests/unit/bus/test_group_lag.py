"""History waits until every group has read all there is, and that has caused nothing new."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.structs import OffsetAndMetadata

from shared.bus.reader import GroupLag

COMMANDS, EVENTS = TopicPartition("h.intake.commands", 0), TopicPartition("h.intake.events", 0)
READS = {"intake": ("intake.commands",), "dispatch": ("intake.events",)}


class Broker:
    """Ends and committed offsets as they are found at one look after the other; the last ones stay."""

    def __init__(
        self, ends: Iterable[dict[Any, int]], committed: Iterable[dict[str, dict[Any, int]]]
    ) -> None:
        self.ends, self.committed = list(ends), list(committed)
        self.looks = 0

    def assignment(self) -> list[TopicPartition]:
        return [COMMANDS, EVENTS]

    async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return self.ends.pop(0) if len(self.ends) > 1 else self.ends[0]

    async def list_consumer_group_offsets(self, group: str) -> dict[TopicPartition, OffsetAndMetadata]:
        now = self.committed[0]
        if group == "h.dispatch":  # asked last
            self.looks += 1
            now = self.committed.pop(0) if len(self.committed) > 1 else now
        return {tp: OffsetAndMetadata(offset, "") for tp, offset in now[group.removeprefix("h.")].items()}


def lag_at(broker: Broker) -> GroupLag:
    return GroupLag(broker, broker, "h.", READS)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.bus.reader.MOST_PAUSE", 0.0)


async def test_one_look_is_enough_where_all_is_read_and_nothing_new_came() -> None:
    broker = Broker([{COMMANDS: 5, EVENTS: 7}], [{"intake": {COMMANDS: 5}, "dispatch": {EVENTS: 7}}])
    await asyncio.wait_for(lag_at(broker).wait_for_none(), 1)
    assert broker.looks == 1


async def test_what_the_last_record_caused_is_waited_for() -> None:
    """Intake has read all, and published an event for it after the ends were read."""
    first, then = {COMMANDS: 5, EVENTS: 7}, {COMMANDS: 5, EVENTS: 8}
    behind = {"intake": {COMMANDS: 5}, "dispatch": {EVENTS: 7}}
    broker = Broker([first, then, then], [behind, behind, {**behind, "dispatch": {EVENTS: 8}}])
    await asyncio.wait_for(lag_at(broker).wait_for_none(), 1)
    assert broker.looks == 3


async def test_a_group_that_has_committed_nothing_yet_has_everything_to_read() -> None:
    broker = Broker([{COMMANDS: 0, EVENTS: 7}], [{"intake": {}, "dispatch": {}}])
    lag = lag_at(broker)
    assert await lag.unread(await broker.end_offsets([])) == 7
