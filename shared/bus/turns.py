"""Batches under way at the same time: one is decided while the one before it is written and published.

What must stay in order stays so. Of one aggregate nothing is decided before what came earlier is stored; nothing is
published before what came earlier is; and what comes behind a batch that failed fails with it, for the failed one is
read again.
"""

import asyncio
from collections.abc import Collection, Iterator
from types import TracebackType


class EarlierFailed(RuntimeError):
    """A batch that came before this one failed: both are read again."""


class Turn:
    """One batch on its way through the processor, behind those that began before it."""

    def __init__(self, subjects: Collection[str], before: "Turn | None") -> None:
        self._subjects, self._before = subjects, before
        self._stored, self._over = asyncio.Event(), asyncio.Event()
        self._failed = False

    @property
    def over(self) -> bool:
        """Whether all of it is stored and published, or it failed."""
        return self._over.is_set()

    def waiting(self, subjects: Collection[str]) -> list[str]:
        """Those of these aggregates that batches before this one have not stored yet, in order."""
        busy = {subject for turn in self._earlier() for subject in turn._subjects}
        return [subject for subject in subjects if subject in busy]

    async def to_settle(self) -> None:
        """Wait until everything before it is stored; raises EarlierFailed."""
        for turn in list(self._earlier()):
            await turn._stored.wait()
            turn._must_not_have_failed()

    def settled(self) -> None:
        """All of it is stored."""
        self._stored.set()

    async def to_publish(self) -> None:
        """Wait until everything before it is published; raises EarlierFailed."""
        if self._before is not None:
            await self._before._over.wait()
            self._before._must_not_have_failed()

    def __enter__(self) -> "Turn":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """It is over, whatever became of it; nothing before it is remembered."""
        self._failed, self._before = kind is not None, None
        self._stored.set()
        self._over.set()

    def _earlier(self) -> Iterator["Turn"]:
        """Those before it that are not stored yet, the last one first, and those that failed."""
        turn = self._before
        while turn is not None:
            if turn._failed or not turn._stored.is_set():
                yield turn
            turn = turn._before

    def _must_not_have_failed(self) -> None:
        if self._failed:
            raise EarlierFailed("the batch before this one failed")


class Turns:
    """The order of the batches of one processor."""

    def __init__(self) -> None:
        self._under_way: list[Turn] = []

    def take(self, subjects: Collection[str]) -> Turn:
        """The turn of a batch about these aggregates, behind all that are not over."""
        self._under_way = [turn for turn in self._under_way if not turn.over]
        turn = Turn(subjects, self._under_way[-1] if self._under_way else None)
        self._under_way.append(turn)
        return turn
