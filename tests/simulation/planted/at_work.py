"""Faults planted into the consumer, the processor and what goes out."""

from collections.abc import Awaitable, Callable
from typing import Any
from unittest.mock import patch

from shared.bus import consumer, processor
from shared.bus.consumer import BatchConsumer
from shared.bus.records import Bad
from tests.simulation.planted.planting import Patches, around, fault
from tests.simulation.worker import Worker


@fault
def commit_before_anything_is_done() -> Patches:
    def wrap(handle: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        async def early(self: Any, raws: Any) -> None:
            await self._commit(
                {consumer.TopicPartition(raw.topic, raw.partition): raw.offset + 1 for raw in raws}
            )
            await handle(self, raws)

        return early

    return [around(BatchConsumer, "handle", wrap)]


@fault
def no_rewind_after_a_failure() -> Patches:
    async def forget(consumer: Any, first: Any, failures: int, error: Exception) -> None:
        """Go on with the next batch."""

    return [patch.object(consumer, "rewind", forget)]


@fault
def a_failure_to_publish_is_swallowed() -> Patches:
    def wrap(publish: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        async def quiet(self: Any, outgoing: Any) -> None:
            try:
                await publish(self, outgoing)
            except consumer.KafkaError:
                return

        return quiet

    return [around(Worker, "_publish", wrap)]


@fault
def one_event_in_twenty_is_lost_at_publishing() -> Patches:
    def wrap(publish: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        async def lossy(self: Any, outgoing: Any) -> None:
            self.lost = getattr(self, "lost", 0) + 1
            await publish(self, outgoing[1:] if self.lost % 20 == 0 else outgoing)

        return lossy

    return [around(Worker, "_publish", wrap)]


@fault
def dead_letters_are_thrown_away() -> Patches:
    def wrap(publish: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        async def cleaner(self: Any, outgoing: Any) -> None:
            await publish(self, [out for out in outgoing if not out.topic.endswith(".dlq")])

        return cleaner

    return [around(Worker, "_publish", wrap)]


@fault
def what_cannot_be_read_is_passed_over_in_silence() -> Patches:
    def wrap(decode: Callable[..., Any]) -> Callable[..., Any]:
        def blind(record: Any, consumer: Any) -> Any:
            decoded = decode(record, consumer)
            harmless = record._replace(topic="x", key=b"X", value=_UNKNOWN, sha256=None)
            return decode(harmless, consumer) if isinstance(decoded, Bad) else decoded

        return blind

    return [around(processor, "decode", wrap)]


_UNKNOWN = (
    b'{"specversion":"1.0","id":"x","type":"x.v1","source":"/x","subject":"X","time":"2026-01-01T00:00:00Z","seq":1,'
    b'"data":{}}'
)
