"""Functions with a bug for some issues during some days: they raise, or make what no store can hold."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any

from shared.domain.aggregates import AggregateType, Consumer, TellRefused
from shared.domain.decisions import Change, Context, Message, Refusal
from tests.simulation.beginning import SERVICES
from tests.simulation.clients import DAY, HOUR
from tests.simulation.reference import Known
from tests.simulation.scheduler import Scheduler

EXPIRE, NEXT, UNSTORABLE = "", "the next deadline", "unstorable"
"""What may have a bug beside handlers by their types: a deadline that fires, the rule of the next one, and a handler
whose outcome the store refuses."""
BUGGY = {
    "intake": (
        "intake.accept.v1",
        "intake.withdraw.v1",
        "rating.invited.v1",
        f"{UNSTORABLE} intake.accept.v1",
    ),
    "dispatch": (
        "issue.accepted.v1",
        "dispatch.draft.v1",
        "issue.withdrawn.v1",
        "rework.decided.v1",
        "dispatch.hand_over.v1",
        f"{UNSTORABLE} dispatch.sign.v1",
        f"{UNSTORABLE} dispatch.draft.v1",
    ),
    "supervision": ("issue.assigned.v1", "reply.released.v1", "issue.registered.v1", EXPIRE, EXPIRE, NEXT),
    "feedback": (
        "reply.released.v1",
        "feedback.rate.v1",
        "issue.registered.v1",
        EXPIRE,
        NEXT,
        f"{UNSTORABLE} feedback.rate.v1",
    ),
}
"""What may have a bug for one issue, for some days: a dead letter, held followers, an operator."""

Repairs = dict[tuple[str, str, str], int]
"""(service, what, subject) of a bug -> the instant at which it is repaired, in ms."""


class Buggy:
    """One service's consumer whose functions fail for what ``repairs`` names until the repair.

    It is noted which reference data each subject used, and what failed for it.
    """

    def __init__(self, consumer: Consumer, scheduler: Scheduler, repairs: Repairs) -> None:
        self._service, self._scheduler, self._repairs = consumer.service, scheduler, repairs
        self._asked: Context | None = None
        self.consumer = replace(consumer, aggregates=tuple(map(self._kind, consumer.aggregates)))

    def _kind(self, plain: AggregateType) -> AggregateType:
        deadlines = plain.deadlines and replace(
            plain.deadlines,
            next=partial(self._next, plain.deadlines.next),
            expire=partial(self._decide, plain.deadlines.expire),
        )
        return replace(
            plain,
            commands={shape: partial(self._decide, decide) for shape, decide in plain.commands.items()},
            events={shape: partial(self._decide, react) for shape, react in plain.events.items()},
            deadlines=deadlines,
            refused=partial(self._tell, plain.refused),
        )

    def _broken(self, name: str, context: Context) -> bool:
        known = context.reference
        assert isinstance(known, Known)
        raised = known.raised.setdefault(context.subject, set())
        raised.discard(name)
        if self._scheduler.clock.ms >= self._repairs.get((self._service, name, context.subject), 0):
            return False
        raised.add(name)
        return True

    def _note(self, context: Context) -> None:
        assert isinstance(context.reference, Known)
        context.reference.used[context.subject] = context.reference.places

    def _tell(
        self, plain: TellRefused | None, state: Any, command: Any, context: Context, refusal: Refusal
    ) -> tuple[Message, ...]:
        """A right may rest on which department has the work of another one by now, before anything is decided."""
        self._note(context)
        return () if plain is None else plain(state, command, context, refusal)

    def _decide(self, decide: Callable[..., Any], state: Any, what: Any, context: Context) -> Any:
        self._asked = context
        self._note(context)
        name = getattr(what, "type", EXPIRE)
        if self._broken(name, context):
            self._scheduler.counts["handler bug" if name != EXPIRE else "a deadline raised"] += 1
            raise RuntimeError("a bug that is not repaired yet")
        decision = decide(state, what, context)
        if isinstance(decision, Change) and self._broken(f"{UNSTORABLE} {name}", context):
            return replace(decision, outcome={**decision.outcome, "odd": 10**20})
        return decision

    def _next(self, plain: Callable[[Any], Any], state: Any) -> Any:
        if self._asked is not None and self._broken(NEXT, self._asked):
            self._scheduler.counts["the rule of deadlines raised"] += 1
            raise RuntimeError("a bug that is not repaired yet")
        return plain(state)


def planted_bugs(subjects: Sequence[str], now_ms: int, rng: Random) -> Repairs:
    """Some handlers fail for some issues during some days."""
    repairs: Repairs = {}
    for subject in subjects:
        if rng.random() < 0.3:
            service = rng.choice(SERVICES)
            repairs[service, rng.choice(BUGGY[service]), subject] = now_ms + rng.randint(HOUR, 9 * DAY)
    return repairs
