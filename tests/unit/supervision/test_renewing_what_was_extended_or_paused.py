"""An extension or a pause and a new calendar move one clock together, whichever is first."""

from datetime import date, datetime, timedelta

import pytest

from shared.contract.commands.supervision import RecalculateClocks
from shared.contract.events.supervision import ClockBreached, ClockRecalculated, PolicyPublished
from shared.contract.words import ClockName
from shared.domain.calendar import Day
from shared.domain.reference import Reference
from tests.unit.one_aggregate import OneAggregate
from tests.unit.reference import make_reference
from tests.unit.supervision.given import (
    DUE,
    GRACE,
    LONG_AFTER,
    MOMENT,
    POLICY,
    after,
    assigned,
    extended,
    fire_until,
    goes_on,
    known,
    paused,
    signed,
)
from tests.unit.supervision.renewed import (
    DECEMBER,
    clock_of,
    over_the_new_year,
    publish,
    reach,
    rest,
)

LONGER = rest(date(2026, 3, 11), date(2026, 3, 17))
"""One day of rest before the promise is due, and one among the days that an extension adds."""
MADE_UP = Day(date(2027, 1, 2), True, "补班", "虚构的通知")
SIX_LATER = datetime.fromisoformat("2026-03-24T17:30:00+08:00")
"""Four working days more, and these two."""


def handled(reference: Reference) -> OneAggregate:
    issue = known(reference)
    issue.take(assigned(), after(hours=1))
    issue.take(signed(), after(hours=2))
    return issue


def due_dates(issue: OneAggregate) -> set[datetime]:
    return {clock_of(issue, name).due_at for name in (ClockName.PROMISE, ClockName.HOLDING)}


def breaches(issue: OneAggregate) -> set[datetime]:
    return {event.due_at for event in fire_until(issue, LONG_AFTER) if isinstance(event, ClockBreached)}


@pytest.mark.parametrize("first", ["extension", "calendar", "calendar, read late"])
def test_an_extension_and_a_calendar_give_the_same_date_in_either_order(first: str) -> None:
    reference = make_reference()
    issue = handled(reference)
    if first == "extension":
        issue.take(extended(), after(days=1))
        reach(issue, publish(reference, LONGER, after(days=2)))
    elif first == "calendar":
        reach(issue, publish(reference, LONGER, after(days=1)))
        issue.take(extended(), after(days=2))
    else:
        renewal = publish(reference, LONGER, after(days=1))
        issue.take(extended(), after(days=2))
        reach(issue, renewal, at=after(days=3))
    assert due_dates(issue) == breaches(issue) == {SIX_LATER}


def test_a_clock_that_is_paused_while_its_calendar_changes_is_counted_by_the_new_one() -> None:
    reference = make_reference()
    issue = handled(reference)
    issue.take(paused(), after(days=1))
    renewal = publish(reference, LONGER, after(days=3))
    assert {event.due_at for event in reach(issue, renewal) if isinstance(event, ClockRecalculated)} == {
        DUE + timedelta(days=2)  # at the earliest
    }
    assert fire_until(issue, after(days=60)) == []  # while it is paused, nothing is due
    issue.take(goes_on(), after(days=8))
    seven_later = datetime.fromisoformat("2026-03-25T17:30:00+08:00")
    assert due_dates(issue) == breaches(issue) == {seven_later}


def test_a_calendar_from_behind_the_date_of_a_paused_clock_reaches_it_once_it_goes_on() -> None:
    reference = make_reference()
    issue = handled(reference)
    issue.take(paused(), after(days=1))
    renewal = publish(reference, rest(date(2026, 4, 8)), after(days=20))
    assert reach(issue, renewal) == []
    before = set(issue.commands)
    issue.take(goes_on(), after(days=30))
    asked = [issue.commands[id] for id in set(issue.commands) - before]
    assert RecalculateClocks.type in {command.type for command in asked}
    (old,) = due_dates(issue)
    reach(issue, renewal, at=after(days=30))
    assert due_dates(issue) == breaches(issue) == {old + timedelta(days=1)}


def test_what_was_due_before_it_was_paused_stays_due_though_a_notice_makes_it_certain() -> None:
    reference = make_reference()
    issue = over_the_new_year(reference)
    due = clock_of(issue).due_at
    issue.take(paused(), due + timedelta(minutes=1))
    days = [*rest(date(2027, 1, 1), date(2027, 5, 1), date(2027, 10, 1)), MADE_UP]
    renewal = publish(reference, days, DECEMBER + timedelta(days=1), through=2027)
    assert [event.due_at for event in reach(issue, renewal, at=due + timedelta(seconds=90))] == [due]
    told = [event for event in fire_until(issue, due + GRACE) if isinstance(event, ClockBreached)]
    assert [event.due_at for event in told if event.clock == ClockName.PROMISE] == [due]


def test_a_pause_that_is_granted_after_the_breach_leaves_a_renewed_climb_as_it_is() -> None:
    reference = make_reference()
    issue = handled(reference)
    fire_until(issue, DUE + GRACE)
    old = issue.state.climbs[0].steps
    reach(issue, publish(reference, rest(date(2026, 3, 17)), DUE + timedelta(hours=1)))
    steps = issue.state.climbs[0].steps
    assert steps != old
    issue.take(paused(), DUE + timedelta(hours=2))
    issue.take(goes_on(), DUE + timedelta(days=9))
    assert issue.state.climbs[0].steps == steps
    assert clock_of(issue).due_at == DUE


def test_what_was_a_warning_by_the_older_policy_alone_is_no_obstacle_to_an_extension() -> None:
    reference = make_reference()
    issue = handled(reference)
    fire_until(issue, after(days=10))
    policy = POLICY.model_copy(update={"version": "calm", "warnings": {}})
    at = after(days=10, hours=1)
    reference.learn(
        "policy:huzhou",
        PolicyPublished(version="calm", in_force_from=at, policy=policy, applies_to_running=True, by="gu"),
    )
    reach(issue, publish(reference, LONGER, at + MOMENT))
    reach(issue, reference.renewals[0])
    issue.take(extended(), after(days=11))
    assert due_dates(issue) == {SIX_LATER}


@pytest.mark.parametrize("ended_at", [after(days=1), after(days=1) - timedelta(seconds=1)])
def test_a_pause_that_ends_by_a_clock_that_runs_behind_never_was(ended_at: datetime) -> None:
    issue = handled(make_reference())
    issue.take(paused(), after(days=1))
    issue.take(goes_on(), ended_at)
    assert due_dates(issue) == breaches(issue) == {DUE}
