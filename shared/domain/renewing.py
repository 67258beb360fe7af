"""What a new calendar or policy makes of a clock that runs, and of the steps of a ladder to come.

Whoever previews it and whoever does it count by these functions alone. Source of the rules: clocks.md 8 and 9.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from shared.contract.words import ClockName, Recalculation
from shared.domain.calendar import first_difference
from shared.domain.clocks import (
    SHANGHAI,
    Entry,
    Fact,
    Limit,
    Policy,
    Reading,
    Recalculated,
    facts_of,
    read_clock,
)
from shared.domain.ladder import Rise, rises
from shared.domain.reference import Reference, Renewal

IN_ROUNDS = (ClockName.PROMISE, ClockName.HOLDING)
"""The clocks for which the policy has another limit in a new round, however that came to who holds it."""


RENEWED = (Recalculation.POLICY, Recalculation.CALENDAR)
"""The kinds of entries of a clock's history that say by which version it was recalculated."""
DATED = (ClockName.INSTRUCTION,)
"""The clocks whose date a person set: no policy moves it, and a calendar moves it off a rest day at most."""


class Running(NamedTuple):
    """One clock as its history tells it: its facts, the versions it began by, and by which it was recalculated since.

    ``limit`` is what it began with; ``renewed_by``: (which of the two, from when on, version), the earlier in force
    first.
    """

    name: str
    round: int
    limit: Limit
    history: tuple[Fact, ...]
    policy: str
    calendar: str
    renewed_by: tuple[tuple[str, datetime, str], ...] = ()

    def version(self, which: Recalculation) -> str:
        """The version of policy or calendar by which it runs."""
        began = self.policy if which is Recalculation.POLICY else self.calendar
        return next((version for kind, _, version in reversed(self.renewed_by) if kind == which), began)

    def renewed(self, renewal: Renewal) -> "Running":
        """The same clock, recalculated by a version."""
        by = (str(renewal.because), renewal.at, renewal.version)
        return self._replace(renewed_by=tuple(sorted((*self.renewed_by, by), key=lambda one: one[1])))


def running(name: str, round: int, history: Sequence[Entry], policy: str, calendar: str) -> Running:
    """A clock as a document keeps it: by what it was recalculated stands among its facts, the start is the first.

    Policy and calendar are the versions that it began by.
    """
    renewed_by = sorted((entry for entry in history if entry[0] in RENEWED), key=lambda entry: entry[1])
    began = Limit(history[0][2])
    return Running(name, round, began, without_renewals(history), policy, calendar, tuple(renewed_by))


def without_renewals(history: Iterable[Entry]) -> tuple[Fact, ...]:
    """The facts of a clock's history, without that by which it was recalculated."""
    return tuple(facts_of(entry for entry in history if entry[0] not in RENEWED))


def limit_of(name: str, round: int, policy: Policy) -> Limit | None:
    """How long a policy gives this clock in this round; None where it was published before there was the clock."""
    return policy.limits.get("rework" if name in IN_ROUNDS and round > 1 else name)


def read_running(clock: Running, reference: Reference, warnings: Sequence[str] | None = None) -> Reading:
    """What the clock's history says by its own versions; raises NotPublished without them.

    ``warnings``: other thresholds than those of its newest policy.
    """
    newest = reference.policies.named(clock.version(Recalculation.POLICY))
    return read_clock(
        clock.history,
        reference.policies.named(clock.policy),
        reference.calendars.named(clock.calendar),
        warnings=newest.warnings_of(clock.name) if warnings is None else warnings,
        recalculated=[*_recalculations(clock, reference)],
    )


def _recalculations(clock: Running, reference: Reference) -> Iterator[Recalculated]:
    limit, policy = clock.limit, reference.policies.named(clock.policy)
    by_a_date = limit != (limit_of(clock.name, clock.round, policy) or limit)
    calendar = reference.calendars.named(clock.calendar)
    for which, at, version in clock.renewed_by:
        if which == Recalculation.POLICY:
            policy = reference.policies.named(version)
            # What ends on a day that somebody named is no limit of a policy.
            kept = by_a_date or clock.name in DATED
            limit = (None if kept else limit_of(clock.name, clock.round, policy)) or clock.limit
        else:
            calendar = reference.calendars.named(version)
        yield Recalculated(at, limit, policy, calendar)


def moved(clock: Running, due_at: datetime, renewal: Renewal, reference: Reference) -> Reading | None:
    """The reading of a running clock by this version; None where its date stays and is as certain as before.

    ``due_at``: as it was told. Due before the version was in force, it stays. Raises NotPublished.
    """
    own = clock.version(renewal.because)
    if renewal.at > due_at or not replaces(renewal, own, reference):
        return None
    if renewal.because is Recalculation.CALENDAR:
        tables = reference.calendars.named(own), reference.calendars.named(renewal.version)
        differs_on = first_difference(*tables)
        if differs_on is None or due_at.astimezone(SHANGHAI).date() < differs_on:
            return None  # the ordinary case, for which nothing has to be counted
    elif _gives_the_same(clock, reference.policies.named(own), reference.policies.named(renewal.version)):
        return None
    before, after = read_running(clock, reference), read_running(clock.renewed(renewal), reference)
    same = (after.due_at, after.provisional) == (due_at, before.provisional)
    return None if same else after


def caught_up(clock: Running, now: datetime, reference: Reference) -> Reading:
    """The reading of a clock once every version that is in force by ``now`` has reached it, as a walk will let it;
    raises NotPublished."""
    reading = read_running(clock, reference)
    for renewal in reference.renewals:
        if renewal.at <= now and (after := moved(clock, reading.due_at, renewal, reference)) is not None:
            clock, reading = clock.renewed(renewal), after
    return reading


def _gives_the_same(clock: Running, before: Policy, after: Policy) -> bool:
    """Whether a clock that was never recalculated has the same time under both policies, so that none has to be
    counted: its limit is the same, and so are the office's hours."""
    hours = (before.office_hours, before.office_day_end) == (after.office_hours, after.office_day_end)
    limit = limit_of(clock.name, clock.round, after) or clock.limit
    return hours and not clock.renewed_by and limit == clock.limit


def replaces(renewal: Renewal, own: str, reference: Reference) -> bool:
    """Whether a version comes into force behind the one by which something runs; raises NotPublished."""
    if renewal.because is Recalculation.POLICY:
        return reference.policies.replaces(renewal.version, own)
    return reference.calendars.replaces(renewal.version, own)


class Terms(NamedTuple):
    """The versions by which a ladder is climbed."""

    policy: str
    calendar: str

    def renewed(self, renewal: Renewal, reference: Reference) -> "Terms | None":
        """The terms behind this version; None where it does not replace one of them. Raises NotPublished."""
        if not replaces(renewal, getattr(self, renewal.because), reference):
            return None
        return self._replace(**{str(renewal.because): renewal.version})


def recounted(
    steps: Sequence[Rise],
    kept: int,
    terms: Terms,
    reference: Reference,
    *,
    explained_at: datetime | None = None,
    pauses: Sequence[Fact] = (),
) -> tuple[Rise, ...]:
    """Steps of a ladder of which the first ``kept`` stay, one or more, and all others are counted anew behind them."""
    policy, calendar = reference.policies.named(terms.policy), reference.calendars.named(terms.calendar)
    last = steps[kept - 1]
    behind = rises(
        last.at,
        policy,
        calendar,
        first=last.step,
        last=steps[-1].step,
        explained_at=explained_at,
        pauses=pauses,
    )
    return (*steps[:kept], *behind[1:])


def as_renewed(
    steps: Sequence[Rise],
    terms: Terms,
    reference: Reference,
    *,
    explained_at: datetime | None = None,
    pauses: Sequence[Fact] = (),
) -> tuple[Rise, ...]:
    """Steps counted by these terms as they come once each version has reached them that was published since."""
    found = tuple(steps)
    for renewal in reference.renewals:
        after = terms.renewed(renewal, reference)
        kept = max(1, sum(rise.at < renewal.at for rise in found))
        if after is None or kept >= len(found):
            continue
        again = recounted(found, kept, after, reference, explained_at=explained_at, pauses=pauses)
        if [rise.at for rise in again] != [rise.at for rise in found]:
            found, terms = again, after
    return found
