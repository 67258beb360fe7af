"""One turn of the timers, where nothing is due and where much is: at ten thousand open deadlines and at a million.

The timers are the service's own, on the real store; what they post is answered at once, and their clock is told. Both
collections take their turns one after the other, so that whatever else the machine does falls on both.
"""

import statistics
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from bench.timers.issues import PARTITIONS
from shared.deadlines import DueDeadline
from shared.store import Aggregates
from shared.timers import ACTOR, GATEWAY, MOST, Timers

IDLE_TURNS, DRAINS = 60, 5
APART = timedelta(seconds=5)
"""Between idle turns: as long as the timers sleep where nothing comes."""
BEFORE = timedelta(days=9)
"""Idle turns are so long before now: before everything that is due, across a holiday too."""


class Watched:
    """Timers with a clock that is told, and what they posted in their last turn."""

    def __init__(self, store: Aggregates, now: datetime) -> None:
        self.now = now
        self.posted: list[DueDeadline] = []
        self._timers = Timers(store, self._post, now=lambda: self.now)
        self._timers.assigned(range(PARTITIONS))

    async def turn(self) -> float:
        """The seconds of one turn; what it posted is answered then."""
        self.posted = []
        started = time.perf_counter()
        await self._timers.turn()
        seconds = time.perf_counter() - started
        self._timers.handled([], [f"{GATEWAY}/{ACTOR}/{due.key}" for due in self.posted])
        return seconds

    async def _post(self, due: Sequence[DueDeadline]) -> None:
        self.posted += due


class Turns(NamedTuple):
    """Seconds of idle turns, of the mean turn with a full slice in each drain, and the sizes of those slices."""

    idle: list[float]
    slice: list[float]
    sizes: list[int]

    @property
    def idle_ms(self) -> float:
        """The median."""
        return statistics.median(self.idle) * 1000

    @property
    def slice_ms(self) -> float:
        """The median."""
        return statistics.median(self.slice) * 1000


async def side_by_side(stores: Sequence[Aggregates], idle_from: datetime, due_by: datetime) -> list[Turns]:
    """The turns in each of these collections; from ``idle_from`` on nothing is due for a while, by ``due_by`` much is.

    Fails unless the same was posted in all of them.
    """
    turns = [Turns([], [], []) for _ in stores]
    idle = [Watched(store, idle_from) for store in stores]
    for number in range(IDLE_TURNS):
        for place in _order(len(stores), number):
            seconds = await idle[place].turn()
            assert not idle[place].posted
            idle[place].now += APART
            if number:  # the first one reads all that is behind
                turns[place].idle.append(seconds)
    for _ in range(DRAINS):
        await _drained(stores, due_by, turns)
    assert all(one.sizes == turns[0].sizes for one in turns), [one.sizes for one in turns]
    return turns


async def _drained(stores: Sequence[Aggregates], due_by: datetime, turns: Sequence[Turns]) -> None:
    """Everything that is due, slice by slice, in each collection in turn: the mean turn of full slices, for not each
    of them has to read."""
    watched, number = [Watched(store, due_by) for store in stores], 0
    seconds: list[list[float]] = [[] for _ in stores]
    while True:
        for place in _order(len(stores), number):
            taken = await watched[place].turn()
            size = len(watched[place].posted)
            if size >= MOST // 4:  # half of the partitions, once the size has grown
                seconds[place].append(taken)
                turns[place].sizes.append(size)
        if not any(one.posted for one in watched):
            break
        number += 1
    for place, found in enumerate(seconds):
        turns[place].slice.append(statistics.mean(found))


def _order(many: int, number: int) -> Sequence[int]:
    return range(many) if number % 2 == 0 else range(many - 1, -1, -1)
