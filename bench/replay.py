"""The main job on real input: `qinqing replay` of the shared messages for both limits, its seconds and its numbers."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.machine import ROOT
from bench.parts import free_base_port
from bench.results import Measure, Result, Skipped

MESSAGES = Path(os.environ.get("QINQING_BENCH_MESSAGES", ROOT.parent / "shared/data/messages_replied.csv"))
MOST_SECONDS = 120.0
RIGHT = {"10wd": (1058, 654), "14d": (1039, 673)}
"""On time and late, computed apart from this project with another calendar package."""
MUST_HOLD = ("registered", "replied", "replied_on_time", "replied_late", "open", "breaches", "events")


def measure(say: Callable[[str], None]) -> Result:
    """Replay for each limit on parts of its own, from the command's start to its end."""
    if not MESSAGES.exists():
        raise Skipped(f"no {MESSAGES.name} here; QINQING_BENCH_MESSAGES names another file of its columns")
    if not (ROOT / "services/cli/replay.py").exists():
        raise Skipped("this version has no `qinqing replay`")
    measures: list[Measure] = []
    detail: dict[str, Any] = {}
    for limit, (on_time, late) in RIGHT.items():
        say(f"replay with --reply-limit {limit}")
        seconds, numbers = _replay(limit)
        detail[limit] = {"wall_seconds": seconds, **numbers}
        measures += [
            Measure(f"{limit}, whole command", seconds, "s", MOST_SECONDS),
            Measure(f"{limit}, replied on time", numbers["replied_on_time"], f"of {numbers['registered']}"),
            Measure(f"{limit}, events", numbers["events"] / seconds, "events/s"),
        ]
        if MESSAGES.name == "messages_replied.csv":
            found = (numbers["replied_on_time"], numbers["replied_late"], numbers["breaches"])
            assert found == (on_time, late, late), f"{limit}: {found} instead of {(on_time, late, late)}"
    return Result("replay", measures, detail)


def _replay(limit: str) -> tuple[float, dict[str, Any]]:
    """Seconds of the whole command, Kafka and stores started and stopped in it; and the numbers it wrote."""
    with tempfile.TemporaryDirectory(prefix="qinqing-bench-") as folder:
        numbers = Path(folder) / "numbers.json"
        command = [sys.executable, "-m", "services.cli.main", "replay", str(MESSAGES), "--reply-limit", limit]
        places = ["--json", str(numbers), "--data", f"{folder}/data", "--base-port", str(free_base_port())]
        started = time.perf_counter()
        done = subprocess.run([*command, *places], cwd=ROOT, capture_output=True, text=True)
        seconds = round(time.perf_counter() - started, 1)
        if done.returncode != 0:
            raise RuntimeError(f"qinqing replay ended with {done.returncode}:\n{done.stderr[-2000:]}")
        found = json.loads(numbers.read_text())
    return seconds, {name: found[name] for name in MUST_HOLD} | {"own_seconds": found["seconds"]}
