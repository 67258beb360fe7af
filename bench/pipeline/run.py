"""Runs the contenders in turn, several rounds in alternating order, and compares them within the rounds."""

import asyncio
import json
import os
import statistics
import sys
from collections.abc import Callable
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient

from bench.machine import ROOT
from bench.parts import broker_and_store
from bench.pipeline.consumer import BuiltinReference
from bench.pipeline.load import preload
from bench.pipeline.plan import BATCH_RECORDS, COLLECTION, PARTITIONS, Plan
from bench.pipeline.work import check_same_work
from bench.results import Measure, Result
from services.cli.embedded import Parts
from shared.bus.topics import ensure_topics

EVENTS, ONE_BY_ONE = 15_000, 1_500
ROUNDS = 7
SOURCE = "bench."
QUIX_PYTHON = ROOT / ".venv-bench/bin/python"
LEAST_OF_FLOOR = 0.85
MOST_OF_LOG = 0.02
"""The share of the processor's time that a line of the log for each record may take."""
MOST_OF_METRICS, SCRAPE_SECONDS = 0.02, 5
"""The share that metrics may take, counted at each batch and asked for as often as `qinqing watch` does."""
MOST_ROUND_TRIPS = 0.02
SETTLE_SECONDS = 1.0

Say = Callable[[str], None]
Reports = dict[str, list[dict[str, Any]]]


async def measure(say: Say, *, rounds: int = ROUNDS, events: int = EVENTS) -> Result:
    """All contenders on one Kafka and one store; ratios are medians over the rounds."""
    contenders = ["ours", "logged", "floor", "one_message"]
    if QUIX_PYTHON.exists():
        contenders.append("quix")
    else:
        say("Quix Streams is left out: no .venv-bench here (`make bench` sets it up)")
    reports: Reports = {name: [] for name in contenders}
    async with broker_and_store() as parts:
        record = await preload(parts.kafka_bootstrap, SOURCE, events)
        sizes = check_same_work(BuiltinReference().reference, record)
        for number in range(rounds):
            turn = number % len(contenders)
            order = contenders[turn:] + contenders[:turn]
            for name in order if number % 2 == 0 else reversed(order):
                count = ONE_BY_ONE if name == "one_message" else events
                report = await _one(parts, name, number, count)
                reports[name].append(report)
                say(f"round {number + 1} {name}: {report['events_per_second']:,.0f} events/s")
    _check_round_trips(reports["ours"])
    return _result(reports, sizes, events)


async def _one(parts: Parts, name: str, number: int, events: int) -> dict[str, Any]:
    """One run in a process of its own, on fresh topics, a fresh group and a fresh database."""
    plan = Plan(
        contender=name,
        bootstrap=parts.kafka_bootstrap,
        store_url=parts.store_urls["intake"],
        source_prefix=SOURCE,
        output_prefix=f"{name}-{number}.",
        events=events,
    )
    await ensure_topics(plan.bootstrap, plan.output_prefix, ["intake.events"], partitions=PARTITIONS)
    python = str(QUIX_PYTHON) if name == "quix" else sys.executable
    module = "bench.pipeline.quix" if name == "quix" else "bench.pipeline.worker"
    process = await asyncio.create_subprocess_exec(
        python,
        "-m",
        module,
        plan.text(),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"{name} failed:\n{errors.decode()[-3000:]}")
    client: AsyncIOMotorClient[Any] = AsyncIOMotorClient(plan.store_url)
    stored = await client[plan.database][COLLECTION].count_documents({})
    assert stored >= events, f"{name} stored {stored} documents of {events}"
    await client.drop_database(plan.database)
    client.close()
    await asyncio.sleep(SETTLE_SECONDS)  # the store's own tidying should not fall on the next one
    report: dict[str, Any] = json.loads(output.decode().splitlines()[-1])
    return report


def _check_round_trips(ours: list[dict[str, Any]]) -> None:
    """The promise of the batch, as an assertion: it fails the whole benchmark."""
    for report in ours:
        per_event = report["round_trips_per_event"]
        assert report["largest_batch"] == BATCH_RECORDS, f"no full batch: {report['largest_batch']} at most"
        assert per_event <= MOST_ROUND_TRIPS, (
            f"{per_event} round trips an event, {MOST_ROUND_TRIPS} at most: {report}"
        )


def _per_thousand(run: dict[str, Any]) -> float:
    """CPU seconds of the contender's own process; the broker and the store are the same for all."""
    seconds: float = run["cpu_seconds"] / run["events"] * 1000
    return seconds


def _speed(run: dict[str, Any]) -> float:
    speed: float = run["events_per_second"]
    return speed


def _ratios(reports: Reports, above: str, below: str, what: Callable[[dict[str, Any]], float]) -> list[float]:
    """Within each round, for the machine changes between them."""
    pairs = zip(reports[above], reports[below], strict=True)
    return [round(what(one) / what(other), 3) for one, other in pairs]


def _measures(reports: Reports, ratios: dict[str, list[float]], cpu: list[float]) -> list[Measure]:
    """Speeds, their ratios, and CPU beside; the floor is a goal (docs/decisions/0011), and what a log leaves."""
    goals = {"ours/floor": LEAST_OF_FLOOR}
    measures = [
        Measure(f"{name}, median of {len(runs)}", round(statistics.median(map(_speed, runs)), 1), "events/s")
        for name, runs in reports.items()
    ]
    measures += [
        Measure(name, round(statistics.median(values), 3), "times", goals.get(name), "at least")
        for name, values in ratios.items()
    ]
    measures += [
        Measure(f"{name}, CPU", round(statistics.median(map(_per_thousand, runs)), 3), "s per 1,000 events")
        for name, runs in reports.items()
    ]
    of_log = [run["log_seconds"] / run["cpu_seconds"] for run in reports["logged"]]
    of_metrics = [
        run["metrics_seconds"] / run["cpu_seconds"] + run["scrape_seconds"] / SCRAPE_SECONDS
        for run in reports["ours"]
    ]
    worst = max(run["round_trips_per_event"] for run in reports["ours"])
    return [
        *measures,
        Measure("logged, share of the log in CPU", round(statistics.median(of_log), 4), "times", MOST_OF_LOG),
        Measure(
            "ours, share of the metrics in CPU",
            round(statistics.median(of_metrics), 4),
            "times",
            MOST_OF_METRICS,
        ),
        Measure("ours/floor, CPU", round(statistics.median(cpu), 3), "times"),
        Measure("ours, broker and store round trips", worst, "per event", MOST_ROUND_TRIPS),
    ]


def _result(reports: Reports, sizes: tuple[int, int, list[int]], events: int) -> Result:
    others = [name for name in reports if name not in ("ours", "logged")]
    ratios = {f"ours/{other}": _ratios(reports, "ours", other, _speed) for other in others}
    cpu = _ratios(reports, "ours", "floor", _per_thousand)
    detail = {
        "load": {
            "events": events,
            "events_one_by_one": ONE_BY_ONE,
            "partitions": PARTITIONS,
            "batch_records": BATCH_RECORDS,
            "record_bytes": sizes[0],
            "document_bytes_about": sizes[1],
            "published_bytes": sizes[2],
        },
        "ratios_per_round": ratios,
        "cpu_ratios_per_round": {"ours/floor": cpu},
        "runs": reports,
    }
    return Result("pipeline", _measures(reports, ratios, cpu), detail)
