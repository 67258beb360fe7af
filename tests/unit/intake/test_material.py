"""What the office asks before it takes an issue on: answered sealed, or lapsed, and handed on with the acceptance."""

from datetime import datetime

import pytest

from services.intake.consumer import ISSUE, WITHOUT_NOTICES
from services.intake.issue.life import FOLLOWING, State
from services.intake.issue.material import MOST_ASKED
from shared.contract.attachments import Attachment
from shared.contract.command import FireDeadline
from shared.contract.commands.intake import AcceptIssue, AskMaterial, SuppliedText, SupplyMaterial
from shared.contract.commands.notices import PrepareNotice
from shared.contract.events.intake import (
    IssueAccepted,
    MaterialAsked,
    MaterialLapsed,
    MaterialReceived,
    MaterialSupplied,
    Supplied,
)
from shared.contract.words import MediaType, Occurrence
from tests.keys import REFERENCES
from tests.unit.intake.given import (
    ACCEPT,
    CLERK,
    LI,
    OFFICE,
    ON_BEHALF,
    RAISER,
    REGISTER,
    SUBJECT,
    SUPPLY_SEALED,
    Played,
)
from tests.unit.intake.over_http import LI as LI_TOKEN
from tests.unit.intake.over_http import OFFICE as OFFICE_TOKEN
from tests.unit.intake.over_http import Intake
from tests.unit.one_aggregate import after

ASK = AskMaterial(words=" 请补充租赁合同 ")
FILE = Attachment(hash="a" * 64, media_type=MediaType.PDF, bytes=2048)
RUNS_OUT = datetime.fromisoformat("2026-03-09T17:30:00+08:00")
"""Five working days after Monday, 2026-03-02."""


def asked() -> Played:
    issue = Played().walk(State.REGISTERED)
    assert issue.ask(ASK, after(hours=1), OFFICE)["request"] == 1
    return issue


def test_the_office_asks_and_the_raiser_is_told_once_until_when() -> None:
    issue = Played().walk(State.REGISTERED)
    record = issue.command(ASK, after(hours=1), OFFICE)
    assert issue.answer(record) == issue.answer(record)
    happened = issue.events[-1]
    assert happened == MaterialAsked(request=1, words="请补充租赁合同", ends_at=RUNS_OUT, by="chen")
    assert issue.state.question.department == ""
    (told,) = [one.data for one in issue.commands.values() if one.type == PrepareNotice.type]
    assert (told["to"], told["about"]) == (LI, Occurrence.QUESTION)


def test_of_an_anonymous_issue_nobody_is_told_and_history_tells_nobody() -> None:
    issue = Played()
    alone = f"entrepreneur:{REFERENCES.on_issue(SUBJECT, LI, anonymous=True)}"
    issue.ask(REGISTER.model_copy(update={"anonymous": True, "enterprise": ""}), after(), alone)
    issue.ask(ASK, after(), OFFICE)
    assert issue.state.question is not None and not issue.commands
    assert WITHOUT_NOTICES.commands[AskMaterial] is not ISSUE.commands[AskMaterial]


def test_the_answer_stays_sealed_until_the_issue_is_taken_on_and_then_goes_with_it() -> None:
    issue = asked()
    supplies = SUPPLY_SEALED.model_copy(update={"attachments": (FILE,)})
    record = issue.command(supplies, after(hours=2), RAISER)
    outcome = issue.answer(record)
    assert (outcome["state"], issue.answer(record)) == (State.REGISTERED, outcome)
    received = issue.events[-1]
    assert isinstance(received, MaterialReceived)
    assert (received.request, received.person, [one.hash for one in received.attachments]) == (
        1,
        LI,
        [FILE.hash],
    )
    assert SUPPLY_SEALED.sealed not in received.model_dump_json()
    assert issue.state.question is None and len(issue.state.attachments) == 1
    assert issue.ask(ACCEPT, after(hours=3), OFFICE)["reason"] == "stale_words"
    read = ACCEPT.model_copy(update={"supplied": (SuppliedText(request=1, text="合同见附件"),)})
    assert issue.ask(read, after(hours=3), OFFICE)["status"] == "done"
    accepted = issue.events[-1]
    assert isinstance(accepted, IssueAccepted)
    assert accepted.supplied == (Supplied(request=1, question="请补充租赁合同", text="合同见附件"),)


def test_without_an_answer_it_ends_by_itself_and_the_office_decides_on_what_there_is() -> None:
    issue = asked()
    deadline = ISSUE.next_deadline(issue.state)
    assert deadline is not None and (deadline.at, deadline.fire_at) == (RUNS_OUT, RUNS_OUT)
    fires = FireDeadline(name=deadline.name, due_at=deadline.at)
    assert issue.ask(fires, after(days=1), "system:timer")["status"] != "refused"
    assert issue.at == State.AWAITING_MATERIAL, "too early"
    record = issue.command(fires, RUNS_OUT, "system:timer")
    issue.answer(record)
    issue.answer(record)
    assert [event for event in issue.events if isinstance(event, MaterialLapsed)] == [
        MaterialLapsed(request=1)
    ]
    assert issue.at == FOLLOWING[(State.AWAITING_MATERIAL, "lapse_material")] == State.REGISTERED
    assert issue.ask(SUPPLY_SEALED, RUNS_OUT, RAISER)["reason"] == "illegal_move"
    assert issue.want("accept")["status"] == "done"


def test_an_answer_behind_the_end_finds_that_it_has_ended() -> None:
    issue = asked()
    assert issue.ask(SUPPLY_SEALED, RUNS_OUT.replace(hour=18), RAISER)["reason"] == "illegal_move"
    assert isinstance(issue.events[-1], MaterialLapsed)


@pytest.mark.parametrize("verb", ["accept", "reject", "refer", "withdraw"])
def test_the_office_need_not_wait_and_whatever_is_decided_ends_the_question(verb: str) -> None:
    issue = asked()
    assert issue.want(verb)["status"] == "done"
    assert issue.state.question is None and ISSUE.next_deadline(issue.state) is None


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (SUPPLY_SEALED.model_copy(update={"request": 2}), "stale_request"),
        (SupplyMaterial(request=1, text="合同见附件"), "stale_words"),
    ],
)
def test_what_answers_something_else_or_stands_plain_is_refused(command: SupplyMaterial, reason: str) -> None:
    issue = asked()
    assert issue.ask(command, after(hours=2), RAISER)["reason"] == reason
    assert issue.at == State.AWAITING_MATERIAL


def test_a_blank_question_is_refused_and_so_is_a_fourth_one() -> None:
    issue = Played().walk(State.REGISTERED)
    assert issue.ask(AskMaterial(words="  "), after(), OFFICE)["reason"] == "malformed"
    for request in range(1, MOST_ASKED + 1):
        assert issue.ask(ASK, after(hours=request), OFFICE)["request"] == request
        supplies = SUPPLY_SEALED.model_copy(update={"request": request})
        assert issue.ask(supplies, after(hours=request), RAISER)["status"] == "done"
    refused = issue.ask(ASK, after(hours=9), OFFICE)
    assert (refused["reason"], str(MOST_ASKED) in refused["detail"]) == ("too_many", True)
    assert [one.request for one in issue.state.supplied] == [1, 2, 3]


def test_who_wrote_it_down_answers_for_the_person_and_is_named() -> None:
    issue = Played()
    issue.ask(ON_BEHALF, after(), CLERK)
    issue.ask(ASK, after(hours=1), OFFICE)
    assert issue.ask(SUPPLY_SEALED, after(hours=2), CLERK)["status"] == "done"
    received = issue.events[-1]
    assert isinstance(received, MaterialReceived) and (received.person, received.by) == (LI, "zhao")
    assert issue.ask(SUPPLY_SEALED, after(hours=2), OFFICE)["status"] == "refused"


async def test_over_http_the_answer_is_masked_and_sealed_and_read_by_office_and_raiser_alone() -> None:
    intake = await Intake().raised()
    assert intake.issue.ask(ASK, after(hours=1), OFFICE)["status"] == "done"
    said = "合同见附件，联系人13912345678"
    for _ in range(2):
        answer = await intake.about("supply-material", {"request": 1, "text": said}, LI_TOKEN)
        assert answer.status_code == 200, answer.text
    assert not [event for event in intake.issue.events if isinstance(event, MaterialSupplied)]
    assert all("合同见附件" not in event.model_dump_json() for event in intake.issue.events)
    for reader in (LI_TOKEN, OFFICE_TOKEN):
        (shown,) = (await intake.shown(reader))["supplied"]
        assert shown["question"] == "请补充租赁合同" and shown["text"].startswith("合同见附件")
        assert "13912345678" not in shown["text"]
    assert "supplied" not in await intake.shown("leader:shen")
    assert (await intake.about("accept", {}, OFFICE_TOKEN)).status_code == 200
    accepted = intake.issue.events[-1]
    assert isinstance(accepted, IssueAccepted) and accepted.supplied[0].text.startswith("合同见附件")


def test_an_acceptance_without_material_is_as_before() -> None:
    assert AcceptIssue(title="停车难", text="没有车位").supplied == ()
