"""A small gateway from other people's topics to our own commands: read, translate, publish, then commit.

What it publishes carries the id the sender gave, so that a batch read twice is one command at the processor.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from shared.bus.consumer import places, rewind, subscribe, to_record
from shared.bus.producer import Broker, Publisher
from shared.bus.records import Outgoing, Record

Translate = Callable[[Record], Sequence[Outgoing]]


class Forwarder:
    """Republishes what ``translate`` makes of each record. ``translate`` never raises on bad input."""

    def __init__(self, publish: Publisher, prefix: str, translate: Translate) -> None:
        self._publish, self._prefix, self._translate = publish, prefix, translate
        self._failures = 0
        self._subscribers: list[Any] = []

    async def start(self, broker: Broker, pattern: str, group: str, *, records: int, timeout_ms: int) -> None:
        """Begin to read every topic, also a later one, whose name without prefix fits ``pattern``."""
        subscriber = subscribe(
            broker,
            self.handle,
            pattern=f"^{re.escape(self._prefix)}{pattern}$",
            group_id=self._prefix + group,
            max_records=records,
            batch_timeout_ms=timeout_ms,
        )
        self._subscribers[:] = [subscriber]  # a start that failed is made again
        await subscriber.start()

    async def handle(self, raws: Sequence[Any]) -> None:
        """Translate one batch; on failure read every partition of it again after a pause."""
        first, behind = places(raws)
        (subscriber,) = self._subscribers
        try:
            translated = [
                (made, raw) for raw in raws for made in self._translate(to_record(raw, self._prefix))
            ]
            # The broker's append time is the official one (clocks.md 7).
            await self._publish([made for made, _ in translated], [raw.timestamp for _, raw in translated])
            await subscriber.consumer.commit(behind)
            self._failures = 0
        except Exception as error:
            self._failures += 1
            await rewind(subscriber.consumer, first, self._failures, error)
