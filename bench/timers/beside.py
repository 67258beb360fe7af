"""Ours and APScheduler's with ten thousand open, in the same store: an idle turn, and what one deadline costs."""

import asyncio
import json
import os
import statistics
import time
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from bench.draining import Say
from bench.machine import ROOT
from bench.timers import issues
from bench.timers.polls import APART, BEFORE, Watched
from shared.bus.document import Stored
from shared.store import Aggregates

THEIR_PYTHON = ROOT / ".venv-bench/bin/python"
THEIR_DATABASE = "jobs"
SLICE, IDLE_TURNS = 400, 60
FIRST = 9_000_000
"""The first number of the issues that are added here."""


class Beside(NamedTuple):
    """Milliseconds of each side: an idle turn; for one deadline of many at once adding, cancelling, firing."""

    ours: dict[str, float]
    theirs: dict[str, float]


async def beside(
    say: Say, store: Aggregates, url: str, small: int, due: Stored, after: Stored
) -> Beside | None:
    """Both sides one after the other; None where there is no .venv-bench."""
    if not THEIR_PYTHON.exists():
        say("APScheduler is left out: no .venv-bench here (`make bench` sets it up)")
        return None
    theirs = await _theirs(url, small)
    ours = await _ours(store, due, after)
    say(f"ours {ours}, APScheduler {theirs}")
    return Beside(ours, theirs)


async def _theirs(url: str, small: int) -> dict[str, float]:
    """In a process of its own."""
    process = await asyncio.create_subprocess_exec(
        str(THEIR_PYTHON),
        *("-m", "bench.timers.jobs", url, THEIR_DATABASE, str(small), str(SLICE), str(IDLE_TURNS)),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"APScheduler failed:\n{errors.decode()[-3000:]}")
    found: dict[str, float] = json.loads(output.decode().splitlines()[-1])
    return found


async def _ours(store: Aggregates, due: Stored, after: Stored) -> dict[str, float]:
    """A deadline of ours is a field of a document that is written anyhow: what is timed is the write of that whole
    document; for firing the turns that post it, without and with the read and the write that follow."""
    now = datetime.now(UTC)
    idle = Watched(store, now - BEFORE)
    turns = []
    for _ in range(IDLE_TURNS):
        turns.append(await idle.turn())
        idle.now += APART
    names = issues.subjects(FIRST, SLICE)
    later = {**after, "due": {"name": "promise/1/due/1", "at": (now + timedelta(hours=1)).isoformat()}}
    new = [
        issues.like(later, {"_id": name, "v": 0, "partition": issues.partition_of(name)}) for name in names
    ]
    adding = await _timed(store, new)
    without = [{key: value for key, value in one.items() if key != "deadline"} | {"v": 2} for one in new]
    cancelling = await _timed(store, without)
    posting = writing = 0.0
    fired = 0
    watched = Watched(store, now)
    while fired < SLICE or watched.posted:
        posting += await watched.turn()
        started = time.perf_counter()
        found = await store.load([one.subject for one in watched.posted])
        assert not await store.write([issues.like(after, one) for one in found.values()])
        writing += time.perf_counter() - started
        fired += len(found)
    return {
        "idle_ms": statistics.median(turns) * 1000,
        "add_ms": adding / SLICE * 1000,
        "cancel_ms": cancelling / SLICE * 1000,
        "fire_ms": posting / fired * 1000,
        "fire_and_write_ms": (posting + writing) / fired * 1000,
    }


async def _timed(store: Aggregates, documents: list[Stored]) -> float:
    started = time.perf_counter()
    assert not await store.write(documents)
    return time.perf_counter() - started
