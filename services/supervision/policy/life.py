"""The versions of one jurisdiction's policy that were published; each name means one content for ever."""

from shared.domain.aggregates import AggregateState


class PublishedPolicies(AggregateState):
    """Which versions there are, as (name, digest of the content), and the name of the one published last."""

    versions: tuple[tuple[str, str], ...] = ()
    last: str = ""
