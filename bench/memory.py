"""Memory of every process of `qinqing up` but Kafka and the stores, after the start and after the latency load."""

import asyncio
from collections.abc import Callable
from typing import Any

import psutil
import uvloop

from bench import latency
from bench.parts import whole_system
from bench.results import Measure, Result
from services.cli.embedded import SystemState

MOST_MB = 800.0


def measure(say: Callable[[str], None]) -> Result:
    """Start the whole system, look, load it as the latency benchmark does, look again."""
    with whole_system() as system:
        asyncio.run(asyncio.sleep(3.0))
        started = _look(system)
        say(f"after the start {_total(started, 'rss_mb'):.0f} MB")
        uvloop.run(latency.load(system, say))
        asyncio.run(asyncio.sleep(3.0))
        loaded = _look(system)
    measures = [
        Measure("after the start, together", _total(started, "rss_mb"), "MB resident", MOST_MB),
        Measure("after the load, together", _total(loaded, "rss_mb"), "MB resident", MOST_MB),
        Measure("after the load, shared pages counted once", _total(loaded, "pss_mb"), "MB"),
    ]
    return Result("memory", measures, {"after_start": started, "after_load": loaded})


def _look(system: SystemState) -> dict[str, dict[str, Any]]:
    """Resident and proportional memory in MB of the supervisor and of each service with its children."""
    pids = {"supervisor": system.pid} | {
        part.name: part.pid for part in system.parts if part.kind == "service" and part.pid is not None
    }
    return {name: _memory(pid, alone=name == "supervisor") for name, pid in pids.items()}


def _memory(pid: int, *, alone: bool) -> dict[str, Any]:
    process = psutil.Process(pid)
    family = [process] if alone else [process, *process.children(recursive=True)]
    found = [each.memory_full_info() for each in family]
    return {
        "rss_mb": round(sum(each.rss for each in found) / 2**20, 1),
        "pss_mb": round(sum(getattr(each, "pss", each.rss) for each in found) / 2**20, 1),
        "processes": len(found),
    }


def _total(look: dict[str, dict[str, Any]], what: str) -> float:
    return round(sum(each[what] for each in look.values()), 1)
