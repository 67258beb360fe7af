"""Faults planted into applying: the outbox, held events and sequences of one document."""

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from shared.bus import apply, deciding, effects, ordering, records
from shared.bus.effects import Applied
from shared.store import Aggregates, waits
from tests.simulation.checker import Clause
from tests.simulation.planted.planting import Patches, around, fault, stored

# ------------------------------------------------------------------ the outbox


@fault(Clause.PUBLISHED, alone=False)
def what_was_produced_is_forgotten_at_once() -> Patches:
    return [
        patch.object(
            deciding, "forget_published", lambda document, committed, but: document._replace(outbox=())
        )
    ]


@fault(Clause.PUBLISHED, alone=False)
def what_was_produced_is_never_sent_again() -> Patches:
    return [
        *(patch.object(module, "sent_for", lambda document, item: ()) for module in (apply, ordering)),
        patch.object(deciding, "_sent_before", lambda document, items, taken_over: []),
    ]


@fault(Clause.GAP, alone=False)
def what_a_held_event_produced_keeps_its_own_place() -> Patches:
    def wrap(release_one: Callable[..., Any]) -> Callable[..., Any]:
        def own(scope: Any, document: Any, held: Any, record: Any) -> Any:
            place = {"topic": held.topic, "partition": held.partition, "offset": held.offset}
            return release_one(scope, document, held, record._replace(**place))

        return own

    return [around(ordering, "_release_one", wrap)]


@fault(Clause.PUBLISHED, alone=False)
def what_was_not_committed_is_dropped_when_an_issue_ends() -> Patches:
    def wrong(document: Any, made: dict[str, Any]) -> None:
        if document.finished_at is not None:
            made.pop("outbox", None)

    return stored(wrong)


@fault(Clause.COMES_TO_REST, alone=False)
def nothing_is_ever_swept() -> Patches:
    def wrap(fire: Callable[..., Applied]) -> Callable[..., Applied]:
        def lazy(scope: Any, document: Any, item: Any, request: Any) -> Applied:
            if request.name.startswith("sweep/"):
                return Applied(document)
            return fire(scope, document, item, request)

        return lazy

    return [around(apply, "_fire", wrap)]


@fault(Clause.WAITING_MARKED, alone=False)
def what_waits_is_marked_once_it_was_written() -> Patches:
    def wrap(write: Callable[..., Any]) -> Callable[..., Any]:
        async def late(store: Aggregates, documents: Any) -> Any:
            with patch.object(store, "_mark", _unmarked):
                lost = await write(store, documents)
            if waiting := [one for one in documents if waits(one) and one["_id"] not in lost]:
                await store._mark(waiting)
            return lost

        return late

    return [around(Aggregates, "write", wrap)]


async def _unmarked(waiting: Any) -> None:
    """Nothing is marked yet."""


# ----------------------------------------------------------------------- marks


@fault(Clause.MARK_PASSED, alone=False)
def the_mark_of_historys_end_is_taken_for_a_command() -> Patches:
    return [patch.object(records, "HistoryEnded", SimpleNamespace(type="nothing.like.it"))]


# ------------------------------------------------------------------- sequences


@fault(Clause.CLOCK_MISSING, alone=False)
def a_gap_in_the_sequence_is_stepped_over() -> Patches:
    return [patch.object(ordering, "_is_early", lambda scope, document, item: False)]


@fault(Clause.APPLIED, alone=False)
def an_early_event_is_dropped_instead_of_held() -> Patches:
    return [patch.object(ordering, "_hold", lambda scope, document, item: Applied(document))]


@fault(Clause.HELD, alone=False)
def what_waits_behind_a_missing_number_is_dropped() -> Patches:
    def wrap(hold: Callable[..., Applied]) -> Callable[..., Applied]:
        def drop(scope: Any, document: Any, item: Any) -> Applied:
            missing = item.seq > document.read.get((item.topic, item.source), 0) + 1
            return Applied(document) if missing else hold(scope, document, item)

        return drop

    return [around(ordering, "_hold", wrap)]


@fault(Clause.HELD_IN_VAIN)
def held_events_are_not_released() -> Patches:
    return [patch.object(ordering, "_release", lambda scope, applied, record: applied)]


@fault(Clause.REPLAY_PUBLISHES, alone=False)
def an_event_that_came_twice_is_applied_twice() -> Patches:
    def twice(scope: Any, document: Any, item: Any) -> Applied:
        return Applied(*ordering._react(scope, document, item))

    return [patch.object(apply, "apply_event", twice)]


@fault(Clause.APPLIED, alone=False)
def sequences_of_two_sources_on_one_topic_are_taken_for_one() -> Patches:
    def wrap(apply_event: Callable[..., Applied]) -> Callable[..., Applied]:
        def mixed(scope: Any, document: Any, item: Any) -> Applied:
            owner = item.topic.partition(".")[0]
            return apply_event(scope, document, replace(item, source=f"/wuxing/{owner}"))

        return mixed

    return [around(apply, "apply_event", wrap)]


@fault(Clause.CHAIN)
def the_chain_of_hashes_is_broken() -> Patches:
    def wrap(seal: Callable[..., bytes]) -> Callable[..., bytes]:
        def torn(**values: Any) -> bytes:
            return seal(**{**values, "previous": ""} if values.get("seq", 0) % 5 == 0 else values)

        return torn

    return [around(effects, "seal", wrap)]


@fault(Clause.GAP)
def a_sequence_number_is_left_out() -> Patches:
    def wrap(sealed: Callable[..., Any]) -> Callable[..., Any]:
        def skip(scope: Any, published: Any, message: Any, body: Any, *rest: Any) -> Any:
            seq, previous = published.get(body.topic, (0, ""))
            if seq == 3:
                published[body.topic] = (4, previous)
            return sealed(scope, published, message, body, *rest)

        return skip

    return [around(effects, "_sealed_event", wrap)]


@fault(Clause.SAME_SEQ, alone=False)
def what_is_sent_again_gets_a_new_id() -> Patches:
    numbers = count()

    def wrap(sent_for: Callable[..., Any]) -> Callable[..., Any]:
        def anew(document: Any, item: Any) -> Any:
            return tuple(_with_id(out, f"again/{next(numbers)}") for out in sent_for(document, item))

        return anew

    return [around(module, "sent_for", wrap) for module in (apply, ordering)]


def _with_id(out: Any, id: str) -> Any:
    if not out.topic.endswith(".events"):
        return out
    return out._replace(value=json.dumps({**json.loads(out.value), "id": id}).encode(), sha256="")


@fault(Clause.APPLIED)
def an_event_of_an_unknown_type_is_not_even_counted() -> Patches:
    def wrap(apply_event: Callable[..., Applied]) -> Callable[..., Applied]:
        def blind(scope: Any, document: Any, item: Any) -> Applied:
            unknown = item.unknown and item.source.startswith("/sim/")
            return Applied(document) if unknown else apply_event(scope, document, item)

        return blind

    return [around(apply, "apply_event", wrap)]


@fault(Clause.APPLIED_EARLY)
def a_place_that_nothing_has_yet_counts_as_read() -> Patches:
    def wrap(positions: Callable[..., Any]) -> Callable[..., Any]:
        def hasty(scope: Any, document: Any, item: Any) -> Any:
            read = positions(scope, document, item)
            if item.source.startswith("/sim/"):
                read[item.topic, item.source] += 1
            return read

        return hasty

    return [around(ordering, "_positions", wrap)]


@fault(Clause.PASSED)
def what_was_passed_over_is_forgotten() -> Patches:
    return [patch.object(ordering, "_passed", lambda document, item: document.passed)]


@fault(Clause.PASSED_IN_VAIN, alone=False)
def what_nobody_reacts_to_counts_as_unknown() -> Patches:
    def wrap(passed: Callable[..., Any]) -> Callable[..., Any]:
        def suspicious(document: Any, item: Any) -> Any:
            if type(item.data) not in document.kind.events and not item.unknown:
                item = replace(item, unknown=item.type)
            return passed(document, item)

        return suspicious

    return [around(ordering, "_passed", wrap)]
