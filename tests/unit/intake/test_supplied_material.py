"""What a department asks is answered once, by who raised the issue, and names the question that was read."""

from pathlib import Path

import pytest

from services.intake.issue.life import State
from shared.contract.attachments import Attachment
from shared.contract.commands.intake import SupplyMaterial
from shared.contract.commands.notices import PrepareNotice
from shared.contract.events.intake import MaterialSupplied
from shared.contract.words import MediaType, Occurrence
from tests.keys import REFERENCES
from tests.unit.intake.given import (
    CLERK,
    LI,
    NOT_ANSWERED,
    ON_BEHALF,
    PUT,
    PUT_OFF,
    RAISER,
    REGISTER,
    SUBJECT,
    Played,
)
from tests.unit.intake.over_http import CLERK as CLERK_TOKEN
from tests.unit.intake.over_http import LI as LI_TOKEN
from tests.unit.intake.over_http import OFFICE, Intake
from tests.unit.one_aggregate import after

ANSWER = SupplyMaterial(
    request=1,
    text=" 检验报告见附件 ",
    attachments=(Attachment(hash="a" * 64, media_type=MediaType.PDF, bytes=2048),),
)


def asked(state: State = State.ACCEPTED) -> Played:
    issue = Played().walk(state)
    issue.take(PUT, after(hours=1))
    return issue


@pytest.mark.parametrize("state", [State.ACCEPTED, State.ANSWERED])
def test_the_answer_names_the_question_and_stands_on_the_topic_with_its_files(state: State) -> None:
    issue = asked(state)
    outcome = issue.ask(ANSWER, after(hours=2), RAISER)
    assert (outcome["status"], outcome["state"], outcome["request"]) == ("done", state, 1)
    happened = issue.events[-1]
    assert isinstance(happened, MaterialSupplied)
    assert (happened.request, happened.department, happened.question) == (1, "housing", PUT.words)
    assert (happened.text, happened.person, happened.by) == ("检验报告见附件", LI, "")
    assert [file.hash for file in happened.attachments] == [file.hash for file in issue.state.attachments]
    assert issue.state.question is None


def test_a_wrong_or_closed_question_is_refused_with_what_is_asked_now() -> None:
    issue = asked()
    wrong = issue.ask(ANSWER.model_copy(update={"request": 2}), after(hours=2), RAISER)
    assert wrong["reason"] == "stale_request"
    assert PUT.words in wrong["detail"] and "question 1" in wrong["detail"]
    issue.take(NOT_ANSWERED, after(days=7))
    late = issue.ask(ANSWER, after(days=8), RAISER)
    assert (late["reason"], late["detail"]) == ("stale_request", "nothing is asked now")


def test_it_is_answered_once_and_the_next_question_anew() -> None:
    issue = asked()
    issue.ask(ANSWER, after(hours=2), RAISER)
    assert issue.ask(ANSWER, after(hours=3), RAISER)["reason"] == "stale_request"
    issue.take(PUT.model_copy(update={"request": 2, "words": "请补充图纸"}), after(hours=4))
    assert issue.ask(ANSWER, after(hours=5), RAISER)["reason"] == "stale_request"
    again = ANSWER.model_copy(update={"request": 2})
    assert issue.ask(again, after(hours=5), RAISER)["status"] == "done"
    assert len(issue.state.attachments) == 1, "a file that it lists already"


def test_a_lapse_of_an_earlier_question_closes_no_later_one() -> None:
    issue = asked()
    issue.take(PUT.model_copy(update={"request": 2}), after(hours=4))
    issue.take(NOT_ANSWERED, after(hours=5))
    assert issue.state.question.request == 2


def test_who_wrote_it_down_answers_for_the_person_and_is_named() -> None:
    issue = Played()
    issue.ask(ON_BEHALF, after(), CLERK)
    issue.want("accept")
    issue.take(PUT, after(hours=1))
    assert issue.ask(ANSWER, after(hours=2), CLERK)["status"] == "done"
    happened = issue.events[-1]
    assert isinstance(happened, MaterialSupplied)
    assert (happened.person, happened.by) == (LI, "zhao")
    assert issue.ask(ANSWER, after(hours=2), "office:chen")["status"] == "refused"


def test_who_raised_it_is_told_once_and_of_an_anonymous_issue_nobody() -> None:
    issue = Played().walk(State.ACCEPTED)
    record = issue.event(PUT, after())
    issue.deliver(record, record)
    (told,) = [one.data for one in issue.commands.values() if one.type == PrepareNotice.type]
    assert (told["to"], told["about"]) == (LI, Occurrence.QUESTION)
    issue = Played()
    alone = f"entrepreneur:{REFERENCES.on_issue(SUBJECT, LI, anonymous=True)}"
    issue.ask(REGISTER.model_copy(update={"anonymous": True, "enterprise": ""}), after(), alone)
    issue.want("accept")
    issue.take(PUT, after())
    assert issue.state.question is not None and not issue.commands


def test_who_raised_it_is_told_once_that_it_takes_longer_and_of_an_anonymous_issue_nobody() -> None:
    issue = Played().walk(State.ACCEPTED)
    before = issue.state
    record = issue.event(PUT_OFF, after())
    issue.deliver(record, record)
    (told,) = [one.data for one in issue.commands.values() if one.type == PrepareNotice.type]
    assert (told["to"], told["about"], issue.state) == (LI, Occurrence.PUT_OFF, before)
    issue = Played()
    alone = f"entrepreneur:{REFERENCES.on_issue(SUBJECT, LI, anonymous=True)}"
    issue.ask(REGISTER.model_copy(update={"anonymous": True, "enterprise": ""}), after(), alone)
    issue.want("accept")
    issue.take(PUT_OFF, after())
    assert not issue.commands


async def taken_on() -> Intake:
    intake = await Intake().raised()
    await intake.about("accept", {}, OFFICE)
    intake.issue.take(PUT, after(hours=2))
    return intake


async def test_numbers_in_an_answer_are_masked_and_the_same_request_twice_is_one_answer() -> None:
    intake = await taken_on()
    said = {"request": 1, "text": "请联系车间主任"}
    for _ in range(2):
        answer = await intake.about("supply-material", said, LI_TOKEN)
        assert answer.status_code == 200, answer.text
    told = [event for event in intake.issue.events if isinstance(event, MaterialSupplied)]
    assert [event.text for event in told] == [said["text"]]
    assert intake.issue.state.question is None


@pytest.mark.parametrize("body", [{"request": 1, "text": " "}, {"request": 0, "text": "x"}, {"text": "x"}])
async def test_what_says_nothing_is_refused_before_anything_is_posted(body: dict[str, object]) -> None:
    intake = await taken_on()
    posted = len(intake.asked)
    assert (await intake.about("supply-material", body, LI_TOKEN)).status_code == 422
    assert len(intake.asked) == posted


async def test_a_file_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the key of the receipts is made there
    intake = await taken_on()
    body = {"request": 1, "text": "见附件", "attachments": ["0" * 64 + "." + "0" * 32]}
    answer = await intake.about("supply-material", body, LI_TOKEN)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "attachments.0"


async def test_nobody_else_answers() -> None:
    intake = await taken_on()
    for other in (CLERK_TOKEN, "entrepreneur:wang"):
        answer = await intake.about("supply-material", {"request": 1, "text": "冒名"}, other)
        assert answer.status_code in (403, 404)
