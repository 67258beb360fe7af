"""A department's own system answers an order and explains a breach; what is refused, dispatch tells it."""

from datetime import timedelta
from typing import Any

import pytest

from shared.bus.records import Record
from shared.contract.command import Command
from shared.contract.commands.supervision import AnswerOrder, ExplainBreach
from shared.contract.events.supervision import DocumentAnswered, ExplanationGiven, MessageRefused
from shared.domain.decisions import Reason
from tests.unit.one_aggregate import OneAggregate
from tests.unit.supervision.documented import at_step
from tests.unit.supervision.given import after, new_issue
from tests.unit.supervision.test_ladder_of_an_issue import TABLE
from tests.unit.supervision.test_ladder_of_an_issue import at_step as climbed

ANSWER = AnswerOrder(assignment="a1", document="d2", words="已增派人员")
EXPLAIN = ExplainBreach(assignment="a1", round=1, words="图纸在复核")
HOUR = timedelta(hours=1)


def said(
    issue: OneAggregate, command: Command, id: str, department: str = "traffic", step: int = 2
) -> Record:
    """A command as the departments' gateway posts it."""
    actor = f"dept:{department}"
    return issue.command(command, TABLE[step] + HOUR, actor, f"dept/{actor}/{id}")


def told(issue: OneAggregate) -> list[Any]:
    return [event for event in issue.events if isinstance(event, MessageRefused)]


def test_an_order_is_answered_by_the_system_of_who_holds_the_issue_and_once() -> None:
    issue = at_step(2).issue
    record = said(issue, ANSWER, "m-1")
    assert issue.answer(record) == issue.answer(record) == {"status": "done"}
    (answered,) = [event for event in issue.events if isinstance(event, DocumentAnswered)]
    assert (answered.document, answered.words, answered.by) == ("d2", "已增派人员", "traffic")
    assert told(issue) == []


def test_a_breach_is_explained_by_the_system_of_who_holds_the_issue_and_once() -> None:
    issue = climbed(1)
    record = said(issue, EXPLAIN, "m-1", step=1)
    assert issue.answer(record)["status"] == issue.answer(record)["status"] == "done"
    (given,) = [event for event in issue.events if isinstance(event, ExplanationGiven)]
    assert (given.department, given.by) == ("traffic", "traffic")


@pytest.mark.parametrize(
    ("command", "department", "reason"),
    [
        (ANSWER.model_copy(update={"assignment": "a2"}), "traffic", Reason.STALE_ASSIGNMENT),
        (ANSWER.model_copy(update={"document": "d9"}), "traffic", Reason.UNKNOWN_DOCUMENT),
        (ANSWER.model_copy(update={"document": "d1"}), "traffic", Reason.ILLEGAL_MOVE),
        (ANSWER, "housing", Reason.NOT_THE_HOLDER),
        (EXPLAIN.model_copy(update={"assignment": "a2"}), "traffic", Reason.STALE_ASSIGNMENT),
        (EXPLAIN, "traffic", Reason.ILLEGAL_MOVE),  # the order is out
        (EXPLAIN, "housing", Reason.NOT_THE_HOLDER),
    ],
)
def test_what_is_refused_is_told_to_whose_message_it_was_and_once(
    command: Command, department: str, reason: Reason
) -> None:
    issue = at_step(2).issue
    before = issue.state
    record = said(issue, command, "2026/m-1", department)
    outcome = issue.answer(record)
    assert issue.answer(record) == outcome
    assert (outcome["status"], outcome["reason"], issue.state) == ("refused", reason, before)
    (refused,) = told(issue)
    assert (refused.department, refused.message, refused.reason) == (department, "2026/m-1", reason)
    assert refused.detail == outcome["detail"]


def test_of_an_issue_that_nobody_registered_the_department_is_told_too() -> None:
    issue = new_issue()
    assert issue.answer(said(issue, ANSWER, "m-1"))["reason"] == Reason.UNKNOWN_ISSUE
    (refused,) = told(issue)
    assert (refused.department, refused.reason) == ("traffic", Reason.UNKNOWN_ISSUE)
    assert issue.state is None


def test_who_is_refused_on_a_page_is_told_there_and_nowhere_else() -> None:
    issue = at_step(2).issue
    assert issue.ask(ANSWER, after(days=1), "handler:housing/li")["status"] == "refused"
    assert told(issue) == []
