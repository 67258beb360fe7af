"""Many overdue deadlines and one person: how long the person waits, and how fast the backlog drains beside a bare loop.

Feedback alone runs, on the real Kafka and store, wired as always. Its store holds the invitations of a stand-still, all
to lapse at one instant; a person rates one reply after the other all the while. The bare loop finds and replaces
documents of the same size under the same index, in the same store, half of them before and half after.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import bson
import httpx
import pymongo
from prometheus_client.parser import text_string_to_metric_families

from bench.client import Client
from bench.invitations import PARTITIONS, invitation, lapsed, like
from bench.latency import summary
from bench.parts import free_base_port, rater
from bench.results import Measure, Result
from services.cli.embedded import Child, Embedded, service_program
from services.cli.embedded.services import jurisdiction
from shared.bus.document import Stored
from shared.deadlines import BEGIN, due_in
from shared.service import COLLECTION
from shared.store import Database, connect

DEADLINES = 100_000
WARM_UP, QUIET = 50, 300
PAUSE_SECONDS = 0.05
"""Between an answer and the person's next command."""
DEADLINES_A_RATING = 20
"""One reply to rate for so many deadlines: more than are rated while they fire."""
BATCH, INSERT = 500, 2_000
FIRST_START = ("dispatch", "supervision", "feedback")
"""The owners of the reference data without which feedback decides nothing; then feedback goes on alone."""
READY_SECONDS, LONGEST_SECONDS, LOOK_SECONDS = 120.0, 3_600.0, 0.5
TIMES_QUIET, LEAST_MOST_MS, LEAST_OF_BARE = 3.0, 250.0, 0.5
DONE = 200

Say = Callable[[str], None]
Run = Callable[[], AbstractAsyncContextManager[Child]]


class Storm(NamedTuple):
    """What was seen while the deadlines fired: seconds of each rating, seconds of all, and the counters behind."""

    ratings: list[float]
    seconds: float
    counters: dict[str, float]


def measure(say: Say, *, deadlines: int = DEADLINES) -> Result:
    """Quiet latency, half of the bare loop, the storm, the other half; fails unless each deadline fires once."""
    return asyncio.run(_measure(say, deadlines))


async def _measure(say: Say, deadlines: int) -> Result:
    now = datetime.now(UTC).replace(microsecond=0)
    names = [f"person{number:06d}" for number in range(WARM_UP + QUIET + deadlines // DEADLINES_A_RATING)]
    overdue = [invitation(f"due{number:06d}", now - timedelta(minutes=1)) for number in range(deadlines)]
    after = await lapsed(overdue[0])
    async with _feedback() as (url, data, run):
        bare = Bare(url, after)
        await _insert(url, [invitation(name, now + timedelta(days=14)) for name in names])
        people = iter(names)
        async with run() as child:
            say(f"{QUIET} ratings, one after the other, while nothing is due")
            quiet = [
                await _rate(Client(child.url, rater(data)), next(people)) for _ in range(WARM_UP + QUIET)
            ][WARM_UP:]
        say(f"{deadlines:,} overdue deadlines into the store, and the same again for the bare loop")
        await _insert(url, overdue)
        await bare.insert(overdue)
        await bare.replace(overdue[: deadlines // 2])
        say(f"bare loop: {bare.speed:,.0f} documents/s")
        async with run() as child:
            storm = await _storm(say, child, Client(child.url, rater(data)), people, deadlines)
        await _check(url, storm, deadlines)
        await bare.replace(overdue[deadlines // 2 :])
    return _result(quiet, storm, deadlines, bare)


# -------------------------------------------------------------- the parts


@asynccontextmanager
async def _feedback() -> AsyncIterator[tuple[str, Path, Run]]:
    """Kafka and feedback's store with the reference data published: its URL, its folder, what runs feedback alone."""
    with tempfile.TemporaryDirectory(prefix="qinqing-bench-") as folder:
        system = Embedded(Path(folder), free_base_port(), services=FIRST_START, stores=FIRST_START)

        @asynccontextmanager
        async def run() -> AsyncIterator[Child]:
            program = service_program("feedback", system.parts, system.ports.service("feedback"))
            child = Child(program, system.data_dir / "logs")
            child.start()
            try:
                await child.wait_ready(READY_SECONDS)
                yield child
            finally:
                await child.stop()

        async with system:
            for child in system.children:
                if child.name not in ("kafka", "store-feedback"):
                    await child.stop()
            yield system.parts.store_urls["feedback"], system.data_dir, run


async def _insert(url: str, documents: Sequence[Stored]) -> None:
    async with connect(url, "feedback") as database:
        store = database.aggregates(COLLECTION, jurisdiction())
        for start in range(0, len(documents), INSERT):
            assert not await store.write(documents[start : start + INSERT])


async def _check(url: str, storm: Storm, deadlines: int) -> None:
    """Every deadline was posted once, fired once, and is gone."""
    counters = storm.counters
    assert counters["posted"] == deadlines, f"{counters['posted']:,.0f} posted of {deadlines:,}"
    assert counters["dead_letters"] == 0, f"{counters['dead_letters']:.0f} dead letters"
    async with connect(url, "feedback") as database:
        store = database.aggregates(COLLECTION, jurisdiction())
        now = datetime.now(UTC)
        left = [due for number in range(PARTITIONS) for due in await due_in(store, number, BEGIN, now)]
    assert not left, f"{len(left)} are due yet"


# -------------------------------------------------------------- the bare loop


class Bare:
    """Find and bulk replace of whole batches, one after the other: what no drain can be faster than."""

    def __init__(self, url: str, after: Stored) -> None:
        # The client of our own store, so that a write waits here for what it waits for there: journal or none.
        self._collection = Database(url, "feedback").aggregates("bare", jurisdiction())._collection
        self._after = after
        self.document_bytes = len(bson.encode(after))
        self.documents, self.seconds = 0, 0.0

    @property
    def speed(self) -> float:
        """Documents a second."""
        return self.documents / self.seconds

    async def insert(self, documents: Sequence[Stored]) -> None:
        """The documents before, under the index that feedback's have."""
        await self._collection.create_index("deadline", sparse=True)
        for start in range(0, len(documents), INSERT):
            await self._collection.insert_many(documents[start : start + INSERT])

    async def replace(self, documents: Sequence[Stored]) -> None:
        """Each by the document that our processor would make of it."""
        started = time.perf_counter()
        for start in range(0, len(documents), BATCH):
            ids = [document["_id"] for document in documents[start : start + BATCH]]
            found = await self._collection.find({"_id": {"$in": ids}}, batch_size=BATCH + 1).to_list(None)
            changes = [
                pymongo.ReplaceOne(
                    {"_id": one["_id"], "v": one["v"]}, like(self._after, one["_id"], one["partition"])
                )
                for one in found
            ]
            result = await self._collection.bulk_write(changes, ordered=False)
            assert result.matched_count == len(ids)
        self.seconds += time.perf_counter() - started
        self.documents += len(documents)


# -------------------------------------------------------------- the storm


async def _rate(client: Client, subject: str) -> float:
    """One rating; seconds until its outcome was read."""
    started = time.perf_counter()
    body = {"round": 1, "satisfaction": "satisfied", "solved": "yes"}
    answer = await client.post(f"/issues/{subject}/rate", body)
    seconds = time.perf_counter() - started
    assert answer.status == DONE, f"{answer.status} instead of an outcome: {answer.body[:300]!r}"
    await asyncio.sleep(PAUSE_SECONDS)
    return seconds


async def _storm(say: Say, child: Child, client: Client, people: Iterator[str], deadlines: int) -> Storm:
    """Rate one reply after the other until every deadline has fired."""
    ratings: list[float] = []
    fired = asyncio.Event()

    async def person() -> None:
        while not fired.is_set():
            ratings.append(await _rate(client, next(people)))

    started = time.perf_counter()  # it has just become ready, and fires as soon as it owns its partitions
    rating = asyncio.create_task(person())
    async with asyncio.timeout(LONGEST_SECONDS), httpx.AsyncClient(base_url=child.url) as http:
        counters = await _counters(http)
        while counters["done"] - len(ratings) < deadlines - 1 and not rating.done():
            await asyncio.sleep(LOOK_SECONDS)
            counters = await _counters(http)
        seconds = time.perf_counter() - started
        fired.set()
        await rating
        while counters["done"] < deadlines + len(ratings):
            await asyncio.sleep(LOOK_SECONDS)
            counters = await _counters(http)
    say(
        f"{deadlines:,} fired in {seconds:.1f} s: {deadlines / seconds:,.0f}/s; {len(ratings)} ratings meanwhile"
    )
    return Storm(ratings, seconds, counters)


async def _counters(http: httpx.AsyncClient) -> dict[str, float]:
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


def _result(quiet: list[float], storm: Storm, deadlines: int, bare: Bare) -> Result:
    alone, meanwhile = summary(quiet), summary(storm.ratings)
    most = max(TIMES_QUIET * alone["p99_ms"], LEAST_MOST_MS)
    speed = deadlines / storm.seconds
    measures = [
        Measure("a rating while nothing is due, median", alone["median_ms"], "ms"),
        Measure("a rating while nothing is due, 99th percentile", alone["p99_ms"], "ms"),
        Measure("a rating during the backlog, median", meanwhile["median_ms"], "ms"),
        Measure("a rating during the backlog, 99th percentile", meanwhile["p99_ms"], "ms", round(most, 1)),
        Measure("backlog", round(speed), "deadlines/s"),
        Measure("bare find and replace", round(bare.speed), "documents/s"),
        Measure("backlog/bare", round(speed / bare.speed, 3), "times", LEAST_OF_BARE, "at least"),
    ]
    detail = {
        "deadlines": deadlines,
        "document_bytes": bare.document_bytes,
        "quiet": alone,
        "during_the_backlog": meanwhile,
        "counters": storm.counters,
        "backlog_seconds": round(storm.seconds, 2),
        "bare_seconds": round(bare.seconds, 2),
    }
    return Result("backlog", measures, detail)
