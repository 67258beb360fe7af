"""What a service reads back of its own topics when an operator asks: its dead letters, and one aggregate's events."""

from shared.bus.deadletters import DeadLetter
from shared.bus.reader import read_all, read_dead_letters
from shared.bus.records import Outgoing
from shared.contract.envelope import Malformed, open_envelope
from shared.contract.event import epoch_of, owner_of
from shared.domain.aggregates import Consumer

READ_SECONDS = 15.0
"""How long no dead letter may come while there are more: a broker that takes longer is away."""


class OwnTopics:
    """The dead letters and the events of one service, read whole each time: this is rare work."""

    def __init__(self, bootstrap: str, prefix: str, consumer: Consumer) -> None:
        self._bootstrap, self._prefix, self._consumer = bootstrap, prefix, consumer

    async def dead_letters(self, only_value_of: str | None = None) -> list[DeadLetter]:
        """Every dead letter with its status, oldest first; raises TimeoutError when the broker is away."""
        groups = [self._consumer.service]
        return await read_dead_letters(
            self._bootstrap, groups, self._prefix, only_value_of, patience_seconds=READ_SECONDS
        )

    async def events_of(self, subject: str) -> list[Outgoing]:
        """Every event this service published about one aggregate, in sequence, each once."""
        topic, found = f"{self._consumer.service}.events", dict[tuple[int, int], Outgoing]()
        async for record in read_all(self._bootstrap, [topic], self._prefix, subject.encode()):
            if record.key != subject.encode():
                continue
            try:
                envelope = open_envelope(record.value, record.sha256)
            except Malformed:
                continue
            epoch, owner = epoch_of(envelope.source), owner_of(envelope.source)
            if envelope.seq and (envelope.subject, owner) == (subject, self._consumer.source):
                event = Outgoing(topic, subject, record.value or b"", seq=envelope.seq, epoch=epoch)
                found.setdefault((epoch, envelope.seq), event)
        return [found[place] for place in sorted(found)]
