"""A rejection stops the clocks; an appeal lets the promise run on, and one that is upheld the assign clock too."""

from datetime import datetime, timedelta

import pytest

from services.supervision.issue.clocks import derive
from services.supervision.issue.life import Clock, State
from shared.contract.event import Event
from shared.contract.events.supervision import (
    BreachAnnulled,
    ClockBreached,
    ClockStarted,
    ClockStopped,
    ClockWarned,
)
from tests.unit.one_aggregate import OneAggregate
from tests.unit.reference import builtin_reference
from tests.unit.supervision.given import (
    DUE,
    GRACE,
    LONG_AFTER,
    MOMENT,
    MONDAY,
    accepted,
    after,
    appealed,
    assigned,
    dismissed,
    fire_until,
    known,
    new_issue,
    of_clocks,
    promised,
    recalled,
    registered,
    rejected,
    replied,
    upheld,
    withdrawn,
)

DAY = timedelta(days=1)


def clock(issue: OneAggregate, name: str) -> Clock:
    (found,) = (each for each in issue.state.clocks if each.name == name)
    return found


def running(issue: OneAggregate) -> set[str]:
    return {str(each.name) for each in issue.state.clocks if each.stopped_at is None}


def rejected_and_appealed(rejected_at: datetime, appealed_at: datetime) -> OneAggregate:
    issue = known()
    issue.take(rejected(), rejected_at)
    issue.take(appealed(rejected_at, appealed_at), appealed_at)
    return issue


def test_the_promise_runs_on_from_the_appeal_with_the_date_that_the_raiser_was_told() -> None:
    issue = rejected_and_appealed(after(days=1), after(days=4))
    told = issue.events[-1]
    assert isinstance(told, ClockStarted)
    assert (told.clock, told.started_at, told.resumed_at) == ("promise", MONDAY, after(days=4))
    assert told.due_at == DUE + 3 * DAY
    promise = clock(issue, "promise")
    assert (promise.generation, promise.stopped_at, promise.due_at) == (2, None, told.due_at)
    assert [kind for kind, _, _ in promise.history] == ["started", "paused", "resumed"]
    assert (running(issue), issue.state.state) == ({"promise"}, State.APPEALED)


def test_an_appeal_by_a_clock_that_runs_behind_that_of_the_rejection_leaves_the_promise_due() -> None:
    issue = rejected_and_appealed(after(hours=2), after(hours=2) - timedelta(seconds=1))
    told = [event for event in fire_until(issue, LONG_AFTER) if isinstance(event, ClockBreached)]
    assert [event.due_at for event in told if event.clock == "promise"] == [DUE]


def test_the_assign_clock_runs_on_once_the_appeal_is_upheld_and_both_go_their_usual_way() -> None:
    issue = rejected_and_appealed(after(days=1), after(days=4))
    before = clock(issue, "assign").due_at
    (told,) = issue.take(upheld(), after(days=7))
    assert isinstance(told, ClockStarted)
    assert (told.clock, told.resumed_at) == ("assign", after(days=7))
    assert told.due_at == before + 6 * DAY  # Tuesday to Monday: four working days, and a week-end
    assert (running(issue), issue.state.state) == ({"assign", "promise"}, State.REGISTERED)
    issue.take(accepted(), after(days=7))
    issue.take(assigned(), after(days=8))
    issue.take(replied(), after(days=8, hours=1))
    assert running(issue) == set()
    assert not any(isinstance(event, ClockBreached) for event in issue.events)


def test_after_a_recall_the_assign_clock_names_no_deadline_as_the_one_that_was_resumed_did() -> None:
    """Else a worker that still keeps what the first one sent takes the second for sent already."""
    issue = rejected_and_appealed(after(days=1), after(days=4))
    issue.take(upheld(), after(days=7))
    issue.take(accepted(), after(days=7))
    issue.take(assigned(), after(days=8))
    issue.take(recalled(), after(days=8, hours=1))
    resumed, anew = (each for each in issue.state.clocks if each.name == "assign")
    assert (resumed.generation, anew.generation) == (2, 3)


def test_an_appeal_that_is_dismissed_or_taken_back_stops_the_promise_again() -> None:
    for end in (dismissed(), withdrawn()):
        issue = rejected_and_appealed(after(days=1), after(days=4))
        (told,) = issue.take(end, after(days=5))
        assert isinstance(told, ClockStopped)
        assert (told.clock, told.breached, running(issue)) == ("promise", False, set())
        assert issue.deadline is None


def test_an_appeal_that_nobody_decides_breaches_the_promise() -> None:
    issue = rejected_and_appealed(after(days=1), after(days=4))
    published = of_clocks(fire_until(issue, LONG_AFTER))
    assert [type(event) for event in published] == [ClockWarned, ClockWarned, ClockBreached]
    assert clock(issue, "promise").breached


def test_what_was_breached_before_the_rejection_stays_so_and_is_not_told_twice() -> None:
    issue = known()
    fire_until(issue, after(days=20))
    issue.take(rejected(), after(days=20))
    issue.take(appealed(after(days=20), after(days=22)), after(days=22))
    promise = clock(issue, "promise")
    assert (promise.due_at, promise.breached, promise.pending) == (DUE, True, ())
    assert of_clocks(fire_until(issue, LONG_AFTER)) == []
    (told,) = of_clocks(issue.take(dismissed(), after(days=30)))
    assert isinstance(told, ClockStopped)
    assert told.breached


def test_a_breach_that_a_late_rejection_annulled_is_told_anew_when_the_promise_is_broken_after_all() -> None:
    issue = new_issue()
    for event in (registered(), promised()):
        issue.take(event, MONDAY)
    late = issue.event(rejected(), DUE - DAY)
    fire_until(issue, DUE + GRACE)
    assert any(
        isinstance(event, BreachAnnulled) and event.clock == "promise" for event in issue.deliver(late)
    )
    issue.take(appealed(DUE - DAY, DUE + 5 * DAY), DUE + 5 * DAY)
    published = of_clocks(fire_until(issue, LONG_AFTER))
    assert [type(event) for event in published] == [ClockBreached]
    assert clock(issue, "promise").breached


@pytest.mark.parametrize("ends", [(dismissed(),), (upheld(), accepted(), assigned(), replied())])
def test_every_event_of_an_appeal_delivered_twice_changes_nothing_the_second_time(
    ends: tuple[Event, ...],
) -> None:
    issue = known()
    life = (rejected(), appealed(after(days=1), after(days=2)), *ends)
    for day, event in enumerate(life, start=1):
        record = issue.event(event, after(days=day))
        issue.deliver(record)
        before = issue.state
        assert issue.deliver(record) == []
        assert issue.state == before


def test_an_appeal_whose_rejection_was_never_heard_of_changes_no_clock_that_runs() -> None:
    issue = known()
    before = issue.state.clocks
    assert issue.take(appealed(after(days=1), after(days=2)), after(days=2)) == []
    assert issue.state.clocks == before


def test_an_older_deadline_of_the_promise_is_void_after_the_appeal() -> None:
    issue = known()
    deadline = clock(issue, "promise").deadline_name("due")
    issue.take(rejected(), after(days=1))
    issue.take(appealed(after(days=1), after(days=4)), after(days=4))
    assert issue.fire(DUE + GRACE + MOMENT, deadline) == []


def test_an_appeal_by_a_clock_that_runs_behind_ends_the_pause_and_a_later_calendar_leaves_the_clock_due() -> (
    None
):
    issue = known()
    issue.take(rejected(), after(days=1))
    (started,) = [
        event
        for event in issue.take(appealed(after(days=1), after(days=1)), after(days=1) - MOMENT)
        if isinstance(event, ClockStarted)
    ]
    assert started.resumed_at == after(days=1)
    promise = next(clock for clock in issue.state.clocks if clock.name == "promise")
    assert derive(promise, builtin_reference()).state == "running"
