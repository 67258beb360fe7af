"""The life of a talk as tables, and what is remembered of it."""

from datetime import date
from enum import StrEnum

from pydantic import AwareDatetime

from shared.contract.events.talks import Participant, TalkLeader
from shared.contract.words import OpenLevel, OpenSeries, TakesPart, TalkNews
from shared.domain.aggregates import AggregateState
from shared.domain.decisions import Moves
from shared.domain.fan_out import FanOut

NOTHING = "nothing"
"""The state of what was never announced."""


class State(StrEnum):
    """Where a talk stands; a postponed one is announced, for another time."""

    ANNOUNCED = "announced"
    OPEN = "open"
    HELD = "held"
    CANCELLED = "cancelled"


_COMING = (State.ANNOUNCED, State.OPEN)

MOVES: Moves = {
    **{(State.ANNOUNCED, verb): State.ANNOUNCED for verb in ("sign_up", "stay_away")},
    **{(state, verb): state for state in _COMING for verb in ("change", "name")},
    (State.ANNOUNCED, "open"): State.OPEN,
    **{(state, "attend"): state for state in (State.OPEN, State.HELD)},
    (State.OPEN, "hold"): State.HELD,
    **{(state, "cancel"): State.CANCELLED for state in _COMING},
}
"""What people may ask."""

FOLLOWING: Moves = {
    (NOTHING, "enter"): State.ANNOUNCED,
    (State.ANNOUNCED, "move"): State.ANNOUNCED,
    **{(state, "lead"): state for state in _COMING},
}
"""What the agenda lets a talk do: it knows when the leaders are engaged."""

ANYTIME = ("join", "confirm")
"""What its issues say to it, in every state."""

TIMERS: dict[str, str] = {
    State.ANNOUNCED: "what was collected for it starts; unanswered news is told again",
    State.OPEN: "what was collected for it starts; unanswered news is told again",
    State.HELD: "unanswered news is told again",
    State.CANCELLED: "unanswered news is told again",
}


class Telling(FanOut):
    """What the members are being told."""

    what: TalkNews
    at: AwareDatetime


class Talk(AggregateState):
    """One talk, who takes part, and its issues."""

    state: State
    series: OpenSeries
    number: int
    level: OpenLevel
    jurisdiction: str
    on: date
    """The day that is part of its id."""
    theme: str
    questions: str = ""
    place: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    wait_until: AwareDatetime
    """Not held by then, what was collected for it starts."""
    capacity: int
    organiser: str
    leaders: tuple[TalkLeader, ...] = ()
    departments: tuple[str, ...] = ()
    participants: tuple[Participant, ...] = ()
    attended: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    """The issues of this talk, in the order in which they joined."""
    raisers: tuple[str, ...] = ()
    """Who raised these, by reference: they hear of changes as who takes part does. Those without a name are told
    nothing."""
    opened_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    """When it was held or cancelled."""
    lapsed_at: AwareDatetime | None = None
    """When it was not held in time."""
    moves: int = 0
    """How often it was postponed."""
    news: int = 0
    """How often its members had something to be told."""
    telling: Telling | None = None
    refused: int = 0
    """How many members could not do what they were told: their promise ran already, or they had ended."""

    @property
    def taken(self) -> int:
        """How many places are taken: who sends a question in writing needs none."""
        return sum(one.how != TakesPart.WRITTEN for one in self.participants)


def finished(talk: Talk) -> bool:
    """Whether nothing is expected of this talk any more: late members join it all the same."""
    return talk.state in (State.HELD, State.CANCELLED) and talk.telling is None
