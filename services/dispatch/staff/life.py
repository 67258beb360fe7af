"""What is remembered of an official: the last version of the entry, and the ways in which they chose to be told."""

from shared.contract.events.dispatch import StaffPublished, WaysChosen
from shared.domain.aggregates import AggregateState


class Staff(AggregateState):
    """An official as dispatch knows them."""

    entry: StaffPublished | None = None
    """The last version as it was published."""
    chosen: WaysChosen | None = None
    """In which ways they are told, as they chose last; None: by mail."""
