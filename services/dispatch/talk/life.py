"""What is remembered of a talk: what its leaders and the people of departments were told of last."""

from pydantic import AwareDatetime

from shared.contract.words import OpenOccurrence
from shared.domain.aggregates import AggregateState


class Talk(AggregateState):
    """A talk that has moved, changed or was called off since it was announced."""

    about: OpenOccurrence
    starts_at: AwareDatetime
