"""The versions of one jurisdiction's calendar that were published; a version is named after its own content."""

from shared.domain.aggregates import AggregateState


class PublishedCalendars(AggregateState):
    """Which versions there are, the one published last, and the last year whose notice that one holds."""

    versions: tuple[str, ...] = ()
    last: str = ""
    published_through: int = 0
