"""Extensions and pauses move promise and holding clock, tell old and new date, and undo no breach."""

from datetime import datetime

import pytest

from services.supervision.issue.life import Clock
from shared.contract.event import Event
from shared.contract.events.dispatch import EnterpriseAsked, PauseEnded, PauseGranted
from shared.contract.events.feedback import ReworkAsked, ReworkDecided
from shared.contract.events.supervision import (
    BreachAnnulled,
    ClockBreached,
    ClockRecalculated,
    ClockWarned,
    LadderLifted,
    LadderRaised,
)
from shared.contract.words import ClockName, LadderCause, LiftCause
from tests.unit.one_aggregate import OneAggregate
from tests.unit.supervision.given import (
    DUE,
    FOUR_LATER,
    GRACE,
    LONG_AFTER,
    MOMENT,
    after,
    answered,
    asked_for_more,
    assigned,
    extended,
    fire_until,
    goes_on,
    known,
    new_issue,
    paused,
    promised,
    raiser_asked,
    registered,
    replied,
    signed,
    transferred,
    withdrawn,
)


def handled() -> OneAggregate:
    """An issue that is assigned and signed for on its first morning."""
    issue = known()
    issue.take(assigned(), after(hours=1))
    issue.take(signed(), after(hours=2))
    return issue


def clock(issue: OneAggregate, name: ClockName, assignment: str = "") -> Clock:
    found = [one for one in issue.state.clocks if (one.name, one.assignment) == (name, assignment)]
    assert isinstance(found[-1], Clock)
    return found[-1]


def promise(issue: OneAggregate) -> Clock:
    return clock(issue, ClockName.PROMISE)


def of(published: list[Event], kind: type) -> list[Event]:
    return [event for event in published if isinstance(event, kind)]


def test_an_extension_moves_the_promise_and_the_holding_clock_of_that_assignment_and_tells_both_dates() -> (
    None
):
    issue = handled()
    moved = of(issue.take(extended(), after(days=1)), ClockRecalculated)
    assert [(event.clock, event.old_due_at, event.due_at) for event in moved] == [  # type: ignore[attr-defined]
        ("promise", DUE, FOUR_LATER),
        ("holding", DUE, FOUR_LATER),
    ]
    assert {(event.because, event.by) for event in moved} == {("extension", "chen")}  # type: ignore[attr-defined]
    assert (promise(issue).generation, promise(issue).due_at) == (2, FOUR_LATER)
    assert clock(issue, ClockName.SIGN, "a1").due_at < DUE
    breaches = [event.due_at for event in fire_until(issue, LONG_AFTER) if isinstance(event, ClockBreached)]
    assert breaches == [FOUR_LATER, FOUR_LATER]


def test_nothing_of_the_older_date_fires_any_more() -> None:
    issue = handled()
    before = promise(issue).deadline_name("due")
    issue.take(extended(), after(days=1))
    assert before not in {promise(issue).deadline_name(name) for name, _ in promise(issue).thresholds}
    fired = fire_until(issue, DUE + GRACE)
    # 70 % of fourteen days is the ninth, 2026-03-13, and no longer the seventh.
    assert [event.threshold for event in fired if isinstance(event, ClockWarned)] == ["70%"]
    assert not of(fired, ClockBreached)


def test_a_warning_that_comes_later_now_is_given_again_and_one_that_does_not_is_not() -> None:
    issue = handled()
    fire_until(issue, after(days=9, hours=10))  # 70 % of ten days is over
    issue.take(extended(), after(days=10))
    fired = [event.threshold for event in fire_until(issue, LONG_AFTER) if isinstance(event, ClockWarned)]
    assert fired == ["70%", "1wd"]
    issue = handled()
    fire_until(issue, after(days=9, hours=10))
    issue.take(paused(), after(days=10))
    issue.take(goes_on(), after(days=12))
    fired = [event.threshold for event in fire_until(issue, LONG_AFTER) if isinstance(event, ClockWarned)]
    assert fired == ["1wd"]


def test_the_days_of_a_pause_do_not_count_and_while_it_lasts_nothing_is_due() -> None:
    issue = handled()
    assert not of(issue.take(paused(), after(days=1)), ClockRecalculated)
    assert fire_until(issue, after(days=60)) == []
    moved = of(issue.take(goes_on(), after(days=8)), ClockRecalculated)
    five_later = datetime.fromisoformat("2026-03-23T17:30:00+08:00")
    assert {(event.due_at, event.because) for event in moved} == {(five_later, "pause")}  # type: ignore[attr-defined]
    assert {event.due_at for event in fire_until(issue, LONG_AFTER) if isinstance(event, ClockBreached)} == {
        five_later
    }


def test_a_pause_of_hours_moves_nothing() -> None:
    issue = handled()
    issue.take(paused(), after(days=1))
    assert issue.take(goes_on(), after(days=1, hours=2)) == []
    assert promise(issue).due_at == DUE


def test_a_request_that_was_never_granted_pauses_nothing() -> None:
    issue = handled()
    before = issue.state
    assert issue.take(goes_on(granted=False), after(days=3)) == []
    assert issue.state == before


@pytest.mark.parametrize("event", [extended(), paused()])
def test_what_is_granted_after_the_breach_does_not_undo_it_nor_puts_off_a_step(event: Event) -> None:
    calm, issue = handled(), handled()
    for each in (calm, issue):
        fire_until(each, DUE + GRACE)
    steps = issue.state.climbs[0].steps
    assert not of(issue.take(event, DUE + GRACE + MOMENT), BreachAnnulled)
    if isinstance(event, PauseGranted):
        issue.take(goes_on(), after(days=20))
    assert promise(issue).breached and promise(issue).due_at == DUE
    assert issue.state.climbs[0].steps == steps
    told = [of(fire_until(each, LONG_AFTER), LadderRaised) for each in (calm, issue)]
    assert [event.due_at for event in told[0]] == [event.due_at for event in told[1]]  # type: ignore[attr-defined]


@pytest.mark.parametrize("event", [extended(), paused()])
def test_what_was_granted_in_time_and_is_read_after_the_breach_annuls_it_and_what_it_had_raised(
    event: Event,
) -> None:
    issue = handled()
    fire_until(issue, DUE + GRACE)
    assert issue.state.lamp == 1
    published = issue.take(event, DUE - MOMENT)
    assert len(of(published, BreachAnnulled)) == 2
    assert [event.because for event in of(published, LadderLifted)] == [LiftCause.ANNULLED]  # type: ignore[attr-defined]
    assert (promise(issue).breached, issue.state.lamp) == (False, 0)
    if isinstance(event, PauseGranted):
        assert issue.deadline is None
        issue.take(goes_on(), after(days=30))
    breaches = of(fire_until(issue, LONG_AFTER), ClockBreached)
    assert len(breaches) == 2 and all(event.due_at > DUE for event in breaches)  # type: ignore[attr-defined]


def test_a_pause_that_is_read_after_the_withdrawal_that_ended_it_annuls_the_breach_in_between() -> None:
    issue = handled()
    published = issue.take(withdrawn(), DUE + GRACE)
    assert len(of(published, ClockBreached)) == 2
    published = issue.take(paused(), DUE - MOMENT)
    annulled = of(published, BreachAnnulled)
    assert [event.stopped_at for event in annulled] == [DUE + GRACE] * 2  # type: ignore[attr-defined]
    assert not promise(issue).breached


def test_a_transfer_leaves_the_extended_promise_and_begins_a_holding_clock_of_its_own() -> None:
    issue = handled()
    issue.take(extended(), after(days=1))
    issue.take(transferred(), after(days=2))
    assert promise(issue).due_at == FOUR_LATER
    assert clock(issue, ClockName.HOLDING, "a2").due_at == datetime.fromisoformat("2026-03-18T17:30:00+08:00")


FIVE_LATER = datetime.fromisoformat("2026-03-23T17:30:00+08:00")


def test_asking_the_raiser_pauses_the_holding_clock_at_once_and_the_promise_not_at_all() -> None:
    issue = handled()
    assert not of(issue.take(raiser_asked(), after(days=1)), ClockRecalculated)
    assert (promise(issue).due_at, clock(issue, ClockName.HOLDING, "a1").pending) == (DUE, ())
    (moved,) = of(issue.take(answered(), after(days=8)), ClockRecalculated)
    assert (moved.clock, moved.due_at, moved.because) == ("holding", FIVE_LATER, "pause")  # type: ignore[attr-defined]
    assert promise(issue).due_at == DUE


def test_what_is_granted_while_the_raiser_is_asked_leaves_no_day_of_the_holding_clock_out_twice() -> None:
    issue = handled()
    issue.take(raiser_asked(), after(days=1))
    issue.take(paused(), after(days=3))
    assert fire_until(issue, after(days=7)) == []
    moved = of(issue.take(answered(granted=True), after(days=8)), ClockRecalculated)
    three_later = datetime.fromisoformat("2026-03-19T17:30:00+08:00")
    assert [(event.clock, event.due_at) for event in moved] == [  # type: ignore[attr-defined]
        ("promise", three_later),
        ("holding", FIVE_LATER),
    ]
    kinds = [kind for kind, *_ in clock(issue, ClockName.HOLDING, "a1").history]
    assert kinds == ["started", "paused", "resumed"]


def test_a_question_after_the_breach_of_the_holding_clock_undoes_nothing() -> None:
    issue = handled()
    fire_until(issue, DUE + GRACE)
    issue.take(raiser_asked(), DUE + GRACE + MOMENT)
    issue.take(answered(), after(days=20))
    holding = clock(issue, ClockName.HOLDING, "a1")
    assert holding.breached and holding.due_at == DUE


def test_the_question_of_an_assignment_that_is_over_moves_no_clock() -> None:
    issue = handled()
    issue.take(transferred(), after(days=1))
    clocks = [promise(issue), clock(issue, ClockName.HOLDING, "a2")]
    assert issue.take(raiser_asked(), after(days=2)) == []
    assert [promise(issue), clock(issue, ClockName.HOLDING, "a2")] == clocks


def test_an_extension_of_the_second_round_leaves_the_first_promise() -> None:
    issue = handled()
    issue.take(replied(), after(days=1))
    issue.take(ReworkAsked(round=1, reason="未解决"), after(days=2))
    issue.take(ReworkDecided(round=2, by="chen"), after(days=3))
    moved = of(issue.take(extended(round=2), after(days=4)), ClockRecalculated)
    assert {(event.clock, event.round) for event in moved} == {("promise", 2), ("holding", 2)}  # type: ignore[attr-defined]


def test_the_third_extension_that_is_asked_lights_red_at_once_and_the_reply_ends_the_climb() -> None:
    issue = handled()
    for request in (1, 2):
        assert issue.take(asked_for_more(request), after(days=request)) == []
    (raised,) = issue.take(asked_for_more(3), after(days=3))
    assert isinstance(raised, LadderRaised)
    assert (raised.step, raised.because, raised.clock) == (4, LadderCause.EXTENSIONS, "")
    (ahead,) = [deadline for deadline in [issue.deadline] if deadline]
    assert ahead.at < DUE  # the warnings of the promise are still to come
    issue.take(replied(), after(days=4))
    assert (issue.state.lamp, issue.deadline) == (4, None)


def test_a_fourth_one_after_a_lift_begins_anew() -> None:
    issue = handled()
    issue.take(asked_for_more(3), after(days=3))
    lifted = issue.state.model_copy(update={"lifted_at": after(days=4)})
    assert lifted.lamp == 0
    issue.take(asked_for_more(4), after(days=5))
    assert [climb.generation for climb in issue.state.climbs] == [3, 4]
    assert issue.state.lamp == 4


def test_an_issue_that_was_withdrawn_climbs_for_no_extension() -> None:
    issue = handled()
    issue.take(withdrawn(), after(days=2))
    assert issue.take(asked_for_more(3), after(days=3)) == []


MOVING = (asked_for_more(3), extended(), paused(), goes_on(), raiser_asked(2), answered())


def test_whatever_moves_a_clock_moves_it_once_when_it_is_delivered_twice() -> None:
    issue = handled()
    for at, event in enumerate(MOVING, start=1):
        record = issue.event(event, after(days=at))
        first, state = issue.deliver(record), issue.state
        assert first or isinstance(event, PauseGranted | EnterpriseAsked | PauseEnded)
        issue.deliver(record)
        assert issue.state == state


def test_an_issue_that_nobody_holds_is_not_moved() -> None:
    issue = new_issue()
    issue.take(registered(), after())
    issue.take(promised(), after())
    assert [event.clock for event in issue.take(extended(), after(days=1))] == ["promise"]  # type: ignore[attr-defined]
