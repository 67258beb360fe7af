"""Faults planted into the conveyor and the fold."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from shared.bus import fold, kafka, loop
from shared.bus.fold import Aggregate
from shared.bus.kafka import Conveyor
from shared.bus.records import Bad
from tests.simulation.planted.planting import Patches, around, fault
from tests.simulation.worker import Worker

# --------------------------------------------------------------- the conveyor


@fault
def commit_before_anything_is_done() -> Patches:
    def wrap(carry: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        async def early(self: Any, raws: Any) -> None:
            await self._commit(
                {kafka.TopicPartition(raw.topic, raw.partition): raw.offset + 1 for raw in raws}
            )
            await carry(self, raws)

        return early

    return [around(Conveyor, "carry", wrap)]


@fault
def no_rewind_after_a_failure() -> Patches:
    async def forget(consumer: Any, first: Any, failures: int, error: Exception) -> None:
        """Go on with the next batch."""

    return [patch.object(kafka, "rewind", forget)]


@fault
def a_failure_to_publish_is_swallowed() -> Patches:
    def wrap(publish: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        async def quiet(self: Any, outgoing: Any) -> None:
            try:
                await publish(self, outgoing)
            except kafka.KafkaError:
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


# ------------------------------------------------------------------- the fold


@fault
def what_was_produced_is_forgotten_at_once() -> Patches:
    def forget(self: Any, floor: Any) -> None:
        self._produced = []

    return [patch.object(Aggregate, "forget", forget)]


@fault
def what_was_produced_is_never_sent_again() -> Patches:
    return [patch.object(Aggregate, "_send_again", lambda self, item: False)]


@fault
def what_a_held_event_produced_keeps_its_own_place() -> Patches:
    def wrap(held_item: Callable[..., Any]) -> Callable[..., Any]:
        return lambda entry, record: replace(item := held_item(entry, record), record=item.home)

    return [around(fold, "_held_item", wrap)]


@fault
def a_known_cause_is_judged_again() -> Patches:
    def wrap(command: Callable[..., None]) -> Callable[..., None]:
        def forgetful(self: Any, item: Any) -> None:
            self._known = {}
            command(self, item)

        return forgetful

    return [around(Aggregate, "_command", wrap)]


@fault
def refusals_are_not_remembered() -> Patches:
    def wrap(remember: Callable[..., None]) -> Callable[..., None]:
        def happy(self: Any, item: Any, outcome: dict[str, Any]) -> None:
            if outcome["status"] != "refused":
                remember(self, item, outcome)

        return happy

    return [around(Aggregate, "_remember", wrap)]


@fault
def another_body_under_the_same_id_is_done() -> Patches:
    return [patch("shared.bus.records.body_hash", lambda data: str(len(str(data)) % 7)),
            around(Aggregate, "_command", _without_memory_of_bodies)]  # fmt: skip


def _without_memory_of_bodies(command: Callable[..., None]) -> Callable[..., None]:
    def loose(self: Any, item: Any) -> None:
        known = self._known.get(item.id)
        if known is not None and known[1] != item.digest:
            del self._known[item.id]
        command(self, item)

    return loose


@fault
def a_gap_in_the_sequence_is_stepped_over() -> Patches:
    return [patch.object(Aggregate, "_early", lambda self, item, last: False)]


@fault
def an_early_event_is_dropped_instead_of_held() -> Patches:
    return [patch.object(Aggregate, "_hold", lambda self, item: None)]


@fault
def held_events_are_not_released() -> Patches:
    return [patch.object(Aggregate, "_release", lambda self, record: None)]


@fault
def an_event_that_came_twice_is_applied_twice() -> Patches:
    def twice(self: Any, item: Any) -> None:
        self._note(item)

    return [patch.object(Aggregate, "_fact", twice)]


@fault
def the_chain_of_hashes_is_broken() -> Patches:
    def wrap(seal: Callable[..., bytes]) -> Callable[..., bytes]:
        def torn(**values: Any) -> bytes:
            return seal(**{**values, "previous": ""} if values.get("seq", 0) % 5 == 0 else values)

        return torn

    return [around(fold, "seal", wrap)]


@fault
def a_sequence_number_is_left_out() -> Patches:
    def wrap(event: Callable[..., Any]) -> Callable[..., Any]:
        def skip(self: Any, topic: str, fact: Any, context: Any) -> Any:
            seq, previous = self._out.get(topic, (0, ""))
            if seq == 3:
                self._out[topic] = (seq + 1, previous)
            return event(self, topic, fact, context)

        return skip

    return [around(Aggregate, "_event", wrap)]


@fault
def what_cannot_be_read_is_passed_over_in_silence() -> Patches:
    def wrap(decode: Callable[..., Any]) -> Callable[..., Any]:
        def blind(record: Any, room: Any) -> Any:
            decoded = decode(record, room)
            harmless = record._replace(topic="x", key=b"X", value=_UNKNOWN, sha256=None)
            return decode(harmless, room) if isinstance(decoded, Bad) else decoded

        return blind

    return [around(loop, "decode", wrap)]


_UNKNOWN = (
    b'{"specversion":"1.0","id":"x","type":"x.v1","source":"/x","subject":"X","time":"2026-01-01T00:00:00Z","seq":1,'
    b'"data":{}}'
)
