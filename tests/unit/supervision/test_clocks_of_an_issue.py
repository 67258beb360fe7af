"""Which facts start and stop which clock, and what is told of it; through the real loop."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.supervision.bus import room
from services.supervision.domain import CLOCKS, ENDS, MOVES, TERMINAL, TIMERS, VERBS, Issue, State, derive
from services.supervision.domain import clocks as clocks_of
from services.supervision.handlers import observe
from shared.calendar import base_calendar
from shared.clocks import default_policy, due_at
from shared.events import (
    BreachAnnulled,
    ClockBreached,
    ClockName,
    ClockStarted,
    ClockStopped,
    ClockWarned,
    Event,
    IssueClosed,
    IssueTracked,
    Outcome,
    ReworkAsked,
    ReworkDecided,
    ReworkRefused,
)
from shared.moves import Context
from tests.unit.supervision.street import (
    ISSUE,
    MONDAY,
    House,
    Neighbours,
    accepted,
    after,
    assigned,
    promised,
    registered,
    rejected,
    replied,
    returned,
    ruled,
    signed,
    transferred,
    withdrawn,
)

POLICY, CALENDAR = default_policy(), base_calendar()
DUE = due_at(MONDAY, POLICY.limits["promise"], POLICY, CALENDAR).at
GRACE = timedelta(seconds=POLICY.grace_seconds)


def house(history: bool = False) -> House:
    return House(room(jurisdiction="huzhou", history=history, policy=POLICY, calendar=CALENDAR))


def promise(**values: Any) -> Event:
    return promised(MONDAY, DUE, calendar=CALENDAR.version, **values)


async def known(history: bool = False) -> tuple[House, Neighbours]:
    there, says = house(history), Neighbours()
    await there.take(says(registered(), MONDAY), says(promise(), MONDAY), says(accepted(), MONDAY))
    return there, says


def clock_events(told: list[Event], name: ClockName) -> list[str]:
    return [type(event).__name__ for event in told if getattr(event, "clock", None) is name]


def running(issue: Issue) -> set[str]:
    return {clock.name for clock in issue.clocks if clock.stopped_at is None}


async def test_a_registered_issue_has_an_assign_clock_and_the_promise_that_was_told() -> None:
    there, _ = await known()
    started = {event.clock: event for event in there.told if isinstance(event, ClockStarted)}
    assert set(started) == {ClockName.ASSIGN, ClockName.PROMISE}
    assert started[ClockName.ASSIGN].due_at == datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
    assert started[ClockName.PROMISE].due_at == DUE
    assert started[ClockName.PROMISE].limit == "10wd"


@pytest.mark.parametrize("day", range(0, 400, 7))
def test_the_kept_promise_is_what_the_shared_arithmetic_derives_from_the_history(day: int) -> None:
    start = datetime(2025, 1, 1, 3, 7, 11, 123000, tzinfo=UTC) + timedelta(days=day)
    due = due_at(start, POLICY.limits["promise"], POLICY, CALENDAR).at
    rules = clocks_of.Rules(POLICY, CALENDAR, GRACE)
    told: list[Event] = []
    fact = promised(start, due, calendar=CALENDAR.version)
    (clock,) = clocks_of.start(ClockName.PROMISE, Issue(state=State.REGISTERED), fact, start, rules, told)
    again = clocks_of.Clock.model_validate(clock.model_dump(mode="json", exclude_defaults=True))
    reading = derive(again, POLICY, CALENDAR)
    kept = [(name, datetime.fromisoformat(at)) for name, at in again.thresholds]
    assert again == clock
    assert reading.due_at == again.due_at == due
    assert kept == [tuple(deadline) for deadline in reading.deadlines]
    assert [name for name, _ in kept] == ["70%", "1wd", "due"]


async def test_a_promise_told_under_another_policy_is_kept_as_it_was_told() -> None:
    there, says = house(), Neighbours()
    due = DUE - timedelta(days=5)
    await there.take(
        says(registered(), MONDAY), says(promised(MONDAY, due, policy="older", calendar="2024-x"), MONDAY)
    )
    (clock,) = (clock for clock in there.state.clocks if clock.name == "promise")
    assert (clock.due_at, clock.policy, clock.calendar) == (due, "older", "2024-x")
    assert all(datetime.fromisoformat(at) <= due for _, at in clock.thresholds)


async def test_a_transfer_does_not_reset_the_promise_clock() -> None:
    there, says = await known()
    await there.take(says(assigned(), after(hours=1)), says(returned(), after(hours=2)))
    told = await there.take(says(ruled(True), after(hours=3)), says(transferred(), after(hours=3)))
    assert not clock_events(told, ClockName.PROMISE)
    (kept,) = (clock for clock in there.state.clocks if clock.name == "promise")
    assert (kept.due_at, kept.stopped_at) == (DUE, None)


async def test_each_hand_over_starts_a_holding_and_a_sign_clock_of_its_own() -> None:
    there, says = await known()
    await there.take(says(assigned(), after(hours=1)), says(signed(), after(hours=2)))
    told = await there.take(says(transferred(), after(hours=3)))
    assert clock_events(told, ClockName.HOLDING) == ["ClockStopped", "ClockStarted"]
    assert clock_events(told, ClockName.SIGN) == ["ClockStarted"]
    starts = [event for event in told if isinstance(event, ClockStarted)]
    assert {(event.assignment, event.department) for event in starts} == {("a2", "police")}


async def test_a_return_stops_the_sign_clock_and_a_ruling_against_it_starts_the_next_generation() -> None:
    there, says = await known()
    await there.take(says(assigned(), after(hours=1)), says(returned(), after(hours=2)))
    assert "sign" not in running(there.state)
    assert "holding" in running(there.state)
    await there.take(says(ruled(False), after(hours=3)))
    signs = [clock for clock in there.state.clocks if clock.name == "sign"]
    assert [clock.generation for clock in signs] == [1, 2]
    assert signs[1].deadline_name("due") == "sign@a1/1/due/2"
    assert there.document["due"]["name"] == "sign@a1/1/due/2"


async def test_a_ruling_for_the_return_starts_nothing() -> None:
    there, says = await known()
    await there.take(says(assigned(), after(hours=1)), says(returned(), after(hours=2)))
    assert await there.take(says(ruled(True), after(hours=3))) == []


async def test_rework_opens_a_second_promise_clock_with_the_limit_of_rework() -> None:
    there, says = await known()
    await there.take(says(assigned(), after(hours=1)), says(replied(), after(days=1)))
    told = await there.take(says(ReworkAsked(round=1, reason="还是没有车位"), after(days=2)))
    assert clock_events(told, ClockName.REWORK_DECISION) == ["ClockStarted"]
    told = await there.take(says(ReworkDecided(round=2, by="chen"), after(days=3)))
    assert clock_events(told, ClockName.REWORK_DECISION) == ["ClockStopped"]
    starts = {event.clock: event for event in told if isinstance(event, ClockStarted)}
    assert {(name, event.round, event.limit) for name, event in starts.items()} == {
        (ClockName.PROMISE, 2, "5wd"), (ClockName.HOLDING, 2, "5wd"),
    }  # fmt: skip
    told = await there.take(says(replied(round=2), after(days=4)))
    assert running(there.state) == set()
    assert {event.round for event in told if isinstance(event, ClockStopped)} == {2}


async def test_tracking_runs_until_the_close() -> None:
    there, says = await known()
    await there.take(says(assigned(), after(hours=1)), says(replied(outcome=Outcome.PLANNED), after(days=1)))
    await there.take(says(IssueTracked(round=1, outcome=Outcome.PLANNED), after(days=2)))
    assert running(there.state) == {"tracking"}
    await there.take(says(IssueClosed(round=1, reason="done"), after(days=3)))
    assert running(there.state) == set()


@pytest.mark.parametrize("end", [rejected(), withdrawn()])
async def test_the_end_of_an_issue_stops_every_clock(end: Event) -> None:
    there, says = await known()
    await there.take(says(end, after(hours=1)))
    assert running(there.state) == set()
    assert "deadline" not in there.document
    assert TIMERS[there.state.state] == TERMINAL


async def test_an_assignment_that_crossed_a_withdrawal_starts_no_clock() -> None:
    there, says = await known()
    await there.take(says(withdrawn(), after(hours=1)))
    told = await there.take(says(assigned(), after(hours=2)))
    assert told == []
    assert there.state.state is State.WITHDRAWN


async def test_an_assignment_from_before_a_withdrawal_is_told_and_stopped_at_the_withdrawal() -> None:
    there, says = await known()
    await there.take(says(withdrawn(), after(hours=3)))
    told = await there.take(says(assigned(), after(hours=1)))
    stops = [event for event in told if isinstance(event, ClockStopped)]
    assert {event.clock for event in stops} == {ClockName.SIGN, ClockName.HOLDING}
    assert {event.stopped_at for event in stops} == {after(hours=3)}


async def test_the_earliest_of_two_ends_decides_what_may_still_start() -> None:
    there, says = await known()
    await there.take(says(IssueClosed(round=1, reason="rated"), after(hours=9)))
    await there.take(says(withdrawn(), after(hours=1)))
    assert await there.take(says(assigned(), after(hours=2))) == []


async def test_a_reply_of_an_earlier_round_does_not_stop_the_next_rounds_promise() -> None:
    there, says = await known()
    await there.take(says(ReworkDecided(round=2, by="chen"), after(days=1)))
    await there.take(says(replied(round=1), after(days=2)))
    assert [clock.round for clock in there.state.clocks if clock.name == "promise" and clock.pending] == [2]


async def test_a_fact_about_an_unknown_issue_is_noted_and_changes_nothing() -> None:
    there, says = house(), Neighbours()
    assert await there.take(says(assigned(), MONDAY)) == []
    assert there.state is None


async def test_facts_that_come_before_their_predecessors_are_held_and_then_released() -> None:
    in_order, _ = await known()
    there, says = house(), Neighbours()
    first, second, third = says(registered(), MONDAY), says(promise(), MONDAY), says(accepted(), MONDAY)
    fourth = says(assigned(), after(hours=1), seen="intake.events=3")
    assert await there.take(fourth) == []
    assert await there.take(third) == []
    assert await there.take(second) == []
    assert there.state is None
    await there.take(first)
    assert "held" not in there.document
    assert running(there.state) == {"promise", "sign", "holding"}
    assert there.told[: len(in_order.told)] == in_order.told


FACTS: dict[str, Event] = {
    "assign": assigned(), "answer": replied(), "ask_rework": ReworkAsked(round=1, reason="未解决"),
    "decide_rework": ReworkDecided(round=2, by="chen"),
    "refuse_rework": ReworkRefused(round=1, reason="已解释", by="chen"),
    "track": IssueTracked(round=1, outcome=Outcome.PLANNED), "close": IssueClosed(round=1, reason="rated"),
    "reject": rejected(), "withdraw": withdrawn(),
}  # fmt: skip


@pytest.mark.parametrize("verb", FACTS)
@pytest.mark.parametrize("state", State)
def test_a_fact_moves_an_issue_as_the_table_says_and_otherwise_not_at_all(state: State, verb: str) -> None:
    rules = clocks_of.Rules(POLICY, CALENDAR, GRACE)
    change = observe(rules, Issue(state=state), FACTS[verb], Context(ISSUE, MONDAY))
    after_it = state if change is None else change.state.state
    assert after_it == MOVES.get((state, verb), state)


def test_every_state_has_a_timer_or_is_terminal_and_every_terminal_state_is_left_by_nothing() -> None:
    assert set(TIMERS) == set(State)
    assert set(FACTS) == set(VERBS.values())
    # Two ends may cross: closing wins over a withdrawal, whichever is read first (docs/loop.md, crossings).
    left = {state for state, verb in MOVES if (state, verb) != (State.WITHDRAWN, "close")}
    assert left == {state for state in State if TIMERS[state] != TERMINAL}


def test_every_clock_has_a_rule_a_limit_and_stops_when_its_issue_ends() -> None:
    assert set(CLOCKS) == set(ClockName)
    for name, rule in CLOCKS.items():
        assert name.value in POLICY.limits
        assert set(ENDS) <= set(rule.stops)


LIFE = (
    assigned(), signed(), returned(), ruled(False), transferred(), replied(assignment="a2"),
    ReworkAsked(round=1, reason="未解决"), ReworkDecided(round=2, by="chen"),
    replied(round=2, assignment="a2", outcome=Outcome.PLANNED), IssueTracked(round=2, outcome=Outcome.PLANNED),
    IssueClosed(round=2, reason="done"), withdrawn(),
)  # fmt: skip


async def test_every_fact_delivered_twice_changes_nothing_the_second_time() -> None:
    there, says = house(), Neighbours()
    life = (registered(), promise(), accepted(), *LIFE)
    for hour, event in enumerate(life):
        record = says(event, after(hours=hour))
        await there.take(record)
        before = there.state
        assert await there.take(record) == []
        assert there.state == before
    told = [type(event) for event in there.told]
    assert told.count(ClockStarted) == told.count(ClockStopped) == 11
    assert {ClockBreached, ClockWarned, BreachAnnulled}.isdisjoint(told)


async def test_a_document_of_a_whole_life_stays_small() -> None:
    there, says = await known()
    for hour, event in enumerate((assigned(), signed(), replied(), IssueClosed(round=1, reason="rated"))):
        await there.take(says(event, after(hours=hour + 1)))
    state = there.room.state.model_validate(there.document["state"])
    assert len(state.model_dump_json(exclude_defaults=True)) < 1500
