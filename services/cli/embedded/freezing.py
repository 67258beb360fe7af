"""Lets programs stand still for a moment, and go on whatever becomes of whoever asked for it.

They are stopped and continued by a small process of its own (this file, run as a program). It waits for the end of its
input, which comes when whoever started it is done, and also when that was killed.
"""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

LONGEST_SECONDS = 30.0
"""Then they go on, also where whoever asked for it is itself suspended."""
STOP_SECONDS = 10.0
"""How long a program may take to stand still: one that waits for a disk does so behind that."""


class NotStill(Exception):
    """The programs did not all stand still, or not for as long as was needed; the message says which."""


@contextmanager
def standing_still(processes: Sequence[psutil.Process]) -> Iterator[None]:
    """All of these and their children stand still inside; raises NotStill where one did not until the end.

    They go on in the order in which they are given.
    """
    if not processes:
        yield
        return
    pids = [process.pid for process in processes]
    all_pids = [*pids, *(child.pid for process in processes for child in _children(process))]
    # Isolated: the folder of this file holds no modules of its own for it.
    command = [sys.executable, "-I", __file__, *map(str, all_pids)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as holder:
        try:
            _wait_until_still(all_pids, pids, holder)
            yield
            # Whoever holds them gives up after a while, or may be killed: then they may have moved.
            if holder.poll() is not None:
                raise NotStill(f"the system did not stand still to the end ({LONGEST_SECONDS:.0f} s at most)")
            _raise_where_moving(all_pids, pids)
        finally:
            assert holder.stdin is not None
            holder.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                holder.wait(STOP_SECONDS)
            _send(all_pids, signal.SIGCONT)  # where the holder itself was killed


def _children(process: psutil.Process) -> list[psutil.Process]:
    with suppress(psutil.Error):
        return list(process.children(recursive=True))
    return []


def _wait_until_still(pids: Sequence[int], needed: Sequence[int], holder: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + STOP_SECONDS
    while holder.poll() is None and time.monotonic() < until:
        if not _moving(pids, needed):
            return
        time.sleep(0.002)  # other processes: nothing tells when the last of their threads stands
    _raise_where_moving(pids, needed)
    raise NotStill("the process that lets the others stand still was ended")


def _raise_where_moving(pids: Sequence[int], needed: Sequence[int]) -> None:
    if moving := _moving(pids, needed):
        raise NotStill(f"these processes did not stand still: {', '.join(map(str, moving))}")


def _moving(pids: Sequence[int], needed: Sequence[int]) -> list[int]:
    """Which do not stand still; of those that are not needed who is gone does not move either."""
    return [pid for pid in pids if not is_still(pid) and (pid in needed or psutil.pid_exists(pid))]


def is_still(pid: int) -> bool:
    """Whether this process is there, and no thread of it runs."""
    try:
        threads = [*Path(f"/proc/{pid}/task").iterdir()]
        return all(_state((thread / "stat").read_text()) in "Tt" for thread in threads)
    except ProcessLookupError:  # a thread that ends as it is looked at
        return False
    except FileNotFoundError:  # gone, or on a system that does not list threads
        with suppress(psutil.Error):
            return bool(psutil.Process(pid).status() == psutil.STATUS_STOPPED)
        return False


def _state(stat: str) -> str:
    """The letter behind the name, which may hold brackets itself."""
    return stat.rpartition(")")[2].split()[0]


def _send(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def hold(pids: Sequence[int]) -> None:
    """Stop these, wait for the end of the input or for LONGEST_SECONDS, and let them go on."""
    try:
        _send(pids, signal.SIGSTOP)
        select.select([sys.stdin], [], [], LONGEST_SECONDS)
    finally:
        _send(pids, signal.SIGCONT)


if __name__ == "__main__":
    hold([int(pid) for pid in sys.argv[1:]])
