"""When clocks fire: never early, never twice, never after stop; and how a breach is annulled."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.supervision.bus import room
from services.supervision.domain import Clock, Issue, Rules, State, fire, next_deadline, observe
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
    ReworkAsked,
    ReworkDecided,
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
RULES = Rules(POLICY, CALENDAR, GRACE)
LONG_AFTER = after(days=200)
MOMENT = timedelta(milliseconds=1)


async def promised_only(history: bool = False) -> tuple[House, Neighbours]:
    """An issue of which only the promise and the holding clock still run."""
    there = House(room(jurisdiction="huzhou", history=history, policy=POLICY, calendar=CALENDAR))
    says = Neighbours()
    promise = promised(MONDAY, DUE, calendar=CALENDAR.version)
    await there.take(says(registered(), MONDAY), says(promise, MONDAY), says(accepted(), MONDAY))
    await there.take(says(assigned(), MONDAY), says(signed(), MONDAY))
    return there, says


def of_promise(told: list[Event]) -> list[Event]:
    return [event for event in told if getattr(event, "clock", None) is ClockName.PROMISE]


async def test_the_promise_warns_at_seventy_percent_and_a_day_before_and_then_is_breached() -> None:
    there, _ = await promised_only()
    told = of_promise(await there.fire_until(LONG_AFTER))
    assert [getattr(event, "threshold", "due") for event in told] == ["70%", "1wd", "due"]
    assert isinstance(told[-1], ClockBreached)
    assert (told[-1].due_at, told[-1].department, told[-1].late_seconds) == (DUE, "traffic", 0.0)


async def test_a_deadline_is_named_after_clock_round_threshold_and_generation() -> None:
    there, _ = await promised_only()
    assert there.document["due"]["name"] == "promise/1/70%/1"
    assert there.fire_at == datetime.fromisoformat(there.document["due"]["at"]) + GRACE


async def test_nothing_fires_a_moment_before_due_and_grace() -> None:
    there, _ = await promised_only()
    when, document = there.fire_at, there.document
    assert await there.fire(when - MOMENT) == []
    assert there.document is document
    assert len(await there.fire(when)) == 1


async def test_a_deadline_fires_once_however_often_its_command_comes() -> None:
    there, _ = await promised_only()
    when, name = there.fire_at, there.document["due"]["name"]
    assert len(await there.fire(when, name)) == 1
    assert await there.fire(when, name) == []
    assert await there.fire(when + GRACE, name) == []


async def test_a_deadline_of_an_older_generation_is_void() -> None:
    there, says = await promised_only()
    await there.take(says(returned(), after(hours=1)), says(ruled(False), after(hours=2)))
    assert there.document["due"]["name"] == "sign@a1/1/due/2"
    assert await there.fire(LONG_AFTER, "sign@a1/1/due/1") == []


async def test_a_stopped_clock_never_fires() -> None:
    there, says = await promised_only()
    name = there.document["due"]["name"]
    await there.take(says(replied(), after(hours=1)))
    assert "deadline" not in there.document
    assert await there.fire(LONG_AFTER, name) == []


async def test_in_history_there_is_no_grace() -> None:
    there, _ = await promised_only(history=True)
    assert there.fire_at == datetime.fromisoformat(there.document["due"]["at"])


async def test_a_reply_at_the_due_instant_is_in_time() -> None:
    there, says = await promised_only()
    await there.fire_until(DUE)
    told = of_promise(await there.take(says(replied(), DUE)))
    assert told == [ClockStopped(clock=ClockName.PROMISE, stopped_at=DUE, breached=False)]


@pytest.mark.parametrize("history", [False, True])
async def test_a_reply_a_moment_after_due_is_late_though_the_deadline_never_fired(history: bool) -> None:
    there, says = await promised_only(history)
    await there.fire_until(DUE - MOMENT)
    told = of_promise(await there.take(says(replied(), DUE + MOMENT)))
    assert [type(event) for event in told] == [ClockBreached, ClockStopped]
    assert told[-1].breached
    assert "deadline" not in there.document


async def test_after_a_stand_still_a_late_reply_leaves_the_record_it_would_have_left_in_time() -> None:
    in_time, says = await promised_only()
    await in_time.fire_until(LONG_AFTER)
    await in_time.take(says(replied(), LONG_AFTER))
    stood, says = await promised_only()
    await stood.take(says(replied(), LONG_AFTER))
    kinds = [[type(event) for event in of_promise(there.told)] for there in (in_time, stood)]
    assert kinds[0] == kinds[1] == [ClockStarted, ClockWarned, ClockWarned, ClockBreached, ClockStopped]


async def test_warnings_that_are_all_past_are_each_given_once_with_how_late_they_are() -> None:
    there, _ = await promised_only()
    told = of_promise(await there.fire_until(LONG_AFTER, late_seconds=3600))
    assert [getattr(event, "threshold", "due") for event in told] == ["70%", "1wd", "due"]
    assert {event.late_seconds for event in told} == {3600.0}
    assert {event.due_at for event in told} == {DUE}


@pytest.mark.parametrize("at", [DUE, DUE - timedelta(hours=1)])
async def test_a_reply_from_before_due_that_comes_after_the_breach_annuls_it(at: datetime) -> None:
    there, says = await promised_only()
    await there.fire_until(LONG_AFTER)
    told = of_promise(await there.take(says(replied(), at)))
    assert told == [
        BreachAnnulled(clock=ClockName.PROMISE, due_at=DUE, stopped_at=at),
        ClockStopped(clock=ClockName.PROMISE, stopped_at=at, breached=False),
    ]


async def test_a_withdrawal_from_before_due_annuls_even_when_a_late_reply_had_stopped_the_clock() -> None:
    there, says = await promised_only()
    await there.fire_until(LONG_AFTER)
    told = of_promise(await there.take(says(replied(), LONG_AFTER)))
    assert told[-1].breached
    told = of_promise(await there.take(says(withdrawn(), DUE - MOMENT)))
    assert told == [BreachAnnulled(clock=ClockName.PROMISE, due_at=DUE, stopped_at=DUE - MOMENT)]
    assert not any(clock.breached for clock in there.state.clocks)


async def test_a_reply_after_a_breach_does_not_undo_it() -> None:
    there, says = await promised_only()
    await there.fire_until(LONG_AFTER)
    told = of_promise(await there.take(says(replied(), DUE + MOMENT)))
    assert told == [ClockStopped(clock=ClockName.PROMISE, stopped_at=DUE + MOMENT, breached=True)]


# ------------------------------------------------------------- any order of arrival

DAYS = st.integers(min_value=0, max_value=30 * 24)


@st.composite
def deliveries(draw: st.DrawFn) -> list[tuple[datetime, datetime, Event]]:
    """(arrival, official time, fact): each owner's in order, owners crossing each other, some very late."""
    promise = promised(MONDAY, DUE, calendar=CALENDAR.version)
    intake: list[Event] = [promise]
    dispatch: list[Event] = [assigned()]
    dispatch += draw(st.sampled_from([[], [signed()], [returned(), ruled(False), signed()],
                                      [returned(), ruled(True), transferred()]]))  # fmt: skip
    feedback: list[Event] = []
    if draw(st.booleans()):
        dispatch.append(replied())
        rework = [ReworkAsked(round=1, reason="未解决"), ReworkDecided(round=2, by="chen")]
        feedback = draw(st.sampled_from([[], [IssueClosed(round=1, reason="rated")], rework]))
    if draw(st.booleans()):
        intake.append(withdrawn())
    found: list[tuple[datetime, datetime, Event]] = []
    earliest = read = MONDAY
    for facts in (intake, [*dispatch, *feedback]):
        at, arrival = MONDAY, read
        for number, fact in enumerate(facts):
            if fact is not promise:
                at += timedelta(hours=draw(DAYS) / 6)
                arrival = max(arrival, at + timedelta(hours=draw(st.sampled_from([0, 0, 1, 100, 1000]))))
            found.append((arrival, at if number or facts is not intake else earliest, fact))
    return sorted(found, key=lambda entry: entry[0])


def play(given_facts: list[tuple[datetime, datetime, Event]], late: timedelta) -> tuple[Issue, list[Event]]:
    """Deliver at arrival times; every deadline fires when it is due, plus the lateness of the timers."""
    change = observe(Issue(state=State.REGISTERED), registered(), MONDAY, RULES)
    issue, told = change.state, list(change.events)

    def fire_until(now: datetime) -> None:
        nonlocal issue
        while (deadline := next_deadline(issue, RULES)) is not None and deadline.fire_at + late <= now:
            early = fire(issue, deadline, Context(ISSUE, deadline.fire_at - MOMENT), RULES)
            assert early.state is issue
            fired = fire(issue, deadline, Context(ISSUE, deadline.fire_at + late), RULES)
            assert len(fired.events) == 1
            again = fire(fired.state, deadline, Context(ISSUE, now), RULES)
            assert again.events == ()
            issue = fired.state
            told.extend(fired.events)

    for arrival, at, fact in given_facts:
        fire_until(arrival)
        change = observe(issue, fact, at, RULES)
        issue = Issue.model_validate(change.state.model_dump(mode="json", exclude_defaults=True))
        told.extend(change.events)
    fire_until(after(days=2000))
    return issue, told


def key(event: Clock | Event) -> tuple[str, str, int]:
    name = event.name if isinstance(event, Clock) else event.clock  # type: ignore[attr-defined]
    return (str(name), event.assignment, event.round)  # type: ignore[attr-defined]


@settings(max_examples=300, deadline=None)
@given(deliveries(), st.sampled_from([0, 30, 86400]))
def test_in_whatever_order_facts_arrive_a_clock_is_breached_when_its_earliest_stop_is_late(
    given_facts: list[tuple[datetime, datetime, Event]], late_seconds: int
) -> None:
    issue, told = play(given_facts, timedelta(seconds=late_seconds))
    assert next_deadline(issue, RULES) is None
    for clock in issue.clocks:
        stopped_at = clock.stopped_at
        assert clock.breached == (stopped_at is None or stopped_at > clock.due_at)
    generations: dict[tuple[str, str, int], int] = {}
    balance: dict[tuple[str, str, int], int] = {}
    warned: set[tuple[object, ...]] = set()
    stopped: dict[tuple[str, str, int], int] = {}
    for event in told:
        which = key(event)
        match event:
            case ClockStarted():
                generations[which] = generations.get(which, 0) + 1
            case ClockStopped():
                stopped[which] = stopped.get(which, 0) + 1
            case ClockBreached():
                balance[which] = balance.get(which, 0) + 1
                assert stopped.get(which, 0) < generations[which], "never after stop"
            case BreachAnnulled():
                balance[which] -= 1
            case ClockWarned():
                assert (which, event.threshold) not in warned, "never twice"
                assert stopped.get(which, 0) < generations[which], "never after stop"
                warned.add((which, event.threshold))
    breached: dict[tuple[str, str, int], int] = {}
    for clock in issue.clocks:
        breached[key(clock)] = breached.get(key(clock), 0) + clock.breached
    assert {which: count for which, count in balance.items() if count} == {
        which: count for which, count in breached.items() if count
    }


@settings(max_examples=200, deadline=None)
@given(deliveries())
def test_late_arrival_changes_neither_what_was_breached_nor_what_still_runs(
    given_facts: list[tuple[datetime, datetime, Event]],
) -> None:
    prompt = sorted(((at, at, fact) for _, at, fact in given_facts), key=lambda entry: entry[0])
    results = []
    for facts in (given_facts, prompt):
        issue, _ = play(facts, timedelta(0))
        results.append(
            (
                {(*key(clock), clock.generation) for clock in issue.clocks if clock.breached},
                {(*key(clock), clock.generation) for clock in issue.clocks if clock.stopped_at is None},
            )
        )
    assert results[0] == results[1]
