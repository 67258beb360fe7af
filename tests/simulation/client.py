"""One worker's Kafka client, pretended: which records a poll brings, the scheduler says."""

from collections.abc import Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError, KafkaConnectionError

from tests.simulation.world import Ask, Group, Log, Raw

NEVER = 2**62


class Client:
    """The part of AIOKafkaConsumer that a batch consumer uses; positions move when the scheduler fetches."""

    def __init__(self, group: Group, log: Log) -> None:
        self._group, self._log = group, log
        self.positions: dict[TopicPartition, int] = {}
        self.committed: dict[TopicPartition, int] = {}
        """By this client since its group shared out the last time."""
        self.dry, self.dry_until = -1, NEVER
        """The size of the log at which there was nothing to fetch, -1: to be looked at; and when a topic that does not
        reach its group may do so again."""
        self.idle_polls = 1
        """How often it still polls though there is nothing to fetch: what was left over is committed then."""
        self.fetched: Sequence[Raw] = ()
        """The last answer with its partitions mixed; the client itself would hand them over one by one."""
        self.paused: set[TopicPartition] = set()
        self._coordinator = SimpleNamespace(fetch_committed_offsets=self._committed)
        self._subscription = self
        self.subscription = SimpleNamespace(assignment=self)

    def assignment(self) -> set[TopicPartition]:
        return set(self.positions)

    def all_consumed_offsets(self) -> dict[TopicPartition, Any]:
        return {tp: SimpleNamespace(offset=position) for tp, position in self.positions.items()}

    def seek(self, tp: TopicPartition, offset: int) -> None:
        self.positions[tp] = offset
        self.look_again()

    def pause(self, tp: TopicPartition) -> None:
        self.paused.add(tp)

    def resume(self, tp: TopicPartition) -> None:
        self.paused.discard(tp)
        self.look_again()

    def look_again(self) -> None:
        """There may be something to fetch or to commit."""
        self.dry, self.idle_polls = -1, 1

    async def getmany(self, *partitions: TopicPartition) -> dict[TopicPartition, list[Raw]]:
        """One poll; which records, the scheduler says."""
        self.fetched = await Ask("poll")
        found: dict[TopicPartition, list[Raw]] = {}
        for raw in self.fetched:
            found.setdefault(TopicPartition(raw.topic, raw.partition), []).append(raw)
        return found

    async def _committed(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, Any]:
        """What the coordinator answers, as it was when it answered."""
        kept = self._group.committed
        asked = list(partitions)
        return await Ask(
            "offsets", lambda: {tp: SimpleNamespace(offset=kept[tp]) for tp in asked if tp in kept}
        )

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        self.must_own(offsets)
        try:
            await Ask("commit", (self, dict(offsets)))
        except KafkaConnectionError:
            self.look_again()
            raise

    async def end_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return await Ask("ends", list(partitions))

    def must_own(self, partitions: Iterable[TopicPartition]) -> None:
        """The fence: a commit of a partition that moved on is refused whole."""
        if any(tp not in self.positions for tp in partitions):
            raise IllegalStateError("a partition is not assigned")
