"""Counts what somebody tries, in this process, so that nobody tries too often."""

from collections import deque
from collections.abc import Callable
from math import ceil
from time import monotonic


class Throttle:
    """Lets one name try ``of_one`` times, and all together ``of_all`` times, in so many seconds."""

    def __init__(
        self, of_one: int, of_all: int, window_seconds: float, now: Callable[[], float] = monotonic
    ) -> None:
        self._of_one, self._of_all, self._window, self._now = of_one, of_all, window_seconds, now
        self._tries: deque[tuple[float, str]] = deque()

    def wait_seconds(self, name: str) -> int:
        """How long nobody may try under this name; 0 where they may."""
        now = self._now()
        while self._tries and self._tries[0][0] <= now - self._window:
            self._tries.popleft()
        tries = [at for at, tried in self._tries if tried == name]
        if len(self._tries) >= self._of_all:
            tries = [at for at, _ in self._tries]
        elif len(tries) < self._of_one:
            return 0
        return max(1, ceil(tries[0] + self._window - now))

    def begin(self, name: str) -> None:
        """A try, which counts from here on: many may be under way at once."""
        self._tries.append((self._now(), name))

    def forgive(self, name: str) -> None:
        """The last try under this name does not count any more."""
        for place in reversed(range(len(self._tries))):
            if self._tries[place][1] == name:
                del self._tries[place]
                return
