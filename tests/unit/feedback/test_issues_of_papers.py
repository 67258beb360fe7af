"""What issues hear of a paper and of the meeting that heard it: each once, and why not."""

from datetime import date
from typing import Any

from services.feedback.consumer import consumer
from services.feedback.issue.life import State
from shared.contract.command import Command
from shared.contract.commands.papers import ConfirmPaper, HearPaper
from shared.contract.event import Event
from shared.contract.events.papers import MeetingDecided, TypicalCaseChosen
from shared.contract.words import Meeting
from shared.domain.decisions import Reason
from tests.unit.feedback.test_life_of_an_issue import RAISER, WITHDRAWN, invited, rating, registered
from tests.unit.feedback.test_papers import LEADER, OFFICE, PAPER
from tests.unit.one_aggregate import OneAggregate, after
from tests.unit.reference import JURISDICTION

# ------------------------------------------------------------------ the issues


def hears(**values: Any) -> HearPaper:
    said: dict[str, Any] = {
        "paper": PAPER,
        "edition": 1,
        "news": f"{PAPER}.1.issue-1",
        "words": "好",
        "by": "chen",
    }
    return HearPaper(**{**said, **values})


DECIDES = {"news": f"{PAPER}.1.1", "meeting": Meeting.LEADERS, "leader": "zhou", "due_on": date(2026, 3, 10)}


def answers(issue: OneAggregate) -> list[ConfirmPaper]:
    return [ConfirmPaper.model_validate(one.data) for one in issue.commands.values()]


def told(issue: OneAggregate, command: Command) -> list[Event]:
    known = len(issue.events)
    issue.ask(command, after(days=3), "system:fan-out")
    return issue.events[known:]


def test_an_issue_becomes_a_typical_case_once_also_when_it_is_closed() -> None:
    issue = invited()
    issue.ask(rating(), after(days=2), RAISER)
    assert issue.state.state is State.CLOSED
    chosen = TypicalCaseChosen(paper=PAPER, edition=1, words="好", by="chen")
    assert [told(issue, hears()), told(issue, hears())] == [[chosen], []]
    assert answers(issue) == 2 * [ConfirmPaper(news=f"{PAPER}.1.issue-1")]
    assert issue.state.state is State.CLOSED


def test_what_a_meeting_decided_is_said_of_its_issue_once() -> None:
    issue = invited()
    (decided,) = (*told(issue, hears(**DECIDES)), *told(issue, hears(**DECIDES)))
    said = {name: value for name, value in DECIDES.items() if name != "news"}
    assert decided == MeetingDecided(decision=f"{PAPER}.1.1", words="好", by="chen", **said)
    assert [one.refused for one in answers(issue)] == ["", ""]


def test_what_has_ended_is_not_known_or_was_not_answered_says_why_not() -> None:
    unknown = OneAggregate(consumer(JURISDICTION), "issue-1")
    assert told(unknown, hears(**DECIDES)) == []
    ended = invited()
    ended.take(WITHDRAWN, after(days=2))
    assert told(ended, hears(**DECIDES)) == []
    unanswered = OneAggregate(consumer(JURISDICTION), "issue-1")
    unanswered.take(registered(), after())
    assert told(unanswered, hears()) == []
    found = [answers(issue)[0].refused for issue in (unknown, ended, unanswered)]
    assert found == ["unknown_issue", "illegal_move", "illegal_move"]


def test_papers_tell_one_issue_only_so_much() -> None:
    issue = invited()
    for number in range(50):
        assert len(told(issue, hears(**{**DECIDES, "news": f"{PAPER}.1.{number}"}))) == 1
    assert told(issue, hears(**{**DECIDES, "news": f"{PAPER}.1.99"})) == []
    assert answers(issue)[-1].refused == "too_many"


def test_nobody_but_a_paper_tells_an_issue_anything() -> None:
    issue = invited()
    for stranger in (OFFICE, LEADER, RAISER):
        assert issue.ask(hears(), after(days=3), stranger)["reason"] == Reason.WRONG_ROLE
