"""What is remembered of the routing rules: their last version."""

from shared.contract.events.dispatch import RulesPublished
from shared.domain.aggregates import AggregateState


class Rules(AggregateState):
    """The routing rules of one jurisdiction as dispatch knows them."""

    entry: RulesPublished | None = None
    """The last version as it was published."""
