"""One appeal against a rejection: by whom, until when, decided by whom, and what becomes of the promised date."""

from datetime import UTC, date, datetime

import pytest

from services.intake.issue.life import State
from services.supervision.builtin import builtin_policy
from services.supervision.consumer import consumer as supervision
from shared.contract.commands.intake import AppealRejection, DecideAppeal
from shared.contract.event import Event
from shared.contract.events.intake import (
    AppealDismissed,
    AppealUpheld,
    IssueAppealed,
    IssueRejected,
    PromiseStarted,
)
from shared.contract.events.supervision import PolicyPublished
from shared.domain.clocks import Policy
from shared.domain.reference import Reference
from tests.unit.intake.given import LI, OFFICE, OTHER_OFFICE, RAISER, REGISTER, REJECT, SUBJECT, Played
from tests.unit.one_aggregate import OneAggregate, after
from tests.unit.reference import JURISDICTION, make_reference
from tests.unit.supervision.renewed import clock_of, deliver_walk, publish, rest

APPEAL = AppealRejection(reason="c2VhbGVk")
UPHOLD, DISMISS = (DecideAppeal(upheld=upheld, reason="已核实") for upheld in (True, False))


def last(issue: OneAggregate, kind: type[Event]) -> Event:
    event = issue.events[-1]
    assert isinstance(event, kind)
    return event


def test_a_rejection_says_until_when_one_may_appeal() -> None:
    issue = Played().walk(State.REJECTED)
    rejected = last(issue, IssueRejected)
    assert (
        rejected.appeal_until == datetime(2026, 4, 1, 9, 30, tzinfo=UTC) == issue.state.rejection.appeal_until
    )


def test_an_appeal_is_asked_once_by_who_raised_it_and_in_time() -> None:
    issue = Played().walk(State.REJECTED)
    for actor in ("entrepreneur:wang", OFFICE):
        assert issue.ask(APPEAL, after(days=1), actor)["reason"] == "wrong_role"
    assert issue.ask(APPEAL, after(days=31), RAISER)["reason"] == "appeal_too_late"
    assert issue.ask(APPEAL, after(days=30), RAISER)["status"] == "done"
    assert issue.ask(DISMISS, after(days=31), OTHER_OFFICE)["state"] == State.REJECTED
    assert last(issue, AppealDismissed) == AppealDismissed(reason="已核实", by="wang")
    again = issue.ask(APPEAL, after(days=31), RAISER)
    assert (again["status"], again["reason"]) == ("refused", "illegal_move")
    assert "final" in again["detail"]


def test_who_rejected_it_does_not_decide_on_the_appeal() -> None:
    issue = Played().walk(State.APPEALED)
    assert issue.ask(UPHOLD, after(days=1), OFFICE)["reason"] == "same_person"
    assert issue.ask(UPHOLD, after(days=1), OTHER_OFFICE)["state"] == State.REGISTERED
    assert last(issue, AppealUpheld) == AppealUpheld(reason="已核实", by="wang")


def test_an_issue_whose_appeal_was_upheld_is_accepted_and_never_rejected_again() -> None:
    issue = Played().walk(State.APPEALED)
    issue.ask(UPHOLD, after(days=1), OTHER_OFFICE)
    outcome = issue.want("reject")
    assert (outcome["reason"], outcome["legal"][:3]) == ("not_eligible", ["accept", "refer", "withdraw"])
    assert "reject" not in outcome["legal"]
    assert issue.want("accept")["state"] == State.ACCEPTED


def test_the_promise_runs_on_from_the_appeal_and_the_days_that_it_stood_rejected_do_not_count() -> None:
    """Monday 2026-03-02, ten working days: 03-16. Rejected on Tuesday, appealed on Friday: three days later, 03-19."""
    issue = Played().walk(State.REGISTERED)
    issue.ask(REJECT, after(days=1), OFFICE)
    outcome = issue.ask(APPEAL, after(days=4), RAISER)
    appealed, promise = last(issue, IssueAppealed), issue.events[1]
    due = datetime(2026, 3, 19, 9, 30, tzinfo=UTC)
    assert isinstance(promise, PromiseStarted) and isinstance(appealed, IssueAppealed)
    assert promise.due_at == datetime(2026, 3, 16, 9, 30, tzinfo=UTC)
    assert (outcome["due_on"], issue.state.due_at, appealed.due_at) == ("2026-03-19", due, due)
    assert appealed.person == LI
    assert issue.ask(UPHOLD, after(days=9), OTHER_OFFICE)["status"] == "done"
    assert issue.state.due_at == due


def test_a_promise_that_was_broken_before_the_rejection_stays_broken() -> None:
    issue = Played().walk(State.REGISTERED)
    due = issue.state.due_at
    issue.ask(REJECT, after(days=20), OFFICE)
    issue.ask(APPEAL, after(days=25), RAISER)
    assert issue.state.due_at == due


def test_the_promise_runs_on_by_the_policy_by_which_it_was_given() -> None:
    reference = make_reference()
    stricter = Policy.model_validate(
        {
            **builtin_policy().model_dump(),
            "version": "stricter",
            "limits": {**builtin_policy().limits, "promise": "3wd"},
        }
    )
    published = PolicyPublished(version="stricter", in_force_from=after(days=1), policy=stricter, by="chen")
    reference.learn("policy:huzhou", published)
    issue = OneAggregate(Played().consumer, SUBJECT, reference)
    issue.ask(REGISTER, after(), RAISER)
    issue.ask(REJECT, after(days=1), OFFICE)
    issue.ask(APPEAL, after(days=4), RAISER)
    assert issue.state.due_at == datetime(2026, 3, 19, 9, 30, tzinfo=UTC)


def test_the_raiser_is_told_the_date_that_supervision_counts_by_every_version_that_reached_the_promise() -> (
    None
):
    reference = make_reference()
    issue = OneAggregate(Played().consumer, SUBJECT, reference)
    clocks = OneAggregate(supervision(JURISDICTION), SUBJECT, reference)
    issue.ask(REGISTER, after(), RAISER)
    before = publish(reference, rest(date(2026, 3, 12)), after(hours=1))
    issue.ask(REJECT, after(days=1), OFFICE)
    meanwhile = publish(reference, rest(date(2026, 3, 12), date(2026, 3, 18)), after(days=2))
    publish(reference, rest(date(2026, 3, 19)), after(days=9))  # not in force yet
    outcome = issue.ask(APPEAL, after(days=4), RAISER)
    assert outcome["due_on"] == "2026-03-23"
    for event in issue.events:
        at = after(
            days=4 if isinstance(event, IssueAppealed) else 1 if isinstance(event, IssueRejected) else 0
        )
        clocks.take(event, at)
        if isinstance(event, PromiseStarted):
            deliver_walk(clocks, before, None, "")
    deliver_walk(clocks, meanwhile, after(days=4), "")
    assert clock_of(clocks).due_at == issue.state.due_at


@pytest.mark.parametrize("limit", ["5d", None])
def test_how_long_one_may_appeal_is_policy_and_thirty_days_under_one_that_does_not_say(
    limit: str | None,
) -> None:
    reference = Reference()
    limits = {name: value for name, value in builtin_policy().limits.items() if name != "appeal"}
    older = builtin_policy().model_copy(
        update={"limits": limits if limit is None else {**limits, "appeal": limit}}
    )
    reference = make_reference(Policy.model_validate(older.model_dump()))
    issue = OneAggregate(Played().consumer, SUBJECT, reference)
    issue.ask(REGISTER, after(), RAISER)
    issue.ask(REJECT, after(), OFFICE)
    late = issue.ask(APPEAL, after(days=8), RAISER)
    assert late["status"] == ("done" if limit is None else "refused")


def test_what_an_appeal_says_is_kept_sealed_and_stands_on_no_event() -> None:
    issue = Played().walk(State.APPEALED)
    assert issue.state.appeal.reason == "c2VhbGVk"
    assert not any("c2VhbGVk" in str(envelope) for envelope in issue.envelopes.values())
