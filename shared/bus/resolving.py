"""What becomes of a dead letter: it is handed in again or given up, and the dead-letter topic says so afterwards.

The resolution is written once the outcome is known, or the command at least acknowledged: a crash in between leaves
the dead letter open, and doing it again has no second effect.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from shared.bus.deadletters import (
    DISCARDED,
    OPEN,
    REPLAYED,
    DeadLetter,
    again,
    discard_request,
    is_ours,
    replay_request,
    resolution,
    why_not_again,
)
from shared.bus.gateway import Gateway, Request
from shared.bus.records import Outgoing
from shared.contract.command import commands_topic
from shared.domain.aggregates import Consumer
from shared.domain.decisions import Reason
from shared.timers import GATEWAY as TIMERS

Publish = Callable[..., Awaitable[Sequence[Outgoing]]]
"""(records, timestamps) -> the dead letters in place of what can never go (shared/bus/publisher.py)."""


class Log(Protocol):
    """What a service reads back of its own topics (shared/bus/own_topics.py)."""

    async def dead_letters(self, only_value_of: str | None = None) -> list[DeadLetter]:
        """Every dead letter, oldest first; without their values but for this one's where an origin is given."""

    async def events_of(self, subject: str) -> list[Outgoing]:
        """Every event published about one aggregate, in sequence."""


class NotPossible(Exception):
    """Why this dead letter cannot be handed in again or given up now."""


class Resolved(NamedTuple):
    """A dead letter with its new status; the command that it took and its outcome, None where that is not known yet."""

    dead_letter: DeadLetter
    asked: Request | None = None
    outcome: Mapping[str, Any] | None = None


class Resolver:
    """Resolves the dead letters of one service, one at a time."""

    def __init__(self, gateway: Gateway, consumer: Consumer, publish: Publish, log: Log) -> None:
        self._gateway, self._consumer, self._publish, self._log = gateway, consumer, publish, log
        self._one_at_a_time = asyncio.Lock()

    async def find(self, origin: str) -> DeadLetter | None:
        """One dead letter with its value, or None."""
        found = await self._log.dead_letters(origin)
        return next((one for one in found if one.origin == origin), None)

    async def replay(self, origin: str, actor: str) -> Resolved | None:
        """Hand one in again, or publish what could not be published; None for an origin that is not there.

        Raises NotPossible, as ``discard`` does.
        """
        async with self._one_at_a_time:
            dead_letter = _open(await self.find(origin))
            if dead_letter is None:
                return None
            if refusal := why_not_again(dead_letter):
                raise NotPossible(refusal)
            if dead_letter.unpublished:
                return await self._publish_now(dead_letter, actor)
            if not is_ours(self._consumer, dead_letter.subject):
                raise NotPossible(f"{self._consumer.service} has no such aggregate; discard it with a reason")
            try:
                asked = replay_request(dead_letter, actor)
            except ValueError as error:  # a stranger's: no record of ours says such a thing of itself
                raise NotPossible("it says what no record can say; discard it with a reason") from error
            return await self._ask(dead_letter, asked, REPLAYED, actor)

    async def discard(self, origin: str, actor: str, reason: str, seq: int = 0) -> Resolved | None:
        """Give one up; ``seq``: its place in its sequence, where it does not say so itself."""
        async with self._one_at_a_time:
            dead_letter = _open(await self.find(origin))
            if dead_letter is None:
                return None
            numbered = dead_letter._replace(seq=dead_letter.seq or seq)
            try:
                asked = discard_request(numbered, actor, reason)
            except ValueError:
                asked = None  # a stranger's: no command and no event of ours has such a name
            if asked is not None and not is_ours(self._consumer, asked.subject):
                asked = None  # nothing of this service waits for it
            if asked is not None and dead_letter.command.startswith(f"{TIMERS}/"):
                raise NotPossible("a deadline does not go away: mend the fault and hand it in again")
            return await self._ask(dead_letter, asked, DISCARDED, f"{actor} {reason}")

    async def _ask(self, dead_letter: DeadLetter, asked: Request | None, status: str, by: str) -> Resolved:
        outcome = None if asked is None else await self._gateway.ask(asked)
        if status == DISCARDED and outcome is not None and outcome.get("reason") == Reason.ILLEGAL_MOVE:
            status = REPLAYED  # somebody handed it in again and could not say so: it was done
        if status == REPLAYED and outcome is not None and outcome.get("reason") == Reason.DISCARDED:
            status = DISCARDED  # somebody gave it up in another process at the same time: it was not done
        await self._publish([resolution(dead_letter, status, by)])
        return Resolved(dead_letter._replace(status=status, resolved_by=by), asked, outcome)

    async def _publish_now(self, dead_letter: DeadLetter, actor: str) -> Resolved:
        record, timestamp = again(dead_letter)
        # A command's official time is when it should have stood on its topic.
        own = record.topic == commands_topic(self._consumer.service)
        if lost := await self._publish([record], [timestamp if own else None]):
            raise NotPossible(
                f"it cannot be published now either: {(lost[0].headers or {}).get('reason', '')}"
            )
        return await self._ask(dead_letter, None, REPLAYED, actor)


def _open(dead_letter: DeadLetter | None) -> DeadLetter | None:
    if dead_letter is not None and dead_letter.status != OPEN:
        raise NotPossible(f"it was {dead_letter.status} already by {dead_letter.resolved_by}")
    return dead_letter
