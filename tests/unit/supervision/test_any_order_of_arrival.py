"""In whatever order the owners' events arrive, the same clocks are breached and run, and the same step stands."""

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.supervision.issue.clocks import derive
from services.supervision.issue.ladder import coming
from services.supervision.issue.life import Climb, Clock, Issue
from services.supervision.issue.reactions import expire, next_deadline, observe, register
from shared.contract.event import Event
from shared.contract.events.dispatch import (
    AssignmentReturned,
    AssignmentRuled,
    AssignmentTransferred,
    EnterpriseAsked,
    PauseEnded,
    PauseGranted,
)
from shared.contract.events.feedback import IssueClosed, ReworkAsked, ReworkDecided, ReworkRefused
from shared.contract.events.supervision import (
    BreachAnnulled,
    ClockBreached,
    ClockStarted,
    ClockStopped,
    ClockWarned,
    LadderEnded,
    LadderLifted,
    LadderRaised,
)
from shared.contract.words import CloseReason
from shared.domain.steps import WARNED
from tests.unit.reference import builtin_reference
from tests.unit.supervision.given import (
    BY_ITSELF,
    MOMENT,
    MONDAY,
    after,
    answered,
    appealed,
    asked_for_more,
    assigned,
    context,
    extended,
    goes_on,
    of_clocks,
    over,
    paused,
    promised,
    raiser_asked,
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

TIME_CHANGES: list[list[Event]] = [
    [],
    [extended()],
    [paused()],
    [paused(ends_at=BY_ITSELF)],
    [paused(), goes_on()],
    [paused(), goes_on(), extended(2)],
    [extended(10), paused(), goes_on(), paused(), goes_on()],
    [asked_for_more(3)],
    [raiser_asked()],
    [raiser_asked(), answered()],
    [raiser_asked(), paused(ends_at=BY_ITSELF), answered(granted=True), extended(2)],
    [paused(), goes_on(), raiser_asked(2), extended(), goes_on(granted=False)],
]
"""What may be granted while the first assignment is held; a pause may outlast everything."""

HOURS = st.integers(min_value=0, max_value=30 * 24)
FEW = settings(max_examples=100, deadline=None)
"""Of each rule; the simulator plays the same crossings in each of its seeds, and its checker knows the same rules."""


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
    dispatch += draw(st.sampled_from(TIME_CHANGES))
    dispatch += draw(st.sampled_from(ways))
    feedback: list[Event] = []
    if draw(st.booleans()):
        dispatch.append(replied())
        rework = [ReworkAsked(round=1, reason="未解决"), ReworkDecided(round=2, by="chen")]
        closed = [IssueClosed(round=1, reason=CloseReason.RATED)]
        again = [*rework, replied(2), ReworkAsked(round=2, reason="仍未解决")]
        refused = ReworkRefused(round=2, reason="已全部解决", by="chen")
        ends: list[list[Event]] = [
            [],
            [refused],
            [refused, IssueClosed(round=2, reason=CloseReason.REWORK_REFUSED)],
            [ReworkDecided(round=3, by="chen")],
            [ReworkDecided(round=3, by="chen"), replied(3)],
        ]
        feedback = draw(st.sampled_from([[], closed, rework, *([*again, *end] for end in ends)]))
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


def play(
    delivered: list[Delivery],
    late: timedelta,
    until: datetime | None = None,
    warned: list[datetime] | None = None,
) -> tuple[Issue, list[Event]]:
    """Deliver at arrival times; every deadline fires when it is due, plus the lateness of the timers.

    Nobody does anything more then, ``until`` that instant, else for long enough. ``warned``: takes the instants of
    what people are warned of.
    """
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
            marked = [one for one in fired.messages if isinstance(one.body, ClockWarned | ClockBreached)]
            assert len(marked) == len(due)
            if warned is not None:
                told = [one.body for one in marked if isinstance(one.body, ClockWarned)]
                warned.extend(deadline.at for one in told if one.clock in WARNED)
            assert fired.state != issue
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
    fire_until(until or after(days=2000))
    return issue, published


def key(event: Clock | Event) -> tuple[str, str, int]:
    name = event.name if isinstance(event, Clock) else event.clock  # type: ignore[attr-defined]
    return (str(name), event.assignment, event.round)  # type: ignore[attr-defined]


@FEW
@given(deliveries(), st.sampled_from([0, 30, 86400]))
def test_in_whatever_order_events_arrive_a_clock_is_breached_when_its_earliest_stop_is_late(
    delivered: list[Delivery], late_seconds: int
) -> None:
    issue, published = play(delivered, timedelta(seconds=late_seconds))
    assert next_deadline(issue) is None
    for clock in issue.clocks:
        reading = derive(clock, builtin_reference())
        assert reading.state == "stopped" or clock.due_at == reading.due_at
        # While it is paused nothing falls due but what had fallen due before.
        fell_due = "due" in dict(reading.deadlines) if reading.breached is None else reading.breached
        assert clock.breached == fell_due
    generations: dict[tuple[str, str, int], int] = {}
    balance: dict[tuple[str, str, int], int] = {}
    warned: set[tuple[object, ...]] = set()
    stopped: dict[tuple[str, str, int], int] = {}
    paused = any(isinstance(event, PauseEnded) for _, _, event in delivered)
    for event in of_clocks(published):
        which = key(event)
        match event:
            case ClockStarted():
                generations[which] = generations.get(which, 0) + 1
            case ClockStopped():
                stopped[which] = stopped.get(which, 0) + 1
            case ClockBreached():
                balance[which] = balance.get(which, 0) + 1
                # Only the end of a pause, read late, finds one that nobody could know of before.
                assert paused or stopped.get(which, 0) < generations[which], "never after stop"
            case BreachAnnulled():
                balance[which] -= 1
            case ClockWarned():
                assert (which, event.threshold, event.due_at) not in warned, "never twice"
                assert stopped.get(which, 0) < generations[which], "never after stop"
                warned.add((which, event.threshold, event.due_at))
    breached: dict[tuple[str, str, int], int] = {}
    for clock in issue.clocks:
        breached[key(clock)] = breached.get(key(clock), 0) + clock.breached
    assert {which: count for which, count in balance.items() if count} == {
        which: count for which, count in breached.items() if count
    }


@FEW
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
        climbs = {
            (climb.clock, climb.round, climb.assignment, climb.reached)
            for climb in issue.climbs
            if climb.reached  # what ended before it began, as is known later, is as if it never was
        }
        results.append((breached, running, climbs, issue.lamp))
    assert results[0] == results[1]


@FEW
@given(deliveries(), st.sampled_from([0, 30, 86400]))
def test_in_whatever_order_events_arrive_the_steps_that_are_told_lead_to_the_one_that_stands(
    delivered: list[Delivery], late_seconds: int
) -> None:
    issue, published = play(delivered, timedelta(seconds=late_seconds))
    lamp = 0
    for event in published:
        match event:
            case LadderRaised():
                assert event.step > lamp, "steps only rise"
                lamp = event.step
            case LadderLifted():
                assert event.step == lamp > event.to
                lamp = event.to
            case LadderEnded():
                assert event.step == lamp > 0
    assert lamp == issue.lamp
    assert lamp == max((expected(climb, issue) for climb in issue.climbs), default=0)


def expected(climb: Climb, issue: Issue) -> int:
    """The step of one climb, from its instants and its end alone, once time has gone on for long enough."""
    if issue.ended_at is not None:
        return 0
    ended_at = climb.ended_at or after(days=9999)
    return max((step for step, at in climb.steps if datetime.fromisoformat(at) < ended_at), default=0)


@FEW
@given(deliveries(), st.integers(min_value=1, max_value=30))
def test_what_happens_if_nobody_acts_is_what_was_foreseen(delivered: list[Delivery], known: int) -> None:
    delivered = delivered[:known]
    until_then: list[datetime] = []
    warned: list[datetime] = []
    issue, before = play(delivered, timedelta(0), delivered[-1][0], until_then)
    foreseen = coming(issue, builtin_reference())
    _, published = play([*delivered, *ends_by_itself(issue, delivered)], timedelta(0), warned=warned)
    raised = [event for event in published[len(before) :] if isinstance(event, LadderRaised)]
    steps = [(rise.step, rise.at) for rise in foreseen if rise.step]
    assert [(event.step, event.due_at) for event in raised] == steps
    if issue.ended_at is None:  # an instruction that outlives its issue still warns
        assert {rise.at for rise in foreseen if not rise.step} == set(warned[len(until_then) :])


def ends_by_itself(issue: Issue, delivered: list[Delivery]) -> list[Delivery]:
    """What dispatch tells, if nobody acts, of a pause or question that has an end: it has ended then."""
    ends = [clock.resumes_at for clock in issue.clocks if clock.resumes_at is not None]
    granted = any(isinstance(event, PauseGranted) for _, _, event in delivered)
    return [(max(at, delivered[-1][0]), at, over(granted)) for at in ends[:1]]


@FEW
@given(deliveries())
def test_a_question_that_nobody_grants_a_pause_for_never_moves_the_promise(
    delivered: list[Delivery],
) -> None:
    stays = [entry for entry in delivered if not isinstance(entry[2], EnterpriseAsked)]
    due = []
    for each in (delivered, stays):
        issue, _ = play(each, timedelta(0))
        due.append({clock.round: clock.due_at for clock in issue.clocks if clock.name == "promise"})
        facts = [[kind for kind, *_ in clock.history] for clock in issue.clocks]
        assert all(kinds.count("paused") - kinds.count("resumed") in (0, 1) for kinds in facts)
    assert due[0] == due[1]


HANDS_ON = (AssignmentReturned, AssignmentRuled, AssignmentTransferred)


@FEW
@given(deliveries())
def test_handing_an_issue_on_never_moves_its_promise(delivered: list[Delivery]) -> None:
    stays = [entry for entry in delivered if not isinstance(entry[2], HANDS_ON)]
    due = []
    for each in (delivered, stays):
        issue, _ = play(each, timedelta(0))
        due.append({clock.round: clock.due_at for clock in issue.clocks if clock.name == "promise"})
    assert due[0] == due[1]
