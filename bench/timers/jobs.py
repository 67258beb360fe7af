"""APScheduler's side: 10,000 jobs in its MongoDB job store, in the store that our deadlines are in; run as a file with
the Python of .venv-bench, with the address on the command line and one JSON object as its answer.

What runs is the scheduler itself: one turn of it (`_process_jobs`) asks the job store for what is due, hands each job
to an executor that calls it at once, takes those out that are over, and asks when the next one is due. Jobs may be late
here, which it would skip by default.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pymongo
from apscheduler.executors.debug import DebugExecutor  # type: ignore[import-not-found]
from apscheduler.jobstores.mongodb import MongoDBJobStore  # type: ignore[import-not-found]
from apscheduler.schedulers.base import BaseScheduler  # type: ignore[import-not-found]


class Turned(BaseScheduler):
    """A scheduler that takes a turn when it is told to."""

    def wakeup(self) -> None:
        """Nobody waits."""

    def shutdown(self, wait: bool = True) -> None:
        """Nothing runs on."""

    def turn(self) -> float:
        """Seconds of one turn."""
        return timed(self._process_jobs)


def timed(work: Callable[[], Any]) -> float:
    """The seconds that this takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


FIRED: list[int] = []


def fire(number: int) -> None:
    """What a job does: it is noted."""
    FIRED.append(number)


def main(url: str, database: str, jobs: int, slice: int, polls: int) -> dict[str, float]:
    """Milliseconds: of an idle turn, and for one job of adding, of cancelling and of firing a slice of due ones.

    Whatever a job is about would be written besides; ours has that in all but one of its numbers.
    """
    client: Any = pymongo.MongoClient(url)
    scheduler = Turned(
        jobstores={"default": MongoDBJobStore(database=database, client=client)},
        executors={"default": DebugExecutor()},
        job_defaults={"misfire_grace_time": None},
        timezone=UTC,
    )
    scheduler.start()
    now = datetime.now(UTC)

    def add(numbers: range, at: datetime, apart: timedelta = timedelta(0)) -> None:
        for number in numbers:
            scheduler.add_job(
                fire, "date", run_date=at + number * apart, args=[number], id=f"issue-{number:07d}"
            )

    def cancel(numbers: range) -> None:
        for number in numbers:
            scheduler.remove_job(f"issue-{number:07d}")

    add(range(jobs), now + timedelta(hours=8), timedelta(seconds=1))
    idle = [scheduler.turn() for _ in range(polls)]
    more = range(jobs, jobs + slice)
    adding = timed(lambda: add(more, now + timedelta(hours=1)))
    cancelling = timed(lambda: cancel(more))
    add(more, now)
    firing = scheduler.turn()
    assert sorted(FIRED) == list(more), f"{len(FIRED)} jobs fired of {slice}"
    return {
        "idle_ms": statistics.median(idle) * 1000,
        "add_ms": adding / slice * 1000,
        "cancel_ms": cancelling / slice * 1000,
        "fire_ms": firing / slice * 1000,
        "fire_and_write_ms": firing / slice * 1000,
    }


if __name__ == "__main__":
    address, name, *sizes = sys.argv[1:]
    print(json.dumps(main(address, name, *map(int, sizes))))
