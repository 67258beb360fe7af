"""Contender (a): our own way, as a service wires it: FastStream, BatchConsumer, Processor, Aggregates, Publisher."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr
from tempfile import TemporaryFile
from typing import Any

from prometheus_client import generate_latest

from bench.pipeline.consumer import INTAKE, BuiltinReference
from bench.pipeline.meter import Meter
from bench.pipeline.plan import BATCH_RECORDS, BATCH_TIMEOUT_MS, COLLECTION, Plan
from shared.bus.consumer import BatchConsumer
from shared.bus.gateway import Gateway
from shared.bus.processor import Batch, Processor
from shared.bus.producer import Producers, make_broker
from shared.bus.publisher import Publisher
from shared.bus.records import Record
from shared.collecting import collect_rarely
from shared.logs import configure, say_handled
from shared.metrics import Metrics
from shared.store import connect


class MeteredMetrics(Metrics):
    """A service's metrics, and how much of the processor's time counting took."""

    seconds = 0.0

    def measure(self, batch: Batch, records: Sequence[Record], seconds: float) -> None:
        """Count one batch."""
        began = time.thread_time()
        super().measure(batch, records, seconds)
        self.seconds += time.thread_time() - began

    def scraped(self) -> float:
        """The seconds that Prometheus' asking once takes."""
        began = time.thread_time()
        generate_latest(self.registry)
        return time.thread_time() - began


class MeteredConsumer(BatchConsumer):
    """The consumer with a meter beside it; nothing in it is changed."""

    meter: Meter

    async def handle(self, raws: Sequence[Any]) -> None:
        """One batch, timed from its records to its commit."""
        self.meter.begin()
        await super().handle(raws)
        self.meter.end(len(raws))


async def logged(plan: Plan, meter: Meter) -> dict[str, Any]:
    """The same with the log of a service, which has a line for each record; also tells what these lines took."""
    seconds = 0.0

    def say(batch: Batch) -> None:
        nonlocal seconds
        began = time.thread_time()
        say_handled(batch.handled)
        seconds += time.thread_time() - began

    with TemporaryFile("w") as log, redirect_stderr(log):
        configure(INTAKE.service)
        report = await run(plan, meter, say)
    return {**report, "log_seconds": round(seconds, 4)}


async def run(
    plan: Plan, meter: Meter, heard: Callable[[Batch], None] = lambda batch: None
) -> dict[str, Any]:
    """Run until the plan's events are committed; also tells where the processor's time went."""
    metrics = MeteredMetrics()
    steps: Counter[str] = Counter()

    def on_batch(batch: Batch) -> None:
        steps.update(batch.seconds)
        heard(batch)

    async with connect(plan.store_url, plan.database) as database:
        store = database.aggregates(COLLECTION, INTAKE.jurisdiction)
        await store.prepare()
        broker = make_broker(plan.bootstrap, plan.group)
        producers = Producers(plan.bootstrap, plan.output_prefix, plan.group, metrics)
        publish = Publisher(producers, INTAKE.service, metrics)
        gateway = Gateway(INTAKE.source, publish, store)

        batches = MeteredConsumer(
            Processor(INTAKE, store, publish, BuiltinReference(), answer=gateway.answer),
            plan.source_prefix,
            metrics,
            on_batch=on_batch,
            on_assigned=lambda partitions: None,
        )
        batches.meter = meter
        _read_as(broker, plan.group)
        await producers.start()
        await broker.start()
        collect_rarely()
        meter.reset()
        await batches.start(broker, records=BATCH_RECORDS, timeout_ms=BATCH_TIMEOUT_MS)
        try:
            await meter.done.wait()
        finally:
            await broker.stop()
            await producers.stop()
    for fault in ("dead_letters", "conflicts", "rewinds"):
        found = metrics.registry.get_sample_value(f"qinqing_{fault}_total")
        assert found == 0, f"not every event was taken at once: {found} {fault}"
    return {
        "step_seconds": {name: round(seconds, 3) for name, seconds in steps.items()},
        "metrics_seconds": round(metrics.seconds, 4),
        "scrape_seconds": round(metrics.scraped(), 5),
    }


def _read_as(broker: Any, group: str) -> None:
    """Let the consumer join this run's own group, so that every run starts at the first record of the input."""
    subscriber = broker.subscriber
    broker.subscriber = lambda *topics, **how: subscriber(*topics, **{**how, "group_id": group})
