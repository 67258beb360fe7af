"""What the records of a run say to each service, for its workers and for who judges it."""

from collections.abc import Iterable, Iterator

from shared.bus.records import Bad, Item, Record, decode
from shared.domain.aggregates import Consumer
from tests.simulation import versions
from tests.simulation.world import Raw


class Reading:
    """What the records of a run say to each service. Workers that begin anew and who judges the run ask for the same
    ones again and again: each is read once."""

    def __init__(self) -> None:
        self._said: dict[tuple[int, str, frozenset[str]], Item | Bad | None] = {}

    def decode(self, record: Record, consumer: Consumer) -> Item | Bad | None:
        """As ``shared.bus.records.decode`` reads a record of the log, which is kept as long as the log, in the version
        whose turn it is."""
        asked = (id(record), consumer.service, versions.lacking)
        if asked not in self._said:
            self._said[asked] = decode(record, consumer)
        return self._said[asked]

    def usable(self, raws: Iterable[Raw], consumer: Consumer) -> Iterator[tuple[Raw, Item]]:
        """Those of these records that can be used, and what each says."""
        for raw in raws:
            item = self.decode(raw.record, consumer)
            if isinstance(item, Item):
                yield raw, item
