"""Reference data as it is published: read whole before the first batch, then followed (bus.md, Reference data)."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import structlog

from shared.bus.client import known_positions
from shared.bus.reader import open_reader
from shared.bus.records import Record
from shared.bus.subscription import to_record
from shared.contract.envelope import Envelope, Malformed, open_envelope
from shared.contract.event import reference_topic
from shared.contract.registry import EVENTS
from shared.domain.reference import Reference

log = structlog.get_logger(__name__)

OWNERS = ("dispatch", "supervision")
"""The services whose reference data every service reads; intake publishes too, and nobody decides by that."""
PATIENCE_SECONDS = 15.0
TOPICS = tuple(reference_topic(owner) for owner in OWNERS)


class Version(NamedTuple):
    """One published version, as operators look at it."""

    subject: str
    type: str
    version: str
    in_force_from: str
    data: dict[str, Any]


def take_in(reference: Reference, record: Record) -> Version | None:
    """Add one record to the reference data; None, and a word in the log, for what cannot be read.

    Never raises: the reader would begin again at the first record, and come to this one again.
    """
    try:
        envelope: Envelope = open_envelope(record.value, record.sha256)
        shape = EVENTS.get(envelope.type)
        if shape is None or not shape.reference:
            return None
        reference.learn(envelope.subject, shape.read(envelope.data))
        data = envelope.data
        return Version(envelope.subject, envelope.type, data["version"], data["in_force_from"], data)
    except Exception as error:
        log.warning(
            "reference data that cannot be read",
            topic=record.topic,
            offset=record.offset,
            error=f"{type(error).__name__}: {error}"[:300],
            exc_info=not isinstance(error, (Malformed, ValueError)),
        )
        return None


class ReferenceReader:
    """Holds the reference data of one namespace and keeps it up to date while it runs."""

    def __init__(
        self, bootstrap: str, prefix: str, on_version: Callable[[Version], None] = lambda version: None
    ) -> None:
        """``on_version`` is told of each version as it is taken in."""
        self.reference = Reference()
        self.versions: dict[tuple[str, str], Version] = {}
        self._bootstrap, self._prefix, self._on_version = bootstrap, prefix, on_version
        self._changed = asyncio.Event()
        self._positions: dict[Any, int] = {}
        self._consumer: Any = None

    async def run(self) -> None:
        """Read everything there is, then follow, until cancelled. Raises what the Kafka client raises."""
        async with open_reader(self._bootstrap, TOPICS, self._prefix) as consumer:
            partitions = list(consumer.assignment())
            await consumer.seek_to_beginning(*partitions)
            self._consumer = consumer
            self._move({})
            try:
                while True:
                    for raws in (await consumer.getmany(timeout_ms=1000)).values():
                        self._take_in([to_record(raw, self._prefix) for raw in raws])
                    self._move(known_positions(consumer))
            finally:
                self._consumer = None

    async def catch_up(self) -> None:
        """Return when everything published before this call has been taken in. Raises TimeoutError."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (consumer := self._consumer) is None:
                await self._changed.wait()
            ends = await consumer.end_offsets(list(consumer.assignment()))
            while any(self._positions.get(tp, 0) < end for tp, end in ends.items()):
                await self._changed.wait()

    async def complete(self) -> None:
        """Return when there is a version of everything a decision needs (a first start publishes it)."""
        while self.reference.missing():
            await self._changed.wait()

    def _move(self, positions: dict[Any, int]) -> None:
        """Wake up whoever waits for the reader."""
        self._positions = positions
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _take_in(self, records: Sequence[Record]) -> None:
        for record in records:
            version = take_in(self.reference, record)
            if version is not None and (key := (version.subject, version.version)) not in self.versions:
                self.versions[key] = version
                self._on_version(version)
