"""The whole suite, `python -m tests [pytest's options]`: in parts side by side, one of them with a real Kafka.

Each of the first three leaves a core idle while it waits for programs that it started, so there are more of them than
cores. The simulator, which starts nothing and waits for nothing, takes what they leave. What the first part says is
shown as it comes, what the others say behind it. What the tests of a part said is read at its end (marked `last`), in
each of the three; what stands on the real parts, in the first.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from shutil import copyfileobj
from typing import IO

TESTS = Path(__file__).parent
SAID = "security/test_what_was_said_and_logged.py"
PARTS = (
    ("embedded", "faults", "integration", "security"),
    ("browser", "contract", "fuzz", "house", SAID),
    ("portal", "unit", "operations", SAID),
    ("simulation",),
)
"""Folders of this one, so that all parts but the last take about as long."""
YIELDING = 10
"""How much the last part stands back: a process's niceness."""
PASSED, NOTHING_CHOSEN = 0, 5
"""Exit codes of pytest; the second: these options leave nothing of this part."""


def begin(part: tuple[str, ...], options: list[str], output: IO[bytes] | None) -> subprocess.Popen[bytes]:
    """Start a part; what it says goes to the terminal, or into a file."""
    places = [str(TESTS / name) for name in part]
    return subprocess.Popen([sys.executable, "-m", "pytest", *options, *places], stdout=output, stderr=output)


def run(options: list[str], parts: Sequence[tuple[str, ...]] = PARTS) -> int:
    """Run all parts; the exit code of the first that is not well."""
    with ExitStack() as stack:
        outputs = [stack.enter_context(tempfile.TemporaryFile()) for _ in parts[1:]]
        places = [None, *outputs]
        running = [begin(part, options, output) for part, output in zip(parts, places, strict=True)]
        if parts is PARTS:
            os.setpriority(os.PRIO_PROCESS, running[-1].pid, YIELDING)
        codes = [part.wait() for part in running]
        for output in outputs:
            output.seek(0)
            copyfileobj(output, sys.stdout.buffer)
            sys.stdout.flush()
    return next((code for code in codes if code not in (PASSED, NOTHING_CHOSEN)), PASSED)


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
