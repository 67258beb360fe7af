"""A Kafka client in memory whose assignment, ends and positions a test sets by hand, and the records it hands over."""

import asyncio
from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from shared.bus.consumer import BatchConsumer
from shared.bus.processor import Processor
from shared.bus.records import Outgoing
from shared.bus.subscription import Subscribed
from shared.contract.envelope import SHA256_HEADER, sha256_of
from shared.metrics import Metrics


class Client:
    """What our seam asks of aiokafka's consumer. ``fail_*`` counts how often that call fails from now on.

    ``ready`` is what each poll hands over; ``commits`` and ``kept`` are the commits and what they amount to.
    """

    def __init__(
        self, ends: Mapping[TopicPartition, int], positions: Mapping[TopicPartition, int] = {}
    ) -> None:
        self.ends, self.positions = dict(ends), dict(positions)
        self.kept: dict[TopicPartition, int] = {}
        self.ready: dict[TopicPartition, list[Any]] = {}
        self.commits: list[dict[TopicPartition, int]] = []
        self.seeks: dict[TopicPartition, int] = {}
        self.paused: set[TopicPartition] = set()
        self.fail_committed = self.fail_commit = self.fail_poll = 0
        self.round_trips = self._under_way = 0
        self._coordinator = SimpleNamespace(fetch_committed_offsets=self._fetch)
        assigned = SimpleNamespace(all_consumed_offsets=self._known)
        self._subscription = SimpleNamespace(subscription=SimpleNamespace(assignment=assigned))

    def assignment(self) -> set[TopicPartition]:
        return set(self.ends)

    async def end_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return {tp: self.ends[tp] for tp in partitions}

    def highwater(self, tp: TopicPartition) -> int:
        return self.ends[tp]

    def seek(self, tp: TopicPartition, offset: int) -> None:
        self.seeks[tp] = self.positions[tp] = offset

    def pause(self, *partitions: TopicPartition) -> None:
        self.paused |= set(partitions)

    def resume(self, *partitions: TopicPartition) -> None:
        self.paused -= set(partitions)

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        if self.fail_commit:
            self.fail_commit -= 1
            raise KafkaError("the coordinator did not answer")
        self.commits.append(dict(offsets))
        self.kept |= offsets

    async def getmany(self, *partitions: TopicPartition, **how: Any) -> dict[TopicPartition, list[Any]]:
        if self.fail_poll:
            self.fail_poll -= 1
            raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "a header's key")
        await asyncio.sleep(0)
        return self.ready

    def _known(self) -> dict[TopicPartition, Any]:
        return {tp: SimpleNamespace(offset=offset) for tp, offset in self.positions.items()}

    async def _fetch(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, Any]:
        """One question to the coordinator; those that are asked side by side are one round trip."""
        self.round_trips += self._under_way == 0
        self._under_way += 1
        await asyncio.sleep(0.001)
        self._under_way -= 1
        if self.fail_committed:
            self.fail_committed -= 1
            raise KafkaError("the coordinator did not answer")
        return {tp: SimpleNamespace(offset=self.kept[tp]) for tp in partitions if tp in self.kept}


def seam(processor: Processor, client: Client) -> tuple[BatchConsumer, list[list[int]]]:
    """Our seam over this client, and the partitions its timers were told of, one entry each time."""
    owned: list[list[int]] = []
    made = BatchConsumer(
        processor,
        "",
        Metrics(),
        on_batch=lambda batch: None,
        on_assigned=lambda partitions: owned.append(list(partitions)),
    )
    made.subscription = Subscribed(client)
    return made, owned


def raw(out: Outgoing, offset: int = 0) -> Any:
    """A record as the client hands it over."""
    return SimpleNamespace(
        topic=out.topic,
        partition=0,
        offset=offset,
        timestamp=0,
        timestamp_type=0,
        key=out.key.encode(),
        value=out.value,
        headers=((SHA256_HEADER, sha256_of(out.value).encode()),),
    )
