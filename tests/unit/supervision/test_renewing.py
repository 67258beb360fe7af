"""A new calendar or policy reaches what runs: each clock whose date moves says so once; what is over stays."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.supervision.issue.clocks import derive
from services.supervision.issue.life import Issue, State
from services.supervision.issue.renewing import is_moved_by, renewed
from shared.contract.commands.supervision import RecalculateClocks
from shared.contract.events.supervision import (
    ClockBreached,
    ClockRecalculated,
    ClockWarned,
)
from shared.contract.words import ClockName, Recalculation
from shared.domain.calendar import Day
from shared.domain.reference import NotPublished, Renewal
from tests.unit.reference import make_reference
from tests.unit.supervision.given import (
    CALENDAR,
    DUE,
    GRACE,
    MOMENT,
    MONDAY,
    POLICY,
    after,
    assigned,
    fire_until,
    known,
    new_issue,
    replied,
    signed,
)
from tests.unit.supervision.renewed import (
    DECEMBER,
    WALKER,
    clock_of,
    notice_of_2027,
    over_the_new_year,
    publish,
    reach,
    rest,
)


def test_a_notice_moves_the_promise_that_reaches_into_its_year_and_makes_it_certain() -> None:
    reference = make_reference()
    issue = over_the_new_year(reference)
    before = clock_of(issue)
    assert derive(before, reference).provisional
    renewal = publish(reference, notice_of_2027(), DECEMBER + timedelta(days=1), through=2027)
    (told,) = reach(issue, renewal)
    assert told == ClockRecalculated(
        clock=ClockName.PROMISE,
        old_due_at=before.due_at,
        due_at=datetime(2027, 1, 5, 9, 30, tzinfo=UTC),
        because=Recalculation.CALENDAR,
        by="gu",
        policy=POLICY.version,
        calendar=renewal.version,
    )
    clock = clock_of(issue)
    assert (clock.due_at, clock.calendar, clock.generation) == (
        told.due_at,
        renewal.version,
        before.generation + 1,
    )
    assert clock.began_by == (POLICY.version, CALENDAR.version)
    assert derive(clock, reference).due_at == clock.due_at
    assert derive(clock, reference).original_due_at == before.due_at


def test_a_date_that_stays_and_only_becomes_certain_is_told_too() -> None:
    reference = make_reference()
    issue = over_the_new_year(reference)
    before = clock_of(issue).due_at
    days = rest(date(2027, 1, 1), date(2027, 5, 1), date(2027, 10, 1))
    made_up = Day(date(2027, 1, 2), True, "补班", "虚构的通知")
    (told,) = reach(issue, publish(reference, [*days, made_up], DECEMBER, through=2027))
    assert (told.old_due_at, told.due_at, told.provisional_because) == (before, before, None)


def test_what_falls_due_before_the_tables_differ_is_left_alone() -> None:
    reference = make_reference()
    issue = known(reference)
    renewal = publish(reference, notice_of_2027(), after(days=1), through=2027)
    before = issue.state
    assert not is_moved_by(before, renewal, reference)
    assert reach(issue, renewal) == []
    assert issue.state == before


def test_delivered_twice_or_asked_twice_it_moves_once() -> None:
    reference = make_reference()
    issue = over_the_new_year(reference)
    renewal = publish(reference, notice_of_2027(), DECEMBER, through=2027)
    assert len(reach(issue, renewal, key="one")) == 1
    state = issue.state
    assert reach(issue, renewal, key="one") == []
    assert reach(issue, renewal, key="another", at=DECEMBER + timedelta(days=2)) == []
    assert issue.state == state


def test_before_the_version_is_in_force_nothing_moves() -> None:
    reference = make_reference()
    issue = over_the_new_year(reference)
    renewal = publish(reference, notice_of_2027(), DECEMBER + timedelta(days=3), through=2027)
    assert reach(issue, renewal, at=renewal.at - MOMENT) == []
    assert len(reach(issue, renewal, at=renewal.at)) == 1


def test_a_version_that_this_worker_has_not_read_yet_is_waited_for() -> None:
    issue = over_the_new_year(make_reference())
    unknown = Renewal(Recalculation.CALENDAR, "2027-00000000", DECEMBER, "gu")
    with pytest.raises(NotPublished):
        reach(issue, unknown)


def test_an_issue_that_is_not_known_is_refused() -> None:
    issue = new_issue()
    asked = RecalculateClocks(because=Recalculation.CALENDAR, version="x", at=MONDAY, by="gu")
    assert issue.ask(asked, MONDAY, WALKER)["reason"] == "unknown_issue"


def test_what_was_breached_or_stopped_stays() -> None:
    reference = make_reference()
    answered, broken = known(reference), known(reference)
    for issue in (answered, broken):
        issue.take(assigned(), MONDAY)
        issue.take(signed(), MONDAY)
    answered.take(replied(), after(days=2))
    fire_until(broken, DUE + GRACE)
    renewal = publish(reference, rest(date(2026, 3, 13)), DUE + timedelta(hours=1))
    for issue in (answered, broken):
        clocks = issue.state.clocks
        assert not any(isinstance(event, ClockRecalculated) for event in reach(issue, renewal))
        assert issue.state.clocks == clocks


def test_due_before_it_was_published_and_not_fired_yet_it_stays_due() -> None:
    reference = make_reference()
    issue = known(reference)
    issue.take(assigned(), MONDAY)
    issue.take(signed(), MONDAY)
    renewal = publish(reference, rest(date(2026, 3, 13)), DUE + MOMENT)
    assert reach(issue, renewal) == []
    assert any(isinstance(event, ClockBreached) for event in fire_until(issue, DUE + GRACE))


def test_older_deadlines_are_void_and_what_has_fired_does_not_fire_again() -> None:
    reference = make_reference()
    issue = known(reference)
    issue.take(assigned(), MONDAY)
    issue.take(signed(), MONDAY)
    warned = [event for event in fire_until(issue, DUE - timedelta(days=1)) if isinstance(event, ClockWarned)]
    assert [event.threshold for event in warned] == ["70%", "1wd"]
    name = issue.deadline.name
    renewal = publish(reference, rest(date(2026, 3, 16)), DUE - timedelta(hours=3))
    moved = reach(issue, renewal)
    assert {(event.clock, event.due_at) for event in moved} == {
        (clock, DUE + timedelta(days=1)) for clock in (ClockName.PROMISE, ClockName.HOLDING)
    }
    assert issue.fire(DUE + GRACE, name) == []
    later = fire_until(issue, DUE + timedelta(days=1) + GRACE)
    assert [event for event in later if isinstance(event, ClockWarned)] == []
    broken = [event for event in later if isinstance(event, ClockBreached)]
    assert {event.due_at for event in broken} == {DUE + timedelta(days=1)}


def test_an_issue_that_has_ended_has_nothing_to_move() -> None:
    reference = make_reference()
    renewal = publish(reference, rest(date(2026, 3, 16)), after(days=1))
    assert renewed(Issue(state=State.CLOSED), renewal, reference) == (Issue(state=State.CLOSED), ())
