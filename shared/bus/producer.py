"""The seam to Kafka's producer: one for everything, made anew after each failure, and one for records that go alone.

aiokafka counts a batch's sequence numbers before it sends it and never takes them back: after one answer that cannot
be retried the broker refuses every later batch of that partition, until there is another producer. And a batch
whose answer does not come is never given up. So a producer that failed in any way is replaced, not repaired.
"""

import asyncio
from collections.abc import Collection, Coroutine, Sequence
from functools import lru_cache
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    CorruptRecordException,
    InvalidTimestampError,
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    PolicyViolationError,
    ProducerClosed,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
    UnknownError,
    UnknownTopicOrPartitionError,
    UnsupportedForMessageFormatError,
)
from aiokafka.partitioner import murmur2
from faststream.kafka import KafkaBroker

from shared.bus.records import Outgoing
from shared.bus.topics import LARGEST_DEAD_LETTER
from shared.metrics import Metrics

log = structlog.get_logger(__name__)

Broker = KafkaBroker
"""The broker by a name of ours, for those who only hand it on."""


@lru_cache(maxsize=4096)
def _hash_of(key: bytes) -> int:
    """What Kafka's own clients place a key by. Counted in Python it takes longer than all else about a record here,
    and a cause brings several records of the same key."""
    return int(murmur2(key)) & 0x7FFFFFFF


def placed(key: bytes, partitions: Sequence[int], _: object) -> int:
    """The partition of a key, as the client's own partitioner has it."""
    return partitions[_hash_of(key) % len(partitions)]


SETTINGS: dict[str, Any] = {
    "acks": "all",
    "max_batch_size": 512 * 1024,
    "max_request_size": LARGEST_DEAD_LETTER + 1024 * 1024,
    "linger_ms": 0,
    "metadata_max_age_ms": 10_000,
    "partitioner": placed,
}
PUBLISH_SECONDS = 30.0
"""How long records may be under way: a producer that has no answer by then is given up with all it holds."""
START_SECONDS, STOP_SECONDS, PING_SECONDS = 10.0, 5.0, 2.0
TOPIC_SECONDS = 5.0
"""How long a topic that the cluster does not name is waited for, the first time: it may just have been made."""

UNWRITABLE = (ValueError, OverflowError)
"""What the client raises for a record that has no form on the wire."""
FINAL = (
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    InvalidTopicError,
    TopicAuthorizationFailedError,
    InvalidTimestampError,
    CorruptRecordException,
    UnsupportedForMessageFormatError,
    PolicyViolationError,
    UnknownError,
    *UNWRITABLE,
)
"""What another try does not change, as far as one answer can tell: every record of a batch is answered alike, and
``UnknownError`` is whatever the broker has no other word for. A record is given up only when it went alone."""


def make_broker(bootstrap: str, client_id: str) -> KafkaBroker:
    """A FastStream broker for reading: it has no producer of its own."""
    return KafkaBroker(
        bootstrap,
        client_id=client_id,
        consumer_only=True,
        metadata_max_age_ms=SETTINGS["metadata_max_age_ms"],
        allow_auto_create_topics=False,
        logger=None,
        apply_types=False,
    )


def is_final(error: Exception, topic: str) -> bool:
    """Whether this record, or one beside it in its batch, can never go to ``topic`` (without namespace).

    Our own topics are made at the start: one that is gone is for an operator. A department's may never have been.
    """
    missing = isinstance(error, UnknownTopicOrPartitionError)
    return isinstance(error, FINAL) or (missing and topic.startswith("dept."))


class Renewable:
    """One aiokafka producer, made at its first use and after it was dropped, once however many ask for it."""

    def __init__(self, **how: Any) -> None:
        self._how = how
        self._producer: AIOKafkaProducer | None = None
        self._starting: asyncio.Task[AIOKafkaProducer] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    async def get(self) -> AIOKafkaProducer:
        """The producer of now; raises KafkaError or TimeoutError when no broker answers."""
        if self._producer is not None:
            return self._producer
        if self._starting is None:
            self._starting = self._in_background(self._start())
            self._starting.add_done_callback(self._started)
        return await asyncio.shield(self._starting)  # who asks may be cancelled; others still need it

    def drop(self, used: AIOKafkaProducer) -> bool:
        """Use this one no more, if nobody else has dropped it yet: it finishes what it can in the background."""
        if self._producer is not used:
            return False
        self._producer = None
        self._in_background(_stop(used))
        return True

    async def stop(self) -> None:
        """Send what is under way and disconnect; what has no answer after ``STOP_SECONDS`` is given up."""
        if self._producer is not None:
            self.drop(self._producer)
        if self._tasks:
            _, hanging = await asyncio.wait(self._tasks, timeout=2 * STOP_SECONDS)
            for task in hanging:
                task.cancel()

    async def _start(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(**self._how)
        try:
            async with asyncio.timeout(START_SECONDS):
                await producer.start()
        except BaseException:
            self._in_background(_stop(producer))
            raise
        self._producer = producer
        return producer

    def _started(self, task: asyncio.Task[AIOKafkaProducer]) -> None:
        self._starting = None
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("no producer", error=f"{type(error).__name__}: {error}"[:300])

    def _in_background(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)  # the loop itself does not keep a task alive
        task.add_done_callback(self._tasks.discard)
        return task


async def _stop(producer: AIOKafkaProducer) -> None:
    """Let a producer finish what it can; its own stop has no end while the broker is away."""
    stopping = asyncio.get_running_loop().create_task(producer.stop())
    try:
        await asyncio.wait([stopping], timeout=STOP_SECONDS)
        if not stopping.done():
            producer._message_accumulator.fail_all(ProducerClosed())
        await stopping
    except Exception as error:
        log.info("a producer did not stop in peace", error=f"{type(error).__name__}: {error}"[:300])
    finally:
        stopping.cancel()


class Producers:
    """The producers of one process; topics are named without the namespace."""

    def __init__(self, bootstrap: str, prefix: str, client_id: str, metrics: Metrics) -> None:
        how = {**SETTINGS, "bootstrap_servers": bootstrap, "client_id": client_id}
        self._prefix, self._metrics = prefix, metrics
        self._shared = Renewable(**how, enable_idempotence=True)
        self._alone = Renewable(**how, enable_idempotence=False)
        self._one_alone = asyncio.Lock()
        self._missing: set[str] = set()

    async def start(self) -> None:
        """Connect; raises KafkaError or TimeoutError when no broker answers."""
        await self._shared.get()

    async def stop(self) -> None:
        """Send what is under way and disconnect, in some seconds at most."""
        await asyncio.gather(self._shared.stop(), self._alone.stop())

    async def ping(self) -> None:
        """Return when a broker answers; raises KafkaError or TimeoutError when none does."""
        async with asyncio.timeout(PING_SECONDS):
            await (await self._shared.get()).client.fetch_all_metadata()

    async def unusable(self, topics: Collection[str]) -> dict[str, Exception]:
        """Those topics that the cluster does not name or does not let us write to, and why.

        Raises KafkaError or TimeoutError when no broker answers: then nothing is known of a topic.
        """
        producer = await self._shared.get()
        known = producer.client.cluster.partitions_for_topic
        unknown = [topic for topic in topics if known(self._prefix + topic) is None]
        self._missing.difference_update(set(topics).difference(unknown))
        if not unknown:
            return {}
        found = await asyncio.gather(*[self._look_for(producer, topic) for topic in unknown])
        return {topic: error for topic, error in zip(unknown, found, strict=True) if error is not None}

    async def send(
        self, records: Sequence[Outgoing], timestamps: Sequence[int | None]
    ) -> list[Exception | None]:
        """Send all at once; what became of each, None where all replicas have it.

        After any failure but of a record that was never sent, the next one who sends has another producer; those
        who send at the same time finish or fail on this one. Raises as ``start``.
        """
        producer = await self._shared.get()
        late = TimeoutError(f"no answer from the broker within {PUBLISH_SECONDS:.0f} s")
        results: list[Exception | None] = [late] * len(records)
        sent: list[tuple[int, asyncio.Future[Any]]] = []
        try:
            async with asyncio.timeout(PUBLISH_SECONDS):
                for number, record in enumerate(records):
                    try:
                        sent.append((number, await producer.send(**self._wire(record, timestamps[number]))))
                    except (KafkaError, *UNWRITABLE) as error:
                        results[number] = error
                await asyncio.gather(*[future for _, future in sent], return_exceptions=True)
        except TimeoutError:
            log.warning("no answer from the broker", records=len(records), seconds=PUBLISH_SECONDS)
        finally:
            for _, future in sent:
                future.cancel()  # nobody asks any more for those that are still open
        began = {number: future for number, future in sent if not future.cancelled()}
        answers = {number: future.exception() for number, future in began.items()}
        spoilt = any(answers.values())
        for number, answer in answers.items():
            results[number] = answer if isinstance(answer, Exception) else None
        spoilt |= any(error is not None and not isinstance(error, FINAL) for error in results)
        if spoilt and self._shared.drop(producer):
            self._metrics.producers_dropped.inc()
        return results

    async def send_alone(self, record: Outgoing, timestamp: int | None) -> None:
        """Send one record in a request of its own; raises what the broker says of it, or as ``start``.

        One at a time, whoever sends: aiokafka makes one batch of what waits for a partition, and the broker's answer
        to a batch would be that of the innocent record beside a guilty one. Its producer counts no sequence, so that
        a refusal leaves nothing behind. A record may arrive twice.
        """
        if record.topic in self._missing:
            raise UnknownTopicOrPartitionError(f"there is no topic {self._prefix}{record.topic}")
        async with asyncio.timeout(PUBLISH_SECONDS), self._one_alone:
            producer = await self._alone.get()
            try:
                await producer.send_and_wait(**self._wire(record, timestamp))
            except BaseException as error:  # what nobody waits for any more may still be in its batch
                if not isinstance(error, FINAL):
                    self._alone.drop(producer)
                raise

    def _wire(self, record: Outgoing, timestamp: int | None) -> dict[str, Any]:
        return {
            "topic": self._prefix + record.topic,
            "value": record.value,
            "key": record.key.encode(),
            "headers": [(name, text.encode()) for name, text in record.wire_headers().items()],
            "timestamp_ms": timestamp,
        }

    async def _look_for(self, producer: AIOKafkaProducer, topic: str) -> Exception | None:
        """Why a topic cannot be used; None once it can. One that was missing before is waited for no more."""
        name = self._prefix + topic
        try:
            async with asyncio.timeout(0 if topic in self._missing else TOPIC_SECONDS):
                await producer.partitions_for(name)
            return None
        except TopicAuthorizationFailedError as error:
            return error
        except (TimeoutError, UnknownTopicOrPartitionError):
            async with asyncio.timeout(TOPIC_SECONDS):
                cluster = await producer.client.fetch_all_metadata()
        if cluster.partitions_for_topic(name) is not None:
            self._missing.discard(topic)
            return None
        self._missing.add(topic)
        return UnknownTopicOrPartitionError(f"there is no topic {name}")
