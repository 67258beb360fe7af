"""Papers of the three meetings: published and frozen, heard, and what becomes of the issues that they name."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.feedback.consumer import consumer
from services.feedback.paper.life import NOTHING, TIMERS, News
from services.feedback.paper.life import State as PaperState
from shared.contract.commands.papers import (
    Case,
    ConfirmPaper,
    HearPaper,
    HonouredOne,
    ListOfHonours,
    MeetingDecision,
    PaperFigure,
    PublishPaper,
    ReadOf,
    RecordMeeting,
)
from shared.contract.events.dispatch import StaffPublished
from shared.contract.events.papers import (
    DecisionVoided,
    PaperHeard,
    PaperPublished,
)
from shared.contract.words import (
    FigureName,
    Honoured,
    HonourList,
    Level,
    Meeting,
    PaperKind,
    Role,
)
from shared.domain.decisions import Reason
from shared.domain.fan_out import CHUNK, FIRST_PAUSE
from shared.domain.papers import newest_over, paper_id, period_of, read_period
from shared.domain.reference import BEGINNING, Reference
from tests.unit.feedback.test_life_of_an_issue import RAISER
from tests.unit.one_aggregate import OneAggregate, after
from tests.unit.reference import JURISDICTION, make_reference

PAPER = "huzhou-monthly-2026-02"
SUBJECT = f"paper:{PAPER}"
OFFICE, LEADER = "office:chen", "leader:zhou"
AT = after(days=1)
FIGURE = PaperFigure(figure=FigureName.SATISFIED, period="2026-02", numerator=65, denominator=66)
CHOSEN = Case(issue="issue-1", words="七天建成，企业满意")
DECISION = MeetingDecision(issue="issue-1", words="请住建局一周内报方案", due_on=date(2026, 3, 10))


def led() -> Reference:
    """The reference data with a leader and somebody who is none."""
    reference = make_reference()
    for account, role in (("zhou", Role.LEADER), ("chen", Role.OFFICE)):
        entry = {"name": "周明", "roles": (role,), "level": Level.CITY, "by": "wu"}
        published = StaffPublished(version="1", in_force_from=BEGINNING, **entry)
        reference.learn(f"staff:{account}", published)
    return reference


REFERENCE = led()


def fresh(subject: str = SUBJECT) -> OneAggregate:
    return OneAggregate(consumer(JURISDICTION), subject, REFERENCE)


def publishes(**values: Any) -> PublishPaper:
    said: dict[str, Any] = {
        "as_of": AT,
        "positions": (ReadOf(topic="intake.events", offsets=(7, 0)),),
        "figures": (FIGURE,),
    }
    return PublishPaper(**{**said, **values})


def meets(*decisions: MeetingDecision, **values: Any) -> RecordMeeting:
    said: dict[str, Any] = {"edition": 1, "held_on": date(2026, 3, 3), "chaired_by": "zhou"}
    return RecordMeeting(**{**said, "decisions": decisions, **values})


def published(*cases: Case) -> OneAggregate:
    paper = fresh()
    assert paper.ask(publishes(cases=cases), AT, OFFICE)["status"] == "done"
    return paper


def heard_by(paper: OneAggregate) -> list[HearPaper]:
    """What its issues were told, in order."""
    return [HearPaper.model_validate(one.data) for one in paper.commands.values()]


# ------------------------------------------------------------------ publishing


def test_what_is_published_is_frozen_as_it_was_asked_for_once_whoever_delivers_it_twice() -> None:
    honours = ListOfHonours(
        list=HonourList.STRIVERS,
        rule_zh="重办后转为满意的件数",
        rule_en="reworked, and satisfied in the end",
        honoured=(HonouredOne(kind=Honoured.DEPARTMENT, who="housing"),),
    )
    paper, asked = fresh(), publishes(preface="二月分析", cases=(CHOSEN,), honours=(honours,))
    record = paper.command(asked, AT, OFFICE)
    assert (
        paper.answer(record) == paper.answer(record) == {"status": "done", "state": "published", "edition": 1}
    )
    (event,) = paper.events
    assert isinstance(event, PaperPublished)
    told = event.model_dump(mode="json")
    assert {name: told[name] for name in asked.model_dump()} == asked.model_dump(mode="json")
    assert (event.kind, event.period, event.edition, event.by) == ("monthly", "2026-02", 1, "chen")


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"as_of": after(days=2)}, Reason.MALFORMED),
        ({"figures": (FIGURE.model_copy(update={"numerator": 67}),)}, Reason.MALFORMED),
        ({"figures": (FIGURE.model_copy(update={"period": "2026-01"}),)}, Reason.MALFORMED),
        ({"figures": (FIGURE, FIGURE)}, Reason.MALFORMED),
        ({"cases": (CHOSEN, CHOSEN)}, Reason.MALFORMED),
        ({"as_of": datetime(2026, 2, 28, 15, 59, tzinfo=UTC)}, Reason.PERIOD_NOT_OVER),
        ({"supersedes": 1}, Reason.STALE_EDITION),
    ],
)
def test_a_paper_of_another_form_or_of_a_period_that_runs_is_refused(
    wrong: dict[str, Any], reason: Reason
) -> None:
    paper = fresh()
    assert paper.ask(publishes(**wrong), AT, OFFICE)["reason"] == reason
    assert (paper.state, paper.events) == (None, [])


@pytest.mark.parametrize(
    "id", ["huzhou-monthly-2026-13", "deqing-monthly-2026-02", "huzhou-weekly-2026", "huzhou"]
)
def test_its_name_says_whose_and_of_which_period_it_is(id: str) -> None:
    assert fresh(f"paper:{id}").ask(publishes(), AT, OFFICE)["reason"] == Reason.MALFORMED


def test_another_edition_names_the_one_in_whose_place_it_stands() -> None:
    paper = published()
    assert paper.ask(publishes(), AT, OFFICE)["reason"] == Reason.STALE_EDITION
    assert paper.ask(publishes(supersedes=1), AT, OFFICE)["edition"] == 2
    assert [(event.edition, event.supersedes) for event in paper.events] == [(1, 0), (2, 1)]
    assert paper.ask(meets(), AT, OFFICE)["reason"] == Reason.STALE_EDITION
    assert paper.ask(meets(edition=2), AT, OFFICE)["state"] == "heard"
    assert paper.ask(publishes(supersedes=2), AT, OFFICE)["state"] == "published"


@pytest.mark.parametrize(
    ("kind", "now", "name", "months"),
    [
        (PaperKind.MONTHLY, "2026-03-01", "2026-02", 1),
        (PaperKind.HALF_YEARLY, "2026-06-30", "2025-h2", 6),
        (PaperKind.HALF_YEARLY, "2026-07-01", "2026-h1", 6),
        (PaperKind.YEARLY, "2026-01-01", "2025", 12),
    ],
)
def test_the_newest_period_that_is_over(kind: PaperKind, now: str, name: str, months: int) -> None:
    midnight = datetime.fromisoformat(f"{now}T00:00:00+08:00")
    period = newest_over(kind, midnight)
    assert (period.name, len(period.months)) == (name, months)
    assert period.is_over(midnight)
    assert read_period(kind, name) is not None
    assert period_of(paper_id(JURISDICTION, period), JURISDICTION) == period
    assert period.before.ends_on.isoformat()[:7] == period.months[0]


# ----------------------------------------------------------------- the meeting


def test_a_meeting_is_recorded_once_with_the_paper_it_heard_and_each_decision_goes_to_its_issue() -> None:
    paper = published()
    again = paper.command(meets(DECISION, words="听取了二月分析"), AT, OFFICE)
    paper.deliver(again, again)
    (heard,) = (event for event in paper.events if isinstance(event, PaperHeard))
    assert (heard.meeting, heard.edition, heard.chaired_by, heard.by) == (Meeting.LEADERS, 1, "zhou", "chen")
    assert [one.model_dump() for one in heard.decisions] == [{"number": 1, **DECISION.model_dump()}]
    (told,) = heard_by(paper)
    assert (told.news, told.leader, told.due_on) == (f"{PAPER}.1.1", "zhou", DECISION.due_on)
    assert paper.ask(meets(), AT, OFFICE)["reason"] == Reason.ILLEGAL_MOVE


@pytest.mark.parametrize(
    ("id", "meeting"),
    [
        ("monthly-2026-02", Meeting.LEADERS),
        ("half_yearly-2025-h2", Meeting.EXECUTIVE),
        ("yearly-2025", Meeting.STANDING),
    ],
)
def test_each_kind_of_paper_is_heard_by_the_meeting_that_it_is_made_for(id: str, meeting: Meeting) -> None:
    paper = fresh(f"paper:huzhou-{id}")
    figure = FIGURE.model_copy(update={"period": id.partition("-")[2]})
    assert paper.ask(publishes(figures=(figure,)), AT, OFFICE)["status"] == "done"
    assert paper.ask(meets(DECISION), AT, OFFICE)["status"] == "done"
    assert [one.meeting for one in paper.events if isinstance(one, PaperHeard)] == [meeting]
    assert [told.meeting for told in heard_by(paper)] == [meeting]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"chaired_by": "chen"}, Reason.UNKNOWN_LEADER),
        ({"chaired_by": "nobody"}, Reason.UNKNOWN_LEADER),
        ({"held_on": date(2026, 3, 4)}, Reason.MALFORMED),
        ({"held_on": date(2026, 3, 2)}, Reason.MALFORMED),
        ({"decisions": (DECISION.model_copy(update={"due_on": date(2026, 3, 3)}),)}, Reason.DATE_TOO_EARLY),
        ({"decisions": (DECISION.model_copy(update={"due_on": date(2026, 3, 8)}),)}, Reason.NO_WORKING_DAY),
        ({"decisions": (DECISION.model_copy(update={"due_on": date(2028, 3, 8)}),)}, Reason.DATE_TOO_FAR),
    ],
)
def test_a_meeting_that_cannot_have_been_so_is_refused(wrong: dict[str, Any], reason: Reason) -> None:
    paper = published()
    assert paper.ask(meets(**wrong), AT, OFFICE)["reason"] == reason
    assert len(paper.events) == 1


def test_no_meeting_hears_what_was_not_published_and_only_the_office_publishes_and_records() -> None:
    assert fresh().ask(meets(), AT, OFFICE)["reason"] == Reason.ILLEGAL_MOVE
    for stranger in (LEADER, RAISER, "federation:ma", "handler:housing/li"):
        assert fresh().ask(publishes(), AT, stranger)["reason"] == Reason.WRONG_ROLE
        assert published().ask(meets(), AT, stranger)["reason"] == Reason.WRONG_ROLE
        assert published().ask(ConfirmPaper(news="x"), AT, stranger)["reason"] == Reason.WRONG_ROLE


def test_issues_are_told_in_chunks_and_who_does_not_answer_is_told_again() -> None:
    decisions = [DECISION.model_copy(update={"issue": f"issue-{n}"}) for n in range(CHUNK - 1)]
    paper = published(CHOSEN, Case(issue="issue-2", words="多部门协同"))
    paper.ask(meets(*decisions), AT, OFFICE)
    assert len(heard_by(paper)) == 2
    for told in heard_by(paper):
        paper.ask(ConfirmPaper(news=told.news), AT, "system:fan-out")
    assert len(heard_by(paper)) == CHUNK + 1
    first = heard_by(paper)[2].news
    for told in heard_by(paper)[3:]:
        paper.ask(ConfirmPaper(news=told.news), AT, "system:fan-out")
    assert paper.deadline is not None
    assert paper.fire(paper.deadline.at) == []
    assert paper.deadline.at == AT + FIRST_PAUSE + 2 * FIRST_PAUSE
    assert [one.news for one in heard_by(paper)].count(first) == 2
    answer = paper.command(ConfirmPaper(news=first, refused="illegal_move"), AT, "system:fan-out")
    (void,) = paper.deliver(answer, answer)
    assert void == DecisionVoided(edition=1, number=1, issue="issue-0", reason="illegal_move")
    assert (paper.deadline, paper.kind.finished(paper.state), paper.state.telling) == (None, True, ())


def test_a_case_that_refuses_says_nothing_and_a_late_answer_changes_nothing() -> None:
    paper = published(CHOSEN)
    for _ in range(2):
        paper.ask(ConfirmPaper(news=f"{PAPER}.1.issue-1", refused="unknown_issue"), AT, "system:fan-out")
    assert len(paper.events) == 1
    assert paper.state.fan_out is None


def test_every_state_of_a_paper_says_what_watches_it() -> None:
    assert set(TIMERS) == set(PaperState)
    assert NOTHING not in TIMERS
    assert News(news="x", issue="y", edition=1, words="z", by="chen").number == 0
