"""From HTTP command to its outcome: registrations at intake of a running system, one by one and at a steady rate."""

import asyncio
import itertools
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvloop

from bench.client import Client
from bench.parts import rater, whole_system
from bench.results import Measure, Result
from services.cli.embedded import SystemState

WARM_UP, ONE_BY_ONE = 100, 400
RATE, RATE_SECONDS = 100, 10
CREATED = 201
NUMBERS = itertools.count(1)
"""Each asks with other words: without a key of their own the same words are the same issue."""
BODY = {"title": "用地审批进度缓慢", "text": "企业反映用地审批进度缓慢，请有关部门协调办理。" * 10}


def measure(say: Callable[[str], None]) -> Result:
    """Start the whole system, wait until it is calm, and measure; every answer must hold the outcome."""
    with whole_system() as system:
        seconds = uvloop.run(load(system, say))
    return result(seconds)


async def load(system: SystemState, say: Callable[[str], None]) -> dict[str, list[float]]:
    """Warm up, then one after the other, then at a steady rate; seconds of each request."""
    client = Client(system.service_urls["intake"], rater(Path(system.data_dir)))
    for _ in range(WARM_UP):
        await _register(client)
    await asyncio.sleep(2.0)  # the other services finish what the warm-up brought them
    say(f"{ONE_BY_ONE} registrations one after the other")
    one_by_one = [await _register(client) for _ in range(ONE_BY_ONE)]
    await asyncio.sleep(2.0)
    say(f"{RATE} registrations a second for {RATE_SECONDS} s")
    steady = await _at_a_rate(client)
    client.close()
    return {"one_by_one": one_by_one, "steady": steady}


async def _register(client: Client, due: float | None = None) -> float:
    """One registration; seconds from when it was due until its outcome was read."""
    started = due or time.perf_counter()
    answer = await client.post("/issues", {**BODY, "title": f"{BODY['title']} {next(NUMBERS)}"})
    assert answer.status == CREATED, f"{answer.status} instead of an outcome: {answer.body[:300]!r}"
    return time.perf_counter() - started


async def _at_a_rate(client: Client) -> list[float]:
    """Requests leave on time whether the ones before are answered or not; lateness counts as latency."""
    begin = time.perf_counter()
    tasks = []
    for number in range(RATE * RATE_SECONDS):
        due = begin + number / RATE
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(_register(client, due)))
    return list(await asyncio.gather(*tasks))


def summary(seconds: list[float]) -> dict[str, Any]:
    """Count and milliseconds: median, some percentiles, worst."""
    cuts = statistics.quantiles(seconds, n=1000, method="inclusive")
    points = {"median_ms": 499, "p90_ms": 899, "p95_ms": 949, "p99_ms": 989}
    found = {name: round(cuts[place] * 1000, 2) for name, place in points.items()}
    return {"requests": len(seconds), **found, "worst_ms": round(max(seconds) * 1000, 2)}


def result(seconds: dict[str, list[float]]) -> Result:
    """The measures beside their goals."""
    alone, steady = summary(seconds["one_by_one"]), summary(seconds["steady"])
    measures = [
        Measure("one by one, median", alone["median_ms"], "ms", 50.0),
        Measure("one by one, 99th percentile", alone["p99_ms"], "ms", 250.0),
        Measure(f"at {RATE} a second, median", steady["median_ms"], "ms"),
        Measure(f"at {RATE} a second, 99th percentile", steady["p99_ms"], "ms"),
    ]
    detail = {"one_by_one": alone, f"at_{RATE}_per_second": steady, "warm_up_requests": WARM_UP}
    return Result("latency", measures, detail)
