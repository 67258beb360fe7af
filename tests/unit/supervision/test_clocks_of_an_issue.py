"""Which events start and stop which clock, and what is published of it; through the real apply."""

from datetime import UTC, datetime, timedelta

import pytest

from services.supervision.issue.clocks import derive, start
from services.supervision.issue.life import (
    CLOCKS,
    TIMERS,
    Clock,
    Issue,
    State,
    finished,
)
from services.supervision.issue.reactions import observe, register
from shared.contract.event import Event
from shared.contract.events.feedback import (
    IssueClosed,
    IssueTracked,
    ReworkAsked,
    ReworkDecided,
)
from shared.contract.events.supervision import (
    BreachAnnulled,
    CalendarPublished,
    ClockBreached,
    ClockStarted,
    ClockStopped,
    ClockWarned,
    PolicyPublished,
)
from shared.contract.words import ClockName, CloseReason, Outcome, Provisional, TransferCause
from shared.domain.calendar import Calendar
from shared.domain.clocks import Limit, due_at
from shared.domain.decisions import TERMINAL
from shared.domain.reference import NotPublished
from tests.unit.reference import builtin_reference, make_reference
from tests.unit.supervision.given import (
    CALENDAR,
    DUE,
    MONDAY,
    POLICY,
    accepted,
    after,
    assigned,
    context,
    corrected,
    fire_until,
    known,
    new_issue,
    promised,
    recalled,
    referred,
    registered,
    rejected,
    replied,
    returned,
    ruled,
    signed,
    transferred,
    withdrawn,
)


def clock_events(published: list[Event], name: ClockName) -> list[str]:
    return [type(event).__name__ for event in published if getattr(event, "clock", None) == name]


def running(issue: Issue) -> set[str]:
    return {clock.name for clock in issue.clocks if clock.stopped_at is None}


def test_a_registered_issue_has_an_assign_clock_and_the_promise_that_was_given() -> None:
    issue = known()
    started = {event.clock: event for event in issue.events if isinstance(event, ClockStarted)}
    assert set(started) == {ClockName.ASSIGN, ClockName.PROMISE}
    assert started[ClockName.ASSIGN].due_at == datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
    assert started[ClockName.PROMISE].due_at == DUE
    assert started[ClockName.PROMISE].limit == "10wd"


@pytest.mark.parametrize("day", range(0, 400, 7))
def test_the_kept_promise_is_what_the_shared_arithmetic_derives_from_the_history(day: int) -> None:
    began = datetime(2025, 1, 1, 3, 7, 11, 123000, tzinfo=UTC) + timedelta(days=day)
    due = due_at(began, POLICY.limits["promise"], POLICY, CALENDAR).at
    issue = Issue(state=State.REGISTERED)
    (clock,), _ = start(ClockName.PROMISE, issue, promised(began, due), context(began))
    again = Clock.model_validate(clock.model_dump(mode="json", exclude_defaults=True))
    reading = derive(again, builtin_reference())
    kept = [(name, datetime.fromisoformat(at)) for name, at in again.thresholds]
    assert again == clock
    assert reading.due_at == again.due_at == due
    assert kept == [tuple(deadline) for deadline in reading.deadlines]
    assert [name for name, _ in kept] == ["70%", "1wd", "due"]


def test_a_promise_given_under_another_policy_is_kept_as_it_was_given() -> None:
    older = POLICY.model_copy(
        update={"version": "older", "warnings": {"promise": ("2wd",)}, "grace_seconds": 600}
    )
    table = Calendar(2025, [day for day in CALENDAR.days.values() if day.on.year <= 2025])
    reference = make_reference()
    since = after(days=-800)
    reference.learn(
        "policy:huzhou", PolicyPublished(version="older", in_force_from=since, policy=older, by="")
    )
    days = tuple(table.days.values())
    reference.learn(
        "calendar:huzhou",
        CalendarPublished(
            version=table.version, in_force_from=since, published_through=2025, days=days, by=""
        ),
    )
    issue, due = new_issue(reference), DUE - timedelta(days=5)
    issue.take(registered(), MONDAY)
    issue.take(promised(MONDAY, due, policy="older", calendar=table.version), MONDAY)
    (clock,) = (clock for clock in issue.state.clocks if clock.name == "promise")
    assert (clock.due_at, clock.policy, clock.calendar) == (due, "older", table.version)
    assert clock.grace_seconds == 600
    assert all(datetime.fromisoformat(at) <= due for _, at in clock.thresholds)
    assert issue.events[-1].provisional_because is None  # the promise's own word, not what is derived here
    # The reading is that of the versions named, in which 2026 has no notice and warnings are others.
    reading = derive(clock, reference)
    assert reading.provisional
    assert [name for name, _ in reading.deadlines] == ["2wd", "due"]


@pytest.mark.parametrize("unknown", [{"policy": "tomorrow"}, {"calendar": "2027-00000000"}])
def test_a_promise_by_a_version_that_is_not_known_here_waits_for_it(unknown: dict[str, str]) -> None:
    issue = new_issue()
    issue.take(registered(), MONDAY)
    before = issue.state
    with pytest.raises(NotPublished):
        issue.take(promised(**unknown), MONDAY)
    assert issue.state == before


def test_a_new_policy_holds_for_new_clocks_and_running_ones_keep_theirs() -> None:
    stricter = POLICY.model_copy(
        update={
            "version": "stricter",
            "limits": {**POLICY.limits, "assign": Limit("1wd"), "holding": Limit("5wd")},
            "grace_seconds": 0,
        }
    )
    reference = make_reference()
    published = PolicyPublished(version="stricter", in_force_from=after(hours=1), policy=stricter, by="chen")
    reference.learn("policy:huzhou", published)
    issue = known(reference)
    issue.take(assigned(), after(hours=1))
    clocks = {clock.name: clock for clock in issue.state.clocks}
    assert (clocks["assign"].policy, clocks["assign"].grace_seconds) == ("default-1", 120)
    assert (clocks["holding"].policy, clocks["holding"].grace_seconds) == ("stricter", 0)
    starts = {event.clock: event for event in issue.events if isinstance(event, ClockStarted)}
    assert (starts["assign"].limit, starts["holding"].limit) == ("2wd", "5wd")
    # A clock that began before the new version is derived by its own, also long after.
    assert derive(clocks["assign"], reference).original_due_at == clocks["assign"].due_at


def test_why_a_date_is_provisional_goes_on_as_it_was_said_even_in_a_word_of_a_newer_version() -> None:
    issue = new_issue()
    issue.take(registered(), MONDAY)
    issue.take(promised(provisional_because="talk_not_held"), MONDAY)
    assert issue.events[-1].provisional_because == "talk_not_held"
    late = datetime(2026, 12, 30, 1, tzinfo=UTC)
    other = new_issue()
    (started,) = other.take(registered(), late)
    assert started.provisional_because is Provisional.YEAR_NOT_PUBLISHED


def test_a_transfer_does_not_reset_the_promise_clock() -> None:
    issue = known()
    issue.take(assigned(), after(hours=1))
    issue.take(returned(), after(hours=2))
    published = issue.take(ruled(True), after(hours=3)) + issue.take(transferred(), after(hours=3))
    assert not clock_events(published, ClockName.PROMISE)
    (kept,) = (clock for clock in issue.state.clocks if clock.name == "promise")
    assert (kept.due_at, kept.stopped_at) == (DUE, None)


@pytest.mark.parametrize("why", TransferCause)
def test_each_hand_over_starts_a_holding_and_a_sign_clock_of_its_own(why: TransferCause) -> None:
    issue = known()
    issue.take(assigned(), after(hours=1))
    issue.take(signed(), after(hours=2))
    published = issue.take(transferred(why=why), after(hours=3))
    assert clock_events(published, ClockName.HOLDING) == ["ClockStopped", "ClockStarted"]
    assert clock_events(published, ClockName.SIGN) == ["ClockStarted"]
    starts = [event for event in published if isinstance(event, ClockStarted)]
    assert {(event.assignment, event.department) for event in starts} == {("a2", "police")}


def test_a_merger_after_the_reply_starts_no_clock_and_the_next_round_is_the_new_departments() -> None:
    issue = known()
    issue.take(assigned(), after(hours=1))
    issue.take(replied(), after(days=1))
    assert issue.take(transferred(why=TransferCause.MERGER), after(days=2)) == []
    issue.take(ReworkAsked(round=1, reason="还是没有车位"), after(days=3))
    published = issue.take(ReworkDecided(round=2, by="chen"), after(days=4))
    starts = {event.clock: event for event in published if isinstance(event, ClockStarted)}
    assert (starts["holding"].assignment, starts["holding"].department) == ("a2", "police")


def test_a_return_stops_the_sign_clock_and_a_ruling_against_it_starts_the_next_generation() -> None:
    issue = known()
    issue.take(assigned(), after(hours=1))
    issue.take(returned(), after(hours=2))
    assert "sign" not in running(issue.state)
    assert "holding" in running(issue.state)
    issue.take(ruled(False), after(hours=3))
    signs = [clock for clock in issue.state.clocks if clock.name == "sign"]
    assert [clock.generation for clock in signs] == [1, 2]
    assert signs[1].deadline_name("due") == "sign@a1/1/due/2"
    assert issue.deadline is not None
    assert issue.deadline.name == "sign@a1/1/due/2"


def test_a_recall_stops_the_clocks_of_its_assignment_and_starts_the_offices_own_anew() -> None:
    issue = known()
    issue.take(assigned(), after(hours=1))
    published = issue.take(recalled(), after(hours=2))
    assert clock_events(published, ClockName.SIGN) == ["ClockStopped"]
    assert clock_events(published, ClockName.HOLDING) == ["ClockStopped"]
    assert clock_events(published, ClockName.ASSIGN) == ["ClockStarted"]
    assert not clock_events(published, ClockName.PROMISE)
    assert running(issue.state) == {"promise", "assign"}
    assert (issue.state.state, issue.state.department, issue.state.assignment) == (State.REGISTERED, "", "")
    (promise,) = (clock for clock in issue.state.clocks if clock.name == "promise")
    assert (promise.due_at, promise.stopped_at) == (DUE, None)


def test_the_next_assignment_stops_the_offices_second_clock_and_not_the_first_one_again() -> None:
    issue = known()
    issue.take(assigned(), after(days=4))  # late: that clock was breached
    fire_until(issue, after(days=4))
    issue.take(recalled(), after(days=5))
    published = issue.take(assigned("a2", "police"), after(hours=1))  # by a machine whose clock is wrong
    assert clock_events(published, ClockName.ASSIGN) == ["ClockStopped"]
    first, second = (clock for clock in issue.state.clocks if clock.name == "assign")
    assert (first.stopped_at, first.generation, second.generation) == (after(days=4), 1, 2)
    assert second.stopped_at == after(hours=1)
    assert running(issue.state) == {"promise", "sign", "holding"}


def test_a_recall_that_crossed_a_withdrawal_leaves_no_clock_running() -> None:
    for recalled_at, starts in ((after(hours=2), 1), (after(hours=4), 0)):
        issue = known()
        issue.take(assigned(), after(hours=1))
        issue.take(withdrawn(), after(hours=3))
        published = issue.take(recalled(), recalled_at)
        assert clock_events(published, ClockName.ASSIGN) == ["ClockStarted", "ClockStopped"] * starts
        assert running(issue.state) == set()
        assert issue.state.state is State.WITHDRAWN


def test_a_recall_in_a_new_round_leaves_the_promise_of_that_round_and_its_state() -> None:
    issue = known()
    for hour, event in enumerate((assigned(), replied(), ReworkAsked(round=1, reason="未解决"))):
        issue.take(event, after(hours=hour + 1))
    issue.take(ReworkDecided(round=2, by="chen"), after(hours=5))
    issue.take(recalled(), after(hours=6))
    assert (issue.state.state, running(issue.state)) == (State.REWORK, {"promise", "assign"})
    issue.take(assigned("a2", "police"), after(hours=7))
    issue.take(replied(round=2, assignment="a2", department="police"), after(hours=8))
    assert (issue.state.state, running(issue.state)) == (State.ANSWERED, set())


@pytest.mark.parametrize("recall", [True, False], ids=["recalled and assigned", "handed over"])
def test_who_is_given_a_new_round_has_the_time_of_a_new_round(recall: bool) -> None:
    issue = known()
    for hour, event in enumerate((assigned(), replied(), ReworkAsked(round=1, reason="未解决"))):
        issue.take(event, after(hours=hour + 1))
    issue.take(ReworkDecided(round=2, by="chen"), after(hours=5))
    if recall:
        issue.take(recalled(), after(hours=6))
    given = assigned("a2", "police") if recall else transferred()
    issue.take(given.model_copy(update={"round": 2}), after(hours=7))
    (holding,) = (clock for clock in issue.state.clocks if clock.name == "holding" and not clock.stopped_at)
    assert (holding.assignment, holding.round, holding.history[0][2]) == ("a2", 2, "5wd")


def test_a_correction_of_a_reply_changes_no_clock() -> None:
    issue = known()
    issue.take(assigned(), after(hours=1))
    issue.take(replied(), after(days=1))
    before = issue.state
    assert issue.take(corrected(), after(days=30)) == []
    assert issue.state == before


def test_a_ruling_for_the_return_starts_nothing() -> None:
    issue = known()
    issue.take(assigned(), after(hours=1))
    issue.take(returned(), after(hours=2))
    published = issue.take(ruled(True), after(hours=3))
    assert [(type(event), event.clock) for event in published] == [(ClockStopped, ClockName.RULING)]  # type: ignore[attr-defined]


def test_rework_opens_a_second_promise_clock_with_the_limit_of_rework() -> None:
    issue = known()
    issue.take(assigned(), after(hours=1))
    issue.take(replied(), after(days=1))
    published = issue.take(ReworkAsked(round=1, reason="还是没有车位"), after(days=2))
    assert clock_events(published, ClockName.REWORK_DECISION) == ["ClockStarted"]
    published = issue.take(ReworkDecided(round=2, by="chen"), after(days=3))
    assert clock_events(published, ClockName.REWORK_DECISION) == ["ClockStopped"]
    starts = {event.clock: event for event in published if isinstance(event, ClockStarted)}
    assert {(name, event.round, event.limit) for name, event in starts.items()} == {
        (ClockName.PROMISE, 2, "5wd"),
        (ClockName.HOLDING, 2, "5wd"),
    }
    published = issue.take(replied(round=2), after(days=4))
    assert running(issue.state) == set()
    assert {event.round for event in published if isinstance(event, ClockStopped)} == {2}


def test_tracking_runs_until_the_close() -> None:
    issue = known()
    issue.take(assigned(), after(hours=1))
    issue.take(replied(outcome=Outcome.PLANNED), after(days=1))
    issue.take(IssueTracked(round=1, outcome=Outcome.PLANNED), after(days=2))
    assert running(issue.state) == {"tracking"}
    issue.take(IssueClosed(round=1, reason=CloseReason.RULED_FINISHED), after(days=3))
    assert running(issue.state) == set()


@pytest.mark.parametrize("end", [rejected(), referred(), withdrawn()])
def test_the_end_of_an_issue_stops_every_clock_and_nothing_is_expected_of_it_any_more(end: Event) -> None:
    issue = known()
    assert not finished(issue.state)
    issue.take(end, after(hours=1))
    assert running(issue.state) == set()
    assert issue.deadline is None
    assert TIMERS[issue.state.state] == TERMINAL
    assert finished(issue.state)


def test_an_ended_issue_with_a_clock_that_runs_is_not_finished() -> None:
    issue = known()
    assert not finished(issue.state.model_copy(update={"state": State.CLOSED}))


def test_an_assignment_that_crossed_a_withdrawal_starts_no_clock() -> None:
    issue = known()
    issue.take(withdrawn(), after(hours=1))
    assert issue.take(assigned(), after(hours=2)) == []
    assert issue.state.state is State.WITHDRAWN


def test_an_assignment_from_before_a_withdrawal_is_published_and_stopped_at_the_withdrawal() -> None:
    issue = known()
    issue.take(withdrawn(), after(hours=3))
    published = issue.take(assigned(), after(hours=1))
    stops = [event for event in published if isinstance(event, ClockStopped)]
    assert {event.clock for event in stops} == {ClockName.SIGN, ClockName.HOLDING}
    assert {event.stopped_at for event in stops} == {after(hours=3)}


def test_the_earliest_of_two_ends_decides_what_may_still_start() -> None:
    issue = known()
    issue.take(IssueClosed(round=1, reason=CloseReason.RATED), after(hours=9))
    issue.take(withdrawn(), after(hours=1))
    assert issue.take(assigned(), after(hours=2)) == []


def test_a_reply_of_an_earlier_round_does_not_stop_the_next_rounds_promise() -> None:
    issue = known()
    issue.take(ReworkDecided(round=2, by="chen"), after(days=1))
    issue.take(replied(round=1), after(days=2))
    assert [clock.round for clock in issue.state.clocks if clock.name == "promise" and clock.pending] == [2]


def test_an_event_about_an_unknown_issue_is_passed_over_and_changes_nothing() -> None:
    issue = new_issue()
    assert issue.take(assigned(), MONDAY) == []
    assert issue.state is None
    assert observe(None, assigned(), context(MONDAY)) is None


def test_an_issue_is_registered_once() -> None:
    change = register(None, registered(), context(MONDAY))
    assert change is not None
    assert register(change.state, registered(), context(MONDAY)) is None


def test_events_that_come_before_their_predecessors_are_held_and_then_released() -> None:
    in_order, issue = known(), new_issue()
    first, second, third = (issue.event(event, MONDAY) for event in (registered(), promised(), accepted()))
    fourth = issue.event(assigned(), after(hours=1), seen="/huzhou/intake=3")
    for early in (fourth, third, second):
        assert issue.deliver(early) == []
    assert issue.state is None
    issue.deliver(first)
    assert issue.stored is not None
    assert "held" not in issue.stored
    assert running(issue.state) == {"promise", "sign", "holding"}
    assert issue.events[: len(in_order.events)] == in_order.events


LIFE = (
    assigned("a0"),
    recalled("a0"),
    assigned(),
    signed(),
    returned(),
    ruled(False),
    transferred(),
    replied(assignment="a2"),
    ReworkAsked(round=1, reason="未解决"),
    ReworkDecided(round=2, by="chen"),
    replied(round=2, assignment="a2", outcome=Outcome.PLANNED),
    IssueTracked(round=2, outcome=Outcome.PLANNED),
    IssueClosed(round=2, reason=CloseReason.RULED_FINISHED),
    withdrawn(),
)


def test_every_event_delivered_twice_changes_nothing_the_second_time() -> None:
    issue = new_issue()
    for hour, event in enumerate((registered(), promised(), accepted(), *LIFE)):
        record = issue.event(event, after(hours=hour))
        issue.deliver(record)
        before = issue.state
        assert issue.deliver(record) == []
        assert issue.state == before
    published = [type(event) for event in issue.events]
    assert published.count(ClockStarted) == published.count(ClockStopped) == 15
    assert {ClockBreached, ClockWarned, BreachAnnulled}.isdisjoint(published)


def test_a_document_of_a_whole_life_stays_small() -> None:
    issue = known()
    life = (assigned(), signed(), replied(), IssueClosed(round=1, reason=CloseReason.RATED))
    for hour, event in enumerate(life):
        issue.take(event, after(hours=hour + 1))
    assert len(issue.state.model_dump_json(exclude_defaults=True)) < 1500


def test_a_clock_that_is_younger_than_the_policy_runs_by_the_limit_of_its_own_rule(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    without = {name: limit for name, limit in POLICY.limits.items() if name != "sign"}
    monkeypatch.setitem(CLOCKS, ClockName.SIGN, CLOCKS[ClockName.SIGN]._replace(limit="3oh"))  # type: ignore[arg-type]
    issue = known(make_reference(POLICY.model_copy(update={"limits": without})))
    issue.take(assigned(), after(hours=1))
    starts = {event.clock: event.limit for event in issue.events if isinstance(event, ClockStarted)}
    assert starts["sign"] == "3oh"
