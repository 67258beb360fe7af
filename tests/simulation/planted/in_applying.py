"""Faults planted into applying: the inbox, the outbox, held events and sequences of one document."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from shared.bus import apply, effects, ordering, processor
from shared.bus.effects import Applied
from tests.simulation.planted.planting import Patches, around, fault

# ------------------------------------------------------------------ the outbox


@fault
def what_was_produced_is_forgotten_at_once() -> Patches:
    return [
        patch.object(processor, "forget_published", lambda document, committed: document._replace(outbox=()))
    ]


@fault
def what_was_produced_is_never_sent_again() -> Patches:
    return [patch.object(module, "sent_for", lambda document, item: ()) for module in (apply, ordering)]


@fault
def what_a_held_event_produced_keeps_its_own_place() -> Patches:
    def wrap(release_one: Callable[..., Any]) -> Callable[..., Any]:
        def own(scope: Any, document: Any, held: Any, record: Any) -> Any:
            place = {"topic": held.topic, "partition": held.partition, "offset": held.offset}
            return release_one(scope, document, held, record._replace(**place))

        return own

    return [around(ordering, "_release_one", wrap)]


@fault
def the_sweep_drops_what_was_not_committed() -> Patches:
    def wrap(fire: Callable[..., Applied]) -> Callable[..., Applied]:
        def thorough(scope: Any, document: Any, item: Any, request: Any) -> Applied:
            applied = fire(scope, document, item, request)
            if not request.name.startswith("sweep/") or applied.document is document:
                return applied
            return applied._replace(document=applied.document._replace(outbox=()))

        return thorough

    return [around(apply, "_fire", wrap)]


@fault
def nothing_is_ever_swept() -> Patches:
    def wrap(fire: Callable[..., Applied]) -> Callable[..., Applied]:
        def lazy(scope: Any, document: Any, item: Any, request: Any) -> Applied:
            if request.name.startswith("sweep/"):
                return Applied(document)
            return fire(scope, document, item, request)

        return lazy

    return [around(apply, "_fire", wrap)]


# ------------------------------------------------------------------- the inbox


@fault
def a_known_cause_is_judged_again() -> Patches:
    def wrap(command: Callable[..., Any]) -> Callable[..., Any]:
        return lambda scope, document, item: command(scope, document._replace(inbox={}), item)

    return [around(apply, "_command", wrap)]


@fault
def refusals_are_not_remembered() -> Patches:
    def wrap(remember: Callable[..., Any]) -> Callable[..., Any]:
        def happy(document: Any, item: Any, outcome: Any) -> Any:
            return document if outcome["status"] == "refused" else remember(document, item, outcome)

        return happy

    return [around(apply, "_remember", wrap)]


@fault
def another_body_under_the_same_id_is_done() -> Patches:
    def wrap(command: Callable[..., Any]) -> Callable[..., Any]:
        def loose(scope: Any, document: Any, item: Any) -> Any:
            known = document.inbox.get(item.id)
            if known is not None and known.digest != item.digest:
                others = {id: entry for id, entry in document.inbox.items() if id != item.id}
                document = document._replace(inbox=others)
            return command(scope, document, item)

        return loose

    return [
        patch("shared.bus.records.body_hash", lambda data: str(len(str(data)) % 7)),
        around(apply, "_command", wrap),
    ]


# ------------------------------------------------------------------- sequences


@fault
def a_gap_in_the_sequence_is_stepped_over() -> Patches:
    return [patch.object(ordering, "_is_early", lambda scope, document, item: False)]


@fault
def an_early_event_is_dropped_instead_of_held() -> Patches:
    return [patch.object(ordering, "_hold", lambda scope, document, item: Applied(document))]


@fault
def held_events_are_not_released() -> Patches:
    return [patch.object(ordering, "_release", lambda scope, applied, record: applied)]


@fault
def an_event_that_came_twice_is_applied_twice() -> Patches:
    def twice(scope: Any, document: Any, item: Any) -> Applied:
        return Applied(*ordering._react(scope, document, item))

    return [patch.object(apply, "apply_event", twice)]


@fault
def sequences_of_two_sources_on_one_topic_are_taken_for_one() -> Patches:
    def wrap(apply_event: Callable[..., Applied]) -> Callable[..., Applied]:
        def mixed(scope: Any, document: Any, item: Any) -> Applied:
            owner = item.topic.partition(".")[0]
            return apply_event(scope, document, replace(item, source=f"/wuxing/{owner}"))

        return mixed

    return [around(apply, "apply_event", wrap)]


@fault
def the_chain_of_hashes_is_broken() -> Patches:
    def wrap(seal: Callable[..., bytes]) -> Callable[..., bytes]:
        def torn(**values: Any) -> bytes:
            return seal(**{**values, "previous": ""} if values.get("seq", 0) % 5 == 0 else values)

        return torn

    return [around(effects, "seal", wrap)]


@fault
def a_sequence_number_is_left_out() -> Patches:
    def wrap(sealed: Callable[..., Any]) -> Callable[..., Any]:
        def skip(scope: Any, published: Any, message: Any, body: Any, *rest: Any) -> Any:
            seq, previous = published.get(body.topic, (0, ""))
            if seq == 3:
                published[body.topic] = (4, previous)
            return sealed(scope, published, message, body, *rest)

        return skip

    return [around(effects, "_sealed_event", wrap)]
