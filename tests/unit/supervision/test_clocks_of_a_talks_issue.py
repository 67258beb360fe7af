"""An issue of a talk: no clock runs before the talk is over; then the promise does, and the office's clock with it."""

from services.supervision.issue.life import Clock, State
from shared.contract.event import Event
from shared.contract.events.dispatch import IssueAssigned
from shared.contract.events.intake import IssueRegistered, IssueWithdrawn, Occasion, PromiseStarted
from shared.contract.events.supervision import ClockStarted, ClockStopped
from shared.contract.words import ClockName, Phase, Source
from tests.unit.one_aggregate import OneAggregate
from tests.unit.reference import JURISDICTION
from tests.unit.supervision.given import CALENDAR, DUE, ISSUE, MONDAY, POLICY, after, consumer

REGISTERED = IssueRegistered(
    number="HZ-1", origin=Source.TALK, phase=Phase.BEFORE, occasion=Occasion(id="huzhou-weekly-20260302-1")
)
HELD = PromiseStarted(
    started_at=MONDAY, due_at=DUE, limit="10wd", policy=POLICY.version, calendar=CALENDAR.version
)
CLAIMED = IssueAssigned(
    assignment=f"{ISSUE}.1", department="housing", head="局长", chosen_by="claim", by="li"
)


def played(*events: tuple[Event, float]) -> OneAggregate:
    """Events, each so many hours after the talk's end."""
    issue = OneAggregate(consumer(JURISDICTION), ISSUE)
    for event, hours in events:
        issue.take(event, after(hours=hours))
    return issue


def clock(issue: OneAggregate, name: ClockName) -> list[Clock]:
    return [one for one in issue.state.clocks if one.name is name]


def test_nothing_runs_before_the_talk_is_over_and_then_both_run_from_its_end() -> None:
    issue = played((REGISTERED, -30))
    assert (issue.state.state, issue.state.clocks, issue.events) == (State.REGISTERED, (), [])
    issue.take(HELD, after(hours=5))
    started = [event for event in issue.events if isinstance(event, ClockStarted)]
    assert [(event.clock, event.started_at) for event in started] == [("assign", MONDAY), ("promise", MONDAY)]
    assert started[0].due_at == after(days=2, hours=8.5)
    assert started[1].due_at == DUE


def test_what_was_claimed_in_the_talk_was_assigned_in_time() -> None:
    issue = played((REGISTERED, -2), (CLAIMED, -1), (HELD, 0))
    (assign,) = clock(issue, ClockName.ASSIGN)
    assert (assign.stopped_at, assign.breached) == (MONDAY, False)
    (stopped,) = [event for event in issue.events if isinstance(event, ClockStopped)]
    assert (stopped.clock, stopped.stopped_at) == ("assign", MONDAY)
    (holding,) = clock(issue, ClockName.HOLDING)
    assert holding.history[0][1] == after(hours=-1)


def test_an_assignment_that_is_read_before_the_end_of_its_talk_stops_the_clock_when_it_happened() -> None:
    issue = played((REGISTERED, -2), (CLAIMED, 3), (HELD, 0))
    (assign,) = clock(issue, ClockName.ASSIGN)
    assert assign.stopped_at == after(hours=3)


def test_what_was_added_after_a_talk_or_is_of_none_starts_at_its_registration() -> None:
    for other in ({"phase": Phase.AFTER}, {"occasion": None}, {"origin": Source.WRITTEN}):
        issue = played((REGISTERED.model_copy(update=other), 1), (HELD, 1))
        (assign,) = clock(issue, ClockName.ASSIGN)
        assert assign.history[0][1] == after(hours=1)


def test_an_end_before_the_talks_leaves_nothing_to_run() -> None:
    issue = played((REGISTERED, -2), (IssueWithdrawn(reason="已解决"), -1))
    assert (issue.state.state, issue.state.clocks) == (State.WITHDRAWN, ())


def test_each_is_heard_twice_and_has_one_effect() -> None:
    issue = OneAggregate(consumer(JURISDICTION), ISSUE)
    for event in (REGISTERED, CLAIMED, HELD):
        record = issue.event(event, after())
        issue.deliver(record)
        reached, told = issue.state, list(issue.events)
        assert issue.deliver(record) == []
        assert (issue.state, issue.events) == (reached, told)
