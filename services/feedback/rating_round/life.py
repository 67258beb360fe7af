"""The life of a rating round as tables, and what is remembered of it."""

from enum import StrEnum

from pydantic import AwareDatetime

from shared.domain.decisions import TERMINAL, Moves
from shared.domain.fan_out import AsksMany

NOTHING = "nothing"
"""The state of what was never started."""


class State(StrEnum):
    """Whether all of its issues have answered."""

    RUNNING = "running"
    DONE = "done"


MOVES: Moves = {(NOTHING, "start"): State.RUNNING}
"""What may be asked: of each month and level once."""

FOLLOWING: Moves = {(State.RUNNING, "confirm"): State.DONE}
"""What its issues say to it; the last one ends it."""

TIMERS: dict[str, str] = {
    State.RUNNING: "who has not answered is asked again",
    State.DONE: TERMINAL,
}


class RatingRound(AsksMany):
    """One month's reminders at one level."""

    state: State
    month: str
    level: str
    tell_at: AwareDatetime
    """When the reminders go out."""
    issues: tuple[str, ...]
    passed: tuple[str, ...] = ()
    """Those of which nobody is reminded: rated meanwhile, or their time was over."""


def finished(known: RatingRound) -> bool:
    """Whether all have answered."""
    return known.state is State.DONE
