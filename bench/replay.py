"""The main job on real input: `qinqing replay` of the shared messages for both limits: seconds, numbers, bytes kept."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from bench.machine import ROOT
from bench.parts import free_base_port, kafka_and_stores
from bench.rest import MOST_BYTES, bytes_at_rest
from bench.results import Measure, Result, Skipped

MESSAGES = Path(os.environ.get("QINQING_BENCH_MESSAGES", ROOT.parent / "shared/data/messages_replied.csv"))
MOST_SECONDS = 120.0
MOST_WRITES = 23.0
RIGHT = {"10wd": (1058, 654), "14d": (1039, 673)}
"""On time and late, computed apart from this project with another calendar package."""
MUST_HOLD = ("registered", "replied", "replied_on_time", "replied_late", "open", "breaches", "events")


class Run(NamedTuple):
    """One replay: seconds of the whole command, and the numbers it wrote."""

    seconds: float
    numbers: dict[str, Any]


def measure(say: Callable[[str], None]) -> Result:
    """Replay for each limit on parts of its own, from the command's start to its end."""
    check_input()
    measures: list[Measure] = []
    detail: dict[str, Any] = {}
    for limit in RIGHT:
        say(f"replay with --reply-limit {limit}")
        with tempfile.TemporaryDirectory(prefix="qinqing-bench-") as folder:
            seconds, numbers = replay(limit, Path(folder))
            at_rest = asyncio.run(_at_rest(Path(folder) / "data", numbers["namespace"]))
        check_numbers(limit, numbers)
        kept = {name: numbers[name] for name in (*MUST_HOLD, "writes_per_issue")}
        detail[limit] = {
            "wall_seconds": seconds,
            **kept,
            "own_seconds": numbers["seconds"],
            "at_rest": at_rest,
        }
        measures += [
            Measure(f"{limit}, whole command", seconds, "s", MOST_SECONDS),
            Measure(f"{limit}, replied on time", numbers["replied_on_time"], f"of {numbers['registered']}"),
            Measure(f"{limit}, events", numbers["events"] / seconds, "events/s"),
            writes(limit, numbers),
            Measure(
                f"{limit}, document bytes at rest", at_rest["bytes_per_issue"], "B per issue", MOST_BYTES
            ),
        ]
    return Result("replay", measures, detail)


def check_input() -> None:
    """Raise Skipped where the messages are not here."""
    if not MESSAGES.exists():
        raise Skipped(f"no {MESSAGES.name} here; QINQING_BENCH_MESSAGES names another file of its columns")


def check_numbers(limit: str, numbers: dict[str, Any]) -> None:
    """Fail when the shared file does not give the right answers: a wrong replay has no speed."""
    if MESSAGES.name == "messages_replied.csv":
        on_time, late = RIGHT[limit]
        found = (numbers["replied_on_time"], numbers["replied_late"], numbers["breaches"])
        assert found == (on_time, late, late), f"{limit}: {found} instead of {(on_time, late, late)}"


def writes(limit: str, numbers: dict[str, Any]) -> Measure:
    """How often a document was written for each issue, the sweep counted apart."""
    return Measure(f"{limit}, document writes", numbers["writes_per_issue"], "per issue", MOST_WRITES)


def replay(limit: str, folder: Path, checkout: Path = ROOT) -> Run:
    """The whole command, Kafka and stores started and stopped in it; its data stay in ``folder``/data.

    ``checkout``: whose code runs, by default this one's; another one has a .venv of its own.
    """
    python = sys.executable if checkout == ROOT else str(checkout / ".venv/bin/python")
    numbers = folder / "numbers.json"
    command = [python, "-m", "services.cli.main", "replay", str(MESSAGES), "--reply-limit", limit]
    places = ["--json", str(numbers), "--data", f"{folder}/data", "--base-port", str(free_base_port())]
    own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    started = time.perf_counter()
    done = subprocess.run([*command, *places], cwd=checkout, env=own, capture_output=True, text=True)
    seconds = round(time.perf_counter() - started, 1)
    if done.returncode != 0:
        raise RuntimeError(f"qinqing replay ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return Run(seconds, json.loads(numbers.read_text()))


async def _at_rest(data: Path, namespace: str) -> dict[str, Any]:
    """What a replay that has ended left in the stores of its folder."""
    async with kafka_and_stores(data) as parts:
        return await bytes_at_rest(parts.store_urls, namespace)
