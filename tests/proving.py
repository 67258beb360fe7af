"""The proofs that take minutes, `python -m tests.proving [pytest's options]`: run side by side, and the result kept.

What `make prove` found is in `bench/results/prove.json` and, with everything that was measured, in
`docs/measurements.md`. With options, which leave some out, nothing is kept. In each part of the suite this module is a
plugin of pytest, which writes down what came of each test.
"""

import json
import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bench.machine import describe
from bench.results import Measure, Result, keep
from tests.__main__ import run

FOLDER = "QINQING_PROOFS_FOLDER"
"""Where each part writes what it found."""


class Proofs:
    """What came of each test of a part, and how many seconds each took."""

    def __init__(self) -> None:
        self.outcomes: dict[str, str] = {}
        self.seconds: dict[str, float] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Setup, the test itself, and what comes behind it: the first that does not pass says what came of it."""
        name = report.nodeid
        self.seconds[name] = self.seconds.get(name, 0) + report.duration
        if self.outcomes.get(name, "passed") == "passed":
            self.outcomes[name] = report.outcome

    def pytest_sessionfinish(self) -> None:
        """Hand it on."""
        found = {name: (outcome, self.seconds[name]) for name, outcome in self.outcomes.items()}
        Path(os.environ[FOLDER], f"{os.getpid()}.json").write_text(json.dumps(found))


def pytest_configure(config: pytest.Config) -> None:
    """As a plugin, in one part."""
    config.pluginmanager.register(Proofs())


def result(found: dict[str, tuple[str, float]], seconds: float) -> Result:
    """All of it as one result; every proof that there is has to pass, or to say why it cannot be run."""
    outcomes = [outcome for outcome, _ in found.values()]
    measures = [
        Measure("proofs that passed", outcomes.count("passed"), "tests"),
        Measure("proofs that failed", outcomes.count("failed"), "tests", 0),
        Measure("proofs that cannot be run here", outcomes.count("skipped"), "tests"),
        Measure("whole run", round(seconds), "s"),
    ]
    proofs = {name: f"{outcome}, {took:.0f} s" for name, (outcome, took) in sorted(found.items())}
    return Result("prove", measures, {"proofs": proofs})


def main(options: list[str]) -> int:
    """Run them; pytest's exit code."""
    machine, began = describe(), time.perf_counter()
    with TemporaryDirectory() as folder:
        os.environ[FOLDER] = folder
        code = run(["-m", "prove", "-p", "tests.proving", *options])
        parts = [json.loads(part.read_text()) for part in Path(folder).iterdir()]
    if not options:
        found = {name: (outcome, took) for part in parts for name, (outcome, took) in part.items()}
        keep(result(found, time.perf_counter() - began).as_json(machine))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
