"""The seam to Kafka: FastStream feeds batches to the processor, and explicit offsets are committed after each.

Traps this file is built around (docs/decisions/0003, 0018): explicit commits, because a bare one covers partitions
whose records failed; every failed partition is rewound by hand, with a pause that ``nack`` has not; and a poll of
our own around the client's, because FastStream starts a task whose poll raises again at once, for ever.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from faststream.kafka import KafkaBroker

from shared.bus.client import committed_offsets, known_positions
from shared.bus.positions import Positions
from shared.bus.processor import Batch, Processor
from shared.bus.records import is_awaited
from shared.bus.subscription import Polled, Stopped, Subscribed, Subscription, subscribe, to_record
from shared.bus.turns import EarlierFailed
from shared.bus.under_way import UnderWay
from shared.metrics import Metrics
from shared.store import Unavailable

log = structlog.get_logger(__name__)

Infrastructure = (Unavailable, KafkaError, ConnectionError, TimeoutError, OSError)
"""Expected failures: tried again, logged without a traceback. Others are bugs: tried again, with one."""

FIRST_BACKOFF, MOST_BACKOFF = 0.1, 5.0


def places(raws: Sequence[Any]) -> tuple[dict[TopicPartition, int], dict[TopicPartition, int]]:
    """(first offset, offset behind the last) of each partition in a batch."""
    first: dict[TopicPartition, int] = {}
    behind: dict[TopicPartition, int] = {}
    for raw in raws:
        tp = TopicPartition(raw.topic, raw.partition)
        first.setdefault(tp, raw.offset)
        behind[tp] = raw.offset + 1
    return first, behind


def by_place(offsets: Mapping[TopicPartition, int], prefix: str) -> dict[tuple[str, int], int]:
    """Offsets by (topic without the namespace, partition), as the processor knows them."""
    return {(tp.topic.removeprefix(prefix), tp.partition): offset for tp, offset in offsets.items()}


async def rewind(
    consumer: AIOKafkaConsumer | None,
    first: Mapping[TopicPartition, int],
    failures: int,
    error: Exception,
) -> None:
    """Read every partition of a failed batch again from its first record, after a pause that grows."""
    go_back(consumer, first)
    pause = min(MOST_BACKOFF, FIRST_BACKOFF * 2 ** min(failures, 10))
    words = f"{type(error).__name__}: {error}"[:500]
    log.warning(
        "batch rewound", error=words, pause_seconds=pause, exc_info=not isinstance(error, Infrastructure)
    )
    await asyncio.sleep(pause)  # backoff: the part that failed has no event to await


def go_back(consumer: AIOKafkaConsumer | None, first: Mapping[TopicPartition, int]) -> None:
    """Read these partitions again from there; one that a batch before this one has taken further back stays there."""
    if consumer is not None:
        positions = known_positions(consumer)
        for tp, offset in first.items():
            if tp in consumer.assignment():
                consumer.seek(tp, min(offset, positions.get(tp, offset)))


class BatchConsumer(ConsumerRebalanceListener):
    """Feeds batches from Kafka to one processor: run, answer, commit; rewind on failure."""

    def __init__(
        self,
        processor: Processor,
        prefix: str,
        metrics: Metrics,
        *,
        on_batch: Callable[[Batch], None],
        on_assigned: Callable[[Sequence[int]], None],
    ) -> None:
        """``on_batch``: told of each batch before its commit. ``on_assigned``: told which partitions are ours."""
        self._processor, self._prefix, self._metrics = processor, prefix, metrics
        self._on_batch, self._on_assigned = on_batch, on_assigned
        self.subscription: Subscription = Subscribed(None)
        self.positions = Positions(self)
        self.under_way = UnderWay(
            self.handle,
            lambda raws: places(raws)[0],
            lambda first: go_back(self.client, first),
            partial(is_awaited, topic=prefix + processor.consumer.commands_topic),
        )
        self.last_poll = time.monotonic()
        self.missed: list[TopicPartition] = []
        """Ours, but the callback that said so failed: their timers have not begun. Tried again at the next poll."""
        self._rebalances = self._failures = 0
        self._reads_again = False
        """A batch failed, and is still to be read again: until then an empty poll says nothing of what failed."""
        self._idle = self._commit_failed = False

    @property
    def client(self) -> AIOKafkaConsumer | None:
        """The Kafka client's consumer, while there is one."""
        return self.subscription.consumer

    async def start(self, broker: KafkaBroker, *, records: int, timeout_ms: int) -> None:
        """Begin to read the consumer's topics; the broker ends it."""
        owned = self._processor.consumer
        self.subscription = subscribe(
            broker,
            self.under_way.take,
            *[self._prefix + topic for topic in owned.topics],
            group_id=self._prefix + owned.service,
            listener=self,
            max_records=records,
            batch_timeout_ms=timeout_ms,
        )
        await self.subscription.start()

    # ------------------------------------------------------------- partitions

    async def on_partitions_revoked(self, revoked: Any) -> None:
        """Another worker may have them in a moment: stop their timers, forget how far they were read."""
        self._rebalances += 1
        self.positions.start({})
        self.under_way.at_hand, self.missed = {}, []
        self._processor.revoked()
        self._on_assigned([])

    async def on_partitions_assigned(self, assigned: Any) -> None:
        """These are ours: their timers start from the oldest deadline. Never raises: the client would only log it."""
        self._rebalances += 1
        rebalance = self._rebalances
        consumer = self.client
        assert consumer is not None
        if "getmany" not in vars(consumer):
            consumer.getmany = partial(self._poll, consumer, consumer.getmany)
        try:
            await self._begin(consumer, list(assigned))
        except Exception as error:
            log.warning("partitions not begun", error=f"{type(error).__name__}: {error}"[:500])
            # Where they moved on meanwhile, the callback that came since knows better.
            if rebalance == self._rebalances:
                self.missed = list(assigned)

    async def _begin(self, consumer: AIOKafkaConsumer, partitions: list[TopicPartition]) -> None:
        """Note how far these partitions were read, and let their timers start."""
        rebalance = self._rebalances
        committed = await committed_offsets(consumer, partitions)
        if rebalance != self._rebalances:
            return  # they moved on while we asked: the callback that came since knows what is ours
        self.positions.start(committed)
        self._processor.committed(by_place(committed, self._prefix))
        own = self._prefix + self._processor.consumer.commands_topic
        self._on_assigned(sorted(tp.partition for tp in partitions if tp.topic == own))
        self.missed = []

    # ---------------------------------------------------------------- reading

    async def _poll(
        self,
        consumer: AIOKafkaConsumer,
        getmany: Callable[..., Awaitable[Polled]],
        *partitions: TopicPartition,
        **how: Any,
    ) -> Polled:
        """The client's poll as FastStream asks for it. What fails is tried again after a pause, with {} as answer:
        what the poll took from other partitions before it raised would be lost, so all are rewound.
        """
        before: dict[TopicPartition, int] = {}
        try:
            before = await self._settle(consumer)
            found = await getmany(*partitions, **how)
        except Stopped:
            raise
        except Exception as error:
            self._failures += 1
            await rewind(consumer, before, self._failures, error)
            return {}
        self.last_poll = self.under_way.since()  # one that is stuck lets others be fetched, and must be seen
        self.under_way.at_hand = {tp: raws[0].offset for tp, raws in found.items() if raws}
        self._idle = not self.under_way.at_hand
        if self._idle and not (self._reads_again or self.under_way.partitions()):  # these may fail once more
            self._failures = 0
        return found

    async def _settle(self, consumer: AIOKafkaConsumer) -> dict[TopicPartition, int]:
        """Before anything newer is fetched: make up for what failed, and see how far all was read; returns that.

        Up to where a partition will be read next, all is applied and committed, or is no record: end markers of
        transactions and deleted records come in no batch (bus.md, Ends). In idle times that is committed as well.
        """
        if self.under_way.closed:
            raise Stopped
        await self.under_way.mend()
        if self.under_way.at_hand:  # a batch that never came to ``take``
            await rewind(
                consumer, self.under_way.at_hand, 1, RuntimeError("a batch was fetched and not handled")
            )
            self.under_way.at_hand = {}
        if self.missed:
            await self._begin(consumer, self.missed)
        positions, busy = known_positions(consumer), self.under_way.partitions()
        self.positions.move({tp: offset for tp, offset in positions.items() if tp not in busy})
        if not busy and (self._idle or self._commit_failed):
            await self._commit({})
        return positions

    async def handle(self, raws: Sequence[Any]) -> None:
        """One batch, whole: on any failure every partition of it is read again after a pause."""
        started = time.perf_counter()
        first, behind = places(raws)
        try:
            records = [to_record(raw, self._prefix) for raw in raws]
            batch = await self._processor.run(records)
            try:
                self._on_batch(batch)
            except Exception:  # a bug, but all is stored and published: to read it again would mend nothing
                log.exception("nobody heard of a batch")
            await self._commit(behind)  # 7
        except EarlierFailed:  # that one pauses
            go_back(self.client, first)
        except Exception as error:
            self.under_way.broken = self._reads_again = True
            self._failures += 1
            self._metrics.rewinds.inc()
            await rewind(self.client, first, self._failures, error)
        else:
            self._failures, self._reads_again = 0, False
            self.positions.move(behind)
            self._metrics.measure(batch, records, time.perf_counter() - started)

    async def _commit(self, behind: dict[TopicPartition, int]) -> None:
        """Commit these, and with them all that was read and is not committed yet: no record may come to cover it."""
        consumer = self.client
        assert consumer is not None
        offsets = self.positions.uncommitted() | behind
        if not offsets:
            return
        try:
            await consumer.commit(offsets)
        except (CommitFailedError, IllegalStateError) as error:
            # The partitions moved on while we worked. All is stored and published: the next owner sees known
            # causes and sends again at most.
            log.warning("commit refused", error=str(error))
            return
        except KafkaError as error:
            if not self._commit_failed:
                log.warning("commit failed; tried again at the next poll", error=str(error))
            self._commit_failed = True
            return
        self._commit_failed = False
        self.positions.committed(offsets)
        self._processor.committed(by_place(offsets, self._prefix))
