"""What feedback makes of a look-back: a kept promise is rated as a reply, a broken one begins a new round."""

from datetime import date

from services.feedback.issue.life import State
from shared.contract.commands.feedback import FinishTracking
from shared.contract.events.feedback import (
    IssueClosed,
    RatingInvited,
    ReplyRated,
    ReworkAsked,
    ReworkDecided,
)
from shared.contract.events.supervision import PromiseBroken, PromiseKept
from shared.contract.words import CloseReason, Outcome
from shared.domain.decisions import Reason
from tests.unit.feedback.test_life_of_an_issue import (
    BAD,
    GRANT,
    LEADER,
    OFFICE,
    RAISER,
    WITHDRAWN,
    invited,
    rating,
    replied,
)
from tests.unit.one_aggregate import OneAggregate, after

KEPT = PromiseKept(round=1, words="现场查看，已建成", by="gu")
BROKEN = PromiseBroken(round=1, words="未动工", by="gu")
FINISH = FinishTracking(reason="已建成")


def tracked() -> OneAggregate:
    issue = invited(Outcome.PLANNED, date(2026, 9, 30))
    issue.ask(rating(), after(days=2), RAISER)
    assert issue.state.state is State.TRACKED
    return issue


def test_a_kept_promise_is_the_reply_of_the_next_round_is_rated_and_then_closed() -> None:
    issue = tracked()
    record = issue.event(KEPT, after(days=60))
    (invitation,) = issue.deliver(record, record)
    assert isinstance(invitation, RatingInvited)
    assert (invitation.round, issue.state.state) == (2, State.INVITED)
    assert issue.ask(rating(), after(days=61), RAISER)["reason"] == Reason.STALE_ROUND
    assert issue.ask(rating(round=2), after(days=61), RAISER)["state"] == "closed"
    assert [type(event) for event in issue.events[-2:]] == [ReplyRated, IssueClosed]
    assert issue.events[-1].round == 2


def test_nobody_rates_a_kept_promise_and_its_invitation_lapses_as_any_other() -> None:
    issue = tracked()
    issue.take(KEPT, after(days=60))
    assert issue.deadline is not None
    issue.fire(issue.deadline.at)
    assert issue.events[-1] == IssueClosed(round=2, reason=CloseReason.LAPSED)


def test_who_finds_a_kept_promise_unsolved_asks_for_a_round_that_who_looked_does_not_decide_on() -> None:
    issue = tracked()
    issue.take(KEPT, after(days=60))
    issue.ask(BAD.model_copy(update={"round": 2}), after(days=61), RAISER)
    assert isinstance(issue.events[-1], ReworkAsked)
    granted = GRANT.model_copy(update={"round": 2})
    assert issue.ask(granted, after(days=62), "office:gu")["reason"] == Reason.SAME_PERSON
    assert issue.ask(granted, after(days=62), OFFICE)["state"] == "rework"
    assert issue.events[-1].round == 3
    issue.take(replied(3), after(days=70))
    assert issue.state.state is State.INVITED


def test_a_broken_promise_begins_a_new_round_of_what_is_tracked_and_of_what_is_closed() -> None:
    for ended in (False, True):
        issue = tracked()
        if ended:
            assert issue.ask(FINISH, after(days=3), LEADER)["state"] == "closed"
        record = issue.event(BROKEN, after(days=60))
        assert issue.deliver(record, record) == [ReworkDecided(round=2, reason="未动工", by="gu")]
        assert (issue.state.state, issue.kind.finished(issue.state)) == (State.REWORK, False)
        issue.take(replied(2), after(days=70))
        assert issue.ask(rating(round=2), after(days=71), RAISER)["state"] == "closed"


def test_a_look_back_that_crosses_an_end_or_a_ruling_changes_nothing_but_a_broken_promise_of_what_was_closed() -> (
    None
):
    issue = tracked()
    issue.take(WITHDRAWN, after(days=3))
    assert issue.take(BROKEN, after(days=60)) == issue.take(KEPT, after(days=61)) == []
    issue = tracked()
    issue.ask(FINISH, after(days=3), LEADER)
    assert issue.take(KEPT, after(days=60)) == []
    assert issue.state.state is State.CLOSED
    assert issue.take(BROKEN.model_copy(update={"round": 7}), after(days=61)) == []
