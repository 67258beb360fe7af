"""The life of a department's directory entry as tables, and what is remembered of it."""

from enum import StrEnum

from pydantic import AwareDatetime

from shared.contract.events.dispatch import DepartmentPublished
from shared.domain.aggregates import AggregateState
from shared.domain.decisions import TERMINAL, Moves


class State(StrEnum):
    """Where a department stands: not in the directory, in it, or merged into another."""

    UNPUBLISHED = "unpublished"
    PUBLISHED = "published"
    MERGED = "merged"


MOVES: Moves = {
    (State.UNPUBLISHED, "publish"): State.PUBLISHED,
    (State.PUBLISHED, "publish"): State.PUBLISHED,
    (State.PUBLISHED, "merge"): State.MERGED,
    # Into the same department again: with the issues that were given to it meanwhile.
    (State.MERGED, "merge"): State.MERGED,
}
"""What may be asked."""

TIMERS: dict[str, str] = {
    State.UNPUBLISHED: TERMINAL,
    State.PUBLISHED: TERMINAL,
    State.MERGED: TERMINAL,
}
"""Nothing of a department is ever due."""


class Department(AggregateState):
    """A department as dispatch knows it: its last version, and what a merger still has to hand over."""

    entry: DepartmentPublished | None = None
    """The last version as it was published; None while only refused messages are known of it."""
    latest_from: AwareDatetime | None = None
    """The latest instant from which any of its versions is in force: until then it cannot be merged."""
    merging: tuple[str, ...] = ()
    """The issues that a merger still has to hand over; the first ``sent`` of them were asked to."""
    sent: int = 0
    refusals: int = 0
    """How many messages without a valid issue were refused."""

    @property
    def state(self) -> State:
        """Where it stands."""
        if self.entry is None:
            return State.UNPUBLISHED
        return State.MERGED if self.entry.merged_into else State.PUBLISHED
