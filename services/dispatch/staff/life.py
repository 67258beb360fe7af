"""What is remembered of an official: the last version of the entry."""

from shared.contract.events.dispatch import StaffPublished
from shared.domain.aggregates import AggregateState


class Staff(AggregateState):
    """An official as dispatch knows them."""

    entry: StaffPublished | None = None
    """The last version as it was published."""
