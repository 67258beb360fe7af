"""Programs stand still while somebody needs it, and go on whatever becomes of that one."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from services.cli.embedded import freezing
from services.cli.embedded.freezing import LONGEST_SECONDS, NotStill, is_still, standing_still

WRITES = "import sys\nwhile True: open(sys.argv[1], 'a').write('x')"
ASKS = """
import sys, psutil
from services.cli.embedded.freezing import standing_still
with standing_still([psutil.Process(int(sys.argv[1]))]):
    print("still", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[psutil.Process]:
    """A program that writes as long as it moves."""
    with subprocess.Popen([sys.executable, "-c", WRITES, str(tmp_path / "written")]) as process:
        wait_until_it_writes(tmp_path / "written")
        yield psutil.Process(process.pid)
        process.kill()


def wait_until_it_writes(file: Path) -> None:
    """Return once it was written to; long before the holder would lose its patience by itself."""
    size = file.stat().st_size if file.exists() else 0
    until = time.monotonic() + LONGEST_SECONDS / 2
    while not file.exists() or file.stat().st_size == size:
        assert time.monotonic() < until, "it stands still"
        time.sleep(0.01)  # another process; nothing else tells


def kill(process: psutil.Process) -> None:
    """End it; its own parent waits for it later."""
    process.send_signal(signal.SIGKILL)
    while process.status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)  # another process; the system ends it


def kill_the_holder() -> None:
    """End the process that lets the others stand still: the child that came last."""
    kill(psutil.Process().children()[-1])


def test_inside_nothing_is_written_and_afterwards_it_goes_on(writer: psutil.Process, tmp_path: Path) -> None:
    with standing_still([writer]):
        assert is_still(writer.pid)
        size = (tmp_path / "written").stat().st_size
        for _ in range(50):
            os.sched_yield()
            assert (tmp_path / "written").stat().st_size == size
    wait_until_it_writes(tmp_path / "written")


def test_it_goes_on_where_whoever_asked_for_it_is_killed(writer: psutil.Process, tmp_path: Path) -> None:
    command = [sys.executable, "-c", ASKS, str(writer.pid)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as asker:
        assert asker.stdout is not None
        assert asker.stdout.readline() == b"still\n"
        assert is_still(writer.pid)
        asker.kill()
        asker.wait()
    wait_until_it_writes(tmp_path / "written")


def test_it_goes_on_and_says_so_where_the_one_that_holds_it_is_killed(
    writer: psutil.Process, tmp_path: Path
) -> None:
    with pytest.raises(NotStill, match="to the end"), standing_still([writer]):
        kill_the_holder()
    wait_until_it_writes(tmp_path / "written")


def test_it_goes_on_and_says_so_where_it_takes_too_long(
    writer: psutil.Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Path(freezing.__file__).read_text().replace("LONGEST_SECONDS = 30.0", "LONGEST_SECONDS = 0.1")
    (tmp_path / "short.py").write_text(source)
    monkeypatch.setattr(freezing, "__file__", str(tmp_path / "short.py"))
    with pytest.raises(NotStill, match="did not stand still"), standing_still([writer]):
        wait_until_it_writes(tmp_path / "written")


def test_a_program_that_dies_meanwhile_is_said(writer: psutil.Process) -> None:
    with pytest.raises(NotStill, match=str(writer.pid)), standing_still([writer]):
        kill(writer)


def test_an_error_inside_lets_it_go_on(writer: psutil.Process, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="full"), standing_still([writer]):
        raise OSError("a disk is full")
    wait_until_it_writes(tmp_path / "written")
