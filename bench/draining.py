"""What a backlog is measured with: one service alone on real parts, one person at work, a bare loop beside them."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pymongo
from prometheus_client.parser import text_string_to_metric_families

from bench.client import Client
from bench.latency import summary
from bench.parts import free_base_port
from bench.results import Measure
from services.cli.embedded import Child, Embedded, service_program
from services.cli.embedded.services import jurisdiction
from shared.bus.document import Stored
from shared.service import COLLECTION
from shared.store import connect

Say = Callable[[str], None]

WARM_UP, QUIET = 50, 300
PAUSE_SECONDS = 0.05
"""Between an answer and the person's next command."""
BATCH, INSERT = 500, 2_000
READY_SECONDS, LONGEST_SECONDS, LOOK_SECONDS = 120.0, 3_600.0, 0.5
FIRST_LOOK_SECONDS = 0.05
TIMES_QUIET, LEAST_MOST_MS, LEAST_OF_BARE = 3.0, 250.0, 0.5
DONE, LATER = 200, 202


class Alone(NamedTuple):
    """Kafka with the reference data published and the stores: the folder, each store's address, what runs the service
    alone, on its own store or on that of another service, whose address it is told."""

    data: Path
    store_urls: Mapping[str, str]
    run: Callable[..., AbstractAsyncContextManager[Child]]


@asynccontextmanager
async def alone(service: str, first: Sequence[str], *more_stores: str) -> AsyncIterator[Alone]:
    """``first``: the services that publish the reference data at a first start, and then are stopped."""
    with tempfile.TemporaryDirectory(prefix="qinqing-bench-") as folder:
        stores = (*first, *more_stores)
        system = Embedded(Path(folder), free_base_port(), services=first, stores=stores)

        @asynccontextmanager
        async def run(store_url: str = "") -> AsyncIterator[Child]:
            parts = system.parts
            if store_url:
                parts = replace(parts, store_urls={**parts.store_urls, service: store_url})
            child = Child(
                service_program(service, parts, system.ports.service(service)), system.data_dir / "logs"
            )
            child.start()
            try:
                await child.wait_ready(READY_SECONDS)
                yield child
            finally:
                await child.stop()

        async with system:
            needed = {"kafka", *(f"store-{name}" for name in (service, *more_stores))}
            for child in system.children:
                if child.name not in needed:
                    await child.stop()
            yield Alone(system.data_dir, system.parts.store_urls, run)


async def insert(
    url: str, service: str, documents: Sequence[Stored], *, collection: str = COLLECTION
) -> None:
    """Put documents into a service's database, as the service would, under its index."""
    async with connect(url, service) as database:
        store = database.aggregates(collection, jurisdiction())
        await store.prepare()
        for start in range(0, len(documents), INSERT):
            assert not await store.write(documents[start : start + INSERT])


# -------------------------------------------------------------- the bare loop


class Bare:
    """Find and bulk replace of whole batches, one after the other: what no drain can be faster than."""

    def __init__(self, collection: Any, after: Callable[[Stored], Stored]) -> None:
        """``collection`` as our own store has it, so that a write waits here for what it waits for there: journal or
        none. ``after``: the document that the service makes of one that it found."""
        self._collection, self._after = collection, after
        self.documents, self.seconds = 0, 0.0

    @property
    def speed(self) -> float:
        """Documents a second."""
        return self.documents / self.seconds

    async def replace(self, ids: Sequence[str]) -> None:
        """Each by the document that our processor would make of it."""
        started = time.perf_counter()
        for start in range(0, len(ids), BATCH):
            part = list(ids[start : start + BATCH])
            found = await self._collection.find({"_id": {"$in": part}}, batch_size=BATCH + 1).to_list(None)
            changes = [
                pymongo.ReplaceOne({"_id": one["_id"], "v": one["v"]}, self._after(one)) for one in found
            ]
            result = await self._collection.bulk_write(changes, ordered=False)
            assert result.matched_count == len(part)
        self.seconds += time.perf_counter() - started
        self.documents += len(ids)


# -------------------------------------------------------------- a drain


Act = Callable[[str], Awaitable[float]]
"""One command of the person about this subject; the seconds until its outcome was read, or until the service said that
it would take longer."""


def acting(client: Client, verb: str, body: Mapping[str, Any]) -> Act:
    """A person who asks the same of one issue after the other, with a pause between."""

    async def act(subject: str) -> float:
        started = time.perf_counter()
        answer = await client.post(f"/issues/{subject}/{verb}", dict(body))
        seconds = time.perf_counter() - started
        assert answer.status in (DONE, LATER), f"{answer.status} instead of an outcome: {answer.body[:300]!r}"
        await asyncio.sleep(PAUSE_SECONDS)
        return seconds

    return act


async def quietly(act: Act, people: Iterator[str]) -> list[float]:
    """Seconds of each command while nothing else happens."""
    return [await act(next(people)) for _ in range(WARM_UP + QUIET)][WARM_UP:]


class Drain(NamedTuple):
    """What was seen until all was done: seconds of each of the person's commands, until the first of the service's
    own outcomes and until the last, and what the service counted."""

    answers: list[float]
    first: float
    seconds: float
    counters: dict[str, float]


async def drain(
    child: Child, act: Act, people: Iterator[str], outcomes: int, *, before: float = 0.0
) -> Drain:
    """Let the person ask one thing after the other until the service has this many outcomes of its own.

    ``before``: how many it had already, since it was started.
    """
    answers: list[float] = []
    over = asyncio.Event()

    async def person() -> None:
        while not over.is_set():
            answers.append(await act(next(people)))

    started = time.perf_counter()
    async with asyncio.timeout(LONGEST_SECONDS), httpx.AsyncClient(base_url=child.url) as http:
        while (now := await counters(http))["done"] <= before:
            await asyncio.sleep(FIRST_LOOK_SECONDS)
        first = time.perf_counter() - started
        asking = asyncio.create_task(person())
        while now["done"] - before - len(answers) < outcomes - 1 and not asking.done():
            await asyncio.sleep(LOOK_SECONDS)
            now = await counters(http)
        seconds = time.perf_counter() - started
        over.set()
        await asking
        while now["done"] - before < outcomes + len(answers):
            await asyncio.sleep(LOOK_SECONDS)
            now = await counters(http)
    return Drain(answers, first, seconds, now)


async def counters(http: httpx.AsyncClient) -> dict[str, float]:
    """What the service counts itself."""
    text = (await http.get("/metrics")).text
    found = {
        (sample.name, sample.labels.get("status", "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    names = {
        "done": ("qinqing_outcomes_total", "done"),
        "void": ("qinqing_outcomes_total", "void"),
        "posted": ("qinqing_timer_late_seconds_count", ""),
        "dead_letters": ("qinqing_dead_letters_total", ""),
        "batches": ("qinqing_batch_records_count", ""),
        "batch_seconds": ("qinqing_batch_seconds_sum", ""),
        "round_trips": ("qinqing_round_trips_total", ""),
    }
    return {name: found.get(key, 0.0) for name, key in names.items()}


def person_measures(what: str, during: str, quiet: list[float], meanwhile: list[float]) -> list[Measure]:
    """What the person waits for while nothing happens, and meanwhile, beside the goal."""
    alone, busy = summary(quiet), summary(meanwhile)
    most = max(TIMES_QUIET * alone["p99_ms"], LEAST_MOST_MS)
    return [
        Measure(f"{what} while nothing is due, median", alone["median_ms"], "ms"),
        Measure(f"{what} while nothing is due, 99th percentile", alone["p99_ms"], "ms"),
        Measure(f"{what} {during}, median", busy["median_ms"], "ms"),
        Measure(f"{what} {during}, 99th percentile", busy["p99_ms"], "ms", round(most, 1)),
    ]
