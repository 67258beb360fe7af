"""Whom supervision has something for: those whom the policy names at a step, and the office where nobody holds it."""

from datetime import timedelta

import pytest

from shared.contract.commands.supervision import IssueDocument
from shared.contract.events.supervision import DepartmentAddressed, DocumentDrafted, DocumentIssued
from shared.contract.words import Addressee, DocumentKind, Saying
from shared.domain.clocks import Policy
from tests.unit.supervision.documented import NAME, Town, at_step, orders, signs, staffed
from tests.unit.supervision.given import GRACE, LONG_AFTER, POLICY, assigned, known
from tests.unit.supervision.test_ladder_of_an_issue import TABLE

OFFICES = (Addressee.OFFICE, Addressee.SUPERVISION_OFFICE)


def said(town: Town) -> list[tuple[str, str, tuple[str, ...]]]:
    """What was said of documents, and to whom beside the department."""
    return [(one.saying, one.kind, one.to) for one in town.told(DepartmentAddressed) if one.kind]


def test_each_step_names_those_of_its_policy_and_a_draft_the_offices_once_a_step() -> None:
    assert said(at_step(6)) == [
        (Saying.ISSUED, "reminder", (Addressee.HANDLER, Addressee.LEADER_IN_CHARGE)),
        (Saying.ISSUED, "supervision_order", (Addressee.SUPERVISION_OFFICE,)),
        (Saying.DRAFTED, "yellow_card", OFFICES),
        (Saying.DRAFTED, "red_card", OFFICES),
    ]


@pytest.mark.parametrize(
    ("place", "kind", "to"),
    [
        (3, "yellow_card", (Addressee.HEAD,)),
        (4, "red_card", (Addressee.HEAD, Addressee.LEADER)),
        (5, "interview", (Addressee.HEAD, Addressee.LEADER)),
        (6, "circular", (Addressee.LEVEL,)),
        (7, "matters_entry", (Addressee.DISCIPLINE, Addressee.CPPCC)),
    ],
)
def test_once_signed_a_document_is_said_to_those_whom_its_step_names_then(
    place: int, kind: str, to: tuple[str, ...]
) -> None:
    town = at_step(6)
    assert town.ask(signs(f"d{place}", words="经核实属实"))["status"] == "done"
    assert said(town)[-1] == (Saying.ISSUED, kind, to)
    assert town.told(DepartmentAddressed)[-1].by == "gu"


def test_what_is_issued_by_hand_is_said_to_those_whom_the_step_of_its_kind_names() -> None:
    town = Town()
    town.ask(orders())
    praises = {"kind": DocumentKind.CIRCULAR, "words": "办理及时", "signature": NAME, "praise": True}
    town.ask(IssueDocument(**praises))
    assert said(town) == [
        (Saying.ISSUED, "supervision_order", (Addressee.SUPERVISION_OFFICE,)),
        (Saying.ISSUED, "circular", (Addressee.LEVEL,)),
    ]


def test_a_promise_that_nobody_holds_is_the_offices_at_every_step() -> None:
    town = Town()
    town.issue = known(town.reference)
    town.fire_until(TABLE[6] + GRACE)
    found = town.told(DepartmentAddressed)
    assert {one.department for one in found} == {""}
    assert {one.clock for one in found} == {"promise"}
    assert [one.saying for one in found] == [
        *[Saying.WARNING] * 2,
        *[Saying.ISSUED] * 2,
        *[Saying.DRAFTED] * 2,
    ]
    town.issue.take(assigned(), TABLE[6] + timedelta(days=1))
    assert {document.department for document in town.issue.state.documents} == {""}


def signed_orders() -> Policy:
    order = POLICY.ladder[1].model_copy(update={"signed": True})
    return POLICY.model_copy(update={"ladder": (POLICY.ladder[0], order, *POLICY.ladder[2:])})


def test_an_order_that_the_policy_wants_signed_waits_for_a_signature() -> None:
    town = at_step(2, staffed(policy=signed_orders()))
    assert [(one.kind, one.step) for one in town.told(DocumentIssued)] == [("reminder", 1)]
    assert [(one.kind, one.step) for one in town.told(DocumentDrafted)] == [("supervision_order", 2)]
    assert said(town)[-1] == (Saying.DRAFTED, "supervision_order", (Addressee.SUPERVISION_OFFICE,))
    assert town.ask(signs("d2"), at=TABLE[2] + timedelta(hours=1))["status"] == "done"
    assert (town.told(DocumentIssued)[-1].by, said(town)[-1][0]) == ("gu", Saying.ISSUED)
    town.fire_until(LONG_AFTER)
    assert town.issue.state.lamp == 6  # a signature holds nothing up


def test_whatever_a_policy_says_no_card_goes_out_by_itself() -> None:
    order = POLICY.ladder[1].model_copy(update={"documents": (DocumentKind.YELLOW_CARD,)})
    policy = POLICY.model_copy(update={"ladder": (POLICY.ladder[0], order, *POLICY.ladder[2:])})
    town = at_step(2, staffed(policy=policy))
    assert [one.kind for one in town.told(DocumentDrafted)] == ["yellow_card"]
