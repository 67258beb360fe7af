"""The proofs that take minutes, `python -m tests.proving [pytest's options]`: run, and the result kept.

What `make prove` found is in `bench/results/prove.json` and, with everything that was measured, in
`docs/measurements.md`. With options, which leave some out, nothing is kept.
"""

import sys
import time
from pathlib import Path

import pytest

from bench.machine import describe
from bench.results import Measure, Result, keep

TESTS = Path(__file__).parent


class Proofs:
    """What came of each test; a plugin of pytest."""

    def __init__(self) -> None:
        self.outcomes: dict[str, str] = {}
        self.seconds: dict[str, float] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Setup, the test itself, and what comes behind it: the first that does not pass says what came of it."""
        name = report.nodeid
        self.seconds[name] = self.seconds.get(name, 0) + report.duration
        if self.outcomes.get(name, "passed") == "passed":
            self.outcomes[name] = report.outcome

    def result(self, seconds: float) -> Result:
        """All of it as one result; every proof that there is has to pass, or to say why it cannot be run."""
        found = list(self.outcomes.values())
        measures = [
            Measure("proofs that passed", found.count("passed"), "tests"),
            Measure("proofs that failed", found.count("failed"), "tests", 0),
            Measure("proofs that cannot be run here", found.count("skipped"), "tests"),
            Measure("whole run", round(seconds), "s"),
        ]
        proofs = {
            name: f"{outcome}, {self.seconds[name]:.0f} s" for name, outcome in sorted(self.outcomes.items())
        }
        return Result("prove", measures, {"proofs": proofs})


def main(options: list[str]) -> int:
    """Run them; pytest's exit code."""
    machine, began, proofs = describe(), time.perf_counter(), Proofs()
    code = pytest.main(["-m", "prove", str(TESTS), *options], plugins=[proofs])
    if not options:
        keep(proofs.result(time.perf_counter() - began).as_json(machine))
    return int(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
