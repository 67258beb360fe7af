"""Intake: one registration with its promise, then accepted, rejected or withdrawn; both ways of the tables."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.intake.consumer import ISSUE, consumer
from services.intake.issue.life import EVENT_MOVES, FINISHED, MOVES, NOTHING, TIMERS, State
from services.intake.issue.numbers import issue_id, issue_number
from services.supervision.builtin import builtin_calendar, builtin_policy
from shared.contract.command import Command
from shared.contract.commands.intake import AcceptIssue, RegisterIssue, RejectIssue, WithdrawIssue
from shared.contract.event import Event
from shared.contract.events.feedback import IssueClosed, RatingInvited, ReworkDecided
from shared.contract.events.intake import IssueRegistered, IssueWithdrawn, PromiseStarted
from shared.contract.words import CloseReason, RejectionGround, Source
from shared.domain.decisions import TERMINAL, Context, legal_verbs
from tests.unit.one_aggregate import OneAggregate, after
from tests.unit.reference import JURISDICTION, builtin_reference

RAISER, OFFICE = "entrepreneur:li", "office:chen"
SUBJECT = issue_id(JURISDICTION, RAISER, "1")
REGISTER = RegisterIssue(title="停车难", text="厂门口没有车位", enterprise="91110000600037341L")
REJECT = RejectIssue(ground=RejectionGround.LITIGATION, explanation="已在诉讼")
ASKS: dict[str, tuple[Command, str]] = {
    "register": (REGISTER, RAISER),
    "accept": (AcceptIssue(), OFFICE),
    "reject": (REJECT, OFFICE),
    "withdraw": (WithdrawIssue(reason="已解决"), RAISER),
}
INVITED = RatingInvited(round=1, open_until=after(days=15))
CLOSED = IssueClosed(round=1, reason=CloseReason.RATED)
WAYS: dict[str, tuple[str | Event, ...]] = {
    NOTHING: (),
    State.REGISTERED: ("register",),
    State.ACCEPTED: ("register", "accept"),
    State.ANSWERED: ("register", "accept", INVITED),
    State.REJECTED: ("register", "reject"),
    State.WITHDRAWN: ("register", "accept", "withdraw"),
    State.CLOSED: ("register", "accept", INVITED, CLOSED),
}


class Played(OneAggregate):
    """One issue in intake; ``walk`` brings it to any state."""

    def __init__(self, subject: str = SUBJECT) -> None:
        super().__init__(consumer(JURISDICTION), subject)

    def walk(self, state: str) -> "Played":
        for step in WAYS[state]:
            if isinstance(step, Event):
                self.take(step, after())
            else:
                assert self.want(step)["status"] == "done"
        assert self.at == state
        return self

    def want(self, verb: str) -> dict[str, Any]:
        command, actor = ASKS[verb]
        return self.ask(command, after(), actor)

    @property
    def at(self) -> str:
        return self.state.state if self.state else NOTHING


def person(actor: str) -> str:
    return Context(SUBJECT, after(), builtin_reference(), actor).person


@pytest.mark.parametrize("verb", ASKS)
@pytest.mark.parametrize("state", WAYS)
def test_a_command_does_what_the_table_says_and_is_refused_elsewhere_with_what_is_legal(
    state: str, verb: str
) -> None:
    issue = Played().walk(state)
    before, published = issue.state, len(issue.events)
    outcome = issue.want(verb)
    if (state, verb) in MOVES:
        assert outcome["status"] == "done"
        assert issue.state.state == MOVES[(state, verb)] == outcome["state"]
        assert len(issue.events) > published
        return
    reason = {"register": "already_registered"}.get(verb, "illegal_move")
    expected = "unknown_issue" if state == NOTHING else reason
    assert (outcome["status"], outcome["reason"]) == ("refused", expected)
    assert tuple(outcome.get("legal", ())) == legal_verbs(MOVES, state)
    assert (issue.state, len(issue.events)) == (before, published)


@pytest.mark.parametrize("event", [INVITED, CLOSED], ids=lambda event: event.type)
@pytest.mark.parametrize("state", WAYS)
def test_an_event_moves_an_issue_as_the_table_says_and_otherwise_changes_nothing(
    state: str, event: Event
) -> None:
    issue = Played().walk(state)
    before = issue.state
    assert issue.take(event, after()) == []
    assert issue.at == EVENT_MOVES.get((state, type(event)), state)
    if (state, type(event)) not in EVENT_MOVES:
        assert issue.state == before


def test_the_consumer_answers_exactly_the_verbs_and_events_of_the_tables() -> None:
    assert {command.verb for command in ISSUE.commands} == {verb for _, verb in MOVES} == set(ASKS)
    assert set(ISSUE.events) == {event for _, event in EVENT_MOVES}


@pytest.mark.parametrize("verb", ASKS)
def test_each_command_delivered_twice_has_one_effect_and_one_outcome(verb: str) -> None:
    issue = Played().walk(next(state for state, asked in MOVES if asked == verb))
    command, actor = ASKS[verb]
    record = issue.command(command, after(), actor)
    first = issue.answer(record)
    reached, published = issue.state, list(issue.events)
    assert [issue.answer(record), issue.answer(record)] == [first, first]
    assert (issue.state, issue.events) == (reached, published)


@pytest.mark.parametrize("event", [INVITED, CLOSED], ids=lambda event: event.type)
def test_an_event_delivered_twice_changes_nothing_more(event: Event) -> None:
    issue = Played().walk(State.ACCEPTED)
    record = issue.event(event, after())
    issue.deliver(record)
    reached = issue.state
    assert issue.deliver(record, record) == []
    assert issue.state == reached
    assert issue.at == EVENT_MOVES[(State.ACCEPTED, type(event))]


def test_every_state_has_a_timer_or_is_terminal_and_no_command_leaves_a_terminal_one() -> None:
    assert set(TIMERS) == set(State) == set(WAYS) - {NOTHING}
    assert not [state for state, _ in MOVES if TIMERS.get(state) == TERMINAL]


@pytest.mark.parametrize("state", State)
def test_an_issue_is_finished_in_its_terminal_states_only(state: State) -> None:
    assert (state in FINISHED) == (TIMERS[state] == TERMINAL)
    assert ISSUE.finished(Played().walk(state).state) == (state in FINISHED)


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
    ("actor", "recorded_by"), [(RAISER, ""), (OFFICE, "chen"), ("dept:housing/li", "housing/li")]
)
def test_a_registration_says_which_official_wrote_it_down(actor: str, recorded_by: str) -> None:
    issue = Played()
    issue.ask(REGISTER, after(), actor)
    registered = issue.events[0]
    assert isinstance(registered, IssueRegistered)
    assert (registered.recorded_by, issue.state.raised_by) == (recorded_by, actor)


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
        (REJECT, "dept:housing/li", "wrong_role"),
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
