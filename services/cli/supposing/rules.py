"""Another policy or calendar in the place of what was in force since an instant; promises are counted anew by it.

A promise carries its own date, so it is counted anew: by the other versions, from the same start on. What began before
keeps its date (clocks.md 8).
"""

from datetime import datetime
from typing import Any, NamedTuple, Self

from services.intake.issue.appealing import REJECTED
from services.supervision.issue.life import Clock
from shared.contract.events.dispatch import CoHandlerAdded
from shared.contract.events.intake import IssueAppealed, PromiseStarted
from shared.contract.words import ClockName, Recalculation
from shared.domain.calendar import Calendar
from shared.domain.clocks import Due, Limit, Paused, Policy, Resumed, Started, due_at, read_clock
from shared.domain.reference import BEGINNING, Reference


class Rules(NamedTuple):
    """What is in force when; ``policy`` and ``calendar`` are those in another's place since an instant, if any."""

    reference: Reference
    policy: Policy | None = None
    calendar: Calendar | None = None
    since: datetime = BEGINNING

    @classmethod
    def supposing(
        cls,
        published: Reference,
        policy: Policy | None = None,
        calendar: Calendar | None = None,
        since: datetime = BEGINNING,
    ) -> Self:
        """The published policies and calendars, but from ``since`` on these alone; nothing else is known by them.

        So whether a person had the right to lift a step is not asked a second time: they did.
        """
        reference, ruled = Reference(), set[Recalculation]()
        reference.policies = published.policies
        reference.calendars = published.calendars
        if policy is not None:
            reference.policies = published.policies.ruled_by(policy.version, since, policy)
            ruled.add(Recalculation.POLICY)
        if calendar is not None:
            reference.calendars = published.calendars.ruled_by(calendar.version, since, calendar)
            ruled.add(Recalculation.CALENDAR)
        reference.renewals = tuple(
            one for one in published.renewals if one.because not in ruled or one.at < since
        )
        return cls(reference, policy, calendar, since)

    def promise(self, given: PromiseStarted, at: datetime) -> PromiseStarted:
        """The promise that would have been given; the same where other versions were in force then."""
        if at < self.since:
            return given
        due, counted = self._counted(given, ClockName.PROMISE)
        return given.model_copy(update={**counted, "provisional_because": due.because})

    def co_handler(self, given: CoHandlerAdded, at: datetime) -> CoHandlerAdded:
        """The co-handler with the date that would have been given; the same where other versions were in force."""
        if at < self.since:
            return given
        return given.model_copy(update=self._counted(given, ClockName.CO_HANDLER)[1])

    def _counted(
        self, given: PromiseStarted | CoHandlerAdded, clock: ClockName
    ) -> tuple[Due, dict[str, Any]]:
        policy = self.policy or self.reference.policies.named(given.policy)
        calendar = self.calendar or self.reference.calendars.named(given.calendar)
        limit = policy.limits.get(clock) or Limit(given.limit)
        due = due_at(given.started_at, limit, policy, calendar)
        return due, {
            "due_at": due.at,
            "limit": str(limit),
            "policy": policy.version,
            "calendar": calendar.version,
        }

    def promised_again(self, given: IssueAppealed, promise: Clock, at: datetime) -> IssueAppealed:
        """The appeal with the date that would have been given: the time since the rejection does not count."""
        if promise.stopped_at is None:
            return given
        (_, started_at, limit), *_ = promise.history
        reading = read_clock(
            (Started(started_at, Limit(limit)), Paused(promise.stopped_at, REJECTED), Resumed(at)),
            self.reference.policies.named(promise.policy),
            self.reference.calendars.named(promise.calendar),
        )
        because = Due(reading.due_at, reading.provisional).because
        return given.model_copy(update={"due_at": reading.due_at, "provisional_because": because})
