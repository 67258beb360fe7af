"""Faults planted into the store's fence, the timers and supervision's clocks."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pymongo

from services.supervision import domain as supervision
from services.supervision.domain import clocks as supervision_clocks
from shared.bus.fold import Aggregate
from shared.bus.kafka import Conveyor
from shared.bus.loop import Loop
from shared.store import Aggregates
from shared.timers import Timers
from tests.simulation import simulation
from tests.simulation.planted.planting import Patches, around, fault

# ------------------------------------------------------------------ the store


@fault
def the_version_filter_is_ignored() -> Patches:
    def loose(self: Any, document: Any) -> Any:
        there = {"_id": document["_id"]}
        return (
            pymongo.DeleteOne(there)
            if document.get("gone")
            else pymongo.ReplaceOne(there, self._own(document))
        )

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
                return room.fire(state, deadline, late)

            return replace(room, next_deadline=due, fire=fire) if service == "supervision" else room

        return hasty

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
                told[:] = [
                    e.model_copy(update={"breached": True}) if e.type == "clock.stopped.v1" else e
                    for e in kept
                ]
                after = after.model_copy(update={"breached": True})
            return after

        return stubborn

    return [around(supervision, "stop", wrap)]


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

    return [around(supervision, "mark", wrap)]
