"""What a register remembers: how many documents have a number of it. Each number is the outcome of its cause."""

from shared.domain.aggregates import AggregateState


class Register(AggregateState):
    """The last number that was given; the first is 1."""

    last: int = 0
