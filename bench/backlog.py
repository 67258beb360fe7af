"""Many overdue deadlines and one person: how long the person waits, and how fast the backlog drains beside a bare loop.

Feedback alone runs, on the real Kafka and store, wired as always. Its store holds the invitations of a stand-still, all
to lapse at one instant; a person rates one reply after the other all the while. The bare loop finds and replaces
documents of the same size under the same index, in the same store, half of them before and half after.
"""

import asyncio
from datetime import UTC, datetime, timedelta

import bson

from bench.client import Client
from bench.draining import (
    LEAST_OF_BARE,
    QUIET,
    WARM_UP,
    Bare,
    Drain,
    Say,
    acting,
    alone,
    drain,
    insert,
    person_measures,
    quietly,
)
from bench.invitations import PARTITIONS, invitation, lapsed, like
from bench.latency import summary
from bench.parts import rater
from bench.results import Measure, Result
from services.cli.embedded.services import jurisdiction
from shared.deadlines import BEGIN, due_in
from shared.service import COLLECTION
from shared.store import connect

DEADLINES = 100_000
DEADLINES_A_RATING = 20
"""One reply to rate for so many deadlines: more than are rated while they fire."""
FIRST_START = ("dispatch", "supervision", "feedback")
"""The owners of the reference data without which feedback decides nothing; then feedback goes on alone."""
BARE = "bare"
RATING = {"round": 1, "satisfaction": "satisfied", "solved": "yes"}


def measure(say: Say, *, deadlines: int = DEADLINES) -> Result:
    """Quiet latency, half of the bare loop, the storm, the other half; fails unless each deadline fires once."""
    return asyncio.run(_measure(say, deadlines))


async def _measure(say: Say, deadlines: int) -> Result:
    now = datetime.now(UTC).replace(microsecond=0)
    names = [f"person{number:06d}" for number in range(WARM_UP + QUIET + deadlines // DEADLINES_A_RATING)]
    overdue = [invitation(f"due{number:06d}", now - timedelta(minutes=1)) for number in range(deadlines)]
    after = await lapsed(overdue[0])
    ids = [document["_id"] for document in overdue]
    async with (
        alone("feedback", FIRST_START) as system,
        connect(system.store_urls["feedback"], "feedback") as database,
    ):
        url, people = system.store_urls["feedback"], iter(names)
        beside = database.aggregates(BARE, jurisdiction())
        bare = Bare(beside._collection, lambda found: like(after, found["_id"], found["partition"]))
        await insert(url, "feedback", [invitation(name, now + timedelta(days=14)) for name in names])
        async with system.run() as child:
            say(f"{QUIET} ratings, one after the other, while nothing is due")
            quiet = await quietly(acting(Client(child.url, rater(system.data)), "rate", RATING), people)
        say(f"{deadlines:,} overdue deadlines into the store, and the same again for the bare loop")
        await insert(url, "feedback", overdue)
        await insert(url, "feedback", overdue, collection=BARE)
        await bare.replace(ids[: deadlines // 2])
        say(f"bare loop: {bare.speed:,.0f} documents/s")
        async with system.run() as child:
            act = acting(Client(child.url, rater(system.data)), "rate", RATING)
            storm = await drain(child, act, people, deadlines)
        say(f"{deadlines:,} fired in {storm.seconds:.1f} s: {deadlines / storm.seconds:,.0f}/s")
        await _check(url, storm, deadlines)
        await bare.replace(ids[deadlines // 2 :])
    return _result(quiet, storm, deadlines, bare, len(bson.encode(after)))


async def _check(url: str, storm: Drain, deadlines: int) -> None:
    """Every deadline was posted once, fired once, and is gone."""
    counters = storm.counters
    assert counters["posted"] == deadlines, f"{counters['posted']:,.0f} posted of {deadlines:,}"
    assert counters["dead_letters"] == 0, f"{counters['dead_letters']:.0f} dead letters"
    async with connect(url, "feedback") as database:
        store = database.aggregates(COLLECTION, jurisdiction())
        now = datetime.now(UTC)
        left = [due for number in range(PARTITIONS) for due in await due_in(store, number, BEGIN, now)]
    assert not left, f"{len(left)} are due yet"


def _result(quiet: list[float], storm: Drain, deadlines: int, bare: Bare, document_bytes: int) -> Result:
    speed = deadlines / storm.seconds
    measures = [
        *person_measures("a rating", "during the backlog", quiet, storm.answers),
        Measure("backlog", round(speed), "deadlines/s"),
        Measure("bare find and replace", round(bare.speed), "documents/s"),
        Measure("backlog/bare", round(speed / bare.speed, 3), "times", LEAST_OF_BARE, "at least"),
    ]
    detail = {
        "deadlines": deadlines,
        "document_bytes": document_bytes,
        "quiet": summary(quiet),
        "during_the_backlog": summary(storm.answers),
        "counters": storm.counters,
        "backlog_seconds": round(storm.seconds, 2),
        "bare_seconds": round(bare.seconds, 2),
    }
    return Result("backlog", measures, detail)
