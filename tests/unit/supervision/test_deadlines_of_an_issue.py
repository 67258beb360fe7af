"""When clocks fire: never early, never twice, never after stop; and how a breach is annulled."""

from datetime import datetime, timedelta

import pytest

from services.supervision.issue import reactions
from services.supervision.issue.life import CLOCKS
from services.supervision.issue.reactions import expire, next_deadline
from shared.contract.event import Event
from shared.contract.events.supervision import (
    BreachAnnulled,
    ClockBreached,
    ClockStarted,
    ClockStopped,
    ClockWarned,
    LadderRaised,
)
from shared.contract.words import ClockName
from shared.domain.clocks import due_at
from shared.domain.decisions import Change
from tests.unit.one_aggregate import OneAggregate
from tests.unit.supervision.given import (
    CALENDAR,
    DUE,
    GRACE,
    LONG_AFTER,
    MOMENT,
    MONDAY,
    POLICY,
    after,
    assigned,
    context,
    fire_until,
    history_reference,
    known,
    of_clocks,
    replied,
    returned,
    ruled,
    signed,
    transferred,
    withdrawn,
)

ABOUT = (ClockName.ASSIGN, ClockName.PROMISE, ClockName.SIGN, ClockName.HOLDING)


@pytest.fixture(autouse=True)
def other_clocks_do_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deadlines of one issue come in one order: with a further clock among them, each test would be about that too."""
    monkeypatch.setattr(reactions, "CLOCKS", {name: CLOCKS[name] for name in ABOUT})


def promised_only(history: bool = False) -> OneAggregate:
    """An issue of which only the promise and the holding clock still run."""
    issue = known(history_reference() if history else None)
    issue.take(assigned(), MONDAY)
    issue.take(signed(), MONDAY)
    return issue


def of_promise(published: list[Event]) -> list[Event]:
    return [event for event in of_clocks(published) if getattr(event, "clock", None) == ClockName.PROMISE]


def _what(event: LadderRaised) -> tuple[int, datetime]:
    return event.step, event.due_at


def due_name(issue: OneAggregate) -> str:
    assert issue.deadline is not None
    return issue.deadline.name


def test_the_promise_warns_at_seventy_percent_and_a_day_before_and_then_is_breached() -> None:
    published = of_promise(fire_until(promised_only(), LONG_AFTER))
    assert [getattr(event, "threshold", "due") for event in published] == ["70%", "1wd", "due"]
    breach = published[-1]
    assert isinstance(breach, ClockBreached)
    assert (breach.due_at, breach.department, breach.late_seconds) == (DUE, "traffic", 0.0)


def test_a_deadline_is_named_after_clock_round_threshold_and_generation() -> None:
    issue = promised_only()
    assert issue.deadline is not None
    assert issue.deadline.name == "promise/1/70%/1"
    assert issue.deadline.fire_at == issue.deadline.at + GRACE
    assert issue.stored is not None
    assert issue.stored["due"]["name"] == "promise/1/70%/1"


def test_nothing_fires_a_moment_before_due_and_grace() -> None:
    issue = promised_only()
    before, deadline = issue.state, issue.deadline
    assert deadline is not None
    assert issue.fire(deadline.fire_at - MOMENT) == []
    assert issue.state == before
    early = expire(before, deadline, context(deadline.fire_at - MOMENT))
    assert early == Change(before)
    assert len(of_clocks(issue.fire(deadline.fire_at))) == 1


def test_a_deadline_fires_once_however_often_its_command_comes() -> None:
    issue = promised_only()
    deadline = issue.deadline
    assert deadline is not None
    assert len(of_clocks(issue.fire(deadline.fire_at, deadline.name))) == 1
    assert issue.fire(deadline.fire_at, deadline.name) == []
    assert issue.fire(deadline.fire_at + GRACE, deadline.name) == []
    assert expire(issue.state, deadline, context(LONG_AFTER)) == Change(issue.state)


def test_promise_and_holding_fall_due_in_one_instant_and_are_recorded_in_one_change() -> None:
    issue = promised_only()
    fire_until(issue, DUE - MOMENT)
    deadline = next_deadline(issue.state)
    assert deadline is not None
    assert (deadline.name, deadline.at) == ("promise/1/due/1", DUE)
    published = issue.fire(deadline.fire_at)
    assert [type(event) for event in published] == [ClockBreached, LadderRaised, ClockBreached]
    assert [event.clock for event in published] == ["promise", "promise", "holding"]
    assert {event.due_at for event in published} == {DUE}
    assert due_name(issue) == "ladder@promise/1/2/1"
    assert issue.fire(LONG_AFTER, deadline.name) == []
    assert issue.fire(LONG_AFTER, "holding@a1/1/due/1") == []


def test_after_a_stand_still_one_deadline_records_all_that_was_due_by_then_in_the_order_of_the_instants() -> (
    None
):
    issue = known()
    issue.take(assigned(), MONDAY)  # never signed for: the sign clock is due first
    due = {clock.name: clock.due_at for clock in issue.state.clocks}
    deadline = next_deadline(issue.state)
    assert deadline is not None
    assert (deadline.name, deadline.at) == ("sign@a1/1/due/1", due["sign"])
    (only,) = issue.fire(LONG_AFTER)  # what is due later waits for its own deadline
    assert isinstance(only, ClockBreached)
    assert only.clock == "sign"
    # Were the last deadline to come first, all before it is recorded with it.
    last = deadline._replace(name="holding@a1/1/due/1", at=DUE, fire_at=DUE + GRACE)
    change = expire(issue.state, last, context(LONG_AFTER))
    events = of_clocks([message.body for message in change.messages])
    assert [(event.clock, getattr(event, "threshold", "due")) for event in events] == [
        ("promise", "70%"),
        ("promise", "1wd"),
        ("promise", "due"),
        ("holding", "due"),
    ]
    left = next_deadline(change.state)
    assert left is not None
    assert left.name == "ladder@promise/1/2/1"


def test_a_clock_with_a_longer_grace_waits_for_its_own() -> None:
    issue = promised_only().state
    promise, holding = (clock for clock in issue.clocks if clock.stopped_at is None)
    patient = holding.model_copy(update={"grace_seconds": 3600})
    issue = issue.model_copy(
        update={"clocks": (promise.model_copy(update={"fired": ("70%", "1wd")}), patient)}
    )
    deadline = next_deadline(issue)
    assert deadline is not None
    assert (deadline.name, deadline.fire_at) == ("promise/1/due/1", DUE + GRACE)
    change = expire(issue, deadline, context(LONG_AFTER))
    told = [message.body for message in change.messages if isinstance(message.body, Event)]
    assert [event.clock for event in told] == ["promise", "promise"]
    left = next_deadline(change.state)
    assert left is not None
    assert (left.name, left.at, left.fire_at) == ("holding@a1/1/due/1", DUE, DUE + timedelta(hours=1))


def test_a_deadline_of_an_older_generation_is_void() -> None:
    issue = promised_only()
    issue.take(returned(), after(hours=1))
    issue.take(ruled(False), after(hours=2))
    assert due_name(issue) == "sign@a1/1/due/2"
    assert issue.fire(LONG_AFTER, "sign@a1/1/due/1") == []
    assert issue.deadline is not None
    older = issue.deadline._replace(name="sign@a1/1/due/1")
    assert expire(issue.state, older, context(LONG_AFTER)) == Change(issue.state)


def test_a_stopped_clock_never_fires() -> None:
    issue = promised_only()
    deadline = issue.deadline
    assert deadline is not None
    issue.take(replied(), after(hours=1))
    assert issue.deadline is None
    assert issue.fire(LONG_AFTER, deadline.name) == []
    assert expire(issue.state, deadline, context(LONG_AFTER)) == Change(issue.state)


def test_in_history_there_is_no_grace() -> None:
    deadline = promised_only(history=True).deadline
    assert deadline is not None
    assert deadline.fire_at == deadline.at


def test_a_deadline_waits_while_an_event_is_held_that_may_stop_its_clock() -> None:
    issue = promised_only()
    lost, reply = issue.event(returned(), after(hours=1)), issue.event(replied(), after(hours=2))
    issue.deliver(reply)
    assert fire_until(issue, LONG_AFTER) == []
    issue.deliver(lost)
    assert issue.deadline is None


def test_a_reply_at_the_due_instant_is_in_time() -> None:
    issue = promised_only()
    fire_until(issue, DUE)
    published = of_promise(issue.take(replied(), DUE))
    assert published == [ClockStopped(clock=ClockName.PROMISE, stopped_at=DUE, breached=False)]


@pytest.mark.parametrize("history", [False, True])
def test_a_reply_a_moment_after_due_is_late_though_the_deadline_never_fired(history: bool) -> None:
    issue = promised_only(history)
    fire_until(issue, DUE - MOMENT)
    published = of_promise(issue.take(replied(), DUE + MOMENT))
    assert [type(event) for event in published] == [ClockBreached, ClockStopped]
    assert published[-1].breached  # type: ignore[attr-defined]
    assert issue.deadline is None


def test_after_a_stand_still_a_late_reply_leaves_the_record_it_would_have_left_in_time() -> None:
    in_time, stood = promised_only(), promised_only()
    fire_until(in_time, LONG_AFTER)
    for issue in (in_time, stood):
        issue.take(replied(), LONG_AFTER)
    kinds = [[type(event) for event in of_promise(issue.events)] for issue in (in_time, stood)]
    assert kinds[0] == kinds[1] == [ClockStarted, ClockWarned, ClockWarned, ClockBreached, ClockStopped]
    steps = [
        [_what(event) for event in issue.events if isinstance(event, LadderRaised)]
        for issue in (in_time, stood)
    ]
    assert steps[0] == steps[1]
    assert [step for step, _ in steps[0]] == [1, 2, 3, 4, 5, 6]


def test_warnings_that_are_all_past_are_each_given_once_with_how_late_they_are() -> None:
    published = of_promise(fire_until(promised_only(), LONG_AFTER, late_seconds=3600))
    assert [getattr(event, "threshold", "due") for event in published] == ["70%", "1wd", "due"]
    assert {event.late_seconds for event in published} == {3600.0}  # type: ignore[attr-defined]
    assert {event.due_at for event in published} == {DUE}  # type: ignore[attr-defined]


@pytest.mark.parametrize("at", [DUE, DUE - timedelta(hours=1)])
def test_a_reply_from_before_due_that_comes_after_the_breach_annuls_it(at: datetime) -> None:
    issue = promised_only()
    fire_until(issue, LONG_AFTER)
    published = of_promise(issue.take(replied(), at))
    assert published == [
        BreachAnnulled(clock=ClockName.PROMISE, due_at=DUE, stopped_at=at),
        ClockStopped(clock=ClockName.PROMISE, stopped_at=at, breached=False),
    ]


def test_a_withdrawal_from_before_due_annuls_even_when_a_late_reply_had_stopped_the_clock() -> None:
    issue = promised_only()
    fire_until(issue, LONG_AFTER)
    published = of_promise(issue.take(replied(), LONG_AFTER))
    assert published[-1].breached  # type: ignore[attr-defined]
    published = of_promise(issue.take(withdrawn(), DUE - MOMENT))
    assert published == [BreachAnnulled(clock=ClockName.PROMISE, due_at=DUE, stopped_at=DUE - MOMENT)]
    assert not any(clock.breached for clock in issue.state.clocks)


def test_a_reply_after_a_breach_does_not_undo_it() -> None:
    issue = promised_only()
    fire_until(issue, LONG_AFTER)
    published = of_promise(issue.take(replied(), DUE + MOMENT))
    assert published == [ClockStopped(clock=ClockName.PROMISE, stopped_at=DUE + MOMENT, breached=True)]


def test_the_department_that_got_the_issue_by_a_merger_is_named_in_the_breach_of_the_promise() -> None:
    issue = promised_only()
    issue.take(transferred(), after(days=1))
    breaches = [event for event in fire_until(issue, LONG_AFTER) if isinstance(event, ClockBreached)]
    assert {event.department for event in breaches if event.clock == "promise"} == {"police"}
    holding = due_at(after(days=1), POLICY.limits["holding"], POLICY, CALENDAR).at
    assert {event.due_at for event in breaches if event.clock == "holding"} == {holding}
