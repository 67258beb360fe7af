"""The table of moves, both ways: what it names works, what it does not name is refused and changes nothing."""

import pytest

from services.dispatch.consumer import ISSUE
from services.dispatch.issue.life import (
    EVENT_MOVES,
    FOLLOWING,
    HELD,
    MOVES,
    OUTCOME_CLASS,
    TIMERS,
    Issue,
    State,
)
from shared.contract.commands.dispatch import HandOver
from shared.contract.events.feedback import IssueClosed, ReworkDecided
from shared.contract.events.intake import (
    AppealUpheld,
    IssueAccepted,
    IssueReferred,
    IssueRejected,
    IssueWithdrawn,
)
from shared.contract.words import OUTCOMES
from shared.domain.decisions import FAN_OUT, TERMINAL, legal_verbs
from tests.unit.dispatch.given import (
    ACCEPTED,
    ASKS,
    CLOSED,
    GRANTED,
    REFERRED,
    REJECTED,
    UPHELD,
    WAYS,
    WITHDRAWN,
    Dispatch,
)
from tests.unit.one_aggregate import after

HAPPENS = {
    IssueAccepted: ACCEPTED,
    IssueRejected: REJECTED,
    AppealUpheld: UPHELD,
    IssueReferred: REFERRED,
    IssueWithdrawn: WITHDRAWN,
    ReworkDecided: GRANTED,
    IssueClosed: CLOSED,
}


@pytest.mark.parametrize("verb", ASKS)
@pytest.mark.parametrize("state", WAYS)
async def test_a_command_does_what_the_table_says_and_is_refused_elsewhere_with_what_is_legal(
    state: State, verb: str
) -> None:
    dispatch = await Dispatch().bring(state)
    await dispatch.prepare(verb)
    before, events, orders = dispatch.state, len(dispatch.events), len(dispatch.orders)
    outcome = await dispatch.want(verb)
    if (state, verb) in MOVES:
        assert outcome["status"] == "done"
        assert dispatch.state.state == MOVES[(state, verb)] == outcome["state"]
        assert len(dispatch.events) > events
    else:
        assert (outcome["status"], outcome["reason"]) == ("refused", "illegal_move")
        assert tuple(outcome.get("legal", ())) == legal_verbs(MOVES, state)
        assert (dispatch.state, len(dispatch.events), len(dispatch.orders)) == (before, events, orders)


@pytest.mark.parametrize("event", HAPPENS)
@pytest.mark.parametrize("state", WAYS)
async def test_an_event_moves_an_issue_as_the_table_says_and_otherwise_changes_nothing(
    state: State, event: type
) -> None:
    dispatch = await Dispatch().bring(state)
    before, orders = dispatch.state, len(dispatch.orders)
    await dispatch.take(HAPPENS[event])
    if (state, event) in EVENT_MOVES:
        assert dispatch.state.state == EVENT_MOVES[(state, event)]
    else:
        assert (dispatch.state, len(dispatch.orders)) == (before, orders)


@pytest.mark.parametrize("state", WAYS)
async def test_a_merger_moves_an_issue_as_the_table_says_and_otherwise_changes_nothing(state: State) -> None:
    dispatch = await Dispatch().bring(state)
    before, events, orders = dispatch.state, len(dispatch.events), len(dispatch.orders)
    moves = HandOver(department="housing", to="planning", by="chen")
    outcome = await dispatch.ask(moves, after(hours=1), FAN_OUT)
    assert outcome["status"] == "done"
    if (state, moves.verb) in FOLLOWING:
        assert dispatch.state.state == FOLLOWING[(state, moves.verb)] == outcome["state"]
        assert dispatch.state.department == "planning"
    else:
        assert (dispatch.state, len(dispatch.events), len(dispatch.orders)) == (before, events, orders)


@pytest.mark.parametrize("verb", ASKS)
async def test_a_command_about_an_unknown_issue_is_refused(verb: str) -> None:
    dispatch = Dispatch()
    outcome = await dispatch.want(verb)
    assert (outcome["status"], outcome["reason"]) == ("refused", "unknown_issue")
    assert (dispatch.state, dispatch.events) == (None, [])


def test_every_state_has_a_timer_or_is_terminal_and_no_command_leaves_a_terminal_one() -> None:
    assert set(TIMERS) == set(State)
    left = {state for (state, _), after in (*MOVES.items(), *FOLLOWING.items()) if after != state}
    assert not [state for state in left if TIMERS[state] == TERMINAL]
    assert {verb for _, verb in MOVES} == set(ASKS)
    assert {command.verb for command in ISSUE.commands} == {verb for _, verb in (*MOVES, *FOLLOWING)}
    assert {event for _, event in EVENT_MOVES} <= set(ISSUE.events)
    assert set(WAYS) == set(State)


def test_nothing_is_expected_of_an_issue_once_its_state_is_terminal() -> None:
    finished = {state for state in State if ISSUE.finished(Issue.model_construct(state=state))}
    assert finished == {State.REJECTED, State.REFERRED, State.WITHDRAWN, State.CLOSED}
    assert not finished & set(HELD)


def test_every_outcome_has_its_class() -> None:
    assert set(OUTCOME_CLASS) == {outcome for outcomes in OUTCOMES.values() for outcome in outcomes}
    assert set(OUTCOME_CLASS.values()) == {"A", "B", "C"}


@pytest.mark.parametrize("state", WAYS)
async def test_everything_delivered_twice_is_done_once_with_the_same_outcome(state: State) -> None:
    dispatch = Dispatch()
    await dispatch.register()
    records = []
    for step in WAYS[state]:
        if isinstance(step, str):
            command, actor = ASKS[step]
            records.append(dispatch.command(command, after(hours=1), actor))
        else:
            records.append(dispatch.event(step, after()))
    outcomes = [[answer.outcome for answer in (await dispatch.deliver(record)).answers] for record in records]
    reached, events, orders = dispatch.state, list(dispatch.events), list(dispatch.orders)
    for record, outcome in zip(records, outcomes, strict=True):
        again = await dispatch.deliver(record)
        assert [answer.outcome for answer in again.answers] == outcome
    await dispatch.deliver(*records)
    assert (dispatch.state, dispatch.events, dispatch.orders) == (reached, events, orders)


@pytest.mark.parametrize("verb", ASKS)
async def test_each_move_delivered_twice_has_one_effect(verb: str) -> None:
    state = next(State(state) for state, asked in MOVES if asked == verb)
    dispatch = await Dispatch().bring(state)
    await dispatch.prepare(verb)
    command, actor = ASKS[verb]
    record = dispatch.command(command, after(hours=1), actor)
    first = await dispatch.deliver(record)
    reached, events, orders = dispatch.state, list(dispatch.events), list(dispatch.orders)
    second = await dispatch.deliver(record)
    assert second.answers[0].outcome == first.answers[0].outcome
    assert [out.value for out in second.outgoing] == [out.value for out in first.outgoing]
    assert (dispatch.state, dispatch.events, dispatch.orders) == (reached, events, orders)
