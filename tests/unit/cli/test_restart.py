"""What `qinqing restart` says where it has nothing to start again; that it does is shown in tests/embedded."""

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.embedded.state import PartState, SystemState, created_at
from services.cli.main import app


@pytest.fixture
def running(tmp_path: Path) -> Path:
    """The folder of a system that seems to run, in this very process."""
    parts = [PartState("kafka", "kafka", 1, "ready"), PartState("intake", "service", 2, "ready")]
    created = created_at(os.getpid()) or 0.0
    SystemState("ready", os.getpid(), created, str(tmp_path), 18400, "", {}, {}, "", parts=parts).write()
    return tmp_path


def test_where_nothing_runs_it_ends_with_1_and_says_so(tmp_path: Path) -> None:
    ended = CliRunner().invoke(app, ["restart", "--data", str(tmp_path)])
    assert ended.exit_code == 1
    assert "Nothing runs" in ended.output


@pytest.mark.parametrize("name", ["kafka", "intakes"])
def test_a_part_that_is_none_of_those_ends_with_2_and_names_those_that_are(running: Path, name: str) -> None:
    ended = CliRunner().invoke(app, ["restart", name, "--data", str(running), "--json"])
    assert ended.exit_code == 2
    said = json.loads(ended.stdout)["error"]
    assert name in said and said.endswith("there are intake.")


def test_a_part_that_does_not_run_now_is_said_and_nothing_is_ended(running: Path) -> None:
    ended = CliRunner().invoke(app, ["restart", "--data", str(running)])
    assert ended.exit_code == 1
    assert "intake does not run just now" in ended.output
