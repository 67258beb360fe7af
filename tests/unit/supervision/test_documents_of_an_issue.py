"""Documents: made by a step or a person, numbered without a gap, signed by a named person, answered, lifted, void."""

from datetime import timedelta

import pytest

from services.supervision.issue.life import DocumentState
from shared.contract.commands.supervision import (
    AnswerOrder,
    LiftDocument,
    LiftLadder,
)
from shared.contract.events.supervision import (
    ClockWarned,
    DepartmentAddressed,
    DocumentAnswered,
    DocumentDrafted,
    DocumentIssued,
    DocumentLiftDrafted,
    DocumentLifted,
    DocumentRegistered,
    DocumentVoided,
)
from shared.contract.words import (
    DocumentEnd,
    DocumentKind,
    Level,
    Saying,
)
from shared.domain.decisions import Reason
from shared.domain.documents import number_text, register_of
from tests.unit.reference import JURISDICTION
from tests.unit.supervision.documented import HANDLER, SUPERVISOR, Town, at_step, orders, signs, staffed
from tests.unit.supervision.given import (
    DUE,
    GRACE,
    LONG_AFTER,
    MOMENT,
    fire_until,
    replied,
)
from tests.unit.supervision.test_ladder_of_an_issue import TABLE, closed


def test_every_step_brings_what_the_policy_says_and_beyond_the_order_only_a_draft() -> None:
    town = at_step(6)
    issued = [(event.kind, event.step, event.by) for event in town.told(DocumentIssued)]
    assert issued == [("reminder", 1, ""), ("supervision_order", 2, "")]
    drafted = [(event.kind, event.step, event.due_at) for event in town.told(DocumentDrafted)]
    assert drafted == [
        ("yellow_card", 3, TABLE[3]),
        ("red_card", 4, TABLE[4]),
        ("interview", 4, TABLE[4]),
        ("circular", 5, TABLE[5]),
        ("matters_entry", 6, TABLE[6]),
    ]
    (order,) = [event for event in town.told(DocumentIssued) if event.answer_due_at]
    assert order.answer_due_at - TABLE[2] == timedelta(days=2)
    assert {document.department for document in town.issue.state.documents} == {"traffic"}


def test_numbers_of_a_kind_and_year_come_from_one_register_and_have_no_gap() -> None:
    town = at_step(4)
    for _ in range(3):
        assert town.ask(orders())["status"] == "done"
    subject = register_of(JURISDICTION, "supervision_order", 2026)
    numbers = [event.number for event in town.registers[subject].events]  # type: ignore[attr-defined]
    assert numbers == [1, 2, 3, 4]
    assert isinstance(town.registers[subject].events[0], DocumentRegistered)
    told = [event.number for event in town.told(DocumentIssued) if event.kind == "supervision_order"]
    assert told == numbers
    assert number_text("supervision_order", 2026, 12) == "督办〔2026〕12号"
    assert number_text("red_card", 2026, 0) == ""


def test_the_department_is_told_of_warnings_reminders_orders_and_what_was_signed_or_lifted() -> None:
    town = at_step(3)
    warnings = len([event for event in town.told(ClockWarned) if event.clock in ("promise", "holding")])
    assert warnings == 2
    town.ask(signs(words="请于三日内答复"), at=TABLE[3] + timedelta(hours=1))
    town.issue.take(closed(), TABLE[3] + timedelta(hours=2))
    said = [(event.saying, event.kind, event.number > 0) for event in town.told(DepartmentAddressed)]
    assert said[:warnings] == [(Saying.WARNING, "", False)] * warnings
    assert said[warnings:] == [
        (Saying.ISSUED, "reminder", True),
        (Saying.ISSUED, "supervision_order", True),
        (Saying.DRAFTED, "yellow_card", True),
        (Saying.ISSUED, "yellow_card", True),
        (Saying.LIFTED, "supervision_order", True),
        (Saying.LIFTED, "yellow_card", True),
    ]


def test_a_card_goes_out_under_the_name_of_a_named_person_alone() -> None:
    town = at_step(3)
    at = TABLE[3] + timedelta(hours=1)
    for command, actor, reason in (
        (signs(signature=""), SUPERVISOR, Reason.SIGNATURE_MISSING),
        (signs(signature="王芳"), SUPERVISOR, Reason.SIGNATURE_MISSING),
        (signs(), "supervisor:nobody", Reason.WRONG_ROLE),
        (signs(), "office:chen", Reason.WRONG_ROLE),
        (signs(), HANDLER, Reason.WRONG_ROLE),
        (signs("d9"), SUPERVISOR, Reason.UNKNOWN_DOCUMENT),
        (signs("d2"), SUPERVISOR, Reason.ILLEGAL_MOVE),
    ):
        outcome = town.ask(command, actor, at)
        assert (outcome["status"], outcome["reason"]) == ("refused", reason)
    assert town.state(DocumentKind.YELLOW_CARD) is DocumentState.DRAFTED
    assert town.ask(signs(), at=at) == {"status": "done", "number": "黄牌〔2026〕1号"}
    assert town.told(DocumentIssued)[-1].by == "gu"
    assert town.ask(signs(), at=at)["reason"] == Reason.ILLEGAL_MOVE  # it is out already


@pytest.mark.parametrize("step", [4, 5, 6])
def test_a_record_a_circular_and_an_entry_need_words(step: int) -> None:
    town = at_step(step)
    newest = town.issue.state.documents[-1]
    assert town.ask(signs(newest.id, words="  "))["reason"] == Reason.REASON_MISSING
    assert town.ask(signs(newest.id, words="已约谈主要负责人"))["status"] == "done"
    assert town.told(DocumentIssued)[-1].words == "已约谈主要负责人"


@pytest.mark.parametrize(("level", "department"), [(Level.COUNTY, "office"), (Level.CITY, "traffic")])
def test_nobody_of_a_lower_level_or_of_the_department_itself_signs_issues_or_lifts(
    level: Level, department: str
) -> None:
    town = at_step(3, staffed(level, department))
    for command in (signs(), orders(), LiftDocument(document="d3", reason="已整改")):
        assert town.ask(command)["reason"] == Reason.WRONG_ROLE
    assert town.state(DocumentKind.YELLOW_CARD) is DocumentState.DRAFTED


def test_an_order_is_answered_once_by_its_department_and_the_ladder_goes_on() -> None:
    town = at_step(2)
    at = TABLE[2] + timedelta(hours=1)
    answers = AnswerOrder(document="d2", words="已增派人员")
    assert town.ask(answers, "handler:housing/li", at)["reason"] == Reason.NOT_THE_HOLDER
    assert town.ask(AnswerOrder(document="d2", words=" "), HANDLER, at)["reason"] == Reason.REASON_MISSING
    assert town.ask(AnswerOrder(document="d1", words="是"), HANDLER, at)["reason"] == Reason.ILLEGAL_MOVE
    assert town.ask(answers, HANDLER, at)["status"] == "done"
    assert town.ask(answers, HANDLER, at)["reason"] == Reason.ILLEGAL_MOVE
    (answered,) = town.told(DocumentAnswered)
    assert (answered.because, answered.words, answered.by) == (DocumentEnd.WORDS, "已增派人员", "zhou")
    town.fire_until(TABLE[3] + GRACE)
    assert town.issue.state.lamp == 3


def test_a_reply_answers_open_orders_leaves_drafts_and_closing_lifts_what_is_left() -> None:
    town = at_step(3)
    town.ask(signs(), at=TABLE[3] + timedelta(hours=1))
    town.ask(orders(), at=TABLE[3] + timedelta(hours=2))
    town.issue.take(replied(), TABLE[3] + timedelta(hours=3))
    assert [event.because for event in town.told(DocumentAnswered)] == [DocumentEnd.REPLY] * 2
    assert town.state(DocumentKind.YELLOW_CARD) is DocumentState.ISSUED
    town.issue.take(closed(), LONG_AFTER)
    assert [(event.document, event.because) for event in town.told(DocumentLifted)] == [
        ("d3", DocumentEnd.ENDED)
    ]


def test_a_draft_that_its_issue_outlives_not_is_void_and_keeps_its_number() -> None:
    town = at_step(3)
    town.issue.take(closed(), TABLE[3] + timedelta(hours=2))
    (voided,) = town.told(DocumentVoided)
    assert (voided.kind, voided.number, voided.because) == ("yellow_card", 1, DocumentEnd.ENDED)
    assert town.ask(signs())["reason"] == Reason.ILLEGAL_MOVE


def test_what_is_overtaken_before_it_has_a_number_is_issued_as_void() -> None:
    town = Town()
    fire_until(town.issue, TABLE[2] + GRACE)
    assert town.state(DocumentKind.SUPERVISION_ORDER) is DocumentState.REQUESTED
    town.issue.take(replied(), DUE - MOMENT)  # from before the breach
    assert town.told(DocumentVoided) == []
    town.number(TABLE[2] + timedelta(hours=1))
    assert [(event.kind, event.number, event.because) for event in town.told(DocumentVoided)] == [
        ("reminder", 1, DocumentEnd.ANNULLED),
        ("supervision_order", 1, DocumentEnd.ANNULLED),
    ]
    assert town.told(DocumentIssued) == []


def test_an_annulled_breach_lifts_the_first_two_steps_voids_drafts_and_drafts_a_lift_for_what_is_signed() -> (
    None
):
    town = at_step(4)
    town.ask(signs(), at=TABLE[4] + timedelta(hours=1))
    town.issue.take(replied(), DUE - MOMENT)
    assert [(event.document, event.because) for event in town.told(DocumentLifted)] == [
        ("d1", DocumentEnd.ANNULLED),
        ("d2", DocumentEnd.ANNULLED),
    ]
    assert [event.kind for event in town.told(DocumentVoided)] == ["red_card", "interview"]
    assert [event.document for event in town.told(DocumentLiftDrafted)] == ["d3"]
    assert town.state(DocumentKind.YELLOW_CARD) is DocumentState.ISSUED
    town.issue.take(closed(), LONG_AFTER)
    assert len(town.told(DocumentLiftDrafted)) == 1
    town = at_step(3)
    town.ask(signs(), at=TABLE[3] + timedelta(hours=1))
    town.issue.take(replied(), DUE - MOMENT)
    lift = LiftDocument(document="d3", reason="答复在期限内已发出")
    assert town.ask(lift, at=TABLE[3] + timedelta(hours=5))["status"] == "done"
    assert town.told(DocumentLifted)[-1].because == DocumentEnd.PERSON


def test_who_lifts_the_ladder_lifts_its_documents_too() -> None:
    town = at_step(4)
    town.ask(signs(), at=TABLE[4] + timedelta(hours=1))
    town.ask(LiftLadder(step=4, reason="已当面道歉"), at=TABLE[4] + timedelta(hours=2))
    assert [(event.document, event.reason, event.by) for event in town.told(DocumentLifted)] == [
        ("d2", "已当面道歉", "gu"),
        ("d3", "已当面道歉", "gu"),
    ]
    assert {event.because for event in town.told(DocumentVoided)} == {DocumentEnd.PERSON}
    assert town.ask(LiftDocument(document="d3", reason="再次"))["reason"] == Reason.ILLEGAL_MOVE


def test_one_document_is_lifted_with_a_reason_or_given_up_unsigned_and_the_step_stays() -> None:
    town = at_step(3)
    assert town.ask(LiftDocument(document="d3", reason=" "))["reason"] == Reason.REASON_MISSING
    assert town.ask(LiftDocument(document="d3", reason="情有可原"))["status"] == "done"
    assert town.state(DocumentKind.YELLOW_CARD) is DocumentState.VOID
    assert town.issue.state.lamp == 3
