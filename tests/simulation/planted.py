"""Faults planted into the real code: for each, some seed must make the checker complain, or it proves nothing."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pymongo

import shared.bus.fold as fold
import shared.bus.kafka as kafka
from services.supervision.domain import clocks as supervision_clocks
from shared.bus.fold import Aggregate
from shared.bus.kafka import Conveyor
from shared.bus.loop import Loop
from shared.bus.records import Bad
from shared.store import Aggregates
from shared.timers import Timers
from tests.simulation.worker import Worker

Patches = Sequence[Any]
FAULTS: dict[str, Callable[[], Patches]] = {}
"""The sentence that names a fault -> the patches that plant it."""


def fault(plant: Callable[[], Patches]) -> Callable[[], Patches]:
    """Register one fault under its name in words."""
    FAULTS[plant.__name__.replace("_", " ")] = plant
    return plant


@contextmanager
def planted(name: str) -> Iterator[None]:
    """The code with one fault in it."""
    patches = FAULTS[name]()
    for each in patches:
        each.start()
    try:
        yield
    finally:
        for each in patches:
            each.stop()


def around(owner: Any, name: str, wrap: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Any:
    """Replace a method or function by what ``wrap`` makes of it."""
    return patch.object(owner, name, wrap(getattr(owner, name)))


# --------------------------------------------------------------- the conveyor


@fault
def commit_before_anything_is_done() -> Patches:
    def wrap(carry: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        async def early(self: Any, raws: Any) -> None:
            await self._commit({kafka.TopicPartition(raw.topic, raw.partition): raw.offset + 1 for raw in raws})
            await carry(self, raws)

        return early

    return [around(Conveyor, "carry", wrap)]


@fault
def no_rewind_after_a_failure() -> Patches:
    async def forget(self: Any, first: Any, error: Exception, *, trace: bool) -> None:
        """Go on with the next batch."""

    return [patch.object(Conveyor, "_rewind", forget)]


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
        return lambda **values: seal(**{**values, "previous": "" if values.get("seq", 0) % 5 == 0 else values.get("previous", "")})

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
            return decode(record._replace(topic="x", key=b"X", value=_UNKNOWN, sha256=None), room) if isinstance(decoded, Bad) else decoded

        return blind

    return [patch("shared.bus.loop.decode", wrap(__import__("shared.bus.loop", fromlist=["decode"]).decode))]


_UNKNOWN = b'{"specversion":"1.0","id":"x","type":"x.v1","source":"/x","subject":"X","time":"2026-01-01T00:00:00Z","seq":1,"data":{}}'

# ------------------------------------------------------------------ the store


@fault
def the_version_filter_is_ignored() -> Patches:
    def loose(self: Any, document: Any) -> Any:
        return pymongo.ReplaceOne({"_id": document["_id"]}, self._own(document))

    return [patch.object(Aggregates, "_change", loose)]


@fault
def an_unknown_outcome_of_a_write_counts_as_written() -> Patches:
    async def none(self: Any, documents: Any) -> set[str]:
        return set()

    return [patch.object(Aggregates, "_not_ours", none)]


@fault
def the_floor_is_raised_before_the_commit() -> Patches:
    def wrap(run: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def hasty(self: Any, records: Any) -> Any:
            self.committed({(record.topic, record.partition): record.offset + 1 for record in records})
            return await run(self, records)

        return hasty

    return [around(Loop, "run", wrap)]


# ------------------------------------------------------------------ the timers


@fault
def a_deadline_fires_whatever_its_name_and_time() -> Patches:
    def wrap(fire: Callable[..., Any]) -> Callable[..., Any]:
        def loose(self: Any, item: Any, request: Any) -> Any:
            deadline = self._next_deadline()
            if deadline is not None:
                item = replace(item, now=max(item.now, deadline.fire_at))
                request = request.model_copy(update={"name": deadline.name})
            return fire(self, item, request)

        return loose

    return [around(Aggregate, "_fire_requested", wrap)]


@fault
def the_grace_is_ignored() -> Patches:
    def wrap(room_of: Callable[[str], Any]) -> Callable[[str], Any]:
        def hasty(service: str) -> Any:
            room = room_of(service)

            def due(state: Any) -> Any:
                deadline = room.next_deadline(state)
                return deadline and deadline._replace(fire_at=deadline.at)

            def fire(state: Any, deadline: Any, context: Any) -> Any:
                late = context._replace(now=context.now + (room.next_deadline(state).fire_at - deadline.at))
                change = room.fire(state, deadline, late)
                return change

            return replace(room, next_deadline=due, fire=fire) if service == "supervision" else room

        return hasty

    import tests.simulation.simulation as simulation

    return [around(simulation, "room_of", wrap)]


@fault
def a_clock_fires_after_it_was_stopped() -> Patches:
    def pending(self: Any) -> Any:
        return tuple(threshold for threshold in self.thresholds if threshold[0] not in self.fired)

    return [patch.object(supervision_clocks.Clock, "pending", property(pending))]


@fault
def a_breach_is_not_annulled() -> Patches:
    def wrap(stop: Callable[..., Any]) -> Callable[..., Any]:
        def stubborn(clock: Any, at: Any, issue: Any, rules: Any, told: Any) -> Any:
            after = stop(clock, at, issue, rules, told)
            kept = [event for event in told if event.type != "clock.breach_annulled.v1"]
            if len(kept) < len(told):
                told[:] = [e.model_copy(update={"breached": True}) if e.type == "clock.stopped.v1" else e for e in kept]
                after = after.model_copy(update={"breached": True})
            return after

        return stubborn

    import services.supervision.domain as domain

    return [around(domain, "stop", wrap)]


@fault
def deadlines_do_not_wait_for_what_the_sources_held() -> Patches:
    async def now(self: Any, at: Any) -> Any:
        return at

    return [patch.object(Conveyor, "read_up_to", now)]


@fault
def a_deadline_behind_the_cursor_is_never_found() -> Patches:
    async def asleep(self: Any) -> None:
        """The auditor sleeps as well."""

    return [patch.object(Timers, "note", lambda self, deadline: None), patch.object(Timers, "audit", asleep)]


@fault
def a_warning_is_told_twice() -> Patches:
    def wrap(mark: Callable[..., Any]) -> Callable[..., Any]:
        def echo(clock: Any, threshold: str, now: Any, issue: Any, rules: Any, told: Any) -> Any:
            after = mark(clock, threshold, now, issue, rules, told)
            told.append(told[-1])
            return after

        return echo

    import services.supervision.domain as domain

    return [around(domain, "mark", wrap)]
