"""The whole suite, `python -m tests [pytest's options]`: in parts side by side, each with a Kafka of its own.

Each leaves a core idle while it waits for programs that it started, so there are more of them than cores. What the
first part says is shown as it comes, what the others say behind it. What reads all that a run left (marked `last`)
reads it in each part.
"""

import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from shutil import copyfileobj
from typing import IO

TESTS = Path(__file__).parent
LAST = "security/test_what_a_whole_run_leaves.py"
PARTS = (
    ("embedded", "house", "integration", LAST),
    ("browser", "fuzz", "portal", LAST),
    ("contract", "faults", "security", "simulation", "unit"),
)
"""Folders of this one, so that all parts take about as long."""
PASSED, NOTHING_CHOSEN = 0, 5
"""Exit codes of pytest; the second: these options leave nothing of this part."""


def begin(part: tuple[str, ...], options: list[str], output: IO[bytes] | None) -> subprocess.Popen[bytes]:
    """Start a part; what it says goes to the terminal, or into a file."""
    places = [str(TESTS / name) for name in part]
    return subprocess.Popen([sys.executable, "-m", "pytest", *options, *places], stdout=output, stderr=output)


def run(options: list[str]) -> int:
    """Run all parts; the exit code of the first that is not well."""
    with ExitStack() as stack:
        outputs = [stack.enter_context(tempfile.TemporaryFile()) for _ in PARTS[1:]]
        places = [None, *outputs]
        running = [begin(part, options, output) for part, output in zip(PARTS, places, strict=True)]
        codes = [part.wait() for part in running]
        for output in outputs:
            output.seek(0)
            copyfileobj(output, sys.stdout.buffer)
            sys.stdout.flush()
    return next((code for code in codes if code not in (PASSED, NOTHING_CHOSEN)), PASSED)


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
