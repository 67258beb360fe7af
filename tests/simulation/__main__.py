"""Run one seed again: ``python -m tests.simulation SEED [--trace]``."""

import sys
import time

from tests.simulation.judging import judge
from tests.simulation.simulation import silent


def main() -> int:
    """Print what the seed did and every violation; 1 when there is one."""
    seeds = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    trace = print if "--trace" in sys.argv else silent
    wrong = 0
    for seed in seeds:
        started = time.perf_counter()
        verdict = judge(seed, trace)
        print(f"seed {seed}: {verdict.records} records, {time.perf_counter() - started:.2f} s")
        if len(seeds) == 1:
            for name, count in sorted(verdict.counts.items()):
                print(f"  {count:6} {name}")
        for sentence in verdict.violations:
            print(f"  WRONG: {sentence}")
        wrong += bool(verdict.violations)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
