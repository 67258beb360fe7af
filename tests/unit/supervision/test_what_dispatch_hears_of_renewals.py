"""What a walk over the running clocks tells dispatch: one message for each issue at most, and none in vain."""

from datetime import date, timedelta

from shared.contract.command import Command
from shared.contract.event import SUPERVISION_ORDERS
from shared.contract.events.supervision import ClockRecalculated, DueRecalculated
from shared.contract.words import ClockName, Recalculation
from shared.domain.calendar import Day
from tests.unit.reference import make_reference
from tests.unit.supervision.given import DUE, after, assigned, known, replied, signed
from tests.unit.supervision.renewed import (
    DECEMBER,
    WALKER,
    clock_of,
    for_dispatch,
    over_the_new_year,
    publish,
    publish_policy,
    reach,
    request_of,
    rest,
)
from tests.unit.supervision.test_co_handlers import OPINION_DUE, co_handler

TWO_DAYS = rest(date(2026, 3, 11), date(2026, 3, 12))


def test_of_promise_and_holding_clock_that_move_together_the_promise_is_told_with_the_version() -> None:
    reference = make_reference()
    issue = known(reference)
    issue.take(assigned(), after(hours=1))
    issue.take(signed(), after(hours=2))
    renewal = publish(reference, TWO_DAYS, after(days=1))
    (told,) = for_dispatch(issue, renewal)
    assert told == DueRecalculated(
        clock=ClockName.PROMISE,
        old_due_at=DUE,
        due_at=clock_of(issue).due_at,
        because=Recalculation.CALENDAR,
        version=renewal.version,
        in_force_from=renewal.at,
    )
    assert told.due_at > DUE
    assert DueRecalculated.topic == SUPERVISION_ORDERS
    assert len([one for one in issue.events if isinstance(one, ClockRecalculated)]) == 2


def test_it_is_told_once_though_the_walk_comes_by_twice_or_is_delivered_twice() -> None:
    reference = make_reference()
    issue = known(reference)
    renewal = publish(reference, TWO_DAYS, after(days=1))
    asked: Command = request_of(renewal)
    record = issue.command(asked, renewal.at, WALKER, "walk")
    issue.deliver(record, record)
    assert for_dispatch(issue, renewal) == []
    assert len([one for one in issue.events if isinstance(one, DueRecalculated)]) == 1


def test_the_departments_own_time_is_told_where_it_moves_alone() -> None:
    reference = make_reference()
    issue = known(reference)
    issue.take(assigned(), after(hours=1))
    publish_policy(reference, after(days=1), holding="12wd")
    (told,) = for_dispatch(issue, reference.renewals[-1])
    holding = clock_of(issue, ClockName.HOLDING)
    assert (told.clock, told.assignment, told.due_at) == (ClockName.HOLDING, "a1", holding.due_at)
    assert clock_of(issue).due_at == DUE


def test_a_co_handlers_time_is_told_beside_the_promise_where_its_date_moves_and_once() -> None:
    reference = make_reference()
    issue = known(reference)
    issue.take(assigned(), after(hours=1))
    issue.take(co_handler(), after(hours=1))
    renewal = publish(reference, rest(date(2026, 3, 4)), after(hours=2))
    walk = issue.command(request_of(renewal), renewal.at, WALKER, "walk")
    issue.deliver(walk, walk)
    told = [one for one in issue.events if isinstance(one, DueRecalculated)]
    assert [one.clock for one in told] == [ClockName.PROMISE, ClockName.CO_HANDLER]
    assert (told[1].assignment, told[1].old_due_at) == ("a.c1", OPINION_DUE)
    assert told[1].due_at == clock_of(issue, ClockName.CO_HANDLER).due_at == OPINION_DUE + timedelta(days=1)


def test_of_other_clocks_and_of_what_is_answered_dispatch_hears_nothing() -> None:
    reference = make_reference()
    issue = known(reference)
    publish_policy(reference, after(hours=1), version="assign", assign="3wd")
    assert reach(issue, reference.renewals[-1])
    assert not any(isinstance(one, DueRecalculated) for one in issue.events)
    issue.take(assigned(), after(hours=2))
    issue.take(replied(), after(hours=3))
    assert for_dispatch(issue, publish(reference, TWO_DAYS, after(days=1))) == []


def test_a_date_that_only_became_certain_is_told_for_more_time_may_be_counted_from_it() -> None:
    reference = make_reference()
    issue = over_the_new_year(reference)
    off = rest(date(2027, 1, 1), date(2027, 5, 1), date(2027, 10, 1))
    made_up = Day(date(2027, 1, 2), True, "补班", "虚构的通知")
    (told,) = for_dispatch(
        issue, publish(reference, [*off, made_up], DECEMBER + timedelta(days=1), through=2027)
    )
    assert told.old_due_at == told.due_at
