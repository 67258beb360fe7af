"""Intake: one registration with its promise, then accepted, rejected or withdrawn; both ways of the table."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.intake.bus import room
from services.intake.domain import LEARNED, MOVES, NOTHING, TERMINAL, TIMERS, State, issue_id, issue_number
from shared.calendar import base_calendar
from shared.clocks import default_policy
from shared.commands import AcceptIssue, Command, RegisterIssue, RejectIssue, WithdrawIssue
from shared.events import Event, IssueClosed, IssueRegistered, PromiseStarted, RejectionGround, Source
from shared.moves import legal_verbs
from tests.unit.supervision.street import House, Neighbours, after

SUBJECT = issue_id("entrepreneur:li", "1")
RAISER, OFFICE = "entrepreneur:li", "office:chen"
REGISTER = RegisterIssue(title="停车难", text="厂门口没有车位", enterprise="91110000600037341L")
REJECT = RejectIssue(ground=RejectionGround.LITIGATION, explanation="已在诉讼")
ASKS: dict[str, tuple[Command, str]] = {
    "register": (REGISTER, RAISER),
    "accept": (AcceptIssue(), OFFICE),
    "reject": (REJECT, OFFICE),
    "withdraw": (WithdrawIssue(reason="已解决"), RAISER),
}
CLOSED = IssueClosed(round=1, reason="rated")
WAYS: dict[str, tuple[str | Event, ...]] = {
    NOTHING: (),
    State.REGISTERED: ("register",),
    State.ACCEPTED: ("register", "accept"),
    State.REJECTED: ("register", "reject"),
    State.WITHDRAWN: ("register", "accept", "withdraw"),
    State.CLOSED: ("register", "accept", CLOSED),
}


class Counter(House):
    """Intake's house; ``walk`` brings its issue anywhere."""

    def __init__(self, subject: str = SUBJECT) -> None:
        rules = {"policy": default_policy(), "calendar": base_calendar()}
        super().__init__(room(jurisdiction="huzhou", history=False, **rules), subject)  # type: ignore[arg-type]
        self.facts = Neighbours(subject)

    async def walk(self, state: str) -> "Counter":
        for step in WAYS[state]:
            if isinstance(step, Event):
                await self.take(self.facts(step, after()))
            else:
                assert (await self.want(step))["status"] == "done"
        assert (self.state.state if self.state else NOTHING) == state
        return self

    async def want(self, verb: str, key: str = "") -> dict[str, Any]:
        command, actor = ASKS[verb]
        return await self.ask(command, after(), actor, key)


@pytest.mark.parametrize("verb", ASKS)
@pytest.mark.parametrize("state", WAYS)
async def test_a_command_does_what_the_table_says_and_is_refused_elsewhere_with_what_is_legal(
    state: str, verb: str
) -> None:
    counter = await Counter().walk(state)
    before, told = counter.state, len(counter.told)
    outcome = await counter.want(verb, "again")
    if (state, verb) in MOVES:
        assert outcome["status"] == "done"
        assert counter.state.state == MOVES[(state, verb)] == outcome["state"]
        assert len(counter.told) > told
        return
    reason = {"register": "already_registered"}.get(verb, "illegal_move")
    assert (outcome["status"], outcome["reason"]) == (
        "refused", "unknown_issue" if state == NOTHING else reason,
    )  # fmt: skip
    assert tuple(outcome.get("legal", ())) == legal_verbs(MOVES, state)
    assert (counter.state, len(counter.told)) == (before, told)


@pytest.mark.parametrize("state", WAYS)
async def test_a_close_moves_an_issue_as_the_table_says_and_otherwise_changes_nothing(state: str) -> None:
    counter = await Counter().walk(state)
    await counter.take(counter.facts(CLOSED, after()))
    known = counter.state.state if counter.state else NOTHING
    assert known == LEARNED.get((state, IssueClosed), state)


@pytest.mark.parametrize("verb", ASKS)
async def test_each_command_delivered_twice_has_one_effect_and_one_outcome(verb: str) -> None:
    state = next(state for state, asked in MOVES if asked == verb)
    counter = await Counter().walk(state)
    command, actor = ASKS[verb]
    record = counter.command(command, after(), actor)
    first = await counter.loop.run([record])
    reached, told = counter.state, list(counter.told)
    second = await counter.loop.run([record, record])
    assert [answer.outcome for answer in second.answers] == [first.answers[0].outcome] * 2
    assert (counter.state, counter.told) == (reached, told)


async def test_a_close_delivered_twice_changes_nothing_more() -> None:
    counter = await Counter().walk(State.ACCEPTED)
    fact = counter.facts(CLOSED, after())
    await counter.take(fact, fact)
    await counter.take(fact)
    assert counter.state.state is State.CLOSED


def test_every_state_has_a_timer_or_is_terminal_and_no_command_leaves_a_terminal_one() -> None:
    assert set(TIMERS) == set(State) == set(WAYS) - {NOTHING}
    assert not [state for state, _ in MOVES if TIMERS.get(state) == TERMINAL]
    assert {verb for _, verb in MOVES} == set(ASKS)


async def test_a_registration_shows_its_number_and_the_promised_date_at_once() -> None:
    """Monday 2026-03-02 plus ten working days: Monday 03-16, 17:30 in Shanghai."""
    counter = Counter()
    outcome = await counter.want("register")
    due = datetime(2026, 3, 16, 9, 30, tzinfo=UTC)
    assert (outcome["number"], outcome["id"]) == (issue_number(SUBJECT), SUBJECT)
    assert (outcome["due_on"], outcome["provisional"]) == ("2026-03-16", False)
    assert datetime.fromisoformat(outcome["due_at"]) == due
    registered, promise = counter.told
    assert isinstance(registered, IssueRegistered) and isinstance(promise, PromiseStarted)
    assert (registered.text, registered.enterprise) == (REGISTER.text, REGISTER.enterprise)
    assert (promise.started_at, promise.due_at, promise.limit) == (after(), due, "10wd")
    assert (promise.policy, promise.calendar) == (default_policy().version, base_calendar().version)


async def test_a_date_in_an_unpublished_year_is_provisional() -> None:
    outcome = await Counter().ask(REGISTER, datetime(2026, 12, 30, 2, tzinfo=UTC), RAISER)
    assert outcome["provisional"] is True


async def test_an_anonymous_issue_carries_a_pseudonym_and_no_enterprise() -> None:
    counter = Counter()
    await counter.ask(REGISTER.model_copy(update={"anonymous": True}), after(), RAISER)
    registered = counter.told[0]
    assert isinstance(registered, IssueRegistered)
    assert registered.pseudonym and not registered.enterprise
    for envelope in counter.envelopes.values():
        assert REGISTER.enterprise not in str(envelope) and RAISER not in str(envelope)


async def test_a_wrong_credit_code_is_refused_with_the_rule() -> None:
    counter = Counter()
    wrong = REGISTER.model_copy(update={"enterprise": "911100006000373410"})
    outcome = await counter.ask(wrong, after(), RAISER)
    assert outcome["reason"] == "wrong_credit_code"
    assert "18 characters" in outcome["detail"]
    assert counter.state is None


async def test_an_issue_without_an_enterprise_is_welcome() -> None:
    outcome = await Counter().ask(REGISTER.model_copy(update={"enterprise": ""}), after(), RAISER)
    assert outcome["status"] == "done"


async def test_a_subject_that_is_no_id_is_malformed() -> None:
    assert (await Counter("issue-1").want("register"))["reason"] == "malformed"


@pytest.mark.parametrize("origin", [Source.TALK, Source.OBSERVER, Source.VISIT, Source.DELIBERATION])
async def test_what_came_from_a_talk_or_a_visit_is_never_rejected(origin: Source) -> None:
    counter = Counter()
    await counter.ask(REGISTER.model_copy(update={"origin": origin}), after(), RAISER)
    outcome = await counter.want("reject")
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
async def test_a_refusal_names_its_reason_and_changes_nothing(
    command: Command, actor: str, reason: str
) -> None:
    counter = await Counter().walk(State.REGISTERED)
    outcome = await counter.ask(command, after(), actor)
    assert (outcome["status"], outcome["reason"]) == ("refused", reason)
    assert counter.state.state is State.REGISTERED


async def test_the_office_withdraws_on_behalf_of_the_raiser() -> None:
    counter = await Counter().walk(State.ACCEPTED)
    assert (await counter.ask(WithdrawIssue(reason="来电撤回"), after(), OFFICE))["status"] == "done"


async def test_closing_wins_over_a_withdrawal_in_both_orders() -> None:
    late, early = await Counter().walk(State.CLOSED), await Counter().walk(State.WITHDRAWN)
    assert (await late.want("withdraw", "late"))["reason"] == "illegal_move"
    await early.take(early.facts(CLOSED, after()))
    assert late.state.state is early.state.state is State.CLOSED
