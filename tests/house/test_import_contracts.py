"""Who may import what is a test: the contracts of pyproject.toml hold, and they leave no kind of aggregate out."""

import subprocess
import sys
import tomllib
from pathlib import Path

from tests.house.repository import ROOT
from tests.house.tables.kinds import kinds


def test_the_import_contracts_hold() -> None:
    program = Path(sys.executable).parent / "lint-imports"
    result = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-1000:]


def test_no_kind_of_aggregate_is_left_out_of_the_contract_on_what_decides() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (pure,) = (contract for contract in contracts if contract["name"].startswith("3."))
    there = {kind.state.__module__.rpartition(".")[0] for _, kind in kinds()}
    assert there <= set(pure["source_modules"])
