"""Counts events, seconds and every request to broker and store while a contender runs.

Requests are counted where they leave: each command the Mongo driver starts, each request aiokafka's client
sends. Counting begins before the consumer starts, so that fetches ahead of the first record are counted too.
"""

import asyncio
import time
from collections import Counter
from typing import Any

from aiokafka.client import AIOKafkaClient
from pymongo import monitoring

from bench.pipeline.counting import StoreCommands

CARRYING = ("FetchRequest", "ProduceRequest", "OffsetCommitRequest")
"""The broker requests that carry events; heartbeats and metadata go on at their own pace and are told apart."""


class Meter:
    """One contender's run: ``begin`` at its first record, ``end`` after each commit; ``done`` at the goal."""

    def __init__(self, events: int) -> None:
        self.goal, self.events, self.seconds = events, 0, 0.0
        self.batches: list[int] = []
        self.done = asyncio.Event()
        self._store = StoreCommands()
        self._kafka: Counter[str] = Counter()
        self._started = self._cpu = 0.0
        self._final: tuple[dict[str, int], dict[str, int]] = ({}, {})
        monitoring.register(self._store)
        _count_requests(self._kafka)

    def reset(self) -> None:
        """Forget what preparing took; call it before the consumer starts."""
        self._store.count.clear()
        self._kafka.clear()

    def begin(self) -> None:
        """The first record is here: the clock starts."""
        if not self._started:
            self._started, self._cpu = time.perf_counter(), time.process_time()

    def end(self, events: int) -> None:
        """So many more events are stored, published and committed."""
        if self.done.is_set():
            return
        self.events += events
        self.batches.append(events)
        if self.events >= self.goal:
            self.seconds = time.perf_counter() - self._started
            self._cpu = time.process_time() - self._cpu
            self._final = dict(self._store.count), dict(self._kafka)
            self.done.set()

    def report(self) -> dict[str, Any]:
        """Everything measured, ready for JSON."""
        store, kafka = self._final
        carrying = {name: kafka.get(name, 0) for name in CARRYING}
        trips = sum(store.values()) + sum(carrying.values())
        return {
            "events": self.events,
            "seconds": round(self.seconds, 3),
            "cpu_seconds": round(self._cpu, 3),
            "events_per_second": round(self.events / self.seconds, 1),
            "batches": len(self.batches),
            "largest_batch": max(self.batches),
            "store_commands": store,
            "broker_requests": carrying,
            "other_broker_requests": {name: count for name, count in kafka.items() if name not in CARRYING},
            "round_trips_per_event": round(trips / self.events, 5),
        }


def _count_requests(count: Counter[str]) -> None:
    """Count what aiokafka's client sends in this process from now on, by kind of request."""
    send = AIOKafkaClient.send

    async def _counted(self: Any, node_id: Any, request: Any, **options: Any) -> Any:
        count[type(request).__name__.partition("_")[0]] += 1
        return await send(self, node_id, request, **options)

    AIOKafkaClient.send = _counted
