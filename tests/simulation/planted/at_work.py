"""Faults planted into the consumer, the processor and what goes out."""

from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any
from unittest.mock import patch

from shared.bus import consumer, processor
from shared.bus.consumer import BatchConsumer
from shared.bus.gateway import Request
from shared.bus.publisher import Publisher
from shared.bus.records import Bad, Outgoing
from shared.bus.turns import Turn
from shared.bus.under_way import UnderWay
from tests.simulation import reading
from tests.simulation.checker import Clause
from tests.simulation.planted.planting import Patches, around, fault
from tests.simulation.world import Log

Publish = Callable[..., Awaitable[Any]]


@fault(Clause.APPLIED, alone=False)
def commit_before_anything_is_done() -> Patches:
    def wrap(handle: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        async def early(self: Any, raws: Any) -> None:
            await self._commit(
                {consumer.TopicPartition(raw.topic, raw.partition): raw.offset + 1 for raw in raws}
            )
            await handle(self, raws)

        return early

    return [around(BatchConsumer, "handle", wrap)]


@fault(Clause.APPLIED, alone=False)
def no_rewind_after_a_failure() -> Patches:
    async def forget(consumer: Any, first: Any, failures: int, error: Exception) -> None:
        """Go on with the next batch."""

    return [
        patch.object(consumer, "rewind", forget),
        patch.object(consumer, "go_back", lambda consumer, first: None),
    ]


@fault(Clause.IN_ORDER, alone=False)
def an_aggregate_is_decided_on_while_an_earlier_batch_still_writes_it() -> Patches:
    return [patch.object(Turn, "waiting", lambda self, subjects: [])]


@fault(Clause.GAP, alone=False)
def a_batch_goes_on_though_the_one_before_it_failed() -> Patches:
    return [
        patch.object(Turn, "_must_not_have_failed", lambda self: None),
        patch.object(
            UnderWay, "broken", property(lambda self: False, lambda self, broken: None), create=True
        ),
    ]


@fault(Clause.APPLIED, alone=False)
def a_batch_behind_a_failed_one_goes_back_to_its_own_first_record_alone() -> Patches:
    def forward(client: Any, first: Any) -> None:
        for tp, offset in first.items():
            if tp in client.assignment():
                client.seek(tp, offset)

    return [patch.object(consumer, "go_back", forward)]


@fault(Clause.MASKED)
def a_gateway_masks_nothing() -> Patches:
    return [patch.object(Request, "masked", lambda self, *_: (self, 0))]


@fault(Clause.PUBLISHED, alone=False)
def a_failure_to_publish_is_swallowed() -> Patches:
    def wrap(publish: Publish) -> Publish:
        async def quiet(self: Any, outgoing: Any, timestamps: Any = None) -> Any:
            try:
                return await publish(self, outgoing, timestamps)
            except consumer.KafkaError:
                return []

        return quiet

    return [around(Publisher, "__call__", wrap)]


@fault(Clause.GAP, alone=False)
def one_event_in_twenty_is_lost_at_publishing() -> Patches:
    numbers = count(1)
    return published(lambda out: next(numbers) % 20 != 0 or not out.topic.endswith(".events"))


@fault(Clause.SET_ASIDE, alone=False)
def dead_letters_are_thrown_away() -> Patches:
    return published(lambda out: not out.topic.endswith(".dlq"))


@fault(Clause.PUBLISHED)
def the_order_that_an_issue_was_closed_is_not_published() -> Patches:
    return published(lambda out: b'"order.closed.v1"' not in out.value)


@fault(Clause.ON_REFERENCE, alone=False)
def a_new_version_is_not_put_on_the_topic_of_reference_data() -> Patches:
    return published(lambda out: not out.topic.endswith(".reference"))


@fault(Clause.ON_EVENTS, alone=False)
def a_new_version_is_not_put_on_the_topic_of_events() -> Patches:
    return published(lambda out: not (out.topic.endswith(".events") and b".published.v1" in out.value))


@fault(Clause.ACKNOWLEDGED)
def the_broker_acknowledges_what_it_does_not_keep() -> Patches:
    def wrap(append: Callable[..., Any]) -> Callable[..., Any]:
        numbers = count(1)

        def forgetful(self: Any, out: Any, sent_ms: int) -> Any:
            if b'"id":"http/' in out.value and next(numbers) % 15 == 0:
                return None
            return append(self, out, sent_ms)

        return forgetful

    return [around(Log, "append", wrap)]


@fault(Clause.COMES_TO_REST)
def nothing_is_ever_committed() -> Patches:
    async def never(self: Any, offsets: Any) -> None:
        """Done, it says."""

    return [patch.object(BatchConsumer, "_commit", never)]


@fault(Clause.SET_ASIDE)
def what_cannot_be_read_is_passed_over_in_silence() -> Patches:
    def wrap(decode: Callable[..., Any]) -> Callable[..., Any]:
        def blind(record: Any, consumer: Any) -> Any:
            decoded = decode(record, consumer)
            return None if isinstance(decoded, Bad) else decoded

        return blind

    return [around(module, "decode", wrap) for module in (processor, reading)]


def published(goes: Callable[[Outgoing], bool]) -> Patches:
    """Only these records are published; the others are thought to be."""

    def wrap(publish: Publish) -> Publish:
        async def some(self: Any, outgoing: Any, timestamps: Any = None) -> Any:
            kept = [n for n, out in enumerate(outgoing) if goes(out)]
            stamps = None if timestamps is None else [timestamps[n] for n in kept]
            return await publish(self, [outgoing[n] for n in kept], stamps)

        return some

    return [around(Publisher, "__call__", wrap)]
