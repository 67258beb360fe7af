"""What is remembered of a year's rotation: its last version."""

from shared.contract.events.talks import RotationPublished
from shared.domain.aggregates import AggregateState


class Rotation(AggregateState):
    """The plan of leaders by week of one jurisdiction and year."""

    entry: RotationPublished | None = None
    """The last version as it was published."""
