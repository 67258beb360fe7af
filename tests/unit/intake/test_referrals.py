"""An issue that is another body's matter: handed on with a reason, a receipt, and in one case with nothing said."""

from datetime import date

import pytest
from pydantic import ValidationError

from services.intake.issue.life import State
from services.intake.issue.referring import is_unspoken
from shared.contract.commands.intake import Receipt, RecordReceipt, ReferIssue
from shared.contract.events.intake import IssueReferred, ReferralReceipted
from shared.contract.words import Body, Source
from tests.unit.intake.given import OFFICE, RAISER, REFER, REGISTER, Played
from tests.unit.one_aggregate import after

RECEIPT = Receipt(number="信访〔2026〕17号", on=date(2026, 3, 2))
COMPLAINT = ReferIssue(body=Body.DISCIPLINE_INSPECTION, addressee="市纪委监委")


@pytest.mark.parametrize("state", [State.REGISTERED, State.ACCEPTED])
def test_an_issue_is_referred_before_a_reply_is_out_and_the_event_says_to_whom_and_why(state: State) -> None:
    issue = Played().walk(state)
    assert issue.want("refer") == {"status": "done", "state": "referred"}
    assert issue.events[-1] == IssueReferred(
        body=Body.PETITIONS, addressee="市信访局", reason="属信访事项", by="chen"
    )
    assert not is_unspoken(issue.state)


def test_a_receipt_is_written_down_and_a_mistyped_one_once_more() -> None:
    issue = Played().walk(State.REFERRED)
    for number in ("信访〔2026〕71号", "信访〔2026〕17号"):
        receipt = RecordReceipt(number=f" {number} ", on=date(2026, 3, 2))
        assert issue.ask(receipt, after(), OFFICE)["status"] == "done"
        assert issue.events[-1] == ReferralReceipted(number=number, on=date(2026, 3, 2), by="chen")
    assert issue.state.referral.receipt_number == "信访〔2026〕17号"
    assert issue.state.state is State.REFERRED


def test_a_receipt_is_not_of_a_day_to_come() -> None:
    issue = Played().walk(State.REFERRED)
    tomorrow = RecordReceipt(number="1", on=date(2026, 3, 3))
    assert issue.ask(tomorrow, after(), OFFICE)["reason"] == "malformed"
    early = REFER.model_copy(update={"receipt": Receipt(number="1", on=date(2026, 3, 3))})
    assert Played().walk(State.ACCEPTED).ask(early, after(), OFFICE)["reason"] == "malformed"


@pytest.mark.parametrize("origin", [Source.TALK, Source.OBSERVER, Source.VISIT, Source.DELIBERATION])
def test_what_came_from_a_talk_or_a_visit_is_handed_on_with_its_receipt_only(origin: Source) -> None:
    issue = Played()
    issue.ask(REGISTER.model_copy(update={"origin": origin}), after(), RAISER)
    assert issue.want("refer")["reason"] == "receipt_missing"
    assert issue.ask(REFER.model_copy(update={"receipt": RECEIPT}), after(), OFFICE)["status"] == "done"
    assert [type(event) for event in issue.events[-2:]] == [IssueReferred, ReferralReceipted]
    assert issue.state.referral.receipt_number == RECEIPT.number


def test_of_a_complaint_about_an_official_the_event_names_nothing_but_discipline_inspection() -> None:
    issue = Played().walk(State.REGISTERED)
    assert issue.ask(COMPLAINT, after(), OFFICE)["status"] == "done"
    assert issue.events[-1] == IssueReferred(body=Body.DISCIPLINE_INSPECTION, by="chen")
    assert is_unspoken(issue.state)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"reason": "  "}, "reason_missing"),
        ({"body": Body.DISCIPLINE_INSPECTION, "reason": "张科长索贿"}, "malformed"),
    ],
)
def test_a_reason_is_given_for_every_referral_but_a_complaint_about_an_official(
    changed: dict[str, object], reason: str
) -> None:
    issue = Played().walk(State.REGISTERED)
    assert issue.ask(REFER.model_copy(update=changed), after(), OFFICE)["reason"] == reason
    assert issue.state.state is State.REGISTERED


def test_an_authority_has_a_name() -> None:
    with pytest.raises(ValidationError):
        ReferIssue(body=Body.COURT, addressee="  ", reason="已起诉")
