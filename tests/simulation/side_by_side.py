"""What code that does several things at once needs of asyncio, done by the scheduler step by step."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from tests.simulation.world import Ask


class Running:
    """A coroutine under way, as ``asyncio.ensure_future`` gives it."""

    def __init__(self) -> None:
        self._over = False
        self._error: Exception | None = None
        self._callbacks: list[Callable[[Running], None]] = []

    async def run(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        """To its end, whatever that is."""
        try:
            await coroutine
        except Exception as error:
            self._error = error
        self._over = True
        for callback in self._callbacks:
            callback(self)

    def done(self) -> bool:
        """Whether it is over."""
        return self._over

    def exception(self) -> Exception | None:
        """What it raised."""
        return self._error

    def add_done_callback(self, callback: Callable[["Running"], None]) -> None:
        """Call it at the end."""
        self._callbacks.append(callback)


class AllDone:
    """What ``asyncio.wait`` waits for: every one of these, or an instant."""

    def __init__(self, running: Iterable[Running], until: int | None) -> None:
        self._running, self._until = list(running), until

    def ready(self, now_ms: int) -> bool:
        """Whether the wait is over."""
        return all(each.done() for each in self._running) or (
            self._until is not None and now_ms >= self._until
        )


class SideBySide:
    """Stands for the module asyncio in the module of one process: ``spawn`` and ``after`` are the scheduler's."""

    CancelledError = asyncio.CancelledError

    def __init__(
        self,
        clock_ms: Callable[[], int],
        spawn: Callable[[Coroutine[Any, Any, None]], None],
        after: Callable[[int, Callable[[], None]], None],
    ) -> None:
        self._clock_ms, self._spawn, self._after = clock_ms, spawn, after

    def ensure_future(self, coroutine: Coroutine[Any, Any, Any]) -> Running:
        """Begin it."""
        running = Running()
        self._spawn(running.run(coroutine))
        return running

    async def wait(self, running: Iterable[Running], timeout: float | None = None) -> None:
        """Until all are done, or so many seconds are over."""
        until = None if timeout is None else self._clock_ms() + int(timeout * 1000)
        if until is not None:
            self._after(int((timeout or 0) * 1000), lambda: None)  # time passes at least to there
        await Ask("done", AllDone(running, until))

    def get_running_loop(self) -> "SideBySide":
        """There is but this one."""
        return self

    def call_later(self, seconds: float, do: Callable[..., None], *given: Any) -> None:
        """Do something then."""
        self._after(int(seconds * 1000), lambda: do(*given))
