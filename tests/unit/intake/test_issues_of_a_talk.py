"""A talk tells each of its issues, once, from when its promise runs: in chunks, late, twice, and through deaths."""

import pytest

from shared.contract.commands.intake import WithdrawIssue
from shared.contract.commands.talks import (
    CancelTalk,
    ChangeTalk,
    Described,
    HearTalk,
    HoldTalk,
    OpenTalk,
    PostponeTalk,
)
from shared.contract.events.intake import PromiseStarted
from shared.contract.events.talks import PromiseExpected, TalkHeld, TalkLapsed
from shared.contract.words import Phase, TalkNews
from shared.domain.decisions import FAN_OUT
from shared.domain.fan_out import CHUNK
from tests.unit.intake.given_talks import (
    AGENDA,
    ANNOUNCE,
    CLERK,
    ENDS,
    FEDERATION,
    LI,
    TALK,
    WEDNESDAY,
    Intake,
)
from tests.unit.one_aggregate import after

HELD_AT = after(days=2, hours=6)
DUE = after(days=16, hours=8.5)  # 17:30 on the tenth working day behind the talk
POSTPONE = PostponeTalk(
    talk=TALK.removeprefix("talk:"),
    starts_at=after(days=4, hours=5),
    ends_at=after(days=4, hours=7),
    reason="防汛",
)


def started(intake: Intake, issue: str) -> list[PromiseStarted]:
    return intake.events(issue, PromiseStarted)


def held(intake: Intake) -> None:
    assert intake.ask(TALK, HoldTalk(), HELD_AT, CLERK)["status"] == "done"


def test_a_promise_waits_for_the_talk_and_runs_from_its_end() -> None:
    intake = Intake()
    intake.announced()
    issue = intake.raised(after())
    assert not started(intake, issue)
    (expected,) = intake.events(issue, PromiseExpected)
    assert (expected.talk_ends_at, expected.due_at) == (ENDS, DUE)
    assert (expected.provisional_because, expected.departments) == (
        "talk_not_held",
        ("housing", "transport"),
    )
    assert intake.ask(TALK, OpenTalk(), WEDNESDAY, CLERK)["status"] == "done"
    there = intake.raised(WEDNESDAY, Phase.AT)
    held(intake)
    for one in (issue, there):
        (promise,) = started(intake, one)
        assert (promise.started_at, promise.due_at, promise.provisional_because) == (HELD_AT, DUE, None)
        state = intake.one(one).state
        assert (state.due_at, state.provisional_because, state.waiting) == (DUE, None, None)
    (told,) = intake.events(TALK, TalkHeld)
    assert told.issues == (issue, there)


@pytest.mark.parametrize("phase", [Phase.AFTER, Phase.AT, Phase.BEFORE])
def test_what_is_added_after_a_talk_joins_it_and_runs_at_once(phase: Phase) -> None:
    intake = Intake()
    intake.opened()
    held(intake)
    late = intake.raised(after(days=3), phase)
    (promise,) = started(intake, late)
    assert promise.started_at == after(days=3)
    assert intake.one(TALK).state.members == (late,)


def test_what_was_registered_before_the_end_and_joins_behind_it_runs_from_the_end() -> None:
    intake = Intake()
    intake.opened()
    intake.lost.add(TALK)
    issue = intake.raised(WEDNESDAY, Phase.AT)
    intake.lost.clear()
    intake.one(TALK).ask(HoldTalk(), HELD_AT, CLERK)
    intake.settle(after(days=2, hours=7))
    (promise,) = started(intake, issue)
    assert promise.started_at == HELD_AT


@pytest.mark.parametrize("members", [1, CHUNK, CHUNK + 1, 500])
def test_every_member_is_told_once_in_chunks_of_which_the_next_waits_for_the_last(members: int) -> None:
    intake = Intake()
    intake.opened()
    issues = [intake.raised(WEDNESDAY, Phase.AT) for _ in range(members)]
    talk = intake.one(TALK)
    talk.ask(HoldTalk(), HELD_AT, CLERK)
    most = 0
    while talk.state.telling is not None:
        most = max(most, talk.state.telling.sent)
        before = len(intake.delivered)
        intake.settle(after(days=2, hours=7))
        assert len(intake.delivered) > before
    assert most == min(members, CHUNK)
    assert [len(started(intake, issue)) for issue in issues] == [1] * members
    assert {started(intake, issue)[0].started_at for issue in issues} == {HELD_AT}
    assert talk.state.refused == 0


def test_a_member_that_does_not_answer_holds_nobody_up_for_ever_and_starts_once() -> None:
    intake = Intake()
    intake.opened()
    issues = [intake.raised(WEDNESDAY, Phase.AT) for _ in range(CHUNK + 2)]
    intake.lost.add(issues[0])
    held(intake)
    talk = intake.one(TALK)
    assert (talk.state.telling.left[0], len(talk.state.telling.left)) == (issues[0], 3)
    assert not started(intake, issues[-1])
    again = talk.deadline
    assert again is not None
    intake.fire(TALK, again.at)
    assert len(started(intake, issues[-1])) == 1
    intake.lost.clear()
    intake.settle(again.at)
    assert talk.state.telling is None
    assert [len(started(intake, issue)) for issue in issues] == [1] * len(issues)
    assert started(intake, issues[0])[0].started_at == HELD_AT
    assert talk.state.refused == 0


def test_a_talk_that_has_not_answered_is_asked_again() -> None:
    intake = Intake()
    intake.opened()
    intake.lost.add(TALK)
    issue = intake.raised(WEDNESDAY, Phase.AT)
    asked = intake.one(issue).deadline
    assert asked is not None
    intake.fire(issue, asked.at)
    intake.lost.clear()
    intake.settle(asked.at)
    assert intake.one(issue).deadline is None
    assert intake.one(TALK).state.members == (issue,)
    assert len(intake.events(issue, PromiseExpected)) == 1


def test_a_cancelled_talk_lets_its_issues_start_at_that_moment() -> None:
    intake = Intake()
    intake.announced()
    issue = intake.raised(after())
    assert intake.ask(TALK, CancelTalk(reason="台风"), after(days=1), FEDERATION)["issues"] == 1
    assert [one.started_at for one in started(intake, issue)] == [after(days=1)]


def test_a_talk_that_is_not_held_in_time_lets_its_issues_start_and_may_still_be_held() -> None:
    intake = Intake()
    intake.announced()
    issue = intake.raised(after())
    lapses = intake.one(TALK).deadline
    assert lapses is not None
    assert lapses.at == after(days=9, hours=8.5)
    intake.fire(TALK, lapses.at)
    intake.fire(TALK, lapses.at)
    (told,) = intake.events(TALK, TalkLapsed)
    assert told.issues == (issue,)
    assert [one.started_at for one in started(intake, issue)] == [lapses.at]
    later = intake.raised(after(days=10))
    assert [one.started_at for one in started(intake, later)] == [after(days=10)]
    assert intake.ask(TALK, OpenTalk(), after(days=10), CLERK)["status"] == "done"
    assert intake.ask(TALK, HoldTalk(), after(days=10, hours=1), CLERK)["status"] == "done"
    assert len(started(intake, issue)) == 1
    assert intake.one(TALK).state.refused == 2


def test_a_talk_whose_time_is_over_lapses_before_it_is_held_late() -> None:
    intake = Intake()
    intake.opened()
    issue = intake.raised(WEDNESDAY, Phase.AT)
    assert intake.ask(TALK, HoldTalk(), after(days=12), CLERK)["status"] == "done"
    assert [one.started_at for one in started(intake, issue)] == [after(days=9, hours=8.5)]


def test_a_postponed_talk_moves_what_is_expected_and_starts_nothing() -> None:
    intake = Intake()
    intake.announced()
    issue = intake.raised(after())
    assert intake.ask(AGENDA, POSTPONE, after(days=1), FEDERATION)["status"] == "done"
    assert [one.due_at for one in intake.events(issue, PromiseExpected)] == [DUE, after(days=18, hours=8.5)]
    assert not started(intake, issue)


def test_other_departments_in_the_room_are_told_to_its_issues_and_another_theme_is_not() -> None:
    intake = Intake()
    intake.announced()
    issue = intake.raised(after())
    said = {name: getattr(ANNOUNCE, name) for name in Described.model_fields}
    for changed in ({"theme": "用工"}, {"theme": "用工", "departments": ("transport",)}):
        assert intake.ask(TALK, ChangeTalk(**{**said, **changed}), after(), FEDERATION)["status"] == "done"
    assert [one.departments for one in intake.events(issue, PromiseExpected)] == [
        ("housing", "transport"),
        ("transport",),
    ]


def test_an_issue_of_a_talk_that_was_never_announced_runs_from_its_registration() -> None:
    intake = Intake()
    issue = intake.raised(after(hours=1))
    assert [one.started_at for one in started(intake, issue)] == [after(hours=1)]
    assert intake.one(TALK).state is None


def test_an_issue_that_ended_before_the_talk_starts_nothing_and_says_so() -> None:
    intake = Intake()
    intake.opened()
    issue = intake.raised(WEDNESDAY, Phase.AT)
    assert intake.ask(issue, WithdrawIssue(reason="已解决"), WEDNESDAY, LI)["status"] == "done"
    held(intake)
    assert not started(intake, issue)
    assert (intake.one(TALK).state.refused, intake.one(TALK).state.telling) == (1, None)


def test_a_late_answer_to_older_news_confirms_nothing_newer() -> None:
    intake = Intake()
    intake.announced()
    issue = intake.raised(after())
    intake.lost.add(issue)
    assert intake.ask(AGENDA, POSTPONE, after(days=1), FEDERATION)["status"] == "done"
    assert intake.ask(TALK, OpenTalk(), after(days=4, hours=5), CLERK)["status"] == "done"
    intake.one(TALK).ask(HoldTalk(), after(days=4, hours=6), CLERK)
    intake.lost.clear()
    intake.settle(after(days=4, hours=7))
    assert [one.started_at for one in started(intake, issue)] == [after(days=4, hours=6)]
    assert (intake.one(TALK).state.telling, intake.one(TALK).state.refused) == (None, 0)


def test_what_an_issue_hears_twice_has_one_effect() -> None:
    intake = Intake()
    intake.opened()
    issue = intake.one(intake.raised(WEDNESDAY, Phase.AT))
    hears = HearTalk(talk=TALK.removeprefix("talk:"), news=7, what=TalkNews.HELD, at=HELD_AT)
    record = issue.command(hears, HELD_AT, FAN_OUT)
    first = issue.answer(record)
    reached, published, told = issue.state, list(issue.events), dict(issue.commands)
    assert [issue.answer(record), issue.answer(record)] == [first, first]
    assert (issue.state, issue.events, issue.commands) == (reached, published, told)
    assert issue.ask(hears, HELD_AT, FAN_OUT)["done"] is False
    assert len([one for one in issue.events if isinstance(one, PromiseStarted)]) == 1


def test_what_was_said_at_a_talk_and_reaches_it_late_says_who_was_there_and_runs_from_its_registration() -> (
    None
):
    intake = Intake()
    intake.opened()
    held(intake)
    late = after(days=2, hours=7)
    said, added = intake.raised(late, Phase.AT), intake.raised(late, Phase.AFTER)
    (promise,) = started(intake, said)
    assert (promise.started_at, promise.talk) == (late, TALK.removeprefix("talk:"))
    assert promise.departments == ("housing", "transport")
    (promise,) = started(intake, added)
    assert (promise.started_at, promise.talk, promise.departments) == (late, "", ())
