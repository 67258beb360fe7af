"""Many seeds on all cores: ``python -m tests.simulation.soak SEEDS [FIRST]``; the result goes to bench/results."""

import gc
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
    with ProcessPoolExecutor(os.cpu_count(), initializer=gc.freeze) as pool:  # what was imported stays anyway
        yield from pool.map(_judge, seeds, chunksize=4)


def _judge(seed: int) -> Verdict:
    try:
        return judge(seed)
    except Exception:
        return Verdict(seed, [traceback.format_exc(limit=-4)])  # type: ignore[list-item]


class Soak:
    """What was found so far; kept from time to time, so that a run that is ended early has its result too."""

    def __init__(self, first: int) -> None:
        self._first, self._machine, self._started = first, describe(), time.perf_counter()
        self._counts: Counter[str] = Counter()
        self._records = self.number = 0
        self.wrong: dict[int, str] = {}

    def take_in(self, verdict: Verdict) -> None:
        """One more seed."""
        self.number += 1
        self._counts.update(verdict.counts)
        self._records += verdict.records
        if verdict.violations:
            self.wrong[verdict.seed] = str(verdict.violations[0])
            print(verdict, flush=True)

    def keep(self, count: int) -> None:
        """Say how far it is, and write the result."""
        seconds = time.perf_counter() - self._started
        rate = self.number / seconds
        print(f"{self.number:,} of {count:,} seeds, {rate:.1f} a second, {len(self.wrong)} wrong", flush=True)
        measures = [
            Measure("seeds", self.number, "towns"),
            Measure("seeds with a violation", len(self.wrong), "towns", 0),
            Measure("records", self._records, "in all logs"),
            Measure("whole run", round(seconds), "s"),
        ]
        happened = dict(sorted(self._counts.items()))
        detail = {"first": self._first, "wrong": self.wrong, "happened": happened}
        keep(Result("soak", measures, detail).as_json(self._machine))


def main() -> int:
    """Print progress and every seed that is wrong; 1 when there is one."""
    count, first = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    soak = Soak(first)
    for verdict in judged(range(first, first + count)):
        soak.take_in(verdict)
        if soak.number % TOLD_EVERY == 0 or soak.number == count:
            soak.keep(count)
    return 1 if soak.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
