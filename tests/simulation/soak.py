"""Many seeds on all cores: ``python -m tests.simulation.soak SEEDS [FIRST]``; the result goes to bench/results."""

import os
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor

from bench.machine import describe
from bench.results import Measure, Result, keep
from tests.simulation.judging import Verdict, judge

TOLD_EVERY = 100


def judged(seeds: Iterable[int]) -> Iterator[Verdict]:
    """The verdict of each seed in order; what the simulator itself raises is a violation of its seed."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(_judge, seeds, chunksize=4)


def _judge(seed: int) -> Verdict:
    try:
        return judge(seed)
    except Exception:
        return Verdict(seed, [traceback.format_exc(limit=-4)])  # type: ignore[list-item]


def main() -> int:
    """Print progress and every seed that is wrong; 1 when there is one."""
    count, first = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    machine, started = describe(), time.perf_counter()
    counts: Counter[str] = Counter()
    wrong: dict[int, str] = {}
    records = 0
    for number, verdict in enumerate(judged(range(first, first + count)), start=1):
        counts.update(verdict.counts)
        records += verdict.records
        if verdict.violations:
            wrong[verdict.seed] = str(verdict.violations[0])
            print(verdict, flush=True)
        if number % TOLD_EVERY == 0 or number == count:
            rate = number / (time.perf_counter() - started)
            print(f"{number:,} of {count:,} seeds, {rate:.1f} a second, {len(wrong)} wrong", flush=True)
    measures = [
        Measure("seeds", count, "towns"),
        Measure("seeds with a violation", len(wrong), "towns", 0),
        Measure("records", records, "in all logs"),
        Measure("whole run", round(time.perf_counter() - started), "s"),
    ]
    detail = {"first": first, "wrong": wrong, "happened": dict(sorted(counts.items()))}
    keep(Result("soak", measures, detail).as_json(machine))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
