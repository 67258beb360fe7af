"""Intake: one registration with its promise, then accepted, rejected or withdrawn; and who may ask for it."""

from datetime import UTC, datetime

import pytest

from services.intake.issue.life import State
from services.intake.issue.numbers import issue_id, issue_number
from services.supervision.builtin import builtin_calendar, builtin_policy
from shared.contract.command import Command
from shared.contract.commands.intake import AcceptIssue, WithdrawIssue
from shared.contract.events.feedback import ReworkDecided
from shared.contract.events.intake import IssueRegistered, IssueWithdrawn, PromiseStarted
from shared.contract.words import Source
from tests.unit.intake.given import CLOSED, INVITED, OFFICE, RAISER, REGISTER, REJECT, SUBJECT, Played, person
from tests.unit.one_aggregate import after
from tests.unit.reference import JURISDICTION


def test_a_registration_shows_its_number_and_the_promised_date_at_once() -> None:
    """Monday 2026-03-02 plus ten working days: Monday 03-16, 17:30 in Shanghai."""
    issue = Played()
    outcome = issue.want("register")
    due = datetime(2026, 3, 16, 9, 30, tzinfo=UTC)
    assert (outcome["number"], outcome["id"]) == (issue_number(SUBJECT), SUBJECT)
    assert (outcome["due_on"], outcome["provisional_because"]) == ("2026-03-16", None)
    assert datetime.fromisoformat(outcome["due_at"]) == due
    registered, promise = issue.events
    assert isinstance(registered, IssueRegistered) and isinstance(promise, PromiseStarted)
    assert (registered.text, registered.enterprise) == (REGISTER.text, REGISTER.enterprise)
    assert (promise.started_at, promise.due_at, promise.limit) == (after(), due, "10wd")
    assert promise.provisional_because is None
    assert (promise.policy, promise.calendar) == (builtin_policy().version, builtin_calendar().version)


def test_a_date_in_an_unpublished_year_is_provisional_and_says_why() -> None:
    issue = Played()
    outcome = issue.ask(REGISTER, datetime(2026, 12, 30, 2, tzinfo=UTC), RAISER)
    assert outcome["provisional_because"] == "year_not_published"
    promise = issue.events[1]
    assert isinstance(promise, PromiseStarted)
    assert promise.provisional_because == issue.state.provisional_because == "year_not_published"


def test_an_anonymous_issue_names_neither_enterprise_nor_actor_on_its_events() -> None:
    issue = Played()
    issue.ask(REGISTER.model_copy(update={"anonymous": True}), after(), RAISER)
    registered = issue.events[0]
    assert isinstance(registered, IssueRegistered)
    assert registered.anonymous and registered.person and not registered.enterprise
    assert issue.state.enterprise == REGISTER.enterprise
    for envelope in issue.envelopes.values():
        assert REGISTER.enterprise not in str(envelope) and RAISER not in str(envelope)


def test_a_registration_refers_to_the_person_and_the_reference_is_of_this_issue_alone() -> None:
    issue, other = Played(), Played(issue_id(JURISDICTION, RAISER, "2"))
    references = []
    for each in (issue, other):
        each.want("register")
        assert isinstance(each.events[0], IssueRegistered)
        references.append(each.events[0].person)
        assert each.state.person == each.events[0].person
    assert references[0] == person(RAISER) != references[1]


@pytest.mark.parametrize(
    ("actor", "recorded_by"), [(RAISER, ""), (OFFICE, "chen"), ("township:qian", "qian")]
)
def test_a_registration_says_which_official_wrote_it_down(actor: str, recorded_by: str) -> None:
    issue = Played()
    issue.ask(REGISTER, after(), actor)
    registered = issue.events[0]
    assert isinstance(registered, IssueRegistered)
    assert (registered.recorded_by, issue.state.raised_by) == (recorded_by, actor)


def test_an_official_writes_an_issue_down_for_the_person_who_raises_and_may_take_back_and_rate_it() -> None:
    issue = Played()
    issue.ask(REGISTER.model_copy(update={"on_behalf_of": RAISER.partition(":")[2]}), after(), OFFICE)
    registered = issue.events[0]
    assert isinstance(registered, IssueRegistered)
    assert (registered.person, registered.recorded_by) == (person(RAISER), "chen")
    assert issue.state.raised_by == RAISER
    assert issue.ask(WithdrawIssue(), after(), RAISER)["status"] == "done"


def test_an_entrepreneur_raises_an_issue_for_nobody_else() -> None:
    issue = Played()
    outcome = issue.ask(REGISTER.model_copy(update={"on_behalf_of": "li"}), after(), RAISER)
    assert (outcome["status"], outcome["reason"]) == ("refused", "wrong_role")


def test_a_wrong_credit_code_is_refused_with_the_rule() -> None:
    issue = Played()
    wrong = REGISTER.model_copy(update={"enterprise": "911100006000373410"})
    outcome = issue.ask(wrong, after(), RAISER)
    assert outcome["reason"] == "wrong_credit_code"
    assert "18 characters" in outcome["detail"]
    assert issue.state is None


def test_an_issue_without_an_enterprise_is_welcome() -> None:
    outcome = Played().ask(REGISTER.model_copy(update={"enterprise": ""}), after(), RAISER)
    assert outcome["status"] == "done"


def test_a_subject_that_is_no_id_is_malformed() -> None:
    assert Played("issue-1").want("register")["reason"] == "malformed"


@pytest.mark.parametrize("origin", [Source.TALK, Source.OBSERVER, Source.VISIT, Source.DELIBERATION])
def test_what_came_from_a_talk_or_a_visit_is_never_rejected(origin: Source) -> None:
    issue = Played()
    issue.ask(REGISTER.model_copy(update={"origin": origin}), after(), RAISER)
    outcome = issue.want("reject")
    assert (outcome["reason"], outcome["legal"]) == ("not_eligible", ["accept", "withdraw"])


@pytest.mark.parametrize(
    ("command", "actor", "reason"),
    [
        (AcceptIssue(), RAISER, "wrong_role"),
        (REJECT, "handler:housing/li", "wrong_role"),
        (REJECT.model_copy(update={"explanation": "  "}), OFFICE, "reason_missing"),
        (WithdrawIssue(), "entrepreneur:wang", "wrong_role"),
    ],
)
def test_a_refusal_names_its_reason_and_changes_nothing(command: Command, actor: str, reason: str) -> None:
    issue = Played().walk(State.REGISTERED)
    outcome = issue.ask(command, after(), actor)
    assert (outcome["status"], outcome["reason"]) == ("refused", reason)
    assert issue.state.state is State.REGISTERED


@pytest.mark.parametrize(("actor", "by"), [(RAISER, ""), (OFFICE, "chen")])
def test_a_withdrawal_says_whose_it_is_and_who_recorded_it(actor: str, by: str) -> None:
    issue = Played().walk(State.ACCEPTED)
    assert issue.ask(WithdrawIssue(reason=" 来电撤回 "), after(), actor)["status"] == "done"
    assert issue.events[-1] == IssueWithdrawn(person=person(RAISER), by=by, reason="来电撤回")


@pytest.mark.parametrize("actor", [RAISER, OFFICE])
def test_nobody_withdraws_an_issue_once_a_reply_is_out_not_even_in_a_new_round(actor: str) -> None:
    issue = Played().walk(State.ANSWERED)
    issue.take(ReworkDecided(round=2, by="chen"), after(days=3))
    outcome = issue.ask(WithdrawIssue(), after(days=4), actor)
    assert (outcome["status"], outcome["reason"]) == ("refused", "illegal_move")
    assert issue.state.state is State.ANSWERED


def test_an_invitation_that_crossed_a_withdrawal_leaves_it_withdrawn() -> None:
    issue = Played().walk(State.WITHDRAWN)
    issue.take(INVITED, after())
    assert issue.state.state is State.WITHDRAWN


def test_closing_wins_over_a_withdrawal_in_both_orders() -> None:
    late, early = Played().walk(State.CLOSED), Played().walk(State.WITHDRAWN)
    assert late.want("withdraw")["reason"] == "illegal_move"
    early.take(CLOSED, after())
    assert late.state.state is early.state.state is State.CLOSED
