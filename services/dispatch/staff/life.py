"""What is remembered of an official: the last version of the entry, and the ways in which they chose to be told."""

from shared.contract.events.dispatch import StaffPublished, WaysChosen
from shared.domain.aggregates import AggregateState
from shared.domain.rights import Belongs


class Staff(AggregateState):
    """An official as dispatch knows them."""

    entry: StaffPublished | None = None
    """The last version as it was published."""
    chosen: WaysChosen | None = None
    """In which ways they are told, as they chose last; None: by mail."""


def belongs(staff: Staff) -> Belongs:
    """Whose the choice is: their own, who made it."""
    return Belongs(recorded_by=staff.chosen.by if staff.chosen is not None else "")
