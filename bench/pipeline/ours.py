"""Contender (a): our own loop, as a service wires it: FastStream, Conveyor, Loop, Aggregates and Publisher."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from bench.pipeline.meter import Meter
from bench.pipeline.plan import BATCH_RECORDS, BATCH_TIMEOUT_MS, COLLECTION, Plan
from bench.pipeline.room import room
from shared.bus.door import Door
from shared.bus.kafka import Conveyor, Publisher, make_broker
from shared.bus.loop import Batch, Loop
from shared.metrics import Metrics
from shared.store import connect


class MeteredConveyor(Conveyor):
    """The conveyor with a meter beside it; nothing in it is changed."""

    meter: Meter

    async def carry(self, raws: Sequence[Any]) -> None:
        """One batch, timed from its records to its commit."""
        self.meter.begin()
        await super().carry(raws)
        self.meter.end(len(raws))


async def run(plan: Plan, meter: Meter) -> dict[str, Any]:
    """Run until the plan's events are committed; also tells where the loop's time went."""
    house = room()
    metrics = Metrics("bench")
    steps: Counter[str] = Counter()
    faults: Counter[str] = Counter()

    def _note(batch: Batch) -> None:
        steps.update(batch.seconds)
        faults.update(dead=batch.dead, conflicts=batch.conflicts)

    async with connect(plan.store_url, plan.database) as database:
        store = database.aggregates(COLLECTION, house.jurisdiction)
        await store.prepare()
        broker = make_broker(plan.bootstrap, plan.group)
        publish = Publisher(broker, plan.output_prefix, metrics)
        loop = Loop(house, store, publish, group=plan.group)
        conveyor = MeteredConveyor(loop, plan.source_prefix, metrics)
        conveyor.meter = meter
        conveyor.on_batch += [Door(house.source, publish, store).answer, _note]
        conveyor.subscribe(broker, records=BATCH_RECORDS, timeout_ms=BATCH_TIMEOUT_MS)
        meter.reset()
        await broker.start()
        try:
            await meter.done.wait()
        finally:
            await broker.stop()
    assert not faults["dead"] and not faults["conflicts"], (
        f"the loop did not take every event: {dict(faults)}"
    )
    return {"step_seconds": {name: round(seconds, 3) for name, seconds in steps.items()}}
