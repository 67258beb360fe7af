"""What is remembered of an enterprise: the last revision of what is known."""

from shared.contract.words import EnterpriseSize
from shared.domain.aggregates import AggregateState


class Enterprise(AggregateState):
    """An enterprise as intake knows it: name, trade, size, district, and who speaks for it."""

    name: str
    trade: str = ""
    size: EnterpriseSize | None = None
    district: str = ""
    contacts: tuple[str, ...] = ()
    revision: int
    """Counts from 1; who changes it names the one that was read."""
