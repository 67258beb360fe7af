"""Faults planted into what a document remembers of commands: outcomes, failures, discards, and old ones apart."""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from shared.bus import apply, deciding
from shared.bus.effects import Applied
from shared.bus.processor import Processor
from shared.bus.records import Outgoing
from tests.simulation import judging
from tests.simulation.checker import Clause
from tests.simulation.planted.planting import Patches, around, fault, in_deadlines


@fault(Clause.ONE_OUTCOME, alone=False)
def a_known_cause_is_judged_again() -> Patches:
    def wrap(command: Callable[..., Any]) -> Callable[..., Any]:
        return lambda scope, document, item: command(scope, document._replace(inbox={}, moved={}), item)

    return [around(apply, "_apply", wrap)]


@fault(Clause.OUTCOME, alone=False)
def refusals_are_not_remembered() -> Patches:
    def wrap(remember: Callable[..., Any]) -> Callable[..., Any]:
        def happy(document: Any, item: Any, outcome: Any) -> Any:
            return document if outcome["status"] == "refused" else remember(document, item, outcome)

        return happy

    return [around(apply, "_remember", wrap)]


@fault(Clause.ONE_OUTCOME, alone=False)
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
        around(apply, "_apply", wrap),
    ]


@fault(Clause.OUTCOME_OF_FAILURE)
def what_is_handed_in_again_stays_failed() -> Patches:
    return [patch.object(apply, "_forgotten", lambda document, id: document)]


@fault(Clause.OUTCOME_OF_DISCARD)
def a_discard_is_noted_and_does_nothing() -> Patches:
    def idle(document: Any, item: Any, request: Any) -> Applied:
        return apply._settled(Applied(document), item, apply.DONE)

    return [patch.object(apply, "_discard", idle)]


@fault(Clause.ONE_DEAD_LETTER, alone=False)
def a_warning_always_fails_and_that_is_not_remembered() -> Patches:
    def forgetful(remember: Callable[..., Any]) -> Callable[..., Any]:
        def some(document: Any, item: Any, outcome: Any) -> Any:
            return document if item.type == "deadline.fire.v1" else remember(document, item, outcome)

        return some

    def broken(expire: Callable[..., Any]) -> Callable[..., Any]:
        def raises(state: Any, deadline: Any, context: Any) -> Any:
            if "/due/" not in deadline.name:
                raise RuntimeError("a bug")
            return expire(state, deadline, context)

        return raises

    return [around(apply, "_remember", forgetful), in_deadlines("supervision", expire=broken)]


@fault(Clause.OUTCOME_APART, alone=False)
def old_outcomes_stay_in_the_document_as_well() -> Patches:
    def wrap(move_old: Callable[..., Any]) -> Callable[..., Any]:
        def doubled(document: Any) -> Any:
            after, moved = move_old(document)
            return after._replace(inbox=document.inbox), moved

        return doubled

    return [around(module, "move_old", wrap) for module in (deciding, judging)]


@fault(Clause.INBOX_SIZE)
def old_outcomes_are_never_moved_out() -> Patches:
    return [
        patch.object(module, "move_old", lambda document: (document, ())) for module in (deciding, judging)
    ]


@fault(Clause.REPLAY_PUBLISHES, alone=False)
def a_command_that_comes_again_is_announced() -> Patches:
    def wrap(applied: Callable[..., Applied]) -> Callable[..., Applied]:
        def noisy(scope: Any, document: Any, item: Any) -> Applied:
            after = applied(scope, document, item)
            if item.is_event or document.known(item.id) is None:
                return after
            return after._replace(outgoing=(Outgoing("notices", item.subject, item.id.encode()),))

        return noisy

    return [around(apply, "_apply", wrap)]


@fault(Clause.REPLAY_CHANGES)
def a_command_that_comes_again_counts_as_the_newest() -> Patches:
    def wrap(applied: Callable[..., Applied]) -> Callable[..., Applied]:
        def moved(scope: Any, document: Any, item: Any) -> Applied:
            if not item.is_event and (known := document.inbox.get(item.id)) is not None:
                others = {id: entry for id, entry in document.inbox.items() if id != item.id}
                document = document._replace(inbox={**others, item.id: known})
            return applied(scope, document, item)

        return moved

    return [around(apply, "_apply", wrap)]


@fault(Clause.ONE_OUTCOME, alone=False)
def who_waits_is_answered_before_the_outcome_is_stored() -> Patches:
    def wrap(decide: Callable[..., Any]) -> Callable[..., Any]:
        async def hasty(self: Any, *asked: Any) -> Any:
            decided = await decide(self, *asked)
            for entry in decided.values():
                self._answer(entry.applied.answers)
            return decided

        return hasty

    return [around(Processor, "_decide", wrap)]
