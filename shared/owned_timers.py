"""The deadlines of one partition that this worker owns: what was read ahead, and what is in flight."""

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from shared.deadlines import (
    MILESTONE,
    Deadlines,
    DueDeadline,
    Piece,
    behind,
    cut,
    milestones,
    pieces,
    read_piece,
)

PATIENCE = timedelta(seconds=60)
"""How long answers are waited for before a slice is posted again; it doubles each time."""
MOST_TRIES = 10
LATE, DAY = timedelta(minutes=5), timedelta(days=1)
DOUBLINGS = 9
"""Sent again when 5, 10, 20 … minutes late, the last time at 21 hours; then once a day."""
EXACT = 16
"""With more milestones than this among the late deadlines their number is estimated."""


class Horizon(NamedTuple):
    """How far the timers look, as places: what may fire ends at ``to``, what must be known at ``known``; where more
    has to be read it is read up to ``look``."""

    to: str
    known: str
    look: str


class Late(NamedTuple):
    """How many deadlines are late: those that wait for nothing, those whose aggregate holds events, and those before
    which other owners' events are still unread."""

    overdue: int
    held: int
    waiting: int


class OwnedTimers:
    """One partition from its oldest deadline on; a new owner begins with an empty one."""

    def __init__(self, number: int, now: datetime, *, without_held: bool = False) -> None:
        """``without_held``: the deadline of an aggregate that holds events would be void; its release is a write."""
        self.number = number
        self._without_held = without_held
        self._ahead: dict[str, DueDeadline] = {}
        """By subject: what was read or written and not yet posted."""
        self._order: list[DueDeadline] | None = []
        """The same in order of place; None after a change."""
        self.in_flight: dict[str, DueDeadline] = {}
        """By key: what was posted and not yet answered."""
        self.posted_at = now
        self.together = 0
        """Documents that were in flight in all partitions when this one's slice was posted."""
        self.tries = 0
        """How often its slice was posted again."""
        self.audited_at = now
        self.again: deque[tuple[str, str]] = deque()
        """Ranges in which the auditor found something: read before anything else."""
        self.read_to = ""
        """Everything before this place was read."""
        self.cut_to = ""
        """Everything before this place was cut into pieces."""
        self._pieces: deque[Piece] = deque()

    def in_order(self) -> list[DueDeadline]:
        """What was read or written and not yet posted, in order of place."""
        if self._order is None:
            self._order = sorted(self._ahead.values(), key=_place)
        return self._order

    def due(self, to: str) -> int:
        """How many of them may be posted: those before ``to``."""
        return bisect_left(self.in_order(), to, key=_place)

    def knows(self, enough: int, to: str) -> bool:
        """Whether so many due deadlines were read, or all that are due and the next one; while the auditor's finds are
        read, whether so many are due: more would hold up a batch."""
        if self.again:
            return self.due(to) >= enough
        if self.read_to < to:
            return self.due(self.read_to) >= enough
        return self.due(self.read_to) > 0

    async def read(self, store: Deadlines, horizon: Horizon) -> bool:
        """Read one more piece of the index; False when enough of it is known."""
        if self.again:
            low, high = self.again[0]
            fresh = await milestones(store, self.number, low, high)
            found = await read_piece(store, self.number, Piece(low, high, tuple(fresh)))
            self.again.popleft()
            self._take_in(entry for entry in found if not entry.held)
            return True
        if not self._pieces and not await self._cut(store, horizon):
            return False
        piece, before = self._pieces[0], self.read_to
        self.read_to = piece.high  # what is written in it from here on is taken from the write
        try:
            found = await read_piece(store, self.number, piece)
        except BaseException:
            self.read_to = before
            raise
        self._pieces.popleft()
        self._take_in(found)
        return True

    async def _cut(self, store: Deadlines, horizon: Horizon) -> bool:
        """Cut what was not looked at yet into pieces."""
        before = self.cut_to
        if before >= horizon.known:
            return False
        self.cut_to = horizon.look  # a milestone that is written in it from here on is taken from the write
        try:
            self._pieces.extend(await cut(store, self.number, before, horizon.look))
        except BaseException:
            self.cut_to = before
            raise
        return True

    def _take_in(self, found: Iterable[DueDeadline]) -> None:
        for entry in found:
            known = self._ahead.get(entry.subject)
            if known is not None and known.version > entry.version:
                continue
            if entry.held and self._without_held:
                self.forget(entry.subject)
            elif entry.key not in self.in_flight:
                self._ahead[entry.subject], self._order = entry, None

    def forget(self, subject: str) -> None:
        """Nothing of this aggregate is due before what was read."""
        if self._ahead.pop(subject, None) is not None:
            self._order = None

    def written(self, entry: DueDeadline) -> bool:
        """A document was written with this deadline; True where reading has passed it, so that it is known now."""
        if entry.place >= (self.cut_to if entry.milestone else self.read_to):
            self.forget(entry.subject)
            return False
        self._take_in([entry])
        return True

    def take(self, most: int, to: str, now: datetime) -> list[DueDeadline]:
        """The next slice, in flight from now on."""
        order = self.in_order()
        due = order[: min(most, self.due(to))]
        del order[: len(due)]
        for entry in due:
            del self._ahead[entry.subject]
        self.in_flight = {entry.key: entry for entry in due}
        self.posted_at, self.tries = now, 0
        return due

    def take_again(self, now: datetime) -> list[DueDeadline]:
        """The slice in flight once more where its answers did not come in time; a held one waits for its release."""
        if not self.in_flight or now < self.patient_until():
            return []
        self.in_flight = {key: entry for key, entry in self.in_flight.items() if not entry.held}
        self.posted_at, self.tries = now, self.tries + 1
        return list(self.in_flight.values())

    def take_back(self) -> None:
        """The post failed: what was not answered all the same is due as before."""
        entries, self.in_flight = list(self.in_flight.values()), {}
        self._take_in(entries)

    def patient_until(self) -> datetime:
        """When the slice in flight counts as lost."""
        return self.posted_at + PATIENCE * 2 ** min(self.tries, MOST_TRIES)

    async def audit(self, store: Deadlines, now: datetime, to: str) -> Late:
        """Count what is five minutes late; ``to``: what may fire ends there.

        What was posted, is still there and waits for nothing is sent again, each deadline after a pause that doubles.
        """
        end = behind(now - LATE)
        marks = await milestones(store, self.number, "", end)
        few = len(marks) <= EXACT
        found = await read_piece(store, self.number, Piece("", end, tuple(marks))) if few else marks
        for low, high in _windows(self.audited_at, now):
            high = min(high, self.read_to)
            if low < high and (not few or any(low <= entry.place < high for entry in found)):
                within = [entry for entry in marks if low <= entry.place < high]
                self.again.extend((piece.low, piece.high) for piece in pieces(within, low, high))
        self.audited_at = now
        weight = 1 if few else MILESTONE
        held = weight * sum(entry.held for entry in found)
        waiting = weight * sum(not entry.held and entry.place >= to for entry in found)
        return Late(weight * len(found) - held - waiting, held, waiting)


def _windows(before: datetime, now: datetime) -> list[tuple[str, str]]:
    """The places of what has become 5, 10, 20 … minutes late since ``before``; once a day all that is a day late."""
    late = [LATE * 2**doubling for doubling in range(DOUBLINGS)]
    windows = [(behind(before - by), behind(now - by)) for by in late]
    return [*windows, ("", behind(now - DAY))] if before.date() != now.date() else windows


def _place(entry: DueDeadline) -> str:
    return entry.place
