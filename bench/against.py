"""This checkout's replay against another one's: `python -m bench against DIR`, alternating pairs on one machine."""

import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import replay
from bench.machine import ROOT, commit
from bench.results import Measure, Result, check_checkout

LIMIT = "10wd"
PAIRS = 3
LEAST_TIMES = 1.0
"""A change may make nothing slower than it was; how much faster it is, the table says."""


def measure(say: Callable[[str], None], other: Path) -> Result:
    """Both whole commands in turn, three times, the first one of a pair the second of the next."""
    replay.check_input()
    check_checkout(other)
    seconds: dict[str, list[float]] = {"ours": [], "theirs": []}
    numbers: dict[str, Any] = {}
    for pair in range(PAIRS):
        turns = [("ours", ROOT), ("theirs", other.resolve())]
        for name, checkout in turns if pair % 2 == 0 else reversed(turns):
            with tempfile.TemporaryDirectory(prefix="qinqing-bench-") as folder:
                run = replay.replay(LIMIT, Path(folder), checkout)
            replay.check_numbers(LIMIT, run.numbers)
            seconds[name].append(run.seconds)
            numbers[name] = run.numbers
            say(f"pair {pair + 1} {name}: {run.seconds} s")
    return _result(seconds, numbers, commit(other))


def _result(seconds: dict[str, list[float]], numbers: dict[str, Any], theirs: str) -> Result:
    ratios = [round(their / our, 3) for our, their in zip(seconds["ours"], seconds["theirs"], strict=True)]
    measures = [
        *(Measure(f"pair {number}, theirs/ours", ratio, "times") for number, ratio in enumerate(ratios, 1)),
        Measure("theirs/ours, median", statistics.median(ratios), "times", LEAST_TIMES, "at least"),
        replay.writes(LIMIT, numbers["ours"]),
    ]
    kept = {
        name: {what: found[what] for what in (*replay.MUST_HOLD, "seconds")}
        for name, found in numbers.items()
    }
    detail = {"their_commit": theirs, "reply_limit": LIMIT, "wall_seconds": seconds, "last_numbers": kept}
    return Result("against", measures, detail)
