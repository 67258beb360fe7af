"""The clock of a co-handler: what starts and stops it, and that its breach reminds that co-handler and nobody else."""

from datetime import timedelta
from typing import Any

import pytest

from services.supervision.issue.life import DocumentState, belongs
from shared.contract.event import Event
from shared.contract.events.dispatch import CoHandlerAdded, CoHandlerHeard, CoHandlerReleased
from shared.contract.events.supervision import (
    BreachAnnulled,
    ClockBreached,
    ClockRecalculated,
    ClockStarted,
    ClockStopped,
    DepartmentAddressed,
    DocumentIssued,
    DocumentLifted,
    LadderRaised,
)
from shared.contract.words import ClockName, CoHandlingEnd, DocumentKind, Saying
from tests.unit.one_aggregate import OneAggregate
from tests.unit.supervision.documented import Town, staffed
from tests.unit.supervision.given import (
    CALENDAR,
    DUE,
    GRACE,
    LONG_AFTER,
    MOMENT,
    MONDAY,
    POLICY,
    after,
    extended,
    fire_until,
    goes_on,
    paused,
    recalled,
    referred,
    replied,
    returned,
    transferred,
    withdrawn,
)
from tests.unit.supervision.test_ladder_of_an_issue import held

PART = {"assignment": "a.c1", "department": "planning", "round": 1}
OPINION_DUE = after(days=3, hours=8.5)


def co_handler(**values: Any) -> CoHandlerAdded:
    versions = {"limit": "3wd", "policy": POLICY.version, "calendar": CALENDAR.version}
    counted = {"started_at": MONDAY, "due_at": OPINION_DUE, **versions}
    return CoHandlerAdded(
        **{**PART, "head": "方局", "wanted": "是否符合规划", "by": "chen", **counted, **values}
    )


def heard() -> CoHandlerHeard:
    return CoHandlerHeard(**PART, agrees=True, by="planning/xu")


def released(because: CoHandlingEnd = CoHandlingEnd.PERSON) -> CoHandlerReleased:
    return CoHandlerReleased(**PART, because=because, by="chen")


def asked() -> OneAggregate:
    issue = held(staffed())
    issue.take(co_handler(), MONDAY)
    return issue


def of_it(issue: OneAggregate) -> list[Event]:
    return [event for event in issue.events if getattr(event, "clock", "") == ClockName.CO_HANDLER]


def town() -> Town:
    found = Town()
    found.issue.take(co_handler(), MONDAY)
    return found


def test_it_runs_by_what_dispatch_counted_for_the_department_that_was_asked() -> None:
    issue = asked()
    [started] = of_it(issue)
    assert isinstance(started, ClockStarted)
    assert (started.assignment, started.department, started.due_at) == ("a.c1", "planning", OPINION_DUE)
    assert (started.limit, started.policy, started.calendar) == ("3wd", POLICY.version, CALENDAR.version)
    assert belongs(issue.state).co_handlers == ("planning",)


@pytest.mark.parametrize("stop", [heard(), released(), replied(), withdrawn(), referred()])
def test_it_stops_when_it_is_heard_or_released_a_reply_is_out_or_the_issue_ends(stop: Event) -> None:
    issue = asked()
    record = issue.event(stop, after(days=1))
    issue.deliver(record)
    published = list(issue.events)
    assert issue.deliver(record) == [] and issue.events == published
    [_, stopped] = of_it(issue)
    assert isinstance(stopped, ClockStopped) and not stopped.breached
    assert belongs(issue.state).co_handlers == ()
    fire_until(issue, OPINION_DUE + GRACE)
    assert len(of_it(issue)) == 2


@pytest.mark.parametrize("happened", [recalled(), returned(), transferred(), paused(), goes_on(), extended()])
def test_nothing_that_the_lead_does_or_is_granted_touches_it(happened: Event) -> None:
    issue = asked()
    issue.take(happened, after(days=1))
    assert [type(event) for event in of_it(issue)] == [ClockStarted]
    fire_until(issue, OPINION_DUE + GRACE)
    assert [type(event) for event in of_it(issue)] == [ClockStarted, ClockBreached]


def test_its_breach_reminds_that_co_handler_and_leaves_the_lamp_of_the_lead() -> None:
    here = town()
    here.fire_until(OPINION_DUE + GRACE)
    [issued] = here.told(DocumentIssued)
    assert (issued.kind, issued.department, issued.step) == (DocumentKind.REMINDER, "planning", 1)
    [said] = here.told(DepartmentAddressed)
    assert (said.saying, said.department, said.assignment) == (Saying.ISSUED, "planning", "a.c1")
    assert here.told(LadderRaised) == [] and here.issue.state.lamp == 0


def test_the_lead_climbs_by_its_own_breach_alone_and_both_are_reminded() -> None:
    here = town()
    here.fire_until(DUE + GRACE)
    assert [raised.clock for raised in here.told(LadderRaised)] == [ClockName.PROMISE]
    assert {issued.department for issued in here.told(DocumentIssued)} == {"planning", "traffic"}


def test_two_co_handlers_that_are_late_are_reminded_each() -> None:
    here = town()
    here.issue.take(co_handler(assignment="a.c2", department="police"), MONDAY)
    here.fire_until(OPINION_DUE + GRACE)
    assert [issued.department for issued in here.told(DocumentIssued)] == ["planning", "police"]


def test_an_opinion_from_before_it_was_due_annuls_the_breach_and_lifts_the_reminder() -> None:
    here = town()
    here.fire_until(OPINION_DUE + GRACE)
    here.issue.take(heard(), OPINION_DUE - MOMENT)
    here.number(LONG_AFTER)
    assert len(here.told(BreachAnnulled)) == 1 and len(here.told(DocumentLifted)) == 1
    assert here.state(DocumentKind.REMINDER) is DocumentState.LIFTED
    assert here.told(DepartmentAddressed)[-1].saying == Saying.LIFTED


def test_a_late_opinion_leaves_breach_and_reminder() -> None:
    here = town()
    here.fire_until(OPINION_DUE + GRACE)
    here.issue.take(heard(), OPINION_DUE + timedelta(hours=20))
    here.number(LONG_AFTER)
    assert here.state(DocumentKind.REMINDER) is DocumentState.ISSUED
    assert isinstance(of_it(here.issue)[-1], ClockStopped) and of_it(here.issue)[-1].breached


def test_a_clock_that_starts_after_the_end_does_not_run() -> None:
    issue = held(staffed())
    issue.take(withdrawn(), MONDAY)
    issue.take(co_handler(started_at=after(hours=1)), after(hours=1))
    assert of_it(issue) == [] and not any(isinstance(event, ClockRecalculated) for event in issue.events)
