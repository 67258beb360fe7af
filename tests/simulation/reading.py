"""What the records of a run say to each service, for who judges it."""

from collections.abc import Iterable, Iterator

from shared.bus.records import Bad, Item, Record, decode
from shared.domain.aggregates import Consumer
from tests.simulation.world import Raw


class Reading:
    """What the records of a run say to each service. Who judges the run asks for the same ones again and again: each is
    read once."""

    def __init__(self) -> None:
        self._said: dict[tuple[int, str, frozenset[str]], Item | Bad | None] = {}

    def decode(
        self, record: Record, consumer: Consumer, lacks: frozenset[str] = frozenset()
    ) -> Item | Bad | None:
        """As ``shared.bus.records.decode`` reads a record of the log, which is kept as long as the log; ``lacks``: what
        the version that reads it does not know."""
        asked = (id(record), consumer.service, lacks)
        if asked not in self._said:
            self._said[asked] = decode(record, consumer)
        return self._said[asked]

    def usable(
        self, raws: Iterable[Raw], consumer: Consumer, lacks: frozenset[str] = frozenset()
    ) -> Iterator[tuple[Raw, Item]]:
        """Those of these records that can be used, and what each says."""
        for raw in raws:
            item = self.decode(raw.record, consumer, lacks)
            if isinstance(item, Item):
                yield raw, item
