"""What documents take from the code is up to date: the generators run again and must write the same."""

import subprocess
import sys

from tests.house.repository import ROOT


def test_nothing_generated_is_stale() -> None:
    """In a process of its own: what other tests add to the contract's registers is not in the documents."""
    command = [sys.executable, "-m", "tests.house.generate", "--check"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, f"run make docs: {found.stdout}{found.stderr}"
