"""The producers of one process, pretended: what stands for shared/bus/producer.py's own below its ``Publisher``."""

from collections.abc import Callable, Collection, Sequence

from shared.bus.producer import PUBLISH_SECONDS
from shared.bus.records import Outgoing
from tests.simulation.faults import Hangs, Lane
from tests.simulation.world import Ask, Clock


class Producers:
    """One that counts what it sends to each partition, and is made anew after a failure; one without a count."""

    def __init__(self, clock: Clock, now_ms: Callable[[], int]) -> None:
        self._clock, self._now_ms = clock, now_ms
        self._spoilt: set[Lane] = set()

    async def unusable(self, topics: Collection[str]) -> dict[str, Exception]:
        """Those topics that are not there or may not be written to, and why."""
        found: dict[str, Exception] = await Ask("topics", list(topics))
        return found

    async def send(
        self, records: Sequence[Outgoing], timestamps: Sequence[int | None]
    ) -> list[Exception | None]:
        """Send all at once; what became of each, None where all replicas have it."""
        now = self._now_ms()
        stamps = [now if at is None else at for at in timestamps]
        answer = await Ask("publish", (list(zip(records, stamps, strict=True)), self._spoilt))
        if isinstance(answer, Hangs):
            await Ask("sleep", self._clock.ms + int(PUBLISH_SECONDS * 1000))
            answer = [error and TimeoutError("no answer from the broker") for error in answer.results]
        if any(answer):
            self.renew()
        results: list[Exception | None] = answer
        return results

    def renew(self) -> None:
        """Another producer counts from the beginning."""
        self._spoilt = set()

    async def send_alone(self, record: Outgoing, timestamp: int | None) -> None:
        """Send one record in a request of its own; raises what the broker says of it."""
        await Ask("publish alone", (record, self._now_ms() if timestamp is None else timestamp))
