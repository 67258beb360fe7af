"""What an older version passed over, or holds, for want of a type that this version knows is handed in again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence

import structlog

from shared.bus.document import Passed, Stored
from shared.bus.gateway import Request
from shared.bus.records import Record
from shared.contract.command import Redeliver
from shared.contract.envelope import Malformed, open_envelope
from shared.contract.registry import EVENTS

Place = tuple[str, int, int]
UPGRADE, SYSTEM = "upgrade", "system:upgrade"
SLICE = 100
"""Commands that are asked at once."""
RETRY_SECONDS = 30.0
log = structlog.get_logger(__name__)


class Upgrades:
    """Looks, each time partitions come, for events of types that became known; their aggregates take them then.

    Several workers may find the same event: what they ask has the same id, and is one command.
    """

    def __init__(
        self,
        find: Callable[[], AsyncIterator[Stored]],
        read: Callable[[Iterable[Place]], AsyncIterator[Record]],
        ask: Callable[[Sequence[Request]], Awaitable[object]],
    ) -> None:
        """``find``: documents with events passed over or held; ``read``: the records at these places; ``ask``: post
        commands and wait for their outcomes, so that people's commands wait behind one slice at most.
        """
        self._find, self._read, self._ask = find, read, ask
        self._owned: frozenset[int] = frozenset()
        self._wanted = asyncio.Event()

    def assigned(self, partitions: Sequence[int]) -> None:
        """These partitions are ours now."""
        if set(partitions) - self._owned:
            self._wanted.set()
        self._owned = frozenset(partitions)

    async def run(self) -> None:
        """Look through the store for each new partition, until cancelled; what fails is tried again after a while."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            try:
                await self.hand_in()
            except Exception as error:
                log.warning("upgrade tried again", error=f"{type(error).__name__}: {error}"[:300])
                self._wanted.set()
                await asyncio.sleep(RETRY_SECONDS)  # no event says that a part works again

    async def hand_in(self) -> None:
        """Hand in what is known by now, slice by slice; raises what store and bus raise."""
        requests: list[Request] = []
        places: dict[Place, tuple[str, Passed]] = {}
        async for document in self._find():
            if document["partition"] not in self._owned:
                continue
            requests += _held_and_known(document)
            for passed in (Passed(*entry) for entry in document.get("passed", ())):
                if passed.type in EVENTS:
                    place = passed.on or passed.topic, passed.partition, passed.offset
                    places[place] = document["_id"], passed
            if len(requests) + len(places) >= SLICE:
                await self._hand_in(requests, places)
                requests, places = [], {}
        await self._hand_in(requests, places)

    async def _hand_in(self, requests: list[Request], places: Mapping[Place, tuple[str, Passed]]) -> None:
        asked = list(requests)
        if places:
            async for record in self._read(places):
                place = record.topic, record.partition, record.offset
                subject, passed = places[place]
                if (raw := _event_in(record, passed)) is not None:
                    asked.append(_request(subject, passed.topic, place, passed.seq, raw))
        for start in range(0, len(asked), SLICE):
            await self._ask(asked[start : start + SLICE])


def _event_in(record: Record, passed: Passed) -> str | None:
    """The event as text: the record itself, or what stands within a command that handed it in."""
    try:
        text = (record.value or b"").decode()
        return Redeliver.model_validate(open_envelope(record.value).data).value if passed.on else text
    except ValueError as error:
        log.warning("an event cannot be read again", topic=record.topic, error=str(error)[:300])
        return None


def _held_and_known(document: Stored) -> Iterable[Request]:
    """Held events whose turn it is, and that were held because they must be understood."""
    read = {(topic, source): seq for topic, source, seq in document.get("read", ())}
    for topic, source, seq, _, raw, partition, offset, *on in document.get("held", ()):
        if seq == read.get((topic, source), 0) + 1 and _must_be_understood(raw.encode()):
            place = (on[0] if on and on[0] else topic), partition, offset
            yield _request(document["_id"], topic, place, seq, raw)


def _must_be_understood(raw: bytes) -> bool:
    try:
        envelope = open_envelope(raw)
    except Malformed:
        return False
    return envelope.mustunderstand and envelope.type in EVENTS


def _request(subject: str, topic: str, place: Place, seq: int, raw: str) -> Request:
    on, partition, offset = place
    again = Redeliver(topic=topic, partition=partition, offset=offset, value=raw, seq=seq)
    return Request(subject, again, UPGRADE, SYSTEM, f"{on}/{partition}/{offset}")
