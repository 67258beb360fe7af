"""What stands of an issue's clocks and steps once all was said: what was annulled later is left out."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from services.cli.supposing.log import Entry
from shared.contract.events.supervision import (
    BreachAnnulled,
    ClockBreached,
    ClockRecalculated,
    ClockStarted,
    ClockStopped,
    LadderLifted,
    LadderRaised,
)
from shared.contract.words import LadderCause, LiftCause
from shared.domain.reference import BEGINNING
from shared.domain.steps import CLIMBS

Which = tuple[str, int, str]
"""A clock by name, round and assignment; of a name that this version does not know too."""


class Standing(NamedTuple):
    """How often each clock was breached, its newest due date, and each step that was reached, in order."""

    breaches: Mapping[Which, int]
    due: Mapping[Which, datetime]
    steps: tuple[int, ...]

    @property
    def highest(self) -> int:
        """The highest step that was reached; 0 for none."""
        return max(self.steps, default=0)


def by_then(entries: Iterable[Entry], until: datetime) -> list[Entry]:
    """What happened or fell due by ``until``, however late a timer came to it."""
    return [entry for entry in entries if entry.at <= until or _fell_due_at(entry) <= until]


def _fell_due_at(entry: Entry) -> datetime:
    event = entry.event
    late = event.late_seconds if isinstance(event, ClockBreached | LadderRaised) else 0.0
    return entry.at - timedelta(seconds=late)


def standing(entries: Iterable[Entry]) -> Standing:
    """What these events of supervision leave of one issue."""
    breaches: Counter[Which] = Counter()
    due: dict[Which, datetime] = {}
    steps: list[_Step] = []
    for _, event, _ in entries:
        match event:
            case ClockStarted() | ClockRecalculated():
                due[_which(event)] = event.due_at
            case ClockBreached():
                breaches[_which(event)] += 1
            case BreachAnnulled():
                breaches[_which(event)] -= 1
                steps = _without(_which(event), steps, breaches)
            case ClockStopped():
                steps = [step for step in steps if step.which != _which(event) or step.at < event.stopped_at]
            case LadderRaised() if event.because != LadderCause.APPEALED:  # that brings back where it stood
                steps.append(_Step(event.step, _which(event), event.due_at))
            case LadderLifted() if event.because == LiftCause.ANNULLED:
                while steps and steps[-1].step > event.to:
                    steps.pop()
                if event.to and not any(step.step == event.to for step in steps):
                    # It was reached while it stood higher, of which nothing is told.
                    steps.append(_Step(event.to, ("", 0, ""), BEGINNING))
    return Standing(+breaches, due, tuple(step.step for step in steps))


def _without(annulled: Which, steps: list["_Step"], breaches: Mapping[Which, int]) -> list["_Step"]:
    """The steps without those of a breach that was annulled; the first one stays for another breach that stands.

    That had reached it too, of which nothing was told.
    """
    climbing = (one for one, many in breaches.items() if many > 0 and one[0] in CLIMBS)
    other = next(climbing, None)
    kept = [step for step in steps if step.which != annulled or (step.step == 1 and other)]
    return [step._replace(which=other) if other and step.which == annulled else step for step in kept]


class _Step(NamedTuple):
    """A step that was reached: its number, whose breach it climbed for, and its instant."""

    step: int
    which: Which
    at: datetime


def _which(
    event: ClockStarted | ClockRecalculated | ClockBreached | BreachAnnulled | ClockStopped | LadderRaised,
) -> Which:
    return str(event.clock), event.round, event.assignment
