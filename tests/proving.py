"""The proofs that take minutes, `python -m tests.proving [folders of tests]`: run side by side, and the result kept.

What `make prove` found is in `bench/results/prove.json` and, with everything that was measured, in
`docs/measurements.md`. With folders, `python -m tests.proving browser house`, their proofs alone are run, and stand in
the record beside what the others gave before; each with the commit that it was run on. `python -m tests.proving failed`
runs those alone that failed when they were last run. In each part of the suite this
module is a plugin of pytest, which writes down what came of each test.
"""

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest

from bench.machine import describe
from bench.results import FOLDER, Measure, Result, keep
from tests.__main__ import PARTS, run

FAILED = "failed"
"""What pytest calls it; and what is asked for where all of these are to be run again."""
WRITTEN = "QINQING_PROOFS_FOLDER"
"""Where each part writes what it found."""


class Proved(NamedTuple):
    """What came of a proof, in how many seconds, and on which commit."""

    outcome: str
    seconds: int
    commit: str


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
        Path(os.environ[WRITTEN], f"{os.getpid()}.json").write_text(json.dumps(found))


def pytest_configure(config: pytest.Config) -> None:
    """As a plugin, in one part."""
    config.pluginmanager.register(Proofs())


def result(proofs: Mapping[str, Proved], seconds: float) -> Result:
    """All of it as one result; every proof that there is has to pass, or to say why it cannot be run."""
    outcomes = [proof.outcome for proof in proofs.values()]
    measures = [
        Measure("proofs that passed", outcomes.count("passed"), "tests"),
        Measure("proofs that failed", outcomes.count(FAILED), "tests", 0),
        Measure("proofs that cannot be run here", outcomes.count("skipped"), "tests"),
        Measure("commits that they were run on", len({proof.commit for proof in proofs.values()}), "commits"),
        Measure("the last run", round(seconds), "s"),
    ]
    return Result("prove", measures, {"proofs": {name: [*proofs[name]] for name in sorted(proofs)}})


def on_record() -> dict[str, Proved]:
    """What came of each proof when it was last run."""
    file = FOLDER / "prove.json"
    known = json.loads(file.read_text())["detail"]["proofs"] if file.exists() else {}
    return {name: Proved(*one) for name, one in known.items()}


def asked_for(places: Sequence[str]) -> tuple[Sequence[tuple[str, ...]], dict[str, Proved]]:
    """What is run, in parts, and what stays on record of the others: of folders of tests, of all that failed, or of
    nothing, which is a whole run, a record of its own. Exits where there is no such folder.
    """
    known = on_record()
    if [*places] == [FAILED]:
        again = [name for name, proof in known.items() if proof.outcome == FAILED]
        parts = (tuple(name.removeprefix("tests/") for name in again),) if again else ()
        return parts, {name: proof for name, proof in known.items() if name not in again}
    parts = tuple(chosen for part in PARTS if (chosen := tuple(one for one in part if one in places)))
    if strange := {*places} - {name for part in parts for name in part}:
        sys.exit(f"no folder of tests: {', '.join(sorted(strange))}")
    others = {name: proof for name, proof in known.items() if name.split("/")[1] not in places}
    return parts or PARTS, others if places else {}


def main(places: list[str]) -> int:
    """Run them, and keep what they gave; pytest's exit code."""
    machine, began = describe(), time.perf_counter()
    parts, others = asked_for(places)
    if not parts:
        return 0
    with TemporaryDirectory() as folder:
        os.environ[WRITTEN] = folder
        code = run(["-m", "prove", "-p", "tests.proving"], parts)
        found = [json.loads(part.read_text()) for part in Path(folder).iterdir()]
    proofs = others | {
        name: Proved(outcome, round(seconds), machine["commit"])
        for part in found
        for name, (outcome, seconds) in part.items()
    }
    keep(result(proofs, time.perf_counter() - began).as_json(machine))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
