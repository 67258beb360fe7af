"""The life of a batch as tables, and what is remembered of it."""

from enum import StrEnum

from shared.contract.events.dispatch import InBatch
from shared.domain.decisions import TERMINAL, Moves
from shared.domain.fan_out import AsksMany

NOTHING = "nothing"
"""The state of what was never asked for."""


class State(StrEnum):
    """Whether all of its issues have answered."""

    RUNNING = "running"
    DONE = "done"


MOVES: Moves = {(NOTHING, "assign"): State.RUNNING}
"""What may be asked: of one batch once."""

FOLLOWING: Moves = {(State.RUNNING, "confirm"): State.DONE}
"""What its issues say to it; the last one ends it."""

TIMERS: dict[str, str] = {
    State.RUNNING: "who has not answered is asked again",
    State.DONE: TERMINAL,
}


class Batch(AsksMany):
    """Many issues that are assigned at once, in the order in which they were chosen."""

    state: State
    by: str
    """Who asked, with the role."""
    talk: str = ""
    members: tuple[InBatch, ...]


def finished(batch: Batch) -> bool:
    """Whether all have answered."""
    return batch.state is State.DONE
