"""The whole suite, `python -m tests [pytest's options]`: two halves side by side, each with a Kafka of its own.

One process alone leaves a core idle while it waits for programs that it started. What the first half says is shown as
it comes, what the other says behind it. What reads all that a run left (marked `last`) reads it in each half.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from shutil import copyfileobj

TESTS = Path(__file__).parent
LAST = "security/test_what_a_whole_run_leaves.py"
HALVES = (
    ("integration", "browser", "security"),
    ("contract", "faults", "fuzz", "house", "portal", "simulation", "unit", LAST),
)
"""Folders of this one, so that both halves take about as long."""
PASSED, NOTHING_CHOSEN = 0, 5
"""Exit codes of pytest; the second: these options leave nothing of this half."""


def command(half: tuple[str, ...], options: list[str]) -> list[str]:
    """What runs a half."""
    places = [str(TESTS / name) for name in half]
    return [sys.executable, "-m", "pytest", *options, *places]


def run(options: list[str]) -> int:
    """Run both; the exit code of the first that is not well."""
    first, other = (command(half, options) for half in HALVES)
    with tempfile.TemporaryFile() as output, subprocess.Popen(other, stdout=output, stderr=output) as beside:
        codes = [subprocess.run(first).returncode, beside.wait()]
        output.seek(0)
        copyfileobj(output, sys.stdout.buffer)
        sys.stdout.flush()
    return next((code for code in codes if code not in (PASSED, NOTHING_CHOSEN)), PASSED)


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
