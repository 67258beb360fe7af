"""Another calendar or policy for the unit tests, and an issue that it reaches."""

from collections.abc import Iterable
from datetime import UTC, date, datetime

from services.supervision.issue.life import Clock
from services.supervision.issue.renewing import request_of
from shared.contract.event import Event
from shared.contract.events.supervision import (
    CalendarPublished,
    DueRecalculated,
    PolicyPublished,
)
from shared.contract.words import ClockName
from shared.domain.calendar import Calendar, Day
from shared.domain.clocks import Limit, due_at
from shared.domain.reference import Reference, Renewal
from tests.unit.one_aggregate import OneAggregate
from tests.unit.supervision.given import (
    CALENDAR,
    POLICY,
    accepted,
    new_issue,
    promised,
    registered,
)

WALKER = "system:renewing"
DECEMBER = datetime(2026, 12, 21, 1, tzinfo=UTC)
"""A Monday, from which ten working days reach over the new year."""


def rest(*days: date) -> list[Day]:
    return [Day(on, False, "放假", "虚构的通知") for on in days]


def notice_of_2027() -> list[Day]:
    """An invented notice: three days off at the new year, the third of January made up for on the ninth."""
    off = rest(*(date(2027, 1, day) for day in (1, 2, 3)), date(2027, 5, 1), date(2027, 10, 1))
    return [*off, Day(date(2027, 1, 9), True, "补班", "虚构的通知")]


def publish(reference: Reference, days: Iterable[Day], at: datetime, through: int = 2026) -> Renewal:
    """Another table in force from an instant on."""
    table = Calendar(through, (*CALENDAR.days.values(), *days))
    event = CalendarPublished(
        version=table.version,
        in_force_from=at,
        published_through=through,
        days=tuple(table.days.values()),
        by="gu",
    )
    reference.learn("calendar:huzhou", event)
    return reference.renewals[-1]


def publish_policy(
    reference: Reference, at: datetime, *, running: bool = True, version: str = "two", **limits: str
) -> None:
    """Another policy in force from an instant on."""
    changed = {name: Limit(limit) for name, limit in limits.items()}
    policy = POLICY.model_copy(update={"version": version, "limits": {**POLICY.limits, **changed}})
    event = PolicyPublished(
        version=version, in_force_from=at, policy=policy, applies_to_running=running, by="gu"
    )
    reference.learn("policy:huzhou", event)


def over_the_new_year(reference: Reference) -> OneAggregate:
    """An issue of December whose promise falls due in a year without a notice."""
    issue = new_issue(reference)
    due = due_at(DECEMBER, POLICY.limits["promise"], POLICY, CALENDAR)
    issue.take(registered(), DECEMBER)
    issue.take(promised(DECEMBER, due.at, provisional_because=due.because), DECEMBER)
    issue.take(accepted(), DECEMBER)
    return issue


def reach(issue: OneAggregate, renewal: Renewal, at: datetime | None = None, key: str = "") -> list[Event]:
    """Let a version reach an issue; what it told for the first time, without what is for dispatch."""
    told = deliver_walk(issue, renewal, at, key)
    return [event for event in told if not isinstance(event, DueRecalculated)]


def for_dispatch(issue: OneAggregate, renewal: Renewal, key: str = "") -> list[DueRecalculated]:
    """Let a version reach an issue; what it told dispatch."""
    told = deliver_walk(issue, renewal, None, key)
    return [event for event in told if isinstance(event, DueRecalculated)]


def deliver_walk(issue: OneAggregate, renewal: Renewal, at: datetime | None, key: str) -> list[Event]:
    return issue.deliver(issue.command(request_of(renewal), at or renewal.at, WALKER, key))


def clock_of(issue: OneAggregate, name: ClockName = ClockName.PROMISE) -> Clock:
    return next(clock for clock in reversed(issue.state.clocks) if clock.name is name)
