"""A service that dies again and again, over one partition: what it has to do with each, it does once."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from random import Random

from shared.bus.document import Stored
from shared.bus.gateway import Request, sealed
from shared.bus.processor import Processor
from shared.bus.records import Outgoing, Record
from shared.contract.command import Command
from shared.contract.envelope import Envelope, open_envelope
from shared.contract.event import Event
from shared.domain.aggregates import Consumer
from tests.contract.world import Memory
from tests.unit.one_aggregate import after
from tests.unit.reference import JURISDICTION, builtin_reference


class Died(BaseException):
    """The process ended here."""


class Store(Memory):
    """With older outcomes in documents of their own."""

    async def remember(self, outcomes: Sequence[Stored]) -> None:
        for outcome in outcomes:
            self.documents.setdefault(outcome["_id"], outcome)


class Dying:
    """A service over one partition; where ``often`` says so it dies: before it publishes, or halfway through."""

    def __init__(self, consumer: Consumer, rng: Random) -> None:
        self.reference = builtin_reference()
        self.consumer, self.store, self.rng, self.often = consumer, Store(), rng, 0.0
        self.records: list[Record] = []
        self.published: list[Outgoing] = []
        self.now, self.deaths = after(), 0
        self._read = 0
        self._start()

    def _start(self) -> None:
        self.processor = Processor(self.consumer, self.store, self.publish, self)

    async def catch_up(self) -> None:
        """Everything was published long ago."""

    async def publish(self, outgoing: Sequence[Outgoing]) -> None:
        """Append each record to its topic, or some of them and die."""
        dies = bool(outgoing) and self.rng.random() < self.often
        for out in outgoing[: self.rng.randrange(len(outgoing))] if dies else outgoing:
            if out.topic == self.consumer.commands_topic:
                self._post(out)
            else:
                self.published.append(out)
        if dies:
            raise Died

    def _post(self, out: Outgoing) -> None:
        at_ms = int(self.now.timestamp() * 1000)
        self.records.append(Record(out.topic, 0, len(self.records), at_ms, out.key.encode(), out.value))

    def ask(self, subject: str, command: Command, at: datetime, actor: str) -> None:
        """Post a command."""
        self.now = at
        request = Request(subject, command, "http", actor, f"{command.verb}/{subject}")
        self._post(sealed(request, f"/{JURISDICTION}/{self.consumer.service}"))

    def settle(self) -> None:
        """Read in batches until nothing is left; what was read when it died is read again."""
        while self._read < len(self.records):
            batch = self.records[self._read : self._read + self.rng.randint(1, 60)]
            try:
                asyncio.run(self.processor.run(batch))
            except Died:
                self.deaths += 1
                self._start()
                continue
            self._read += len(batch)

    def told(self, kind: type[Event]) -> list[Envelope]:
        """What was published of one type; what was published again is the very same record."""
        found = [(open_envelope(out.value), out.value) for out in self.published]
        raw = {(one.id, value): one for one, value in found if one.type == kind.type}
        assert len({id for id, _ in raw}) == len(raw)
        return [*raw.values()]
