"""Faults planted into the store's fence, the timers and supervision's clocks."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pymongo

from services.supervision.issue import life, reactions
from shared.bus import apply
from shared.bus.positions import Positions
from shared.bus.processor import Processor
from shared.domain.aggregates import AggregateType
from shared.owned_timers import OwnedTimers
from shared.service import Service
from shared.store import Aggregates
from shared.timers import Timers
from tests.simulation.checker import Clause
from tests.simulation.planted.planting import Patches, around, fault, in_kind

# ------------------------------------------------------------------ the store


@fault(Clause.STORED, alone=False)
def the_version_filter_is_ignored() -> Patches:
    def loose(self: Any, document: Any) -> Any:
        return pymongo.ReplaceOne({"_id": document["_id"]}, self._own(document))

    return [patch.object(Aggregates, "_change", loose)]


@fault(Clause.STORED, alone=False)
def an_unknown_outcome_of_a_write_counts_as_written() -> Patches:
    async def none(self: Any, documents: Any) -> set[str]:
        return set()

    return [patch.object(Aggregates, "_not_ours", none)]


@fault(Clause.PUBLISHED, alone=False)
def an_offset_counts_as_committed_before_the_commit() -> Patches:
    def wrap(run: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def hasty(self: Any, records: Any) -> Any:
            self.committed({(record.topic, record.partition): record.offset + 1 for record in records})
            return await run(self, records)

        return hasty

    return [around(Processor, "run", wrap)]


# ------------------------------------------------------------------ the timers


@fault(Clause.TIME, alone=False)
def a_deadline_fires_whatever_its_name_and_time() -> Patches:
    def wrap(fire: Callable[..., Any]) -> Callable[..., Any]:
        def loose(scope: Any, document: Any, item: Any, request: Any) -> Any:
            deadline = document.next_deadline()
            if deadline is not None:
                item = replace(item, now=max(item.now, deadline.fire_at))
                request = request.model_copy(update={"name": deadline.name})
            return fire(scope, document, item, request)

        return loose

    return [around(apply, "_fire", wrap)]


@fault(Clause.BREACHED_EARLY, alone=False)
def the_grace_is_ignored() -> Patches:
    def hasty(kind: AggregateType) -> AggregateType:
        rule = kind.deadlines
        assert rule is not None

        def due(state: Any) -> Any:
            deadline = rule.next(state)
            return deadline and deadline._replace(fire_at=deadline.at)

        def expire(state: Any, deadline: Any, context: Any) -> Any:
            real = rule.next(state)
            assert real is not None
            late = context._replace(now=context.now + (real.fire_at - real.at))
            return rule.expire(state, real, late)

        return replace(kind, deadlines=replace(rule, next=due, expire=expire))

    return [in_kind("supervision", "issue", hasty)]


@fault(Clause.CLOCK_AFTER_STOP)
def a_clock_fires_after_it_was_stopped() -> Patches:
    def pending(self: Any) -> Any:
        return tuple(threshold for threshold in self.thresholds if threshold[0] not in self.fired)

    return [patch.object(life.Clock, "pending", property(pending))]


@fault(Clause.BREACH_UNFOUNDED)
def a_breach_is_not_annulled() -> Patches:
    def wrap(stop: Callable[..., Any]) -> Callable[..., Any]:
        def stubborn(clock: Any, at: Any, issue: Any) -> Any:
            after, messages = stop(clock, at, issue)
            kept = [each for each in messages if each.body.type != "clock.breach_annulled.v1"]
            if len(kept) == len(messages):
                return after, messages
            breached = {"breached": True}
            told = tuple(
                each._replace(body=each.body.model_copy(update=breached))
                if each.body.type == "clock.stopped.v1"
                else each
                for each in kept
            )
            return after.model_copy(update=breached), told

        return stubborn

    return [around(reactions, "stop", wrap)]


@fault(Clause.ANNULLED_IN_VAIN)
def deadlines_do_not_wait_for_what_the_sources_held() -> Patches:
    async def now(self: Any, at: Any) -> Any:
        return at

    return [patch.object(Positions, "read_up_to", now)]


@fault(Clause.FIRED, alone=False)
def a_deadline_that_is_written_behind_what_was_read_is_never_found() -> Patches:
    async def asleep(self: Any) -> None:
        """The auditor sleeps as well."""

    return [
        patch.object(OwnedTimers, "written", lambda self, entry: False),
        patch.object(Timers, "audit", asleep),
    ]


@fault(Clause.POSTED_SELDOM)
def what_was_posted_is_posted_again_at_every_turn_and_thrice() -> Patches:
    def wrap(post: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        return lambda self, due: post(self, [*due, *due, *due])

    return [
        patch.object(OwnedTimers, "patient_until", lambda self: self.posted_at),
        around(Service, "_post", wrap),
    ]


@fault(Clause.POSTED_DUE)
def deadlines_are_posted_an_hour_early() -> Patches:
    async def early(self: Any, now: Any) -> Any:
        return now + timedelta(hours=1)

    return [patch.object(Timers, "_ready", early)]
