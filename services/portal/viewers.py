"""Who looks at which list now, and how often each may be drawn so that there is time for everything else."""

from collections import Counter
from collections.abc import Hashable

PAUSE_SECONDS = 0.3
"""Between two drawings of a list: of many changes at once the last state is sent."""
SHARE = 2
"""All open lists together are drawn for at most one part in so many of the time."""


class Viewers:
    """Of one portal; used by the event loop's thread alone."""

    def __init__(self) -> None:
        self._open: Counter[Hashable] = Counter()
        self._heard: object = None
        self.turn = 0
        """Grows with every change: what was drawn at one turn is as new as anybody has heard of then."""

    def __len__(self) -> int:
        """How many people look at a list."""
        return self._open.total()

    def begin(self, key: Hashable) -> None:
        """One more looks at this one; as long as nobody did, changes were not heard of."""
        self.turn += not self._open
        self._open[key] += 1

    def end(self, key: Hashable) -> None:
        """One fewer."""
        self._open[key] -= 1
        if not self._open[key]:
            del self._open[key]

    def heard(self, what: object) -> None:
        """Something changed, which everybody who looks at a list is told in turn."""
        self.turn += what is not self._heard
        self._heard = what

    def pause(self, took: float, now: float) -> float:
        """How long to wait when drawing one list took so many seconds: for all who look at it until the same instant,
        so that the next one too is drawn once."""
        pause = max(PAUSE_SECONDS, SHARE * took * len(self._open))
        return pause - now % pause
