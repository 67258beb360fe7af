"""A rating round reminds of each reply that waits for a rating, once, and of nothing else; it counts what answered."""

from datetime import datetime
from typing import Any

import pytest

from services.feedback.consumer import ISSUE, RATING_ROUND, consumer
from services.feedback.issue.life import Issue, ReplyRound, State
from services.feedback.rating_round.decisions import round_id
from services.feedback.rating_round.life import RatingRound
from shared.contract.commands.feedback import ConfirmReminded, RemindToRate, StartRatingRound
from shared.contract.event import Event
from shared.contract.events.feedback import RatingReminded, RatingRoundDone, RatingRoundStarted
from shared.contract.words import Kind, Level, Outcome
from shared.domain.decisions import Change, Context, Reason, Refusal
from shared.domain.fan_out import CHUNK
from tests.said import REFERENCES
from tests.unit.one_aggregate import OneAggregate, after
from tests.unit.reference import JURISDICTION, builtin_reference

ID = round_id(JURISDICTION, "2026-03", Level.CITY)
ROUND, OFFICE = f"ratings:{ID}", "office:chen"


def start(*issues: str, month: str = "2026-03") -> StartRatingRound:
    return StartRatingRound(month=month, level=Level.CITY, issues=issues)


def started(*issues: str) -> OneAggregate:
    """The round of these issues."""
    known = OneAggregate(consumer(JURISDICTION), ROUND)
    assert known.ask(start(*issues), after(), OFFICE)["status"] == "done"
    return known


def asked(known: OneAggregate) -> list[str]:
    """Which issues it asked to be reminded of."""
    return [one.subject for one in known.commands.values()]


def answer(known: OneAggregate, issue: str, at: datetime, *, reminded: bool = True) -> None:
    known.ask(ConfirmReminded(issue=issue, reminded=reminded), at, "system:fan-out")


def the(known: OneAggregate, type: type[Event]) -> list[Any]:
    return [one for one in known.events if isinstance(one, type)]


@pytest.mark.parametrize("many", [1, CHUNK, CHUNK + 1])
def test_each_is_asked_once_and_the_last_answer_ends_the_round(many: int) -> None:
    ids = [f"issue-{place}" for place in range(many)]
    known = started(*ids)
    for id in ids:
        assert known.state.state == "running"
        answer(known, id, after(), reminded=id != "issue-0")
    assert sorted(asked(known)) == sorted(ids)
    (begun,), (done,) = the(known, RatingRoundStarted), the(known, RatingRoundDone)
    assert (begun.month, begun.level, begun.by, len(begun.issues)) == ("2026-03", "city", "chen", many)
    assert (done.reminded, done.passed) == (many - 1, ("issue-0",))
    assert (known.state.state, known.state.fan_out) == ("done", None)


def test_reminders_go_out_in_office_hours_ten_minutes_later_at_the_earliest() -> None:
    for hours, minutes in ((0, 10), (8.4, 23 * 60 - 8.4 * 60 + 30)):
        known = OneAggregate(consumer(JURISDICTION), ROUND)
        known.ask(start("issue-1"), after(hours=hours), OFFICE)
        (begun,) = the(known, RatingRoundStarted)
        assert begun.tell_at == after(hours=hours + minutes / 60), hours


def test_of_a_month_and_level_there_is_one_round() -> None:
    known = started("issue-1")
    assert known.ask(start("issue-2"), after(), OFFICE)["reason"] == "illegal_move"
    assert asked(known) == ["issue-1"]


@pytest.mark.parametrize(
    ("command", "subject", "says"),
    [
        (start("a", "a"), ROUND, "issues"),
        (start("a", month="2026-02"), ROUND, "month, level"),
        (start("a", month="2026-04"), f"ratings:{round_id(JURISDICTION, '2026-04', 'city')}", "month"),
    ],
)
def test_what_is_wrong_is_said(command: StartRatingRound, subject: str, says: str) -> None:
    outcome = OneAggregate(consumer(JURISDICTION), subject).ask(command, after(), OFFICE)
    assert outcome["reason"] == "malformed" and says in str(outcome)


def test_delivered_twice_it_has_one_effect() -> None:
    known = OneAggregate(consumer(JURISDICTION), ROUND)
    record = known.command(start("issue-1", "issue-2"), after(), OFFICE)
    known.deliver(record, record)
    confirm = known.command(ConfirmReminded(issue="issue-1", reminded=True), after(), "system:fan-out")
    known.deliver(confirm, confirm)
    answer(known, "issue-1", after(), reminded=False)
    assert known.state.passed == () and known.state.fan_out.left == ("issue-2",)
    assert len(the(known, RatingRoundStarted)) == 1


def test_who_has_not_answered_is_asked_again() -> None:
    known = started("issue-1", "issue-2")
    answer(known, "issue-1", after())
    assert known.deadline is not None
    known.fire(known.deadline.at)
    assert asked(known) == ["issue-1", "issue-2", "issue-2"]
    answer(known, "issue-2", after(hours=1))
    answer(known, "issue-2", after(hours=1))
    assert len(the(known, RatingRoundDone)) == 1


# ---------------------------------------------------------------- an issue

REMIND = RemindToRate(rating_round=ID, tell_at=after(hours=1))
CONTEXT = Context("issue-1", after(), builtin_reference(), "system:fan-out", "cause", JURISDICTION)


def standing(state: State) -> Issue:
    reply = ReplyRound(round=2, outcome=Outcome.SOLVED, open_until=after(days=9))
    return Issue(state=state, kind=Kind.PROBLEM, person=REFERENCES.person("li"), reply=reply)


def confirmed(messages: Any) -> list[bool]:
    return [one.body.reminded for one in messages if isinstance(one.body, ConfirmReminded)]


@pytest.mark.parametrize("state", [one for one in State if one not in (State.RATED, State.LAPSED)])
def test_only_of_an_open_invitation_anybody_is_reminded_and_the_round_hears_of_each(state: State) -> None:
    decided = ISSUE.commands[RemindToRate](standing(state), REMIND, CONTEXT)
    if state is State.INVITED:
        assert isinstance(decided, Change)
        assert decided.messages[0].body == RatingReminded(round=2, rating_round=ID, tell_at=REMIND.tell_at)
        assert confirmed(decided.messages) == [True] and decided.state.state is State.INVITED
    else:
        assert isinstance(decided, Refusal)
        assert confirmed(ISSUE.refused(standing(state), REMIND, CONTEXT, decided)) == [False]


def test_asked_again_by_the_same_round_nobody_is_reminded_again() -> None:
    first = ISSUE.commands[RemindToRate](standing(State.INVITED), REMIND, CONTEXT)
    assert isinstance(first, Change)
    again = ISSUE.commands[RemindToRate](first.state, REMIND, CONTEXT)
    assert isinstance(again, Change) and len(again.messages) == 1 and confirmed(again.messages) == [True]
    next_month = REMIND.model_copy(update={"rating_round": "huzhou-2026-04-city"})
    later = ISSUE.commands[RemindToRate](again.state, next_month, CONTEXT)
    assert isinstance(later, Change) and isinstance(later.messages[0].body, RatingReminded)
    lost = ISSUE.commands[RemindToRate](later.state, REMIND, CONTEXT)
    assert isinstance(lost, Change) and len(lost.messages) == 1, "another round has reminded meanwhile"


def test_an_unknown_issue_is_answered_too() -> None:
    decided = ISSUE.commands[RemindToRate](None, REMIND, CONTEXT)
    assert isinstance(decided, Refusal) and decided.reason is Reason.UNKNOWN_ISSUE


def test_a_round_is_finished_once_all_have_answered() -> None:
    known = started("issue-1")
    assert isinstance(known.state, RatingRound) and not RATING_ROUND.finished(known.state)
    answer(known, "issue-1", after())
    assert RATING_ROUND.finished(known.state)
