"""A small gateway from other people's topics to our own commands: read, translate, publish, then commit.

Each partition goes its own way: what went through is committed; a partition in trouble is rewound and rests alone;
and one that floods us takes its turn, so that others' messages and people's commands do not wait behind it. What is
published carries the id the sender gave, so that a message read twice is one command at the processor.
"""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

import structlog

from shared.bus.client import known_positions
from shared.bus.consumer import (
    FIRST_BACKOFF,
    MOST_BACKOFF,
    Infrastructure,
    places,
    rewind,
)
from shared.bus.producer import Broker
from shared.bus.records import Outgoing, Record
from shared.bus.subscription import Polled, Stopped, Subscribed, Subscription, subscribe, to_record

log = structlog.get_logger(__name__)

TURN_RECORDS = 100
"""How many records one batch has at most. Whoever has the most of a full one rests: the others have their turn."""
MOST_WAITING = 500
"""How many of our own commands may wait to be decided before such a partition goes on."""
REST_SECONDS = 0.1
FETCH_BYTES = 256 * 1024
"""What is fetched at once of one partition: a partition that rests loses what it fetched ahead."""
LATE_SECONDS = 1.0
"""How long a batch waits for all its partitions."""
APPEND_TIME = 1
"""Kafka's mark of a record whose timestamp the broker wrote."""

Translate = Callable[[Sequence[Record]], Sequence[tuple[Outgoing, Record]]]
"""Messages of one partition, in order -> what is to be published, each with the message it comes from."""
Publish = Callable[[Sequence[Outgoing], Sequence[int]], Awaitable[object]]


class Turns:
    """Which partitions rest: nothing is fetched of them until they go on."""

    def __init__(self, waiting: Callable[[], int]) -> None:
        self._waiting = waiting
        self._failures: Counter[Any] = Counter()

    def succeeded(self, tp: Any) -> None:
        """Its next failure is a first one."""
        del self._failures[tp]

    def failed(self, consumer: Any, tp: Any, offset: int, error: Exception) -> None:
        """Read it again from there, after a pause that grows with each failure."""
        self._failures[tp] += 1
        pause = min(MOST_BACKOFF, FIRST_BACKOFF * 2 ** min(self._failures[tp], 10))
        log.warning(
            "messages rewound",
            topic=tp.topic,
            error=f"{type(error).__name__}: {error}"[:500],
            pause_seconds=pause,
            exc_info=None if isinstance(error, Infrastructure) else error,
        )
        if tp in consumer.assignment():
            consumer.seek(tp, offset)
            self.rest(consumer, tp, pause)

    def rest(self, consumer: Any, tp: Any, seconds: float) -> None:
        """Rest for so long, and as long as too many of our own commands wait to be decided."""
        if tp in consumer.assignment():
            consumer.pause(tp)
            asyncio.get_running_loop().call_later(seconds, self.go_on, consumer, tp)

    def go_on(self, consumer: Any, tp: Any) -> None:
        """Fetch again. A partition that another worker has meanwhile is none of ours."""
        if tp not in consumer.assignment():
            return
        if self._waiting() > MOST_WAITING:
            asyncio.get_running_loop().call_later(REST_SECONDS, self.go_on, consumer, tp)
        else:
            consumer.resume(tp)


class Forwarder:
    """Republishes what ``translate`` makes of each record. ``translate`` never raises on bad input."""

    def __init__(
        self,
        publish: Publish,
        prefix: str,
        translate: Translate,
        *,
        waiting: Callable[[], int] = lambda: 0,
    ) -> None:
        """``waiting``: how many of our own commands are not decided yet."""
        self._publish, self._prefix, self._translate = publish, prefix, translate
        self._turns = Turns(waiting)
        self._late: set[asyncio.Task[None]] = set()
        self._failed_polls = 0
        self._left_over: dict[Any, int] = {}
        self.subscription: Subscription = Subscribed(None)
        self.last_poll = time.monotonic()

    async def start(self, broker: Broker, pattern: str, group: str, *, timeout_ms: int) -> None:
        """Begin to read every topic, also a later one, whose name without prefix fits ``pattern``."""
        self.subscription = subscribe(  # another one where a start that failed is made again
            broker,
            self.handle,
            pattern=f"^{re.escape(self._prefix)}{pattern}$",
            group_id=self._prefix + group,
            max_records=TURN_RECORDS,
            batch_timeout_ms=timeout_ms,
            max_partition_fetch_bytes=FETCH_BYTES,
        )
        self.last_poll = time.monotonic()
        await self.subscription.start()
        self._consumer.getmany = partial(self._poll, self._consumer.getmany)

    def lag(self) -> int:
        """Records that this worker has still to read, as far as the last fetch told."""
        consumer = self.subscription.consumer
        if consumer is None:
            return 0
        positions = known_positions(consumer)
        ends = {tp: consumer.highwater(tp) or 0 for tp in consumer.assignment()}
        return sum(max(0, end - positions.get(tp, end)) for tp, end in ends.items())

    def idle_seconds(self) -> float:
        """How long nobody has polled: grows when the consumer's task is dead or stuck in a batch."""
        return time.monotonic() - self.last_poll

    async def handle(self, raws: Sequence[Any]) -> None:
        """Forward one batch, each of its partitions apart; who is late goes on alone, and the others are polled."""
        first, behind = places(raws)
        slices: dict[Any, list[Any]] = {tp: [] for tp in first}
        for raw in raws:
            slices[raw.topic, raw.partition].append(raw)  # a TopicPartition is a tuple of these two
        tasks = {tp: asyncio.ensure_future(self._forward(slice)) for tp, slice in slices.items()}
        await asyncio.wait(tasks.values(), timeout=LATE_SECONDS)
        for tp in [tp for tp, task in tasks.items() if not task.done()]:
            if tp in self._consumer.assignment():
                self._consumer.pause(tp)
            late = asyncio.ensure_future(self._finish(tp, tasks.pop(tp), first, behind))
            self._late.add(late)  # the loop itself does not keep a task alive
            late.add_done_callback(self._late.discard)
        done = await self._settle(tasks, first, behind)
        if done and len(raws) >= TURN_RECORDS:
            self._turns.rest(self._consumer, max(done, key=lambda tp: len(slices[tp])), REST_SECONDS)

    @property
    def _consumer(self) -> Any:
        consumer = self.subscription.consumer
        assert consumer is not None, "only who has begun is called"
        return consumer

    async def _finish(
        self, tp: Any, task: asyncio.Task[None], first: Mapping[Any, int], behind: Mapping[Any, int]
    ) -> None:
        await asyncio.wait([task])
        for forwarded in await self._settle({tp: task}, first, behind):
            self._turns.go_on(self._consumer, forwarded)

    async def _settle(
        self,
        tasks: Mapping[Any, asyncio.Task[None]],
        first: Mapping[Any, int],
        behind: Mapping[Any, int],
    ) -> list[Any]:
        """Commit the partitions that went through, which are returned, and let the others be read again."""
        consumer = self._consumer
        done: dict[Any, int] = {}
        for tp, task in tasks.items():
            if isinstance(error := task.exception(), Exception):
                self._turns.failed(consumer, tp, first[tp], error)
            else:
                self._turns.succeeded(tp)
                done[tp] = behind[tp]
        offsets = {tp: offset for tp, offset in done.items() if tp in consumer.assignment()}
        self._left_over |= await _uncommitted(consumer, offsets)
        return list(done)

    async def _forward(self, raws: Sequence[Any]) -> None:
        """The broker's append time is the official one (clocks.md 7); what a sender wrote himself is none."""
        now = int(time.time() * 1000)
        records = [to_record(raw, self._prefix) for raw in raws]
        official = {
            record.offset: record.timestamp if raw.timestamp_type == APPEND_TIME else now
            for record, raw in zip(records, raws, strict=True)
        }
        made = self._translate(records)
        await self._publish([record for record, _ in made], [official[record.offset] for _, record in made])

    async def _poll(self, getmany: Callable[..., Awaitable[Polled]], *partitions: Any, **how: Any) -> Polled:
        """The client's poll; one that fails is made again after a pause, and what it took is fetched again."""
        before = known_positions(self._consumer)
        left_over, self._left_over = self._left_over, {}
        again = {tp: offset for tp, offset in left_over.items() if before.get(tp) == offset}
        self._left_over |= await _uncommitted(self._consumer, again)
        try:
            found = await getmany(*partitions, **how)
        except Stopped:
            raise
        except Exception as error:
            self._failed_polls += 1
            await rewind(self._consumer, before, self._failed_polls, error)
            return {}
        self._failed_polls = 0
        self.last_poll = time.monotonic()
        return found


async def _uncommitted(consumer: Any, offsets: dict[Any, int]) -> dict[Any, int]:
    """Commit these; what failed is left over for the next poll, if nothing else was read there by then."""
    try:
        if offsets:
            await consumer.commit(offsets)
        return {}
    except Exception as error:  # at most the same commands are sent again
        log.warning("commit failed", error=f"{type(error).__name__}: {error}"[:300])
        return offsets
