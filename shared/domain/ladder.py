"""When each step of the ladder is due: a breach, a policy and a calendar in; instants out.

Source: clocks.md, The ladder. Every step counts from the one before, whether or not its paper is signed.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from shared.domain.calendar import Calendar
from shared.domain.clocks import Due, Fact, Limit, Policy, Started, read_clock
from shared.domain.steps import NAMES


class Rise(NamedTuple):
    """A step of the ladder and its instant in UTC, 0 for a warning; provisional as a due date is (clocks.md 9)."""

    step: int
    at: datetime
    provisional: bool = False


def rises(
    at: datetime,
    policy: Policy,
    calendar: Calendar,
    *,
    first: int = 1,
    last: int = len(NAMES),
    explained_at: datetime | None = None,
    pauses: Sequence[Fact] = (),
) -> tuple[Rise, ...]:
    """Every step from ``first``, which is reached at ``at``, to ``last``, as long as nobody acts.

    ``explained_at``: when the department explained itself; it puts a step off once, before that is due. ``pauses``:
    Paused and Resumed, as of the clock that was breached. Raises ValueError for a naive instant, or one that leaves the
    calendar's years.
    """
    if explained_at is None and not pauses:
        return _undisturbed(at, _Same(policy), _Same(calendar), first, last)
    return _counted(at, policy, calendar, first, last, explained_at, pauses)


class _Same:
    """A version as a key: the very object, whose fields need not be compared."""

    def __init__(self, version: Policy | Calendar) -> None:
        self.version = version

    def __hash__(self) -> int:
        return id(self.version)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.version is self.version


@lru_cache(maxsize=256)
def _undisturbed(at: datetime, policy: _Same, calendar: _Same, first: int, last: int) -> tuple[Rise, ...]:
    """Counted once for all that is breached in the same instant: mostly that is the end of an office day."""
    assert isinstance(policy.version, Policy)
    assert isinstance(calendar.version, Calendar)
    return _counted(at, policy.version, calendar.version, first, last, None, ())


def _counted(
    at: datetime,
    policy: Policy,
    calendar: Calendar,
    first: int,
    last: int,
    explained_at: datetime | None,
    pauses: Sequence[Fact],
) -> tuple[Rise, ...]:
    def after(since: Due, days: int) -> Due:
        reading = read_clock((Started(since.at, Limit(f"{days}wd")), *pauses), policy, calendar)
        return Due(reading.due_at, since.provisional or reading.provisional)

    due = Due(at, False)
    found = [Rise(first, *due)]
    for before, step in pairwise(policy.steps[first - 1 : last]):
        reached = due.at
        answered_by = after(due, before.answer_days) if before.answer_days else due
        due = after(answered_by, step.after_days)
        if step.more_days and explained_at is not None and reached <= explained_at <= due.at:
            due = after(due, step.more_days)
        found.append(Rise(step.step, *due))
    return tuple(found)


def preview(lamp: int, climbs: Iterable[Iterable[Rise]], warnings: Iterable[Rise] = ()) -> tuple[Rise, ...]:
    """What happens if nobody acts: of all that climb together each step above the lamp, in order, as it is reached.

    ``warnings``: those to come, as step 0, at whichever step it stands.
    """
    found = list({warning.at: warning for warning in warnings}.values())
    for rise in sorted((rise for climb in climbs for rise in climb), key=lambda rise: (rise.at, rise.step)):
        if rise.step > lamp:
            found.append(rise)
            lamp = rise.step
    return tuple(sorted(found, key=lambda rise: (rise.at, rise.step)))
