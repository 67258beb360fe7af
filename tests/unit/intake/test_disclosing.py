"""A reply is public once it is out, in words that name nobody; taken back with a reason; its raiser is told once."""

import pytest

from services.intake.disclosing import naming
from services.intake.issue.life import State
from shared.contract.commands.intake import DiscloseReply
from shared.contract.events.intake import IssueDisclosed, IssueRestored
from shared.contract.words import Occurrence
from tests.keys import REFERENCES
from tests.unit.intake.given import ASKS, INVITED, OFFICE, REGISTER, SUBJECT, Played
from tests.unit.intake.given import LI as REFERENCE
from tests.unit.one_aggregate import after

DISCLOSE, RESTORE = ASKS["disclose"][0], ASKS["restore"][0]


def told(issue: Played) -> list[str]:
    """What its raiser is told of."""
    return [one.data["about"] for one in issue.commands.values() if "about" in one.data]


def test_it_is_public_in_the_words_of_the_office_and_its_raiser_is_told_once() -> None:
    issue = Played().walk(State.ANSWERED)
    record = issue.command(DISCLOSE, after(), OFFICE)
    issue.deliver(record, record)
    again = DISCLOSE.model_copy(update={"title": " 停车 "})
    assert issue.ask(again, after(), OFFICE)["status"] == "done"
    first, second = (one for one in issue.events if isinstance(one, IssueDisclosed))
    assert (first.title, first.text, first.reply) == ("停车难", "厂门口没有车位。", "已划线。")
    assert (first.by, second.title, issue.state.disclosed) == ("chen", "停车", 1)
    assert told(issue).count(Occurrence.DISCLOSED) == 1


def test_taken_back_it_says_why_and_what_is_not_public_cannot_be() -> None:
    issue = Played().walk(State.CLOSED)
    outcome = issue.ask(RESTORE, after(), OFFICE)
    assert outcome["reason"] == "illegal_move" and "disclose" in outcome["legal"]
    issue.ask(DISCLOSE, after(), OFFICE)
    issue.ask(RESTORE, after(), OFFICE)
    (restored,) = (one for one in issue.events if isinstance(one, IssueRestored))
    assert (restored.reason, restored.by, issue.state.disclosed) == ("企业不同意公开", "chen", 0)
    assert issue.at == State.CLOSED
    assert issue.ask(DISCLOSE, after(), OFFICE)["status"] == "done"
    assert told(issue).count(Occurrence.DISCLOSED) == 1


def test_of_an_anonymous_issue_nobody_is_told_by_mail() -> None:
    issue = Played()
    alone = f"entrepreneur:{REFERENCES.on_issue(SUBJECT, REFERENCE, anonymous=True)}"
    issue.ask(REGISTER.model_copy(update={"anonymous": True, "enterprise": ""}), after(), alone)
    issue.want("accept")
    issue.take(INVITED, after())
    issue.ask(DISCLOSE, after(), OFFICE)
    assert issue.state.disclosed == 1 and not told(issue)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["王 小明"], ["reply"]),
        (["湖州路灯厂", "nobody@x.cn"], ["title", "text"]),
        (["Wu@Lamps.cn"], ["text"]),
        (["李", "", "别人"], []),
    ],
)
def test_a_name_is_found_however_it_is_spaced_and_written(names: list[str], found: list[str]) -> None:
    said = {"title": "湖州路灯厂门口", "text": "湖州 路灯厂，wu@lamps.cn，李", "reply": "已答复王小明。"}
    assert naming(DiscloseReply(**said, round=1), names) == found
