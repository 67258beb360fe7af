"""From HTTP command to outcome here and in another checkout, taking turns: `python -m bench turns DIR`.

Both systems stand side by side, and the one that is not asked is stopped (SIGSTOP) meanwhile. Turns are short and
alternate, so that whatever else the machine does meets both alike.
"""

import os
import signal
import statistics
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import psutil

from bench.latency import summary
from bench.machine import ROOT, commit
from bench.results import Measure, Result, check_checkout

TURNS, REQUESTS, UNCOUNTED = 120, 20, 8
"""Turns of each system, counted requests of a turn, and those before them, which wake the system up."""
MOST_TIMES = 1.1
"""Identity had to leave a command as fast as it was, within a tenth."""


class Driven:
    """One checkout's running system, stopped unless it is its turn."""

    def __init__(self, checkout: Path, within: ExitStack) -> None:
        environment = {**os.environ, "PYTHONPATH": str(checkout)}
        command = [str(checkout / ".venv/bin/python"), str(Path(__file__).with_name("driven.py"))]
        self._process = subprocess.Popen(
            command, cwd=checkout, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        within.callback(self._end)
        while (line := self._output().readline()) != "ready\n":
            if not line:
                raise RuntimeError(f"the system of {checkout} does not start: run `make setup` in it")
        self._system = psutil.Process(self._process.pid).children(recursive=True)
        self._signal(signal.SIGSTOP)
        within.callback(self._signal, signal.SIGCONT)

    def turn(self) -> list[float]:
        """Seconds of each counted request."""
        self._signal(signal.SIGCONT)
        self._ask(UNCOUNTED)
        seconds = self._ask(REQUESTS)
        self._signal(signal.SIGSTOP)
        return seconds

    def _ask(self, requests: int) -> list[float]:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{requests}\n")
        self._process.stdin.flush()
        return [float(one) for one in self._output().readline().split()]

    def _output(self) -> IO[str]:
        assert self._process.stdout is not None
        return self._process.stdout

    def _signal(self, number: signal.Signals) -> None:
        for process in self._system:
            process.send_signal(number)

    def _end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(60)


def measure(say: Callable[[str], None], other: Path) -> Result:
    """Each system's registrations one by one; who goes first changes with every pair of turns."""
    check_checkout(other)
    seconds: dict[str, list[float]] = {"theirs": [], "ours": []}
    ratios = []
    with ExitStack() as within:
        systems = {
            name: Driven(where, within) for name, where in (("theirs", other.resolve()), ("ours", ROOT))
        }
        say(f"{TURNS} turns of {REQUESTS} registrations each")
        for pair in range(TURNS):
            found = {name: systems[name].turn() for name in sorted(systems, reverse=bool(pair % 2))}
            for name, turn in found.items():
                seconds[name] += turn
            ratios.append(statistics.median(found["ours"]) / statistics.median(found["theirs"]))
    return _result(seconds, ratios, commit(other))


def _result(seconds: dict[str, list[float]], ratios: list[float], theirs: str) -> Result:
    ours, their = summary(seconds["ours"]), summary(seconds["theirs"])
    quartiles = [round(ratio, 3) for ratio in statistics.quantiles(ratios, n=4)]
    measures = [
        Measure("ours/theirs, median", round(ours["median_ms"] / their["median_ms"], 3), "times", MOST_TIMES),
        Measure("ours/theirs, 90th percentile", round(ours["p90_ms"] / their["p90_ms"], 3), "times"),
        Measure("ours/theirs, 99th percentile", round(ours["p99_ms"] / their["p99_ms"], 3), "times"),
    ]
    detail = {"their_commit": theirs, "ours": ours, "theirs": their, "quartiles_of_the_turns": quartiles}
    return Result("turns", measures, detail)
