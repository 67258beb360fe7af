"""What the agenda of a jurisdiction remembers: the talks to come, with their times and leaders."""

from datetime import date

from pydantic import AwareDatetime

from shared.domain.aggregates import AggregateState


class Entry(AggregateState):
    """One talk: as long as it is not over its leaders are engaged; after that its id is kept until its day is past."""

    talk: str
    on: date
    """The day that is part of its id."""
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    leaders: tuple[str, ...] = ()
    """Their accounts."""
    over: bool = False


class Agenda(AggregateState):
    """The talks of one jurisdiction that are not over, and those over whose day is not past yet."""

    entries: tuple[Entry, ...] = ()
