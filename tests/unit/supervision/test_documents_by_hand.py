"""Documents that a person issues, what cannot stand on one, and that each number is told once."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.supervision.issue.life import DocumentState
from services.supervision.issue.signing import issue_by_hand
from services.supervision.register.decisions import enter
from services.supervision.register.life import Register
from shared.contract.commands.supervision import (
    EnterDocument,
    IssueDocument,
    LiftLadder,
)
from shared.contract.events.supervision import (
    DepartmentAddressed,
    DocumentDrafted,
    DocumentIssued,
    DocumentVoided,
)
from shared.contract.words import (
    Across,
    DocumentKind,
    Joint,
    JointOffice,
)
from shared.domain.decisions import Change, Context, Reason
from tests.unit.supervision.documented import SUPERVISOR, Town, orders, signs, staffed
from tests.unit.supervision.given import (
    DUE,
    GRACE,
    ISSUE,
    MOMENT,
    accepted,
    assigned,
    fire_until,
    new_issue,
    promised,
    registered,
    replied,
    signed,
)
from tests.unit.supervision.test_ladder_of_an_issue import TABLE, closed, dissatisfied_twice


def test_by_hand_an_order_is_due_as_the_policy_or_the_person_says_and_names_who_acts_together() -> None:
    town = Town()
    at = DUE - timedelta(days=4)
    together = {"joint": Joint.ORDER, "offices": (JointOffice.PARTY, JointOffice.GOVERNMENT)}
    assert town.ask(orders(**together), at=at) == {"status": "done", "document": "d1"}
    assert town.ask(orders(answer_days=1), at=at)["status"] == "done"
    first, second = town.told(DocumentIssued)
    assert (first.joint, first.offices, first.by, first.step) == (*together.values(), "gu", 0)
    assert first.answer_due_at > second.answer_due_at > at
    assert town.issue.state.lamp == 0


def test_a_circular_of_praise_needs_no_step_and_outlives_its_issue() -> None:
    town = Town()
    town.issue.take(replied(), DUE - MOMENT)
    town.issue.take(closed(), DUE)
    praise = {"kind": DocumentKind.CIRCULAR, "words": "主动上门，三日办结", "praise": True}
    assert town.ask(orders(**praise))["status"] == "done"
    assert town.ask(orders())["reason"] == Reason.ILLEGAL_MOVE  # nobody is ordered about what has ended
    (circular,) = town.told(DocumentIssued)
    assert (circular.praise, circular.department) == (True, "traffic")


def test_a_reminder_by_hand_is_numbered_said_with_its_words_and_stays_when_a_reply_is_out() -> None:
    town = Town()
    at = DUE - timedelta(days=4)
    assert town.ask(orders(kind=DocumentKind.REMINDER), at=at)["status"] == "done"
    (document,) = town.issue.state.documents
    assert (document.kind, document.state, document.answer_due_at) == (
        DocumentKind.REMINDER,
        DocumentState.ISSUED,
        None,
    )
    (said,) = [event for event in town.told(DepartmentAddressed) if event.saying == "issued"]
    assert (said.saying, said.kind, said.words) == ("issued", "reminder", document.words)
    town.issue.take(replied(), DUE - MOMENT)
    assert town.issue.state.documents[0].state is DocumentState.ISSUED


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (orders(praise=True), Reason.MALFORMED),
        (orders(joint=Joint.MEETING), Reason.MALFORMED),
        (orders(offices=(JointOffice.PARTY, JointOffice.CPPCC)), Reason.MALFORMED),
        (orders(joint=Joint.MEETING, offices=(JointOffice.PARTY,)), Reason.MALFORMED),
        (orders(words="  "), Reason.REASON_MISSING),
        (orders(signature="顾"), Reason.SIGNATURE_MISSING),
    ],
)
def test_what_cannot_stand_on_a_document_is_refused_with_its_place(
    command: IssueDocument, reason: Reason
) -> None:
    town = Town()
    outcome = town.ask(command)
    assert outcome["reason"] == reason
    assert ":" in outcome["detail"]
    assert town.issue.state.documents == ()


def test_a_second_dissatisfied_round_drafts_the_red_card_and_the_interview() -> None:
    issue, _ = dissatisfied_twice(DUE - timedelta(days=10))
    kinds = [document.kind for document in issue.state.documents]
    assert kinds == [DocumentKind.RED_CARD, DocumentKind.INTERVIEW]


@pytest.mark.parametrize("joint", Joint)
def test_what_offices_do_together_and_what_it_reaches_across_stands_on_the_order_and_stays_with_it(
    joint: Joint,
) -> None:
    town = Town()
    together = {"joint": joint, "offices": tuple(JointOffice), "across": tuple(Across)}
    assert town.ask(orders(**together), at=DUE - timedelta(days=4))["status"] == "done"
    (issued,) = town.told(DocumentIssued)
    (kept,) = town.issue.state.documents
    for document in (issued, kept):
        assert (document.joint, document.offices, document.across) == tuple(together.values())
    assert (issued.kind, issued.number, issued.by) == (DocumentKind.SUPERVISION_ORDER, 1, "gu")


@pytest.mark.parametrize("across", Across)
def test_what_reaches_across_needs_no_other_office(across: Across) -> None:
    town = Town()
    assert town.ask(orders(across=(across,)), at=DUE - timedelta(days=4))["status"] == "done"
    (issued,) = town.told(DocumentIssued)
    assert (issued.across, issued.joint, issued.offices) == ((across,), "", ())


NEW_YEAR = datetime(2026, 12, 31, 16, tzinfo=UTC)
"""Midnight in Shanghai."""


def test_numbers_begin_again_with_the_year_of_shanghai_and_are_each_jurisdiction_s_own() -> None:
    issue, registers, numbers = Town().issue.state, dict[str, Register](), defaultdict[str, list[int]](list)
    for at in (NEW_YEAR - timedelta(hours=1), NEW_YEAR - MOMENT, NEW_YEAR, NEW_YEAR + MOMENT):
        for jurisdiction in ("huzhou", "deqing"):
            context = Context(ISSUE, at, staffed(), actor=SUPERVISOR, jurisdiction=jurisdiction)
            for kind in (DocumentKind.SUPERVISION_ORDER, DocumentKind.REMINDER):
                change = issue_by_hand(issue, orders(kind=kind), context)
                assert isinstance(change, Change)
                (asked,) = change.messages
                assert isinstance(asked.body, EnterDocument)
                entered = enter(registers.get(asked.to), asked.body, context)
                registers[asked.to] = entered.state
                numbers[asked.to].append(entered.outcome["number"])
    assert numbers == {
        f"register:{jurisdiction}.{kind}.{year}": [1, 2]
        for jurisdiction in ("huzhou", "deqing")
        for kind in ("supervision_order", "reminder")
        for year in (2026, 2027)
    }


def test_a_reminder_of_the_old_year_that_is_told_in_the_new_one_is_numbered_in_the_old() -> None:
    due = NEW_YEAR - timedelta(hours=6.5)
    began, issue = due - timedelta(days=14), new_issue(staffed())
    for event in (registered(), promised(began, due), accepted(), assigned(), signed()):
        issue.take(event, began)
    fire_until(issue, due + GRACE, late_seconds=3 * 86_400)
    promise = next(one for one in issue.state.documents if one.clock == "promise")
    assert (promise.kind, promise.year) == (DocumentKind.REMINDER, 2026)
    (asked,) = [one.subject for one in issue.commands.values() if one.type == EnterDocument.type]
    assert asked == "register:huzhou.reminder.2026"


END: Sequence[str] = ("reply", "late reply", "close", "lift", "none")


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 6), st.sampled_from(END), st.booleans(), st.booleans())
def test_whatever_ends_it_every_number_is_told_once_as_drafted_issued_or_void(
    step: int, end: str, is_numbered: bool, is_signed: bool
) -> None:
    town = Town()
    fire_until(town.issue, TABLE[step] + GRACE)
    at = TABLE[step] + timedelta(hours=1)
    if is_numbered:
        town.number(at)
        if is_signed and step >= 3:
            assert town.ask(signs(), at=at)["status"] == "done"
    match end:
        case "reply":
            town.issue.take(replied(), at)
        case "late reply":
            town.issue.take(replied(), DUE - MOMENT)
        case "close":
            town.issue.take(closed(), at)
        case "lift":
            town.ask(LiftLadder(step=step, reason="已整改"), at=at)
    town.number(at)
    first = (*town.told(DocumentDrafted), *town.told(DocumentIssued), *town.told(DocumentVoided))
    told = {(event.kind, event.year, event.number) for event in first}
    given_out = {
        (subject.split(".")[1], 2026, event.number)  # type: ignore[attr-defined]
        for subject, register in town.registers.items()
        for event in register.events
    }
    assert told == given_out
    assert not any(document.state is DocumentState.REQUESTED for document in town.issue.state.documents)
