"""In whatever order the owners' events arrive, the same clocks are breached and the same still run."""

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.supervision.issue.life import Clock, Issue
from services.supervision.issue.reactions import expire, next_deadline, observe, register
from shared.contract.event import Event
from shared.contract.events.feedback import IssueClosed, ReworkAsked, ReworkDecided
from shared.contract.events.supervision import (
    BreachAnnulled,
    ClockBreached,
    ClockStarted,
    ClockStopped,
    ClockWarned,
)
from shared.contract.words import CloseReason
from tests.unit.supervision.given import (
    MOMENT,
    MONDAY,
    after,
    appealed,
    assigned,
    context,
    promised,
    recalled,
    registered,
    rejected,
    replied,
    returned,
    ruled,
    signed,
    transferred,
    upheld,
    withdrawn,
)

Delivery = tuple[datetime, datetime, Event]
"""(arrival, official time, event)."""

HOURS = st.integers(min_value=0, max_value=30 * 24)


@st.composite
def deliveries(draw: st.DrawFn) -> list[Delivery]:
    """Each owner's events in order, owners crossing each other, some very late.

    Where the issue was rejected first and an appeal upheld, all others follow that.
    """
    promise = promised()
    begun: list[Delivery] = [(MONDAY, MONDAY, promise)]
    if draw(st.booleans()):
        rejected_at, appealed_at, upheld_at = sorted(MONDAY + timedelta(hours=draw(HOURS)) for _ in range(3))
        events = (rejected(), appealed(rejected_at, appealed_at), upheld())
        for at, event in zip((rejected_at, appealed_at, upheld_at), events, strict=True):
            late = timedelta(hours=draw(st.sampled_from([0, 0, 1, 100, 1000])))
            begun.append((max(begun[-1][0], at + late), at, event))
    intake: list[Event] = []
    dispatch: list[Event] = [assigned()]
    passed_on = [returned(), ruled(True), transferred()]
    again = [recalled(), assigned("a2", "police"), signed("a2", "police")]
    kept = [signed(), returned(), ruled(False), signed()]
    ways: list[list[Event]] = [
        [],
        [signed()],
        [returned(), ruled(False), signed()],
        passed_on,
        kept,
        again[:1],
        again,
    ]
    dispatch += draw(st.sampled_from(ways))
    feedback: list[Event] = []
    if draw(st.booleans()):
        dispatch.append(replied())
        rework = [ReworkAsked(round=1, reason="未解决"), ReworkDecided(round=2, by="chen")]
        closed = [IssueClosed(round=1, reason=CloseReason.RATED)]
        feedback = draw(st.sampled_from([[], closed, rework]))
    if draw(st.booleans()):
        intake.append(withdrawn())
    found = begun
    read, since, _ = begun[-1]
    for events in (intake, [*dispatch, *feedback]):
        at, arrival = since, read
        for event in events:
            at += timedelta(hours=draw(HOURS) / 6)
            arrival = max(arrival, at + timedelta(hours=draw(st.sampled_from([0, 0, 1, 100, 1000]))))
            found.append((arrival, at, event))
    return sorted(found, key=lambda entry: entry[0])


def play(delivered: list[Delivery], late: timedelta) -> tuple[Issue, list[Event]]:
    """Deliver at arrival times; every deadline fires when it is due, plus the lateness of the timers."""
    began = register(None, registered(), context(MONDAY))
    assert began is not None
    issue, published = began.state, [message.body for message in began.messages]

    def fire_until(now: datetime) -> None:
        nonlocal issue
        while (deadline := next_deadline(issue)) is not None and deadline.fire_at + late <= now:
            early = expire(issue, deadline, context(deadline.fire_at - MOMENT))
            assert early.state is issue
            due = [
                at
                for clock in issue.clocks
                for _, at in clock.pending
                if datetime.fromisoformat(at) <= deadline.at
            ]
            fired = expire(issue, deadline, context(deadline.fire_at + late))
            assert len(fired.messages) == len(due) >= 1
            again = expire(fired.state, deadline, context(now))
            assert again.state is fired.state
            assert again.messages == ()
            issue = fired.state
            published.extend(message.body for message in fired.messages)

    for arrival, at, event in delivered:
        fire_until(arrival)
        change = observe(issue, event, context(at))
        if change is not None:
            issue = Issue.model_validate(change.state.model_dump(mode="json", exclude_defaults=True))
            published.extend(message.body for message in change.messages)
    fire_until(after(days=2000))
    return issue, published


def key(event: Clock | Event) -> tuple[str, str, int]:
    name = event.name if isinstance(event, Clock) else event.clock  # type: ignore[attr-defined]
    return (str(name), event.assignment, event.round)  # type: ignore[attr-defined]


@settings(max_examples=300, deadline=None)
@given(deliveries(), st.sampled_from([0, 30, 86400]))
def test_in_whatever_order_events_arrive_a_clock_is_breached_when_its_earliest_stop_is_late(
    delivered: list[Delivery], late_seconds: int
) -> None:
    issue, published = play(delivered, timedelta(seconds=late_seconds))
    assert next_deadline(issue) is None
    for clock in issue.clocks:
        stopped_at = clock.stopped_at
        assert clock.breached == (stopped_at is None or stopped_at > clock.due_at)
    generations: dict[tuple[str, str, int], int] = {}
    balance: dict[tuple[str, str, int], int] = {}
    warned: set[tuple[object, ...]] = set()
    stopped: dict[tuple[str, str, int], int] = {}
    for event in published:
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
    delivered: list[Delivery],
) -> None:
    prompt = sorted(((at, at, event) for _, at, event in delivered), key=lambda entry: entry[0])
    results = []
    for deliveries_of in (delivered, prompt):
        issue, _ = play(deliveries_of, timedelta(0))
        breached = {(*key(clock), clock.generation) for clock in issue.clocks if clock.breached}
        running = {(*key(clock), clock.generation) for clock in issue.clocks if clock.stopped_at is None}
        results.append((breached, running))
    assert results[0] == results[1]
