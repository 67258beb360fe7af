"""What a meeting decided is a leader's instruction, whatever has become of the issue meanwhile."""

from datetime import date, datetime

import pytest

from services.supervision.issue.life import finished
from shared.contract.event import Event
from shared.contract.events.papers import MeetingDecided
from shared.contract.events.supervision import (
    ClockStarted,
    DepartmentAddressed,
    InstructionGiven,
    InstructionReported,
    InstructionTakenBack,
)
from shared.contract.words import ClockName, Meeting, Saying
from tests.unit.one_aggregate import OneAggregate
from tests.unit.supervision.given import after, assigned, known, new_issue, withdrawn
from tests.unit.supervision.test_instructions import AT, HANDLER, LEADER, REPORT_DUE, led, reports, takes_back

ON = date(2026, 3, 20)
DECIDED = MeetingDecided(
    decision="huzhou-monthly-2026-02.1.1",
    meeting=Meeting.LEADERS,
    words="请一周内报方案",
    leader="qian",
    by="chen",
)


def held() -> OneAggregate:
    issue = known(led())
    issue.take(assigned(), after(hours=1))
    return issue


def told(issue: OneAggregate, shape: type[Event]) -> list[Event]:
    return [event for event in issue.events if type(event) is shape]


def test_a_decision_is_given_once_in_the_name_of_who_chaired_the_meeting() -> None:
    issue = held()
    record = issue.event(DECIDED, AT)
    issue.deliver(record, record)
    (given,) = told(issue, InstructionGiven)
    assert isinstance(given, InstructionGiven)
    assert (given.by, given.decision, given.words) == ("qian", DECIDED.decision, DECIDED.words)
    assert (given.department, given.due_at, given.limit) == ("traffic", REPORT_DUE, "5wd")
    (addressed,) = (event for event in told(issue, DepartmentAddressed) if event.saying == Saying.INSTRUCTED)
    assert (addressed.department, addressed.words, addressed.due_at) == ("traffic", DECIDED.words, REPORT_DUE)
    clocks = [event for event in told(issue, ClockStarted) if event.clock == ClockName.INSTRUCTION]
    assert [event.due_at for event in clocks] == [REPORT_DUE]


@pytest.mark.parametrize(
    ("due_on", "due_at"),
    [
        (ON, datetime.fromisoformat("2026-03-20T17:30:00+08:00")),
        (AT.date(), REPORT_DUE),
        (date(2026, 3, 21), REPORT_DUE),
    ],
)
def test_its_report_is_due_on_the_day_that_was_named_or_where_that_is_over_as_the_policy_says(
    due_on: date, due_at: datetime
) -> None:
    issue = held()
    issue.take(DECIDED.model_copy(update={"due_on": due_on}), AT)
    assert [given.due_at for given in told(issue, InstructionGiven)] == [due_at]


def test_who_holds_the_issue_reports_on_it_and_who_chaired_the_meeting_takes_it_back() -> None:
    issue = held()
    for number in (1, 2):
        decision = f"huzhou-monthly-2026-02.1.{number}"
        issue.take(DECIDED.model_copy(update={"decision": decision}), AT)
    assert issue.ask(reports(1), after(days=1), HANDLER)["status"] == "done"
    assert issue.ask(takes_back(2), after(days=1), "leader:sun")["reason"] == "wrong_role"
    assert issue.ask(takes_back(2), after(days=1), LEADER)["status"] == "done"
    assert len(told(issue, InstructionReported)) == len(told(issue, InstructionTakenBack)) == 1


def test_before_anybody_holds_it_the_decision_waits_and_goes_to_whoever_gets_it() -> None:
    issue = known(led())
    issue.take(DECIDED, AT)
    assert told(issue, DepartmentAddressed) == []
    issue.take(assigned(), after(hours=3))
    (addressed,) = (event for event in told(issue, DepartmentAddressed) if event.saying == Saying.INSTRUCTED)
    assert (addressed.department, addressed.words) == ("traffic", DECIDED.words)


def test_a_decision_that_crosses_the_end_of_its_issue_is_owed_all_the_same() -> None:
    issue = held()
    issue.take(withdrawn(), after(hours=2))
    assert finished(issue.state)
    issue.take(DECIDED, after(hours=3))
    assert not finished(issue.state)
    assert issue.ask(takes_back(1), after(days=1), LEADER)["status"] == "done"
    assert finished(issue.state)


def test_of_an_issue_that_is_not_known_nothing_is_kept() -> None:
    issue = new_issue(led())
    assert (issue.take(DECIDED, AT), issue.state) == ([], None)
