"""The record of the proofs: what is run anew replaces its own folders, and each keeps the commit that it was run on."""

import json
from pathlib import Path

import pytest

from tests import proving
from tests.__main__ import PARTS
from tests.proving import Proved, asked_for, result

FIRST, SECOND = "tests/browser/test_a.py::test_b", "tests/unit/test_c.py::test_d"


def test_what_is_run_anew_loses_what_was_on_record_of_them_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proving, "FOLDER", tmp_path)
    known = {FIRST: Proved("passed", 3, "one"), SECOND: Proved("failed", 1, "two")}
    (tmp_path / "prove.json").write_text(json.dumps(result(known, 4).as_json({})))
    assert asked_for(["unit"]) == ((("unit",),), {FIRST: known[FIRST]})
    assert asked_for(["failed"]) == ((("unit/test_c.py::test_d",),), {FIRST: known[FIRST]})
    assert asked_for([]) == (PARTS, {}), "a whole run is a record of its own"


def test_a_proof_that_failed_misses_the_goal_and_each_commit_counts_once() -> None:
    found = result({FIRST: Proved("passed", 3, "one"), SECOND: Proved("failed", 1, "one")}, 4)
    assert {measure.name: (measure.value, measure.met) for measure in found.measures} == {
        "proofs that passed": (1, None),
        "proofs that failed": (1, False),
        "proofs that cannot be run here": (0, None),
        "commits that they were run on": (1, None),
        "the last run": (4, None),
    }
