"""A fan-out: what one aggregate asks of many, in chunks. Each answers; the next are asked when a chunk has answered.

Who has not answered is asked again after a pause, so that one command that was given up holds nobody up for ever; who
is asked must bear it twice. Source of the rules: bus.md, Fan-out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from pydantic import AwareDatetime

from shared.domain.aggregates import AggregateState
from shared.domain.decisions import Change, Context, Deadline, Message

CHUNK = 50
"""How many are asked at once."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=10), timedelta(days=1)
"""After how long those are asked again who have not answered; doubled each time."""


class FanOut(AggregateState):
    """Who is still to answer: the first ``sent`` of those left were asked."""

    left: tuple[str, ...]
    sent: int = 0
    tries: int = 0
    again_at: AwareDatetime
    """When those who were asked and have not answered are asked once more."""


F = TypeVar("F", bound=FanOut)


def pause(tries: int) -> timedelta:
    """How long whoever was asked so often before has to answer."""
    return min(FIRST_PAUSE * 2 ** min(tries, 10), LONGEST_PAUSE)


def chunk(fan_out: F, now: datetime) -> tuple[F, tuple[str, ...]]:
    """The next who are to be asked, and the fan-out once they are."""
    asked = fan_out.left[:CHUNK]
    again_at = now + pause(fan_out.tries)
    return fan_out.model_copy(update={"sent": len(asked), "again_at": again_at}), asked


def has_asked(fan_out: FanOut, member: str) -> bool:
    """Whether an answer of this member is waited for."""
    return member in fan_out.left[: fan_out.sent]


def answered(fan_out: F, member: str) -> F | None:
    """Without a member that has answered; None once all have. With nobody ``sent`` the next chunk may go."""
    left = tuple(one for one in fan_out.left if one != member)
    return fan_out.model_copy(update={"left": left, "sent": fan_out.sent - 1}) if left else None


def once_more(fan_out: F) -> F:
    """The same, with nobody asked of those who have not answered."""
    return fan_out.model_copy(update={"sent": 0, "tries": fan_out.tries + 1})


def asks_again(fan_out: FanOut, name: str) -> Deadline:
    """The deadline at which it is asked again; ``name`` says which fan-out of its aggregate it is."""
    return Deadline(f"{name}/again/{fan_out.tries + 1}", fan_out.again_at, fan_out.again_at)


class AsksMany(AggregateState):
    """What an aggregate keeps that asks many, one fan-out at a time."""

    fan_out: FanOut | None = None


A = TypeVar("A", bound=AsksMany)


@dataclass(frozen=True)
class Course(Generic[A]):
    """The course of such an aggregate: it asks, hears one answer after the other, and asks again who is silent.

    Its deadline rests on commands of its own service alone.
    """

    asks: Callable[[A, tuple[str, ...], Context], tuple[Message, ...]]
    """(state, members, context) -> the command to each of them."""
    name: Callable[[A], str]
    """Which of its fan-outs this is."""

    def begin(self, state: A, members: tuple[str, ...], context: Context) -> tuple[A, tuple[Message, ...]]:
        """Ask the first of these members, of whom there is one at least."""
        return self._ask(state, FanOut(left=members, again_at=context.now), context)

    def waits_for(self, state: A, member: str) -> bool:
        """Whether this member was asked and has not answered yet."""
        return state.fan_out is not None and has_asked(state.fan_out, member)

    def hear(self, state: A, member: str, context: Context) -> tuple[A, tuple[Message, ...]]:
        """A member that is waited for has answered; once all that were asked have, the next are asked.

        Once all have answered there is no fan-out any more.
        """
        assert state.fan_out is not None, "it is waited for"
        left = answered(state.fan_out, member)
        if left is None or left.sent:
            return state.model_copy(update={"fan_out": left}), ()
        return self._ask(state, left, context)

    def next_deadline(self, state: A) -> Deadline | None:
        """When those are asked again who have not answered."""
        return None if state.fan_out is None else asks_again(state.fan_out, self.name(state))

    def expire(self, state: A, deadline: Deadline, context: Context) -> Change[A]:
        """Somebody has not answered."""
        if state.fan_out is None or self.next_deadline(state) != deadline or context.now < deadline.at:
            return Change(state)
        return Change(*self._ask(state, once_more(state.fan_out), context))

    def _ask(self, state: A, fan_out: FanOut, context: Context) -> tuple[A, tuple[Message, ...]]:
        after, members = chunk(fan_out, context.now)
        return state.model_copy(update={"fan_out": after}), self.asks(state, members, context)
